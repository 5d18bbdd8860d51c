// MeiliRestores on a real API server, with a clock that is passed in: passes of an operator one by one, and a test that plays Job controller, kubelet, garbage collector and the snapshot kind. Nothing sleeps.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { Conflict, TransientError } from '../../../src/errors.ts'
import { meiliInstances } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { meiliRestores, restoreUidLabel } from '../../../src/api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../src/api/restore.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { restoreKind } from '../../../src/kinds/restore/controller.ts'
import { targetKeyOf } from '../../../src/kinds/restore/observe/line.ts'
import { jobs, persistentVolumeClaims, pods } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import type { MoverConfig, MoverResult } from '../../../src/mover/contract.ts'
import type { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import { moverContainer } from '../../../src/reconcile/job/template.ts'
import { childLabels } from '../../../src/reconcile/names/objects.ts'
import { SnapshotCache } from '../builders/caches.ts'
import type { KubeApi } from '../kubernetes/kube-api.ts'
import { recordingLogger } from '../runtime/log.ts'
import { GuardedClient, Killed } from '../schedules/guarded-client.ts'
import type { Write, WriteGuard } from '../simulation/schedules/direct-client.ts'

export type Restore = MeiliRestore & KubeObject
type Snapshot = MeiliSnapshot & KubeObject
type Instance = MeiliInstance & KubeObject
type Job = V1Job & KubeObject
type Pod = KubeObject & Pick<V1Pod, 'spec' | 'status'>

const mostPasses = 80
/** Where a pass asks to be woken later than that, nothing is left to do now. */
const quietMs = 10_000
export const sha256 = 'ab'.repeat(32)

/** What a mover of each command ends with, unless a test says otherwise. */
const results = {
  resolve: {
    resolved: {
      path: 'daily/nightly',
      fileName: 'data.ms.snapshot',
      sizeBytes: 1000,
      sha256,
      meilisearchVersion: '1.21.0',
    },
  },
  fill: {
    filled: { version: '1.21.0', uncompressedBytes: 5000, sizeBytes: 1000, sha256, alreadyThere: false },
    seconds: { fetch: 1, extract: 2 },
  },
} as const satisfies Partial<Record<MoverConfig['command'], Partial<MoverResult>>>

export class RestoreFixture {
  readonly namespace: string
  nowMs = Date.now()
  readonly events: string[] = []
  /** Of the server that is restored. */
  keys: readonly { name: string; createdAt: string }[] = []
  /** Commands of the movers that worked, in order. */
  readonly worked: string[] = []
  readonly #ended = new Set<string>()
  /** What the next mover ends with. */
  next: Partial<MoverResult> | undefined
  /** Phase in which a snapshot that the operator makes ends. */
  safetyEnds: 'Completed' | 'Failed' = 'Completed'
  readonly #api: KubeApi
  #client: GuardedClient

  constructor(api: KubeApi, namespace: string) {
    this.#api = api
    this.namespace = namespace
    this.#client = new GuardedClient(api.plane.kubeconfig)
  }

  /** A server that runs, the claim of its backups, and a snapshot that has completed. */
  async begin(): Promise<void> {
    await this.claim('movies-data', childLabels({ metadata: { name: 'movies' } }))
    await this.claim('backups')
    const instance = await this.create<Instance>(meiliInstances, 'MeiliInstance', 'movies', {
      managed: { version: '1.21.0', storage: { size: '1Gi' } },
    })
    const pod = await this.#serverPod()
    const said = (type: string): object => this.#condition(type)
    const { uid = '' } = pod.metadata
    const status = { pod: { name: 'movies-0', uid }, conditions: [said('Ready'), said('SnapshotVolumeReady')] }
    await this.#api.kube.updateStatus(meiliInstances, { ...instance, status } as unknown as Instance)
    await this.snapshot('nightly')
  }

  async #serverPod(): Promise<Pod> {
    const spec = {
      containers: [{ name: 'meilisearch', image: 'x' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'movies-data' } }],
    }
    const pod = await this.create<Pod>(pods, 'Pod', 'movies-0', spec, 'v1')
    const status = { phase: 'Running', podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] }
    return await this.#api.kube.updateStatus(pods, { ...pod, status })
  }

  async snapshot(name: string, labels: Record<string, string> = {}, completedAt = this.#at()): Promise<Snapshot> {
    const spec = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } }
    const made = await this.create<Snapshot>(meiliSnapshots, 'MeiliSnapshot', name, spec, undefined, labels)
    return await this.#endSnapshot(made, 'Completed', completedAt)
  }

  async #endSnapshot(snapshot: Snapshot, phase: string, completedAt = this.#at()): Promise<Snapshot> {
    const artifact = {
      claimName: 'backups',
      path: `movies/${snapshot.metadata.name}`,
      fileName: 'data.ms.snapshot',
      sizeBytes: 1000,
      size: '1000 B',
      sha256,
      meilisearchVersion: '1.21.0',
      verification: 'Archive',
      indexes: 2,
      documents: 7,
      uncompressedBytes: 5000,
    }
    const task = {
      uid: 3,
      status: 'succeeded',
      enqueuedAt: completedAt,
      startedAt: completedAt,
      finishedAt: completedAt,
    }
    const status = {
      phase,
      completedAt,
      task,
      conditions: [this.#condition('Ready', phase)],
      ...(phase === 'Completed' ? { artifact } : {}),
    }
    return await this.#api.kube.updateStatus(meiliSnapshots, { ...snapshot, status } as unknown as Snapshot)
  }

  #at(): string {
    return new Date(this.nowMs).toISOString()
  }

  #condition(type: string, reason = 'Ready'): object {
    return { type, status: 'True', reason, message: '', lastTransitionTime: this.#at(), observedGeneration: 1 }
  }

  async claim(name: string, labels: Record<string, string> = {}): Promise<void> {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    await this.create(persistentVolumeClaims, 'PersistentVolumeClaim', name, spec, 'v1', labels)
  }

  // oxlint-disable-next-line eslint/max-params -- an object, field by field
  async create<T extends KubeObject>(
    resource: Resource,
    kind: string,
    name: string,
    spec: object,
    apiVersion = 'meili-operator.dev/v1alpha1',
    labels: Record<string, string> = {},
  ): Promise<T> {
    const metadata = { namespace: this.namespace, name, labels }
    return await this.#api.kube.create<T>(resource, { apiVersion, kind, metadata, spec } as unknown as T)
  }

  async restore(name: string, spec: object = {}): Promise<Restore> {
    return await this.create<Restore>(meiliRestores, 'MeiliRestore', name, {
      source: { snapshotRef: { name: 'nightly' } },
      target: { inPlace: { instanceRef: { name: 'movies' } } },
      confirm: 'movies',
      ...spec,
    })
  }

  async find(name: string): Promise<Restore | undefined> {
    return await this.#api.kube.find<Restore>(meiliRestores, { namespace: this.namespace, name })
  }

  async status(name: string): Promise<MeiliRestoreStatus> {
    return (await this.find(name))?.status ?? {}
  }

  async reason(name: string): Promise<string> {
    const { phase, conditions } = await this.status(name)
    return `${phase ?? ''} ${conditions?.find(({ type }) => type === 'Ready')?.reason ?? ''}`
  }

  async list<T extends KubeObject>(resource: Resource): Promise<readonly T[]> {
    return await this.#api.kube.listAll<T>(resource, { namespace: this.namespace })
  }

  async names(resource: Resource): Promise<readonly string[]> {
    return (await this.list(resource)).map(({ metadata }) => metadata.name).toSorted()
  }

  async patch(resource: Resource, name: string, body: object): Promise<void> {
    await this.#api.kube.patch(resource, { namespace: this.namespace, name }, { type: 'merge', body })
  }

  async delete(resource: Resource, name: string): Promise<void> {
    await this.#api.kube.delete(resource, { namespace: this.namespace, name })
  }

  /** @param fateOf of the n-th write from now on, from 1 */
  cutAt(fateOf: (n: number, write: Write) => ReturnType<WriteGuard>): void {
    let writes = 0
    this.#client.guard = (write) => fateOf(++writes, write)
  }

  /** One pass over what is there now. Gives when it wants to be woken; 0 where somebody else was quicker. */
  async pass(name: string): Promise<number | undefined> {
    const [restores, instances, snapshots, all] = await Promise.all([
      this.list<Restore>(meiliRestores),
      this.list<Instance>(meiliInstances),
      this.list<Snapshot>(meiliSnapshots),
      this.list<Pod>(pods),
    ])
    const kube = this.#client
    const connections = this.#connections()
    const performer = new Performer({ kube, connections, isLeader: () => true, record: () => undefined })
    const kind = restoreKind({
      kube,
      connections,
      instance: (key) => instances.find(({ metadata }) => key === `${metadata.namespace}/${metadata.name}`),
      instances: () => instances,
      restores: { ofTarget: (target) => restores.filter((each) => targetKeyOf(each) === target) },
      snapshots: new SnapshotCache(snapshots).index,
      podsOf: (uid) => all.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
      runsServers: true,
      moverImage: 'example.test/meili-operator:1',
      imagePullSecrets: [],
    })
    const reconcile = reconcilerOf(kind, {
      get: () => restores.find(({ metadata }) => metadata.name === name),
      kube,
      perform: performer.perform.bind(performer),
      record: (_, { reason, message }) => void this.events.push(`${reason}: ${message}`),
      logger: recordingLogger().logger,
      nowMs: () => this.nowMs,
    })
    try {
      return (await reconcile(`${this.namespace}/${name}`)).requeueAfterMs
    } catch (error) {
      if (error instanceof Conflict || error instanceof TransientError) return 0
      throw error
    }
  }

  /** The server answers with what the test says. */
  #connections(): Connections {
    const client = {
      ask: async (_: unknown, questions: (client: unknown) => Promise<unknown>) => await questions(client),
      version: () => Promise.resolve({ pkgVersion: '1.21.0' }),
      stats: () => Promise.resolve({ indexes: { count: 2, documents: 9, listed: [] }, lastUpdate: null }),
      keys: () => Promise.resolve(this.keys),
    }
    return { open: () => Promise.resolve({ state: 'Open', client }) } as unknown as Connections
  }

  /** The pod of that Job has ended. */
  hasWorked(job: string): boolean {
    return this.#ended.has(job)
  }

  /** What the cluster and the snapshot kind would do until nothing is left to do. */
  async play(): Promise<void> {
    for (const job of await this.list<Job>(jobs)) await this.#playJob(job)
    for (const snapshot of await this.list<Snapshot>(meiliSnapshots))
      if (snapshot.metadata.labels?.[restoreUidLabel] !== undefined && snapshot.status?.phase === undefined)
        await this.#endSnapshot(snapshot, this.safetyEnds)
    for (const claim of await this.list(persistentVolumeClaims))
      if (claim.metadata.deletionTimestamp !== undefined)
        await this.patch(persistentVolumeClaims, claim.metadata.name, { metadata: { finalizers: null } })
  }

  async #playJob(job: Job): Promise<void> {
    const { name, uid = '', labels = {}, deletionTimestamp } = job.metadata
    const made = (await this.list<Pod>(pods)).filter(({ metadata }) => metadata.labels?.['job'] === name)
    if (deletionTimestamp !== undefined) {
      for (const { metadata } of made)
        await this.#api.kube.delete(pods, { namespace: this.namespace, name: metadata.name }, {
          gracePeriodSeconds: 0,
        } as never)
      await this.patch(jobs, name, { metadata: { finalizers: null } })
      return
    }
    if (made.length > 0) return
    const config = JSON.parse(job.spec?.template.spec?.containers[0]?.env?.[0]?.value ?? '{}') as MoverConfig
    const result: Partial<MoverResult> = this.next ?? results[config.command as keyof typeof results]
    this.next = undefined
    this.worked.push(config.command)
    this.#ended.add(name)
    const metadata = {
      namespace: this.namespace,
      name: `${name}-pod`,
      labels: { ...labels, job: name },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }],
    }
    const pod = await this.#api.kube.create<Pod>(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { restartPolicy: 'Never', containers: [{ name: moverContainer, image: 'x' }] },
    })
    const message = JSON.stringify({ exitCode: 0, message: 'Done.', ...result })
    const terminated = { exitCode: result.exitCode ?? 0, reason: 'Completed', message }
    const ended = {
      name: moverContainer,
      image: 'x',
      imageID: 'x',
      ready: false,
      restartCount: 0,
      state: { terminated },
    }
    await this.#api.kube.updateStatus(pods, {
      ...pod,
      status: { phase: 'Succeeded', containerStatuses: [ended] },
    })
  }

  /** Passes, and what the cluster does meanwhile, until nothing is left to do now. Where the guard cuts the process off, another one goes on. */
  async run(...names: readonly string[]): Promise<void> {
    for (let passes = 0; passes < mostPasses; passes++) {
      const before = await this.#versions()
      const wakes: number[] = []
      for (const name of names) wakes.push((await this.#passOrDie(name)) ?? Infinity)
      await this.play()
      if (wakes.includes(0) || before !== (await this.#versions())) continue
      const wakeMs = Math.min(...wakes)
      if (wakeMs > quietMs) return
      this.nowMs += wakeMs
    }
    throw new Error(`it did not come to rest: ${JSON.stringify(await this.status(names[0] ?? ''))}`)
  }

  async #passOrDie(name: string): Promise<number | undefined> {
    try {
      return await this.pass(name)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      this.#client = new GuardedClient(this.#api.plane.kubeconfig)
      return 0
    }
  }

  /** Until the phase is one of these, or nothing is left to do. */
  async runUntil(name: string, phases: readonly (string | undefined)[]): Promise<void> {
    for (let passes = 0; passes < mostPasses; passes++) {
      if (phases.includes((await this.status(name)).phase)) return
      const wakeMs = (await this.#passOrDie(name)) ?? 0
      await this.play()
      this.nowMs += Math.min(wakeMs, quietMs)
    }
    throw new Error(`it did not come to ${phases.join(', ')}: ${JSON.stringify(await this.status(name))}`)
  }

  async #versions(): Promise<string> {
    const kinds: readonly Resource[] = [meiliRestores, meiliSnapshots, jobs, pods, persistentVolumeClaims]
    const all = await Promise.all(kinds.map(async (resource) => await this.list(resource)))
    return all
      .flat()
      .map(({ metadata }) => `${metadata.uid ?? ''}${metadata.resourceVersion ?? ''}`)
      .join(' ')
  }
}
