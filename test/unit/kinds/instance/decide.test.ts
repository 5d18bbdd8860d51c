// The status of a MeiliInstance as a whole: conditions in the order that kstatus reads, what is kept, when it is looked at again.
import { describe, expect, test } from 'vitest'
import type { Condition } from '../../../../src/api/meta.ts'
import {
  ago,
  aClaim,
  aCondition,
  anInstance,
  aTarget,
  hour,
  minute,
  now,
  second,
} from '../../../support/builders/observations.ts'
import {
  aLocation,
  anInstanceObservation,
  instanceVerdict,
  healthy,
  instanceWith,
  messageOf,
  nothingThere,
} from '../../../support/builders/instance-observations.ts'
import { decideInstance } from '../../../../src/kinds/instance/decide.ts'

const notReadySince = (lastTransitionTime: string): ReturnType<typeof instanceWith> =>
  instanceWith({
    observedGeneration: 1,
    conditions: [{ ...aCondition('Ready', 'False', { reason: 'PodNotFound' }), lastTransitionTime }],
  })
const conditionNamed = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type)

test('an observation brings no effect: nothing is written but status', () => {
  expect(decideInstance(anInstanceObservation(), now).effects).toEqual([])
  expect(decideInstance(anInstanceObservation(nothingThere), now).effects).toEqual([])
})

describe('what was seen', () => {
  test('of a healthy server, in full', () => {
    const { status } = instanceVerdict({ lastSnapshot: { name: 'nightly', completedAt: ago(hour) } })
    expect(status).toMatchObject({
      observedGeneration: 1,
      version: '1.21.0',
      pod: { name: 'search-0', uid: 'pod-uid', node: 'node-a' },
      endpoint: 'http://10.1.2.3:7700',
      database: {
        sizeBytes: 5_242_880,
        size: '5.0 MiB',
        usedBytes: 3_145_728,
        indexes: 2,
        documents: 7,
        lastUpdate: '2026-03-01T11:00:00.123456789Z',
      },
      lastSnapshot: { name: 'nightly', completedAt: ago(hour) },
    })
    expect(status.snapshotVolume).toEqual({
      kind: 'PersistentVolumeClaim',
      claimName: 'search-data',
      volumeMode: 'Filesystem',
      accessModes: ['ReadWriteOnce'],
      subPath: 'snapshots',
      directory: '/meili_data/snapshots',
      fileName: 'data.ms.snapshot',
      container: 'meilisearch',
      observedAt: ago(0),
    })
  })

  test('version, database, its claim and last snapshot stay while the server is silent; pod, endpoint and volume are as they are now', () => {
    const before = instanceVerdict({ lastSnapshot: { name: 'nightly', completedAt: ago(hour) } }).status
    const { status } = instanceVerdict({ ...nothingThere, instance: instanceWith(before) })
    expect(before.databaseClaims).toEqual([{ claimName: 'search-data', subPath: 'data.ms' }])
    expect(status).toMatchObject({
      version: '1.21.0',
      database: before.database,
      databaseClaims: before.databaseClaims,
      lastSnapshot: before.lastSnapshot,
      pod: undefined,
      endpoint: undefined,
      snapshotVolume: undefined,
    })
  })

  test('a newer snapshot takes the place of the last', () => {
    const instance = instanceWith({ lastSnapshot: { name: 'old', completedAt: ago(hour) } })
    expect(
      instanceVerdict({ instance, lastSnapshot: { name: 'new', completedAt: ago(minute) } }).status.lastSnapshot?.name,
    ).toBe('new')
  })

  test('of a pod that no node has yet', () => {
    expect(instanceVerdict({ pods: [aTarget({ spec: { nodeName: undefined } })] }).status.pod).toEqual({
      name: 'search-0',
      uid: 'pod-uid',
      node: undefined,
    })
  })

  test('each condition and the status carry the generation that was judged', () => {
    const { status } = instanceVerdict({ instance: anInstance({ metadata: { generation: 5 } }) })
    expect([
      status.observedGeneration,
      ...status.conditions!.map(({ observedGeneration }) => observedGeneration),
    ]).toEqual([5, 5, 5, 5, 5, 5])
  })
})

describe('the snapshot volume', () => {
  test('modes of the claim: as it was bound, else as it was asked for', () => {
    const spec = { accessModes: ['ReadWriteOnce'], volumeMode: undefined }
    expect(
      instanceVerdict({ claim: aClaim({ spec, status: { accessModes: ['ReadWriteMany'] } }) }).status.snapshotVolume,
    ).toMatchObject({ volumeMode: 'Filesystem', accessModes: ['ReadWriteMany'] })
    expect(
      instanceVerdict({ claim: aClaim({ spec, status: { phase: 'Pending' } }) }).status.snapshotVolume,
    ).toMatchObject({ accessModes: ['ReadWriteOnce'] })
  })

  test('no modes where there is no claim', () => {
    expect(Object.keys(instanceVerdict({ claim: undefined }).status.snapshotVolume!)).not.toContain('accessModes')
    expect(
      instanceVerdict({ located: aLocation({ kind: 'emptyDir', claimName: undefined }), claim: undefined }).status
        .snapshotVolume,
    ).toMatchObject({ kind: 'emptyDir' })
  })

  test('is absent where it cannot be known', () => {
    expect(
      instanceVerdict({ located: { unknown: 'x', remedy: 'y', s3: false }, claim: undefined }).status.snapshotVolume,
    ).toBeUndefined()
    expect(instanceVerdict({ located: undefined, claim: undefined }).status.snapshotVolume).toBeUndefined()
  })

  test('keeps the time at which it was first seen so, until it changes', () => {
    const instance = instanceWith(instanceVerdict().status)
    expect(instanceVerdict({ instance }, now + hour).status.snapshotVolume?.observedAt).toBe(ago(0))
    expect(
      instanceVerdict({ instance, located: aLocation({ subPath: 'other' }) }, now + hour).status.snapshotVolume
        ?.observedAt,
    ).toBe('2026-03-01T13:00:00Z')
    expect(
      instanceVerdict(
        { instance, claim: aClaim({ status: { phase: 'Bound', accessModes: ['ReadWriteMany'] } }) },
        now + hour,
      ).status.snapshotVolume?.observedAt,
    ).toBe('2026-03-01T13:00:00Z')
  })
})

describe('Reconciling and Stalled', () => {
  test('not ready for less than ten minutes: Reconciling, first in the list, with the same words as Ready', () => {
    const verdict = instanceVerdict({ ...nothingThere, instance: notReadySince(ago(10 * minute)) })
    expect(verdict.conditions).toEqual([
      'Reconciling=True',
      'Ready=False',
      'PodFound=False',
      'Reachable=Unknown',
      'Authorized=Unknown',
      'SnapshotVolumeReady=Unknown',
    ])
    expect(conditionNamed(verdict.status.conditions, 'Reconciling')).toMatchObject({
      reason: 'PodNotFound',
      message: verdict.message,
    })
  })

  test('for longer: Stalled in its place, and it is looked at all the same', () => {
    const verdict = instanceVerdict({ ...nothingThere, instance: notReadySince(ago(10 * minute + second)) })
    expect(verdict.conditions.slice(0, 2)).toEqual(['Stalled=True', 'Ready=False'])
    expect(verdict.requeueAfterMs).toBe(30 * second)
  })

  test('the ten minutes begin anew after it was ready', () => {
    const instance = instanceWith({ conditions: [aCondition('Ready', 'True', { reason: 'Ready' })] })
    expect(instanceVerdict({ ...nothingThere, instance }).conditions[0]).toBe('Reconciling=True')
  })

  test('they go on through a change of reason', () => {
    const status = instanceVerdict({ ...nothingThere, instance: notReadySince(ago(9 * minute)) }).status
    const verdict = instanceVerdict(
      { instance: instanceWith(status), server: { state: 'Unreachable', message: 'ECONNREFUSED' } },
      now + 2 * minute,
    )
    expect(verdict).toMatchObject({ reason: 'Unreachable' })
    expect(verdict.conditions[0]).toBe('Stalled=True')
  })

  test('ready again: neither is there', () => {
    expect(instanceVerdict({ instance: notReadySince(ago(hour)) }).conditions).toEqual([
      'Ready=True',
      'PodFound=True',
      'Reachable=True',
      'Authorized=True',
      'SnapshotVolumeReady=True',
    ])
  })
})

describe('rival', () => {
  const verdict = instanceVerdict({ rival: 'elder' })

  test('the younger of two on one pod is Stalled at once, and names the elder', () => {
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'PodAlreadyClaimed',
      message: 'MeiliInstance elder is older and stands for the same pod. Delete one of the two.',
    })
    expect(verdict.conditions).toEqual([
      'Stalled=True',
      'Ready=False',
      'PodFound=True',
      'Reachable=True',
      'Authorized=True',
      'SnapshotVolumeReady=True',
    ])
  })

  test('is said before any other trouble', () => {
    expect(instanceVerdict({ rival: 'elder', server: { state: 'Unreachable', message: 'x' } }).reason).toBe(
      'PodAlreadyClaimed',
    )
  })
})

describe('lastTransitionTime', () => {
  test('moves only with the status of its condition', () => {
    const first = instanceVerdict().status
    const silent = instanceVerdict(
      { instance: instanceWith(first), server: { state: 'Unreachable', message: 'x' } },
      now + hour,
    ).status
    expect(conditionNamed(silent.conditions, 'PodFound')?.lastTransitionTime).toBe(ago(0))
    expect(conditionNamed(silent.conditions, 'Reachable')?.lastTransitionTime).toBe('2026-03-01T13:00:00Z')
    const stillSilent = instanceVerdict(
      { instance: instanceWith(silent), server: { state: 'CertificateRejected', message: 'y' } },
      now + 2 * hour,
    ).status
    expect(conditionNamed(stillSilent.conditions, 'Reachable')).toMatchObject({
      reason: 'CertificateRejected',
      lastTransitionTime: '2026-03-01T13:00:00Z',
    })
  })
})

describe('when it is looked at again', () => {
  test('a healthy one: every poll, give or take a tenth, always the same for one instance', () => {
    const polls = Array.from(
      { length: 50 },
      (_, index) =>
        instanceVerdict({
          instance: anInstance({ metadata: { uid: `${(index * 5) % 16}${index}a1b2c3-0000-4000-8000-000000000000` } }),
        }).requeueAfterMs!,
    )
    expect(Math.min(...polls)).toBeGreaterThanOrEqual(54 * second)
    expect(Math.max(...polls)).toBeLessThanOrEqual(66 * second)
    expect(new Set(polls).size).toBeGreaterThan(30)
    expect(instanceVerdict({ instance: anInstance() }).requeueAfterMs).toBe(
      instanceVerdict({ instance: anInstance() }, now + hour).requeueAfterMs,
    )
  })

  test('the configured poll counts', () => {
    const every = (pollMs: number): number => instanceVerdict({ pollMs }).requeueAfterMs!
    expect(every(300_000) / every(30_000)).toBeCloseTo(10, 2)
  })

  test('a uid without hexadecimal digits does no harm', () => {
    expect(instanceVerdict({ instance: anInstance({ metadata: { uid: 'xyz' } }) }).requeueAfterMs).toBe(60 * second)
  })

  test.each([
    [0, 2],
    [5, 2],
    [20, 4],
    [100, 20],
    [1000, 30],
  ])('not ready for %i s: in %i s', (sinceSeconds, expected) => {
    expect(
      instanceVerdict({ ...nothingThere, instance: notReadySince(ago(sinceSeconds * second)) }).requeueAfterMs,
    ).toBe(expected * second)
  })

  test('never at once, even where our clock went back', () => {
    expect(instanceVerdict({ ...nothingThere, instance: notReadySince(ago(-hour)) }).requeueAfterMs).toBe(2 * second)
  })

  test('a snapshot directory on no claim does not hasten it', () => {
    expect(
      instanceVerdict({ located: aLocation({ claimName: undefined, kind: 'emptyDir' }), claim: undefined })
        .requeueAfterMs,
    ).toBeGreaterThan(50 * second)
  })
})

test('a message that is longer than status takes is cut', () => {
  const verdict = instanceVerdict({ server: { state: 'KeyRefused', message: 'x'.repeat(100_000) } })
  expect(messageOf(verdict, 'Authorized')).toHaveLength(2000)
  expect(messageOf(instanceVerdict({ server: healthy }), 'Authorized')).not.toBe('')
})
