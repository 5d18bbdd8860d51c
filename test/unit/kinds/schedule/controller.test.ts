// What wakes a schedule: its own changes, two annotations at once, and what it reads of its snapshots. Nothing else does.
import { describe, expect, test } from 'vitest'
import { confirmAnnotation, keepAnnotation, runNowAnnotation, scheduleLabel } from '../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../src/api/schedule.ts'
import type { MeiliSnapshot } from '../../../../src/api/snapshot.ts'
import type { KnownSnapshot } from '../../../../src/api/status/settled-snapshot.ts'
import { settle } from '../../../../src/api/status/settled-snapshot.ts'
import {
  isNewsOfRun,
  isNewsOfSchedule,
  keepSchedule,
  scheduleIndexes,
  schedulesOf,
} from '../../../../src/kinds/schedule/controller.ts'
import { snapshotIndexes } from '../../../../src/operator/snapshot-index.ts'
import { scheduleLabelValue } from '../../../../src/reconcile/names/schedule.ts'
import { Store } from '../../../../src/runtime/cache/store.ts'
import { aSnapshot } from '../../../support/builders/observations.ts'
import { aSchedule } from '../../../support/builders/schedules.ts'

const snapshotOf = (label: string | undefined, parts: { metadata?: object; status?: object } = {}): MeiliSnapshot => {
  const { metadata, ...rest } = aSnapshot({
    status: { phase: 'Moving', ...parts.status },
  })
  const labels = label === undefined ? {} : { labels: { [scheduleLabel]: label } }
  return { ...rest, metadata: { ...metadata, ...labels, ...parts.metadata } }
}

describe('the schedule of a snapshot', () => {
  const store = new Store<MeiliSnapshotSchedule>(scheduleIndexes)
  const long = 'a-name-that-is-longer-than-any-label-may-be-'.repeat(3).slice(0, 120)
  for (const name of ['nightly', long]) store.set(aSchedule({ metadata: { name } }))
  store.set(aSchedule({ metadata: { name: 'nightly', namespace: 'other' } }))
  const keysOf = schedulesOf((label) => store.byIndex('label', label).values())

  test('is the one of its namespace whose name its label says', () => {
    expect(keysOf(snapshotOf('nightly'))).toEqual(['shop/nightly'])
  })

  test('also where its name is too long for a label', () => {
    expect(keysOf(snapshotOf(scheduleLabelValue(long)))).toEqual([`shop/${long}`])
  })

  test('is none without a label, or with one of a schedule that is not there', () => {
    expect(keysOf(snapshotOf(undefined))).toEqual([])
    expect(keysOf(snapshotOf('hourly'))).toEqual([])
  })

  test('is found by the same words from the other side', () => {
    const [found] = snapshotIndexes.schedule(snapshotOf('nightly'))
    expect(scheduleIndexes.label(aSchedule())).toEqual([found])
    expect(snapshotIndexes.schedule(snapshotOf(undefined))).toEqual([])
  })
})

describe('of a snapshot', () => {
  const before = snapshotOf('nightly')
  const isNews = (current: KnownSnapshot | undefined, previous: KnownSnapshot | undefined = before): boolean =>
    isNewsOfRun({ previous, current })

  test.each<[string, MeiliSnapshot | undefined]>([
    ['its end', snapshotOf('nightly', { status: { phase: 'Failed' } })],
    ['that somebody keeps it', snapshotOf('nightly', { metadata: { annotations: { [keepAnnotation]: 'true' } } })],
    ['that it is being deleted', snapshotOf('nightly', { metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' } })],
    ['that it is gone', undefined],
    ['that it has lost its label', snapshotOf(undefined)],
  ])('%s is news', (_, current) => {
    expect(isNews(current)).toBe(true)
  })

  test('that it came is news', () => {
    expect(isNewsOfRun({ previous: undefined, current: before })).toBe(true)
  })

  test('how far a mover is, another annotation, and that it is settled, are none', () => {
    expect(isNews(snapshotOf('nightly', { status: { progress: { percent: 40 } } }))).toBe(false)
    expect(isNews(snapshotOf('nightly', { metadata: { annotations: { 'example.test/a': 'b' } } }))).toBe(false)
    const whole = snapshotOf('nightly', { status: { phase: 'Completed', completedAt: '2026-03-01T11:00:00Z' } })
    expect(isNews(settle(whole), whole)).toBe(false)
  })

  test('nothing is of one that belongs to no schedule', () => {
    expect(isNews(snapshotOf(undefined, { status: { phase: 'Failed' } }), snapshotOf(undefined))).toBe(false)
  })
})

describe('of a schedule', () => {
  const isNews = isNewsOfSchedule(() => false)
  const annotated = (annotations: object): MeiliSnapshotSchedule => aSchedule({ metadata: { annotations } })

  test.each([runNowAnnotation, confirmAnnotation])('%s is heard at once', (name) => {
    expect(isNews({ previous: aSchedule(), current: annotated({ [name]: '1' }) })).toBe(true)
    expect(isNews({ previous: annotated({ [name]: '1' }), current: annotated({ [name]: '2' }) })).toBe(true)
    expect(isNews({ previous: annotated({ [name]: '1' }), current: annotated({ [name]: '1', other: '1' }) })).toBe(
      false,
    )
  })

  test('all else is as it is for every kind', () => {
    expect(isNewsOfSchedule(() => true)({ previous: aSchedule(), current: annotated({ other: '1' }) })).toBe(true)
    expect(isNews({ previous: aSchedule(), current: undefined })).toBe(false)
  })
})

test('the cache keeps of a schedule’s annotations those that are read, and all else as it is', () => {
  const annotations = { [runNowAnnotation]: '1', [confirmAnnotation]: 'abc', note: 'x'.repeat(200_000) }
  const schedule = aSchedule({ metadata: { annotations, labels: { team: 'search' } }, status: { interval: '24h' } })
  const read = { [runNowAnnotation]: '1', [confirmAnnotation]: 'abc' }
  expect(keepSchedule(schedule)).toEqual({ ...schedule, metadata: { ...schedule.metadata, annotations: read } })
  expect(keepSchedule(aSchedule({ metadata: { annotations: { note: 'x' } } }))).toEqual(aSchedule())
})
