// The operator killed before and after each of its writes for a schedule, in one life: a run by hand, the run of a slot, and the removal of the older one with its files.
// `npm run test:crash` does it at each write in a life of its own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runningCluster } from '../../cluster/cluster.ts'
import { FixturePool } from '../../crash/fixture/fixture-pool.ts'
import { OperatorFixture } from '../../crash/fixture/operator-fixture.ts'
import { openSharedCluster } from '../../crash/fixture/shared-cluster.ts'
import type { SharedCluster } from '../../crash/fixture/shared-cluster.ts'
import type { Step } from '../../crash/record/step-names.ts'
import { recordSchedule, scheduleAgainRows } from '../../crash/schedule/schedule-rows.ts'

const setting = (name: string): string => process.env[name] ?? ''

/** It enters the cluster's network and reads its disks: only the test cluster of this machine will do. */
const cluster = runningCluster()
const isTestCluster = cluster !== undefined && cluster.kubeconfig === setting('E2E_KUBECONFIG')
const whyNot = isTestCluster ? '' : ' (left out: it reads the disks of the test cluster)'

describe.skipIf(!isTestCluster)(
  `a schedule comes to the same end${whyNot}`,
  { concurrent: true, timeout: 600_000 },
  () => {
    let fixtures: FixturePool
    let shared: SharedCluster
    /** Until every life has ended well the operators' logs stay. */
    let isGood = false
    let steps: readonly Step[] = []

    beforeAll(async () => {
      const images = { operator: setting('E2E_OPERATOR_IMAGE'), meilisearch: setting('E2E_MEILISEARCH_IMAGE') }
      shared = await openSharedCluster({
        kubectl: setting('E2E_KUBECTL'),
        kubeconfig: setting('E2E_KUBECONFIG'),
        images,
      })
      const open = await Promise.all([1, 2].map(async (number) => await OperatorFixture.open(shared, number)))
      fixtures = new FixturePool(open)
      steps = await recordSchedule(open)
      isGood = true
    }, 600_000)
    afterAll(async () => {
      await fixtures.close()
      await shared.close(!isGood)
    })

    test.each([
      { moment: 'before', index: 0 },
      { moment: 'after', index: 1 },
    ])('with the operator killed $moment each write for it', async ({ index }) => {
      await fixtures.use(async (fixture) => {
        const { differences } = (await scheduleAgainRows(steps)[index]?.run(fixture)) ?? {
          differences: ['no such row'],
        }
        isGood &&= differences.length === 0
        expect(differences, fixture.logs.join(' ')).toEqual([])
      })
    })
  },
)
