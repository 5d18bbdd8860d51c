// deletionPolicy Delete: the stored directory goes with the object, and never holds its deletion up for ever.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  aClaim,
  ago,
  aJob,
  aSnapshot,
  snapshotVerdict,
  effectsOf,
  endedPod,
  hour,
  minute,
  movingStatus,
  noMover,
  now,
  second,
  artifact,
} from '../../../../support/builders/observations.ts'

const runAs = { user: 1000, group: 1000, fsGroup: 1000 }
const done: MeiliSnapshotStatus = { ...movingStatus({ runAs }), phase: 'Completed', artifact }
const begun = { ...done, deleteArtifact: { attempt: 1, jobName: 'nightly-0a1b2c3d-delete-artifact-1' } }

const begunAgo = (spanMs: number, more: object = {}): MeiliSnapshotStatus => ({
  ...begun,
  deleteArtifact: { ...begun.deleteArtifact, startedAt: ago(spanMs), ...more },
})

const deletedSnapshot = (status: MeiliSnapshotStatus, agoMs = second): MeiliSnapshot =>
  aSnapshot({ metadata: { deletionTimestamp: ago(agoMs) }, spec: { deletionPolicy: 'Delete' }, status })

function after(exitCode: number, status: MeiliSnapshotStatus = begun): Partial<SnapshotObservation> {
  const snapshot = deletedSnapshot(status)
  return { snapshot, mover: { ...noMover, job: aJob(snapshot), pod: endedPod(exitCode) } }
}

describe('the finalizer', () => {
  test('stays with a finished object whose files are to be deleted, and comes back where that is decided later', () => {
    const spec = { deletionPolicy: 'Delete' }
    expect(snapshotVerdict({ snapshot: aSnapshot({ spec, status: done }) }).effects).toEqual([])
    expect(
      snapshotVerdict({ snapshot: aSnapshot({ spec, status: done, metadata: { finalizers: [] } }) }).effects,
    ).toEqual(['AddFinalizer'])
  })

  test('goes from a finished object whose files stay', () => {
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: done }) }).effects).toEqual(['RemoveFinalizer'])
  })

  test('goes at once where nothing can have been stored', () => {
    const status: MeiliSnapshotStatus = { observedGeneration: 1, phase: 'Pending' }
    expect(snapshotVerdict({ snapshot: deletedSnapshot(status) }).effects).toEqual(['RemoveFinalizer'])
  })
})

describe('the deletion of the artifact', () => {
  test('is put on record, then begun, by a Job that belongs to nobody and removes itself', () => {
    expect(snapshotVerdict({ snapshot: deletedSnapshot(done) }).status.deleteArtifact).toEqual({
      attempt: 1,
      jobName: 'nightly-0a1b2c3d-delete-artifact-1',
      queuedAt: '2026-03-01T12:00:00Z',
    })
    const job = effectsOf('CreateJob', { snapshot: deletedSnapshot(begun) })[0]?.job
    expect(job?.metadata?.ownerReferences).toBeUndefined()
    expect(job?.spec?.ttlSecondsAfterFinished).toBe(3600)
    expect(job?.spec?.template.spec?.securityContext).toMatchObject({ runAsUser: 1000, fsGroup: 1000 })
    expect(JSON.parse(job?.spec?.template.spec?.containers[0]?.env?.[0]?.value ?? '')).toMatchObject({
      command: 'deleteArtifact',
      destination: { path: 'search', directory: 'nightly-0a1b2c3d' },
    })
  })

  test('comes after the movers: they would write what it removes', () => {
    const snapshot = deletedSnapshot(movingStatus())
    const job = aJob(snapshot)
    expect(snapshotVerdict({ snapshot, mover: { ...noMover, job, jobs: [job] } }).effects).toEqual(['DeleteJob'])
  })

  test('also where a mover was cut off: it may have stored the file though nobody saw it', () => {
    expect(snapshotVerdict({ snapshot: deletedSnapshot(movingStatus()) }).status.deleteArtifact).toMatchObject({
      attempt: 1,
    })
  })

  test('done: the object goes, and its Job', () => {
    expect(snapshotVerdict(after(0)).effects).toEqual(['RemoveFinalizer', 'DeleteJob'])
  })

  test('done is done, also where the claim is being deleted meanwhile, or nobody looked for a day', () => {
    const claim = aClaim({ metadata: { deletionTimestamp: ago(second) } })
    expect(snapshotVerdict({ ...after(0), claim }).effects).toEqual(['RemoveFinalizer', 'DeleteJob'])
    expect(snapshotVerdict(after(0, begunAgo(24 * hour))).effects).toEqual(['RemoveFinalizer', 'DeleteJob'])
  })

  test('failed: three times, then the object goes, and status says what stays where', () => {
    expect(snapshotVerdict(after(30)).status.deleteArtifact).toMatchObject({
      attempt: 2,
      jobName: 'nightly-0a1b2c3d-delete-artifact-2',
    })
    const last = snapshotVerdict(after(30, { ...begun, deleteArtifact: { ...begun.deleteArtifact, attempt: 3 } }))
    expect(last.status.deleteArtifact?.abandoned).toBe(
      'search/nightly-0a1b2c3d on claim backups was not removed: It ended.',
    )
    expect(snapshotVerdict({ snapshot: deletedSnapshot(last.status) }).effects).toEqual(['RemoveFinalizer'])
  })

  test.each([
    ['is gone', undefined],
    ['is being deleted', aClaim({ metadata: { deletionTimestamp: ago(second) } })],
    ['is lost', aClaim({ status: { phase: 'Lost' } })],
  ])('is given up where the claim %s', (words, claim) => {
    expect(snapshotVerdict({ snapshot: deletedSnapshot(done), claim }).status.deleteArtifact?.abandoned).toContain(
      `Claim backups ${words}.`,
    )
  })

  test('is tried however long the operator was away, or others held the deletion up', () => {
    const snapshot = deletedSnapshot(done, 11 * minute)
    const first = snapshotVerdict({ snapshot })
    expect(first.status.deleteArtifact).toMatchObject({ attempt: 1 })
    expect(first.status.deleteArtifact?.abandoned).toBeUndefined()
    const next = snapshotVerdict({ snapshot: { ...snapshot, status: first.status } })
    expect(next).toMatchObject({ effects: ['CreateJob'], status: { deleteArtifact: { startedAt: ago(0) } } })
  })

  test('is given up ten minutes after its Job was to be made, in the words of whatever held it up', () => {
    const warning = { reason: 'FailedMount', message: 'node is gone' }
    const held = (status: MeiliSnapshotStatus): ReturnType<typeof snapshotVerdict> => {
      const snapshot = deletedSnapshot(status, 30 * minute)
      return snapshotVerdict({ snapshot, mover: { ...noMover, job: aJob(snapshot), warning } })
    }
    expect(held(begunAgo(9 * minute)).effects).toEqual([])
    const verdict = held(begunAgo(11 * minute))
    expect(verdict.status.deleteArtifact?.abandoned).toMatch(/longer than 10 minutes.*FailedMount: node is gone/)
    expect(verdict.effects).toEqual(['RecordEvent', 'DeleteJob'])
  })

  test('is given up where its Job was refused for ten minutes', () => {
    const snapshot = deletedSnapshot(begunAgo(11 * minute, { failure: 'exceeded quota' }))
    expect(snapshotVerdict({ snapshot }).status.deleteArtifact?.abandoned).toMatch(/10 minutes. exceeded quota/)
  })

  test('is not late for the time that it waited for its turn after its Job was refused', () => {
    const waited = begunAgo(60 * minute, { failure: 'exceeded quota', queuedAt: ago(58 * minute) })
    const verdict = snapshotVerdict({ snapshot: deletedSnapshot(waited) })
    expect(verdict).toMatchObject({
      effects: ['CreateJob'],
      status: { deleteArtifact: { startedAt: ago(2 * minute) } },
    })
    expect(verdict.status.deleteArtifact?.queuedAt).toBeUndefined()
  })

  test('that an earlier version began has ten minutes from the first look, and no more', () => {
    const snapshot = deletedSnapshot(begun, 48 * hour)
    const mover = { ...noMover, job: aJob(snapshot) }
    expect(snapshotVerdict({ snapshot, mover }).status.deleteArtifact?.startedAt).toBe(ago(0))
  })

  test('is tried again where nobody saw how it ended, and its Job has removed itself', () => {
    expect(snapshotVerdict({ snapshot: deletedSnapshot(begunAgo(2 * hour)) }).status.deleteArtifact).toEqual({
      attempt: 2,
      jobName: 'nightly-0a1b2c3d-delete-artifact-2',
      retryAt: ago(-5 * second),
    })
    const last = snapshotVerdict({ snapshot: deletedSnapshot(begunAgo(2 * hour, { attempt: 3 })) })
    expect(last.status.deleteArtifact?.abandoned).toContain('How the last attempt ended nobody has seen.')
  })

  test('waits for a look at every server, for ten minutes', () => {
    const unseen = ['fresh']
    const first = snapshotVerdict({ snapshot: deletedSnapshot(begun, 30 * minute), unseen })
    expect(first).toMatchObject({ effects: [], status: { deleteArtifact: { startedAt: ago(0) } } })
    expect(snapshotVerdict({ snapshot: deletedSnapshot(begunAgo(minute)) }).effects).toEqual(['CreateJob'])
    const last = snapshotVerdict({ snapshot: deletedSnapshot(begunAgo(11 * minute)), unseen })
    expect(last.status.deleteArtifact?.abandoned).toContain('MeiliInstance fresh has not been looked at yet')
  })

  test('is given up at once in a namespace that is being deleted, where no Job can be made', () => {
    const message =
      'POST Job shop/x answered 403 Forbidden: unable to create new content in namespace shop because it is being terminated'
    const refusedStatus = applyFact(
      deletedSnapshot(begun),
      { kind: 'Refused', effect: 'CreateJob', message, cause: 'NamespaceTerminating' },
      now,
    )
    expect(refusedStatus.deleteArtifact?.abandoned).toContain('The namespace is being deleted.')
  })

  test('is tried again where a quota refuses it', () => {
    const refusedStatus = applyFact(
      deletedSnapshot(begun),
      { kind: 'Refused', effect: 'CreateJob', message: 'POST Job shop/x answered 403 Forbidden: exceeded quota' },
      now,
    )
    expect(refusedStatus.deleteArtifact).toMatchObject({ failure: expect.stringContaining('exceeded quota') })
    expect(refusedStatus.deleteArtifact?.abandoned).toBeUndefined()
    expect(snapshotVerdict({ snapshot: deletedSnapshot(refusedStatus) }).effects).toEqual(['CreateJob'])
  })
})
