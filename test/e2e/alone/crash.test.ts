// The operator killed before and after each decisive step of a snapshot's life: what fences, the deed behind the fence, the last word.
// `npm run test:crash` does it at every step; see there for how a step is found and what "the same end" is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runningCluster } from '../../cluster/cluster.ts'
import { openBed } from '../../crash/place/bed.ts'
import type { Bed } from '../../crash/place/bed.ts'
import { Lane } from '../../crash/place/lane.ts'
import { LanePool } from '../../crash/place/lane-pool.ts'
import { crashRow } from '../../crash/matrix.ts'
import { record } from '../../crash/record/points.ts'
import { decisive } from '../../crash/record/story.ts'
import type { Step } from '../../crash/record/story.ts'

const setting = (name: string): string => process.env[name] ?? ''

/** It enters the cluster's network and reads its disks: only the test bed of this machine will do. */
const cluster = runningCluster()
const isTestBed = cluster !== undefined && cluster.kubeconfig === setting('E2E_KUBECONFIG')
const whyNot = isTestBed ? undefined : 'left out: it reads the disks of the test bed'
const laneCount = 4

describe.skipIf(whyNot !== undefined)(
  `killed at a decisive step, the next operator brings it to the same end${whyNot === undefined ? '' : ` (${whyNot})`}`,
  { concurrent: true, timeout: 300_000 },
  () => {
    let lanes: LanePool
    let bed: Bed
    let isGood = true
    let steps: readonly Step[] = []

    beforeAll(async () => {
      const images = { operator: setting('E2E_OPERATOR_IMAGE'), meilisearch: setting('E2E_MEILISEARCH_IMAGE') }
      bed = await openBed({ kubectl: setting('E2E_KUBECTL'), kubeconfig: setting('E2E_KUBECONFIG'), images })
      const open = await Promise.all(
        Array.from({ length: laneCount }, async (_, index) => await Lane.open(bed, index + 1)),
      )
      lanes = new LanePool(open)
      steps = (await record(open, cluster?.auditLog ?? '')).steps
    })
    afterAll(async () => {
      await lanes.close()
      await bed.close(!isGood)
    })

    const rows = [...decisive].flatMap((step) =>
      (['before', 'after'] as const).map((moment) => ({ step, moment, row: crashRow(step, moment) })),
    )

    // As the whole matrix does: the slow ones first, so that nobody waits for them in the end.
    test.each(rows.toSorted((a, b) => Number(b.row.isSlow) - Number(a.row.isSlow)))(
      '$moment "$step"',
      async ({ step, row }) => {
        expect(steps.map(({ name }) => name)).toContain(step)
        await lanes.use(async (lane) => {
          const { faults } = await row.run(lane)
          isGood &&= faults.length === 0
          expect(faults, lane.logs.join(' ')).toEqual([])
        })
      },
    )
  },
)
