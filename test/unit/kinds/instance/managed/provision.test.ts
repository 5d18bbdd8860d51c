// The ladder of a server that we run, rung by rung: what is said, and what is done.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { instanceFinalizer } from '../../../../../src/api/instance.ts'
import type { ManagedSeen } from '../../../../../src/kinds/instance/observation.ts'
import {
  aManagedInstance,
  changed,
  decidedManaged,
  everything,
  fingerprint,
  noPod,
  notReadyPod,
  saidBefore,
  serverPod,
  stored,
} from '../../../../support/builders/managed-observations.ts'
import type { Seen } from '../../../../support/builders/managed-observations.ts'

const nothing: Partial<ManagedSeen> = {
  statefulSet: undefined,
  service: undefined,
  claims: {},
  keySecret: undefined,
  connection: undefined,
}
const refused: Seen = { server: { state: 'KeyRefused', message: 'invalid_api_key' } }
const outdated = serverPod({ metadata: { labels: { 'controller-revision-hash': 'movies-old' } } })
const withKey = (key: NonNullable<ManagedSeen['keySecret']>['key']): Seen => ({
  managed: { keySecret: { metadata: everything(aManagedInstance()).keySecret!.metadata, key } },
})

test('each rung of the ladder is told of here', () => {
  const ladder =
    /const rungs: readonly Rung\[\] = \[([^\]]+)\]/.exec(
      readFileSync(new URL('../../../../../src/kinds/instance/managed/provision.ts', import.meta.url), 'utf8'),
    )?.[1] ?? ''
  const rungs = ladder
    .replaceAll(/\/\/.*$/gm, '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const told =
    readFileSync(import.meta.filename, 'utf8') +
    readFileSync(new URL('upgrade/upgrade.test.ts', import.meta.url), 'utf8')
  expect(rungs.length).toBeGreaterThan(10)
  expect(rungs.filter((name) => !told.includes(`describe('${name}'`))).toEqual([])
})

test('all in place: Applied and Ready, nothing is done', () => {
  expect(decidedManaged()).toMatchObject({ reason: 'Applied', ready: 'True Ready', progress: undefined, effects: [] })
})

test('status shows the claims with capacity and use', () => {
  expect(decidedManaged().status).toMatchObject({
    connectionSecretName: 'movies-connection',
    storage: [
      {
        role: 'data',
        claimName: 'movies-data',
        requestedBytes: 20 * 2 ** 30,
        capacityBytes: 20 * 2 ** 30,
        capacity: '20.0 GiB',
        usedBytes: 5_242_880,
        usedPercent: 0,
      },
    ],
  })
})

describe('switchedOff', () => {
  test('an installation without managed instances says so, and makes nothing', () => {
    expect(decidedManaged({ ...noPod, managed: { ...nothing, isSwitchedOn: false } })).toMatchObject({
      reason: 'ManagedInstancesOff',
      progress: 'Stalled',
      ready: 'False ManagedInstancesOff',
      effects: [],
    })
  })
})

describe('finalizerMissing', () => {
  test('its end is provided for before anything is made', () => {
    expect(
      decidedManaged({ ...noPod, instance: aManagedInstance({ metadata: { finalizers: [] } }), managed: nothing })
        .effects,
    ).toEqual([{ kind: 'AddFinalizer', finalizer: instanceFinalizer }])
  })
})

describe('secretRefused', () => {
  const message = 'Secret movies-keys cannot be read: forbidden.'

  test('a Secret that may not be read is said, and nothing is made on a guess that it is absent', () => {
    expect(decidedManaged({ ...noPod, managed: { ...nothing, secretRefused: message } })).toMatchObject({
      reason: 'ObjectRefused',
      message,
      progress: 'Reconciling',
      ready: 'False ObjectRefused',
      effects: [],
    })
  })

  test('the end of the instance does not wait for the right', () => {
    const instance = aManagedInstance({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })
    expect(decidedManaged({ ...noPod, instance, managed: { ...nothing, secretRefused: message } }).effects).toEqual([
      { kind: 'RemoveFinalizer', finalizer: instanceFinalizer },
    ])
  })
})

describe('nameTaken', () => {
  const owner = (kind: string, name: string): object => ({
    metadata: { ownerReferences: [{ apiVersion: 'x/v1', kind, name, uid: 'other', controller: true }] },
  })
  const child = everything(aManagedInstance())

  test.each([
    [
      'StatefulSet',
      {
        statefulSet: stored(child.statefulSet as never, {
          metadata: { labels: { app: 'other' }, ownerReferences: [] },
        }),
      },
    ],
    [
      'StatefulSet',
      { statefulSet: stored(child.statefulSet as never, { metadata: { annotations: {}, ownerReferences: [] } }) },
    ],
    ['Service', { service: stored(child.service as never, owner('Gateway', 'edge')) }],
    ['Secret', { connection: { metadata: { labels: {} }, isCurrent: false } }],
    [
      'PersistentVolumeClaim',
      { claims: { data: stored(child.claims.data as never, { metadata: { labels: { app: 'other' } } }) } },
    ],
    ['Secret movies-keys', { keySecret: { metadata: { labels: {} }, key: undefined } }],
  ] as const)('a %s of its name that is not its own is named, and nothing is done to anything', (kind, managed) => {
    const verdict = decidedManaged({ managed: managed as never })
    expect(verdict).toMatchObject({ reason: 'NameTaken', progress: 'Stalled', effects: [] })
    expect(verdict.message).toMatch(new RegExp(`^${kind}.* exists and .* It was not touched\\.`))
    expect(verdict.message, 'it may serve').not.toMatch(/delete/i)
  })

  test('a claim or key that was made by hand is adopted by labels that the message names', () => {
    const { message } = decidedManaged({ managed: { keySecret: { metadata: { labels: {} }, key: undefined } } })
    const labels = Object.fromEntries(
      /give it the labels (.+)\.$/
        .exec(message)![1]!
        .split(', ')
        .map((pair) => pair.split(': ')),
    )
    expect(
      decidedManaged({
        managed: { keySecret: { metadata: { labels }, key: { fingerprint, bytes: 43, flaw: undefined } } },
      }).reason,
    ).not.toBe('NameTaken')
  })

  test('one of an earlier instance of this name goes by itself, and is waited for', () => {
    expect(
      decidedManaged({
        managed: { statefulSet: stored(child.statefulSet as never, owner('MeiliInstance', 'movies')) },
      }),
    ).toMatchObject({ reason: 'NameTaken', progress: 'Reconciling' })
  })

  test('one without an owner that is being deleted goes by itself, and is waited for', () => {
    expect(
      decidedManaged({
        managed: {
          service: stored(child.service as never, {
            metadata: { ownerReferences: [], deletionTimestamp: '2026-03-01T11:00:00Z' },
          }),
        },
      }),
    ).toMatchObject({ reason: 'NameTaken', progress: 'Reconciling', effects: [] })
  })

  test('claim and key of an earlier one are taken over by their labels', () => {
    expect(decidedManaged({ managed: { claims: child.claims, keySecret: child.keySecret } }).reason).toBe('Applied')
  })
})

describe('masterKeyUnusable', () => {
  const own = aManagedInstance({ managed: { masterKeySecretRef: { name: 'mine', key: 'k' } } })

  test('a Secret that its user names is awaited, never made', () => {
    expect(decidedManaged({ ...noPod, instance: own, managed: { ...nothing } })).toMatchObject({
      reason: 'MasterKeyUnusable',
      message: 'Secret mine does not exist. It goes on by itself when it is there.',
      effects: [],
    })
  })

  test.each([
    ['has no key', undefined],
    ['has 8 bytes, and Meilisearch asks for 16', { fingerprint, bytes: 8, flaw: undefined }],
    [
      'holds a line break, which no client can send. Replace it with a key without that.',
      { fingerprint, bytes: 20, flaw: 'a line break' },
    ],
  ])('a key that %s', (words, key) => {
    const verdict = decidedManaged(withKey(key))
    expect(verdict.reason).toBe('MasterKeyUnusable')
    expect(verdict.message).toContain(words)
  })

  test('Development takes a short one', () => {
    expect(
      decidedManaged({
        ...withKey({ fingerprint, bytes: 8, flaw: undefined }),
        instance: aManagedInstance({ managed: { environment: 'Development' } }),
      }).reason,
    ).not.toBe('MasterKeyUnusable')
  })
})

describe('claimNotFound', () => {
  test('a claim that its user names is awaited', () => {
    const instance = aManagedInstance({ managed: { storage: { claimName: 'theirs' } } })
    expect(decidedManaged({ ...noPod, instance, managed: { ...nothing } })).toMatchObject({
      reason: 'ClaimNotFound',
      message: 'Claim theirs does not exist in namespace shop. It goes on by itself when it is there.',
      effects: [],
    })
  })
})

describe('downgradeRefused', () => {
  const instance = aManagedInstance({ managed: { version: '1.20.3' } })

  test('a lower version than that of the database: nothing moves, and the server is still Ready', () => {
    expect(decidedManaged({ instance, managed: everything(aManagedInstance()) })).toMatchObject({
      reason: 'DowngradeRefused',
      progress: 'Stalled',
      ready: 'True Ready',
      effects: [],
    })
  })

  test('not even a first pod is made', () => {
    expect(
      decidedManaged({ ...noPod, instance, managed: { ...nothing, claims: everything(aManagedInstance()).claims } }),
    ).toMatchObject({ reason: 'DowngradeRefused', effects: [] })
  })
})

describe('shrinkRefused', () => {
  test('a kept claim that is larger stays as it is, and nothing moves', () => {
    const verdict = decidedManaged({
      ...noPod,
      instance: aManagedInstance({ managed: { storage: { size: '10Gi' } } }),
      managed: { ...nothing, claims: everything(aManagedInstance()).claims },
    })
    expect(verdict).toMatchObject({ reason: 'ShrinkRefused', progress: 'Stalled', effects: [] })
    expect(verdict.message).toContain('Claim movies-data asks for 20Gi already')
  })
})

describe('childrenDiffer', () => {
  test('at first the key, claims and Service; the StatefulSet when there is a key', () => {
    expect(decidedManaged({ ...noPod, managed: nothing }).does).toEqual([
      'CreateMasterKey',
      'Apply PersistentVolumeClaim movies-data',
      'Apply Service movies',
    ])
    const { keySecret } = everything(aManagedInstance())
    expect(decidedManaged({ ...noPod, managed: { ...nothing, keySecret } }).does).toEqual([
      'Apply PersistentVolumeClaim movies-data',
      'Apply Service movies',
      'Apply StatefulSet movies',
    ])
  })

  test('what is new is applied without a uid, what is there to that very object', () => {
    const [fresh] = decidedManaged({ ...noPod, managed: { service: undefined } }).effects
    expect(fresh).toMatchObject({ kind: 'Apply', uid: undefined })
    const [known] = decidedManaged({
      instance: aManagedInstance({ managed: { service: { port: 80 } } }),
      managed: everything(aManagedInstance()),
    }).effects
    expect(known).toMatchObject({ kind: 'Apply', uid: 'uid-of-movies' })
  })

  test('a changed spec is no drift', () => {
    const verdict = decidedManaged({
      instance: aManagedInstance({ managed: { resources: { limits: { memory: '2Gi' } } } }),
      managed: everything(aManagedInstance()),
    })
    expect(verdict).toMatchObject({
      reason: 'Applying',
      ready: 'True Ready',
      progress: 'Reconciling',
      does: ['Apply StatefulSet movies'],
    })
  })

  test('what somebody else changed is put back, with its fields named', () => {
    const { statefulSet } = everything(aManagedInstance())
    const verdict = decidedManaged({
      managed: { statefulSet: stored(statefulSet as never, { spec: { replicas: 2 }, status: statefulSet!.status! }) },
    })
    expect(verdict).toMatchObject({
      reason: 'DriftFound',
      message: 'Put back what somebody changed: spec.replicas of StatefulSet movies.',
      does: ['Apply StatefulSet movies'],
    })
  })

  test('a refusal stays on record while it is tried again, and is not told anew', () => {
    const instance = aManagedInstance({
      managed: { storage: { size: '40Gi' } },
      status: saidBefore('ObjectRefused', 'only dynamically provisioned pvc can be resized'),
    })
    expect(decidedManaged({ instance, managed: everything(aManagedInstance()) })).toMatchObject({
      reason: 'ObjectRefused',
      message: 'only dynamically provisioned pvc can be resized',
      does: ['Apply PersistentVolumeClaim movies-data'],
      requeueAfterMs: 5000,
    })
    expect(
      decidedManaged({ ...refused, instance: aManagedInstance({ status: saidBefore('ObjectRefused', 'No keys.') }) }),
    ).toMatchObject({ reason: 'ObjectRefused', message: 'No keys.', does: ['CreateKeys'] })
  })

  test('suspended: no replicas, but not in the middle of a snapshot', () => {
    const instance = aManagedInstance({ managed: { suspend: true } })
    const replicas = (seen: Seen): unknown =>
      decidedManaged({
        instance,
        ...seen,
        managed: { ...everything(aManagedInstance()), ...seen.managed },
      }).effects.map((effect) =>
        effect.kind === 'Apply' ? (effect.child.spec as { replicas?: number }).replicas : effect.kind,
      )
    expect(replicas({})).toEqual([0])
    expect(replicas({ managed: { runningSnapshots: ['nightly'] } })).toEqual([])
    expect(
      decidedManaged({ instance, managed: { ...everything(aManagedInstance()), runningSnapshots: ['nightly'] } }),
    ).toMatchObject({ reason: 'RestartPending', message: 'The server is suspended when snapshot nightly has ended.' })
  })

  test('suspended as asked is Ready, and nothing is awaited', () => {
    const instance = aManagedInstance({ managed: { suspend: true } })
    const withReplicas = (replicas: number): ManagedSeen => ({
      ...everything(instance, { replicas: 0 }),
      statefulSet: changed(everything(instance, { replicas: 0 }).statefulSet, { status: { replicas } }),
    })
    expect(decidedManaged({ ...noPod, instance, managed: withReplicas(0) })).toMatchObject({
      reason: 'Applied',
      ready: 'True Suspended',
      progress: undefined,
    })
    expect(decidedManaged({ ...noPod, instance, managed: withReplicas(1) })).toMatchObject({
      reason: 'Applying',
      message: 'Pod movies-0 is ending.',
    })
  })

  test('the version that answers is written on the claim', () => {
    const { claims } = everything(aManagedInstance())
    const bare = stored(claims.data as never, { metadata: { annotations: {} } }) as NonNullable<typeof claims.data>
    expect(decidedManaged({ managed: { claims: { data: bare } } }).effects.at(-1)).toMatchObject({
      kind: 'Apply',
      child: { metadata: { name: 'movies-data', annotations: { 'meili-operator.dev/database-version': '1.21.0' } } },
    })
  })
})

describe('ownKeys', () => {
  test('a server that refuses our key, and runs with the key that we know, gets our keys', () => {
    expect(decidedManaged(refused)).toMatchObject({
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
      decidedManaged({
        ...refused,
        pods: [serverPod({ metadata: { annotations: { 'meili-operator.dev/master-key': 'other' } } })],
      }).does,
    ).not.toContain('CreateKeys')
  })
})

describe('restart', () => {
  test('a pod with older settings is replaced', () => {
    expect(decidedManaged({ pods: [outdated] })).toMatchObject({
      reason: 'Restarting',
      ready: 'True Ready',
      effects: [{ kind: 'DeletePod', name: 'movies-0', uid: 'pod-uid' }],
    })
  })

  test('not in the middle of a snapshot, which it names', () => {
    expect(decidedManaged({ pods: [outdated], managed: { runningSnapshots: ['nightly'] } })).toMatchObject({
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
      decidedManaged({
        pods: [stuck],
        server: { state: 'Unreachable', message: 'x' },
        managed: { runningSnapshots: ['nightly'] },
      }).does,
    ).toEqual(['DeletePod'])
  })

  test('a changed master key: at once, as nobody can follow a snapshot with a key that is refused', () => {
    const verdict = decidedManaged({
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
    expect(decidedManaged({ server: { state: 'MustRestart' }, pods: [notReadyPod()] })).toMatchObject({
      reason: 'Restarting',
      does: ['DeletePod'],
    })
  })

  test('not before the StatefulSet controller has seen the change', () => {
    const { statefulSet } = everything(aManagedInstance())
    expect(
      decidedManaged({
        pods: [outdated],
        managed: {
          statefulSet: changed(statefulSet, { status: { replicas: 1, observedGeneration: 0, updateRevision: 'x' } }),
        },
      }).effects,
    ).toEqual([])
  })
})

describe('awaited', () => {
  test('a pod that comes keeps the words of what it comes for', () => {
    expect(decidedManaged({ ...noPod })).toMatchObject({
      reason: 'Applying',
      message: 'Pod movies-0 is being made.',
      ready: 'False Applying',
    })
    expect(
      decidedManaged({
        ...noPod,
        instance: aManagedInstance({ status: saidBefore('Restarting', 'Its key was changed.') }),
      }),
    ).toMatchObject({ reason: 'Restarting', message: 'Its key was changed.' })
  })

  test('no pod, and why in the words of the cluster', () => {
    expect(decidedManaged({ ...noPod, managed: { warning: 'exceeded quota: pods' } })).toMatchObject({
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
    expect(decidedManaged({ pods: [crashed], server: { state: 'Unreachable', message: 'x' } })).toMatchObject({
      reason: 'PodFailing',
      message: 'Meilisearch in pod movies-0 ended with exit code 1: Error: Too many open files',
    })
  })

  test('a server that is ready and only does not answer us is no matter of what we made', () => {
    expect(decidedManaged({ server: { state: 'Unreachable', message: 'x' } })).toMatchObject({
      reason: 'Applied',
      ready: 'False Unreachable',
    })
  })
})

describe('owners that are lost', () => {
  const instance = aManagedInstance({ managed: { scratch: { size: '1Gi' } } })
  const before = everything(aManagedInstance({ managed: { scratch: { size: '1Gi' } }, metadata: { uid: 'before' } }))
  const bare = <T extends { metadata?: object }>(object: T | undefined): T =>
    Object.assign({}, object, { metadata: { ...object?.metadata, ownerReferences: undefined } })
  const restored = {
    statefulSet: bare(before.statefulSet),
    service: bare(before.service),
    claims: { ...before.claims, scratch: bare(before.claims.scratch) },
    connection: bare(before.connection),
  }
  const seen = { instance, managed: restored }

  test('what a backup tool brought back is adopted in one step, and the server is not restarted', () => {
    const verdict = decidedManaged(seen)
    expect(verdict).toMatchObject({ reason: 'Adopting', progress: 'Reconciling', ready: 'True Ready' })
    expect(verdict.message).toBe(
      'Adopted StatefulSet movies, Service movies, PersistentVolumeClaim movies-scratch, Secret movies-connection: made for this MeiliInstance, and without an owner.',
    )
    expect(verdict.does.toSorted()).toEqual([
      'Apply PersistentVolumeClaim movies-scratch',
      'Apply Service movies',
      'Apply StatefulSet movies',
      'ApplyConnection',
    ])
    for (const effect of verdict.effects)
      expect(effect.kind === 'Apply' ? effect.child.metadata.ownerReferences?.[0]?.uid : 'movies-uid').toBe(
        'movies-uid',
      )
    expect(verdict.effects.flatMap((effect) => (effect.kind === 'Apply' ? [effect.adopts] : []))).toEqual([
      true,
      true,
      true,
    ])
  })

  test('claims and key that get an owner for the first time, as deletionPolicy is Delete from now on, are not adopted', () => {
    const verdict = decidedManaged({
      instance: aManagedInstance({ spec: { deletionPolicy: 'Delete' } }),
      managed: everything(aManagedInstance()),
    })
    expect(verdict).toMatchObject({
      reason: 'Applying',
      does: ['Apply PersistentVolumeClaim movies-data', 'Apply Secret movies-keys'],
    })
    for (const effect of verdict.effects)
      expect(effect).toMatchObject({ adopts: false, child: { metadata: { ownerReferences: [{ uid: 'movies-uid' }] } } })
  })

  test('the Secret for applications is not written while the master key is missing', () => {
    expect(decidedManaged({ instance, managed: { ...restored, keySecret: undefined } }).does).not.toContain(
      'ApplyConnection',
    )
  })

  test('an owner that is no controller is left beside ours', () => {
    const theirs = stored<never>(before.service as never, {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'release', uid: 'x' }] },
    })
    expect(decidedManaged({ managed: { service: theirs } })).toMatchObject({
      reason: 'Adopting',
      does: ['Apply Service movies'],
    })
  })
})

describe('applicationKeys', () => {
  test('the Secret for applications is written where it is absent or says otherwise', () => {
    expect(decidedManaged({ managed: { connection: undefined } })).toMatchObject({
      reason: 'KeysPending',
      ready: 'False KeysPending',
      effects: [{ kind: 'ApplyConnection', url: 'http://movies.shop.svc:7700', uid: undefined }],
    })
    const { connection } = everything(aManagedInstance())
    expect(decidedManaged({ managed: { connection: { ...connection!, isCurrent: false } } })).toMatchObject({
      ready: 'True Ready',
      effects: [{ kind: 'ApplyConnection', uid: 'uid-of-movies-connection' }],
    })
  })
})

describe('claimExpanding', () => {
  test('a claim whose volume is still smaller is awaited, with its own words', () => {
    const { claims } = everything(aManagedInstance())
    const growing = changed(claims.data, {
      status: {
        phase: 'Bound',
        capacity: { storage: '10Gi' },
        conditions: [{ type: 'FileSystemResizePending', status: 'True', message: 'Waiting for the pod to start.' }],
      },
    })
    expect(decidedManaged({ managed: { claims: { data: growing } } })).toMatchObject({
      reason: 'ClaimExpanding',
      message: 'Claim movies-data grows from 10Gi to 20Gi. Waiting for the pod to start.',
      ready: 'True Ready',
    })
  })
})

test('a second pod with our label is named, with what to do; there is no podSelector to narrow', () => {
  const { status } = decidedManaged({ ...noPod, pods: [serverPod(), serverPod({ metadata: { name: 'stray' } })] })
  expect(status.conditions?.find(({ type }) => type === 'PodFound')).toMatchObject({
    reason: 'PodAmbiguous',
    message:
      '2 pods match podSelector: movies-0, stray. Only pod movies-0 may have the labels {"matchLabels":{"meili-operator.dev/instance":"movies"}}: its Service selects by them. Remove them from the other pods.',
  })
})

test('settings that are left out are named, and nothing else is held up by it', () => {
  const instance = aManagedInstance({
    managed: { env: [{ name: 'MEILI_DB_PATH', value: '/x' }], extraArgs: ['--http-addr', '0.0.0.0:1'] },
  })
  const { status, reason } = decidedManaged({ instance, managed: everything(instance) })
  expect(reason).toBe('Applied')
  expect(status.conditions?.find(({ type }) => type === 'SettingsIgnored')).toMatchObject({
    status: 'True',
    message: 'Left out, as the operator sets them itself: MEILI_DB_PATH, --http-addr.',
  })
})
