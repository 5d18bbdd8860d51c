// The Job that moves one file: what it mounts, as whom it runs, where it must run. Pure.
// Mounts the snapshot directory only, and read-only: Meilisearch's database is out of its reach.
import type { V1Job, V1PodSpec } from '@kubernetes/client-node'
import type { MeiliInstance, SnapshotVolume } from '../api/instance.ts'
import { meiliSnapshots } from '../api/snapshot.ts'
import type { MeiliSnapshot, SnapshotTask } from '../api/snapshot.ts'
import { exitCodes } from '../mover/contract.ts'
import type { MoverConfig } from '../mover/contract.ts'
import type { EngineAnswer, SnapshotObservation } from './observation.ts'
import { moverPlacement, moverSecurity, moverVolumes, podMountPaths } from './mover-pod.ts'
import type { Target } from './mover-pod.ts'

export const moverContainer = 'mover'
export const configVariable = 'MOVER_CONFIG'
const moverLabels = { 'app.kubernetes.io/managed-by': 'meili-operator', 'app.kubernetes.io/component': 'mover' } as const
/** Selects all movers' Jobs and pods. */
export const moverSelector = Object.entries(moverLabels).map(([label, value]) => `${label}=${value}`).join(',')
/** On the Job and its pods: whose mover it is. */
export const snapshotUidLabel = 'meili-operator.dev/snapshot-uid'
export const indexesAnnotation = 'meili-operator.dev/indexes'
export const documentsAnnotation = 'meili-operator.dev/documents'

/** An environment variable holds at most 128 KiB: the list of indexes is cut there, their number is not. */
const maxIndexListBytes = 64 * 1024
/** The mover gives up by itself before the Job would take its pod, and its message, away. */
const jobGraceSeconds = 600
/** No byte for this long is a stall. */
const stallSeconds = 120
/** File clocks are coarse: an mtime may lie this far outside its batch. Network file systems have clocks of their own. */
const skewMs = { local: 2000, network: 30_000 } as const

export type MoveFrom = SnapshotObservation & { readonly instance: MeiliInstance; readonly target: Target; readonly engine: EngineAnswer; readonly deadlineMs: number }

/** `<name>-<8 of the UID>-<request attempt>-<move attempt>`, at most 63 characters. */
export function moverJobName({ metadata, status }: MeiliSnapshot, moveAttempt: number): string {
  const tail = `-${metadata.uid.slice(0, 8)}-${status?.request?.attempt ?? 1}-${moveAttempt}`
  return `${metadata.name.slice(0, 63 - tail.length).replace(/[-.]+$/, '')}${tail}`
}

export function moverJob(from: MoveFrom): V1Job {
  const { snapshot, engine } = from
  const { namespace, name, uid } = snapshot.metadata
  const jobName = snapshot.status?.move?.jobName ?? moverJobName(snapshot, 1)
  const labels = { ...moverLabels, 'app.kubernetes.io/name': 'meili-operator', [snapshotUidLabel]: uid }
  const deadlineSeconds = Math.max(60, Math.floor(from.deadlineMs / 1000))
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName,
      namespace,
      labels,
      annotations: { [indexesAnnotation]: String(engine.indexes.length), [documentsAnnotation]: String(engine.indexes.reduce((sum, { documents }) => sum + documents, 0)) },
      ownerReferences: [{ apiVersion: `${meiliSnapshots.group}/${meiliSnapshots.version}`, kind: meiliSnapshots.kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: deadlineSeconds + jobGraceSeconds,
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailJob', onExitCodes: { containerName: moverContainer, operator: 'In', values: terminalCodes } },
        ],
      },
      template: { metadata: { labels: { ...labels, 'sidecar.istio.io/inject': 'false' }, annotations: { 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' } }, spec: podSpec(from, deadlineSeconds) },
    },
  }
}

const terminalCodes = Object.values(exitCodes).filter((code) => code !== exitCodes.done)

function podSpec(from: MoveFrom, deadlineSeconds: number): V1PodSpec {
  const { snapshot, moverImage, imagePullSecrets } = from
  const { mover } = snapshot.spec
  const { pod, container } = moverSecurity(from)
  const { volumes, volumeMounts } = moverVolumes(from)
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: pod,
    ...moverPlacement(from),
    ...(mover.priorityClassName === undefined ? {} : { priorityClassName: mover.priorityClassName }),
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    containers: [
      {
        name: moverContainer,
        image: moverImage,
        imagePullPolicy: 'IfNotPresent',
        command: ['/nodejs/bin/node', '/app/mover.js'],
        env: [{ name: configVariable, value: JSON.stringify(configurationOf(from, deadlineSeconds)) }],
        resources: {
          requests: asText({ cpu: '100m', memory: '96Mi', ...mover.resources?.requests }),
          limits: asText({ cpu: '2', memory: '256Mi', ...mover.resources?.limits }),
        },
        securityContext: container,
        volumeMounts,
      },
    ],
    volumes,
  }
}

function asText(quantities: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).map(([resource, quantity]) => [resource, String(quantity)]))
}

/** A file's name has 255 bytes at most, and that of a partial copy has some more around this. */
const maxNameInDirectory = 200

/** The directory of the artifact, in the one that the user chose. */
export function artifactDirectory({ metadata }: Pick<MeiliSnapshot, 'metadata'>): string {
  return `${metadata.name.slice(0, maxNameInDirectory)}-${metadata.uid.slice(0, 8)}`
}

function configurationOf({ snapshot, instance, target, engine }: MoveFrom, deadlineSeconds: number): MoverConfig {
  const volume: SnapshotVolume | undefined = instance.status?.snapshotVolume
  const { claim } = snapshot.spec.destination
  return {
    describes: {
      object: { uid: snapshot.metadata.uid, namespace: snapshot.metadata.namespace, name: snapshot.metadata.name },
      instance: { name: instance.metadata.name, pod: target.metadata?.name ?? '', podUid: target.metadata?.uid ?? '', node: target.spec?.nodeName ?? '' },
      meilisearch: { version: engine.version, commit: engine.commit },
      indexes: cutToBytes(engine.indexes),
      databaseSizeBytes: String(engine.databaseSizeBytes),
      source: { claim: volume?.claimName ?? '', path: volume?.subPath ?? '' },
    },
    source: { directory: podMountPaths.source, fileName: volume?.fileName ?? 'data.ms.snapshot' },
    destination: { root: podMountPaths.destination, path: claim.path ?? instance.metadata.name, directory: artifactDirectory(snapshot), claim: claim.name },
    batches: batchesOf(engine.candidates, snapshot.status?.task),
    allowedSkewMs: volume?.accessModes?.includes('ReadWriteMany') === true ? skewMs.network : skewMs.local,
    verification: snapshot.spec.verification.mode,
    attempt: `${snapshot.status?.request?.attempt ?? 1}-${snapshot.status?.move?.attempt ?? 1}`,
    deadlineSeconds,
    stallSeconds,
  }
}

/** Oldest first. The batch on record is one of them, also where Meilisearch has deleted its task since. */
function batchesOf(candidates: readonly SnapshotTask[], recorded: SnapshotTask | undefined): MoverConfig['batches'] {
  const known = recorded === undefined ? candidates : [recorded, ...candidates.filter(({ uid }) => uid !== recorded.uid)].toSorted((a, b) => a.uid - b.uid)
  return known.flatMap(({ uid, batchUid, status, enqueuedAt, startedAt, finishedAt }) =>
    status === 'succeeded' && batchUid !== undefined && startedAt !== undefined && finishedAt !== undefined ? [{ taskUid: uid, batchUid, enqueuedAt, startedAt, finishedAt }] : [],
  )
}

function cutToBytes(indexes: EngineAnswer['indexes']): { uid: string; documents: number }[] {
  let bytes = 0
  return indexes.filter((index) => (bytes += JSON.stringify(index).length) <= maxIndexListBytes).map(({ uid, documents }) => ({ uid, documents }))
}
