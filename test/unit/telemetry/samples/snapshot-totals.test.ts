// The counter of ended snapshots: from 0, never down while the process lives, and the same after a restart that finds the same objects.
import { beforeEach, describe, expect, test } from 'vitest'
import { conditionTypes } from '../../../../src/api/meta.ts'
import type { MeiliSnapshot } from '../../../../src/api/snapshot.ts'
import { SnapshotTotals } from '../../../../src/telemetry/samples/snapshot-totals.ts'
import { failureReasons, usualFailures } from '../../../../src/telemetry/families/state.ts'
import { aCondition, aSnapshot } from '../../../support/builders/observations.ts'

const waitingSnapshot = (uid: string): MeiliSnapshot => aSnapshot({ metadata: { uid } })
const good = (uid: string): MeiliSnapshot =>
  aSnapshot({
    metadata: { uid },
    status: { phase: 'Completed', conditions: [aCondition(conditionTypes.Ready, 'True', { reason: 'Completed' })] },
  })
const bad = (uid: string, reason: string): MeiliSnapshot =>
  aSnapshot({
    metadata: { uid },
    status: { phase: 'Failed', conditions: [aCondition(conditionTypes.Ready, 'False', { reason })] },
  })

let totals: SnapshotTotals
beforeEach(() => {
  totals = new SnapshotTotals()
})

/** Counts above 0, by reason. */
function countsOf(of = totals): Record<string, number> {
  return Object.fromEntries(
    of
      .samples(['shop/search'])
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [labels['reason'] ?? '', value] as const),
  )
}

describe('a snapshot', () => {
  test('counts once when it ends, however often it changes before and after', () => {
    totals.count({ previous: undefined, current: waitingSnapshot('a') })
    expect(countsOf()).toEqual({})
    totals.count({ previous: waitingSnapshot('a'), current: good('a') })
    totals.count({ previous: good('a'), current: good('a') })
    expect(countsOf()).toEqual({ Completed: 1 })
  })

  test('that expires was a success, and counts for no more', () => {
    const expired: MeiliSnapshot = { ...good('a'), status: { ...good('a').status, phase: 'Expired' } }
    totals.count({ previous: undefined, current: good('a') })
    totals.count({ previous: good('a'), current: expired })
    expect(countsOf()).toEqual({ Completed: 1 })
    const afterRestart = new SnapshotTotals()
    afterRestart.count({ previous: undefined, current: expired })
    expect(countsOf(afterRestart)).toEqual({ Completed: 1 })
  })

  test('that is deleted takes nothing away', () => {
    totals.count({ previous: undefined, current: good('a') })
    totals.count({ previous: good('a'), current: undefined })
    expect(countsOf()).toEqual({ Completed: 1 })
  })

  test('in place of another one of its name counts too', () => {
    totals.count({ previous: undefined, current: good('a') })
    totals.count({ previous: good('a'), current: bad('b', 'ArchiveCorrupt') })
    expect(countsOf()).toEqual({ Completed: 1, ArchiveCorrupt: 1 })
  })

  test('that failed for a reason that nobody knows counts as Other', () => {
    totals.count({ previous: undefined, current: bad('a', 'Whatever') })
    totals.count({ previous: undefined, current: bad('b', 'Completed') })
    totals.count({ previous: undefined, current: aSnapshot({ metadata: { uid: 'c' }, status: { phase: 'Failed' } }) })
    expect(countsOf()).toEqual({ Other: 3 })
  })
})

test('an instance has the usual ends at 0 from the start, and each other one once it has occurred', () => {
  const reasonsAt = (value: number): string[] =>
    totals
      .samples(['shop/search'])
      .filter((sample) => sample.value === value)
      .map(({ labels }) => `${labels['result']} ${labels['reason']}`)
  expect(reasonsAt(0)).toEqual(['success Completed', ...usualFailures.map((reason) => `failure ${reason}`)])
  expect(usualFailures.filter((reason) => !failureReasons.includes(reason))).toEqual([])
  totals.count({ previous: undefined, current: bad('a', 'ArchiveCorrupt') })
  expect(reasonsAt(1)).toEqual(['failure ArchiveCorrupt'])
})

test('a thousand instances are some thousand series', () => {
  const instances = Array.from({ length: 1000 }, (_, index) => `shop/i${index}`)
  expect(totals.samples(instances).length).toBeLessThan(8000)
})

test('ever new names of instances fill no memory, where nobody reads the metrics', () => {
  const of = (name: string): MeiliSnapshot => ({
    ...good(name),
    spec: { ...good(name).spec, source: { instanceRef: { name } } },
  })
  const names = Array.from({ length: 12_000 }, (_, index) => `name-${index}`)
  for (const name of names) totals.count({ previous: undefined, current: of(name) })
  const kept = totals.samples(names.map((name) => `shop/${name}`)).filter(({ value }) => value > 0)
  expect(kept).toHaveLength(10_000)
  expect(kept.at(-1)?.labels['instance']).toBe('name-11999')
})

test('an instance that is gone is forgotten: one of its name begins at 0', () => {
  totals.count({ previous: undefined, current: good('a') })
  expect(totals.samples([])).toEqual([])
  expect(countsOf()).toEqual({})
})

test('a new process that finds the same objects counts the same', () => {
  const objects = [good('a'), good('b'), bad('c', 'MoverFailed'), waitingSnapshot('d')]
  for (const current of objects) totals.count({ previous: undefined, current })
  const restarted = new SnapshotTotals()
  for (const current of objects.toReversed()) restarted.count({ previous: undefined, current })
  expect(countsOf(restarted)).toEqual(countsOf())
  expect(countsOf()).toEqual({ Completed: 2, MoverFailed: 1 })
})

describe('a deletion that is given up', () => {
  const begun = { attempt: 3, jobName: 'nightly-delete-artifact-3' }
  const going = (uid: string, abandoned?: string): MeiliSnapshot =>
    aSnapshot({
      metadata: { uid, deletionTimestamp: '2026-03-01T12:00:00Z' },
      spec: { deletionPolicy: 'Delete' },
      status: {
        ...good(uid).status,
        deleteArtifact: { ...begun, ...(abandoned === undefined ? {} : { abandoned }) },
      },
    })
  const abandonedCounts = (instances: string[], of = totals): Record<string, number> =>
    Object.fromEntries(
      of
        .abandonedSamples(instances)
        .map(({ labels, value }) => [`${labels['namespace']}/${labels['instance']}`, value] as const),
    )

  test('counts once for each object, in however many changes it shows, and from 0', () => {
    totals.count({ previous: good('a'), current: going('a') })
    expect(abandonedCounts(['shop/search', 'shop/other'])).toEqual({ 'shop/search': 0, 'shop/other': 0 })
    totals.count({ previous: going('a'), current: going('a', 'It stays.') })
    totals.count({ previous: going('a', 'It stays.'), current: going('a', 'It stays.') })
    totals.count({ previous: going('a', 'It stays.'), current: undefined })
    expect(abandonedCounts(['shop/search'])).toEqual({ 'shop/search': 1 })
    totals.count({ previous: undefined, current: going('b', 'It stays.') })
    totals.count({ previous: going('b', 'It stays.'), current: going('c', 'It stays.') })
    expect(abandonedCounts(['shop/search'])).toEqual({ 'shop/search': 3 })
    expect(countsOf()).toEqual({ Completed: 2 })
  })

  test('is told of an instance that has gone, too, and ever new names fill no memory', () => {
    totals.count({ previous: undefined, current: going('a', 'It stays.') })
    expect(totals.samples([])).toEqual([])
    expect(abandonedCounts([])).toEqual({ 'shop/search': 1 })
    for (const name of Array.from({ length: 10_000 }, (_, index) => `name-${index}`)) {
      const current = going(name, 'It stays.')
      totals.count({
        previous: undefined,
        current: { ...current, spec: { ...current.spec, source: { instanceRef: { name } } } },
      })
    }
    expect(totals.abandonedSamples([])).toHaveLength(10_000)
    expect(abandonedCounts([])).not.toHaveProperty('shop/search')
  })
})
