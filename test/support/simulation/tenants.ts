// The objects of one tenant: a namespace with servers that run, their MeiliInstances, and snapshots of each that wait.
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import type { ApiServer } from './cluster/api-server.ts'

export interface TenantServer {
  readonly namespace: string
  readonly name: string
  readonly address: string
}

/** Servers of a tenant by its number: each has an address of its own. */
export function serversOf(tenant: number, count: number): readonly TenantServer[] {
  return Array.from({ length: count }, (_, index) => ({
    namespace: `tenant-${String(tenant).padStart(2, '0')}`,
    name: `search-${String(index).padStart(2, '0')}`,
    address: `10.${tenant}.${Math.floor(index / 200)}.${(index % 200) + 1}`,
  }))
}

export function putServer({ store }: ApiServer, { namespace, name, address }: TenantServer): void {
  const claimName = `${name}-data`
  store.put('persistentvolumeclaims', claim(namespace, claimName))
  store.put('secrets', secret(namespace, `${name}-key`))
  store.put('pods', serverPod({ namespace, name, address }, claimName))
  store.put('meiliinstances', {
    ...typeOf(meiliInstances),
    metadata: { namespace, name },
    spec: meiliInstances.spec.parse({
      existing: {
        podSelector: { matchLabels: { app: name } },
        apiKeySecretRef: { name: `${name}-key`, key: 'key' },
      },
    }),
  } as KubeObject)
}

/** Where all snapshots of a namespace go. */
export function putDestination({ store }: ApiServer, namespace: string): void {
  store.put('persistentvolumeclaims', claim(namespace, 'backups', 'ReadWriteMany'))
}

export interface SnapshotOf {
  readonly server: TenantServer
  readonly name: string
  readonly spec?: object
}

export function putSnapshot({ store }: ApiServer, { server, name, spec = {} }: SnapshotOf): void {
  store.put('meilisnapshots', {
    ...typeOf(meiliSnapshots),
    metadata: { namespace: server.namespace, name },
    spec: meiliSnapshots.spec.parse({
      source: { instanceRef: { name: server.name } },
      destination: { claim: { name: 'backups' } },
      ...spec,
    }),
  } as KubeObject)
}

const typeOf = ({ group, version, kind }: { group: string; version: string; kind: string }): object => ({
  apiVersion: `${group}/${version}`,
  kind,
})

const claim = (namespace: string, name: string, mode = 'ReadWriteOnce'): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name },
    spec: { accessModes: [mode], volumeMode: 'Filesystem' },
    status: { phase: 'Bound' },
  }) as KubeObject

const secret = (namespace: string, name: string): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name },
    data: { key: Buffer.from('a-key-of-the-simulation').toString('base64') },
  }) as KubeObject

function serverPod({ namespace, name, address }: TenantServer, claimName: string): KubeObject {
  const container = {
    name: 'meilisearch',
    image: 'getmeili/meilisearch:v1.21.0',
    ports: [{ containerPort: 7700 }],
    env: [
      { name: 'MEILI_DB_PATH', value: '/meili_data/data.ms' },
      { name: 'MEILI_SNAPSHOT_DIR', value: '/meili_data/snapshots' },
    ],
    volumeMounts: [{ name: 'data', mountPath: '/meili_data' }],
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: `${name}-0`, labels: { app: name } },
    spec: {
      nodeName: `node-${address.length % 12}`,
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
      containers: [container],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
    status: { phase: 'Running', podIP: address, conditions: [{ type: 'Ready', status: 'True' }] },
  } as KubeObject
}
