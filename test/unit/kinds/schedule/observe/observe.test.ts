// What a pass reads: of a quiet schedule nothing, and afresh only where a snapshot is being deleted, or is to be.
import { expect, test } from 'vitest'
import { scheduleLabel } from '../../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
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

async function observe(schedule: MeiliSnapshotSchedule, known: readonly MeiliSnapshot[]): Promise<ScheduleObservation> {
  requests.length = 0
  return await observeSchedule({ kube, snapshots: new SnapshotCache(known).index, nowMs: () => now }, schedule)
}

test('its own snapshots alone, from the cache, without a request', async () => {
  const seen = await observe(aSchedule(), [aSnapshotOf('nightly', 'a'), aSnapshotOf('hourly', 'b')])
  expect(seen.runs.map(({ name }) => name)).toEqual(['a'])
  expect(seen).not.toHaveProperty('fresh')
  expect(requests).toEqual([])
})

test('what a mover saw last of the claim of its template', async () => {
  const destination = { freeBytes: 5, capacityBytes: 9, observedAt: ago(60_000) }
  const seen = await observe(aSchedule(), [aSnapshotOf('nightly', 'a', { destination })])
  expect(seen.space).toEqual(destination)
  const elsewhere = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'another' } } }
  expect(await observe(aSchedule({ spec: { template: { spec: elsewhere } } }), [])).not.toHaveProperty('space')
})

test('where one is being deleted, all of them afresh, by their label', async () => {
  for (const [schedule, name] of [
    ['nightly', 'new'],
    ['hourly', 'other'],
  ] as const)
    kube.lay(meiliSnapshots, {
      ...aSnapshotOf(schedule, name),
      spec: { deletionPolicy: 'Delete' } as MeiliSnapshot['spec'],
    })
  const removing = { name: 'old', uid: 'old', deletionPolicy: 'Retain', startedAt: ago(0) } as const
  const seen = await observe(aSchedule({ status: { removing } }), [aSnapshotOf('nightly', 'old')])
  expect(requests).toEqual(['list meilisnapshots'])
  expect(seen.fresh?.map(({ name }) => name)).toEqual(['new'])
  expect(seen.fresh?.[0]).toMatchObject({
    deletionPolicy: 'Delete',
    resourceVersion: expect.stringMatching(/^\d+$/),
    finalizers: ['meili-operator.dev/snapshot'],
  })
  expect(seen.runs).toEqual(seen.fresh)
})
