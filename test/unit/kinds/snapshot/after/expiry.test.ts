// spec.expiresAfter: the stored files go, announced a minute before and by both clocks, and the object stays as a tombstone.
import { describe, expect, test } from 'vitest'
import { keepAnnotation } from '../../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { conditionNamed } from '../../../../../src/api/status/conditions.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  aClaim,
  aCondition,
  ago,
  aJob,
  artifact,
  aSnapshot,
  asStored,
  completedConditions,
  conditionsIn,
  effectsOf,
  endedPod,
  hour,
  minute,
  movingStatus,
  noMover,
  now,
  runningPod,
  second,
  snapshotVerdict,
} from '../../../../support/builders/observations.ts'

const done: MeiliSnapshotStatus = {
  ...movingStatus({ runAs: { user: 1000, group: 1000, fsGroup: 1000 } }),
  phase: 'Completed',
  artifact,
  completedAt: ago(2 * hour),
  duration: '41s',
  conditions: ['Ready=True', 'Complete=True', 'Failed=False'].map((text) => {
    const [type = '', status = 'True'] = text.split('=')
    return aCondition(type, status as 'True' | 'False', { reason: 'Completed' })
  }),
}
const jobName = 'nightly-0a1b2c3d-delete-artifact-1'
const announced = { ...done, expiry: { announcedAt: ago(minute) } }
const inLine = { ...announced, deleteArtifact: { attempt: 1, jobName, queuedAt: ago(second) } }
const removing = { ...announced, deleteArtifact: { attempt: 1, jobName, startedAt: ago(minute) } }
const refused = { ...announced, deleteArtifact: { ...removing.deleteArtifact, failure: 'exceeded quota' } }
const pin = { annotations: { [keepAnnotation]: 'true' } }

/** Completed two hours ago. */
const expiring = (status: MeiliSnapshotStatus, parts: { spec?: object; metadata?: object } = {}): MeiliSnapshot =>
  aSnapshot({
    spec: { expiresAfter: '1h', ...parts.spec },
    metadata: { creationTimestamp: ago(3 * hour), ...parts.metadata },
    status,
  })

const withJob = (snapshot: MeiliSnapshot, exitCode?: number): Partial<SnapshotObservation> => ({
  snapshot,
  mover: { ...noMover, job: aJob(snapshot), pod: exitCode === undefined ? runningPod() : endedPod(exitCode) },
})

describe('pastExpiry', () => {
  test('before the time nothing happens but that it is looked at again then', () => {
    const snapshot = expiring(done, { spec: { expiresAfter: '2h1m' } })
    const { status, requeueAfterMs } = snapshotVerdict({ snapshot })
    expect(status).toEqual(done)
    expect(requeueAfterMs).toBe(minute)
    expect(snapshotVerdict({ snapshot: expiring(done, { spec: { expiresAfter: '720h' } }) }).requeueAfterMs).toBe(
      6 * hour,
    )
  })

  test('past it: announced on record, with the finalizer, and nothing removed for a minute', () => {
    const first = snapshotVerdict({ snapshot: expiring(done, { metadata: { finalizers: [] } }) })
    expect(first.status.expiry).toEqual({ announcedAt: ago(0) })
    expect(first.status.deleteArtifact).toBeUndefined()
    expect(first).toMatchObject({ phase: 'Completed', effects: ['AddFinalizer'], requeueAfterMs: minute })
    const second_ = snapshotVerdict({ snapshot: expiring(first.status) }, now + 59 * second)
    expect(second_).toMatchObject({ effects: [], requeueAfterMs: second })
    expect(second_.status.deleteArtifact).toBeUndefined()
  })

  test('then the removal goes on record, and only then a Job is made, whatever deletionPolicy says', () => {
    const { status, effects } = snapshotVerdict({ snapshot: expiring(announced) })
    expect(status.deleteArtifact).toEqual({ attempt: 1, jobName, queuedAt: ago(0) })
    expect(effects).toEqual([])
    expect(conditionsIn(status)).toEqual([...completedConditions, 'ArtifactAvailable=Unknown'])
    const job = effectsOf('CreateJob', { snapshot: expiring(inLine) })[0]?.job
    expect(job?.metadata?.name).toBe(jobName)
    expect(snapshotVerdict({ snapshot: expiring(inLine) }).status.deleteArtifact?.startedAt).toBeDefined()
  })

  test('removes nothing without the finalizer, which a deletion waits for', () => {
    expect(snapshotVerdict({ snapshot: expiring(inLine, { metadata: { finalizers: [] } }) }).effects).toEqual([
      'AddFinalizer',
    ])
  })

  test('removed: a tombstone that was a success and says what was where, and when it went', () => {
    const end = snapshotVerdict(withJob(expiring(removing), 0))
    expect(end).toMatchObject({ phase: 'Expired', reason: 'Expired', effects: ['DeleteJob'] })
    expect(conditionsIn(end.status)).toEqual([...completedConditions, 'ArtifactAvailable=False'])
    expect(end.message).toBe(
      `5 B, sha256 ab, was on claim backups at search/nightly-0a1b2c3d, stored ${ago(2 * hour)}. Removed ${ago(0)}, as expiresAfter (1h) was over.`,
    )
    expect(end.status).toMatchObject({ artifact, completedAt: ago(2 * hour), duration: '41s' })
    expect(end.status.expiry).toEqual({ announcedAt: ago(minute), endedAt: ago(0), outcome: 'Removed' })
    expect(asStored(end.status).deleteArtifact).toBeUndefined()
    expect(meiliSnapshots.status.safeParse(asStored(end.status)).error).toBeUndefined()
  })

  test('a tombstone is never judged again: it needs no finalizer, and its deletion removes nothing', () => {
    const { status } = snapshotVerdict(withJob(expiring(removing), 0))
    const later = snapshotVerdict({ snapshot: expiring(asStored(status)) }, now + 1000 * hour)
    expect(later).toMatchObject({ phase: 'Expired', effects: ['RemoveFinalizer'], requeueAfterMs: undefined })
    const deleted = { metadata: { deletionTimestamp: ago(0) }, spec: { deletionPolicy: 'Delete' } }
    expect(snapshotVerdict({ snapshot: expiring(asStored(status), deleted) }).effects).toEqual(['RemoveFinalizer'])
  })

  test('what has failed, or has not ended, has nothing that could expire', () => {
    const failed = expiring({ ...done, phase: 'Failed', artifact: undefined })
    expect(snapshotVerdict({ snapshot: failed }).status.expiry).toBeUndefined()
    const moving = expiring({ ...movingStatus(), startedAt: ago(2 * hour) })
    expect(snapshotVerdict({ snapshot: moving }).status.expiry).toBeUndefined()
  })
})

describe('whoever objects', () => {
  test('by a pin is heard for ever: nothing is announced, and it is looked at again, as a word may be missed', () => {
    const { status, requeueAfterMs } = snapshotVerdict({ snapshot: expiring(done, { metadata: pin }) }, now + 9e9)
    expect(status).toEqual(done)
    expect(requeueAfterMs).toBe(6 * hour)
    const no = { metadata: { annotations: { [keepAnnotation]: 'false' } } }
    expect(snapshotVerdict({ snapshot: expiring(done, no) }).status.expiry).toBeDefined()
  })

  test.each([
    ['pinned', { metadata: pin }],
    ['no longer to expire', { spec: { expiresAfter: undefined } }],
    ['to expire later', { spec: { expiresAfter: '3h' } }],
  ])('until the first Job: one that is %s is as it was', (_, parts) => {
    for (const status of [announced, inLine, refused]) {
      const seen = snapshotVerdict({ snapshot: expiring(status, parts) })
      expect(seen.effects).toEqual([])
      expect(asStored(seen.status)).toEqual(done)
    }
  })

  test('after that it is too late: half of it may be gone, and the rest follows', () => {
    for (const parts of [{ metadata: pin }, { spec: { expiresAfter: undefined } }]) {
      expect(snapshotVerdict(withJob(expiring(removing, parts), 0)).phase).toBe('Expired')
      const again = { ...removing, deleteArtifact: { attempt: 2, jobName, failure: 'It ended.' } }
      expect(snapshotVerdict({ snapshot: expiring(again, parts) }).effects).toEqual(['CreateJob'])
    }
  })

  test('a change of the spec counts as seen while it expires', () => {
    const { status } = snapshotVerdict({ snapshot: expiring(removing, { metadata: { generation: 2 } }) })
    expect(status.observedGeneration).toBe(2)
    expect(status.conditions?.every(({ observedGeneration }) => observedGeneration === 2)).toBe(true)
  })
})

describe('the clocks', () => {
  test('our own leaps ahead: the API server says that it is not yet time', () => {
    const snapshot = expiring(done, { spec: { expiresAfter: '720h' } })
    const { status, requeueAfterMs } = snapshotVerdict({ snapshot, apiServerMs: now }, now + 9000 * hour)
    expect(status).toEqual(done)
    expect(requeueAfterMs).toBe(6 * hour)
  })

  test('what was announced by a clock that has been set back since is taken back, or announced anew', () => {
    expect(asStored(snapshotVerdict({ snapshot: expiring(announced) }, now - 90 * minute).status)).toEqual(done)
    const ahead = { ...done, expiry: { announcedAt: ago(-hour) } }
    expect(snapshotVerdict({ snapshot: expiring(ahead) }).status).toMatchObject({ expiry: { announcedAt: ago(0) } })
  })

  test('the minute passes by both clocks', () => {
    const seen = snapshotVerdict(
      { snapshot: expiring({ ...done, expiry: { announcedAt: ago(second) } }), apiServerMs: now },
      now + hour,
    )
    expect(seen.status.deleteArtifact).toBeUndefined()
    expect(seen.requeueAfterMs).toBe(59 * second)
  })

  test('a completion that our clock put before the creation of the object counts from that', () => {
    const snapshot = expiring(done, { metadata: { creationTimestamp: ago(30 * minute) } })
    expect(snapshotVerdict({ snapshot }).status.expiry).toBeUndefined()
  })
})

describe('a removal that does not succeed', () => {
  test('is tried three times, and then the tombstone does not say that the files are gone', () => {
    const failed = snapshotVerdict(withJob(expiring(removing), 30))
    expect(failed.status.deleteArtifact).toMatchObject({ attempt: 2, failure: 'It ended.', retryAt: ago(-10 * minute) })
    const third = { ...removing, deleteArtifact: { attempt: 3, jobName, startedAt: ago(minute) } }
    const abandoned = snapshotVerdict(withJob(expiring(third), 30))
    expect(abandoned.status.phase).toBe('Completed')
    expect(abandoned.effects).toEqual(['DeleteJob'])
    const end = snapshotVerdict({ snapshot: expiring(asStored(abandoned.status)) })
    expect(end).toMatchObject({ phase: 'Expired', reason: 'Expired' })
    expect(conditionsIn(end.status)).toEqual([...completedConditions, 'ArtifactAvailable=Unknown'])
    expect(end.status.expiry?.outcome).toBe('Abandoned')
    expect(end.message).toContain('search/nightly-0a1b2c3d on claim backups was not removed: It ended.')
    expect(end.message).toContain('set deletionPolicy: Delete and delete this object, and it is tried again.')
  })

  test('what stays goes with the object, where that is deleted with deletionPolicy Delete', () => {
    const status: MeiliSnapshotStatus = {
      ...done,
      phase: 'Expired',
      expiry: { announcedAt: ago(hour), endedAt: ago(minute), outcome: 'Abandoned' },
    }
    const spec = { deletionPolicy: 'Delete' }
    expect(snapshotVerdict({ snapshot: expiring(status, { spec, metadata: { finalizers: [] } }) }).effects).toEqual([
      'AddFinalizer',
    ])
    const deleted = expiring(status, { spec, metadata: { deletionTimestamp: ago(second) } })
    expect(snapshotVerdict({ snapshot: deleted }).status.deleteArtifact).toMatchObject({ attempt: 1 })
  })

  test.each([
    ['is gone', undefined],
    ['is lost', aClaim({ status: { phase: 'Lost' } })],
  ])('ends where the claim %s', (words, claim) => {
    const { status } = snapshotVerdict({ snapshot: expiring(inLine), claim })
    expect(status.deleteArtifact?.abandoned).toContain(`Claim backups ${words}.`)
    expect(snapshotVerdict({ snapshot: expiring(asStored(status)), claim }).phase).toBe('Expired')
  })

  test('beside a database nothing is mounted: the tombstone says that it stays', () => {
    const databases = [{ instance: 'other', claimName: 'backups', subPath: 'search/nightly-0a1b2c3d' }]
    const { status, effects } = snapshotVerdict({ snapshot: expiring(inLine), databases })
    expect(effects).toEqual([])
    expect(status.deleteArtifact?.abandoned).toContain('The directory cannot be mounted without it.')
  })

  test('refused by a quota: tried more and more seldom for a day, each time with a write before it', () => {
    const snapshot = expiring(removing)
    const status = applyFact(
      snapshot,
      { kind: 'Refused', effect: 'CreateJob', message: 'exceeded quota', cause: 'Quota' },
      now,
    )
    expect(status.deleteArtifact).toMatchObject({ failure: 'exceeded quota.', retryAt: ago(-30 * second) })
    expect(snapshotVerdict({ snapshot: expiring(asStored(status)) })).toMatchObject({
      effects: [],
      requeueAfterMs: 30 * second,
    })
    const again = snapshotVerdict({ snapshot: expiring(refused) })
    expect(again.effects).toEqual(['CreateJob'])
    expect(again.status.deleteArtifact).toEqual(removing.deleteArtifact)
    const since = { ...refused, deleteArtifact: { ...refused.deleteArtifact, startedAt: ago(25 * hour) } }
    expect(snapshotVerdict({ snapshot: expiring(since) }).status.deleteArtifact?.abandoned).toContain(
      'It took longer than 24 hours. exceeded quota',
    )
  })
})

describe('a deletion of the object while it expires', () => {
  const deleted = { metadata: { deletionTimestamp: ago(second) } }

  test('waits for what was begun, which goes on to its end', () => {
    expect(snapshotVerdict(withJob(expiring(removing, deleted)))).toMatchObject({ effects: [] })
    expect(snapshotVerdict({ snapshot: expiring(removing, deleted) }).effects).toEqual(['CreateJob'])
    expect(snapshotVerdict(withJob(expiring(removing, deleted), 0)).effects).toEqual(['RemoveFinalizer', 'DeleteJob'])
  })

  test('before a Job was made it ends the expiry: with deletionPolicy Retain the files stay', () => {
    for (const status of [announced, inLine, refused])
      expect(snapshotVerdict({ snapshot: expiring(status, deleted) }).effects).toEqual(['RemoveFinalizer'])
  })

  test('has ten minutes of its own, and is not held up by a pause of the expiry', () => {
    const old = {
      ...removing,
      deleteArtifact: { attempt: 2, jobName, failure: 'no', startedAt: ago(5 * hour), retryAt: ago(-9 * minute) },
    }
    expect(snapshotVerdict({ snapshot: expiring(old, deleted) }).effects).toEqual(['CreateJob'])
    const long = { metadata: { deletionTimestamp: ago(11 * minute) } }
    expect(snapshotVerdict({ snapshot: expiring(old, long) }).status.deleteArtifact?.abandoned).toContain('10 minutes')
  })

  test('a word of what stays names the expiry, as the object had another deletionPolicy', () => {
    const [event] = effectsOf('RecordEvent', {
      snapshot: expiring(removing, deleted),
      claim: aClaim({ status: { phase: 'Lost' } }),
    })
    expect(event?.event.message).toContain('was past its expiresAfter and is gone')
  })
})

describe('who waits for what an expiry says', () => {
  test('finds Ready, Complete and Failed as they were, at every step', () => {
    for (const status of [done, announced, inLine, removing])
      expect(conditionsIn(snapshotVerdict({ snapshot: expiring(status) }).status).slice(0, 3)).toEqual(
        completedConditions,
      )
    const { status } = snapshotVerdict({ snapshot: expiring(removing) })
    expect(conditionNamed(status.conditions, 'Ready')?.lastTransitionTime).toBe(ago(hour))
  })
})
