// The operator as it ships, behind doors to the API server and to Meilisearch at which each kind of call is delayed, reset, held for ever,
// refused or cut, in the life of one snapshot: one task, one Job, one artifact, Complete, and no word of status that is not true.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBed } from '../../crash/place/bed.ts'
import type { Bed } from '../../crash/place/bed.ts'
import { Lane } from '../../crash/place/lane.ts'
import { LanePool } from '../../crash/place/lane-pool.ts'
import { undisturbed } from '../../crash/faults/mischief.ts'
import { ordinary, rowOf } from '../../crash/record/row.ts'
import { Weather, weathers } from '../../crash/faults/weather.ts'
import type { Kind } from '../../crash/faults/weather.ts'
import { elsewhere, whyElsewhere } from '../support/on-test-bed.ts'

const setting = (name: string): string => process.env[name] ?? ''
const laneCount = 4

/** Calls of an ordinary life that must have met it, or the test shows nothing. */
const hanging = {
  api: ['PUT meilisnapshots NAME/status', 'POST jobs', 'WATCH meilisnapshots'],
  engine: ['POST /snapshots', 'GET /tasks'],
} as const
const everyday = {
  api: [
    ...hanging.api,
    'GET jobs',
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
  .flatMap((side) => weathers.filter((kind) => side === 'api' || kind !== '410').map((kind) => ({ side, kind })))
  .toSorted((a, b) => isSlow(b) - isSlow(a))

describe.skipIf(elsewhere)(`bad weather on the way${whyElsewhere}`, { concurrent: true, timeout: 400_000 }, () => {
  let bed: Bed
  let lanes: LanePool
  let isGood = true

  beforeAll(async () => {
    const images = { operator: setting('E2E_OPERATOR_IMAGE'), meilisearch: setting('E2E_MEILISEARCH_IMAGE') }
    bed = await openBed({ kubectl: setting('E2E_KUBECTL'), kubeconfig: setting('E2E_KUBECONFIG'), images })
    lanes = new LanePool(
      await Promise.all(Array.from({ length: laneCount }, async (_, index) => await Lane.open(bed, index + 1))),
    )
  })
  afterAll(async () => {
    await lanes.close()
    await bed.close(!isGood)
  })

  test.each(cases)('$kind between operator and $side', async ({ side, kind }) => {
    await lanes.use(async (lane) => {
      const weather = new Weather(kind)
      lane.weather = { [side]: weather }
      const { faults } = await rowOf(lane, undisturbed, {
        ...ordinary,
        get unsent() {
          return weather.swallowedPosts
        },
      })
      lane.weather = {}
      isGood &&= faults.length === 0
      expect(faults, lane.logs.join(' ')).toEqual([])
      expect([...weather.met.keys()]).toEqual(expect.arrayContaining([...mustMeet(kind, side)]))
    })
  })
})
