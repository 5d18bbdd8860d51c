// Managed instances in a namespace of a real API server, reconciled pass by pass with the operator's own rights, and a real Meilisearch where a pod would be.
import { randomInt } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import type { Condition } from '../../../src/api/meta.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import type { MeiliRestore } from '../../../src/api/restore.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { instanceKind } from '../../../src/kinds/instance/controller.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { persistentVolumeClaims, pods, secrets, services, statefulSets } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import { KubeApi } from '../kubernetes/kube-api.ts'
import { managedOf } from './managed-objects.ts'
import { Meilisearches } from './process.ts'
import { recordingLogger } from '../runtime/log.ts'
import { instancesIn, snapshotsIn } from '../builders/caches.ts'

type Instance = MeiliInstance & KubeObject

const kinds: readonly Resource[] = [meiliInstances, statefulSets, services, persistentVolumeClaims, secrets, pods]

/** One for a file; each test has a namespace of its own. */
class ManagedInstances {
  api!: KubeApi
  /** With the rights of the operator. */
  kube!: KubeClient
  namespace = ''
  events: string[] = []
  readonly servers = new Meilisearches()
  /** A loopback address of its own: managed servers always listen on 7700. */
  readonly #address = `127.${randomInt(1, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}`

  readonly apply = async (managed: object = {}, spec: object = {}, name = 'movies'): Promise<string> =>
    await this.api.kubectl.apply(managedOf({ namespace: this.namespace, name }, managed, spec))
  // oxlint-disable-next-line typescript/no-explicit-any -- objects of every kind
  readonly get = async <T = Record<string, any>>(resource: Resource, name: string): Promise<T & KubeObject> =>
    (await this.api.kube.get(resource, { namespace: this.namespace, name })) as unknown as T & KubeObject
  readonly names = async (resource: Resource): Promise<string[]> =>
    (await this.api.kube.listAll(resource, { namespace: this.namespace }))
      .map(({ metadata }) => metadata.name)
      .toSorted()
  readonly applied = ({ status }: MeiliInstance): Condition | undefined =>
    status?.conditions?.find(({ type }) => type === 'Applied')

  readonly pass = async (name = 'movies'): Promise<Instance | undefined> => {
    const { kube, namespace } = this
    const all = await this.api.kube.listAll<Instance>(meiliInstances, { namespace })
    const snapshots = await this.api.kube.listAll<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace })
    const restores = await this.api.kube.listAll<MeiliRestore & KubeObject>(meiliRestores, { namespace })
    const connections = new Connections(kube)
    const performer = new Performer({ kube, connections, isLeader: () => true, record: () => undefined })
    const reconcile = reconcilerOf(
      instanceKind({
        kube,
        connections,
        ...instancesIn(all, restores),
        snapshots: snapshotsIn(snapshots),
        pollMs: 60_000,
        streaming: false,
        runsServers: true,
        ipv6: false,
      }),
      {
        get: () => all.find(({ metadata }) => metadata.name === name),
        kube,
        perform: performer.perform.bind(performer),
        record: (_, { type, reason, message }) => this.events.push(`${type} ${reason}: ${message}`),
        logger: recordingLogger().logger,
        nowMs: Date.now,
      },
    )
    await reconcile(`${namespace}/${name}`)
    return (await this.api.kube.listAll<Instance>(meiliInstances, { namespace })).find(
      ({ metadata }) => metadata.name === name,
    )
  }

  /** Until a pass changes nothing any more. */
  readonly settle = async (name = 'movies'): Promise<Instance> => {
    for (let round = 0; round < 12; round += 1) {
      const before = await this.#look()
      const instance = await this.pass(name)
      if (instance !== undefined && JSON.stringify(await this.#look()) === JSON.stringify(before)) return instance
    }
    throw new Error(`it does not settle: ${this.events.join('\n')}`)
  }

  async #look(): Promise<string[]> {
    const all = await Promise.all(
      kinds.map(async (kind) => await this.api.kube.listAll(kind, { namespace: this.namespace })),
    )
    return all
      .flat()
      .map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`)
  }

  /** The pod as the StatefulSet's controller would make it, and a server there. */
  readonly serve = async (name = 'movies'): Promise<void> => {
    const set = await this.get(statefulSets, name)
    const { metadata, spec } = set['spec'].template
    await this.api.kube.updateStatus(statefulSets, {
      ...set,
      status: { observedGeneration: set.metadata.generation, replicas: 1, updateRevision: 'r1' },
    } as never)
    const pod = await this.api.kube.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: this.namespace,
        name: `${name}-0`,
        ...metadata,
        labels: { ...metadata.labels, 'controller-revision-hash': 'r1' },
      },
      spec: { ...spec, nodeName: 'node-a' },
    } as never)
    await this.api.kube.updateStatus(pods, {
      ...(pod as object),
      status: {
        phase: 'Running',
        podIP: this.#address,
        podIPs: [{ ip: this.#address }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    } as never)
    const secret = await this.get<{ data: Record<string, string> }>(secrets, `${name}-keys`)
    await this.servers.start({
      masterKey: Buffer.from(secret.data['MEILI_MASTER_KEY'] ?? '', 'base64').toString(),
      address: { host: this.#address, port: 7700 },
    })
  }
}

export function managedInstances(): ManagedInstances {
  const on = new ManagedInstances()
  beforeAll(async () => {
    on.api = await KubeApi.withCrds()
    on.kube = on.api.client(
      on.api.kubeconfig({
        user: { token: await on.api.token({ namespace: 'meili-operator-system', name: 'meili-operator' }) },
      }),
    )
  })
  afterAll(async () => {
    await on.servers[Symbol.asyncDispose]()
    await on.api[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    on.namespace = await on.api.namespace()
    on.events = []
  })
  afterEach(async () => {
    await on.servers.killAll()
  })
  return on
}
