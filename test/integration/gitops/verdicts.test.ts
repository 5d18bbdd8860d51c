// Objects recorded on a real cluster, judged by the tools themselves: kstatus, Argo CD's Lua, Flux's CEL.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { restoreReasons } from '../../../src/api/restore.ts'
import type { MeiliRestore, RestorePhase } from '../../../src/api/restore.ts'
import {
  completedStatus,
  failedStatus,
  inProgress,
  plannedStatus,
  rolledBackStatus,
} from '../../../src/kinds/restore/status/status.ts'
import { expiredStatus } from '../../../src/kinds/snapshot/status/expiry.ts'
import { contract, expectedOf, kinds, stateOf } from '../../gitops/states.ts'
import type { Judged, Kind } from '../../gitops/states.ts'
import { customization, read, verdictsOf } from '../../gitops/verdicts.ts'
import { aRestore } from '../../support/builders/restores.ts'
import { managedOf } from '../../support/meilisearch/managed-objects.ts'
import { snapshotOf } from '../../support/meilisearch/objects.ts'

interface HealthTests {
  readonly tests: readonly {
    readonly inputPath: string
    readonly healthStatus: { readonly status: string; readonly message?: string }
  }[]
}

/** Progress is written once in 15 s: a mover that has gone from copying to verifying is not always caught at it. A restore that went back by itself is judged below, as the operator would write it: to bring it about takes too long. */
const unrecorded = ['MeiliSnapshot verifying', 'MeiliRestore returned']

const statesOf = (kind: Kind): string[] =>
  Object.keys(contract[kind]).filter((state) => !unrecorded.includes(`${kind} ${state}`))
const readExample = (kind: Kind, state: string): Judged =>
  parse(read(`${customization(kind)}/testdata/${state}.yaml`)) as Judged
const codes = ({ kstatus, argo, flux }: Awaited<ReturnType<typeof verdictsOf>>[number]): object => ({
  kstatus: kstatus.status,
  argo: argo.status,
  flux: flux.status,
})

describe.each(kinds)('%s', (kind) => {
  test('recorded in each state, is judged by each tool as the contract says', async () => {
    const states = statesOf(kind)
    const objects = states.map((state) => readExample(kind, state))
    expect(objects.map(stateOf)).toEqual(states)
    const verdicts = await verdictsOf(objects)
    expect(Object.fromEntries(states.map((state, index) => [state, codes(verdicts[index]!)]))).toEqual(
      Object.fromEntries(states.map((state) => [state, expectedOf(kind, state)])),
    )
  })

  test("Argo CD's own test of the health script would pass", async () => {
    const { tests } = parse(read(`${customization(kind)}/health_test.yaml`)) as HealthTests
    expect(tests.map(({ inputPath }) => inputPath)).toEqual(
      expect.arrayContaining(statesOf(kind).map((state) => `testdata/${state}.yaml`)),
    )
    const objects = tests.map(({ inputPath }) => parse(read(`${customization(kind)}/${inputPath}`)) as Judged)
    expect((await verdictsOf(objects)).map(({ argo }) => argo)).toEqual(tests.map(({ healthStatus }) => healthStatus))
  })

  test('argocd-cm.yaml holds the same script', () => {
    const { data } = parse(read('argocd/argocd-cm.yaml')) as { data: Readonly<Record<string, string>> }
    expect(data[`resource.customizations.health.meili-operator.dev_${kind}`]).toBe(
      read(`${customization(kind)}/health.lua`),
    )
  })

  test('docs/gitops.md shows the contract', () => {
    const page = readFileSync(new URL('../../../docs/gitops.md', import.meta.url), 'utf8')
    for (const [state, { kstatus, argo, flux }] of Object.entries(contract[kind])) {
      expect(page).toMatch(
        new RegExp(`^\\| ${kind} \\| ${state} \\|.*\\| ${kstatus} \\| ${argo} \\| ${flux} \\|$`, 'm'),
      )
    }
  })
})

test('a tombstone is as good as it was before its files expired', async () => {
  const { status, ...completed } = readExample('MeiliSnapshot', 'completed') as MeiliSnapshot
  const expired = expiredStatus(
    { ...completed, ...(status === undefined ? {} : { status }) },
    { available: 'False', reason: 'Expired', message: 'It is gone.', changes: {} },
    Date.now(),
  )
  const [verdict] = await verdictsOf([{ ...completed, status: expired } as Judged])
  expect(codes(verdict!)).toEqual(contract.MeiliSnapshot.expired)
  expect(verdict?.argo.message).toBe('It is gone.')
})

describe('a MeiliRestore as the operator writes it', () => {
  const said = { reason: restoreReasons.Filling, message: 'A sentence.' }
  const nowMs = Date.parse('2026-11-30T04:00:00Z')
  const object = aRestore()
  const rolledBack = (cause: 'Asked' | 'StartFailed'): MeiliRestore['status'] =>
    rolledBackStatus(
      object,
      { ...said, changes: { rollback: { cause, message: 'Why.', startedAt: '2026-11-30T03:59:00Z' } } },
      nowMs,
    )
  const step = (phase: Exclude<RestorePhase, 'Completed' | 'RolledBack' | 'Failed'>): MeiliRestore['status'] =>
    inProgress(object, { ...said, phase }, nowMs)
  const statuses: Readonly<Record<string, MeiliRestore['status']>> = {
    unseen: { observedGeneration: -1 },
    changed: { ...completedStatus(object, said, nowMs), observedGeneration: 0 },
    pending: step('Pending'),
    planned: plannedStatus(object, said, nowMs),
    filling: step('Filling'),
    verifying: step('Verifying'),
    stopping: step('Stopping'),
    switching: step('Switching'),
    starting: step('Starting'),
    completed: completedStatus(object, said, nowMs),
    'rolled-back': rolledBack('Asked'),
    returned: rolledBack('StartFailed'),
    failed: failedStatus(object, said, nowMs),
    deleting: step('Filling'),
  }
  const objectIn = (state: string): MeiliRestore => ({
    ...object,
    metadata: {
      ...object.metadata,
      ...(state === 'deleting' ? { deletionTimestamp: '2026-11-30T04:00:00Z', finalizers: ['a/b'] } : {}),
    },
    status: statuses[state]!,
  })

  test('is judged in each state by each tool as the contract says', async () => {
    const states = Object.keys(contract.MeiliRestore)
    const objects = states.map(objectIn)
    expect(objects.map(stateOf)).toEqual(states)
    const verdicts = await verdictsOf(objects)
    expect(Object.fromEntries(states.map((state, index) => [state, codes(verdicts[index]!)]))).toEqual(
      contract.MeiliRestore,
    )
    for (const [index, { argo }] of verdicts.entries())
      if (!['unseen', 'changed', 'deleting'].includes(states[index]!)) expect(argo.message).toBe('A sentence.')
  })

  test('that is applied after its DryRun and still waits is no finished plan', async () => {
    const waiting = { ...object, status: step('Planned')! }
    expect(stateOf(waiting)).toBe('pending')
    expect(codes((await verdictsOf([waiting]))[0]!)).toEqual(contract.MeiliRestore.pending)
  })
})

test('an object without a status, as a cluster without the default of our CRDs would hold it, would count as done for kstatus alone', async () => {
  const fresh = [
    managedOf({ namespace: 'shop', name: 'movies' }),
    snapshotOf({ namespace: 'shop', name: 'first', instance: 'movies' }),
  ] as Judged[]
  for (const { kstatus, argo, flux } of await verdictsOf(fresh)) {
    expect({ kstatus: kstatus.status, argo: argo.status }).toEqual({ kstatus: 'Current', argo: 'Progressing' })
    expect(flux.status).toBe('Error')
  }
})

test('a condition in the wrong order would be noticed: kstatus takes the first of Reconciling and Stalled', async () => {
  const failed = readExample('MeiliSnapshot', 'failed')
  const [stalled] = failed.status?.conditions ?? []
  const both = { ...failed, status: { ...failed.status, conditions: [{ ...stalled!, type: 'Reconciling' }, stalled!] } }
  expect((await verdictsOf([both as Judged]))[0]?.kstatus.status).toBe('InProgress')
})
