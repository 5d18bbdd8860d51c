// A deletion that is given up is told on an object that stays, as the MeiliSnapshot and its own Events are gone a moment later.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import type { Effect } from '../../../../../src/reconcile/decision.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  aClaim,
  ago,
  aJob,
  anInstance,
  aSnapshot,
  effectsOf,
  endedPod,
  movingStatus,
  noMover,
  second,
  snapshotVerdict,
} from '../../../../support/builders/observations.ts'

type SeenLast = Partial<SnapshotObservation>

const uid = 'claim-uid'
const going = { deletionTimestamp: ago(second) }

function goingSnapshot(spec: object = {}, name = 'nightly'): MeiliSnapshot {
  const jobName = `${name}-0a1b2c3d-delete-artifact-3`
  return aSnapshot({
    metadata: { name, ...going },
    spec: { deletionPolicy: 'Delete', ...spec },
    status: { ...movingStatus(), phase: 'Completed', deleteArtifact: { attempt: 3, jobName } },
  })
}

/** The last attempt has failed, in these words. */
function givenUp(changes: SeenLast = {}): SeenLast {
  const snapshot = goingSnapshot()
  const pod = endedPod(30, { exitCode: 30, message: 'the disk is read-only' })
  return { snapshot, claim: aClaim({ metadata: { uid } }), mover: { ...noMover, job: aJob(snapshot), pod }, ...changes }
}

const told = (changes: SeenLast): (Effect & { kind: 'RecordEvent' })[] => effectsOf('RecordEvent', changes)

describe('the Event', () => {
  test('is about the claim, says what stays where, what to do, and why; once, before the Job is deleted', () => {
    const seen = givenUp()
    expect(told(seen)).toEqual([
      {
        kind: 'RecordEvent',
        about: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { namespace: 'shop', name: 'backups', uid },
        },
        event: {
          type: 'Warning',
          reason: 'DeleteArtifactAbandoned',
          message: expect.stringMatching(
            /^Remove by hand, if it is there: search\/nightly-0a1b2c3d on claim backups\. MeiliSnapshot nightly had deletionPolicy Delete and is gone, and its files were not removed: the disk is read-only\.$/,
          ),
        },
      },
    ])
    const verdict = snapshotVerdict(seen)
    expect(verdict.effects).toEqual(['RecordEvent', 'DeleteJob'])
    expect(told({ ...seen, snapshot: { ...goingSnapshot(), status: verdict.status } })).toEqual([])
  })

  test.each([
    ['the instance where the claim is gone', { claim: undefined }, 'MeiliInstance search'],
    [
      'the instance where the claim is going',
      { claim: aClaim({ metadata: { uid, ...going } }) },
      'MeiliInstance search',
    ],
    ['the claim where there is no instance', { instance: undefined }, 'PersistentVolumeClaim backups'],
    [
      'the claim that is going where nothing else stays',
      { claim: aClaim({ metadata: { uid, ...going } }), instance: anInstance({ metadata: going }) },
      'PersistentVolumeClaim backups',
    ],
  ])('is about %s', (_, changes, subject) => {
    expect(told(givenUp(changes)).map(({ about }) => `${about.kind} ${about.metadata.name}`)).toEqual([subject])
  })

  test('is not there where nothing is left to read it on', () => {
    expect(told(givenUp({ claim: undefined, instance: undefined }))).toEqual([])
  })

  test('has the whole remedy in the 1024 bytes of an Event, and no secret', () => {
    const names = { path: 'p'.repeat(512), name: 'c'.repeat(253) }
    const snapshot = goingSnapshot({ destination: { claim: names } }, 's'.repeat(253))
    const warning = { reason: 'FailedMount', message: `mount password=hunter2hunter2 ${'x'.repeat(5000)}` }
    const status = { ...snapshot.status, deleteArtifact: { attempt: 1, jobName: 'x', startedAt: ago(3600 * second) } }
    const mover = { ...noMover, job: aJob(snapshot), warning }
    const claim = aClaim({ metadata: { uid, name: names.name } })
    const [{ event } = { event: { message: '' } }] = told({ snapshot: { ...snapshot, status }, claim, mover })
    const remedy = `Remove by hand, if it is there: ${names.path}/${'s'.repeat(200)}-${snapshot.metadata.uid.slice(0, 8)} on claim ${names.name}.`
    expect(event.message).toContain(remedy)
    expect(Buffer.byteLength(remedy)).toBeLessThan(1020)
    expect(event.message).toContain('password=***')
    expect(event.message.length).toBeLessThan(3000)
  })
})
