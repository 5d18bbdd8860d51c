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

  test('it counts when it is gone, also where another one has its name by now', () => {
    const done = { effects: [], expired: 1, againMs: 0 }
    expect(planRemoval({ removing, remove, runs: [], nowMs: now })).toEqual(done)
    const other = aFreshRun({ name: 'old', uid: 'u2', deletionPolicy: 'Delete' })
    expect(planRemoval({ removing, remove, runs: [other], nowMs: now })).toEqual(done)
  })

  test('while it is being deleted nothing is done, whatever the plan has become', () => {
    const going = aFreshRun({ ...run, deletionPolicy: 'Delete', isBeingDeleted: true })
    for (const plan of [remove, undefined])
      expect(planRemoval({ removing, remove: plan, runs: [going], nowMs: now })).toMatchObject({
        removing,
        effects: [],
        expired: 0,
      })
  })

  test('one that somebody else deletes with its files left is theirs, and does not count', () => {
    const theirs = aFreshRun({ ...run, isBeingDeleted: true })
    expect(planRemoval({ removing, remove, runs: [theirs], nowMs: now })).toEqual({
      effects: [],
      expired: 0,
      againMs: 0,
    })
    expect(planRemoval({ removing: undefined, remove, runs: [theirs], nowMs: now })).toEqual({
      effects: [],
      expired: 0,
    })
  })

  test('one that is not to go after all gets its policy back, and only then another one begins', () => {
    const patched = aFreshRun({ ...run, deletionPolicy: 'Delete', finalizers: [snapshotFinalizer] })
    const next = { name: 'other', uid: 'u9' }
    for (const plan of [undefined, next])
      expect(planRemoval({ removing, remove: plan, runs: [patched], nowMs: now })).toMatchObject({
        removing,
        effects: [{ kind: 'PatchSnapshot', ...only, deletionPolicy: 'Retain' }],
        expired: 0,
      })
    expect(planRemoval({ removing, remove: undefined, runs: [run], nowMs: now })).toEqual({
      effects: [],
      expired: 0,
      againMs: 0,
    })
  })

  test('one whose files were to go with it anyway, or that has none, is deleted at once', () => {
    const deletes = aFreshRun({ ...run, deletionPolicy: 'Delete', finalizers: [snapshotFinalizer] })
    const bare = aFreshRun({ ...run, deletionPolicy: 'Delete', mayHaveFiles: false })
    for (const each of [deletes, bare]) {
      const begun = planRemoval({ removing: undefined, remove, runs: [each], nowMs: now })
      expect(begun.removing?.deletionPolicy).toBe('Delete')
      expect(begun.effects).toEqual([{ kind: 'DeleteSnapshot', ...only }])
    }
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
