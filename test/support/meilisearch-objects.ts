// A Meilisearch server as people run one: a StatefulSet of one with a claim, non-root, key protected. Builders of plain objects.

export interface ServerOptions {
  readonly namespace: string
  readonly name: string
  readonly image: string
  readonly masterKey: string
  /** Runs it on this node. */
  readonly node?: string
  /** As the plain image does by default. */
  readonly asRoot?: boolean
  /** Where the snapshot directory is: on the data claim, on an emptyDir, or on a claim of its own. */
  readonly snapshotsOn?: 'data' | 'emptyDir' | { readonly claimName: string }
  /** More of Meilisearch's own flags. */
  readonly args?: readonly string[]
}

export const serverLabels = (name: string): Record<string, string> => ({ 'app.kubernetes.io/name': 'meilisearch', 'app.kubernetes.io/instance': name })

export function secretOf({ namespace, name, masterKey }: ServerOptions): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: `${name}-keys` }, stringData: { MEILI_MASTER_KEY: masterKey } }
}

const restrictedContainer = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
const restrictedPod = { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } }

function snapshotVolume({ snapshotsOn = 'data' }: ServerOptions): { volumes: object[]; mounts: object[] } {
  if (snapshotsOn === 'data') return { volumes: [], mounts: [] }
  const source = snapshotsOn === 'emptyDir' ? { emptyDir: {} } : { persistentVolumeClaim: snapshotsOn }
  return { volumes: [{ name: 'snapshots', ...source }], mounts: [{ name: 'snapshots', mountPath: '/snapshots' }] }
}

export function statefulSetOf(options: ServerOptions): object {
  const { namespace, name, image, node, asRoot = false, snapshotsOn = 'data', args = [] } = options
  const labels = serverLabels(name)
  const { volumes, mounts } = snapshotVolume(options)
  const env = [
    { name: 'MEILI_ENV', value: 'production' },
    { name: 'MEILI_NO_ANALYTICS', value: 'true' },
    { name: 'MEILI_DB_PATH', value: '/meili_data/data.ms' },
    { name: 'MEILI_SNAPSHOT_DIR', value: snapshotsOn === 'data' ? '/meili_data/snapshots' : '/snapshots' },
    { name: 'TMPDIR', value: '/meili_data' },
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
              securityContext: asRoot ? {} : restrictedContainer,
              readinessProbe: { httpGet: { path: '/health', port: 'http' }, periodSeconds: 1 },
              volumeMounts: [{ name: 'data', mountPath: '/meili_data' }, ...mounts],
            },
          ],
          volumes,
        },
      },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
    },
  }
}

export function claimOf(place: { namespace: string; name: string; accessModes?: readonly string[]; storageClassName?: string }): object {
  const { namespace, name, accessModes = ['ReadWriteOnce'], storageClassName } = place
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name },
    spec: { accessModes, ...(storageClassName === undefined ? {} : { storageClassName }), resources: { requests: { storage: '1Gi' } } },
  }
}

export function instanceOf({ namespace, name }: ServerOptions, existing: object = {}): object {
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliInstance',
    metadata: { namespace, name },
    spec: { existing: { podSelector: { matchLabels: serverLabels(name) }, apiKeySecretRef: { name: `${name}-keys`, key: 'MEILI_MASTER_KEY' }, ...existing } },
  }
}

/** `spec` is laid over one that asks for a snapshot of `instance` onto claim `backups`. */
export function snapshotOf(place: { namespace: string; name: string; instance: string; claim?: object }, spec: object = {}): object {
  const { namespace, name, instance, claim = { name: 'backups' } } = place
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { namespace, name },
    spec: { source: { instanceRef: { name: instance } }, destination: { claim }, ...spec },
  }
}
