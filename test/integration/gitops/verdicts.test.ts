// Objects recorded on a real cluster, judged by the tools themselves: kstatus, Argo CD's Lua, Flux's CEL.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { expiredStatus } from '../../../src/kinds/snapshot/status/expiry.ts'
import { contract, expectedOf, kinds, stateOf } from '../../gitops/states.ts'
import type { Judged, Kind } from '../../gitops/states.ts'
import { customization, read, verdictsOf } from '../../gitops/verdicts.ts'
import { managedOf } from '../../support/meilisearch/managed-objects.ts'
import { snapshotOf } from '../../support/meilisearch/objects.ts'

interface HealthTests {
  readonly tests: readonly {
    readonly inputPath: string
    readonly healthStatus: { readonly status: string; readonly message?: string }
  }[]
}

/** Progress is written once in 15 s: a mover that has gone from copying to verifying is not always caught at it. Restores are judged as the operator would write them. */
const unrecorded = [
  'MeiliSnapshot verifying',
  'MeiliSnapshot expired',
  ...Object.keys(contract.MeiliRestore).map((state) => `MeiliRestore ${state}`),
]

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
