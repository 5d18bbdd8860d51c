// A server on loopback that talks like Meilisearch where a test does not tell it otherwise: for faults that the real one does not make.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Asked {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly authorization: string | undefined
}

/** True where it has taken the reply upon itself, or means to give none. */
export type Answer = (response: ServerResponse, asked: Asked) => boolean

const body = (response: ServerResponse, status: number, value: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))

/** Refuses as Meilisearch does. */
export const refusalAnswer =
  (status: number, code: string, message = 'No.'): Answer =>
  (response) => {
    body(response, status, { message, code, type: 'auth', link: `https://docs.meilisearch.com/errors#${code}` })
    return true
  }

export const jsonAnswer =
  (value: unknown, status = 200): Answer =>
  (response) => {
    body(response, status, value)
    return true
  }

/** What it says of itself. */
const plain: Readonly<Record<string, unknown>> = {
  'GET /health': { status: 'available' },
  'GET /version': { commitSha: 'unknown', commitDate: 'unknown', pkgVersion: '1.21.0' },
  'GET /stats': {
    databaseSize: 8192,
    usedDatabaseSize: 4096,
    lastUpdate: '2026-03-01T11:00:00.5Z',
    indexes: { products: { numberOfDocuments: 3 }, orders: { numberOfDocuments: 4 } },
  },
}

export class MeilisearchDouble implements AsyncDisposable {
  readonly asked: Asked[] = []
  readonly endpoint: string
  /** Tasks that POST made: `snapshotCreation` and `taskCancelation`, in order; the uid is the place. */
  readonly tasks: string[] = []
  /** Looked at first. */
  answer: Answer = () => false
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const asked = {
        method: request.method ?? '',
        path: request.url ?? '',
        authorization: request.headers.authorization,
      }
      this.asked.push(asked)
      if (!this.answer(response, asked)) this.#talk(response, asked)
    })
  }

  static async start(answer?: Answer): Promise<MeilisearchDouble> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const double = new MeilisearchDouble(server)
    if (answer !== undefined) double.answer = answer
    return double
  }

  /** How often it was asked this. */
  times(method: string, path: string): number {
    return this.asked.filter((asked) => asked.method === method && asked.path === path).length
  }

  /** Ends it, and every connection with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  #talk(response: ServerResponse, { method, path }: Asked): void {
    const call = `${method} ${path.split('?')[0]}`
    if (call === 'POST /snapshots') this.#enqueue(response, 202, 'snapshotCreation')
    else if (call === 'POST /tasks/cancel' && path.includes('?')) this.#enqueue(response, 200, 'taskCancelation')
    else if (call === 'POST /tasks/cancel')
      refusalAnswer(400, 'missing_task_filters')(response, { method, path, authorization: undefined })
    else if (call === 'GET /tasks') body(response, 200, this.#page(new URLSearchParams(path.split('?')[1])))
    else if (plain[call] === undefined)
      refusalAnswer(404, 'not_found')(response, { method, path, authorization: undefined })
    else body(response, 200, plain[call])
  }

  #enqueue(response: ServerResponse, status: number, type: string): void {
    const taskUid = this.tasks.push(type) - 1
    body(response, status, {
      taskUid,
      indexUid: null,
      status: 'enqueued',
      type,
      enqueuedAt: '2026-03-01T12:00:00.123456789Z',
    })
  }

  #page(query: URLSearchParams): unknown {
    const types = query.get('types')?.split(',')
    const all = this.tasks.flatMap((type, uid) =>
      types?.includes(type) === false
        ? []
        : [{ uid, type, status: 'enqueued', enqueuedAt: '2026-03-01T12:00:00.123456789Z' }],
    )
    const limit = Number(query.get('limit') ?? 20)
    const from = Number(query.get('from') ?? (query.get('reverse') === 'true' ? 0 : all.length))
    const wanted =
      query.get('reverse') === 'true'
        ? all.filter(({ uid }) => uid >= from)
        : all.filter(({ uid }) => uid <= from).toReversed()
    return {
      results: wanted.slice(0, limit),
      total: all.length,
      limit,
      from: wanted[0]?.uid ?? null,
      next: wanted[limit]?.uid ?? null,
    }
  }
}
