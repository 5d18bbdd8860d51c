// A schedule's passes over a Kubernetes API in memory: the loop, the kind and the performer are real, time stands still until a test moves it.
import { meiliSnapshotSchedules, scheduleLabel } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule, MeiliSnapshotScheduleStatus } from '../../../src/api/schedule.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../src/api/restore.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { scheduleKind } from '../../../src/kinds/schedule/controller.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import { KubeInMemory } from '../kubernetes/kube-in-memory.ts'
import type { Hook } from '../kubernetes/kube-in-memory.ts'
import { recordingLogger } from '../runtime/log.ts'
import { now } from './observations.ts'
import { aSchedule } from './schedules.ts'
import type { ScheduleParts } from './schedules.ts'

const namespace = 'shop'
const ref = { namespace, name: 'nightly' }

export class ScheduleLoop {
  readonly kube = new KubeInMemory()
  readonly events: string[] = []
  /** Verb and plural of each request, in order. */
  readonly requests: string[] = []
  /** The operator's clock. */
  nowMs = now
  isLeader = true
  /** What is thrown is the answer. */
  fault: Hook = () => undefined

  /** Made now, unless the parts say otherwise. */
  constructor({ metadata, ...parts }: ScheduleParts = {}) {
    this.kube.before = async (request) => {
      this.requests.push(`${request.verb} ${request.resource.plural}`)
      await this.fault(request)
    }
    this.kube.lay(
      meiliSnapshotSchedules,
      aSchedule({ metadata: { creationTimestamp: new Date(now).toISOString(), ...metadata }, ...parts }),
    )
  }

  /** One pass, of what the API server has. Gives the time of the next one. */
  async pass(): Promise<number | undefined> {
    const kind = scheduleKind({
      kube: this.kube,
      snapshots: {
        ofSchedule: (key) =>
          this.snapshots.filter(({ metadata }) => `${namespace}/${metadata.labels?.[scheduleLabel]}` === key),
        lastOnClaim: () => undefined,
      },
      drillsOf: (key) =>
        this.drills.filter(({ metadata }) => `${namespace}/${metadata.labels?.[scheduleLabel]}` === key),
      nowMs: () => this.nowMs,
    })
    const record = (_: unknown, { type, reason }: { type: string; reason: string }): void => {
      this.events.push(`${type} ${reason}`)
    }
    const performer = new Performer({
      kube: this.kube,
      connections: new Connections(this.kube),
      isLeader: () => this.isLeader,
      record,
    })
    const reconcile = reconcilerOf(kind, {
      get: () => this.kube.peek<MeiliSnapshotSchedule>(meiliSnapshotSchedules, ref),
      kube: this.kube,
      perform: performer.perform.bind(performer),
      record,
      logger: recordingLogger().logger,
      nowMs: () => this.nowMs,
    })
    const { requeueAfterMs } = await reconcile(`${namespace}/nightly`)
    return requeueAfterMs === undefined ? undefined : this.nowMs + requeueAfterMs
  }

  /** Until a pass writes nothing. */
  async settle(): Promise<void> {
    for (let passes = 0; passes < 20; passes++) {
      const before = this.kube.peek(meiliSnapshotSchedules, ref)?.metadata.resourceVersion
      await this.pass()
      if (this.kube.peek(meiliSnapshotSchedules, ref)?.metadata.resourceVersion === before) return
    }
    throw new Error('after 20 passes there was still something to write')
  }

  async at(time: string): Promise<void> {
    this.nowMs = Date.parse(time)
    await this.settle()
  }

  get schedule(): MeiliSnapshotSchedule {
    return this.kube.peek<MeiliSnapshotSchedule>(meiliSnapshotSchedules, ref)!
  }

  get status(): MeiliSnapshotScheduleStatus {
    return this.schedule.status ?? {}
  }

  /** `type=status reason` */
  get conditions(): string[] {
    return (this.status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`)
  }

  change(changes: { metadata?: object; spec?: object }): void {
    const { metadata, spec, ...rest } = this.schedule
    const { generation } = metadata
    this.kube.lay(meiliSnapshotSchedules, {
      ...rest,
      metadata: {
        ...metadata,
        generation: changes.spec === undefined ? generation : generation + 1,
        ...changes.metadata,
      },
      spec: { ...spec, ...changes.spec },
    } as KubeObject)
  }

  changeStatus(status: MeiliSnapshotScheduleStatus): void {
    this.kube.lay(meiliSnapshotSchedules, { ...this.schedule, status })
  }

  get snapshots(): readonly MeiliSnapshot[] {
    return this.names.map((name) => this.kube.peek<MeiliSnapshot>(meiliSnapshots, { namespace, name })!)
  }

  get drills(): readonly MeiliRestore[] {
    return this.kube
      .namesOf(meiliRestores)
      .map((name) => this.kube.peek<MeiliRestore>(meiliRestores, { namespace, name })!)
  }

  /** A drill becomes this. */
  endDrill(name: string, status: MeiliRestoreStatus): void {
    const before = this.kube.peek<MeiliRestore>(meiliRestores, { namespace, name })!
    this.kube.lay(meiliRestores, { ...before, status })
  }

  get names(): string[] {
    return this.kube.namesOf(meiliSnapshots)
  }

  /** A snapshot as it is, or becomes. */
  layRun(name: string, { status = {}, ...rest }: { readonly metadata?: object; readonly status?: object } = {}): void {
    const before = this.kube.peek<MeiliSnapshot>(meiliSnapshots, { namespace, name })
    this.kube.lay(meiliSnapshots, {
      spec: this.schedule.spec.template.spec,
      ...before,
      metadata: {
        creationTimestamp: new Date(this.nowMs).toISOString(),
        labels: { [scheduleLabel]: 'nightly' },
        ...before?.metadata,
        namespace,
        name,
        ...rest.metadata,
      },
      status: { ...before?.status, ...status },
    } as KubeObject)
  }
}
