// The few calls of Meilisearch that tests and demo make as its users: load documents, wait for tasks, search, count.
import { eventually } from '../kubernetes/eventually.ts'

interface Task {
  readonly uid: number
  readonly type: string
  readonly status: string
  readonly error?: { readonly message: string } | null
}

export class MeilisearchApi {
  readonly #url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.#url = url
    this.#key = key
  }

  async call<T>(path: string, init: { method?: string; body?: string; type?: string } = {}): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method: init.method ?? 'GET',
      headers: {
        ...(this.#key === '' ? {} : { authorization: `Bearer ${this.#key}` }),
        ...(init.body === undefined ? {} : { 'content-type': init.type ?? 'application/json' }),
      },
      ...(init.body === undefined ? {} : { body: init.body }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path} answered ${response.status}: ${text}`)
    return JSON.parse(text) as T
  }

  /** Newline-delimited JSON; gives the task's uid. */
  async addDocuments(index: string, lines: string): Promise<number> {
    return (
      await this.call<{ taskUid: number }>(`/indexes/${index}/documents?primaryKey=id`, {
        method: 'POST',
        body: lines,
        type: 'application/x-ndjson',
      })
    ).taskUid
  }

  /** Until they are in the index. */
  async load(index: string, lines: string): Promise<void> {
    await this.waitForTask(await this.addDocuments(index, lines))
  }

  async waitForTask(taskUid: number, timeoutMs = 300_000): Promise<Task> {
    const task = await eventually(
      `Meilisearch to finish task ${taskUid}`,
      async () => {
        const seen = await this.call<Task>(`/tasks/${taskUid}`)
        return seen.status === 'enqueued' || seen.status === 'processing' ? undefined : seen
      },
      { timeoutMs, everyMs: 200 },
    )
    if (task.status !== 'succeeded') throw new Error(`task ${taskUid} ${task.status}: ${task.error?.message ?? ''}`)
    return task
  }

  async snapshotTasks(): Promise<readonly Task[]> {
    return (await this.call<{ results: Task[] }>('/tasks?types=snapshotCreation&limit=100')).results
  }

  /** Documents of each index. */
  async counts(): Promise<Record<string, number>> {
    const { indexes } = await this.call<{ indexes: Record<string, { numberOfDocuments: number }> }>('/stats')
    return Object.fromEntries(Object.entries(indexes).map(([uid, { numberOfDocuments }]) => [uid, numberOfDocuments]))
  }

  /** How many documents hold the word. */
  async hits(index: string, q: string): Promise<number> {
    return (
      await this.call<{ totalHits: number }>(`/indexes/${index}/search`, {
        method: 'POST',
        body: JSON.stringify({ q, hitsPerPage: 1 }),
      })
    ).totalHits
  }
}
