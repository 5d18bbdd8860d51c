// What is worth an Event: each snapshot that is made, left out or deleted, once, and each condition that turns.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotScheduleStatus } from '../../../../../src/api/schedule.ts'
import { scheduleEvents } from '../../../../../src/kinds/schedule/status/events.ts'
import { ago } from '../../../../support/builders/observations.ts'

type Status = MeiliSnapshotScheduleStatus
const counts = { created: 0, skipped: 0, missed: 0, expired: 0 }
const run = { name: 'nightly-202603010300', slot: '2026-03-01T03:00:00Z', tries: 1, startedAt: ago(0) }
const events = (before: Status, after: Status): string[] =>
  scheduleEvents(before, after).map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
const condition = (
  type: string,
  status: 'True' | 'False',
  reason: string,
): NonNullable<Status['conditions']>[number] => ({
  type,
  status,
  reason,
  message: 'why',
  lastTransitionTime: ago(0),
  observedGeneration: 1,
})

test('a run on record is none yet; that it is there is one', () => {
  expect(events({ counts }, { counts, run })).toEqual([])
  expect(events({ counts, run }, { counts: { ...counts, created: 1 } })).toEqual([
    'Normal SnapshotCreated: MeiliSnapshot nightly-202603010300: slot 2026-03-01T03:00:00Z',
  ])
})

test('one by hand says so', () => {
  const { slot: _, ...byHand } = { ...run, name: 'nightly-now-12345678' }
  expect(events({ counts, run: byHand }, { counts: { ...counts, created: 1 } })).toEqual([
    'Normal SnapshotCreated: MeiliSnapshot nightly-now-12345678: asked for by hand',
  ])
})

describe('a run that is given up', () => {
  const refused = { ...run, failure: 'exceeded quota.', retryAt: ago(0) } as const
  const expected =
    'Warning SnapshotGivenUp: MeiliSnapshot nightly-202603010300 is not created any more. The last refusal: exceeded quota.'

  test('is one, whether it goes, is replaced or stays to be seen', () => {
    const { retryAt: _, ...closed } = refused
    expect(events({ counts, run: refused }, { counts })).toEqual([expected])
    expect(events({ counts, run: refused }, { counts, run: { ...run, name: 'nightly-202603020300' } })).toEqual([
      expected,
    ])
    expect(events({ counts, run: refused }, { counts, run: closed })).toEqual([expected])
  })

  test('is none while it is tried again, and none once more when what was given up goes', () => {
    const { retryAt: _, ...closed } = refused
    expect(events({ counts, run: refused }, { counts, run: { ...refused, tries: 2 } })).toEqual([])
    expect(events({ counts, run: closed }, { counts, run: { ...run, name: 'nightly-202603020300' } })).toEqual([])
  })
})

test('slots that were skipped or missed: one each, however many there were', () => {
  expect(events({ counts }, { counts: { ...counts, skipped: 1 }, active: ['a', 'b'] })).toEqual([
    'Warning RunSkipped: Slot skipped: of its snapshots one runs and another one waits (a, b)',
  ])
  expect(events({ counts }, { counts: { ...counts, missed: 1 } })).toEqual([
    'Warning SlotsMissed: One slot passed while nobody looked, and had no snapshot',
  ])
  expect(events({ counts }, { counts: { ...counts, missed: 7 } })[0]).toContain('7 slots passed')
  expect(events({ counts }, { counts: { ...counts, missed: 1000 } })[0]).toContain('1,000 slots or more passed')
})

test('a slot that was taken back', () => {
  expect(events({ lastSlot: run.slot }, {})).toEqual([
    "Warning SlotTakenBack: Slot 2026-03-01T03:00:00Z does not count: the operator's clock stood wrong when it ran",
  ])
})

test('a snapshot that retention deleted, and why', () => {
  const removing = { name: 'old', uid: 'old', deletionPolicy: 'Retain', startedAt: ago(0) } as const
  const expiring = [{ name: 'old', reason: 'no rule keeps it' }]
  expect(events({ counts, removing, expiring }, { counts: { ...counts, expired: 1 } })).toEqual([
    'Normal SnapshotExpired: MeiliSnapshot old and its files are deleted: no rule keeps it',
  ])
})

describe('a condition', () => {
  const after = (...conditions: NonNullable<Status['conditions']>): Status => ({ conditions })

  test('that turns is one, and one that stays is none', () => {
    const held = condition('RetentionHeld', 'True', 'MassExpiry')
    expect(events({}, after(held))).toEqual(['Warning MassExpiry: why'])
    expect(events(after(held), after({ ...held, message: 'why else' }))).toEqual([])
    expect(events(after(held), after(condition('RetentionHeld', 'True', 'SnapshotsStopped')))).toEqual([
      'Warning SnapshotsStopped: why',
    ])
    expect(events(after(held), {})).toEqual([])
  })

  test('Ready is good news, and the first good snapshot is none', () => {
    const ready = condition('Ready', 'True', 'Scheduled')
    expect(events({}, after(ready))).toEqual(['Normal Scheduled: why'])
    const good = condition('LastSnapshotSucceeded', 'True', 'SnapshotSucceeded')
    expect(events({}, after(good))).toEqual([])
    expect(events(after(condition('LastSnapshotSucceeded', 'False', 'SnapshotFailed')), after(good))).toEqual([
      'Normal SnapshotSucceeded: why',
    ])
  })

  test('Stalled is said by Ready, once', () => {
    const stalled = [condition('Stalled', 'True', 'NoSlot'), condition('Ready', 'False', 'NoSlot')]
    expect(events({}, after(...stalled))).toEqual(['Warning NoSlot: why'])
  })
})
