// Schedules on a real API server, with a clock that is passed in: passes of an operator one by one, and a test that plays the snapshot kind. Nothing sleeps.
import { randomBytes } from 'node:crypto'
import { Conflict, TransientError } from '../../../src/errors.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import type { MeiliRestore } from '../../../src/api/restore.ts'
import { meiliSnapshots, snapshotFinalizer } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../src/api/schedule.ts'
import { scheduleKind } from '../../../src/kinds/schedule/controller.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import { SnapshotCache } from '../builders/caches.ts'
import type { KubeApi } from '../kubernetes/kube-api.ts'
import { recordingLogger } from '../runtime/log.ts'
import type { Write, WriteGuard } from '../simulation/schedules/direct-client.ts'
import { GuardedClient, Killed } from './guarded-client.ts'

export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

export type Schedule = MeiliSnapshotSchedule & KubeObject
export type Snapshot = MeiliSnapshot & KubeObject
export type Restore = MeiliRestore & KubeObject

/** Each hour, for the first time in about half an hour: a test has time before it. */
export const eachHour = (): { readonly schedule: string } => ({
  schedule: `${(new Date().getUTCMinutes() + 30) % 60} * * * *`,
})

/** More than any slot or removal needs. */
const mostPasses = 60
/** Where a pass asks to be woken later than that, nothing is left to do now. */
const quietMs = 4 * minute

/** One operator: what it saw last may be old, as a cache's may. */
export class ScheduleProcess {
  readonly kube: GuardedClient
  readonly writes: Write[] = []
  isLeader = true
  readonly #fixture: ScheduleFixture
  #seen: { schedule: Schedule | undefined; runs: readonly Snapshot[]; drills: readonly Restore[] } | undefined

  constructor(fixture: ScheduleFixture, kubeconfig: string) {
    this.#fixture = fixture
    this.kube = new GuardedClient(kubeconfig)
    this.cutAt(() => 'sent')
  }

  /** @param fateOf of the n-th write from now on, from 1 */
  cutAt(fateOf: (n: number, write: Write) => ReturnType<WriteGuard>): void {
    this.writes.length = 0
    this.kube.guard = (write) => {
      this.writes.push(write)
      return fateOf(this.writes.length, write)
    }
  }

  /** Fills the caches with what is there now. */
  async look(): Promise<void> {
    const fixture = this.#fixture
    this.#seen = { schedule: await fixture.find(), runs: await fixture.runs(), drills: await fixture.drills() }
  }

  /**
   * One pass over what it has looked at last. Gives when it wants to be woken; 0 where somebody else was quicker.
   * @throws Killed where the guard cut it off
   */
  async passAsSeen(): Promise<number | undefined> {
    const { schedule, runs, drills } = this.#seen ?? { schedule: undefined, runs: [], drills: [] }
    const nowMs = (): number => this.#fixture.nowMs
    const performer = new Performer({
      kube: this.kube,
      connections: new Connections(this.kube),
      isLeader: () => this.isLeader,
      record: () => undefined,
    })
    const reconcile = reconcilerOf(
      scheduleKind({ kube: this.kube, snapshots: new SnapshotCache(runs).index, drillsOf: () => drills, nowMs }),
      {
        get: () => schedule,
        kube: this.kube,
        perform: performer.perform.bind(performer),
        record: (_, { reason, message }) => void this.#fixture.events.push(`${reason}: ${message}`),
        logger: recordingLogger().logger,
        nowMs,
      },
    )
    try {
      return (await reconcile(`${this.#fixture.namespace}/${this.#fixture.name}`)).requeueAfterMs
    } catch (error) {
      if (error instanceof Conflict || error instanceof TransientError) return 0
      throw error
    }
  }

  async pass(): Promise<number | undefined> {
    await this.look()
    return await this.passAsSeen()
  }
}

export class ScheduleFixture {
  readonly namespace: string
  readonly name: string
  /** The operator's clock. */
  nowMs = Date.now()
  readonly events: string[] = []
  /** UIDs of the snapshots whose files lie on the claim. */
  readonly files = new Set<string>()
  /** Documents of the next snapshots. */
  documents = 1000
  readonly #api: KubeApi
  #tasks = 0

  constructor(api: KubeApi, namespace: string, name = `s-${randomBytes(3).toString('hex')}`) {
    this.#api = api
    this.namespace = namespace
    this.name = name
  }

  process(): ScheduleProcess {
    return new ScheduleProcess(this, this.#api.plane.kubeconfig)
  }

  async create(spec: object): Promise<Schedule> {
    const template = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } }
    return await this.#api.kube.create<Schedule>(meiliSnapshotSchedules, {
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: 'MeiliSnapshotSchedule',
      metadata: { namespace: this.namespace, name: this.name },
      spec: { template: { spec: template }, ...spec },
    } as unknown as Schedule)
  }

  async find(): Promise<Schedule | undefined> {
    return await this.#api.kube.find<Schedule>(meiliSnapshotSchedules, { namespace: this.namespace, name: this.name })
  }

  async status(): Promise<MeiliSnapshotScheduleStatus> {
    return (await this.find())?.status ?? {}
  }

  async patch(body: object): Promise<void> {
    const ref = { namespace: this.namespace, name: this.name }
    await this.#api.kube.patch(meiliSnapshotSchedules, ref, { type: 'merge', body })
  }

  /** The oldest first, all that the namespace has. */
  async runs(): Promise<readonly Snapshot[]> {
    const all = await this.#api.kube.listAll<Snapshot>(meiliSnapshots, { namespace: this.namespace })
    return all.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
  }

  async drills(): Promise<readonly Restore[]> {
    return await this.#api.kube.listAll<Restore>(meiliRestores, { namespace: this.namespace })
  }

  async names(): Promise<readonly string[]> {
    return (await this.runs()).map(({ metadata }) => metadata.name)
  }

  async patchRun(name: string, body: object): Promise<void> {
    await this.#api.kube.patch(meiliSnapshots, { namespace: this.namespace, name }, { type: 'merge', body })
  }

  /** What the snapshot kind would do with each of them until nothing is left to do. */
  async playSnapshots(): Promise<void> {
    for (const run of await this.runs()) await this.#play(run)
  }

  async #play(run: Snapshot): Promise<void> {
    const { metadata, spec, status } = run
    const isKept = metadata.finalizers?.includes(snapshotFinalizer) === true
    if (metadata.deletionTimestamp !== undefined) {
      if (spec.deletionPolicy === 'Delete') this.files.delete(metadata.uid)
      await this.#setFinalizers(run, [])
    } else if (status?.phase === undefined || status.phase === 'Pending') await this.#complete(run)
    else if (isKept !== (spec.deletionPolicy === 'Delete'))
      await this.#setFinalizers(run, isKept ? [] : [snapshotFinalizer])
    else if (status.observedGeneration !== metadata.generation)
      await this.#api.kube.updateStatus(meiliSnapshots, {
        ...run,
        status: { ...status, observedGeneration: metadata.generation },
      })
  }

  async #setFinalizers({ metadata }: Snapshot, finalizers: readonly string[]): Promise<void> {
    await this.patchRun(metadata.name, { metadata: { finalizers } })
  }

  async #complete(run: Snapshot): Promise<void> {
    const [at, uid] = [new Date(this.nowMs).toISOString(), ++this.#tasks]
    this.files.add(run.metadata.uid)
    const condition = (type: string): object => ({
      type,
      status: 'True',
      reason: 'Completed',
      message: '',
      lastTransitionTime: at,
      observedGeneration: run.metadata.generation,
    })
    const artifact = {
      claimName: 'backups',
      path: `movies/${run.metadata.name}`,
      fileName: 'data.ms.snapshot',
      sizeBytes: 1_000_000,
      size: '1 MiB',
      sha256: 'ab'.repeat(32),
      meilisearchVersion: '1.21.0',
      verification: 'Archive',
      indexes: 2,
      documents: this.documents,
    }
    const status = {
      observedGeneration: run.metadata.generation,
      phase: 'Completed',
      startedAt: at,
      completedAt: at,
      task: { uid, status: 'succeeded', enqueuedAt: at, startedAt: at, finishedAt: at },
      artifact,
      conditions: [condition('Ready'), condition('Complete')],
    }
    await this.#api.kube.updateStatus(meiliSnapshots, { ...run, status } as unknown as Snapshot)
  }

  /**
   * Passes, and what the snapshot kind does meanwhile, until nothing is left to do before `untilMs`; the clock goes on to each moment for which a pass
   * asks. Where the guard cuts the process off, `again` says who goes on.
   */
  async run(
    process: ScheduleProcess,
    { untilMs = this.nowMs, again }: { untilMs?: number; again?: () => ScheduleProcess } = {},
  ): Promise<void> {
    let current = process
    for (let passes = 0; passes < mostPasses; passes++) {
      const before = await this.#versions()
      const wakeMs = await current.pass().catch((error: unknown) => {
        if (!(error instanceof Killed) || again === undefined) throw error
        current = again()
        return 0
      })
      await this.playSnapshots()
      if (wakeMs === 0 || before !== (await this.#versions())) continue
      const nextMs = this.nowMs + (wakeMs ?? Infinity)
      if (nextMs > Math.max(untilMs, this.nowMs + quietMs)) {
        this.nowMs = Math.max(untilMs, this.nowMs)
        return
      }
      this.nowMs = nextMs
    }
    throw new Error(`it did not come to rest within ${mostPasses} passes: ${JSON.stringify(await this.status())}`)
  }

  async #versions(): Promise<string> {
    const all = [await this.find(), ...(await this.runs())]
    return all.map((object) => object?.metadata.resourceVersion).join(' ')
  }

  /** To the next moment at which a run is due, and what follows from it. */
  async nextSlot(process: ScheduleProcess): Promise<string> {
    const { nextSlot } = await this.status()
    if (nextSlot === undefined) throw new Error('no slot is to come')
    this.nowMs = Math.max(this.nowMs, Date.parse(nextSlot))
    await this.run(process)
    return (await this.status()).lastRunName ?? ''
  }
}
