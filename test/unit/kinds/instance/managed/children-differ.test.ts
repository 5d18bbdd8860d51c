// What is made and changed of a server that we run: its objects, what somebody else did to them, and owners that were lost.
import { describe, expect, test } from 'vitest'
import type { ManagedSeen } from '../../../../../src/kinds/instance/observation.ts'
import {
  aManagedInstance,
  withChanges,
  managedVerdict,
  everything,
  noPod,
  appliedStatus,
  storedChild,
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

describe('childrenDiffer', () => {
  test('at first the key, claims and Service; the StatefulSet when there is a key', () => {
    expect(managedVerdict({ ...noPod, managed: nothing }).does).toEqual([
      'CreateMasterKey',
      'Apply PersistentVolumeClaim movies-data',
      'Apply Service movies',
    ])
    const { keySecret } = everything(aManagedInstance())
    expect(managedVerdict({ ...noPod, managed: { ...nothing, keySecret } }).does).toEqual([
      'Apply PersistentVolumeClaim movies-data',
      'Apply Service movies',
      'Apply StatefulSet movies',
    ])
  })

  test('what is new is applied without a uid, what is there to that very object', () => {
    const [fresh] = managedVerdict({ ...noPod, managed: { service: undefined } }).effects
    expect(fresh).toMatchObject({ kind: 'Apply', uid: undefined })
    const [known] = managedVerdict({
      instance: aManagedInstance({ managed: { service: { port: 80 } } }),
      managed: everything(aManagedInstance()),
    }).effects
    expect(known).toMatchObject({ kind: 'Apply', uid: 'uid-of-movies' })
  })

  test('a changed spec is no drift', () => {
    const verdict = managedVerdict({
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
    const verdict = managedVerdict({
      managed: {
        statefulSet: storedChild(statefulSet as never, { spec: { replicas: 2 }, status: statefulSet!.status! }),
      },
    })
    expect(verdict).toMatchObject({
      reason: 'DriftFound',
      message: 'Put back what somebody changed: spec.replicas of StatefulSet movies.',
      does: ['Apply StatefulSet movies'],
    })
  })

  test('a refusal stays on record while it is tried again, and is not reported again', () => {
    const instance = aManagedInstance({
      managed: { storage: { size: '40Gi' } },
      status: appliedStatus('ObjectRefused', 'only dynamically provisioned pvc can be resized'),
    })
    expect(managedVerdict({ instance, managed: everything(aManagedInstance()) })).toMatchObject({
      reason: 'ObjectRefused',
      message: 'only dynamically provisioned pvc can be resized',
      does: ['Apply PersistentVolumeClaim movies-data'],
      requeueAfterMs: 5000,
    })
    expect(
      managedVerdict({
        ...refused,
        instance: aManagedInstance({ status: appliedStatus('ObjectRefused', 'No keys.') }),
      }),
    ).toMatchObject({ reason: 'ObjectRefused', message: 'No keys.', does: ['CreateKeys'] })
  })

  test('suspended: no replicas, but not in the middle of a snapshot', () => {
    const instance = aManagedInstance({ managed: { suspend: true } })
    const replicas = (seen: Seen): unknown =>
      managedVerdict({
        instance,
        ...seen,
        managed: { ...everything(aManagedInstance()), ...seen.managed },
      }).effects.map((effect) =>
        effect.kind === 'Apply' ? (effect.child.spec as { replicas?: number }).replicas : effect.kind,
      )
    expect(replicas({})).toEqual([0])
    expect(replicas({ managed: { runningSnapshots: ['nightly'] } })).toEqual([])
    expect(
      managedVerdict({ instance, managed: { ...everything(aManagedInstance()), runningSnapshots: ['nightly'] } }),
    ).toMatchObject({ reason: 'RestartPending', message: 'The server is suspended when snapshot nightly has ended.' })
  })

  test('suspended as asked is Ready, and nothing is awaited', () => {
    const instance = aManagedInstance({ managed: { suspend: true } })
    const withReplicas = (replicas: number): ManagedSeen => ({
      ...everything(instance, { replicas: 0 }),
      statefulSet: withChanges(everything(instance, { replicas: 0 }).statefulSet, { status: { replicas } }),
    })
    expect(managedVerdict({ ...noPod, instance, managed: withReplicas(0) })).toMatchObject({
      reason: 'Applied',
      ready: 'True Suspended',
      progress: undefined,
    })
    expect(managedVerdict({ ...noPod, instance, managed: withReplicas(1) })).toMatchObject({
      reason: 'Applying',
      message: 'Pod movies-0 is ending.',
    })
  })

  test('the version that answers is written on the claim', () => {
    const { claims } = everything(aManagedInstance())
    const bare = storedChild(claims.data as never, { metadata: { annotations: {} } }) as NonNullable<typeof claims.data>
    expect(managedVerdict({ managed: { claims: { data: bare } } }).effects.at(-1)).toMatchObject({
      kind: 'Apply',
      child: { metadata: { name: 'movies-data', annotations: { 'meili-operator.dev/database-version': '1.21.0' } } },
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
    const verdict = managedVerdict(seen)
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
    const verdict = managedVerdict({
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
    expect(managedVerdict({ instance, managed: { ...restored, keySecret: undefined } }).does).not.toContain(
      'ApplyConnection',
    )
  })

  test('an owner that is no controller is left beside ours', () => {
    const theirs = storedChild<never>(before.service as never, {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'release', uid: 'x' }] },
    })
    expect(managedVerdict({ managed: { service: theirs } })).toMatchObject({
      reason: 'Adopting',
      does: ['Apply Service movies'],
    })
  })
})

describe('claimExpanding', () => {
  test('a claim whose volume is still smaller is awaited, with its own words', () => {
    const { claims } = everything(aManagedInstance())
    const growing = withChanges(claims.data, {
      status: {
        phase: 'Bound',
        capacity: { storage: '10Gi' },
        conditions: [{ type: 'FileSystemResizePending', status: 'True', message: 'Waiting for the pod to start.' }],
      },
    })
    expect(managedVerdict({ managed: { claims: { data: growing } } })).toMatchObject({
      reason: 'ClaimExpanding',
      message: 'Claim movies-data grows from 10Gi to 20Gi. Waiting for the pod to start.',
      ready: 'True Ready',
    })
  })
})
