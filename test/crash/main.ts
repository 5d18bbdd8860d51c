// npm run test:crash [-- --lanes N] [--only PATTERN] [--list]: kills the operator before and after every step of a snapshot's life, on a real cluster.
// The driver starts the cluster and enters its network with this same program; the last line is the count.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { runningCluster } from '../cluster/cluster.ts'
import { meilisearchImage } from '../cluster/images/images.ts'
import { driveCluster } from '../demo/drive.ts'
import { openBed } from './place/bed.ts'
import { Lane } from './place/lane.ts'
import { againRows, crashRows, duelRows, groups, runRows, troubleRows } from './matrix.ts'
import type { Done, Group, Row } from './matrix.ts'
import { record } from './record/points.ts'

const summaryVariable = 'CRASH_SUMMARY'
const { values } = parseArgs({
  options: {
    lanes: { type: 'string', default: '4' },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

function tell({ row, outcome, lane }: Done): void {
  const { faults, seconds } = outcome
  console.log(`${faults.length === 0 ? 'same end ' : 'DIFFERENT'} ${seconds.toFixed(1).padStart(5)} s  ${row.name}`)
  for (const fault of faults) console.log(`    ${fault}`)
  if (faults.length > 0) console.log(`    logs: ${lane.logs.join(' ')}`)
}

function countLine(group: Group, done: readonly Done[]): string {
  const ours = done.filter(({ row }) => row.group === group)
  return `${groups[group]}: ${ours.length}, same end: ${ours.filter(({ outcome }) => outcome.faults.length === 0).length}`
}

async function inside(): Promise<number> {
  const started = performance.now()
  const bed = await openBed({
    kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl',
    kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
    images: {
      operator: process.env['E2E_OPERATOR_IMAGE'] ?? 'meili-operator/operator:0.1.0',
      meilisearch: process.env['E2E_MEILISEARCH_IMAGE'] ?? meilisearchImage,
    },
  })
  const lanes = await Promise.all(
    Array.from({ length: Number(values.lanes) }, async (_, index) => await Lane.open(bed, index + 1)),
  )
  console.log(
    `${lanes.length} lanes, each with a server and an operator, after ${Math.round((performance.now() - started) / 1000)} s`,
  )
  const { steps, sometimes } = await record(lanes, runningCluster()?.auditLog ?? '')
  const writes = steps.filter(({ kind }) => kind === 'write')
  console.log(
    `an undisturbed life has ${writes.length} writes (the audit log has the same) and ${steps.length - writes.length} calls to Meilisearch, repeats of one wait counted once`,
  )
  if (sometimes.length > 0) console.log(`seen in some lives only, by timing, and left out: ${sometimes.join('; ')}`)
  if (values.list) for (const { kind, name } of steps) console.log(`  ${kind.padEnd(5)}  ${name}`)
  const pattern = new RegExp(values.only ?? '')
  const rows: readonly Row[] = values.list
    ? []
    : [...duelRows(), ...againRows(steps), ...crashRows(steps), ...troubleRows(steps)].filter(({ group, name }) =>
        pattern.test(`${groups[group]}: ${name}`),
      )
  const done: Done[] = []
  await runRows(lanes, rows, (one) => {
    done.push(one)
    tell(one)
  })
  await Promise.all(lanes.map(async (lane) => await lane.close()))
  const isGood = done.every(({ outcome }) => outcome.faults.length === 0)
  await bed.close(!isGood)
  console.log(`${Math.round((performance.now() - started) / 1000)} s`)
  const lines = [
    countLine('trouble', done),
    countLine('duel', done),
    countLine('again', done),
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
