// Which slot runs, which never do, and when the next one comes.
import { describe, expect, it } from 'vitest'
import { confirmAnnotation } from '../../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../../../src/api/schedule.ts'
import { jitterOf } from '../../../../../src/kinds/schedule/slots/jitter.ts'
import { planSlots } from '../../../../../src/kinds/schedule/slots/plan.ts'
import { aRun, aSchedule } from '../../../../support/builders/schedules.ts'

const at = (text: string): number => Date.parse(`2026-11-${text}:00Z`)
const time = (text: string): string => `2026-11-${text}:00Z`
const hourMs = 3_600_000

/** Every night at three, made on the 20th at noon. */
function nightly(spec: object = {}, status?: MeiliSnapshotScheduleStatus): MeiliSnapshotSchedule {
  return aSchedule({ metadata: { creationTimestamp: time('20T12:00') }, spec, ...(status && { status }) })
}

const observed = { schedule: '0 3 * * *', timeZone: 'Etc/UTC', suspended: false }
const ranOn23rd = { observed, lastSlot: time('23T03:00'), lastRunName: 'nightly-202611230300' }
const on24th = { slotMs: at('24T03:00'), name: 'nightly-202611240300' }

describe('a schedule that was just made', () => {
  it('runs nothing, and says when the first one comes', () => {
    const plan = planSlots(nightly(), [], at('20T12:00') + 1)
    expect(plan).toMatchObject({ missed: 0, nextRunMs: at('21T03:00'), slotsAfterMs: at('20T12:00'), observed })
    expect(plan).not.toHaveProperty('due')
  })

  it('does not run the slot at which it was made', () => {
    const schedule = aSchedule({ metadata: { creationTimestamp: time('20T03:00') } })
    expect(planSlots(schedule, [], at('20T03:00') + 500).due).toBeUndefined()
  })

  it('runs nothing before a clock that stands behind the API server has come to its time', () => {
    const plan = planSlots(nightly(), [], at('20T02:59'))
    expect(plan.due).toBeUndefined()
    expect(plan.slotsAfterMs).toBe(at('20T02:59'))
  })
})

describe('the slot that is due', () => {
  it('runs at its minute, not before', () => {
    expect(planSlots(nightly({}, ranOn23rd), [], at('24T03:00') - 1).due).toBeUndefined()
    const plan = planSlots(nightly({}, ranOn23rd), [], at('24T03:00'))
    expect(plan).toMatchObject({ due: on24th, missed: 0, nextRunMs: at('25T03:00'), intervalMs: 24 * hourMs })
  })

  it('runs once', () => {
    const schedule = nightly({}, { observed, lastSlot: time('24T03:00'), lastRunName: on24th.name })
    expect(planSlots(schedule, [], at('24T03:00') + 1).due).toBeUndefined()
  })

  it('stays due while its run is on record and not there', () => {
    const run = { name: on24th.name, slot: time('24T03:00'), tries: 2, startedAt: time('24T03:00') }
    const plan = planSlots(nightly({}, { ...ranOn23rd, run }), [], at('24T05:00'))
    expect(plan).toMatchObject({ due: on24th, missed: 0 })
    expect(plan.giveUp).toBeUndefined()
  })

  it('is over where its run is there, though nobody wrote that down', () => {
    const run = { name: on24th.name, slot: time('24T03:00'), tries: 1, startedAt: time('24T03:00') }
    const schedule = nightly({}, { ...ranOn23rd, run })
    const plan = planSlots(schedule, [aRun({ name: on24th.name, createdMs: at('24T03:00') })], at('24T03:01'))
    expect(plan.due).toBeUndefined()
    expect(plan.nextRunMs).toBe(at('25T03:00'))
  })

  it('is the newest one that has passed, and those before are missed', () => {
    const plan = planSlots(nightly(), [], at('24T04:00'))
    expect(plan).toMatchObject({ due: on24th, missed: 3, nextRunMs: at('25T03:00') })
  })

  it('takes the place of an older one that is refused, which does not count as missed', () => {
    const run = { name: 'nightly-202611230300', slot: time('23T03:00'), tries: 9, startedAt: time('23T03:00') }
    const plan = planSlots(
      nightly({ startingDeadline: '48h' }, { observed, slotsAfter: time('22T12:00'), run }),
      [],
      at('24T03:00'),
    )
    expect(plan).toMatchObject({ due: on24th, missed: 0, giveUp: { slotMs: at('23T03:00'), why: 'Superseded' } })
  })

  it('is looked at again as soon as it is too late', () => {
    const plan = planSlots(nightly({ startingDeadline: '10m' }, ranOn23rd), [], at('24T03:05'))
    expect(plan.requeueAtMs).toBe(at('24T03:10') + 1)
  })
})

describe('startingDeadline', () => {
  it('lets the newest slot run until then', () => {
    expect(planSlots(nightly({ startingDeadline: '6h' }, ranOn23rd), [], at('24T09:00')).due).toEqual(on24th)
  })

  it('gives it up after that, once', () => {
    const plan = planSlots(nightly({ startingDeadline: '6h' }, ranOn23rd), [], at('24T09:00') + 1)
    expect(plan).toMatchObject({
      missed: 1,
      giveUp: { slotMs: at('24T03:00'), why: 'TooLate' },
      slotsAfterMs: at('24T03:00'),
    })
    expect(plan.due).toBeUndefined()
    const after = planSlots(nightly({}, { ...ranOn23rd, slotsAfter: time('24T03:00') }), [], at('24T09:01'))
    expect(after.missed).toBe(0)
    expect(after.giveUp).toBeUndefined()
  })

  it('is counted from when its jitter has passed', () => {
    const schedule = nightly({ startingDeadline: '1m', jitter: '2h' }, ranOn23rd)
    expect(planSlots(schedule, [], at('24T03:00') + jitterOf(schedule) + 60_000).due).toEqual(on24th)
  })

  it('gives up what was refused until then, without counting it as missed', () => {
    const run = { name: on24th.name, slot: time('24T03:00'), tries: 30, startedAt: time('24T03:00'), failure: 'quota' }
    const plan = planSlots(nightly({ startingDeadline: '1h' }, { ...ranOn23rd, run }), [], at('24T04:01'))
    expect(plan).toMatchObject({ missed: 0, giveUp: { slotMs: at('24T03:00'), why: 'TooLate' } })
  })
})

describe('an operator that was away for years', () => {
  it('runs one slot, and counts what it missed up to a thousand', () => {
    const schedule = nightly({ schedule: '* * * * *' }, { observed: { ...observed, schedule: '* * * * *' } })
    const nowMs = Date.parse('2036-01-01T00:00:30Z')
    const plan = planSlots(schedule, [], nowMs)
    expect(plan.due).toEqual({ slotMs: nowMs - 30_000, name: 'nightly-203601010000' })
    expect(plan.missed).toBe(1000)
  })
})

describe('jitter', () => {
  it('is the same for one object, another one for others, and never longer than it may be', () => {
    const all = Array.from({ length: 200 }, (_, index) =>
      jitterOf(aSchedule({ metadata: { uid: `uid-${index}` }, spec: { jitter: '15m' } })),
    )
    expect(Math.max(...all)).toBeLessThan(900_000)
    expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(700_000)
    expect(new Set(all).size).toBeGreaterThan(150)
    expect(jitterOf(nightly({ jitter: '15m' }))).toBe(jitterOf(nightly({ jitter: '15m' })))
  })

  it('delays the run, and is not in its name', () => {
    const schedule = nightly({ jitter: '1h' }, ranOn23rd)
    const runMs = at('24T03:00') + jitterOf(schedule)
    expect(planSlots(schedule, [], runMs - 1)).toMatchObject({ nextRunMs: runMs })
    expect(planSlots(schedule, [], runMs - 1).due).toBeUndefined()
    expect(planSlots(schedule, [], runMs).due).toEqual(on24th)
  })

  it.each([
    ['0 3 * * *', '12h', true],
    ['0 3 * * *', '11h59m59s', false],
    ['*/10 * * * *', '5m', true],
    ['*/10 * * * *', '4m59s', false],
    ['0 1,2 * * *', '30m', true],
  ])('of %s may not be %s: %s', (schedule, jitter, isProblem) => {
    const { problem } = planSlots(nightly({ schedule, jitter }), [], at('24T03:00'))
    expect(problem?.reason).toBe(isProblem ? 'JitterTooLong' : undefined)
  })
})

describe('a suspended schedule', () => {
  const suspended = { ...observed, suspended: true }

  it('runs nothing, and has no next slot', () => {
    const plan = planSlots(nightly({ suspend: true }, ranOn23rd), [], at('24T03:00'))
    expect(plan).toMatchObject({ missed: 0, observed: suspended, intervalMs: 24 * hourMs })
    expect(plan.due).toBeUndefined()
    expect(plan.nextRunMs).toBeUndefined()
  })

  it('gives up what was refused until then', () => {
    const run = { name: on24th.name, slot: time('24T03:00'), tries: 2, startedAt: time('24T03:00') }
    const plan = planSlots(nightly({ suspend: true }, { ...ranOn23rd, run }), [], at('24T03:10'))
    expect(plan.giveUp).toEqual({ slotMs: at('24T03:00'), why: 'Suspended' })
  })

  it('never runs what passed meanwhile, and misses none of it', () => {
    const resumed = planSlots(nightly({}, { ...ranOn23rd, observed: suspended }), [], at('26T03:30'))
    expect(resumed).toMatchObject({ missed: 0, slotsAfterMs: at('26T03:30'), observed, nextRunMs: at('27T03:00') })
    expect(resumed.due).toBeUndefined()
    const later = planSlots(nightly({}, { ...ranOn23rd, observed, slotsAfter: time('26T03:30') }), [], at('27T03:00'))
    expect(later).toMatchObject({ due: { slotMs: at('27T03:00') }, missed: 0 })
  })
})

describe('another schedule', () => {
  it.each([
    ['other hours', { schedule: '0 1 * * *' }],
    ['another time zone', { timeZone: 'Asia/Tokyo' }],
  ])('has slots from now on alone: %s', (_, change) => {
    const plan = planSlots(nightly(change, ranOn23rd), [], at('24T02:30'))
    expect(plan.due).toBeUndefined()
    expect(plan).toMatchObject({ missed: 0, slotsAfterMs: at('24T02:30') })
    expect(plan.nextRunMs).toBeGreaterThan(at('24T02:30'))
  })

  it('keeps the slot whose jitter has not passed yet', () => {
    const changed = nightly({ schedule: '0 3,15 * * *', jitter: '1h' }, ranOn23rd)
    const runMs = at('24T03:00') + jitterOf(changed)
    const plan = planSlots(changed, [], runMs - 1000)
    expect(plan).toMatchObject({ nextRunMs: runMs })
    expect(plan.slotsAfterMs).toBeLessThan(at('24T03:00'))
  })

  it('gives up what the one before could not create', () => {
    const run = { name: on24th.name, slot: time('24T03:00'), tries: 2, startedAt: time('24T03:00') }
    const plan = planSlots(nightly({ schedule: '0 5 * * *' }, { ...ranOn23rd, run }), [], at('24T03:10'))
    expect(plan).toMatchObject({ giveUp: { slotMs: at('24T03:00'), why: 'Changed' }, nextRunMs: at('24T05:00') })
  })

  it('that cannot be read runs nothing, and is not followed', () => {
    const plan = planSlots(nightly({ schedule: '0 5-3 * * *' }, ranOn23rd), [], at('24T03:10'))
    expect(plan.problem?.reason).toBe('InvalidSchedule')
    expect(plan.due).toBeUndefined()
    expect(plan.nextRunMs).toBeUndefined()
    expect(plan.slotsAfterMs).toBe(at('24T03:10'))
  })
})

describe('runs that have not ended', () => {
  const running = aRun({ name: 'one', phase: 'Moving' })
  const waiting = aRun({ name: 'two', phase: 'Pending' })
  const schedule = nightly({}, ranOn23rd)

  it('one of them: the next one is made, and waits in the queue', () => {
    expect(planSlots(schedule, [running], at('24T03:00')).due).toEqual(on24th)
  })

  it('two of them: the slot is skipped, for good', () => {
    const plan = planSlots(schedule, [running, waiting], at('24T03:00'))
    expect(plan).toMatchObject({ skip: { slotMs: at('24T03:00') }, slotsAfterMs: at('24T03:00'), missed: 0 })
    expect(plan.due).toBeUndefined()
    const after = planSlots(nightly({}, { ...ranOn23rd, slotsAfter: time('24T03:00') }), [running], at('24T03:01'))
    expect(after.due).toBeUndefined()
  })

  it('those that ended, or are being deleted, are no reason', () => {
    const others = [aRun({ name: 'a' }), aRun({ name: 'b', phase: 'Failed' }), aRun({ name: 'c', phase: 'Expired' })]
    const going = aRun({ name: 'd', phase: 'Pending', isBeingDeleted: true })
    expect(planSlots(schedule, [running, going, ...others], at('24T03:00')).due).toEqual(on24th)
  })
})

describe('a clock that went back', () => {
  const schedule = nightly({}, { observed, lastSlot: time('24T03:00'), lastRunName: on24th.name })
  const run = aRun({ name: on24th.name, createdMs: at('24T03:00') })

  it('runs nothing at or before the last slot, and says so', () => {
    const plan = planSlots(schedule, [run], at('23T03:00'))
    expect(plan.due).toBeUndefined()
    expect(plan.clockWentBack?.message).toContain('2026-11-24T03:00:00Z')
    expect(plan.nextRunMs).toBe(at('25T03:00'))
  })

  it('is not the clock of another node, which stands some seconds behind', () => {
    expect(planSlots(schedule, [run], at('24T02:59')).clockWentBack).toBeUndefined()
    expect(planSlots(schedule, [run], at('24T02:59')).due).toBeUndefined()
  })

  it('goes on where somebody confirms that it is right now', () => {
    const { hash = '' } = planSlots(schedule, [], at('22T12:00')).clockWentBack ?? {}
    const metadata = { ...schedule.metadata, annotations: { [confirmAnnotation]: hash } }
    const plan = planSlots({ ...schedule, metadata }, [], at('22T12:00'))
    expect(plan.clockWentBack).toBeUndefined()
    expect(plan).toMatchObject({ slotsAfterMs: at('22T12:00'), nextRunMs: at('23T03:00') })
    expect(plan.takeBack).toBeDefined()
    const wrong = { ...schedule.metadata, annotations: { [confirmAnnotation]: 'another' } }
    expect(planSlots({ ...schedule, metadata: wrong }, [], at('22T12:00')).clockWentBack).toBeDefined()
  })

  it('does not wait for a time up to which no slot runs, if that was written by a clock a year ahead', () => {
    const resumed = nightly({}, { observed, slotsAfter: '2027-11-24T12:00:00Z' })
    expect(planSlots(resumed, [], at('24T12:00'))).toMatchObject({
      slotsAfterMs: at('24T12:00'),
      nextRunMs: at('25T03:00'),
    })
  })
})

describe('a clock that is a year ahead', () => {
  const aheadMs = Date.parse('2027-11-24T03:10:00Z')
  const bogus = { slotMs: Date.parse('2027-11-24T03:00:00Z'), name: 'nightly-202711240300' }

  it('runs one slot', () => {
    const plan = planSlots(nightly({}, ranOn23rd), [], aheadMs)
    expect(plan).toMatchObject({ due: bogus, missed: 365 })
  })

  it('and is right again: the slot is taken back by when the API server saw its run', () => {
    const status = { observed, lastSlot: '2027-11-24T03:00:00Z', lastRunName: bogus.name }
    const run = aRun({ name: bogus.name, createdMs: at('23T12:00') })
    const plan = planSlots(nightly({}, status), [run], at('24T03:00'))
    expect(plan.takeBack?.message).toContain('2026-11-23T12:00:00Z')
    expect(plan.clockWentBack).toBeUndefined()
    expect(plan).toMatchObject({ due: on24th, slotsAfterMs: at('23T12:00'), missed: 0 })
  })

  it('and nobody saw its run: somebody has to confirm', () => {
    const status = { observed, lastSlot: '2027-11-24T03:00:00Z', lastRunName: bogus.name }
    expect(planSlots(nightly({}, status), [], at('24T03:00'))).toMatchObject({
      clockWentBack: { hash: expect.any(String) },
    })
  })

  it('and could not create it before it was right again: that one is given up', () => {
    const run = { name: bogus.name, slot: '2027-11-24T03:00:00Z', tries: 1, startedAt: '2027-11-24T03:10:00Z' }
    const plan = planSlots(nightly({}, { ...ranOn23rd, run }), [], at('24T02:00'))
    expect(plan).toMatchObject({ giveUp: { slotMs: bogus.slotMs, why: 'ClockWentBack' }, nextRunMs: at('24T03:00') })
  })

  it('and made the run of a day that comes: that day has one of its own', () => {
    const early = aRun({ name: on24th.name, createdMs: at('23T01:00') })
    const plan = planSlots(nightly({}, { observed, slotsAfter: time('23T12:00') }), [early], at('24T03:00'))
    expect(plan.due).toEqual({ slotMs: at('24T03:00'), name: 'nightly-202611240300-2' })
  })
})

describe('when to look again', () => {
  it('is at the next slot, and never later than in an hour, so that a clock that was put forward is noticed', () => {
    expect(planSlots(nightly({}, ranOn23rd), [], at('24T02:50')).requeueAtMs).toBe(at('24T03:00'))
    expect(planSlots(nightly({}, ranOn23rd), [], at('23T12:00')).requeueAtMs).toBe(at('23T13:00'))
    expect(planSlots(nightly({ suspend: true }, ranOn23rd), [], at('23T12:00')).requeueAtMs).toBe(at('23T13:00'))
  })
})

describe('a status that somebody wrote by hand', () => {
  it('is read as far as it has times', () => {
    const status = {
      observed,
      lastSlot: 'yesterday',
      slotsAfter: '',
      run: { name: 'x', slot: '?', tries: 1, startedAt: '' },
    }
    expect(planSlots(nightly({}, status), [], at('21T03:00'))).toMatchObject({
      due: { slotMs: at('21T03:00') },
      missed: 0,
    })
  })
})
