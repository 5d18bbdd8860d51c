// What /metrics says of the objects, from nothing but what is on record in them.
import { describe, expect, test } from 'vitest'
import { snapshotConditions } from '../../../../src/api/snapshot.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import type { Condition } from '../../../../src/api/meta.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../src/api/snapshot.ts'
import { stateFamilies } from '../../../../src/telemetry/families/state.ts'
import { stateOf } from '../../../../src/telemetry/samples/state.ts'
import { snapshotsIn } from '../../../support/builders/caches.ts'
import { aManagedInstance } from '../../../support/builders/managed-observations.ts'
import {
  aCondition,
  ago,
  anInstance,
  aSnapshot,
  hour,
  minute,
  notReady,
  now,
  ready,
  second,
} from '../../../support/builders/observations.ts'

const movies = { namespace: 'shop', instance: 'search' }
const secondsAgo = (spanMs: number): number => (now - spanMs) / 1000

/** `name{label="value"}` → value, as a line of /metrics would read. */
function samplesByName(
  instances: readonly MeiliInstance[],
  snapshots: readonly MeiliSnapshot[],
): Record<string, number> {
  return Object.fromEntries(
    stateOf(instances, snapshotsIn(snapshots)).samples.map(({ name, labels, value }) => [
      `${name}{${Object.entries(labels)
        .map(([label, text]) => `${label}=${text}`)
        .join()}}`,
      value,
    ]),
  )
}

const artifact = (sizeBytes: number, claimName = 'backups'): NonNullable<MeiliSnapshotStatus['artifact']> => ({
  claimName,
  path: 'search/x',
  fileName: 'data.ms.snapshot',
  sizeBytes,
  size: '1 B',
  sha256: 'a',
  meilisearchVersion: '1.21.0',
  verification: 'Archive',
})

/** A snapshot that was asked for 5 s after its creation, moved after another 30 s, and stored after another 10 s. */
function good(name: string, parts: { endedAgoMs: number; sizeBytes?: number; freeBytes?: number }): MeiliSnapshot {
  const { endedAgoMs, sizeBytes = 1000, freeBytes } = parts
  return aSnapshot({
    name,
    metadata: { creationTimestamp: ago(endedAgoMs + 45 * second) },
    status: {
      phase: 'Completed',
      request: { attempt: 1, posts: 1, postedAt: ago(endedAgoMs + 40 * second) },
      move: { attempt: 1, jobName: 'j', startedAt: ago(endedAgoMs + 10 * second) },
      artifact: artifact(sizeBytes),
      startedAt: ago(endedAgoMs + 40 * second),
      completedAt: ago(endedAgoMs),
      ...(freeBytes === undefined ? {} : { destination: { freeBytes, observedAt: ago(endedAgoMs) } }),
    },
  })
}

const failedSnapshot = (name: string, endedAgoMs: number): MeiliSnapshot =>
  aSnapshot({ name, status: { phase: 'Failed', startedAt: ago(endedAgoMs + minute), completedAt: ago(endedAgoMs) } })

describe('a snapshot on which a server was started', () => {
  const place = '{namespace=shop,instance=search}'
  const started = (
    result: 'Passed' | 'Failed' | 'Skipped' | 'Inconclusive',
    agoMs: number,
  ): NonNullable<MeiliSnapshotStatus['verification']> => ({
    mode: 'Boot',
    result,
    attempt: 1,
    jobName: 'j',
    at: ago(agoMs),
    restoreDuration: { total: '75s', totalMs: 75_000 },
  })
  const proved = (
    snapshot: MeiliSnapshot,
    verification: NonNullable<MeiliSnapshotStatus['verification']>,
  ): MeiliSnapshot => ({
    ...snapshot,
    status: { ...snapshot.status, verification },
  })

  test('says when that was, that it served what is on record, and how long it took to come back', () => {
    expect(samplesByName([], [proved(good('a', { endedAgoMs: hour }), started('Passed', hour))])).toMatchObject({
      [`meili_snapshot_boot_passed${place}`]: 1,
      [`meili_snapshot_boot_timestamp_seconds${place}`]: secondsAgo(hour),
      [`meili_snapshot_recovery_seconds${place}`]: 75,
    })
  })

  test('and failed is what counts while no newer one was good', () => {
    const older = proved(good('a', { endedAgoMs: 2 * hour }), started('Passed', 2 * hour))
    const newer = proved(failedSnapshot('b', hour), started('Failed', hour))
    expect(samplesByName([], [older, newer])).toMatchObject({ [`meili_snapshot_boot_passed${place}`]: 0 })
    const newest = proved(good('c', { endedAgoMs: minute }), started('Passed', minute))
    expect(samplesByName([], [older, newer, newest])).toMatchObject({ [`meili_snapshot_boot_passed${place}`]: 1 })
  })

  test('and said nothing leaves standing what the one before said, and is a figure of its own', () => {
    const failedFirst = proved(failedSnapshot('a', 3 * hour), started('Failed', 3 * hour))
    const passed = proved(good('b', { endedAgoMs: 2 * hour }), started('Passed', 2 * hour))
    const open = proved(good('c', { endedAgoMs: hour }), started('Inconclusive', hour))
    expect(samplesByName([], [failedFirst, passed, open])).toMatchObject({
      [`meili_snapshot_boot_passed${place}`]: 1,
      [`meili_snapshot_boot_timestamp_seconds${place}`]: secondsAgo(2 * hour),
      [`meili_snapshot_boot_inconclusive${place}`]: 1,
    })
    expect(samplesByName([], [failedFirst, open])).toMatchObject({ [`meili_snapshot_boot_passed${place}`]: 0 })
    expect(samplesByName([], [passed])).toMatchObject({ [`meili_snapshot_boot_inconclusive${place}`]: 0 })
  })

  test('that was not started after all, or never was to be, says nothing', () => {
    const skipped = proved(good('a', { endedAgoMs: hour }), started('Skipped', hour))
    for (const snapshots of [[skipped], [good('b', { endedAgoMs: hour })]])
      expect(Object.keys(samplesByName([], snapshots)).filter((name) => /boot|recovery/.test(name))).toEqual([])
  })
})

describe('an instance', () => {
  test('that has not been looked at is not ready, and says nothing that nobody knows', () => {
    const unseen = anInstance({ status: { conditions: [] } })
    expect(samplesByName([unseen], [])).toMatchObject({
      'meili_instance_ready{namespace=shop,instance=search}': 0,
      'meili_snapshot_overdue{namespace=shop,instance=search}': 0,
    })
    const names = stateOf([unseen], snapshotsIn()).samples.map(({ name }) => name)
    for (const name of [
      'meili_snapshot_last_success_timestamp_seconds',
      'meili_snapshot_last_failure_timestamp_seconds',
      'meili_snapshot_last_attempt_timestamp_seconds',
      'meili_snapshot_oldest_unfinished_timestamp_seconds',
      'meili_snapshot_size_bytes',
      'meili_snapshot_phase_duration_seconds',
      'meili_instance_database_bytes',
    ])
      expect(names).not.toContain(name)
  })

  test('is ready where its condition says so, with the size of its database', () => {
    const instance = anInstance({
      metadata: { creationTimestamp: ago(hour) },
      status: { conditions: [ready], database: { sizeBytes: 4096, size: '4 KiB', indexes: 1, documents: 2 } },
    })
    expect(samplesByName([instance], [])).toMatchObject({
      'meili_instance_ready{namespace=shop,instance=search}': 1,
      'meili_instance_database_bytes{namespace=shop,instance=search}': 4096,
      'meili_instance_created_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(hour),
    })
    expect(
      samplesByName([anInstance({ status: { conditions: [notReady('Unreachable', 'It is silent.')] } })], []),
    ).toMatchObject({ 'meili_instance_ready{namespace=shop,instance=search}': 0 })
  })

  test('that is managed says whether a Service of somebody else selects its pod, and one that is not says nothing', () => {
    const series = 'meili_instance_foreign_service{namespace=shop,instance=search}'
    const shared = aCondition('ForeignService', 'True', { reason: 'ForeignService' })
    const managed = (conditions: Condition[]): MeiliInstance =>
      aManagedInstance({ name: 'search', status: { conditions } })
    expect(samplesByName([managed([ready, shared])], [])).toMatchObject({ [series]: 1 })
    expect(samplesByName([managed([ready])], [])).toMatchObject({ [series]: 0 })
    expect(Object.keys(samplesByName([anInstance()], []))).not.toContain(series)
  })

  test('that begins with a snapshot says whether that failed, and one that does not says nothing', () => {
    const series = 'meili_instance_bootstrap_failed{namespace=shop,instance=search}'
    const managed = { bootstrap: { from: { snapshotRef: { name: 'first' } } } }
    const stalled = aCondition('Stalled', 'True', { reason: 'BootstrapFailed' })
    const begun = (conditions: Condition[]): MeiliInstance =>
      aManagedInstance({ name: 'search', managed, status: { conditions } })
    expect(samplesByName([begun([stalled])], [])).toMatchObject({ [series]: 1 })
    expect(samplesByName([begun([ready])], [])).toMatchObject({ [series]: 0 })
    expect(Object.keys(samplesByName([aManagedInstance({ name: 'search' })], []))).not.toContain(series)
  })

  test('has each phase at 0, and none of another instance or namespace', () => {
    const elsewhere = aSnapshot({ metadata: { namespace: 'other' } })
    const series = samplesByName([anInstance()], [elsewhere])
    for (const phase of ['Pending', 'Snapshotting', 'Moving', 'Verifying', 'Completed', 'Failed'])
      expect(series).toMatchObject({ [`meili_snapshot_phase{namespace=shop,instance=search,phase=${phase}}`]: 0 })
    expect(series).toMatchObject({ 'meili_snapshot_phase{namespace=other,instance=search,phase=Pending}': 1 })
  })

  test('that is gone, with all its snapshots, leaves nothing', () => {
    expect(stateOf([], snapshotsIn())).toEqual({ samples: [], instances: [] })
  })

  test('remembers its last good snapshot after the object is deleted', () => {
    const instance = anInstance({ status: { lastSnapshot: { name: 'gone', completedAt: ago(hour) } } })
    expect(samplesByName([instance], [])).toMatchObject({
      'meili_snapshot_last_success_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(hour),
    })
    expect(samplesByName([instance], [good('newer', { endedAgoMs: minute })])).toMatchObject({
      'meili_snapshot_last_success_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(minute),
    })
    expect(samplesByName([instance], [good('older', { endedAgoMs: 2 * hour })])).toMatchObject({
      'meili_snapshot_last_success_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(hour),
    })
  })
})

describe('snapshots', () => {
  test('of which the newest good one tells size and durations, in whatever order they are listed', () => {
    const all = [
      good('second', { endedAgoMs: hour, sizeBytes: 2000 }),
      good('third', { endedAgoMs: minute, sizeBytes: 3000 }),
      good('first', { endedAgoMs: 2 * hour, sizeBytes: 9000 }),
    ]
    for (const list of [all, all.toReversed()]) {
      expect(samplesByName([], list)).toMatchObject({
        'meili_snapshot_size_bytes{namespace=shop,instance=search}': 3000,
        'meili_snapshot_last_success_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(minute),
        'meili_snapshot_last_attempt_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(
          minute + 40 * second,
        ),
        'meili_snapshot_phase{namespace=shop,instance=search,phase=Completed}': 3,
        'meili_snapshot_phase_duration_seconds{namespace=shop,instance=search,phase=Pending}': 5,
        'meili_snapshot_phase_duration_seconds{namespace=shop,instance=search,phase=Snapshotting}': 30,
        'meili_snapshot_phase_duration_seconds{namespace=shop,instance=search,phase=Moving}': 10,
      })
    }
  })

  test('that failed leave the last good one as it is', () => {
    const series = samplesByName(
      [],
      [good('good', { endedAgoMs: hour, sizeBytes: 2000 }), failedSnapshot('bad', minute)],
    )
    expect(series).toMatchObject({
      'meili_snapshot_last_success_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(hour),
      'meili_snapshot_last_failure_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(minute),
      'meili_snapshot_last_attempt_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(2 * minute),
      'meili_snapshot_size_bytes{namespace=shop,instance=search}': 2000,
    })
  })

  test('that have not ended: since when the oldest waits, and how many are overdue', () => {
    const overdue = aSnapshot({
      name: 'late',
      metadata: { creationTimestamp: ago(3 * hour) },
      status: {
        phase: 'Snapshotting',
        conditions: [aCondition(snapshotConditions.Overdue, 'True', { reason: 'TaskProcessing' })],
      },
    })
    const fresh = aSnapshot({ name: 'fresh', metadata: { creationTimestamp: ago(minute) } })
    expect(samplesByName([], [fresh, overdue, failedSnapshot('bad', 9 * hour)])).toMatchObject({
      'meili_snapshot_oldest_unfinished_timestamp_seconds{namespace=shop,instance=search}': secondsAgo(3 * hour),
      'meili_snapshot_overdue{namespace=shop,instance=search}': 1,
      'meili_snapshot_phase{namespace=shop,instance=search,phase=Pending}': 1,
    })
  })
})

describe('a destination', () => {
  test('shows the newest figure of a mover, and the largest of what is stored there next', () => {
    const other: MeiliSnapshot = {
      ...good('other', { endedAgoMs: 2 * hour, sizeBytes: 7000, freeBytes: 90_000 }),
      spec: aSnapshot({ spec: { source: { instanceRef: { name: 'logs' } } } }).spec,
    }
    expect(
      samplesByName(
        [],
        [
          good('old', { endedAgoMs: hour, sizeBytes: 50_000, freeBytes: 80_000 }),
          good('new', { endedAgoMs: minute, sizeBytes: 3000, freeBytes: 20_000 }),
          other,
        ],
      ),
    ).toMatchObject({
      'meili_destination_free_bytes{namespace=shop,claim=backups}': 20_000,
      'meili_destination_observed_timestamp_seconds{namespace=shop,claim=backups}': secondsAgo(minute),
      'meili_destination_next_snapshot_bytes{namespace=shop,claim=backups}': 7000,
    })
  })

  test('that no mover has seen is absent', () => {
    expect(Object.keys(samplesByName([], [aSnapshot()])).filter((line) => line.includes('destination'))).toEqual([])
  })
})

test('each sample has the labels of its family and no other, and a number for its value', () => {
  const broken = aSnapshot({
    name: 'broken',
    status: {
      phase: 'Completed',
      completedAt: 'yesterday',
      startedAt: '',
      destination: { freeBytes: 1, observedAt: 'never' },
    },
  })
  const { samples } = stateOf(
    [anInstance({ status: { conditions: [ready] } })],
    snapshotsIn([broken, good('good', { endedAgoMs: hour, freeBytes: 5 }), failedSnapshot('bad', minute), aSnapshot()]),
  )
  for (const { name, labels, value } of samples) {
    expect(Object.keys(labels), name).toEqual(stateFamilies.find((family) => family.name === name)?.labels)
    expect(Number.isFinite(value), name).toBe(true)
  }
  expect(samples[0]?.labels).toEqual(movies)
})

test('what is said of ten thousand finished snapshots rests on the newest ones alone', () => {
  const looked = new Set<string>()
  const watched = (snapshot: MeiliSnapshot): MeiliSnapshot =>
    new Proxy(snapshot, {
      get: (_, member) => {
        looked.add(snapshot.metadata.name)
        return Reflect.get(snapshot, member) as unknown
      },
    })
  const known = snapshotsIn(
    Array.from({ length: 10_000 }, (_, index) =>
      watched(good(`s${index}`, { endedAgoMs: index * second, freeBytes: index })),
    ),
  )
  const { samples } = stateOf([], known)
  looked.clear()
  expect(stateOf([], known).samples).toEqual(samples)
  expect([...looked]).toEqual(['s0'])
})
