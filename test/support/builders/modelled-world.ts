// A small world for whole lives of a snapshot: an engine with tasks, a disk with one file, Jobs, other people, crashes. Time is a number.
import type { V1Job } from '@kubernetes/client-node'
import { keepAnnotation } from '../../../src/api/schedule.ts'
import { isFinished } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot, SnapshotTask } from '../../../src/api/snapshot.ts'
import { exitCodes } from '../../../src/mover/contract.ts'
import type { MoverConfig, MoverResult } from '../../../src/mover/contract.ts'
import type { Effect } from '../../../src/reconcile/decision.ts'
import { decideSnapshot } from '../../../src/kinds/snapshot/decide.ts'
import { applyFact } from '../../../src/kinds/snapshot/apply-fact.ts'
import type { MoverSeen } from '../../../src/reconcile/job/seen.ts'
import type { SnapshotObservation } from '../../../src/kinds/snapshot/observation.ts'
import { removeFinishedMovers } from '../../../src/kinds/snapshot/after/finished-movers.ts'
import { currentJobName } from '../../../src/kinds/snapshot/job/current.ts'
import { isRemovalBegun } from '../../../src/kinds/snapshot/status/expires.ts'
import { aPod, aSnapshot, aTarget, anEngine, anObservation, asStored, hour, now } from './observations.ts'

/** Where an operator dies in a pass; undefined: it does not. While sending: the request is on its way, and arrives some seconds later. */
export type Crash = 'BeforeWrite' | 'AfterWrite' | 'WhileSending' | 'AfterEffect' | undefined

interface Task {
  readonly uid: number
  readonly enqueuedAtMs: number
  status: SnapshotTask['status']
  startedAtMs?: number
  finishedAtMs?: number
}

interface Running {
  readonly job: V1Job
  readonly config: MoverConfig
  ended?: MoverResult
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString()

export class ModelledWorld {
  nowMs = now
  /** How far the server's clock is ahead of ours. */
  aheadMs = 0
  snapshot: MeiliSnapshot
  freeBytes = 1e9
  serverUp = true
  /** Requests that were sent, in order: the attempt and the count on record at that moment. */
  readonly sent: { attempt: number; posts: number }[] = []
  readonly phases: string[] = []
  /** A snapshot from before the request. */
  #tasks: Task[] = [
    { uid: 4, enqueuedAtMs: now - 3000, startedAtMs: now - 2000, finishedAtMs: now - 1000, status: 'succeeded' },
  ]
  #nextUid = 5
  #onTheWay: number[] = []
  #file: { writtenBy: number; modifiedAtMs: number } | undefined
  readonly #jobs = new Map<string, Running>()
  stored: { taskUid: number } | undefined
  /** How far our clock is wrong. The API server's is right. */
  leapMs = 0
  /** The first write after which a Job may have removed something: when, and whether a person kept the snapshot then. */
  removalBegun: { readonly atMs: number; readonly pinned: boolean } | undefined

  constructor(spec: object) {
    this.snapshot = aSnapshot({ spec, status: { observedGeneration: -1 } })
  }

  // What other people and machines do.

  post(): number {
    const task: Task = { uid: this.#nextUid, enqueuedAtMs: this.#serverMs, status: 'enqueued' }
    this.#nextUid += 1
    this.#tasks.push(task)
    return task.uid
  }

  /** The engine goes on by one step. */
  engineWorks(): void {
    this.nowMs += 1000
    const running = this.#tasks.find(({ status }) => status === 'processing')
    if (running !== undefined) {
      Object.assign(running, { status: 'succeeded', finishedAtMs: this.#serverMs })
      this.#file = { writtenBy: running.uid, modifiedAtMs: this.#serverMs - 1 }
      return
    }
    const next = this.#tasks.find(({ status }) => status === 'enqueued')
    if (next !== undefined) Object.assign(next, { status: 'processing', startedAtMs: this.#serverMs })
  }

  cancelEnqueued(): void {
    for (const task of this.#tasks)
      if (task.status === 'enqueued') Object.assign(task, { status: 'canceled', finishedAtMs: this.nowMs })
  }

  failRunning(): void {
    for (const task of this.#tasks)
      if (task.status === 'processing') Object.assign(task, { status: 'failed', finishedAtMs: this.nowMs })
  }

  pruneFinished(): void {
    this.#tasks = this.#tasks.filter(({ status }) => status === 'enqueued' || status === 'processing')
  }

  /** All that is as old as the request, or older, and has ended. */
  pruneBaseline(): void {
    const { uid = -1 } = this.snapshot.status?.request?.baseline ?? {}
    this.#tasks = this.#tasks.filter((task) => task.uid > uid || task.status === 'enqueued')
  }

  /** By one that has made some snapshots of its own, an hour apart. */
  replaceDatabase(tasks = 0): void {
    this.#tasks = Array.from({ length: tasks }, (_, uid) => {
      const enqueuedAtMs = now - (tasks - uid) * hour
      return { uid, enqueuedAtMs, startedAtMs: enqueuedAtMs, finishedAtMs: enqueuedAtMs, status: 'succeeded' }
    })
    this.#nextUid = tasks
    this.#file = undefined
  }

  deleteJobs(): void {
    this.#jobs.clear()
  }

  /** An hour after their end, as their template says. */
  endedJobsGo(): void {
    for (const [name, { ended }] of this.#jobs) if (ended !== undefined) this.#jobs.delete(name)
  }

  /** The operator looks at the movers of what has ended. */
  removeFinishedMovers(): void {
    if (!this.isOver) return
    const left = [...this.#jobs].map(([name, { ended }], index) => ({
      name,
      uid: name,
      isOver: ended !== undefined,
      removesItself: true,
      createdAt: String(index).padStart(3, '0'),
    }))
    for (const effect of removeFinishedMovers(this.snapshot, left))
      this.#perform(effect, { wrote: false, arrivesAfterMs: 0 })
  }

  get jobNames(): readonly string[] {
    return [...this.#jobs.keys()]
  }

  jobsFail(exitCode: number): void {
    for (const running of this.#jobs.values()) running.ended ??= { exitCode, message: `It ended with ${exitCode}.` }
  }

  jobsWork(): void {
    for (const running of this.#jobs.values()) running.ended ??= this.#run(running.config)
  }

  pass(crash?: Crash): number {
    const observation = this.#observe()
    const { status, effects, requeueAfterMs = 10_000 } = decideSnapshot(observation, this.#ourMs)
    if (crash === 'BeforeWrite') return 1000
    const changed = JSON.stringify(asStored(status)) !== JSON.stringify(this.snapshot.status)
    this.#write(status)
    if (crash === 'AfterWrite') return 1000
    for (const effect of effects) {
      const fact = this.#perform(effect, { wrote: changed, arrivesAfterMs: crash === 'WhileSending' ? 8000 : 0 })
      if (crash === 'AfterEffect' || crash === 'WhileSending') return 1000
      if (fact !== undefined) this.#write(applyFact(this.snapshot, fact, this.#ourMs))
    }
    return requeueAfterMs
  }

  get #ourMs(): number {
    return this.nowMs + this.leapMs
  }

  get #serverMs(): number {
    return this.nowMs + this.aheadMs
  }

  get isOver(): boolean {
    return isFinished(this.snapshot)
  }

  get #pinned(): boolean {
    return this.snapshot.metadata.annotations?.[keepAnnotation] === 'true'
  }

  pin(value: 'true' | 'false'): void {
    const metadata = { ...this.snapshot.metadata, annotations: { [keepAnnotation]: value } }
    this.snapshot = { ...this.snapshot, metadata }
  }

  expireAfter(expiresAfter: string): void {
    const { metadata, spec } = this.snapshot
    const generation = (metadata.generation ?? 0) + 1
    this.snapshot = { ...this.snapshot, metadata: { ...metadata, generation }, spec: { ...spec, expiresAfter } }
  }

  #write(status: MeiliSnapshot['status']): void {
    const next = asStored(status ?? {})
    if (isRemovalBegun(next)) this.removalBegun ??= { atMs: this.nowMs, pinned: this.#pinned }
    this.snapshot = { ...this.snapshot, status: next }
    if (next.phase !== undefined && this.phases.at(-1) !== next.phase) this.phases.push(next.phase)
  }

  #perform(
    effect: Effect,
    { wrote, arrivesAfterMs }: { wrote: boolean; arrivesAfterMs: number },
  ): Parameters<typeof applyFact>[1] | undefined {
    switch (effect.kind) {
      case 'RequestSnapshot': {
        const { attempt = 0, posts = 0 } = this.snapshot.status?.request ?? {}
        if (!wrote || !this.serverUp) return undefined
        this.sent.push({ attempt, posts })
        if (arrivesAfterMs > 0) {
          this.#onTheWay.push(this.nowMs + arrivesAfterMs)
          return undefined
        }
        return { kind: 'TaskEnqueued', taskUid: this.post() }
      }
      case 'CancelTask':
        for (const task of this.#tasks)
          if (task.uid === effect.taskUid && task.status === 'enqueued') task.status = 'canceled'
        return { kind: 'CancelAccepted', taskUid: 999 }
      case 'CreateJob': {
        const name = effect.job.metadata?.name ?? ''
        const text = effect.job.spec?.template.spec?.containers[0]?.env?.[0]?.value ?? '{}'
        if (!this.#jobs.has(name))
          this.#jobs.set(name, {
            job: Object.assign(structuredClone(effect.job), {
              metadata: Object.assign({}, effect.job.metadata, { uid: name }),
            }),
            config: JSON.parse(text) as MoverConfig,
          })
        return undefined
      }
      case 'AddFinalizer':
      case 'RemoveFinalizer': {
        const finalizers = effect.kind === 'AddFinalizer' ? [effect.finalizer] : []
        this.snapshot = { ...this.snapshot, metadata: { ...this.snapshot.metadata, finalizers } }
        return undefined
      }
      case 'DeleteJob':
        this.#jobs.delete(effect.name)
        return undefined
      default:
        return undefined
    }
  }

  #run(config: MoverConfig): MoverResult {
    switch (config.command) {
      case 'probe': {
        const space = { neededBytes: config.sizeBytes, freeBytes: this.freeBytes }
        return { exitCode: space.freeBytes < space.neededBytes ? exitCodes.noSpace : 0, message: 'Looked.', space }
      }
      case 'move':
        return this.#move(config)
      case 'deleteArtifact':
        if (config.extent === 'Everything') this.stored = undefined
        return { exitCode: 0, message: 'Removed.', artifactOutcome: 'removed' }
      default:
        return { exitCode: 0, message: 'Done.', sourceOutcome: 'removed' }
    }
  }

  #move({ batches }: MoverConfig & { command: 'move' }): MoverResult {
    const file = this.#file
    const { stored } = this
    if (stored !== undefined) {
      return batches.some(({ taskUid }) => taskUid === stored.taskUid)
        ? this.#storedResult(stored.taskUid)
        : { exitCode: exitCodes.destinationConflict, message: 'It holds the artifact of another task.' }
    }
    if (file === undefined) return { exitCode: exitCodes.sourceMissing, message: 'There is no file.' }
    const modifiedAt = iso(file.modifiedAtMs)
    const batch = batches.find(({ taskUid }) => taskUid === file.writtenBy)
    if (batch === undefined) return { exitCode: exitCodes.superseded, message: 'A newer file lies there.', modifiedAt }
    if (this.freeBytes < 1e6)
      return {
        exitCode: exitCodes.noSpace,
        message: 'No space.',
        space: { neededBytes: 1e6, freeBytes: this.freeBytes },
      }
    this.stored = { taskUid: batch.taskUid }
    return this.#storedResult(batch.taskUid)
  }

  #storedResult(taskUid: number): MoverResult {
    return {
      exitCode: 0,
      message: 'Stored.',
      stored: {
        inode: '7',
        modifiedAt: iso(this.nowMs),
        sizeBytes: 1e6,
        sha256: 'ab'.repeat(32),
        taskUid,
        batchUid: taskUid,
        alreadyThere: false,
        replacedDuringCopy: false,
      },
    }
  }

  #observe(): SnapshotObservation {
    for (const arrival of this.#onTheWay) if (arrival <= this.nowMs) this.post()
    this.#onTheWay = this.#onTheWay.filter((arrival) => arrival > this.nowMs)
    return anObservation({
      snapshot: this.snapshot,
      target: this.serverUp ? aTarget() : undefined,
      engine: this.serverUp ? this.#engine() : { state: 'NotAsked' },
      mover: this.#mover(),
      apiServerMs: this.nowMs,
    })
  }

  #engine(): ReturnType<typeof anEngine> {
    const { baseline } = this.snapshot.status?.request ?? {}
    const referenceTo = (task: Task | undefined): { uid: number; enqueuedAt: string } | undefined =>
      task === undefined ? undefined : { uid: task.uid, enqueuedAt: iso(task.enqueuedAtMs) }
    const asked = this.snapshot.status?.request !== undefined
    // The engine lists from the baseline on, so that the ladder itself has to leave it out.
    return anEngine({
      newest: referenceTo(this.#tasks.at(-1)),
      baseline: referenceTo(this.#tasks.find(({ uid }) => uid === baseline?.uid)),
      candidates: asked ? this.#tasks.filter(({ uid }) => uid >= (baseline?.uid ?? 0)).map(snapshotTaskOf) : [],
    })
  }

  #mover(): MoverSeen {
    const current = this.#jobs.get(currentJobName(this.snapshot) ?? '')
    const jobs = current === undefined ? [...this.#jobs.values()].map(({ job }) => job) : [current.job]
    if (current === undefined)
      return { job: undefined, pod: undefined, progress: undefined, warning: undefined, claimTrouble: undefined, jobs }
    const { ended } = current
    const state =
      ended === undefined
        ? { running: {} }
        : { terminated: { exitCode: ended.exitCode, message: JSON.stringify(ended) } }
    const pod = aPod({
      metadata: { name: 'mover' },
      status: { phase: 'Running', containerStatuses: [{ name: 'mover', state }] },
    })
    return { job: current.job, pod, progress: undefined, warning: undefined, claimTrouble: undefined, jobs }
  }
}

function snapshotTaskOf({ uid, status, enqueuedAtMs, startedAtMs, finishedAtMs }: Task): SnapshotTask {
  const times = {
    enqueuedAt: iso(enqueuedAtMs),
    ...(startedAtMs === undefined ? {} : { startedAt: iso(startedAtMs), batchUid: uid }),
    ...(finishedAtMs === undefined ? {} : { finishedAt: iso(finishedAtMs) }),
  }
  return {
    uid,
    status,
    ...times,
    ...(status === 'failed' ? { error: { code: 'internal', message: 'os error 5' } } : {}),
  }
}

export const longest = 40 * hour
