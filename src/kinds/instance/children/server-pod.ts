// Builds the pod of a managed server: Pod Security "restricted", the image's own entry point, and probes that never end an import or an upgrade. Pure.
import type {
  V1Affinity,
  V1Container,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node'
import type { ManagedServer, MeiliInstance } from '../../../api/instance.ts'
import { withoutUndefined } from '../../../api/json.ts'
import {
  baseName,
  childLabels,
  childSharedLabels,
  claimNameOf,
  masterKeyReference,
  serverContainer,
  serverPort,
  serverPortName,
} from '../../../reconcile/names/objects.ts'
import { paths, serverSettings } from './server-settings.ts'
import type { ServerSettings } from './server-settings.ts'

/** How the server shall run now; while an upgrade waits it is not what spec says. */
export interface Run {
  readonly version: string
  readonly upgrade: boolean
  readonly replicas: 0 | 1
  /** The exchange of its data for which it is stopped. */
  readonly stoppedFor?: string | undefined
  /** Of the master key: another one makes another pod. */
  readonly keyFingerprint: string
  /** Its pod has an IPv6 address, or that first. */
  readonly ipv6: boolean
  /** The claim with the data, and the number that it says it has. Without it: the one that a new server gets. */
  readonly data?: { readonly claimName: string; readonly generation: number | undefined } | undefined
}

export const keyAnnotation = 'meili-operator.dev/master-key'

/** Killed snapshots leave a full copy of the database in TMPDIR, each; no server runs while this does. */
const start = 'set -e; mkdir -p "$TMPDIR" "$MEILI_SNAPSHOT_DIR"; rm -rf "$TMPDIR"/.tmp*; exec /bin/meilisearch "$@"'

export function serverTemplate(instance: MeiliInstance, managed: ManagedServer, run: Run): V1PodTemplateSpec {
  return {
    metadata: {
      labels: { ...managed.podLabels, ...childLabels(instance) },
      annotations: { ...managed.podAnnotations, [keyAnnotation]: run.keyFingerprint },
    },
    spec: {
      ...placement(managed),
      ...fixedFields(managed),
      containers: [container(instance, managed, run)],
      volumes: volumesOf(instance, managed, run).map(({ volume }) => volume),
    },
  }
}

function placement(managed: ManagedServer): Partial<V1PodSpec> {
  const {
    nodeSelector,
    affinity,
    tolerations,
    topologySpreadConstraints,
    priorityClassName,
    serviceAccountName,
    image,
  } = managed
  const spread = topologySpreadConstraints?.map((constraint) => ({
    ...constraint,
    labelSelector: constraint.labelSelector ?? { matchLabels: { ...childSharedLabels } },
  }))
  return withoutUndefined({
    nodeSelector,
    affinity: affinity as V1Affinity | undefined,
    tolerations,
    topologySpreadConstraints: spread,
    priorityClassName,
    serviceAccountName,
    imagePullSecrets: image.pullSecrets,
  })
}

function fixedFields({ podSecurityContext }: ManagedServer): Partial<V1PodSpec> {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 60,
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
      ...withoutUndefined<object>(podSecurityContext ?? {}),
      runAsNonRoot: true,
      fsGroupChangePolicy: 'OnRootMismatch',
    },
  }
}

function container(instance: MeiliInstance, managed: ManagedServer, run: Run): V1Container {
  const { env, args } = settingsOf(instance, managed, run)
  const health = { httpGet: { path: '/health', port: serverPortName }, timeoutSeconds: 5 }
  return {
    name: serverContainer,
    image: `${managed.image.repository}:v${run.version}`,
    imagePullPolicy: managed.image.pullPolicy,
    args: ['/bin/sh', '-c', start, 'meilisearch', ...args],
    env,
    ports: [{ name: serverPortName, containerPort: serverPort, protocol: 'TCP' }],
    ...(managed.resources === undefined ? {} : { resources: withoutUndefined<object>(managed.resources) }),
    // An upgrade, an import or a compaction takes as long as it takes: up to a day.
    startupProbe: { ...health, periodSeconds: 1, failureThreshold: 86_400 },
    readinessProbe: { ...health, periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { tcpSocket: { port: serverPortName }, timeoutSeconds: 10, periodSeconds: 30, failureThreshold: 10 },
    securityContext: {
      ...withoutUndefined<object>(managed.securityContext ?? {}),
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: volumesOf(instance, managed, run).map(({ mount }) => mount),
  }
}

export function settingsOf(
  instance: MeiliInstance,
  managed: ManagedServer,
  { upgrade, ipv6 }: Pick<Run, 'upgrade' | 'ipv6'> = { upgrade: false, ipv6: false },
): ServerSettings {
  const directories = {
    snapshots: hasSnapshotVolume(managed)
      ? `${paths.snapshots}/meilisearch/${baseName(instance)}`
      : `${paths.data}/snapshots`,
    temporary: managed.scratch === undefined ? `${paths.data}/tmp` : paths.scratch,
  }
  return serverSettings(managed, masterKeyReference(instance), { directories, upgrade, ipv6 })
}

/** A claim is mounted once: snapshots on the storage's own claim are on the storage. */
export function hasSnapshotVolume({ storage, snapshots }: ManagedServer): boolean {
  return snapshots !== undefined && (snapshots.claimName === undefined || snapshots.claimName !== storage.claimName)
}

interface Mounted {
  readonly volume: V1Volume
  readonly mount: V1VolumeMount
}

function volumesOf(instance: MeiliInstance, managed: ManagedServer, { data }: Pick<Run, 'data'>): Mounted[] {
  const { storage, snapshots, scratch } = managed
  const onClaim = (role: 'data' | 'snapshots' | 'scratch', claimName?: string): Mounted => ({
    volume: { name: role, persistentVolumeClaim: { claimName: claimName ?? claimNameOf(instance, role) } },
    mount: { name: role, mountPath: paths[role] },
  })
  const mounted = [onClaim('data', storage.claimName ?? data?.claimName)]
  if (hasSnapshotVolume(managed)) mounted.push(onClaim('snapshots', snapshots?.claimName))
  if (scratch?.memory !== undefined)
    mounted.push({
      volume: { name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: String(scratch.memory) } },
      mount: { name: 'scratch', mountPath: paths.scratch },
    })
  else if (scratch !== undefined) mounted.push(onClaim('scratch'))
  return mounted
}
