// A modelled cluster for schedules alone: their objects, their snapshots, which run, end and are deleted as the snapshot kind would have it, and the files of these.
import { meiliSnapshots, snapshotFinalizer } from '../../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../src/api/snapshot.ts'
import { meiliSnapshotSchedules, scheduleLabel } from '../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../src/api/schedule.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { scheduleLabelValue } from '../../../../src/reconcile/names/schedule.ts'
import { VirtualTime } from '../../runtime/virtual-time.ts'
import { ApiServer } from '../cluster/api-server.ts'
import type { Change, Stored } from '../cluster/object-store.ts'
import { ruleAllClocks } from '../network/clock.ts'

export const namespace = 'shop'
export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

export type Schedule = MeiliSnapshotSchedule & Stored
export type Snapshot = MeiliSnapshot & Stored

/** What comes of a run. */
export interface Outcome {
  readonly phase: 'Completed' | 'Failed'
  readonly documents: number
}

export class ScheduleWorld implements Disposable {
  readonly time: VirtualTime
  readonly api: ApiServer
  /** UIDs of the snapshots whose files lie on a claim. */
  readonly files = new Set<string>()
  /** How far the operator's wall clock is ahead of everybody else's. */
  skewMs = 0
  outcomeOf: (snapshot: Snapshot) => Outcome = () => ({ phase: 'Completed', documents: 1000 })
  /** How long a mover takes to delete an artifact. */
  deletionMs = 20 * second
  readonly #history: string[] = []
  readonly #clocks: Disposable
  #tasks = 0

  constructor(seed: number) {
    this.time = new VirtualTime(seed)
    this.#clocks = ruleAllClocks(this.time)
    this.api = new ApiServer(this.time)
    this.api.store.follow('meilisnapshots', this.api.store.version, (change) => this.#snapshotChanged(change))
  }

  [Symbol.dispose](): void {
    this.#clocks[Symbol.dispose]()
  }

  /** By the API server's clock. */
  get nowMs(): number {
    return Date.now()
  }

  /** One line of what happened, for who has to find out why an invariant does not hold. */
  note(line: string): void {
    this.#history.push(`${new Date(this.nowMs).toISOString().slice(0, 19)}  ${line}`)
  }

  history(last: number): string {
    return this.#history.slice(-last).join('\n')
  }

  putSchedule(name: string, spec: object): void {
    this.api.store.put('meilisnapshotschedules', {
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: 'MeiliSnapshotSchedule',
      metadata: { namespace, name },
      spec: meiliSnapshotSchedules.spec.parse({
        template: {
          spec: { source: { instanceRef: { name: `${name}-server` } }, destination: { claim: { name: 'backups' } } },
        },
        ...spec,
      }),
      status: { observedGeneration: -1 },
    } as KubeObject)
  }

  schedule(name: string): Schedule {
    const found = this.api.store.get('meilisnapshotschedules', namespace, name)
    if (found === undefined) throw new Error(`there is no schedule ${name}`)
    return found as Schedule
  }

  schedules(): readonly Schedule[] {
    return this.api.store.list('meilisnapshotschedules') as readonly Schedule[]
  }

  changeSchedule(name: string, spec: object, annotations: object = {}): void {
    const known = this.schedule(name)
    const metadata = { ...known.metadata, annotations: { ...known.metadata.annotations, ...annotations } }
    this.api.store.put('meilisnapshotschedules', { ...known, metadata, spec: { ...known.spec, ...spec } } as KubeObject)
  }

  runsOf(name: string): readonly Snapshot[] {
    const label = `${scheduleLabel}=${scheduleLabelValue(name)}`
    return this.api.store.list('meilisnapshots', namespace, label) as readonly Snapshot[]
  }

  changeRun(run: Snapshot, change: (known: Snapshot) => object): void {
    const known = this.#current(run)
    if (known !== undefined) this.api.store.put('meilisnapshots', { ...known, ...change(known) })
  }

  /** As `kubectl delete` does. */
  deleteRun({ metadata }: Snapshot): void {
    const url = new URL(`https://model/apis/${meiliSnapshots.group}/${meiliSnapshots.version}/`)
    url.pathname += `namespaces/${namespace}/meilisnapshots/${metadata.name}`
    this.api.answer({ method: 'DELETE', url, headers: {}, body: undefined, signal: undefined })
  }

  #current({ metadata }: Stored): Snapshot | undefined {
    const found = this.api.store.get('meilisnapshots', namespace, metadata.name)
    return found?.metadata.uid === metadata.uid ? (found as Snapshot) : undefined
  }

  #later(run: Stored, delayMs: number, act: (known: Snapshot) => void): void {
    this.time.setTimeout(() => {
      const known = this.#current(run)
      if (known !== undefined) act(known)
    }, delayMs)
  }

  #snapshotChanged({ type, object, previous }: Change): void {
    const run = object as Snapshot
    if (type === 'DELETED') return
    if (type === 'ADDED') this.#later(run, 5 * second, (known) => this.#begin(known))
    const { deletionTimestamp } = run.metadata
    if (deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined)
      this.#later(run, this.deletionMs, (known) => this.#finalize(known))
    else if (deletionTimestamp === undefined && isEnded(run) && !isSettled(run, this.files))
      this.#later(run, 2 * second, (known) => this.#settle(known))
  }

  #begin(run: Snapshot): void {
    const uid = ++this.#tasks
    const startedAt = new Date(this.nowMs).toISOString()
    const task = { uid, status: 'processing', enqueuedAt: startedAt, startedAt }
    this.#put(run, { phase: 'Snapshotting', startedAt, task })
    this.#later(run, minute + Math.floor(this.time.random() * minute), (known) => this.#end(known))
  }

  #end(run: Snapshot): void {
    const { phase, documents } = this.outcomeOf(run)
    const isDone = phase === 'Completed'
    if (isDone) this.files.add(run.metadata.uid)
    const artifact = {
      claimName: 'backups',
      path: run.metadata.name,
      fileName: 'data.ms.snapshot',
      sizeBytes: 1_000_000 + documents * 100,
      size: '1 MiB',
      sha256: 'ab'.repeat(32),
      indexes: 2,
      documents,
    }
    this.#put(run, {
      phase,
      completedAt: new Date(this.nowMs + this.skewMs).toISOString(),
      task: { ...run.status?.task, status: isDone ? 'succeeded' : 'failed' },
      conditions: [
        { type: 'Ready', status: isDone ? 'True' : 'False', reason: isDone ? 'Completed' : 'MoverFailed', message: '' },
        { type: 'Complete', status: isDone ? 'True' : 'False', reason: 'Ended', message: '' },
      ],
      ...(isDone ? { artifact } : {}),
    })
    this.note(`${run.metadata.name} ${phase}, ${documents} documents`)
  }

  #put(run: Snapshot, status: object): void {
    const next = { ...run, status: { ...run.status, observedGeneration: run.metadata.generation, ...status } }
    this.api.store.put('meilisnapshots', next)
  }

  #settle(run: Snapshot): void {
    if (run.metadata.deletionTimestamp !== undefined || isSettled(run, this.files)) return
    const finalizers = wantsFinalizer(run, this.files) ? [snapshotFinalizer] : []
    this.#put({ ...run, metadata: { ...run.metadata, finalizers } }, {})
  }

  #finalize(run: Snapshot): void {
    if (run.spec.deletionPolicy === 'Delete') this.files.delete(run.metadata.uid)
    this.api.store.remove('meilisnapshots', namespace, run.metadata.name)
  }
}

export const hasFinalizer = ({ metadata }: Snapshot): boolean =>
  metadata.finalizers?.includes(snapshotFinalizer) === true

export const isEnded = ({ status }: Snapshot): boolean => status?.phase === 'Completed' || status?.phase === 'Failed'

/** Nothing is left to do for the snapshot kind. */
const isSettled = (run: Snapshot, files: ReadonlySet<string>): boolean =>
  hasFinalizer(run) === wantsFinalizer(run, files) && run.status?.observedGeneration === run.metadata.generation

const wantsFinalizer = ({ metadata, spec }: Snapshot, files: ReadonlySet<string>): boolean =>
  spec.deletionPolicy === 'Delete' && files.has(metadata.uid)
