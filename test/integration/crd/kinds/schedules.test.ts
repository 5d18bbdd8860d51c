// What the API server makes of schedules: what is taken and how it shows, what a template may not hold, and how long names may be.
import { describe, expect, test } from 'vitest'
import { meiliSnapshotSchedules } from '../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'
import { runName, runNowName, scheduleLabelValue } from '../../../../src/reconcile/names/schedule.ts'
import { goodSchedules } from '../objects/bad-schedules.ts'
import { objectOf } from '../objects/complete-objects.ts'
import { pathOf, realServer } from '../real-server.ts'
import type { Answer, Loose } from '../real-server.ts'

const server = realServer()

const templateSpec = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } }
const aSchedule = (name: string, spec: Loose = {}): Loose => ({
  ...objectOf('MeiliSnapshotSchedule', name),
  spec: { schedule: '0 3 * * *', template: { spec: templateSpec }, ...spec },
})
const create = async (object: Loose, query = ''): Promise<Answer> =>
  await server.call('POST', `${pathOf(meiliSnapshotSchedules)}${query}`, object)

test('a short schedule shows all that will be done, and that nothing is ever deleted', async () => {
  const { code, body } = await create(aSchedule('short'))
  expect(code).toBe(201)
  expect(body['spec']).toEqual({
    schedule: '0 3 * * *',
    timeZone: 'Etc/UTC',
    startingDeadline: '6h',
    suspend: false,
    template: {
      spec: {
        ...templateSpec,
        sourcePolicy: 'Keep',
        deletionPolicy: 'Retain',
        verification: { mode: 'Archive' },
        deadlines: { start: '1h', task: '6h', move: '6h' },
        mover: { stream: { mode: 'Never', maxSize: '10Gi' } },
      },
    },
  })
})

test('an empty retention has no rule, and keeps everything', async () => {
  const { body } = await create(aSchedule('empty-retention', { retention: {} }))
  expect(body['spec'].retention).toEqual({
    mode: 'Enforce',
    minimum: 1,
    failed: 3,
    guard: { maxDropPercent: 50 },
  })
})

test.each(goodSchedules)('%s is taken', async (schedule) => {
  expect((await create(aSchedule('good', { schedule }), '?dryRun=All')).code).toBe(201)
})

describe('a template', () => {
  test('has no expiresAfter: what a schedule makes is deleted by its retention', async () => {
    const { code, body } = await create(
      aSchedule('tombstones', { template: { spec: { ...templateSpec, expiresAfter: '720h' } } }),
      '?fieldValidation=Strict&dryRun=All',
    )
    expect(code).toBe(400)
    expect(body['message']).toContain('unknown field "spec.template.spec.expiresAfter"')
  })

  test.each(['source', 'destination'])('without %s is refused, as its snapshots would be', async (member) => {
    const { [member]: _left, ...rest } = templateSpec as Loose
    const { code, body } = await create(aSchedule('lacking', { template: { spec: rest } }), '?dryRun=All')
    expect(code).toBe(422)
    expect(body['message']).toContain(`spec.template.spec.${member}: Required value`)
  })

  test('makes snapshots that the API server takes, with every field that there is', async () => {
    const { template } = objectOf('MeiliSnapshotSchedule', 'whole')['spec'] as Loose
    const { metadata, spec } = template as Loose
    const run = { ...objectOf('MeiliSnapshot', 'whole'), metadata: { ...metadata, name: 'whole' }, spec }
    const { code, body } = await server.call('POST', `${pathOf(meiliSnapshots)}?fieldValidation=Strict&dryRun=All`, run)
    expect(code, JSON.stringify(body)).toBe(201)
  })

  test('has all labels and annotations that a schedule may ask for', async () => {
    const many = (value: string): Loose =>
      Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`example.com/${index}`, value]))
    const metadata = { labels: many('v'.repeat(63)), annotations: many('v'.repeat(4096)) }
    expect((await create(aSchedule('many', { template: { metadata, spec: templateSpec } }), '?dryRun=All')).code).toBe(
      201,
    )
    const run = { ...objectOf('MeiliSnapshot', 'many'), metadata: { ...metadata, name: 'many' } }
    expect((await server.call('POST', `${pathOf(meiliSnapshots)}?dryRun=All`, run)).code).toBe(201)
  })
})

test('everything may be changed later: a schedule is no record of what was', async () => {
  await create(aSchedule('changed'))
  for (const spec of [
    { schedule: '@hourly', timeZone: 'Asia/Tokyo', jitter: '1m', suspend: true },
    { template: { spec: { source: { instanceRef: { name: 'shows' } }, sourcePolicy: 'Remove' } } },
    { retention: { keepLast: 1 } },
    { retention: null, jitter: null },
  ])
    expect((await server.call('PATCH', pathOf(meiliSnapshotSchedules, 'changed'), { spec })).code).toBe(200)
})

/** `metadata.name` may have 253 characters; a label's value 63. */
test.each([1, 52, 63, 64, 200, 240, 253])(
  'a name of %i characters serves, and so do the names that follow from it',
  async (length) => {
    const { code, body } = await create(aSchedule('n'.repeat(length)))
    expect(code).toBe(201)
    const schedule = body as unknown as MeiliSnapshotSchedule
    for (const name of [runName(schedule, Date.parse('2026-11-29T02:00:00Z')), runNowName(schedule, 'now')]) {
      const run = { ...objectOf('MeiliSnapshot', name) }
      run['metadata'].labels = {
        'meili-operator.dev/schedule': scheduleLabelValue(schedule.metadata.name),
        'meili-operator.dev/schedule-uid': schedule.metadata.uid,
      }
      const answer = await server.call('POST', pathOf(meiliSnapshots), run)
      expect(answer.code, JSON.stringify(answer.body)).toBe(201)
    }
  },
)

test('longer than any name is refused before it is a schedule', async () => {
  const { code, body } = await create(aSchedule('n'.repeat(254)))
  expect(code).toBe(422)
  expect(body['message']).toContain('must be no more than 253')
})
