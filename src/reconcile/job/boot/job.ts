// Builds the Job in which a server is started on a copy of a stored snapshot, asked, and thrown away: fill → the engine beside → inspect. Pure.
// Nothing reaches that server, and it reaches nothing: loopback alone, no key, no token, no resolver, a dead proxy (egress.ts says from which version that holds).
import type { V1Container, V1Job, V1PodSecurityContext, V1PodSpec, V1Volume } from '@kubernetes/client-node'
import type { FillConfig, InspectConfig } from '../../../mover/contract.ts'
import { databaseDirectory } from '../../names/objects.ts'
import { configVariable, jobTemplate, moverProgram } from '../template.ts'
import type { JobTask } from '../template.ts'
import { cutOff, dataMount, dataPath, engineEndpoint, engineOf } from './engine.ts'
import type { Engine } from './engine.ts'

export const fillContainer = 'fill'

const sourcePath = '/source'

export interface BootSource {
  readonly claimName: string
  /** From the root of the claim: the artifact's directory, or the bare file. */
  readonly path: string
  readonly fileName: string
  readonly sizeBytes: number
  readonly sha256: string
  /** What is right: else nothing is started. */
  readonly meilisearchVersion?: string | undefined
  readonly uncompressedBytes?: number | undefined
  /** A bare snapshot file: there is no manifest to compare with. */
  readonly isFile?: boolean | undefined
  /** How many there were, as far as that is on record. */
  readonly indexes?: number | undefined
}

export interface BootTask
  extends Engine, Pick<JobTask, 'owner' | 'labels' | 'mover' | 'name' | 'moverImage' | 'imagePullSecrets'> {
  readonly source: BootSource
  /** Of the volume, in bytes. */
  readonly volumeBytes: number
  readonly storageClassName?: string | undefined
  readonly queries?: InspectConfig['queries'] | undefined
  readonly attempt: number
  readonly deadlineSeconds: number
  /** As whom all three run: whoever may read the artifact. Without it 1000. */
  readonly securityContext?: V1PodSecurityContext | undefined
  readonly placement: Pick<V1PodSpec, 'affinity' | 'tolerations' | 'nodeSelector'>
}

const gibibyte = 1024 ** 3
/** A quarter on top, for what an engine writes to what it opens, and at least a GiB. */
export function volumeBytesFor(uncompressedBytes: number): number {
  return Math.ceil((uncompressedBytes + Math.max(gibibyte, uncompressedBytes / 4)) / 1024 ** 2) * 1024 ** 2
}

export function bootJob(task: BootTask): V1Job {
  const { owner, labels, mover, name, moverImage, imagePullSecrets, deadlineSeconds } = task
  return jobTemplate({
    owner,
    labels,
    mover,
    name,
    moverImage,
    imagePullSecrets,
    config: inspectConfigOf(task),
    deadlineSeconds,
    pod: {
      ...task.placement,
      securityContext: task.securityContext ?? ordinaryUser,
      volumes: volumesOf(task),
      initContainers: [fillOf(task), engineOf(task)],
      ...cutOff,
    },
    volumeMounts: task.source.isFile === true ? [] : [sourceMount],
    owned: true,
  })
}

const ordinaryUser: V1PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  fsGroup: 1000,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
}

const sourceMount = { name: 'source', mountPath: sourcePath, readOnly: true }

/** The volume goes with the pod, whatever becomes of the operator. */
function volumesOf({ source, labels, storageClassName, volumeBytes }: BootTask): V1Volume[] {
  return [
    { name: 'source', persistentVolumeClaim: { claimName: source.claimName, readOnly: true } },
    {
      name: 'data',
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { labels: { ...labels } },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: String(volumeBytes) } },
            ...(storageClassName === undefined ? {} : { storageClassName }),
          },
        },
      },
    },
  ]
}

const objectOf = ({ owner: { metadata } }: BootTask): InspectConfig['object'] => ({
  uid: metadata.uid,
  namespace: metadata.namespace,
  name: metadata.name,
})

function inspectConfigOf(task: BootTask): InspectConfig {
  const { source, queries = [], deadlineSeconds } = task
  const { claimName: claim, path, indexes } = source
  return {
    command: 'inspect',
    object: objectOf(task),
    endpoint: engineEndpoint,
    ...(source.isFile === true ? {} : { artifact: { root: sourcePath, claim, path } }),
    ...(indexes === undefined ? {} : { indexes }),
    queries: [...queries],
    deadlineSeconds,
  }
}

/** No byte for this long is a stall. */
const stallSeconds = 120

function fillConfigOf(task: BootTask): FillConfig {
  const { owner, source, attempt, deadlineSeconds } = task
  const { claimName: claim, path, fileName, sizeBytes, sha256, meilisearchVersion, uncompressedBytes } = source
  return {
    command: 'fill',
    object: objectOf(task),
    source: { root: sourcePath, claim, path, fileName, sizeBytes, sha256 },
    destination: { root: dataPath, claim: 'the volume of this pod', directory: databaseDirectory },
    describes: {
      restore: owner.metadata.name,
      restoreUid: owner.metadata.uid,
      sha256,
      path,
      sourceClaim: claim,
      ...(meilisearchVersion === undefined ? {} : { meilisearchVersion }),
    },
    ...(uncompressedBytes === undefined ? {} : { uncompressedBytes }),
    attempt: String(attempt),
    deadlineSeconds,
    stallSeconds,
  }
}

const fillOf = (task: BootTask): V1Container => ({
  ...moverProgram(task),
  name: fillContainer,
  env: [{ name: configVariable, value: JSON.stringify(fillConfigOf(task)) }],
  volumeMounts: [sourceMount, dataMount],
})
