// What the plugin shows of MeiliSnapshotSchedules, and the snapshots that it makes from them.
import { describe, expect, test } from 'vitest'
import type { Condition } from '../../../../src/api/meta.ts'
import type { Instance, Schedule, Snapshot } from '../../../../src/cli/cluster.ts'
import { createRun } from '../../../../src/kinds/schedule/runs/snapshot.ts'
import { snapshotOfSchedule } from '../../../../src/cli/new/snapshot.ts'
import { scheduleDescription } from '../../../../src/cli/view/schedule-description.ts'
import { scheduleProblems, scheduleTable, whenText } from '../../../../src/cli/view/schedule.ts'
import { statusReport } from '../../../../src/cli/view/status-report.ts'
import { aSchedule } from '../../../support/builders/schedules.ts'
import type { ScheduleParts } from '../../../support/builders/schedules.ts'
import { condition, instance as brokenInstance, nowMs, schedule as brokenSchedule } from '../cluster-objects.ts'

const broken = brokenSchedule as unknown as Schedule
const schedule = (parts: ScheduleParts = {}): Schedule =>
  aSchedule({ ...parts, status: { observedGeneration: 1, ...parts.status } })
const template = (changes: object): object => ({
  spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } }, ...changes },
})

describe('when', () => {
  test.each([
    ['0 3 * * *', undefined, '03:00 Etc/UTC'],
    ['05 23 * * *', '15m', '23:05 Etc/UTC, 0–15m later'],
    ['@daily', undefined, '00:00 Etc/UTC'],
    ['@hourly', undefined, 'every hour Etc/UTC'],
    ['7 * * * *', undefined, 'every hour at :07 Etc/UTC'],
    ['30 4 * * 0', undefined, 'Sun 04:30 Etc/UTC'],
    ['30 4 * * 7', undefined, 'Sun 04:30 Etc/UTC'],
    ['*/20 * * * *', undefined, '*/20 * * * * Etc/UTC'],
    ['0 3,15 * * *', undefined, '0 3,15 * * * Etc/UTC'],
    ['0 3 1 * *', undefined, '0 3 1 * * Etc/UTC'],
    ['0 3 * * mon', undefined, '0 3 * * mon Etc/UTC'],
  ])('%s, jitter %s: %s', (cron, jitter, text) =>
    expect(whenText(schedule({ spec: { schedule: cron, ...(jitter === undefined ? {} : { jitter }) } }).spec)).toBe(
      text,
    ),
  )
})

describe('a table of schedules', () => {
  test('has the last good one, the next, what is kept, and no column for problems where there is none', () => {
    const good = schedule({
      status: {
        nextSlot: '2026-01-20T19:00:00Z',
        lastSuccess: { name: 'a', completedAt: '2026-01-19T19:00:00Z' },
        kept: { count: 1400, bytes: 1, size: '21 GiB' },
        forecast: { bytesPerDay: 0, nextBytes: 1, steadyBytes: 1, roomFor: 31, basis: '' },
      },
    })
    expect(scheduleTable([good], { withNamespace: false, nowMs })).toEqual([
      'NAME      INSTANCE   WHEN            LAST GOOD   NEXT     KEPT             STORE           ROOM FOR',
      'nightly   movies     03:00 Etc/UTC   5h ago      in 19h   1,400 · 21 GiB   claim backups   31 more',
    ])
  })

  test('marks what fails, says of one that is suspended that it is, and of all what is wrong', () => {
    const [, failing, suspended] = scheduleTable([broken, schedule({ spec: { suspend: true } })], {
      withNamespace: true,
      nowMs,
    })
    expect(failing).toMatch(/^shop +nightly +books +03:00 Europe\/Berlin, 0–15m later +✗ 1d ago +in 2h +14 · 21 GiB/)
    expect(failing).toMatch(
      /UnknownTimeZone: A message; .*2 failures in a row: nightly-202601190200: KeyTooWeak; retention is held: A message$/,
    )
    expect(suspended).toMatch(/ never +suspended +- +claim backups +-$/)
  })

  test('one whose snapshot is refused says so while it is tried again', () => {
    const conditions = [
      condition('Reconciling', 'True', 'RunRefused') as Condition,
      condition('Ready', 'False', 'RunRefused') as Condition,
    ]
    expect(scheduleProblems(schedule({ status: { conditions } }))).toEqual(['RunRefused: A message'])
  })

  test('one that the operator has not seen says so', () =>
    expect(scheduleProblems(schedule({ metadata: { generation: 2 } }))).toEqual([
      'the operator has not looked at it since its last change',
    ]))
})

test('a description says why each is kept, what goes next, what is held, how to go on and what that does', () => {
  const failed = { status: { conditions: [condition('Ready', 'False', 'KeyTooWeak')] } } as unknown as Snapshot
  const lines = scheduleDescription(broken, { events: [], failed }, nowMs)
  for (const line of [
    'When:          03:00 Europe/Berlin, 0–15m later (0 3 * * *); where it was missed, up to 6h late',
    'Next:          2026-01-20T02:04:00Z, in 2h',
    'Slots:         Tue 2026-01-20 03:00 +01:00, Wed 2026-01-21 03:00 +01:00, Thu 2026-01-22 03:00 +01:00',
    'Being created: nightly-202601200200: quota',
    'Last good:     nightly-202601180200, 1d ago',
    'Last failure:  nightly-202601190200, 21h ago: KeyTooWeak: A message.',
    'Retention:     keepLast 3, keepDaily 7, keepWithin 48h; at least 1 good and 3 failed ones',
    'Forecast:      next about 1.0 GiB, 15.0 GiB in the end, room for 31 more, full in 7d (2026-01-27T00:00:00Z)',
    'Held:          MassExpiry, for 3h: A message',
    'Confirming:    1 snapshot that no rule keeps is deleted with its files, one at a time',
    'Kept:',
    '  nightly-202601180200   last, daily',
    'Goes next:',
    '  nightly-202512210200   in 1m   no rule keeps it',
  ])
    expect(lines).toContain(line)
})

test('a description of one that never ran leaves out what is not known, and says that nothing is ever deleted', () => {
  const text = scheduleDescription(schedule({ spec: { retention: { minimum: 5 } } }), { events: [] }, nowMs).join('\n')
  expect(text).toMatch(/^Retention: +none: nothing is ever deleted$/m)
  expect(text).not.toMatch(/undefined|NaN|Kept|Held|Goes/)
})

test('with mode DryRun nothing goes, whatever is confirmed', () => {
  const dry = { ...broken, spec: { ...broken.spec, retention: { ...broken.spec.retention!, mode: 'DryRun' as const } } }
  const text = scheduleDescription(dry, { events: [] }, nowMs).join('\n')
  expect(text).toContain('Retention:     DryRun, nothing is deleted: keepLast 3')
  expect(text).toContain('Would go (mode DryRun deletes nothing):')
  expect(text).toContain('Confirming:    nothing is deleted, as the mode is DryRun')
})

describe('a snapshot made from a schedule', () => {
  const made = (parts: ScheduleParts, name?: string): { metadata: object; spec?: object } =>
    snapshotOfSchedule(schedule(parts), name, nowMs)

  test('is what the template says, belongs to the schedule, and has the name of no slot', () => {
    const metadata = { labels: { team: 'search' }, annotations: { note: 'x' } }
    const spec = template({ sourcePolicy: 'Remove' })
    expect(made({ spec: { template: { metadata, ...spec } } })).toMatchObject({
      kind: 'MeiliSnapshot',
      metadata: {
        namespace: 'shop',
        name: 'nightly-20260120-000000',
        labels: {
          team: 'search',
          'meili-operator.dev/schedule': 'nightly',
          'meili-operator.dev/schedule-uid': '5c4ed01e-1111-4222-8333-444455556666',
        },
        annotations: { note: 'x' },
      },
      spec: { destination: { claim: { name: 'backups' } }, sourcePolicy: 'Remove' },
    })
    expect(made({})).not.toHaveProperty('metadata.ownerReferences')
    expect(createRun(schedule(), 'a')).toMatchObject({ snapshot: made({}, 'a') })
  })

  test('of a schedule with a long name fits into a name and a label', () => {
    const { metadata } = made({ metadata: { name: 'x'.repeat(253) } }) as Snapshot
    expect(metadata.name).toMatch(/^x{228}-[0-9a-f]{8}-20260120-000000$/)
    expect(metadata.labels!['meili-operator.dev/schedule']).toMatch(/^x{54}-[0-9a-f]{8}$/)
  })

  test('takes a name that is asked for', () => expect(made({}, 'before').metadata).toMatchObject({ name: 'before' }))
})

describe('status', () => {
  const instance = (changes: object = {}): Instance =>
    ({
      ...brokenInstance,
      metadata: { ...brokenInstance.metadata, name: 'movies' },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        lastSnapshot: { completedAt: '2026-01-11T00:00:00Z' },
      },
      ...changes,
    }) as unknown as Instance
  const reportOf = (schedules: readonly Schedule[] | undefined, instances = [instance()]) =>
    statusReport({ instances, snapshots: [], schedules }, nowMs)

  test('says of an instance which schedules it has, and what is wrong with them', () => {
    const overdue = schedule({
      status: {
        conditions: [condition('Overdue', 'True', 'NoRecentSuccess') as Condition],
      },
    })
    expect(reportOf([overdue])).toMatchObject([
      {
        name: 'movies',
        schedules: [{ name: 'nightly', when: '03:00 Etc/UTC', suspended: false }],
        problems: ['schedule nightly: A message'],
        warnings: [],
      },
    ])
  })

  test('warns of one without a snapshot for long, where no schedule will take one', () => {
    const warningsOf = (schedules: readonly Schedule[] | undefined, of?: Instance[]): unknown =>
      reportOf(schedules, of)[0]?.warnings
    expect(warningsOf([])).toEqual(['no snapshot for 9 days, and no schedule'])
    expect(warningsOf([schedule()])).toEqual([])
    expect(warningsOf([schedule({ spec: { suspend: true } })])).toEqual([
      'no snapshot for 9 days, and schedule nightly is suspended',
    ])
    expect(warningsOf([schedule({ metadata: { namespace: 'elsewhere' } })])).toEqual([
      'no snapshot for 9 days, and no schedule',
    ])
    const young = { ...instance().metadata, creationTimestamp: '2026-01-19T00:00:00Z' }
    expect(warningsOf([], [instance({ metadata: young })])).toEqual([])
  })

  test('says nothing of schedules that it could not read', () => expect(reportOf(undefined)[0]?.warnings).toEqual([]))

  test('reports schedules of an instance that is gone under its name', () =>
    expect(reportOf([schedule()], [])).toMatchObject([
      { name: 'movies', ready: false, problems: ['There is no MeiliInstance movies, but schedule nightly.'] },
    ]))
})
