// Builders of what observe sees of a server that we run: by default all is in place, and the server answers.
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import {
  databaseVersionAnnotation,
  instanceConditions,
  instanceFinalizer,
  meiliInstances,
} from '../../../src/api/instance.ts'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../src/api/instance.ts'
import type { Condition, ObjectMeta } from '../../../src/api/meta.ts'
import { dataGenerationAnnotation, restoreUidLabel } from '../../../src/api/restore.ts'
import {
  claims,
  connectionSecret,
  keySecret,
  service,
  statefulSet,
} from '../../../src/kinds/instance/children/children.ts'
import { decideInstance } from '../../../src/kinds/instance/decide.ts'
import type { InstanceObservation, ManagedSeen } from '../../../src/kinds/instance/observation.ts'
import type { Run } from '../../../src/kinds/instance/children/server-pod.ts'
import type { Child, Decision, Effect } from '../../../src/reconcile/decision.ts'
import { healthy, aLocation } from './instance-observations.ts'
import { ago, aPod, hour, now } from './observations.ts'

export const fingerprint = '0123456789abcdef'
export const run: Run = { version: '1.21.0', upgrade: false, replicas: 1, keyFingerprint: fingerprint, ipv6: false }

export interface ManagedParts {
  readonly name?: string
  readonly managed?: object
  readonly spec?: object
  readonly metadata?: Partial<ObjectMeta>
  readonly status?: MeiliInstanceStatus
}

export function aManagedInstance({
  name = 'movies',
  managed = {},
  spec = {},
  metadata = {},
  status = { observedGeneration: -1 },
}: ManagedParts = {}): MeiliInstance {
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliInstance',
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-uid`,
      resourceVersion: '3',
      generation: 1,
      creationTimestamp: ago(hour),
      finalizers: [instanceFinalizer],
      ...metadata,
    },
    spec: meiliInstances.spec.parse({ managed: { version: '1.21.0', storage: { size: '20Gi' }, ...managed }, ...spec }),
    status,
  }
}

/** As the API server has it: with a uid, and more than we wrote. */
export function storedChild<T>(child: Child, more: { metadata?: object; spec?: object; status?: object } = {}): T {
  const metadata = {
    uid: `uid-of-${child.metadata.name}`,
    resourceVersion: '9',
    generation: 1,
    ...child.metadata,
    ...more.metadata,
  }
  return { ...child, metadata, spec: { ...child.spec, ...more.spec }, status: more.status ?? {} } as T
}

/** The same object with other members. */
export const withChanges = <T extends object>(object: T | undefined, changes: object): T =>
  Object.assign({}, object, changes)

export const revision = 'movies-5d8c'

export function serverPod(changes: { metadata?: object; spec?: object; status?: object } = {}): V1Pod {
  return aPod({
    metadata: {
      name: 'movies-0',
      namespace: 'shop',
      uid: 'pod-uid',
      labels: { 'controller-revision-hash': revision },
      annotations: { 'meili-operator.dev/master-key': fingerprint },
      ...changes.metadata,
    },
    spec: {
      nodeName: 'node-a',
      containers: [{ name: 'meilisearch', image: 'getmeili/meilisearch:v1.21.0' }],
      ...changes.spec,
    },
    status: {
      podIP: '10.1.2.3',
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: 'meilisearch',
          ready: true,
          image: 'getmeili/meilisearch:v1.21.0',
          restartCount: 0,
          state: { running: {} },
        },
      ],
      ...changes.status,
    },
  })
}

export const notReadyPod = (status: object = {}): V1Pod => serverPod({ status: { conditions: [], ...status } })

/** A claim with the instance's labels, as a restore makes and marks it. */
export function restoredClaim(
  instance: MeiliInstance,
  { name, generation, version = '1.21.0' }: { name: string; generation?: number | string; version?: string },
): V1PersistentVolumeClaim {
  const child = claims(instance, instance.spec.managed!, { claimName: name })[0]!
  const labels = { ...child.metadata.labels, [restoreUidLabel]: 'restore-uid' }
  const marks =
    generation === undefined
      ? {}
      : { [dataGenerationAnnotation]: String(generation), [databaseVersionAnnotation]: version }
  return storedChild<V1PersistentVolumeClaim>(child, {
    metadata: { labels, annotations: marks },
    status: { phase: 'Bound', capacity: { storage: '20Gi' } },
  })
}

/** All that is made of an instance, as it should be. */
export function everything(instance: MeiliInstance, how: Partial<Run> = {}): ManagedSeen {
  const managed = instance.spec.managed!
  const seen = Object.fromEntries(
    claims(instance, managed, { databaseVersion: '1.21.0' }).map((claim) => [
      claim.metadata.name.split('-').at(-1)!,
      storedChild<V1PersistentVolumeClaim>(claim, { status: { phase: 'Bound', capacity: { storage: '20Gi' } } }),
    ]),
  )
  return {
    isSwitchedOn: true,
    ipv6: false,
    statefulSet: storedChild<V1StatefulSet>(statefulSet(instance, managed, { ...run, ...how }), {
      status: { observedGeneration: 1, updateRevision: revision, replicas: 1 },
    }),
    service: storedChild(service(instance, managed)),
    selectedBy: ['movies'],
    otherDatabases: [],
    claims: seen,
    hold: undefined,
    bootstrap: undefined,
    earlierData: [],
    filling: [],
    keySecret: {
      metadata: storedChild<{ metadata: object }>(keySecret(instance)).metadata,
      key: { fingerprint, bytes: 43, flaw: undefined },
    },
    connection: { metadata: storedChild<{ metadata: object }>(connectionSecret(instance)).metadata, isCurrent: true },
    secretRefused: undefined,
    runningSnapshots: [],
    recordedUpgradeSnapshot: undefined,
    upgradeSnapshots: [],
    finishedMovers: [],
    warning: undefined,
  }
}

export type Seen = Partial<Omit<InstanceObservation, 'instance' | 'managed'>> & {
  readonly instance?: MeiliInstance
  readonly managed?: Partial<ManagedSeen>
}

export function aManagedObservation({
  instance = aManagedInstance(),
  managed = {},
  ...changes
}: Seen = {}): InstanceObservation {
  const location = aLocation({ claimName: 'movies-data' })
  return {
    instance,
    pods: [serverPod()],
    podsRefused: undefined,
    rival: undefined,
    endpoint: 'http://10.1.2.3:7700',
    server: healthy,
    located: location,
    databaseClaims: [{ claimName: 'movies-data', subPath: 'data.ms' }],
    claim: { metadata: { name: 'movies-data' }, spec: { accessModes: ['ReadWriteOnce'] }, status: { phase: 'Bound' } },
    lastSnapshot: undefined,
    pollMs: 60_000,
    streaming: false,
    ...changes,
    managed: { ...everything(instance), ...managed },
  }
}

/** No pod, so nobody was asked. */
export const noPod = {
  pods: [],
  endpoint: undefined,
  server: { state: 'NotAsked' },
  located: undefined,
  databaseClaims: undefined,
  claim: undefined,
} as const satisfies Seen

export interface Verdict {
  readonly reason: string | undefined
  readonly message: string
  readonly ready: string
  /** Reconciling or Stalled, where it is one of them. */
  readonly progress: string | undefined
  readonly effects: readonly Effect[]
  /** Kinds of the effects; of an Apply also the object. */
  readonly does: readonly string[]
  readonly status: MeiliInstanceStatus
  readonly requeueAfterMs: number | undefined
}

const conditionIn = (status: MeiliInstanceStatus, type: string): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type)

export function managedVerdict(seen: Seen = {}, atMs = now): Verdict {
  const decision: Decision<MeiliInstanceStatus> = decideInstance(aManagedObservation(seen), atMs)
  const applied = conditionIn(decision.status, instanceConditions.Applied)
  const ready = conditionIn(decision.status, 'Ready')
  return {
    reason: applied?.reason,
    message: applied?.message ?? '',
    ready: `${ready?.status ?? ''} ${ready?.reason ?? ''}`,
    progress: decision.status.conditions?.find(({ type }) => type === 'Reconciling' || type === 'Stalled')?.type,
    effects: decision.effects,
    does: decision.effects.map((effect) =>
      effect.kind === 'Apply' ? `Apply ${effect.child.kind} ${effect.child.metadata.name}` : effect.kind,
    ),
    status: decision.status,
    requeueAfterMs: decision.requeueAfterMs,
  }
}

/** An instance whose condition Applied said this in the pass before. */
export const appliedStatus = (reason: string, message: string): MeiliInstanceStatus => ({
  observedGeneration: 1,
  conditions: [
    { type: 'Applied', status: 'False', reason, message, lastTransitionTime: ago(hour), observedGeneration: 1 },
  ],
})
