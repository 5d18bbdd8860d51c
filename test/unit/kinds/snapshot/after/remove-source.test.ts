// sourcePolicy Remove: what is stored is stored; Meilisearch's own file goes if it is the one that was stored.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { MoverResult } from '../../../../../src/mover/contract.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aJob,
  anInstance,
  aSnapshot,
  aTarget,
  aVolume,
  completedConditions,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  endedPod,
  hour,
  movingStatus,
  noMover,
  second,
  stored,
  artifact,
} from '../../../../support/builders/observations.ts'

const remove = { sourcePolicy: 'Remove' }
const file = { inode: '77', modifiedAt: '2026-03-01T11:59:45.123456789Z', sizeBytes: 5 }

const removingSourceSnapshot = (removeSource: object = {}, more: Partial<MeiliSnapshotStatus> = {}): MeiliSnapshot =>
  aSnapshot({
    spec: remove,
    status: {
      ...movingStatus(),
      artifact,
      removeSource: { attempt: 1, jobName: 'nightly-0a1b2c3d-remove-source-1', file, ...removeSource },
      ...more,
    },
  })

function after(result: Partial<MoverResult>, removeSource: object = {}): Partial<SnapshotObservation> {
  const snapshot = removingSourceSnapshot(removeSource)
  const job = aJob(snapshot)
  const exitCode = result.exitCode ?? 0
  return {
    snapshot,
    mover: { ...noMover, job, jobs: [job], pod: endedPod(exitCode, { exitCode, message: 'Ended.', ...result }) },
  }
}

describe('removeSourceFinished', () => {
  test('begins once the artifact is on record, and not as Complete', () => {
    const snapshot = aSnapshot({ spec: remove, status: movingStatus() })
    const job = aJob(snapshot)
    const verdict = snapshotVerdict({ snapshot, mover: { ...noMover, job, jobs: [job], pod: endedPod(0, stored) } })
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'RemovingSource',
      effects: ['DeleteJob'],
      status: {
        artifact: { claimName: 'backups' },
        removeSource: { attempt: 1, file: { inode: stored.stored?.inode } },
      },
    })
    expect(conditionsIn(verdict.status)).toEqual(['Reconciling=True', 'Ready=False', 'Complete=False', 'Failed=False'])
  })
})

describe('removeSourceMissing', () => {
  test('waits while the mover of another snapshot of the server runs, and says so', () => {
    const beside = { moving: ['other'], removing: [], mayHaveRemoved: [] }
    const verdict = snapshotVerdict({ snapshot: removingSourceSnapshot(), beside })
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'RemovingSource',
      effects: [],
      requeueAfterMs: 5 * second,
    })
    expect(verdict.message).toMatch(/^The snapshot is stored\. The mover of other works beside the file/)
  })

  test('mounts the snapshot directory alone, writable, as the server itself', () => {
    const spec = effectsOf('CreateJob', { snapshot: removingSourceSnapshot() })[0]?.job.spec?.template.spec
    expect(spec?.volumes).toEqual([{ name: 'source', persistentVolumeClaim: { claimName: 'search-data' } }])
    expect(spec?.containers[0]?.volumeMounts).toEqual([{ name: 'source', mountPath: '/source', subPath: 'snapshots' }])
    expect(spec?.securityContext).toMatchObject({ runAsUser: 1000, fsGroup: 1000 })
    expect(JSON.parse(spec?.containers[0]?.env?.[0]?.value ?? '')).toMatchObject({
      command: 'removeSource',
      stored: file,
    })
  })

  test('sets no group on the volume that the server does not have', () => {
    const target = aTarget({ spec: { securityContext: { runAsUser: 1000 } } })
    expect(
      effectsOf('CreateJob', { snapshot: removingSourceSnapshot(), target })[0]?.job.spec?.template.spec
        ?.securityContext,
    ).not.toHaveProperty('fsGroup')
  })
})

describe('the end of removeSource', () => {
  test.each([
    ['removed', 'Removed', "Meilisearch's own file was removed."],
    ['replaced', 'Replaced', 'has a newer one, which was left alone'],
    ['absent', 'Absent', 'was gone already'],
  ] as const)('%s: Completed, and it is said', (sourceOutcome, outcome, words) => {
    const verdict = snapshotVerdict(after({ sourceOutcome }))
    expect(verdict).toMatchObject({
      phase: 'Completed',
      effects: [],
      message: expect.stringContaining(words),
      status: { removeSource: { outcome } },
    })
    expect(conditionsIn(verdict.status)).toEqual(completedConditions)
  })

  test('is tried three times; then it is Completed all the same, and says that the file is still there', () => {
    expect(snapshotVerdict(after({ exitCode: 30 }))).toMatchObject({
      phase: 'Moving',
      reason: 'RemovingSource',
      status: { removeSource: { attempt: 2, jobName: 'nightly-0a1b2c3d-remove-source-2' } },
    })
    const last = snapshotVerdict(after({ exitCode: 30, message: 'I/O error.' }, { attempt: 3 }))
    expect(last).toMatchObject({
      phase: 'Completed',
      status: { removeSource: { outcome: 'Failed' } },
      message: expect.stringContaining('could not be removed, and is still there: I/O error.'),
    })
  })
})

describe('removeSourceOverdue', () => {
  test('waits for a server pod that is away, and gives up with deadlines.move', () => {
    expect(snapshotVerdict({ snapshot: removingSourceSnapshot(), target: undefined })).toMatchObject({
      phase: 'Moving',
      reason: 'RemovingSource',
      effects: [],
      message: expect.stringContaining('is not there'),
    })
    const late = removingSourceSnapshot({}, { move: { ...movingStatus().move!, startedAt: ago(6 * hour + second) } })
    expect(snapshotVerdict({ snapshot: late, target: undefined })).toMatchObject({
      phase: 'Completed',
      status: { removeSource: { outcome: 'Failed' } },
    })
    const job = aJob(late, { metadata: { name: 'nightly-0a1b2c3d-remove-source-1' } })
    expect(snapshotVerdict({ snapshot: late, mover: { ...noMover, job, jobs: [job] } })).toMatchObject({
      phase: 'Moving',
      effects: ['DeleteJob'],
    })
  })
})

describe('removeSourceRunning', () => {
  test('says what holds it up', () => {
    const snapshot = removingSourceSnapshot()
    const job = aJob(snapshot)
    expect(
      snapshotVerdict({
        snapshot,
        mover: { ...noMover, job, jobs: [job], warning: { reason: 'FailedCreate', message: 'exceeded quota' } },
      }),
    ).toMatchObject({ phase: 'Moving', reason: 'RemovingSource', message: expect.stringContaining('exceeded quota') })
  })

  test.each([
    [{ runAsUser: 0 }, /runs as root.*sourcePolicy: Keep.*run Meilisearch as a user/],
    [{}, /Pod search-0 does not say as which user it runs.*sourcePolicy: Keep.*set runAsUser/],
  ])(
    'is refused before anything is asked for where the mover cannot have the user of the server: %j',
    (securityContext, words) => {
      const verdict = snapshotVerdict({
        snapshot: aSnapshot({ spec: remove }),
        target: aTarget({ spec: { securityContext } }),
      })
      expect(verdict).toMatchObject({
        phase: 'Failed',
        reason: 'SourceNotRemovable',
        effects: [],
        message: expect.stringMatching(words),
      })
    },
  )

  test.each([[''], ['data.ms'], ['data.ms/snapshots']])(
    'is refused where the directory (%j) lies around the database or in it: it would be mounted writable',
    (subPath) => {
      const verdict = snapshotVerdict({
        snapshot: aSnapshot({ spec: remove }),
        instance: anInstance({ status: aVolume({ subPath }) }),
      })
      expect(verdict).toMatchObject({
        phase: 'Failed',
        reason: 'SourceNotRemovable',
        effects: [],
        message: expect.stringMatching(
          /^Claim search-data holds the database of MeiliInstance search\..*MEILI_SNAPSHOT_DIR/,
        ),
      })
      const later = snapshotVerdict({
        snapshot: removingSourceSnapshot(),
        instance: anInstance({ status: aVolume({ subPath }) }),
      })
      expect(later).toMatchObject({ phase: 'Completed', effects: [], status: { removeSource: { outcome: 'Failed' } } })
    },
  )
})
