// A Meilisearch server as people run one: a StatefulSet of one with a claim, non-root, key protected. Builders of plain objects.

export interface ServerOptions {
  readonly namespace: string
  readonly name: string
  readonly image: string
  readonly masterKey: string
  /** Its release of the official chart: its pods and its Service go by this name. */
  readonly release?: string
  /** Runs it on this node. */
  readonly node?: string
  /** As the plain image does by default. */
  readonly asRoot?: boolean
  /** Where the snapshot directory is: on the data claim, on an emptyDir, on the container's own file system, on a claim of its own, or in a directory of the node. */
  readonly snapshotsOn?:
    | 'data'
    | 'emptyDir'
    | 'container'
    | { readonly claimName: string }
    | { readonly hostPath: string }
  /** TMPDIR is a small disk of its own, in memory. */
  readonly temporaryBytes?: number
  /** Class of the data claim. */
  readonly storageClassName?: string
  /** In the node's network, where a test can stand between it and the operator. */
  readonly hostNetwork?: boolean
  /** More of Meilisearch's own flags. */
  readonly args?: readonly string[]
}

export const serverLabels = (name: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'meilisearch',
  'app.kubernetes.io/instance': name,
})

export function secretOf({ namespace, name, masterKey }: ServerOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: `${name}-keys` },
    stringData: { MEILI_MASTER_KEY: masterKey },
  }
}

const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}
const restrictedPod = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  fsGroup: 1000,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
}

interface Mounted {
  readonly volumes: readonly object[]
  readonly mounts: readonly object[]
}

const nothing: Mounted = { volumes: [], mounts: [] }

const volumeAt = (name: string, source: object): Mounted => ({
  volumes: [{ name, ...source }],
  mounts: [{ name, mountPath: `/${name}` }],
})

function snapshotVolume({ snapshotsOn = 'data' }: ServerOptions): Mounted {
  if (snapshotsOn === 'data' || snapshotsOn === 'container') return nothing
  if (snapshotsOn === 'emptyDir') return volumeAt('snapshots', { emptyDir: {} })
  return volumeAt(
    'snapshots',
    'hostPath' in snapshotsOn
      ? { hostPath: { path: snapshotsOn.hostPath, type: 'Directory' } }
      : { persistentVolumeClaim: snapshotsOn },
  )
}

function temporaryVolume({ temporaryBytes }: ServerOptions): Mounted {
  return temporaryBytes === undefined
    ? nothing
    : volumeAt('temporary', { emptyDir: { medium: 'Memory', sizeLimit: String(temporaryBytes) } })
}

export function statefulSetOf(options: ServerOptions): object {
  const { namespace, name, image, node, asRoot = false, snapshotsOn = 'data', args = [] } = options
  const labels = serverLabels(options.release ?? name)
  const extra = [snapshotVolume(options), temporaryVolume(options)]
  const env = [
    { name: 'MEILI_ENV', value: 'production' },
    { name: 'MEILI_NO_ANALYTICS', value: 'true' },
    { name: 'MEILI_DB_PATH', value: '/meili_data/data.ms' },
    {
      name: 'MEILI_SNAPSHOT_DIR',
      value:
        snapshotsOn === 'data'
          ? '/meili_data/snapshots'
          : snapshotsOn === 'container'
            ? '/tmp/snapshots'
            : '/snapshots',
    },
    { name: 'TMPDIR', value: options.temporaryBytes === undefined ? '/meili_data' : '/temporary' },
    { name: 'MEILI_MASTER_KEY', valueFrom: { secretKeyRef: { name: `${name}-keys`, key: 'MEILI_MASTER_KEY' } } },
  ]
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { namespace, name, labels },
    spec: {
      replicas: 1,
      serviceName: name,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
          ...(options.hostNetwork === true ? { hostNetwork: true } : {}),
          terminationGracePeriodSeconds: 10,
          securityContext: asRoot ? {} : restrictedPod,
          containers: [
            {
              name: 'meilisearch',
              image,
              imagePullPolicy: 'IfNotPresent',
              ...(args.length === 0 ? {} : { args: ['/bin/meilisearch', ...args] }),
              ports: [{ name: 'http', containerPort: 7700 }],
              env,
              envFrom: [{ configMapRef: { name: `${name}-settings`, optional: true } }],
              securityContext: asRoot
                ? {}
                : { ...restrictedContainer, readOnlyRootFilesystem: snapshotsOn !== 'container' },
              readinessProbe: { httpGet: { path: '/health', port: 'http' }, periodSeconds: 1 },
              volumeMounts: [{ name: 'data', mountPath: '/meili_data' }, ...extra.flatMap(({ mounts }) => mounts)],
            },
          ],
          volumes: extra.flatMap(({ volumes }) => volumes),
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            ...(options.storageClassName === undefined ? {} : { storageClassName: options.storageClassName }),
            resources: { requests: { storage: '1Gi' } },
          },
        },
      ],
    },
  }
}

/** The Service of the official chart. */
export function serviceOf({ namespace, name, release = name }: ServerOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, labels: serverLabels(release) },
    spec: {
      type: 'ClusterIP',
      ports: [{ port: 7700, targetPort: 'http', protocol: 'TCP', name: 'http' }],
      selector: serverLabels(release),
    },
  }
}

export function claimOf(place: {
  namespace: string
  name: string
  accessModes?: readonly string[]
  storageClassName?: string
}): object {
  const { namespace, name, accessModes = ['ReadWriteOnce'], storageClassName } = place
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name },
    spec: {
      accessModes,
      ...(storageClassName === undefined ? {} : { storageClassName }),
      resources: { requests: { storage: '1Gi' } },
    },
  }
}

export function instanceOf({ namespace, name, release = name }: ServerOptions, existing: object = {}): object {
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliInstance',
    metadata: { namespace, name },
    spec: {
      existing: {
        podSelector: { matchLabels: serverLabels(release) },
        apiKeySecretRef: { name: `${name}-keys`, key: 'MEILI_MASTER_KEY' },
        ...existing,
      },
    },
  }
}

/** `spec` is laid over one that asks for a snapshot of `instance` onto claim `backups`. */
export function snapshotOf(
  place: { namespace: string; name: string; instance: string; claim?: object },
  spec: object = {},
): object {
  const { namespace, name, instance, claim = { name: 'backups' } } = place
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { namespace, name },
    spec: { source: { instanceRef: { name: instance } }, destination: { claim }, ...spec },
  }
}
