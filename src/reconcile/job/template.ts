// Builds the Job around each command of the mover: restricted, without a token, one try (the operator counts them). Pure.
import type { V1Container, V1Job, V1PodSpec, V1SecurityContext, V1VolumeMount } from '@kubernetes/client-node'
import type { ObjectMeta } from '../../api/meta.ts'
import type { MeiliSnapshotSpec } from '../../api/snapshot.ts'
import { exitCodes } from '../../mover/contract.ts'
import type { MoverConfig } from '../../mover/contract.ts'

export const moverContainer = 'mover'
export const configVariable = 'MOVER_CONFIG'
/** On the Job and its pods: what that mover does. */
export const commandLabel = 'meili-operator.dev/command'

/** The mover gives up by itself before the Job would take its pod, and its message, away. */
const jobGraceSeconds = 600

/** After its end. The operator removes what it needs no more; this is for what it could not, and for the log of a failure. */
const jobLifetimeSeconds = 3600

/** What is said of any mover's image, as the operator was configured. */
export interface MoverImage {
  readonly moverImage: string
  readonly imagePullSecrets: readonly string[]
}

/** The object for which a Job works. */
export interface JobOwner {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid'>
}

export interface JobTask extends MoverImage {
  readonly owner: JobOwner
  /** On the Job and its pods, beside the command: whose they are, and how they are found. */
  readonly labels: Readonly<Record<string, string>>
  /** What the user says of the pod. */
  readonly mover: MeiliSnapshotSpec['mover']
  readonly name: string
  readonly config: MoverConfig
  readonly deadlineSeconds: number
  /** Volumes, user and node. */
  readonly pod: Pick<
    V1PodSpec,
    | 'volumes'
    | 'securityContext'
    | 'affinity'
    | 'tolerations'
    | 'nodeSelector'
    | 'initContainers'
    | 'dnsPolicy'
    | 'dnsConfig'
  >
  readonly volumeMounts: V1VolumeMount[]
  readonly annotations?: Record<string, string>
  /** False: it outlives the object. */
  readonly owned: boolean
}

/** `<name>-<8 of the UID>-<suffix>`, at most 63 characters. */
export function jobNameOf(
  { metadata }: { readonly metadata: Pick<ObjectMeta, 'name' | 'uid'> },
  suffix: string,
): string {
  const tail = `-${metadata.uid.slice(0, 8)}-${suffix}`
  return `${metadata.name.slice(0, 63 - tail.length).replace(/[-.]+$/, '')}${tail}`
}

export function jobTemplate(task: JobTask): V1Job {
  const { apiVersion, kind, metadata } = task.owner
  const { namespace, name, uid } = metadata
  const labels = { ...task.labels, [commandLabel]: task.config.command }
  const owner = {
    apiVersion,
    kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: task.name,
      namespace,
      labels,
      ...(task.annotations === undefined ? {} : { annotations: task.annotations }),
      ...(task.owned ? { ownerReferences: [owner] } : {}),
    },
    spec: {
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: task.deadlineSeconds + jobGraceSeconds,
      ttlSecondsAfterFinished: jobLifetimeSeconds,
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailJob', onExitCodes: { containerName: moverContainer, operator: 'In', values: terminalCodes } },
        ],
      },
      template: {
        metadata: {
          labels: { ...labels, 'sidecar.istio.io/inject': 'false' },
          annotations: { 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' },
        },
        spec: podSpec(task),
      },
    },
  }
}

const terminalCodes = Object.values(exitCodes).filter((code) => code !== exitCodes.done)
export const restricted: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}

/** What runs in every container of a mover. */
export function moverProgram({
  mover,
  moverImage,
}: Pick<JobTask, 'mover' | 'moverImage'>): Omit<V1Container, 'name' | 'env' | 'volumeMounts'> {
  return {
    image: moverImage,
    imagePullPolicy: 'IfNotPresent',
    command: ['/nodejs/bin/node', '/app/mover.js'],
    resources: {
      requests: asText({ cpu: '100m', memory: '96Mi', ...mover.resources?.requests }),
      limits: asText({ cpu: '2', memory: '256Mi', ...mover.resources?.limits }),
    },
    securityContext: restricted,
  }
}

function podSpec(task: JobTask): V1PodSpec {
  const { mover, config, pod, volumeMounts, imagePullSecrets } = task
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    ...pod,
    ...(mover.priorityClassName === undefined ? {} : { priorityClassName: mover.priorityClassName }),
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    containers: [
      {
        ...moverProgram(task),
        name: moverContainer,
        env: [{ name: configVariable, value: JSON.stringify(config) }],
        volumeMounts,
      },
    ],
  }
}

export function asText(quantities: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).map(([resource, quantity]) => [resource, String(quantity)]))
}
