// The operator as it ships, behind proxies to the API server and to Meilisearch at which each kind of call is delayed, reset, held for ever,
// refused or cut, in the life of one snapshot: one task, one Job, one artifact, Complete, and no word of status that is not true.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSharedCluster } from '../../crash/fixture/shared-cluster.ts'
import type { SharedCluster } from '../../crash/fixture/shared-cluster.ts'
import { OperatorFixture } from '../../crash/fixture/operator-fixture.ts'
import { FixturePool } from '../../crash/fixture/fixture-pool.ts'
import { noFault } from '../../crash/faults/fault.ts'
import { ordinary, rowOf } from '../../crash/record/row.ts'
import { NetworkFault, networkFaultKinds } from '../../crash/faults/network-fault.ts'
import type { Kind } from '../../crash/faults/network-fault.ts'
import { elsewhere, whyElsewhere } from '../support/on-test-cluster.ts'

const setting = (name: string): string => process.env[name] ?? ''
const parallel = 4

/** Calls of an ordinary life that must have met it, or the test shows nothing. */
const hanging = {
  api: ['PUT meilisnapshots NAME/status', 'POST jobs', 'WATCH meilisnapshots'],
  engine: ['POST /snapshots', 'GET /tasks'],
} as const
const everyday = {
  api: [
    ...hanging.api,
    'GET jobs NAME',
    'DELETE jobs NAME',
    'GET pods',
    'GET pods NAME',
    'GET persistentvolumeclaims NAME',
    'POST persistentvolumeclaims',
    'PATCH meilisnapshots NAME',
    'WATCH jobs',
  ],
  engine: [...hanging.engine, 'GET /health', 'GET /version'],
} as const

function mustMeet(kind: Kind, side: 'api' | 'engine'): readonly string[] {
  if (kind === '410') return ['WATCH meilisnapshots', 'WATCH meiliinstances', 'WATCH jobs']
  return (kind === 'half-open' ? hanging : everyday)[side]
}

/** Where calls hang each costs its whole deadline: begun first, so that nobody waits for it in the end. */
const isSlow = ({ kind }: { readonly kind: Kind }): number => Number(kind === 'half-open')
const cases = (['api', 'engine'] as const)
  .flatMap((side) =>
    networkFaultKinds.filter((kind) => side === 'api' || kind !== '410').map((kind) => ({ side, kind })),
  )
  .toSorted((a, b) => isSlow(b) - isSlow(a))

describe.skipIf(elsewhere)(`network faults on the way${whyElsewhere}`, { concurrent: true, timeout: 400_000 }, () => {
  let cluster: SharedCluster
  let fixtures: FixturePool
  let isGood = true

  beforeAll(async () => {
    const images = { operator: setting('E2E_OPERATOR_IMAGE'), meilisearch: setting('E2E_MEILISEARCH_IMAGE') }
    cluster = await openSharedCluster({
      kubectl: setting('E2E_KUBECTL'),
      kubeconfig: setting('E2E_KUBECONFIG'),
      images,
    })
    fixtures = new FixturePool(
      await Promise.all(
        Array.from({ length: parallel }, async (_, index) => await OperatorFixture.open(cluster, index + 1)),
      ),
    )
  })
  afterAll(async () => {
    await fixtures.close()
    await cluster.close(!isGood)
  })

  test.each(cases)('$kind between operator and $side', async ({ side, kind }) => {
    await fixtures.use(async (fixture) => {
      const fault = new NetworkFault(kind)
      fixture.networkFaults = { [side]: fault }
      const { differences } = await rowOf(fixture, noFault, {
        ...ordinary,
        get unsent() {
          return fault.swallowedPosts
        },
      })
      fixture.networkFaults = {}
      isGood &&= differences.length === 0
      expect(differences, fixture.logs.join(' ')).toEqual([])
      expect([...fault.hits.keys()]).toEqual(expect.arrayContaining([...mustMeet(kind, side)]))
    })
  })
})
