import { describe, expect, test } from 'vitest'
import { confirmAnnotation } from '../../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../../../src/api/schedule.ts'
import { instant } from '../../../../../src/api/status/conditions.ts'
import { recordRefusal } from '../../../../../src/kinds/schedule/retention/hold.ts'
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
  readonly retention?: object
  readonly status?: MeiliSnapshotScheduleStatus
  readonly confirm?: string | undefined
}

const scheduleOf = ({ retention = { keepLast: 3 }, status, confirm }: Parts): MeiliSnapshotSchedule =>
  aSchedule({
    spec: { retention },
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
})

describe('a refusal', () => {
  const removing = { name: 'n3', uid: 'u3', deletionPolicy: 'Retain', startedAt: instant(now - minute) } as const

  test('holds all until it is confirmed, and then it is tried again', () => {
    const held = recordRefusal(removing, 'admission webhook "locks" denied the request', now)
    const status = { ...passes(2, {}).status, removing, held }
    const refused = planOf({ status, nowMs: now + minute })
    expect(refused.held).toMatchObject({ reason: 'RemovalRefused' })
    expect(refused.held?.message).toContain('n3 could not be deleted: admission webhook "locks" denied the request')
    expect(refused.remove).toBeUndefined()
    expect(refused.status.held).toEqual(held)
    expect(planOf({ status, nowMs: now + minute, confirm: held.hash }).remove?.name).toBe('n3')
  })
})
