// What /metrics says of restores and drills, from nothing but what is on record in them.
import { describe, expect, test } from 'vitest'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../../src/api/restore.ts'
import { scheduleLabel } from '../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../src/api/schedule.ts'
import { restoreFamilies } from '../../../../src/telemetry/families/restores.ts'
import { restoreSamples } from '../../../../src/telemetry/samples/restores.ts'
import { aCondition, ago, hour, minute, now } from '../../../support/builders/observations.ts'
import { aSchedule } from '../../../support/builders/schedules.ts'
import { aRestore } from '../../../support/builders/restores.ts'

const secondsAgo = (spanMs: number): number => (now - spanMs) / 1000

/** `name{labels}` without the namespace and the common beginning, to value. Of the phases, those that are not 0. */
const seriesOf = (...restores: readonly MeiliRestore[]): Record<string, number> => seriesWith(restores, [])

function seriesWith(
  restores: readonly MeiliRestore[],
  schedules: readonly MeiliSnapshotSchedule[],
): Record<string, number> {
  return Object.fromEntries(
    restoreSamples(restores, schedules)
      .filter(({ name, value }) => name !== 'meili_restore_phase' || value > 0)
      .map(({ name, labels: { namespace, ...others }, value }) => {
        expect(namespace).toBe('shop')
        const rest = Object.entries(others).map(([label, text]) => `${label}=${text}`)
        return [`${name.replace('meili_', '')}{${rest.join()}}`, value]
      }),
  )
}

const inPlace = (name: string, status?: MeiliRestoreStatus, spec: Record<string, unknown> = {}): MeiliRestore =>
  aRestore({
    metadata: { name, creationTimestamp: ago(3 * hour) },
    spec,
    ...(status === undefined ? {} : { status }),
  })
const drill = (name: string, status: MeiliRestoreStatus, labels?: Record<string, string>): MeiliRestore =>
  aRestore({
    metadata: { name, creationTimestamp: ago(3 * hour), ...(labels === undefined ? {} : { labels }) },
    spec: { target: { scratch: {} }, confirm: undefined },
    status,
  })

const restored: MeiliRestoreStatus = {
  phase: 'Completed',
  completedAt: ago(hour),
  fill: {
    attempt: 1,
    jobName: 'j',
    claimName: 'movies-data-2',
    completedAt: ago(65 * minute),
    fetchMs: 40_000,
    extractMs: 20_500,
  },
  switched: {
    from: { claimName: 'movies-data', generation: 1 },
    to: { claimName: 'movies-data-2', generation: 2 },
    at: ago(61 * minute),
    downtimeMs: 9500,
  },
  oldData: { claimName: 'movies-data', generation: 1, capacityBytes: 5000, keptSince: ago(hour) },
}
const movies = 'kind=InPlace,target=movies'

test('a restore that nobody has looked at waits, and says nothing that nobody knows', () => {
  expect(seriesOf(inPlace('back'))).toEqual({
    [`restore_phase{${movies},phase=Pending}`]: 1,
    [`restore_oldest_unfinished_timestamp_seconds{${movies}}`]: secondsAgo(3 * hour),
    'restore_old_data_claims{instance=movies}': 0,
    'restore_old_data_bytes{instance=movies}': 0,
  })
})

test('one that has completed says how long it took, for how long the server was away, and what is kept', () => {
  expect(seriesOf(inPlace('back', restored))).toEqual({
    [`restore_phase{${movies},phase=Completed}`]: 1,
    [`restore_last_success_timestamp_seconds{${movies}}`]: secondsAgo(hour),
    [`restore_fill_seconds{${movies}}`]: 60.5,
    'restore_downtime_seconds{instance=movies}': 9.5,
    'restore_old_data_claims{instance=movies}': 1,
    'restore_old_data_bytes{instance=movies}': 5000,
    'restore_old_data_since_timestamp_seconds{instance=movies}': secondsAgo(hour),
  })
})

test('of several the newest of each counts, and what is kept adds up', () => {
  const older: MeiliRestoreStatus = {
    ...restored,
    completedAt: ago(9 * hour),
    fill: { ...restored.fill!, completedAt: ago(9 * hour), fetchMs: 1, extractMs: 1 },
    switched: { ...restored.switched!, at: ago(9 * hour), downtimeMs: 1 },
    oldData: { claimName: 'movies-data-0', generation: 0, capacityBytes: 7, keptSince: ago(9 * hour) },
  }
  const failed: MeiliRestoreStatus = { phase: 'Failed', completedAt: ago(minute) }
  for (const order of [
    [inPlace('a', older), inPlace('b', restored), inPlace('c', failed)],
    [inPlace('c', failed), inPlace('b', restored), inPlace('a', older)],
  ])
    expect(seriesOf(...order)).toMatchObject({
      [`restore_phase{${movies},phase=Completed}`]: 2,
      [`restore_phase{${movies},phase=Failed}`]: 1,
      [`restore_last_success_timestamp_seconds{${movies}}`]: secondsAgo(hour),
      [`restore_last_failure_timestamp_seconds{${movies}}`]: secondsAgo(minute),
      [`restore_fill_seconds{${movies}}`]: 60.5,
      'restore_downtime_seconds{instance=movies}': 9.5,
      'restore_old_data_claims{instance=movies}': 2,
      'restore_old_data_bytes{instance=movies}': 5007,
      'restore_old_data_since_timestamp_seconds{instance=movies}': secondsAgo(9 * hour),
    })
})

describe('a way back', () => {
  const back = (cause: 'Asked' | 'StartFailed'): Record<string, number> =>
    seriesOf(
      inPlace('back', {
        phase: 'RolledBack',
        completedAt: ago(hour),
        rollback: { cause, message: 'Why.', startedAt: ago(2 * hour) },
      }),
    )
  const failure = `restore_last_failure_timestamp_seconds{${movies}}`

  test('by itself is a failure', () => expect(back('StartFailed')[failure]).toBe(secondsAgo(hour)))
  test('that was asked for is none', () => expect(back('Asked')).not.toHaveProperty([failure]))
})

test('a plan that nobody has applied has ended; one that was applied has not', () => {
  const unfinished = `restore_oldest_unfinished_timestamp_seconds{${movies}}`
  expect(seriesOf(inPlace('plan', { phase: 'Planned' }, { mode: 'DryRun' }))).not.toHaveProperty([unfinished])
  expect(seriesOf(inPlace('plan', { phase: 'Planned' }))).toHaveProperty([unfinished])
})

test('a restore on a claim stands under its claim, and knows no instance', () => {
  const onClaim = aRestore({ spec: { target: { claim: { name: 'meilisearch-0' } }, confirm: 'meilisearch-0' } })
  const names = Object.keys(seriesOf(onClaim))
  expect(names).toContain('restore_phase{kind=Claim,target=meilisearch-0,phase=Pending}')
  expect(names.filter((name) => name.includes('instance='))).toEqual([])
})

const unproved = (agoMs: number): MeiliRestoreStatus => ({
  phase: 'Failed',
  completedAt: ago(agoMs),
  conditions: [aCondition('Ready', 'False', { reason: 'DrillInconclusive' })],
})

describe('drills', () => {
  const duration = { total: '75s', totalMs: 75_000 }
  const good = (agoMs: number): MeiliRestoreStatus => ({
    phase: 'Completed',
    completedAt: ago(agoMs),
    inspection: { attempt: 1, jobName: 'j', result: 'Passed', restoreDuration: duration },
  })
  const bad = (agoMs: number): MeiliRestoreStatus => ({ phase: 'Failed', completedAt: ago(agoMs) })
  const nightly = { [scheduleLabel]: 'nightly' }

  test('say by schedule when the last good one was, how long it took, and when the last one failed', () => {
    expect(
      seriesOf(
        drill('a', good(9 * hour), nightly),
        drill('b', good(2 * hour), nightly),
        drill('c', bad(hour), nightly),
        drill('d', { phase: 'Filling' }, nightly),
      ),
    ).toEqual({
      'restore_phase{kind=Drill,target=nightly,phase=Completed}': 2,
      'restore_phase{kind=Drill,target=nightly,phase=Failed}': 1,
      'restore_phase{kind=Drill,target=nightly,phase=Filling}': 1,
      'drill_last_success_timestamp_seconds{schedule=nightly}': secondsAgo(2 * hour),
      'drill_last_failure_timestamp_seconds{schedule=nightly}': secondsAgo(hour),
      'drill_duration_seconds{schedule=nightly}': 75,
    })
  })

  const remembered = {
    lastSlot: ago(3 * hour),
    nextSlot: ago(-21 * hour),
    lastSuccess: { name: 'gone', completedAt: ago(2 * hour), durationMs: 61_000 },
    lastFailure: { name: 'gone-too', completedAt: ago(26 * hour), reason: 'DrillFailed' },
  }

  test('whose objects have gone are remembered by their schedule, which says when the next good one is overdue', () => {
    expect(seriesWith([], [aSchedule({ status: { drill: remembered } }), aSchedule()])).toEqual({
      'drill_last_success_timestamp_seconds{schedule=nightly}': secondsAgo(2 * hour),
      'drill_last_failure_timestamp_seconds{schedule=nightly}': secondsAgo(26 * hour),
      'drill_duration_seconds{schedule=nightly}': 61,
      'drill_overdue_from_timestamp_seconds{schedule=nightly}': secondsAgo(2 * hour - 54 * hour),
    })
  })

  test('that are there count where they are newer', () => {
    const schedule = aSchedule({ status: { drill: remembered } })
    expect(
      seriesWith([drill('a', good(hour), nightly), drill('b', bad(30 * hour), nightly)], [schedule]),
    ).toMatchObject({
      'drill_last_success_timestamp_seconds{schedule=nightly}': secondsAgo(hour),
      'drill_last_failure_timestamp_seconds{schedule=nightly}': secondsAgo(26 * hour),
      'drill_duration_seconds{schedule=nightly}': 75,
    })
  })

  test('of a suspended schedule are never overdue', () => {
    const suspended = aSchedule({ spec: { suspend: true }, status: { drill: remembered } })
    expect(Object.keys(seriesWith([], [suspended])).filter((name) => name.includes('overdue'))).toEqual([])
  })

  test('that could not be carried out have not failed', () => {
    const lastFailure = { name: 'c', completedAt: ago(hour), reason: 'DrillInconclusive' }
    for (const [restores, schedules] of [
      [[drill('c', unproved(hour), nightly)], []],
      [[], [aSchedule({ status: { drill: { lastFailure } } })]],
    ] as const) {
      const series = seriesWith(restores, schedules)
      expect(series['drill_last_inconclusive_timestamp_seconds{schedule=nightly}']).toBe(secondsAgo(hour))
      expect(Object.keys(series).filter((name) => name.includes('last_failure'))).toEqual([])
    }
  })

  test('by hand have no schedule', () => {
    expect(seriesOf(drill('a', good(hour)), drill('b', good(hour), nightly))).toMatchObject({
      'drill_last_success_timestamp_seconds{schedule=}': secondsAgo(hour),
      'drill_last_success_timestamp_seconds{schedule=nightly}': secondsAgo(hour),
    })
  })
})

test('each sample has the labels of its family and no other, and a number for its value; every family has its series', () => {
  const broken = inPlace('broken', { phase: 'Completed', completedAt: 'yesterday', switched: restored.switched! })
  const samples = restoreSamples(
    [
      inPlace('back', restored),
      inPlace('bad', { phase: 'Failed', completedAt: ago(1) }),
      inPlace('new'),
      broken,
      drill('a', {
        ...restored,
        inspection: { attempt: 1, jobName: 'j', restoreDuration: { total: '1s', totalMs: 1 } },
      }),
      drill('b', { phase: 'Failed', completedAt: ago(1) }),
      drill('c', unproved(1)),
    ],
    [
      aSchedule({
        status: { drill: { lastSlot: ago(2), nextSlot: ago(1), lastSuccess: { name: 'a', completedAt: ago(1) } } },
      }),
    ],
  )
  for (const { name, labels, value } of samples) {
    expect(Object.keys(labels), name).toEqual(restoreFamilies.find((family) => family.name === name)?.labels)
    expect(Number.isFinite(value), name).toBe(true)
  }
  const names = new Set(samples.map(({ name }) => name))
  expect(restoreFamilies.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([])
})

test('restores that are gone leave nothing', () => {
  expect(restoreSamples([], [])).toEqual([])
})
