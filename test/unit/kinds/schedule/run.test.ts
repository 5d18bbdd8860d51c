import { expect, test } from 'vitest'
import { keepAnnotation, scheduleLabel } from '../../../../src/api/schedule.ts'
import { settle } from '../../../../src/api/status/settled-snapshot.ts'
import { runOf } from '../../../../src/kinds/schedule/run.ts'
import {
  aCondition,
  aSnapshot,
  ago,
  artifact,
  hour,
  now,
  succeededTask,
} from '../../../support/builders/observations.ts'
import { aRun, aSchedule } from '../../../support/builders/schedules.ts'

const snapshot = aSnapshot({
  metadata: { labels: { [scheduleLabel]: 'nightly' }, annotations: { [keepAnnotation]: 'true' } },
  status: {
    phase: 'Completed',
    task: succeededTask({ startedAt: ago(hour) }),
    completedAt: ago(0),
    artifact: { ...artifact, indexes: 3, documents: 12 },
    conditions: [aCondition('Ready', 'True', { reason: 'Completed' })],
  },
})

test('what is read of a run is all on record', () => {
  expect(runOf(snapshot)).toMatchObject({
    phase: 'Completed',
    timeMs: now - hour,
    completedMs: now,
    sizeBytes: artifact.sizeBytes,
    claim: artifact.claimName,
    instance: snapshot.spec.source.instanceRef.name,
    documents: 12,
    indexes: 3,
    isPinned: true,
    isBeingDeleted: false,
    reason: 'Completed',
  })
})

test('what the cache keeps of a settled snapshot is enough', () => {
  expect(runOf(settle(snapshot))).toEqual(runOf(snapshot))
})

test('a run that nobody has looked at is Pending, and has no figures', () => {
  const { metadata } = aSchedule()
  expect(runOf(aSnapshot({ metadata: { name: metadata.name } }))).toEqual({
    ...aRun({ name: metadata.name, uid: snapshot.metadata.uid, phase: 'Pending' }),
    createdMs: Date.parse(snapshot.metadata.creationTimestamp),
    timeMs: undefined,
    completedMs: undefined,
    sizeBytes: undefined,
    documents: undefined,
    indexes: undefined,
    instance: snapshot.spec.source.instanceRef.name,
  })
})

test('a server whose clock stands behind makes no snapshot older than its object, unless that was made afterwards', () => {
  const taken = (completedAt: string): number | undefined => {
    const status = { ...snapshot.status, task: succeededTask({ startedAt: ago(1000 * hour) }), completedAt }
    return runOf({ ...snapshot, metadata: { ...snapshot.metadata, creationTimestamp: ago(2 * hour) }, status }).timeMs
  }
  expect(taken(ago(hour))).toBe(now - 2 * hour)
  expect(taken(ago(999 * hour))).toBe(now - 1000 * hour)
})

test('whoever pins one in other words means it, too', () => {
  const pinned = (value: string): boolean =>
    runOf({ ...snapshot, metadata: { ...snapshot.metadata, annotations: { [keepAnnotation]: value } } }).isPinned
  expect(['true', 'True', 'yes', '1', 'until the audit'].map(pinned)).not.toContain(false)
  expect(['false', 'False', ''].map(pinned)).not.toContain(true)
})

test('one whose files are being removed is no good one any more', () => {
  const removing = aCondition('ArtifactAvailable', 'Unknown', { reason: 'ExpiringArtifact' })
  const { status } = snapshot
  const conditions = [...(status?.conditions ?? []), removing]
  expect(runOf({ ...snapshot, status: { ...status, conditions } }).phase).toBe('Expired')
})
