// Scheduler, kubelet, Job controller and garbage collector of a modelled cluster, for the Jobs of movers. What a mover does is mover-run.ts.
import type { V1Container, V1Job, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import type { MoverConfig, MoverResult } from '../../../../src/mover/contract.ts'
import type { VirtualTime } from '../../runtime/virtual-time.ts'
import type { ObjectStore, Stored } from './object-store.ts'

/** What becomes of a Job's pod. */
export type Fate = 'Runs' | 'NoNode' | 'NoImage'

export interface MoverRun {
  readonly durationMs: number
  /** Called at the end: what the mover did by then. */
  readonly finish: () => MoverResult
}

export interface WorkloadParts {
  readonly store: ObjectStore
  readonly time: VirtualTime
  readonly fateOf: (job: Stored) => Fate
  readonly run: (config: MoverConfig, job: Stored) => MoverRun
}

/** How long each step takes. */
const delays = { podMs: 100, bindMs: 300, startMs: 1200, jobMs: 200, stopMs: 1500, collectMs: 500 } as const

interface PodPlan {
  readonly job: Stored
  readonly name: string
}

export class Workloads {
  /** Movers whose container runs, now and at most. */
  running = 0
  mostRunning = 0
  readonly #parts: WorkloadParts
  /** What is to come of each pod, until it has ended. */
  readonly #ends = new Map<string, { cancel(): void }>()
  readonly #printed = new Map<string, string>()

  constructor(parts: WorkloadParts) {
    this.#parts = parts
    parts.store.follow('jobs', parts.store.version, ({ type, object, previous }) => {
      if (type === 'ADDED') this.#later(delays.podMs, () => this.#makePod(object))
      else if (type === 'DELETED') this.#later(delays.collectMs, () => this.#removePodsOf(object))
      else if (object.metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined)
        this.#later(delays.collectMs, () => this.#foreground(object))
    })
    parts.store.follow('meilisnapshots', parts.store.version, ({ type, object }) => {
      if (type === 'DELETED') this.#later(delays.collectMs, () => this.#removeJobsOf(object))
    })
    parts.store.follow('pods', parts.store.version, ({ type, object }) => {
      if (type === 'DELETED') this.#end(object.metadata.name)
    })
  }

  logs(pod: string): string {
    return this.#printed.get(pod) ?? ''
  }

  #later(delayMs: number, run: () => void): { cancel(): void } {
    const { time } = this.#parts
    return time.setTimeout(run, delayMs + Math.floor(time.random() * delayMs))
  }

  #current(plural: string, { metadata }: Stored): Stored | undefined {
    const found = this.#parts.store.get(plural, metadata.namespace ?? '', metadata.name)
    return found?.metadata.uid === metadata.uid ? found : undefined
  }

  #makePod(job: Stored): void {
    const current = this.#current('jobs', job)
    if (current === undefined || current.metadata.deletionTimestamp !== undefined) return
    const template = (job.spec as V1Job['spec'])?.template as V1PodTemplateSpec
    const plan = { job, name: `${job.metadata.name}-${job.metadata.uid.slice(0, 5)}` }
    const owner = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: job.metadata.name,
      uid: job.metadata.uid,
      controller: true,
    }
    this.#parts.store.put('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...(template.metadata as object),
        name: plan.name,
        namespace: job.metadata.namespace ?? '',
        ownerReferences: [owner],
      },
      spec: template.spec,
      status: { phase: 'Pending' },
    } as KubeObject)
    this.#ends.set(
      plan.name,
      this.#later(delays.bindMs, () => this.#bind(plan)),
    )
  }

  #update(pod: string, job: Stored, change: (pod: Stored) => object): boolean {
    const { store } = this.#parts
    const known = store.get('pods', job.metadata.namespace ?? '', pod)
    if (known === undefined) return false
    store.put('pods', { ...known, ...change(known) })
    return true
  }

  #bind({ job, name }: PodPlan): void {
    const fate = this.#parts.fateOf(job)
    if (fate === 'NoNode') {
      const message = '0/12 nodes are available: 12 node(s) had volume node affinity conflict.'
      const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }
      this.#update(name, job, () => ({ status: { phase: 'Pending', conditions: [condition] } }))
      return
    }
    const isThere = this.#update(name, job, ({ spec }) => ({
      spec: { ...(spec as object), nodeName: nodeOf(spec as V1PodSpec) },
      status: statusOf('Pending', { waiting: fate === 'NoImage' ? noImage : { reason: 'ContainerCreating' } }),
    }))
    if (isThere && fate === 'Runs')
      this.#ends.set(
        name,
        this.#later(delays.startMs, () => this.#start({ job, name })),
      )
  }

  #start({ job, name }: PodPlan): void {
    const { time, run } = this.#parts
    if (!this.#update(name, job, () => ({ status: statusOf('Running', { running: {} }) }))) return
    this.mostRunning = Math.max(this.mostRunning, ++this.running)
    const { durationMs, finish } = run(configOf(job), job)
    this.#printed.set(name, `${JSON.stringify({ step: 'copying', bytesDone: 1024, bytesTotal: 4096 })}\n`)
    const timer = time.setTimeout(() => {
      this.#stopped(name)
      this.#finish({ job, name }, finish())
    }, durationMs)
    this.#ends.set(name, {
      cancel: () => {
        timer.cancel()
        this.#stopped(name)
      },
    })
  }

  #stopped(pod: string): void {
    this.running--
    this.#ends.delete(pod)
    this.#printed.delete(pod)
  }

  #finish({ job, name }: PodPlan, result: MoverResult): void {
    const isDone = result.exitCode === 0
    const terminated = {
      exitCode: result.exitCode,
      reason: isDone ? 'Completed' : 'Error',
      message: JSON.stringify(result),
    }
    this.#update(name, job, () => ({ status: statusOf(isDone ? 'Succeeded' : 'Failed', { terminated }) }))
    this.#later(delays.jobMs, () => {
      const current = this.#current('jobs', job)
      if (current === undefined) return
      const conditions = [{ type: isDone ? 'Complete' : 'Failed', status: 'True' }]
      this.#parts.store.put('jobs', { ...current, status: { conditions } } as KubeObject)
    })
  }

  /** Its container is stopped, if it has one. */
  #end(pod: string): void {
    const end = this.#ends.get(pod)
    this.#ends.delete(pod)
    end?.cancel()
  }

  #podsOf(job: Stored): readonly Stored[] {
    return this.#parts.store
      .list('pods', job.metadata.namespace)
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) === true)
  }

  #removePodsOf(job: Stored): void {
    for (const { metadata } of this.#podsOf(job)) {
      const ms = this.#ends.has(metadata.name) ? delays.stopMs : 1
      this.#later(ms, () => this.#parts.store.remove('pods', metadata.namespace ?? '', metadata.name))
    }
  }

  /** The Job goes when its pods have gone. */
  #foreground(job: Stored): void {
    this.#removePodsOf(job)
    const { store } = this.#parts
    const look = (): void => {
      const current = this.#current('jobs', job)
      if (current === undefined) return
      if (this.#podsOf(job).length > 0) this.#later(delays.collectMs, look)
      else store.remove('jobs', job.metadata.namespace ?? '', job.metadata.name)
    }
    this.#later(delays.collectMs, look)
  }

  #removeJobsOf(owner: Stored): void {
    const { store } = this.#parts
    for (const { metadata } of store.list('jobs', owner.metadata.namespace)) {
      if (metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true)
        store.remove('jobs', metadata.namespace ?? '', metadata.name)
    }
  }
}

const noImage = { reason: 'ImagePullBackOff', message: 'Back-off pulling image: pull access denied' }

const statusOf = (phase: string, state: object): object => ({
  phase,
  conditions: [{ type: 'PodScheduled', status: 'True' }],
  containerStatuses: [{ name: 'mover', ready: false, restartCount: 0, state }],
})

const containerOf = (job: Stored): V1Container | undefined =>
  (job.spec as V1Job['spec'])?.template.spec?.containers.find(({ name }) => name === 'mover')

const configOf = (job: Stored): MoverConfig =>
  JSON.parse(containerOf(job)?.env?.find(({ name }) => name === 'MOVER_CONFIG')?.value ?? '{}') as MoverConfig

function nodeOf({ affinity }: V1PodSpec): string {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return terms?.[0]?.matchFields?.[0]?.values?.[0] ?? 'node-0'
}
