// When the pod of a server that we run is replaced, what is said while it is awaited, and which keys it gets.
import { describe, expect, test } from 'vitest'
import {
  aManagedInstance,
  withChanges,
  managedVerdict,
  everything,
  noPod,
  notReadyPod,
  appliedStatus,
  serverPod,
} from '../../../../support/builders/managed-observations.ts'
import type { Seen } from '../../../../support/builders/managed-observations.ts'

const refused: Seen = { server: { state: 'KeyRefused', message: 'invalid_api_key' } }

const outdated = serverPod({ metadata: { labels: { 'controller-revision-hash': 'movies-old' } } })

describe('ownKeys', () => {
  test('a server that refuses our key, and runs with the key that we know, gets our keys', () => {
    expect(managedVerdict(refused)).toMatchObject({
      reason: 'KeysPending',
      effects: [
        {
          kind: 'CreateKeys',
          server: { endpoint: 'http://10.1.2.3:7700', apiKey: { name: 'movies-keys', key: 'MEILI_MASTER_KEY' } },
        },
      ],
    })
  })

  test('one that runs with another key does not', () => {
    expect(
      managedVerdict({
        ...refused,
        pods: [serverPod({ metadata: { annotations: { 'meili-operator.dev/master-key': 'other' } } })],
      }).does,
    ).not.toContain('CreateKeys')
  })
})

describe('restart', () => {
  test('a pod with older settings is replaced', () => {
    expect(managedVerdict({ pods: [outdated] })).toMatchObject({
      reason: 'Restarting',
      ready: 'True Ready',
      effects: [{ kind: 'DeletePod', name: 'movies-0', uid: 'pod-uid' }],
    })
  })

  test('not in the middle of a snapshot, which it names', () => {
    expect(managedVerdict({ pods: [outdated], managed: { runningSnapshots: ['nightly'] } })).toMatchObject({
      reason: 'RestartPending',
      message: 'Pod movies-0 runs with older settings. It is replaced when snapshot nightly has ended.',
      effects: [],
    })
  })

  test('one that never gets ready is freed the same way, whatever waits for it', () => {
    const stuck = serverPod({
      metadata: { labels: { 'controller-revision-hash': 'movies-old' } },
      status: { conditions: [] },
    })
    expect(
      managedVerdict({
        pods: [stuck],
        server: { state: 'Unreachable', message: 'x' },
        managed: { runningSnapshots: ['nightly'] },
      }).does,
    ).toEqual(['DeletePod'])
  })

  test('a changed master key: at once, as nobody can follow a snapshot with a key that is refused', () => {
    const verdict = managedVerdict({
      ...refused,
      pods: [
        serverPod({
          metadata: {
            labels: { 'controller-revision-hash': 'movies-old' },
            annotations: { 'meili-operator.dev/master-key': 'other' },
          },
        }),
      ],
      managed: { runningSnapshots: ['nightly'] },
    })
    expect(verdict).toMatchObject({
      reason: 'Restarting',
      message: 'The master key was changed since pod movies-0 started. It is being replaced.',
      does: ['DeletePod'],
    })
  })

  test('the server asks for it itself: one orderly restart', () => {
    expect(managedVerdict({ server: { state: 'MustRestart' }, pods: [notReadyPod()] })).toMatchObject({
      reason: 'Restarting',
      does: ['DeletePod'],
    })
  })

  test('not before the StatefulSet controller has seen the change', () => {
    const { statefulSet } = everything(aManagedInstance())
    expect(
      managedVerdict({
        pods: [outdated],
        managed: {
          statefulSet: withChanges(statefulSet, {
            status: { replicas: 1, observedGeneration: 0, updateRevision: 'x' },
          }),
        },
      }).effects,
    ).toEqual([])
  })
})

describe('awaitPod', () => {
  test('a pod that comes keeps the words of what it comes for', () => {
    expect(managedVerdict({ ...noPod })).toMatchObject({
      reason: 'Applying',
      message: 'Pod movies-0 is being made.',
      ready: 'False Applying',
    })
    expect(
      managedVerdict({
        ...noPod,
        instance: aManagedInstance({ status: appliedStatus('Restarting', 'Its key was changed.') }),
      }),
    ).toMatchObject({ reason: 'Restarting', message: 'Its key was changed.' })
  })

  test('no pod, and why in the words of the cluster', () => {
    expect(managedVerdict({ ...noPod, managed: { warning: 'exceeded quota: pods' } })).toMatchObject({
      reason: 'PodFailing',
      message: 'StatefulSet movies has no pod: exceeded quota: pods',
    })
  })

  test('a pod that fails says why, in the words of the server', () => {
    const crashed = notReadyPod({
      containerStatuses: [
        {
          name: 'meilisearch',
          ready: false,
          image: 'i',
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1, message: '\u001b[31mError: Too many open files\u001b[0m\n' } },
        },
      ],
    })
    expect(managedVerdict({ pods: [crashed], server: { state: 'Unreachable', message: 'x' } })).toMatchObject({
      reason: 'PodFailing',
      message: 'Meilisearch in pod movies-0 ended with exit code 1: Error: Too many open files',
    })
  })

  test('a server that is ready and only does not answer us is no matter of what we made', () => {
    expect(managedVerdict({ server: { state: 'Unreachable', message: 'x' } })).toMatchObject({
      reason: 'Applied',
      ready: 'False Unreachable',
    })
  })
})

describe('applicationKeys', () => {
  test('the Secret for applications is written where it is absent or says otherwise', () => {
    expect(managedVerdict({ managed: { connection: undefined } })).toMatchObject({
      reason: 'KeysPending',
      ready: 'False KeysPending',
      effects: [{ kind: 'ApplyConnection', url: 'http://movies.shop.svc:7700', uid: undefined }],
    })
    const { connection } = everything(aManagedInstance())
    expect(managedVerdict({ managed: { connection: { ...connection!, isCurrent: false } } })).toMatchObject({
      ready: 'True Ready',
      effects: [{ kind: 'ApplyConnection', uid: 'uid-of-movies-connection' }],
    })
  })
})
