// A release of Meilisearch's official Helm chart as it stands in a cluster: the objects of the chart (charts/meilisearch in
// meilisearch/meilisearch-kubernetes), and what the cluster's controllers would make of them: the pod with its address, the bound claim.
import type { V1Pod } from '@kubernetes/client-node'
import { configMaps, persistentVolumeClaims, pods, secrets, statefulSets } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import type { KubeApi } from '../../support/kubernetes/kube-api.ts'

export interface Release {
  readonly namespace: string
  /** Without `meilisearch` in it the chart appends it: `movies` is served by `movies-meilisearch`. */
  readonly name: string
  /** Where the real server listens. */
  readonly port: number
  readonly masterKey: string
  /** values.yaml: persistence.enabled. */
  readonly isPersistent?: boolean
  readonly replicas?: number
  /** Laid over the pod template's spec. */
  readonly podSpec?: object
}

export const fullName = ({ name }: Pick<Release, 'name'>): string =>
  name.includes('meilisearch') ? name : `${name}-meilisearch`

const selectorLabels = ({ name }: Release): Record<string, string> => ({
  'app.kubernetes.io/name': 'meilisearch',
  'app.kubernetes.io/instance': name,
})

export async function installRelease(api: KubeApi, release: Release): Promise<void> {
  const { namespace, port, masterKey, isPersistent = true, replicas = 1 } = release
  const name = fullName(release)
  const labels = {
    'helm.sh/chart': 'meilisearch-0.16.0',
    ...selectorLabels(release),
    'app.kubernetes.io/version': 'v1.21.0',
    'app.kubernetes.io/component': 'search-engine',
    'app.kubernetes.io/part-of': 'meilisearch',
    'app.kubernetes.io/managed-by': 'Helm',
  }
  const template = { metadata: { labels }, spec: { ...podSpec(release), ...release.podSpec } }
  const make = (resource: Resource, rest: object): Promise<KubeObject> => create(api, resource, rest)
  await make(configMaps, {
    metadata: { namespace, name: `${name}-environment`, labels },
    data: { MEILI_ENV: 'production', MEILI_NO_ANALYTICS: 'true', MEILI_HTTP_ADDR: `0.0.0.0:${port}` },
  })
  await make(secrets, {
    metadata: { namespace, name: `${name}-master-key`, labels },
    stringData: { MEILI_MASTER_KEY: masterKey },
  })
  const statefulSet = await make(statefulSets, {
    metadata: { namespace, name, labels },
    spec: { replicas, serviceName: name, selector: { matchLabels: selectorLabels(release) }, template },
  })
  for (let index = 0; index < replicas; index += 1) await startPod(api, statefulSet, { template, index })
  if (isPersistent) await createBoundClaim(api, { namespace, name })
}

function podSpec({ name, isPersistent = true }: Release): object {
  const full = fullName({ name })
  const volume = isPersistent ? { name: 'data', persistentVolumeClaim: { claimName: full } } : undefined
  return {
    automountServiceAccountToken: false,
    ...(volume === undefined ? {} : { volumes: [volume] }),
    containers: [
      {
        name: 'meilisearch',
        image: 'getmeili/meilisearch:v1.21.0',
        ...(volume === undefined ? {} : { volumeMounts: [{ name: 'data', mountPath: '/meili_data' }] }),
        envFrom: [{ configMapRef: { name: `${full}-environment` } }, { secretRef: { name: `${full}-master-key` } }],
        ports: [{ name: 'http', containerPort: 7700, protocol: 'TCP' }],
      },
    ],
  }
}

async function startPod(
  api: KubeApi,
  statefulSet: KubeObject,
  { template, index }: { template: { metadata: { labels: Record<string, string> }; spec: object }; index: number },
): Promise<void> {
  const { name, namespace = '', uid = '' } = statefulSet.metadata
  const podName = `${name}-${index}`
  const labels = {
    ...template.metadata.labels,
    'statefulset.kubernetes.io/pod-name': podName,
    'apps.kubernetes.io/pod-index': String(index),
    'controller-revision-hash': `${name}-7c9`,
  }
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true, blockOwnerDeletion: true },
  ]
  await createRunningPod(api, { metadata: { namespace, name: podName, labels, ownerReferences }, spec: template.spec })
}

/** On a node that there is not, with the address of this machine. */
export async function createRunningPod(api: KubeApi, pod: { metadata: object; spec: object }): Promise<void> {
  const created = await create(api, pods, { metadata: pod.metadata, spec: { nodeName: 'node-a', ...pod.spec } })
  const status: V1Pod['status'] = { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] }
  await api.kube.updateStatus(pods, { ...created, status } as KubeObject)
}

export async function createBoundClaim(api: KubeApi, metadata: { namespace: string; name: string }): Promise<void> {
  const claim = await create(api, persistentVolumeClaims, {
    metadata,
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
  })
  await api.kube.updateStatus(persistentVolumeClaims, {
    ...claim,
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' } },
  } as KubeObject)
}

export async function create(api: KubeApi, resource: Resource, rest: object): Promise<KubeObject> {
  return await api.kube.create(resource, {
    apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    ...rest,
  } as unknown as KubeObject)
}
