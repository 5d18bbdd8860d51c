// Who goes first of several restores, which snapshot a schedule's newest one is, and what of a restore the caches keep.
import { describe, expect, test } from 'vitest'
import { cleanUpAnnotation } from '../../../../../src/api/restore.ts'
import type { MeiliRestore } from '../../../../../src/api/restore.ts'
import { scheduleLabel } from '../../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { keepRestore, restoreIndexes } from '../../../../../src/kinds/restore/observe/kept.ts'
import { aheadOf } from '../../../../../src/kinds/restore/observe/line.ts'
import { runningSnapshots } from '../../../../../src/kinds/restore/observe/observe.ts'
import { lookAtSource } from '../../../../../src/kinds/restore/observe/source.ts'
import { snapshotsIn } from '../../../../support/builders/caches.ts'
import { aSnapshot, artifact } from '../../../../support/builders/observations.ts'
import { aRestore } from '../../../../support/builders/restores.ts'
import { KubeInMemory } from '../../../../support/kubernetes/kube-in-memory.ts'

const named = (
  name: string,
  parts: { minute?: number; spec?: object; phase?: string; gone?: boolean } = {},
): MeiliRestore =>
  aRestore({
    metadata: {
      name,
      uid: name,
      creationTimestamp: `2026-11-30T03:0${parts.minute ?? 0}:00Z`,
      ...(parts.gone === true ? { deletionTimestamp: '2026-11-30T04:00:00Z' } : {}),
    },
    spec: { ...parts.spec },
    ...(parts.phase === undefined ? {} : { status: { phase: parts.phase as never } }),
  })

describe('of the restores of one target', () => {
  const ahead = (restore: MeiliRestore, ...others: readonly MeiliRestore[]): readonly string[] =>
    aheadOf({ ofTarget: () => [restore, ...others] }, restore)

  test.each([
    ['the older goes first', named('b', { minute: 1 }), named('a'), ['a']],
    ['of two of one second the first by name', named('b'), named('a'), ['a']],
    ['the younger waits for nobody else', named('a'), named('b', { minute: 1 }), []],
    ['one at work goes before an older one', named('a'), named('b', { minute: 1, phase: 'Filling' }), ['b']],
    ['one at work goes on', named('b', { minute: 1, phase: 'Filling' }), named('a'), []],
    ['one that has ended is in nobody’s way', named('b', { minute: 1 }), named('a', { phase: 'Completed' }), []],
    ['nor one that is being deleted before it began', named('b', { minute: 1 }), named('a', { gone: true }), []],
    ['nor a plan', named('b', { minute: 1 }), named('a', { spec: { mode: 'DryRun' } }), []],
    ['a plan waits for nobody', named('b', { minute: 1, spec: { mode: 'DryRun' } }), named('a'), []],
  ])('%s', (_, ...[restore, other, names]) => {
    expect(ahead(restore, other)).toEqual(names)
  })
})

describe('the newest of a schedule', () => {
  const of = (name: string, completedAt: string, status: object = {}): MeiliSnapshot =>
    aSnapshot({
      name,
      metadata: { uid: name, labels: { [scheduleLabel]: 'nights' }, finalizers: [] },
      status: { phase: 'Completed', artifact, completedAt, ...status },
    })
  const look = async (all: readonly MeiliSnapshot[], asOf?: string, stored = all): Promise<unknown> => {
    const kube = new KubeInMemory()
    for (const snapshot of stored) kube.lay(meiliSnapshots, snapshot)
    const latestOf = { schedule: { name: 'nights' }, ...(asOf === undefined ? {} : { asOf }) }
    const seen = await lookAtSource({ kube, snapshots: snapshotsIn(all) }, aRestore({ spec: { source: { latestOf } } }))
    return seen.is === 'snapshot' ? seen.snapshot.metadata.name : seen
  }
  const good = [
    of('one', '2026-11-01T00:00:00Z'),
    of('two', '2026-11-02T00:00:00Z'),
    of('three', '2026-11-03T00:00:00Z'),
  ]

  test('is the one that completed last, and by the time that is asked for', async () => {
    expect(await look(good)).toBe('three')
    expect(await look(good, '2026-11-02T12:00:00Z')).toBe('two')
  })

  test('is none that failed or expired', async () => {
    expect(
      await look([
        ...good,
        of('bad', '2026-11-04T00:00:00Z', { phase: 'Failed' }),
        of('gone', '2026-11-05T00:00:00Z', { phase: 'Expired' }),
      ]),
    ).toBe('three')
  })

  test('is what the API server has, whatever a cache says', async () => {
    expect(await look(good, undefined, good.slice(0, 2))).toBe('two')
  })

  test('that is not there is said in words', async () => {
    expect(await look(good, '2026-10-01T00:00:00Z')).toMatchObject({ is: 'missing' })
  })
})

test('a snapshot is waited for until it is stored: a server on a copy of it is in nobody’s way', () => {
  const request = { taskUid: 7 } as never
  const begun = { mode: 'Boot', attempt: 1, jobName: 'boot-1' } as const
  const verification = { ...begun, image: 'getmeili/meilisearch@sha256:1' }
  const all = [
    aSnapshot({ name: 'asked', status: { phase: 'Moving', request } }),
    aSnapshot({ name: 'booted', status: { phase: 'Verifying', request, artifact, verification } }),
    aSnapshot({ name: 'imageless', status: { phase: 'Verifying', request, artifact, verification: begun } }),
    aSnapshot({
      name: 'booted long ago',
      status: { request, artifact, verification: { ...verification, result: 'Passed' } },
    }),
    aSnapshot({ name: 'queued', status: { phase: 'Pending' } }),
  ]
  const world = { snapshots: { listUnfinished: () => all } }
  expect(runningSnapshots(world, aRestore())).toEqual(['asked', 'imageless', 'booted long ago'])
})

test('of annotations the cache keeps that alone which is read', () => {
  const kept = keepRestore(
    aRestore({ metadata: { annotations: { [cleanUpAnnotation]: 'old-data', note: 'x'.repeat(99) } } }),
  )
  expect(kept.metadata.annotations).toEqual({ [cleanUpAnnotation]: 'old-data' })
  expect(keepRestore(aRestore({ metadata: { annotations: { note: 'x' } } })).metadata.annotations).toBeUndefined()
})

test('a restore is found by its target, its snapshots, its schedule until that is resolved, and its UID', () => {
  const restore = aRestore({ status: { safety: { snapshot: 'first' } } })
  expect(restoreIndexes.instance(restore)).toEqual(['shop/movies'])
  expect(restoreIndexes.snapshot(restore)).toEqual(['shop/nightly', 'shop/first'])
  const latest = { source: { latestOf: { schedule: { name: 'nights' } } } }
  expect(restoreIndexes.schedule(aRestore({ spec: latest }))).toEqual(['shop/nights'])
  expect(restoreIndexes.uid(restore)).toEqual([restore.metadata.uid])
})
