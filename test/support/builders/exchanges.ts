// Builders of what observe sees of a restore in place whose data is filled: claims, StatefulSet, pods. By default the server still runs on the old data.
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../src/api/instance.ts'
import type { ObjectMeta } from '../../../src/api/meta.ts'
import {
  dataGenerationAnnotation,
  restoreFinalizer,
  restoreUidLabel,
  stoppedForAnnotation,
} from '../../../src/api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../src/api/restore.ts'
import { decideRestore } from '../../../src/kinds/restore/decide.ts'
import type { RestoreObservation, ServerSeen } from '../../../src/kinds/restore/observation.ts'
import { noMover } from '../../../src/reconcile/job/look.ts'
import type { Decision } from '../../../src/reconcile/decision.ts'
import { dataClaims, stopMarkOf } from '../../../src/reconcile/names/data-claim.ts'
import { childLabels } from '../../../src/reconcile/names/objects.ts'
import { aManagedInstance, withChanges } from './managed-observations.ts'
import { aRestore } from './restores.ts'

export const nowMs = Date.parse('2026-11-30T04:00:00Z')
export const at = (seconds: number): string => new Date(nowMs + 1000 * seconds).toISOString().replace('.000Z', 'Z')

export const restoreUid = aRestore().metadata.uid
export const oldClaim = 'movies-data'
export const newClaim = 'movies-data-2'

/** @param generation what its annotation says; undefined: none */
export function aDataClaim(
  name: string,
  generation?: number,
  metadata: Record<string, unknown> = {},
): V1PersistentVolumeClaim {
  const labels = {
    ...childLabels({ metadata: { name: 'movies' } }),
    ...(name === oldClaim ? {} : { [restoreUidLabel]: restoreUid }),
  }
  const annotations = generation === undefined ? {} : { [dataGenerationAnnotation]: String(generation) }
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-of-${name}`,
      resourceVersion: '7',
      labels,
      annotations,
      ...metadata,
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
    status: { phase: 'Bound', capacity: { storage: '20Gi' } },
  }
}

export interface PodParts {
  readonly claimName?: string
  readonly ready?: boolean
  readonly metadata?: object
  readonly container?: object
}

/** The server's pod. */
export function aServerPod({
  claimName = newClaim,
  ready = true,
  metadata = {},
  container = {},
}: PodParts = {}): V1Pod {
  return {
    metadata: { name: 'movies-0', namespace: 'shop', uid: 'pod-uid', ...metadata },
    spec: {
      nodeName: 'node-a',
      containers: [],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
    status: {
      phase: 'Running',
      startTime: at(-10),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at(-5) }],
      containerStatuses: [
        {
          name: 'meilisearch',
          ready,
          restartCount: 0,
          image: '',
          imageID: '',
          state: { running: { startedAt: at(-8) } },
          ...container,
        },
      ],
    },
  } as unknown as V1Pod
}

export function aStatefulSet(replicas: number, status: object = { observedGeneration: 3, replicas }): V1StatefulSet {
  return { metadata: { name: 'movies', generation: 3 }, spec: { replicas }, status } as V1StatefulSet
}

/** As the instance marks it, where no other mark is there. */
export function stoppedFor(restore: MeiliRestore, statefulSet: V1StatefulSet): V1StatefulSet {
  const annotations = { [stoppedForAnnotation]: stopMarkOf(restore), ...statefulSet.metadata?.annotations }
  return withChanges(statefulSet, { metadata: withChanges(statefulSet.metadata, { annotations }) })
}

export const answering = (changes: object = {}): ServerSeen => ({
  is: 'answered',
  version: '1.21.0',
  indexes: 2,
  documents: 7,
  lastUpdate: at(-86_400),
  listed: [],
  keys: undefined,
  ...changes,
})

const resolved = {
  name: 'nightly',
  claimName: 'backups',
  path: 'daily/nightly',
  fileName: 'data.ms.snapshot',
  sizeBytes: 1000,
  size: '1000 B',
  sha256: 'a'.repeat(64),
  meilisearchVersion: '1.21.0',
  indexes: 2,
  documents: 7,
  countsExact: true,
  tasksEnqueued: 0,
  resolvedAt: at(-600),
}

/** Filled and checked. */
export const filled: MeiliRestoreStatus = {
  phase: 'Verifying',
  resolved,
  plan: {
    from: {},
    to: { version: '1.21.0', claimName: oldClaim, generation: 1 },
    newClaim: { claimName: newClaim, generation: 2 },
    madeAt: at(-500),
  },
  fill: {
    attempt: 1,
    jobName: 'back-fill-1',
    claimName: newClaim,
    claimUid: `uid-of-${newClaim}`,
    version: '1.21.0',
    completedAt: at(-60),
  },
  startedAt: at(-600),
}

export const from = { claimName: oldClaim, generation: 1 }
export const to = { claimName: newClaim, generation: 2 }

/** By phase, as it is on record then. */
export const going = {
  Stopping: { ...filled, phase: 'Stopping', switched: { from, to, stoppingAt: at(-30) } },
  Switching: { ...filled, phase: 'Switching', switched: { from, to, stoppingAt: at(-30), triedAt: at(-10) } },
  Starting: {
    ...filled,
    phase: 'Starting',
    switched: { from, to, stoppingAt: at(-30), triedAt: at(-10), at: at(-10) },
  },
} as const satisfies Record<string, MeiliRestoreStatus>

/** On its way back. */
export const backTo = { claimName: oldClaim, generation: 3 }
export function goingBack(phase: 'Stopping' | 'Switching' | 'Starting', rollback: object = {}): MeiliRestoreStatus {
  return {
    ...going.Starting,
    phase,
    rollback: { cause: 'StartFailed', message: 'It did not start.', to: backTo, startedAt: at(-5), ...rollback },
  }
}

export interface ExchangeSeen {
  readonly status?: MeiliRestoreStatus
  readonly spec?: Record<string, unknown>
  readonly metadata?: Partial<ObjectMeta>
  readonly instance?: MeiliInstance | undefined
  readonly claims?: readonly V1PersistentVolumeClaim[]
  readonly statefulSet?: V1StatefulSet | undefined
  readonly pods?: readonly V1Pod[]
  readonly others?: readonly MeiliRestore[]
  readonly server?: ServerSeen
  readonly rest?: Partial<RestoreObservation>
}

export const aServer = (managed: object = {}, status: MeiliInstanceStatus = {}): MeiliInstance =>
  aManagedInstance({ managed, status: { pod: { name: 'movies-0', uid: 'pod-uid' }, ...status } })

export const anUpgrade = (
  changes: Partial<NonNullable<MeiliInstanceStatus['upgrade']>> = {},
): NonNullable<MeiliInstanceStatus['upgrade']> => ({
  from: '1.12.0',
  to: '1.21.0',
  step: 'Database',
  generation: 1,
  startedAt: at(-60),
  ...changes,
})

export function anExchange(seen: ExchangeSeen = {}): RestoreObservation {
  const { claims = [aDataClaim(oldClaim), aDataClaim(newClaim)] } = seen
  const restore = aRestore({
    metadata: { finalizers: [restoreFinalizer], ...seen.metadata },
    spec: seen.spec ?? {},
    status: seen.status ?? filled,
  })
  const statefulSet = 'statefulSet' in seen ? seen.statefulSet : aStatefulSet(0)
  return {
    restore,
    source: { is: 'notAsked' },
    sourceClaim: {},
    target: {
      instance: 'instance' in seen ? seen.instance : aServer(),
      claim: undefined,
      filled: claims.find(({ metadata }) => metadata?.name === newClaim),
      data: dataClaims({ metadata: { name: 'movies' } }, claims),
      claims,
      statefulSet: statefulSet && stoppedFor(restore, statefulSet),
      pods: seen.pods ?? [],
      others: seen.others ?? [],
    },
    server: seen.server ?? { is: 'notAsked' },
    mover: noMover,
    ahead: [],
    runningSnapshots: [],
    safetySnapshot: undefined,
    databases: [],
    runsServers: true,
    moverImage: 'mover',
    imagePullSecrets: [],
    ...seen.rest,
  }
}

export interface Said {
  readonly phase: string | undefined
  readonly reason: string | undefined
  readonly message: string
  readonly does: readonly string[]
  readonly decision: Decision<MeiliRestoreStatus>
  readonly status: MeiliRestoreStatus
}

/** What its ladder says of it. */
export function decided(seen: ExchangeSeen = {}): Said {
  return saidIn(decideRestore(anExchange(seen), nowMs))
}

export function saidIn(decision: Decision<MeiliRestoreStatus>): Said {
  const { status, effects } = decision
  const ready = status.conditions?.find(({ type }) => type === 'Ready')
  return {
    phase: status.phase,
    reason: ready?.reason,
    message: ready?.message ?? '',
    does: effects.map(({ kind }) => kind),
    decision,
    status,
  }
}
