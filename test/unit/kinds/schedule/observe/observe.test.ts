// What a pass reads: of a quiet schedule nothing, and afresh only where a snapshot is being deleted, or is to be.
import { beforeEach, describe, expect, test } from 'vitest'
import { meiliSnapshotSchedules, scheduleLabel, scheduleUidLabel } from '../../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { Conflict } from '../../../../../src/errors.ts'
import type { ScheduleObservation } from '../../../../../src/kinds/schedule/observation.ts'
import { observeSchedule } from '../../../../../src/kinds/schedule/observe/observe.ts'
import { SnapshotCache } from '../../../../support/builders/caches.ts'
import { aSnapshot, ago, now } from '../../../../support/builders/observations.ts'
import { aSchedule } from '../../../../support/builders/schedules.ts'
import { KubeInMemory } from '../../../../support/kubernetes/kube-in-memory.ts'

const kube = new KubeInMemory()
const requests: string[] = []
kube.before = ({ verb, resource }) => void requests.push(`${verb} ${resource.plural}`)

const aSnapshotOf = (schedule: string, name: string, status: object = {}): MeiliSnapshot => {
  const snapshot = aSnapshot({ status: { phase: 'Completed', ...status } })
  const metadata = { ...snapshot.metadata, name, uid: `uid-of-${name}`, labels: { [scheduleLabel]: schedule } }
  return { ...snapshot, metadata }
}

/** Made by a schedule that is gone, of the name that another one has now. */
function aSnapshotOfTheOneBefore(name: string): MeiliSnapshot {
  const { metadata, ...snapshot } = aSnapshotOf('nightly', name)
  const labels = { ...metadata.labels, [scheduleUidLabel]: 'uid-of-the-one-before' }
  return { ...snapshot, metadata: { ...metadata, labels } }
}

async function observe(schedule: MeiliSnapshotSchedule, known: readonly MeiliSnapshot[]): Promise<ScheduleObservation> {
  requests.length = 0
  return await observeSchedule(
    { kube, snapshots: new SnapshotCache(known).index, drillsOf: () => [], nowMs: () => now },
    schedule,
  )
}

test('its own snapshots alone, from the cache, without a request', async () => {
  const seen = await observe(aSchedule(), [aSnapshotOf('nightly', 'a'), aSnapshotOf('hourly', 'b')])
  expect(seen.runs.map(({ name }) => name)).toEqual(['a'])
  expect(seen).not.toHaveProperty('fresh')
  expect(requests).toEqual([])
})

test('made again under its name, it takes over those of the one before', async () => {
  const seen = await observe(aSchedule(), [aSnapshotOfTheOneBefore('a')])
  expect(seen.runs.map(({ name }) => name)).toEqual(['a'])
})

test('what a mover saw last of the claim of its template', async () => {
  const destination = { freeBytes: 5, capacityBytes: 9, observedAt: ago(60_000) }
  const seen = await observe(aSchedule(), [aSnapshotOf('nightly', 'a', { destination })])
  expect(seen.space).toEqual(destination)
  const elsewhere = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'another' } } }
  expect(await observe(aSchedule({ spec: { template: { spec: elsewhere } } }), [])).not.toHaveProperty('space')
})

describe('where one is being deleted', () => {
  const removing = { name: 'old', uid: 'uid-of-old', deletionPolicy: 'Retain', startedAt: ago(0) } as const
  const laidSchedule = (): MeiliSnapshotSchedule =>
    kube.lay(meiliSnapshotSchedules, aSchedule({ status: { removing } }))
  const lay = (snapshot: MeiliSnapshot): MeiliSnapshot =>
    kube.lay(meiliSnapshots, { ...snapshot, spec: { ...snapshot.spec, deletionPolicy: 'Delete' } })

  beforeEach(() => {
    for (const name of kube.namesOf(meiliSnapshots)) kube.take(meiliSnapshots, { namespace: 'shop', name })
  })

  test('all of them afresh, by their label, and with no more of each than is read', async () => {
    for (const [schedule, name] of [
      ['nightly', 'old'],
      ['nightly', 'new'],
      ['hourly', 'other'],
    ] as const)
      lay(aSnapshotOf(schedule, name))
    const seen = await observe(laidSchedule(), [aSnapshotOf('nightly', 'old')])
    expect(requests).toEqual(['get meilisnapshotschedules', 'get meilisnapshots', 'list meilisnapshots'])
    expect(seen.fresh?.map(({ name }) => name)).toEqual(['old', 'new'])
    expect(seen.fresh?.[0]).toMatchObject({
      deletionPolicy: 'Delete',
      resourceVersion: expect.stringMatching(/^\d+$/),
      finalizers: ['meili-operator.dev/snapshot'],
    })
    expect(seen.fresh?.[0]).not.toHaveProperty('metadata')
    expect(seen.runs).toEqual(seen.fresh)
  })

  test('those of the one before are among them', async () => {
    lay(aSnapshotOfTheOneBefore('old'))
    lay(aSnapshotOfTheOneBefore('older'))
    const seen = await observe(laidSchedule(), [])
    expect(seen.fresh?.map(({ name }) => name)).toEqual(['old', 'older'])
  })

  test('while it goes, and when it is gone, it alone is read', async () => {
    const schedule = laidSchedule()
    const old = aSnapshotOf('nightly', 'old')
    lay({ ...old, metadata: { ...old.metadata, deletionTimestamp: ago(0) } })
    const going = await observe(schedule, [old])
    expect(going.fresh).toMatchObject([{ name: 'old', isBeingDeleted: true }])
    kube.take(meiliSnapshots, { namespace: 'shop', name: 'old' })
    const gone = await observe(schedule, [old])
    expect(gone.fresh).toEqual([])
    expect(requests).toEqual(['get meilisnapshotschedules', 'get meilisnapshots'])
  })

  test('one without the label is none of its runs, and is there all the same', async () => {
    const old = aSnapshotOf('nightly', 'old')
    lay({ ...old, metadata: { ...old.metadata, labels: {} } })
    lay(aSnapshotOf('nightly', 'new'))
    const seen = await observe(laidSchedule(), [])
    expect(seen.runs.map(({ name }) => name)).toEqual(['new'])
    expect(seen.fresh?.map(({ name }) => name)).toEqual(['new', 'old'])
  })

  test('not by rules that somebody has changed since', async () => {
    const known = laidSchedule()
    laidSchedule()
    await expect(observe(known, [])).rejects.toBeInstanceOf(Conflict)
  })
})
