// npm run test:crash [-- --parallel N] [--only PATTERN] [--list]: kills the operator before and after every step of a snapshot's life, on a real cluster.
// The driver starts the cluster and enters its network with this same program; the last line is the count.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runningCluster } from '../cluster/cluster.ts'
import { meilisearchImage } from '../cluster/images/images.ts'
import { driveCluster } from '../demo/drive.ts'
import { openSharedCluster } from './fixture/shared-cluster.ts'
import { OperatorFixture } from './fixture/operator-fixture.ts'
import { againRows, crashRows, takeoverRows, groups, runRows, troubleRows } from './matrix.ts'
import type { Done, Group, Row } from './matrix.ts'
import { record } from './record/crash-points.ts'
import { recordSchedule, scheduleAgainRows, scheduleRows } from './schedule/schedule-rows.ts'

const summaryVariable = 'CRASH_SUMMARY'
const { values } = parseArgs({
  options: {
    parallel: { type: 'string', default: '4' },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

function report({ row, outcome, fixture }: Done): void {
  const { differences, seconds } = outcome
  console.log(
    `${differences.length === 0 ? 'same end ' : 'DIFFERENT'} ${seconds.toFixed(1).padStart(5)} s  ${row.name}`,
  )
  for (const difference of differences) console.log(`    ${difference}`)
  if (differences.length > 0) console.log(`    logs: ${fixture.logs.join(' ')}`)
}

function countLine(group: Group, done: readonly Done[]): string {
  const rowsOfGroup = done.filter(({ row }) => row.group === group)
  return `${groups[group]}: ${rowsOfGroup.length}, same end: ${rowsOfGroup.filter(({ outcome }) => outcome.differences.length === 0).length}`
}

async function inside(): Promise<number> {
  const started = performance.now()
  const cluster = await openSharedCluster({
    kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl',
    kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
    images: {
      operator: process.env['E2E_OPERATOR_IMAGE'] ?? 'meili-operator/operator:0.1.0',
      meilisearch: process.env['E2E_MEILISEARCH_IMAGE'] ?? meilisearchImage,
    },
  })
  const fixtures = await Promise.all(
    Array.from({ length: Number(values.parallel) }, async (_, index) => await OperatorFixture.open(cluster, index + 1)),
  )
  console.log(
    `${fixtures.length} namespaces, each with a server and an operator, after ${Math.round((performance.now() - started) / 1000)} s`,
  )
  const { steps, sometimes } = await record(fixtures, runningCluster()?.auditLog ?? '')
  const writes = steps.filter(({ kind }) => kind === 'write')
  console.log(
    `an undisturbed life has ${writes.length} writes (the audit log has the same) and ${steps.length - writes.length} calls to Meilisearch, repeats of one wait counted once`,
  )
  if (sometimes.length > 0) console.log(`seen in some lives only, by timing, and left out: ${sometimes.join('; ')}`)
  const ofSchedule = await recordSchedule(fixtures)
  console.log(
    `an undisturbed schedule, with a run by hand, the run of a slot and a removal, has ${ofSchedule.length} writes`,
  )
  if (values.list) for (const { kind, name } of [...steps, ...ofSchedule]) console.log(`  ${kind.padEnd(5)}  ${name}`)
  const pattern = new RegExp(values.only ?? '')
  const rows: readonly Row[] = values.list
    ? []
    : [
        ...scheduleAgainRows(ofSchedule),
        ...scheduleRows(ofSchedule),
        ...takeoverRows(),
        ...againRows(steps),
        ...crashRows(steps),
        ...troubleRows(steps),
      ].filter(({ group, name }) => pattern.test(`${groups[group]}: ${name}`))
  const done: Done[] = []
  await runRows(fixtures, rows, (one) => {
    done.push(one)
    report(one)
  })
  await Promise.all(fixtures.map(async (fixture) => await fixture.close()))
  const isGood = done.every(({ outcome }) => outcome.differences.length === 0)
  await cluster.close(!isGood)
  console.log(`${Math.round((performance.now() - started) / 1000)} s`)
  const lines = [
    countLine('trouble', done),
    countLine('takeover', done),
    countLine('again', done),
    countLine('schedule', done),
    countLine('crash', done),
  ]
  writeFileSync(process.env[summaryVariable] ?? '/dev/stdout', `${lines.join('\n')}\n`)
  return isGood ? 0 : 1
}

/** The counts come last, after the cluster is gone. */
async function drive(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'meili-operator-crash-summary-'))
  const path = join(directory, 'summary')
  writeFileSync(path, '')
  process.env[summaryVariable] = path
  try {
    const code = await driveCluster({
      title: 'test:crash · the operator killed at every step of a snapshot',
      program: import.meta.filename,
      json: false,
      keep: false,
    })
    process.stdout.write(readFileSync(path, 'utf8'))
    return code
  } finally {
    rmSync(directory, { recursive: true })
  }
}

process.exitCode = await (process.env['E2E_KUBECONFIG'] === undefined ? drive() : inside())
