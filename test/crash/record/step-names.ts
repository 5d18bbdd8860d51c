// Names for the operator's writes and calls in the life of one snapshot, by what is on record at that moment. Pure but for its own memory.
// The operator remembers nothing, so calls of one kind with the same things on record are repeats of one wait: they share a name, and the
// first stands for all. Each pass has a key of its own (see life.ts), which distinguishes one that asks about the instance from the snapshot's.
import type { Call, Reply } from '../fixture/http-proxy.ts'

export interface Step {
  readonly kind: 'write' | 'call'
  readonly name: string
  /** A write in the words of the audit log, for example `update meilisnapshots/status`. */
  readonly audited?: string
}

interface Written {
  readonly metadata?: { readonly finalizers?: readonly string[] }
  readonly status?: {
    readonly phase?: string
    readonly conditions?: readonly { readonly type: string; readonly reason: string }[]
    readonly request?: { readonly posts: number; readonly taskUid?: number }
    readonly task?: { readonly status: string }
    readonly move?: { readonly node?: string; readonly attempt: number }
    readonly lastSnapshot?: object
  }
}

/** Writes after which the same pass does something that must not be done twice, those deeds, and the last word: in no matrix may they be left out. */
export const decisive: ReadonlySet<string> = new Set([
  'status: Pending (ClaimCreating)',
  'status: request on record',
  'POST /snapshots',
  'status: node of the mover',
  'Job created',
  'status: Completed',
])

/** Writes that only report how far it is: where the work is quick, or the operator was just killed, a life goes by without them. */
export const progress: ReadonlySet<string> = new Set(['status: task in progress', 'status: mover on its way'])

/** Of a schedule likewise: its status says what has become of the snapshots, and neither fences what follows nor counts what is done. The successor of one that was killed may see several of these at once, and writes the last one. */
const ofSchedule = /^schedule: \d+ created(?!.*(run on record|expiring|expired))/

/** It may never come. */
export const isReport = (name: string): boolean => progress.has(name) || ofSchedule.test(name)

/** One pass of the operator, as far as Meilisearch hears of it. */
interface Pass {
  readonly isInterview: boolean
  /** Kinds of calls, in order. */
  readonly asked: string[]
}

/** The call with which each pass about an instance begins. */
const opening = 'GET /health'
/** And with which it ends: one about a server that was silent asks for its health twice. */
const closing = 'GET /stats'

const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** The member that says what a write is about: the resource, and its subresource. */
function resourceOf(path: string): { resource: string; subresource: string | undefined } {
  const [, resource = '', , subresource] =
    /\/namespaces\/[^/]+\/(.*)$/
      .exec(new URL(path, 'http://api').pathname)?.[1]
      ?.match(/^([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/) ?? []
  return { resource, subresource }
}

function reasonOf({ conditions }: NonNullable<Written['status']>): string {
  return conditions?.find(({ type }) => type === 'Ready')?.reason ?? 'no reason'
}

function requestName({ request, task }: NonNullable<Written['status']>): string {
  if (task !== undefined) return task.status === 'succeeded' ? 'task succeeded' : 'task in progress'
  if (request?.taskUid !== undefined) return 'number of the task'
  return (request?.posts ?? 1) > 1 ? `request on record, posts ${request?.posts}` : 'request on record'
}

export class StepNames {
  #stage = 'nothing on record'
  #instance = 'instance new'
  #hasJob = false
  readonly #passes = new Map<string, Pass>()
  #isOver = false

  /** True once the instance shows the completed snapshot and has been asked again since. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Undefined: a read, or a write that is no part of the life (leases, Events). */
  stepOfWrite({ method, path, body }: Call): Step | undefined {
    const { resource, subresource } = resourceOf(path)
    if (method === 'GET' || resource === 'leases' || resource === 'events') return undefined
    const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}`
    return { kind: 'write', name: this.#writeName(method, what, body), audited: `${verbs[method] ?? method} ${what}` }
  }

  #writeName(method: string, resource: string, body: string): string {
    const object = (body === '' ? {} : JSON.parse(body)) as Written
    switch (`${method} ${resource}`) {
      case 'PUT meilisnapshots/status':
        return `status: ${this.#statusName(object.status ?? {})}`
      case 'PUT meiliinstances/status':
        return `instance: ${object.status?.lastSnapshot === undefined ? reasonOf(object.status ?? {}) : 'last snapshot'}`
      case 'PATCH meilisnapshots':
        return object.metadata?.finalizers?.length === 0 ? 'finalizer taken away' : 'finalizer set'
      case 'POST persistentvolumeclaims':
        return 'claim created'
      case 'POST jobs':
        return 'Job created'
      case 'DELETE jobs':
        return 'Job removed'
      default:
        return `${method} ${resource}`
    }
  }

  #statusName(status: NonNullable<Written['status']>): string {
    if (status.phase === 'Completed' || status.phase === 'Failed') return status.phase
    if (status.request === undefined) return `Pending (${reasonOf(status)})`
    if (status.move === undefined) return requestName(status)
    const attempt = status.move.attempt === 1 ? '' : `, attempt ${status.move.attempt}`
    if (status.move.node === undefined) return `task succeeded${attempt}`
    return `${this.#hasJob ? 'mover on its way' : 'node of the mover'}${attempt}`
  }

  /** What the API server accepted is on record. */
  accept(step: Step, reply: Reply): void {
    if (reply.status >= 300) return
    if (step.name.startsWith('instance: ')) this.#instance = step.name
    else this.#stage = step.name
    if (step.name === 'Job created') this.#hasJob = true
  }

  /** Any call to Meilisearch. */
  stepOfCall({ method, path, authorization }: Call): Step {
    const kind = `${method} ${path.replaceAll(/\d+/g, 'N')}`
    if (kind === 'POST /snapshots') return { kind: 'call', name: kind }
    const pass = this.#passes.get(authorization) ?? { isInterview: kind === opening, asked: [] }
    this.#passes.set(authorization, pass)
    pass.asked.push(kind)
    const times = pass.asked.filter((other) => other === kind).length
    return {
      kind: 'call',
      name: `${kind}${times === 1 ? '' : ` (${times})`}, at "${pass.isInterview ? this.#interviewStage(pass) : this.#stage}"`,
    }
  }

  #interviewStage({ asked }: Pass): string {
    if (this.#instance === 'instance: last snapshot') {
      this.#isOver ||= asked.includes(closing)
      return this.#instance
    }
    const isEnded = ['status: Completed', 'Job removed', 'finalizer taken away'].includes(this.#stage)
    return isEnded ? `${this.#instance}, snapshot completed` : this.#instance
  }
}
