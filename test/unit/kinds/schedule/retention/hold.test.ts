import { describe, expect, test } from 'vitest'
import { confirmAnnotation } from '../../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../../../src/api/schedule.ts'
import { conditionsOf, instant } from '../../../../../src/api/status/conditions.ts'
import { holdText, recordRefusal, refusalHold } from '../../../../../src/kinds/schedule/retention/hold.ts'
import { planRetention } from '../../../../../src/kinds/schedule/retention/plan.ts'
import type { RetentionParts, RetentionPlan } from '../../../../../src/kinds/schedule/retention/plan.ts'
import type { Run } from '../../../../../src/kinds/schedule/run.ts'
import { hour, minute, now } from '../../../../support/builders/observations.ts'
import { aRun, aSchedule } from '../../../../support/builders/schedules.ts'

const day = 24 * hour
/** Taken so many days ago. */
const night = (days: number, changes: Partial<Run> = {}): Run =>
  aRun({ name: `n${days}`, uid: `u${days}`, timeMs: now - days * day, ...changes })
const nights = (count: number): readonly Run[] => Array.from({ length: count }, (_, i) => night(i))

interface Parts extends Partial<Omit<RetentionParts, 'schedule'>> {
  readonly retention?: object | undefined
  readonly status?: MeiliSnapshotScheduleStatus
  readonly confirm?: string | undefined
}

const scheduleOf = ({ status, confirm, ...parts }: Parts): MeiliSnapshotSchedule =>
  aSchedule({
    spec: { retention: { keepLast: 3 }, ...('retention' in parts ? { retention: parts.retention } : {}) },
    ...(status === undefined ? {} : { status }),
    ...(confirm === undefined ? {} : { metadata: { annotations: { [confirmAnnotation]: confirm } } }),
  })

const planOf = (parts: Parts): RetentionPlan =>
  planRetention({ runs: nights(4), intervalMs: day, nowMs: now, ...parts, schedule: scheduleOf(parts) })

/** One pass after the other, a minute apart, without deleting anything: what the last one says. */
function passes(count: number, parts: Parts): RetentionPlan {
  let plan = planOf(parts)
  for (let i = 1; i < count; i += 1)
    plan = planOf({ ...parts, status: { ...parts.status, ...plan.status }, nowMs: (parts.nowMs ?? now) + i * minute })
  return plan
}

const timed = ({ status: { expiring = [] } }: RetentionPlan): readonly string[] =>
  expiring.filter(({ notBefore }) => notBefore !== undefined).map(({ name }) => name)

describe('too many at once', () => {
  const first = { runs: nights(10) }

  test('more than half, and more than three, that nobody was told of are held until somebody confirms', () => {
    const plan = passes(3, first)
    expect(plan.held?.reason).toBe('MassExpiry')
    expect(plan.held?.message).toMatch(/^7 of 10 good snapshots would go at once/)
    expect(plan.remove).toBeUndefined()
    expect(plan.status.expiring).toHaveLength(7)
    expect(timed(plan)).toEqual([])
  })

  test('confirmed, they are announced, and go from the next pass on; it does not come again for the same ones', () => {
    const { status } = passes(2, first)
    const confirm = status.held?.hash
    const confirmed = planOf({ ...first, status, confirm })
    expect(confirmed.held).toBeUndefined()
    expect(timed(confirmed)).toHaveLength(7)
    expect(confirmed.status.confirmed).toEqual({ hash: confirm, at: instant(now) })
    const next = planOf({ runs: nights(9), status: confirmed.status, nowMs: now + minute })
    expect(next.remove?.name).toBe('n8')
    expect(next.held).toBeUndefined()
  })

  test('its hash stays while one comes and one goes, and changes with the rules or when another one is pinned', () => {
    const { status } = passes(2, first)
    const newer = night(-1, { timeMs: now + minute })
    const later = planOf({ runs: [newer, ...nights(10)], status, nowMs: now + 2 * minute })
    expect(later.status.held).toEqual(status.held)
    const hashes = [
      planOf({ ...first, status, retention: { keepLast: 2 } }),
      planOf({ runs: [...nights(9), night(9, { isPinned: true })], status }),
    ].map((plan) => plan.status.held?.hash)
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/)
    expect(new Set([status.held?.hash, ...hashes]).size).toBe(3)
  })

  test('an answer to another question lets nothing go', () => {
    const { status } = passes(2, first)
    for (const confirm of ['', 'yes', `${status.held?.hash} `]) {
      const plan = planOf({ ...first, status, confirm })
      expect(plan.held?.reason).toBe('MassExpiry')
      expect(plan.status.confirmed).toBeUndefined()
    }
  })

  test.each([
    { name: 'three of four may go', count: 4, keepLast: 1 },
    { name: 'four of nine may go', count: 9, keepLast: 5 },
    { name: 'four of seven may not', count: 7, keepLast: 3, reason: 'MassExpiry' },
  ])('$name', ({ count, keepLast, reason }) => {
    expect(passes(2, { runs: nights(count), retention: { keepLast } }).held?.reason).toBe(reason)
  })

  test('one in, one out is never held, however few there are', () => {
    for (const keepLast of [1, 2, 5]) {
      const { status } = passes(2, { runs: nights(keepLast), retention: { keepLast } })
      const plan = planOf({ runs: nights(keepLast + 1), status, retention: { keepLast } })
      expect(plan.held).toBeUndefined()
      expect(timed(plan)).toEqual([`n${keepLast}`])
    }
  })
})

describe('where the list has no room for all', () => {
  const retention = { keepLast: 3 }

  test('one answer is for all of them, and nothing else', () => {
    let runs = nights(150)
    let { status } = passes(2, { runs, retention })
    const { hash } = status.held ?? {}
    let nowMs = now + hour
    const gone: string[] = []
    for (let pass = 0; pass < 1000 && runs.length > 3; pass += 1) {
      nowMs += minute
      const plan = planOf({ runs, retention, status, nowMs, confirm: hash, intervalMs: 30 * day })
      expect(plan.held).toBeUndefined()
      runs = runs.filter(({ uid }) => uid !== plan.remove?.uid)
      if (plan.remove !== undefined) gone.push(plan.remove.name)
      ;({ status } = plan)
    }
    expect(runs.map(({ name }) => name)).toEqual(['n0', 'n1', 'n2'])
    expect(gone[0]).toBe('n149')
  })

  const pinnedFrom = (first: number): readonly Run[] =>
    nights(400).map((run, i) => (i < first ? run : { ...run, isPinned: true }))

  test('more of them, that are no longer pinned, are held once more', () => {
    const status = answer(pinnedFrom(140))
    expect(status.announced?.more).toBe(37)
    const nowMs = now + minute
    expect(planOf({ runs: pinnedFrom(140), retention, status, nowMs }).held).toBeUndefined()
    expect(planOf({ runs: nights(400), retention, status, nowMs }).held?.reason).toBe('MassExpiry')
  })

  test('those that go by other rules are held once more', () => {
    const [runs, nowMs] = [pinnedFrom(250), now + minute]
    const status = answer(runs)
    expect(planOf({ runs, retention, status, nowMs }).held).toBeUndefined()
    expect(planOf({ runs, retention: { keepLast: 2 }, status, nowMs }).held?.reason).toBe('MassExpiry')
  })

  function answer(runs: readonly Run[]): MeiliSnapshotScheduleStatus {
    const { status } = passes(2, { runs, retention })
    return planOf({ runs, retention, status, confirm: status.held?.hash }).status
  }
})

describe('DryRun', () => {
  const dry = { retention: { keepLast: 3, mode: 'DryRun' } }

  test('says what would go, holds nothing, and deletes nothing', () => {
    const plan = passes(5, { runs: nights(10), ...dry })
    expect(plan.status.expiring?.map(({ name }) => name)).toEqual(['n9', 'n8', 'n7', 'n6', 'n5', 'n4', 'n3'])
    expect(timed(plan)).toEqual([])
    expect(plan.held).toBeUndefined()
    expect(plan.remove).toBeUndefined()
  })

  test('announces nothing: on the day on which the mode changes, all of it is new', () => {
    const { status } = passes(3, { runs: nights(10), ...dry })
    expect(planOf({ runs: nights(10), status, nowMs: now + hour }).held?.reason).toBe('MassExpiry')
  })
})

describe('the guard', () => {
  const drop = (names: readonly number[]): readonly Run[] =>
    nights(6).map((run, i) => (names.includes(i) ? { ...run, documents: 10 } : run))

  test('holds all from the first one that collapsed until it is confirmed', () => {
    const plan = passes(2, { runs: drop([1, 0]) })
    expect(plan.flagged).toEqual(['n1', 'n0'])
    expect(plan.held?.reason).toBe('DocumentsDropped')
    expect(plan.held?.message).toMatch(/^n1 has 10 documents, and the good one before it had 1000/)
    expect(plan.remove).toBeUndefined()
    expect(plan.status.kept?.rules?.map(({ by }) => by[0])).toEqual(['flagged', 'flagged', 'last', 'last', 'last'])
    const confirm = plan.status.held?.hash
    const confirmed = planOf({ runs: drop([1, 0]), status: plan.status, confirm })
    expect(confirmed.held).toBeUndefined()
    expect(confirmed.flagged).toEqual([])
    expect(confirmed.status.acceptedUntil).toBe(new Date(now).toISOString())
  })

  test('the answer is for the one that was asked about: a worse one asks again', () => {
    const runs = drop([2, 1]).map((run, i) => (i === 0 ? { ...run, documents: 1 } : run))
    const { status } = passes(2, { runs })
    const confirmed = planOf({ runs, status, confirm: status.held?.hash })
    expect(confirmed.held?.message).toMatch(/^n0 has 1 document, and the good one before it had 10/)
  })

  test('a collapsed one that is deleted or pinned holds nothing', () => {
    const { status } = passes(2, { runs: drop([0]) })
    expect(planOf({ runs: drop([0]).slice(1), status }).held).toBeUndefined()
    const pinned = drop([0]).map((run, i) => (i === 0 ? { ...run, isPinned: true } : run))
    expect(planOf({ runs: pinned, status }).held).toBeUndefined()
  })

  test('does not look at what it has looked at before, whatever went between', () => {
    const runs = [310, 600, 1000].map((documents, i) => night(i, { documents }))
    const { status } = passes(2, { runs, retention: { keepWeekly: 5 } })
    expect(planOf({ runs: [runs[0], runs[2]].flatMap((run) => run ?? []), status }).flagged).toEqual([])
  })
})

test('where the template names another server its first snapshots hold, until somebody lets the last ones of the other go', () => {
  const runs = nights(8).map((run, i) => ({ ...run, instance: i < 3 ? 'books' : 'movies' }))
  const { status: before } = passes(2, { runs: runs.slice(3) })
  const { status, held, remove } = passes(3, { runs, status: before })
  expect(held).toMatchObject({
    reason: 'SourceChanged',
    message: expect.stringMatching(/^n2 is of MeiliInstance books, and the good one before it of movies/),
  })
  expect(remove).toBeUndefined()
  const confirmed = passes(2, { runs, status, confirm: status.held?.hash })
  expect(confirmed.held).toBeUndefined()
  expect(timed(confirmed)).toContain('n3')
})

describe('snapshots that have stopped', () => {
  const stopped = { nowMs: now + 2 * day + 2 * minute }

  test('hold the good ones, while something of them would go; failed ones go on', () => {
    const failed = [5, 6, 7, 8].map((i) => night(i, { phase: 'Failed', name: `f${i}` }))
    const plan = passes(3, { runs: [...nights(4), ...failed], ...stopped })
    expect(plan.held?.reason).toBe('SnapshotsStopped')
    expect(plan.held?.message).toContain(`n0, is of ${instant(now + minute)}, more than two intervals (24h each) ago`)
    // It does not grow old: each look at each schedule would write.
    expect(planOf({ ...stopped, nowMs: stopped.nowMs + hour }).held?.message).toBe(planOf(stopped).held?.message)
    expect(plan.remove?.name).toBe('f8')
    expect(passes(2, { runs: nights(3), ...stopped }).held).toBeUndefined()
  })

  test('hold no longer once one has come, or somebody says so', () => {
    const { status } = passes(3, stopped)
    const nowMs = stopped.nowMs + 3 * minute
    expect(planOf({ status, nowMs }).remove).toBeUndefined()
    expect(planOf({ status, nowMs, confirm: status.held?.hash }).remove?.name).toBe('n3')
    const newer = night(-1, { timeMs: nowMs - minute })
    expect(planOf({ status, nowMs, runs: [newer, ...nights(4)] }).remove?.name).toBe('n3')
  })

  test('are not meant where a snapshot takes longer than two intervals: its end counts', () => {
    const runs = nights(4).map((run) => ({ ...run, completedMs: (run.timeMs ?? 0) + 2 * day }))
    expect(passes(2, { runs, ...stopped }).held).toBeUndefined()
  })

  test('hold where nobody can say how often they are to come', () => {
    expect(passes(2, { intervalMs: undefined }).held?.reason).toBe('SnapshotsStopped')
  })
})

describe('a clock that cannot be trusted', () => {
  test('holds, with the hash by which the slot is confirmed, also where nothing would go', () => {
    const clockWentBack = { message: 'The clock stands before slot 3', hash: 'abc123' }
    for (const runs of [nights(4), []]) {
      const plan = passes(2, { runs, clockWentBack })
      expect(plan.status.held).toMatchObject({ reason: 'ClockSuspicious', hash: 'abc123' })
      expect(plan.remove).toBeUndefined()
    }
    expect(planOf({ clockWentBack, retention: undefined }).held?.reason).toBe('ClockSuspicious')
  })

  test('holds where the API server made one more than an hour from now, and no longer than that', () => {
    const runs = [night(9, { phase: 'Pending', createdMs: now + 2 * hour }), ...nights(4)]
    const { held } = planOf({ runs })
    expect(held?.reason).toBe('ClockSuspicious')
    expect(planOf({ runs, nowMs: now + minute }).held).toEqual(held)
    expect(planOf({ runs, nowMs: now + hour }).held).toBeUndefined()
  })
})

describe('a refusal', () => {
  const removing = { name: 'n3', uid: 'u3', deletionPolicy: 'Retain', startedAt: instant(now - minute) } as const
  const held = recordRefusal({ removing }, 'admission webhook "locks" denied the request', now)
  const status: MeiliSnapshotScheduleStatus = { ...passes(2, {}).status, removing, held }
  const nowMs = now + minute

  test('holds all until it is confirmed, and then it is tried again', () => {
    const refused = planOf({ status, nowMs })
    expect(refused.held?.reason).toBe('RemovalRefused')
    expect(refused.held?.message).toContain('n3 could not be deleted: admission webhook "locks" denied the request')
    expect(refused.remove).toBeUndefined()
    expect(refused.status.held).toEqual(held)
    expect(planOf({ status, nowMs, confirm: held?.hash }).remove?.name).toBe('n3')
  })

  test('holds no longer where that one is gone, or is to stay', () => {
    expect(planOf({ status, nowMs, runs: nights(3) }).held).toBeUndefined()
    expect(planOf({ status, nowMs, retention: { keepLast: 4 } }).held).toBeUndefined()
  })

  test('is tried again alone an hour later, and held all the while', () => {
    const { removing: _, ...idle } = status
    const parts = { runs: nights(6), status: { ...idle, ...passes(2, { runs: nights(6), status: idle }).status } }
    expect(planOf({ ...parts, nowMs: now + 59 * minute }).remove).toBeUndefined()
    const again = planOf({ ...parts, nowMs: now + hour })
    expect(again.remove?.name).toBe('n3')
    expect(again.held?.reason).toBe('RemovalRefused')
    expect(again.status.held?.since).toBe(held?.since)
  })

  test('says how to go on behind the longest names and words, which hold no secret and no half character', () => {
    const name = 'n'.repeat(253)
    const words = `denied: https://user:hunter2@hooks.example/?token=hunter2 ${'\ud83d\ude00'.repeat(2000)}`
    const refused = recordRefusal({ removing: { ...removing, name } }, words, now)
    expect(refused?.failure).not.toMatch(/hunter2/)
    expect(refused?.failure?.isWellFormed()).toBe(true)
    const hold = refusalHold({ held: refused! }, () => true, now)
    const schedule = aSchedule({ metadata: { name, namespace: 'n'.repeat(63) } })
    const [said] = conditionsOf(
      [],
      [{ type: 'RetentionHeld', status: 'True', reason: 'RemovalRefused', message: holdText(hold!, schedule) }],
      { generation: 1, nowMs: now },
    )
    expect(said?.message).toMatch(new RegExp(`${hold?.hash}$`))
  })

  test('is asked about anew each time, and keeps no more of what was said than status has room for', () => {
    const nextMs = now + hour
    const next = recordRefusal(
      { held, removing: { ...removing, startedAt: instant(nextMs) } },
      'x'.repeat(5000),
      nextMs,
    )
    expect(next?.hash).not.toBe(held?.hash)
    expect(next?.failure).toHaveLength(1000)
    expect(next).toMatchObject({ since: held?.since, retryAt: instant(nextMs + hour) })
  })

  test('a deletion that does not end is one: it goes on, and no other one begins', () => {
    const runs = nights(5).map((run) => (run.name === 'n3' ? { ...run, isBeingDeleted: true } : run))
    const stuck = { ...passes(2, { runs: nights(5) }).status, removing }
    expect(planOf({ runs, status: stuck, nowMs: now + 20 * minute }).held).toBeUndefined()
    const plan = planOf({ runs, status: stuck, nowMs: now + 30 * minute })
    expect(plan.held?.message).toMatch(/^The deletion of n3 has not ended in 30m/)
    expect(plan.remove?.name).toBe('n3')
  })

  test('a deletion that does not end is said again after each confirmation, as nothing goes on', () => {
    const runs = nights(5).map((run) => (run.name === 'n3' ? { ...run, isBeingDeleted: true } : run))
    const parts = { runs, status: { ...passes(2, { runs: nights(5) }).status, removing }, nowMs: now + 30 * minute }
    const asked = planOf(parts).status
    const confirmed = passes(2, { ...parts, status: { ...parts.status, ...asked }, confirm: asked.held?.hash })
    expect(confirmed.held?.reason).toBe('RemovalRefused')
    expect(confirmed.status.held?.hash).not.toBe(asked.held?.hash)
  })
})
