// The calls of Meilisearch's HTTP API that the operator makes, one method each. Knows nothing of Kubernetes.
import type { z } from 'zod'
import { TerminalError, TransientError } from '../errors.ts'
import * as replies from './replies.ts'
import type { Batch, KeyPage, ServerVersion, Stats, SummarizedTask, Task, TaskPage } from './replies.ts'
import { SilentServers } from './silent-servers.ts'
import type { Look } from './silent-servers.ts'
import { send, unfitReply } from './transport.ts'
import type { Call, Server } from './transport.ts'
import type { KeyRequest } from './keys.ts'

/** Of what grows with a server's use: some ten thousand indexes fit in. */
const maxLargeBytes = 4 * 1024 * 1024
/** Tasks and batches repeat the settings, or the filter, that they were made of: synonyms of any size stand there whole. */
const ofTasks = { maxBytes: maxLargeBytes, skimsDetails: true } as const
/** Snapshot tasks that one snapshot looks at; the first that serves is adopted, so the oldest ones count. */
const maxSnapshotTasks = 2000
/** Nor more than this of what they say went wrong: that many passes hold it at once as there are workers. */
const maxErrorText = 256 * 1024
/** For the first answer of a server that was silent last time. */
const doubtfulMs = 3000

type TaskTime = 'afterEnqueuedAt' | 'beforeEnqueuedAt' | 'afterFinishedAt'
export type TaskFilter = Readonly<Partial<Record<'statuses' | TaskTime, string>>>

export class MeilisearchClient {
  readonly #server: Server
  readonly #silent: SilentServers

  /** @param silent what is known of all servers; shared, as one server has many clients */
  constructor(server: Server, silent: SilentServers = new SilentServers()) {
    this.#server = server
    this.#silent = silent
  }

  /**
   * All questions of one look, with a client that has as much time as this server has earned.
   * @throws TransientError without asking, where it was silent just now
   */
  async ask<T>(look: Omit<Look, 'endpoint'>, questions: (client: MeilisearchClient) => Promise<T>): Promise<T> {
    return await this.#silent.ask(
      { ...look, endpoint: this.#server.endpoint },
      async ({ isDoubtful, connectMs, signal }) => {
        const client = new MeilisearchClient({ ...this.#server, connectMs, signal }, this.#silent)
        if (isDoubtful) await client.#showLife()
        return await questions(client)
      },
    )
  }

  /** Whatever it says. Without indexes and tasks in the way, a server that lives says it at once. */
  async #showLife(): Promise<void> {
    try {
      await send(this.#server, { method: 'GET', path: '/health', deadlineMs: doubtfulMs })
    } catch (error) {
      if (error instanceof TransientError && error.status === undefined) throw error
    }
  }

  async #call<T>(schema: z.ZodType<T>, call: Call): Promise<T> {
    const reply = schema.safeParse(await send(this.#server, call))
    if (reply.success) return reply.data
    throw new TransientError(
      `${call.method} ${call.path} answered something that Meilisearch 1.12 or later would not: ${reply.error.issues[0]?.message ?? ''}`,
      { code: unfitReply },
    )
  }

  async version(): Promise<ServerVersion> {
    return await this.#call(replies.serverVersion, { method: 'GET', path: '/version' })
  }

  async stats(): Promise<Stats> {
    return await this.#call(replies.stats, { method: 'GET', path: '/stats', maxBytes: maxLargeBytes })
  }

  /** The newest task of any type, and how many there are at all. */
  async newestTask(): Promise<TaskPage> {
    return await this.#tasks('limit=1')
  }

  /**
   * True where the server has tasks that the key does not see: `total` counts them all, `results` holds those of the key's indexes.
   * A snapshot belongs to no index. Before the first one, a server that holds the key's indexes alone has nothing to hide.
   */
  async hidesTasks(): Promise<boolean> {
    for (const [types, limit] of [
      ['', 20],
      ['types=snapshotCreation&', 1],
    ] as const) {
      const page = await this.#pageThatFits(`${types}limit=${limit}`)
      if (page !== undefined && page.results.length < Math.min(limit, page.total)) return true
    }
    return false
  }

  /** Undefined where the tasks are more than we read: of a server whose settings are large, what it shows is not hidden. */
  async #pageThatFits(query: string): Promise<TaskPage | undefined> {
    try {
      return await this.#tasks(query)
    } catch (error) {
      if (error instanceof TransientError && error.code === unfitReply) return undefined
      throw error
    }
  }

  /** @throws NotFound where the task is unknown: pruned, or the database is another one. */
  async task(uid: number): Promise<Task> {
    return await this.#call(replies.task, { method: 'GET', path: `/tasks/${uid}`, ...ofTasks })
  }

  /** The snapshot tasks with a uid of `from` or higher, oldest first, whatever their status: all of them, unless there are thousands. */
  async snapshotTasksFrom(from: number): Promise<Task[]> {
    const found: Task[] = []
    let errorText = 0
    const isEnough = (): boolean => found.length >= maxSnapshotTasks || errorText >= maxErrorText
    for (let next: number | null | undefined = from; typeof next === 'number' && !isEnough();) {
      const page: TaskPage = await this.#call(replies.taskPage, {
        method: 'GET',
        path: `/tasks?types=snapshotCreation&reverse=true&from=${next}&limit=${replies.tasksPerPage}`,
      })
      if (typeof page.next === 'number' && page.next <= next)
        throw new TransientError(`GET /tasks answered that task ${page.next} follows on task ${next}`)
      found.push(...page.results)
      for (const { error } of page.results) errorText += error?.message.length ?? 0
      next = page.next
    }
    return found
  }

  async batch(uid: number): Promise<Batch> {
    return await this.#call(replies.batch, { method: 'GET', path: `/batches/${uid}`, ...ofTasks })
  }

  /** The batch that the server works on now, if any. One runs at a time. */
  async runningBatch(): Promise<Batch | undefined> {
    return (await this.#batches('statuses=processing&limit=1'))[0]
  }

  /** The newest batches, finished or not, the newest first. */
  async newestBatches(limit: number): Promise<Batch[]> {
    return await this.#batches(`limit=${limit}`)
  }

  async #tasks(query: string): Promise<TaskPage> {
    return await this.#call(replies.taskPage, { method: 'GET', path: `/tasks?${query}`, ...ofTasks })
  }

  async #batches(query: string): Promise<Batch[]> {
    return (await this.#call(replies.batchPage, { method: 'GET', path: `/batches?${query}`, ...ofTasks })).results
  }

  /** How many tasks there are that fit. Times are as Meilisearch writes them, and do not fit themselves. */
  async countTasks(filter: TaskFilter): Promise<number> {
    return (await this.#tasks(new URLSearchParams({ ...filter, limit: '1' }).toString())).total
  }

  /** Asks for a snapshot. Not idempotent: each call makes a task. The caller fences it (see docs/architecture.md). */
  async createSnapshot(): Promise<SummarizedTask> {
    return await this.#call(replies.summarizedTask, { method: 'POST', path: '/snapshots' })
  }

  /** Cancels a task that is still enqueued; each call makes a task of its own, whose uid it gives. */
  async cancelTask(uid: number): Promise<SummarizedTask> {
    return await this.#call(replies.summarizedTask, { method: 'POST', path: `/tasks/cancel?uids=${uid}` })
  }

  /** A cancel without a filter: refused with 400 by whoever may cancel, with 403 otherwise; cancels nothing in either case. */
  async cancelNothing(): Promise<unknown> {
    return await send(this.#server, { method: 'POST', path: '/tasks/cancel' })
  }

  /** The newest task that moved the database to this version, if it needed one. */
  async newestUpgrade(): Promise<Task | undefined> {
    return (await this.#tasks('types=upgradeDatabase&limit=1')).results[0]
  }

  /** Leaves a key that is there as it is. Needs the master key. */
  async ensureKey(key: KeyRequest): Promise<void> {
    try {
      await send(this.#server, { method: 'POST', path: '/keys', body: key })
    } catch (error) {
      if (!(error instanceof TerminalError && error.code === 'api_key_already_exists')) throw error
    }
  }

  /** Name, else uid, and time of the newest keys, a thousand at most. Needs the master key. */
  async keys(): Promise<KeyPage['results']> {
    const path = `/keys?limit=${replies.keysPerPage}`
    return (await this.#call(replies.keyPage, { method: 'GET', path, maxBytes: maxLargeBytes })).results
  }

  /** @throws TransientError with code `mustRestart` where the server asks for it */
  async health(): Promise<unknown> {
    return await send(this.#server, { method: 'GET', path: '/health' })
  }
}
