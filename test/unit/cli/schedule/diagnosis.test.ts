// What doctor says of MeiliSnapshotSchedules: each fault alone, in its words, and nothing where all is well.
import { describe, expect, test } from 'vitest'
import type { Condition } from '../../../../src/api/meta.ts'
import type { Instance, Schedule, Snapshot } from '../../../../src/cli/cluster.ts'
import { diagnoseSchedules } from '../../../../src/cli/doctor/schedules.ts'
import type { ScheduleWorld } from '../../../../src/cli/doctor/schedule-template.ts'
import { aSchedule } from '../../../support/builders/schedules.ts'
import type { ScheduleParts } from '../../../support/builders/schedules.ts'
import { condition, nowMs } from '../cluster-objects.ts'

const lastSuccess = { name: 'nightly-202601190300', completedAt: '2026-01-19T19:00:00Z' }
const wellStatus = { observedGeneration: 1, nextSlot: '2026-01-20T06:00:00Z', lastSuccess }
const schedule = ({ status, ...parts }: ScheduleParts = {}): Schedule =>
  aSchedule({ ...parts, status: { ...wellStatus, ...status } })
const withCondition = (type: string, status: 'True' | 'False', reason: string): ScheduleParts => ({
  status: { conditions: [condition(type, status, reason) as Condition] },
})
const movies = { metadata: { namespace: 'shop', name: 'movies' } } as unknown as Instance

const findingsOf = (schedules: readonly Schedule[], changes: Partial<ScheduleWorld> = {}): string[] =>
  diagnoseSchedules({ schedules, instances: [movies], snapshots: [], absentClaims: new Set(), ...changes }, nowMs).map(
    ({ level, check, message, remedy }) => {
      expect(check).toBe('schedule')
      return `${level}: ${message}${remedy === undefined ? '' : ` → ${remedy}`}`
    },
  )

const edit = 'kubectl -n shop edit meilisnapshotschedule/nightly'
const claim = { destination: { claim: { name: 'backups' } }, source: { instanceRef: { name: 'movies' } } }

test('one that is well says when it runs next, and that it has run', () => {
  const kept = { count: 14, bytes: 1, size: '21 GiB' }
  expect(findingsOf([schedule({ status: { kept } })])).toEqual([
    'ok: schedule shop/nightly: next in 6h, last good one 5h ago, 14 kept',
  ])
})

test.each<[string, ScheduleParts, string]>([
  [
    'changed since it was looked at',
    { metadata: { generation: 2 } },
    'problem: schedule shop/nightly: the operator has not looked at it since its last change → see whether the operator runs, above; it may serve other namespaces (WATCH_NAMESPACES)',
  ],
  [
    'stalled',
    withCondition('Stalled', 'True', 'UnknownTimeZone'),
    `problem: schedule shop/nightly: UnknownTimeZone: A message → docs/failures.md, UnknownTimeZone; ${edit}`,
  ],
  [
    'whose snapshot is refused, and tried again',
    withCondition('Reconciling', 'True', 'RunRefused'),
    'warning: schedule shop/nightly: RunRefused: A message → docs/failures.md, RunRefused; kubectl meili -n shop schedule describe nightly',
  ],
  [
    'on a clock that went back',
    withCondition('ClockWentBack', 'True', 'ClockWentBack'),
    'problem: schedule shop/nightly: A message → see that the clocks of the nodes on which the operator runs are right; if they are: kubectl meili -n shop schedule confirm nightly',
  ],
  [
    'overdue',
    withCondition('Overdue', 'True', 'NoRecentSuccess'),
    'problem: schedule shop/nightly: overdue: A message → kubectl meili -n shop schedule describe nightly',
  ],
  [
    'held',
    withCondition('RetentionHeld', 'True', 'DocumentsDropped'),
    'problem: schedule shop/nightly: retention is held: DocumentsDropped: A message → look: kubectl meili -n shop schedule describe nightly; to let it go on: kubectl meili -n shop schedule confirm nightly',
  ],
  [
    'suspended for long',
    { spec: { suspend: true }, status: { lastSuccess: { name: 'a', completedAt: '2026-01-11T00:00:00Z' } } },
    'warning: schedule shop/nightly: suspended, and its last good snapshot is 9d old → kubectl meili -n shop schedule resume nightly',
  ],
  [
    'with deletionPolicy in its template',
    { spec: { template: { spec: { ...claim, deletionPolicy: 'Delete' } } } },
    `warning: schedule shop/nightly: its snapshots have deletionPolicy: Delete, so whoever deletes such an object, or the namespace, deletes the files; retention does not need it → remove it from spec.template.spec: ${edit}`,
  ],
  [
    'whose claim fills as nothing is ever deleted',
    { status: { forecast: { bytesPerDay: 1, nextBytes: 1, fullAt: '2026-01-27T00:00:00Z', basis: '' } } },
    `warning: schedule shop/nightly: claim backups is full in 7d (2026-01-27T00:00:00Z): it has no retention, so nothing is ever deleted → add spec.retention, or enlarge the claim: ${edit}`,
  ],
  [
    'whose claim is too small for what its rules keep',
    {
      spec: { retention: { keepDaily: 400 } },
      status: { forecast: { bytesPerDay: 1, nextBytes: 1, fullAt: '2026-01-27T00:00:00Z', basis: '' } },
    },
    `warning: schedule shop/nightly: claim backups is full in 7d (2026-01-27T00:00:00Z): its rules keep more than has space → keep fewer (spec.retention), or enlarge the claim: ${edit}`,
  ],
  [
    'whose claim fills as its retention only rehearses',
    {
      spec: { retention: { mode: 'DryRun', keepLast: 3 } },
      status: { forecast: { bytesPerDay: 1, nextBytes: 1, fullAt: '2026-01-27T00:00:00Z', basis: '' } },
    },
    `warning: schedule shop/nightly: claim backups is full in 7d (2026-01-27T00:00:00Z): its retention is a DryRun, so nothing is deleted → set spec.retention.mode: Enforce, or enlarge the claim: ${edit}`,
  ],
])('one %s', (_, parts, finding) => expect(findingsOf([schedule(parts)])).toEqual([finding]))

test('a claim that is full in a year is no finding', () => {
  const forecast = { bytesPerDay: 1, nextBytes: 1, fullAt: '2026-12-27T00:00:00Z', basis: '' }
  expect(findingsOf([schedule({ status: { forecast } })])).toEqual(findingsOf([schedule({})]))
})

test('one whose snapshots fail names the last that did', () => {
  const { status } = withCondition('LastSnapshotSucceeded', 'False', 'SnapshotFailed')
  const lastFailure = { name: 'nightly-202601200300', completedAt: '2026-01-20T00:00:00Z', reason: 'KeyTooWeak' }
  expect(findingsOf([schedule({ status: { ...status, lastFailure, consecutiveFailures: 2 } })])).toEqual([
    'warning: schedule shop/nightly: 2 failures in a row: nightly-202601200300: KeyTooWeak → kubectl meili -n shop snapshot describe nightly-202601200300',
  ])
})

test('one that was suspended lately, or never ran and is young, is well', () => {
  expect(findingsOf([schedule({ spec: { suspend: true } })])[0]).toMatch(/^ok: .* suspended, last good one 5h ago$/)
})

describe('what it asks for', () => {
  test('a server that is not there', () =>
    expect(findingsOf([schedule()], { instances: [] })).toEqual([
      `problem: schedule shop/nightly: there is no MeiliInstance movies, so each of its snapshots fails → for a server that runs already: kubectl meili -n shop adopt; or name another one: ${edit}`,
    ]))

  test('a claim that is not there, and that nothing makes', () => {
    const absentClaims = new Set(['shop/backups'])
    expect(findingsOf([schedule()], { absentClaims })).toEqual([
      `problem: schedule shop/nightly: claim backups does not exist, and the schedule has no template to make it from → create it, or add spec.template.spec.destination.claim.template: ${edit}`,
    ])
    const made = { name: 'backups', template: { resources: { requests: { storage: '1Gi' } } } }
    const template = { spec: { ...claim, destination: { claim: made } } }
    expect(findingsOf([schedule({ spec: { template } })], { absentClaims })[0]).toMatch(/^ok/)
  })

  test('the same as another one, at the same times, however these are written', () => {
    const other = (metadata: object, spec: object = {}): Schedule => schedule({ metadata, spec })
    const twins = [other({ name: 'first' }, { schedule: '@daily' }), other({}, { schedule: '00 0 * *  *' })]
    expect(findingsOf(twins)).toEqual([
      expect.stringMatching(/^ok: schedule shop\/first/),
      `warning: schedule shop/nightly: it takes snapshots of movies at the same times as schedule first: the server makes each twice, one after the other → give it other times, or delete one of the two: ${edit}`,
    ])
    for (const different of [
      other({ name: 'first' }, { schedule: '@daily', suspend: true }),
      other({ name: 'first' }, { schedule: '@daily', timeZone: 'Europe/Berlin' }),
      other({ name: 'first', namespace: 'other' }, { schedule: '@daily' }),
    ])
      expect(findingsOf([different, twins[1]!]).at(-1)).toMatch(/^ok/)
  })
})

test('snapshots of a schedule that is not there are counted, once for each', () => {
  const labelled = (label: string, namespace = 'shop'): Snapshot =>
    ({ metadata: { namespace, name: 'a', labels: { 'meili-operator.dev/schedule': label } } }) as unknown as Snapshot
  const snapshots = [labelled('nightly'), labelled('gone'), labelled('gone'), labelled('nightly', 'other')]
  expect(findingsOf([schedule()], { snapshots }).slice(1)).toEqual([
    'warning: 2 snapshots in namespace shop are of schedule gone, which does not exist: no retention deletes them → make a schedule of this name again, which takes them over, or look at them: kubectl -n shop get meilisnapshots -l meili-operator.dev/schedule=gone',
    'warning: 1 snapshot in namespace other is of schedule nightly, which does not exist: no retention deletes it → make a schedule of this name again, which takes it over, or look at it: kubectl -n other get meilisnapshots -l meili-operator.dev/schedule=nightly',
  ])
})
