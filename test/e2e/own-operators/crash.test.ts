// The operator killed before and after each decisive step of a snapshot's life: what fences, the deed behind the fence, the last word.
// `npm run test:crash` does it at every step; see there for how a step is found and what "the same end" is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runningCluster } from '../../cluster/cluster.ts'
import { openSharedCluster } from '../../crash/fixture/shared-cluster.ts'
import type { SharedCluster } from '../../crash/fixture/shared-cluster.ts'
import { OperatorFixture } from '../../crash/fixture/operator-fixture.ts'
import { FixturePool } from '../../crash/fixture/fixture-pool.ts'
import { crashRow } from '../../crash/matrix.ts'
import { record } from '../../crash/record/crash-points.ts'
import { decisive } from '../../crash/record/step-names.ts'
import type { Step } from '../../crash/record/step-names.ts'

const setting = (name: string): string => process.env[name] ?? ''

/** It enters the cluster's network and reads its disks: only the test cluster of this machine will do. */
const cluster = runningCluster()
const isTestCluster = cluster !== undefined && cluster.kubeconfig === setting('E2E_KUBECONFIG')
const whyNot = isTestCluster ? undefined : 'left out: it reads the disks of the test cluster'
const parallel = 4

describe.skipIf(whyNot !== undefined)(
  `killed at a decisive step, the next operator brings it to the same end${whyNot === undefined ? '' : ` (${whyNot})`}`,
  { concurrent: true, timeout: 300_000 },
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
      const open = await Promise.all(
        Array.from({ length: parallel }, async (_, index) => await OperatorFixture.open(shared, index + 1)),
      )
      fixtures = new FixturePool(open)
      steps = (await record(open, cluster?.auditLog ?? '')).steps
      isGood = true
    })
    afterAll(async () => {
      await fixtures.close()
      await shared.close(!isGood)
    })

    const rows = [...decisive].flatMap((step) =>
      (['before', 'after'] as const).map((moment) => ({ step, moment, row: crashRow(step, moment) })),
    )

    // As the whole matrix does: the slow ones first, so that nobody waits for them in the end.
    test.each(rows.toSorted((a, b) => Number(b.row.isSlow) - Number(a.row.isSlow)))(
      '$moment "$step"',
      async ({ step, row }) => {
        expect(steps.map(({ name }) => name)).toContain(step)
        await fixtures.use(async (fixture) => {
          const { differences } = await row.run(fixture)
          isGood &&= differences.length === 0
          expect(differences, fixture.logs.join(' ')).toEqual([])
        })
      },
    )
  },
)
