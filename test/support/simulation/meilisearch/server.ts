// A modelled Meilisearch: its tasks, one at a time, its snapshot file, and what it says over HTTP. It may fall silent.
import type { VirtualTime } from '../../runtime/virtual-time.ts'
import type { Answer, Request } from '../network/undici.ts'

/** Answers; takes connections and never answers; cannot even be reached. */
export type Mood = 'Answers' | 'NoReply' | 'NoConnection'

interface Task {
  readonly uid: number
  readonly type: string
  readonly enqueuedAt: string
  status: 'enqueued' | 'processing' | 'succeeded' | 'canceled'
  batchUid?: number
  startedAt?: string
  finishedAt?: string
}

export class Meilisearch {
  mood: Mood = 'Answers'
  /** Called when a request for a snapshot has arrived, before its reply. */
  onPost: () => void = () => undefined
  /** How many arrived. */
  posts = 0
  /** What the last snapshot wrote. */
  file: { readonly taskUid: number; readonly batchUid: number; readonly modifiedAt: string } | undefined
  readonly #time: VirtualTime
  readonly #taskMs: number
  readonly #tasks: Task[] = []

  constructor(time: VirtualTime, { taskMs }: { readonly taskMs: number }) {
    this.#time = time
    this.#taskMs = taskMs
    const at = new Date(Date.now() - 60_000).toISOString()
    const done = { status: 'succeeded', batchUid: 0, enqueuedAt: at, startedAt: at, finishedAt: at } as const
    this.#tasks.push({ uid: 0, type: 'indexCreation', ...done })
  }

  answer({ method, url }: Request): Answer {
    if (this.mood !== 'Answers') return this.mood
    const { pathname, searchParams } = url
    const call = `${method} ${pathname}`
    const uid = /^\/tasks\/(\d+)$/.exec(pathname)?.[1]
    if (call === 'POST /snapshots') return this.#request()
    if (call === 'POST /tasks/cancel') return this.#cancel(searchParams.get('uids'))
    if (call === 'GET /tasks') return json(200, this.#page(searchParams))
    if (call === 'GET /batches') return json(200, { results: this.#batches(searchParams) })
    if (uid !== undefined) return this.#one(Number(uid))
    const plain = plainAnswers[call]
    return plain === undefined ? refused(404, 'not_found') : { status: 200, body: plain }
  }

  #request(): Answer {
    this.posts++
    const task = this.#enqueue('snapshotCreation')
    this.#work()
    this.onPost()
    return json(202, { taskUid: task.uid, status: 'enqueued', type: task.type, enqueuedAt: task.enqueuedAt })
  }

  #cancel(uids: string | null): Answer {
    if (uids === null) return refused(400, 'missing_task_filters')
    for (const task of this.#tasks)
      if (uids.split(',').includes(String(task.uid)) && task.status === 'enqueued') {
        task.status = 'canceled'
        task.finishedAt = this.#now()
      }
    const { uid, type, enqueuedAt } = this.#enqueue('taskCancelation', 'succeeded')
    return json(200, { taskUid: uid, status: 'enqueued', type, enqueuedAt })
  }

  #enqueue(type: string, status: Task['status'] = 'enqueued'): Task {
    const task: Task = { uid: this.#tasks.length, type, status, enqueuedAt: this.#now() }
    this.#tasks.push(task)
    return task
  }

  #now(): string {
    return new Date(Date.now()).toISOString()
  }

  /** One at a time. */
  #work(): void {
    const next = this.#tasks.find(({ status }) => status === 'enqueued' || status === 'processing')
    if (next === undefined || next.status === 'processing') return
    Object.assign(next, { status: 'processing', batchUid: next.uid, startedAt: this.#now() })
    this.#time.setTimeout(() => {
      const finishedAt = this.#now()
      Object.assign(next, { status: 'succeeded', finishedAt })
      this.file = { taskUid: next.uid, batchUid: next.uid, modifiedAt: finishedAt }
      this.#work()
    }, this.#taskMs)
  }

  #page(query: URLSearchParams): object {
    const types = query.get('types')?.split(',')
    const isReverse = query.get('reverse') === 'true'
    const statuses = query.get('statuses')?.split(',')
    const all = this.#tasks
      .filter(({ type, status }) => (types?.includes(type) ?? true) && (statuses?.includes(status) ?? true))
      .filter((task) => isWithin(task, query))
    const from = Number(query.get('from') ?? (isReverse ? 0 : Infinity))
    const wanted = isReverse ? all.filter(({ uid }) => uid >= from) : all.filter(({ uid }) => uid <= from).toReversed()
    const limit = Number(query.get('limit') ?? 20)
    return { results: wanted.slice(0, limit), total: all.length, limit, from: null, next: wanted[limit]?.uid ?? null }
  }

  /** Those of finished tasks, too, unless it is asked for what it works on. */
  #batches(query: URLSearchParams): readonly object[] {
    const isEvery = query.get('statuses') === null
    return this.#tasks
      .filter(({ batchUid, status }) => batchUid !== undefined && (isEvery || status === 'processing'))
      .toReversed()
      .slice(0, Number(query.get('limit') ?? 20))
      .map(({ batchUid, type, status }) => ({
        uid: batchUid,
        progress: status === 'processing' ? { steps: [{ currentStep: 'copying' }], percentage: 50 } : null,
        stats: { types: { [type]: 1 } },
      }))
  }

  #one(uid: number): Answer {
    const task = this.#tasks[uid]
    return task === undefined ? refused(404, 'task_not_found') : json(200, task)
  }
}

/** Neither end is within. */
function isWithin({ enqueuedAt, finishedAt = '' }: Task, query: URLSearchParams): boolean {
  const before = Date.parse(query.get('beforeEnqueuedAt') ?? '') || Infinity
  const after = Date.parse(query.get('afterEnqueuedAt') ?? '') || -Infinity
  const finishedAfter = query.get('afterFinishedAt')
  return (
    Date.parse(enqueuedAt) < before &&
    Date.parse(enqueuedAt) > after &&
    (finishedAfter === null || Date.parse(finishedAt) > Date.parse(finishedAfter))
  )
}

const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) })

const refused = (status: number, code: string): Answer =>
  json(status, { message: 'No.', code, type: 'invalid_request' })

/** What it says of itself, always the same. */
const plainAnswers: Readonly<Record<string, string>> = {
  'GET /health': JSON.stringify({ status: 'available' }),
  'GET /version': JSON.stringify({ commitSha: 'unknown', commitDate: 'unknown', pkgVersion: '1.21.0' }),
  'GET /stats': JSON.stringify({
    databaseSize: 8192,
    usedDatabaseSize: 4096,
    lastUpdate: '2026-03-01T11:00:00.5Z',
    indexes: { products: { numberOfDocuments: 3 }, orders: { numberOfDocuments: 4 } },
  }),
}
