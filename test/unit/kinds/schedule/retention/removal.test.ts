import { describe, expect, test } from 'vitest'
import { snapshotFinalizer } from '../../../../../src/api/snapshot.ts'
import { instant } from '../../../../../src/api/status/conditions.ts'
import { applyFact } from '../../../../../src/kinds/schedule/apply-fact.ts'
import { planRemoval } from '../../../../../src/kinds/schedule/retention/removal.ts'
import { now } from '../../../../support/builders/observations.ts'
import { aFreshRun, aSchedule } from '../../../../support/builders/schedules.ts'

const run = aFreshRun({ name: 'old', uid: 'u1' })
const remove = { name: 'old', uid: 'u1' }
const removing = { ...remove, deletionPolicy: 'Retain', startedAt: instant(now) } as const
const only = { name: 'old', uid: 'u1', resourceVersion: '1' }

describe('the steps of a removal', () => {
  test('first it is on record, and its files are to go with it', () => {
    expect(planRemoval({ removing: undefined, remove, runs: [run], nowMs: now })).toMatchObject({
      removing,
      effects: [{ kind: 'PatchSnapshot', ...only, deletionPolicy: 'Delete' }],
    })
  })

  test('it is deleted once its finalizer is seen, not before', () => {
    const patched = aFreshRun({ ...run, deletionPolicy: 'Delete' })
    const going = { removing, remove, nowMs: now }
    expect(planRemoval({ ...going, runs: [patched] })).toMatchObject({ removing, effects: [] })
    const kept = { ...patched, finalizers: [snapshotFinalizer] }
    expect(planRemoval({ ...going, runs: [kept] }).effects).toEqual([{ kind: 'DeleteSnapshot', ...only }])
  })

  test('it counts when it is gone', () => {
    expect(planRemoval({ removing, remove, runs: [], nowMs: now })).toEqual({ effects: [], expired: 1, againMs: 0 })
  })
})

test('what the API server refuses of it is on record, and holds retention', () => {
  for (const effect of ['PatchSnapshot', 'DeleteSnapshot'] as const) {
    const schedule = aSchedule({ status: { removing } })
    const status = applyFact(schedule, { kind: 'Refused', effect, message: 'denied by policy' }, now)
    expect(status).toMatchObject({
      removing,
      held: { reason: 'RemovalRefused', name: 'old', failure: 'denied by policy' },
    })
  }
})
