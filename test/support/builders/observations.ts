// Builders of what observe sees of a snapshot: by default all is in place and nothing has been asked for yet.
import type { V1Job, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import { instanceConditions, instanceReasons, meiliInstances } from '../../../src/api/instance.ts'
import type { InstanceReason, MeiliInstance, MeiliInstanceStatus } from '../../../src/api/instance.ts'
import { conditionTypes } from '../../../src/api/meta.ts'
import type { Condition, ObjectMeta } from '../../../src/api/meta.ts'
import { meiliSnapshots, snapshotFinalizer } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotTask } from '../../../src/api/snapshot.ts'
import type { MoverResult } from '../../../src/mover/contract.ts'
import type { Effect } from '../../../src/reconcile/decision.ts'
import { decideSnapshot } from '../../../src/kinds/snapshot/decide.ts'
import { moverJob } from '../../../src/kinds/snapshot/job/commands/move.ts'
import type { EngineAnswer, SnapshotObservation } from '../../../src/kinds/snapshot/observation.ts'
import type { MoverSeen } from '../../../src/reconcile/job/seen.ts'

/** The time of every test, in ms. */
export const now = Date.parse('2026-03-01T12:00:00Z')
export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute

/** An instant before `now`, as status has it. */
export const ago = (spanMs: number): string => new Date(now - spanMs).toISOString().replace('.000Z', 'Z')

export const snapshotUid = '0a1b2c3d-1111-4222-8333-444455556666'

export interface SnapshotParts {
  readonly name?: string
  readonly metadata?: Partial<ObjectMeta>
  readonly spec?: object
  readonly status?: MeiliSnapshotStatus
}

const snapshotSpec = (parts: object): MeiliSnapshot['spec'] =>
  meiliSnapshots.spec.parse({
    source: { instanceRef: { name: 'search' } },
    destination: { claim: { name: 'backups' } },
    ...parts,
  })
/** Parsed once: property tests make thousands. */
const plainSpec = snapshotSpec({})

export function aSnapshot({
  name = 'nightly',
  metadata = {},
  spec,
  status = { observedGeneration: -1 },
}: SnapshotParts = {}): MeiliSnapshot {
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: {
      name,
      namespace: 'shop',
      uid: snapshotUid,
      resourceVersion: '7',
      generation: 1,
      creationTimestamp: ago(hour),
      finalizers: [snapshotFinalizer],
      ...metadata,
    },
    spec: spec === undefined ? plainSpec : snapshotSpec(spec),
    status,
  }
}

export const aCondition = (
  type: string,
  status: Condition['status'],
  why: { reason: string; message?: string },
): Condition => ({ type, status, message: why.reason, ...why, lastTransitionTime: ago(hour), observedGeneration: 1 })

export const ready = aCondition(conditionTypes.Ready, 'True', { reason: instanceReasons.Ready })
export const volumeReady = aCondition(instanceConditions.SnapshotVolumeReady, 'True', { reason: instanceReasons.Ready })
export const notReady = (reason: InstanceReason, message: string): Condition =>
  aCondition(conditionTypes.Ready, 'False', { reason, message })

const serverSpec = (name: string, existing: object): MeiliInstance['spec'] =>
  meiliInstances.spec.parse({ existing: { podSelector: { matchLabels: { app: name } }, ...existing } })
const plainServer = serverSpec('search', {})

export function anInstance(
  parts: { name?: string; metadata?: Partial<ObjectMeta>; existing?: object; status?: MeiliInstanceStatus } = {},
): MeiliInstance {
  const { name = 'search', metadata = {}, existing, status = {} } = parts
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
      ...metadata,
    },
    spec: existing === undefined && name === 'search' ? plainServer : serverSpec(name, existing ?? {}),
    status: {
      observedGeneration: 1,
      conditions: [ready, volumeReady],
      pod: { name: 'search-0', uid: 'pod-uid', node: 'node-a' },
      endpoint: 'http://10.1.2.3:7700',
      snapshotVolume: {
        kind: 'PersistentVolumeClaim',
        claimName: 'search-data',
        volumeMode: 'Filesystem',
        accessModes: ['ReadWriteOnce'],
        subPath: 'snapshots',
        directory: '/meili_data/snapshots',
        fileName: 'data.ms.snapshot',
        container: 'meilisearch',
        observedAt: ago(hour),
      },
      databaseClaims: [{ claimName: 'search-data', subPath: 'data.ms' }],
      ...status,
    },
  }
}

/** The volume of `anInstance`, changed. */
export const aVolume = (changes: object): MeiliInstanceStatus => ({
  snapshotVolume: { ...anInstance().status!.snapshotVolume!, ...changes },
})

/** Plain JSON, as the API server gives it: times are strings. */
export const aPod = (plain: { metadata?: object; spec?: object; status?: object }): V1Pod => plain as V1Pod

export function aTarget(changes: { metadata?: object; spec?: object; status?: object } = {}): V1Pod {
  return aPod({
    metadata: { name: 'search-0', namespace: 'shop', uid: 'pod-uid', ...changes.metadata },
    spec: {
      nodeName: 'node-a',
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
      containers: [{ name: 'meilisearch', ports: [{ containerPort: 7700 }] }],
      ...changes.spec,
    },
    status: { podIP: '10.1.2.3', phase: 'Running', ...changes.status },
  })
}

export function aClaim(changes: { metadata?: object; spec?: object; status?: object } = {}): V1PersistentVolumeClaim {
  return {
    metadata: { name: 'backups', namespace: 'shop', ...changes.metadata },
    spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', ...changes.spec },
    status: { phase: 'Bound', ...changes.status },
  }
}

export function aTask(changes: Partial<SnapshotTask> = {}): SnapshotTask {
  return { uid: 12, status: 'enqueued', enqueuedAt: '2026-03-01T11:59:30.123456789Z', ...changes }
}

export const processingTask = (changes: Partial<SnapshotTask> = {}): SnapshotTask =>
  aTask({ status: 'processing', batchUid: 9, startedAt: '2026-03-01T11:59:31Z', ...changes })
export const succeededTask = (changes: Partial<SnapshotTask> = {}): SnapshotTask =>
  aTask({
    status: 'succeeded',
    batchUid: 9,
    startedAt: '2026-03-01T11:59:31Z',
    finishedAt: '2026-03-01T11:59:50Z',
    duration: 'PT19S',
    ...changes,
  })

export const baseline = { uid: 11, enqueuedAt: '2026-03-01T11:00:00.5Z' }

export function anEngine(changes: Partial<EngineAnswer> = {}): EngineAnswer {
  return {
    state: 'Answered',
    version: '1.21.0',
    commit: 'unknown',
    newest: baseline,
    baseline: undefined,
    candidates: [],
    running: undefined,
    indexes: {
      count: 2,
      documents: 7,
      listed: [
        { uid: 'products', documents: 3 },
        { uid: 'orders', documents: 4 },
      ],
    },
    databaseSizeBytes: 123_456,
    facts: { batchUid: 9, countsExact: true, tasksEnqueued: 0 },
    ...changes,
  }
}

export const noMover: MoverSeen = {
  job: undefined,
  pod: undefined,
  progress: undefined,
  warning: undefined,
  claimTrouble: undefined,
  jobs: [],
}

export function anObservation(changes: Partial<SnapshotObservation> = {}): SnapshotObservation {
  return {
    snapshot: aSnapshot(),
    instance: anInstance(),
    target: aTarget(),
    successor: undefined,
    restore: undefined,
    ahead: [],
    elders: [],
    overdueAhead: undefined,
    adoptedByOthers: [],
    beside: { moving: [], removing: [], mayHaveRemoved: [] },
    earlier: undefined,
    space: { sizeBytes: undefined, known: undefined },
    databases: [{ instance: 'search', claimName: 'search-data', subPath: 'data.ms' }],
    unseen: [],
    claim: aClaim(),
    engine: anEngine(),
    mover: noMover,
    queued: undefined,
    apiServerMs: undefined,
    maxStreams: 0,
    moverImage: 'example.test/meili-operator:1',
    imagePullSecrets: [],
    ...changes,
  }
}

type Request = NonNullable<MeiliSnapshotStatus['request']>

/** Status after POST /snapshots is on record, 20 s ago. */
export function requestedStatus(
  request: Partial<Request> = {},
  more: Partial<MeiliSnapshotStatus> = {},
): MeiliSnapshotStatus {
  return {
    observedGeneration: 1,
    phase: 'Snapshotting',
    startedAt: ago(20 * second),
    request: { attempt: 1, baseline, posts: 1, postedAt: ago(20 * second), ...request },
    ...more,
  }
}

type Move = NonNullable<MeiliSnapshotStatus['move']>

export const jobName = 'nightly-0a1b2c3d-1-1'

/** Status after the task has succeeded; a mover is on its way. */
export function movingStatus(move: Partial<Move> = {}, more: Partial<MeiliSnapshotStatus> = {}): MeiliSnapshotStatus {
  return {
    ...requestedStatus({ taskUid: 12, adoptedAt: ago(20 * second) }),
    phase: 'Moving',
    task: succeededTask(),
    move: { attempt: 1, jobName, node: 'node-a', startedAt: ago(10 * second), ...move },
    ...more,
  }
}

/** The Job that the operator would make for this snapshot, as the API server gives it back. */
export function aJob(snapshot: MeiliSnapshot, changes: { metadata?: object; status?: object } = {}): V1Job {
  const job = moverJob({
    ...anObservation({ snapshot }),
    instance: anInstance(),
    target: aTarget(),
    engine: anEngine({ candidates: [succeededTask()] }),
    deadlineMs: hour,
  })
  const plain = structuredClone(job)
  return Object.assign(plain, {
    metadata: Object.assign(plain.metadata ?? {}, { uid: 'job-uid' }, changes.metadata),
    status: changes.status ?? {},
  })
}

export const runningPod = (): V1Pod =>
  aPod({
    metadata: { name: `${jobName}-x` },
    status: { phase: 'Running', containerStatuses: [{ name: 'mover', state: { running: {} } }] },
  })

/** A mover pod that has ended; `said` is its termination message. */
export function endedPod(
  exitCode: number,
  said: MoverResult | string = { exitCode, message: 'It ended.' },
  status: object = {},
): V1Pod {
  const message = typeof said === 'string' ? said : JSON.stringify(said)
  return aPod({
    metadata: { name: `${jobName}-x` },
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [
        { name: 'mover', state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message } } },
      ],
      ...status,
    },
  })
}

export const stored: MoverResult = {
  exitCode: 0,
  message: 'Stored.',
  stored: {
    inode: '42',
    sizeBytes: 5 * 1024 * 1024,
    modifiedAt: '2026-03-01T11:59:49.500000000Z',
    sha256: 'ab'.repeat(32),
    taskUid: 12,
    batchUid: 9,
    alreadyThere: false,
    replacedDuringCopy: false,
  },
}

/** What decide says, short enough to compare at a glance. */
export interface Verdict {
  readonly phase: string | undefined
  /** Reason of Ready. */
  readonly reason: string | undefined
  readonly message: string
  readonly status: MeiliSnapshotStatus
  /** Kinds, in order. */
  readonly effects: readonly string[]
  readonly requeueAfterMs: number | undefined
}

/** Runs the whole ladder. */
export function snapshotVerdict(changes: Partial<SnapshotObservation> = {}, atMs = now): Verdict {
  const { status, effects, requeueAfterMs } = decideSnapshot(anObservation(changes), atMs)
  const judged = status.conditions?.find(({ type }) => type === conditionTypes.Ready)
  return {
    phase: status.phase,
    reason: judged?.reason,
    message: judged?.message ?? '',
    status,
    effects: effects.map(({ kind }) => kind),
    requeueAfterMs,
  }
}

/** The effects of one kind, as they are. */
export function effectsOf<K extends Effect['kind']>(
  kind: K,
  changes: Partial<SnapshotObservation> = {},
  atMs = now,
): (Effect & { kind: K })[] {
  return decideSnapshot(anObservation(changes), atMs).effects.filter(
    (effect): effect is Effect & { kind: K } => effect.kind === kind,
  )
}

/** What is on record of a stored file. */
export const artifact: NonNullable<MeiliSnapshotStatus['artifact']> = {
  claimName: 'backups',
  path: 'search/nightly-0a1b2c3d',
  fileName: 'data.ms.snapshot',
  sizeBytes: 5,
  size: '5 B',
  sha256: 'ab',
  meilisearchVersion: '1.21.0',
  verification: 'Archive',
}

/** As the API server gives it back: members that are undefined are absent. */
export const asStored = (status: MeiliSnapshotStatus): MeiliSnapshotStatus =>
  JSON.parse(JSON.stringify(status)) as MeiliSnapshotStatus

/** Every condition as `Type=Status`, in order. */
export const conditionsIn = (status: { conditions?: readonly Condition[] | undefined }): readonly string[] =>
  (status.conditions ?? []).map((condition) => `${condition.type}=${condition.status}`)

export const pendingConditions = ['Reconciling=True', 'Ready=False', 'Complete=False', 'Failed=False']
export const failedConditions = ['Stalled=True', 'Ready=False', 'Complete=False', 'Failed=True']
export const completedConditions = ['Ready=True', 'Complete=True', 'Failed=False']
