// Sends one request to the API server: a deadline, every body read, typed errors, a count. It never retries: the work queue does.
import { request } from 'undici'
import type { Dispatcher } from 'undici'
import { TransientError } from '../errors.ts'
import type { Connection } from './connection.ts'
import { requestRoute } from './route.ts'
import type { Deadlines, Route } from './route.ts'
import { errorFrom, parseJson } from './replies.ts'
import type { Resource } from './resource.ts'
import { abortAfter, startTimer } from '../runtime/timers.ts'

/** One finished request, for metrics. `code` is the HTTP status, or `none` without a reply. */
export type Observer = (call: { verb: string; resource: string; code: string; seconds: number }) => void

export interface Call {
  readonly verb: string
  readonly method: Dispatcher.HttpMethod
  readonly resource: Resource
  readonly path: string
  /** Names the call in errors, for example `GET Pod shop/search-0`. */
  readonly what: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly contentType?: string
  /** Ends a stream; a plain request has its deadline. */
  readonly signal?: AbortSignal
  /** A deadline of its own, for what can be done without. */
  readonly withinMs?: number | undefined
}

/** A stream must bring something within this time: a bookmark comes each minute. */
const watchSilenceMs = 150_000
/** Many times the largest object that etcd takes. */
const watchEventLength = 16 * 1024 * 1024

export class Transport {
  readonly #connection: Connection
  readonly #observe: Observer
  readonly #route: Route
  #lastDate: { readonly serverMs: number; readonly atMs: number } | undefined

  constructor(connection: Connection, observe: Observer, route: Route = requestRoute) {
    this.#connection = connection
    this.#observe = observe
    this.#route = route
  }

  /** @throws TransientError also where something between us and the API server answers in its place */
  async json(call: Call): Promise<unknown> {
    const reply = parseJson(await this.text(call))
    if (reply === undefined) throw new TransientError(`${call.what} was answered, but not in JSON`)
    return reply
  }

  /** @throws TransientError without a reply in time; else by status */
  async text(call: Call): Promise<string> {
    // Its deadline begins after it: whoever waits here has not been asked.
    await this.#route.limit?.take()
    const started = performance.now()
    let code = 'none'
    try {
      const response = await this.#send(call, abortAfter(call.withinMs ?? this.#route.withinMs[deadlineOf(call)]))
      code = String(response.statusCode)
      const text = await response.body.text()
      if (response.statusCode >= 300) throw refusal(call, response, text)
      this.#noteDate(response.headers.date)
      return text
    } catch (error) {
      throw code === 'none' || !isEdgeError(error) ? noReply(call, error) : error
    } finally {
      this.#observe({
        verb: call.verb,
        resource: call.resource.plural,
        code,
        seconds: (performance.now() - started) / 1000,
      })
    }
  }

  /** The API server's clock: what its last reply said, and the time since then. Undefined before the first one, and where replies are not dated. */
  serverTimeMs(): number | undefined {
    return this.#lastDate && this.#lastDate.serverMs + performance.now() - this.#lastDate.atMs
  }

  #noteDate(date: string | string[] | undefined): void {
    const serverMs = typeof date === 'string' ? Date.parse(date) : NaN
    if (!Number.isNaN(serverMs)) this.#lastDate = { serverMs, atMs: performance.now() }
  }

  /** The lines of a stream. Ends when the server ends it; a stream that falls silent is cut and throws TransientError. */
  async *lines(call: Call): AsyncGenerator<string> {
    const silence = new AbortController()
    const timer = startTimer(() => silence.abort(new Error('the stream fell silent')), watchSilenceMs)
    const signal = call.signal === undefined ? silence.signal : AbortSignal.any([silence.signal, call.signal])
    try {
      const response = await this.#send(call, signal)
      this.#observe({ verb: call.verb, resource: call.resource.plural, code: String(response.statusCode), seconds: 0 })
      if (response.statusCode >= 300) throw refusal(call, response, await response.body.text())
      yield* linesOf(response.body, { maxLength: watchEventLength, onChunk: () => timer.restart() })
    } catch (error) {
      if (call.signal?.aborted === true) return
      throw isEdgeError(error) ? error : noReply(call, error)
    } finally {
      timer.cancel()
      silence.abort()
    }
  }

  async #send(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { headers, pools } = await this.#connection.credentials()
    const url = new URL(`${this.#connection.server.replace(/\/$/, '')}${call.path}`)
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const { pool, withinMs } = this.#route
    const streaming = call.verb === 'watch'
    return await request(url, {
      method: call.method,
      dispatcher: streaming ? pools.streams : pools[pool],
      signal,
      // Of a plain request the signal has the say.
      headersTimeout: streaming ? withinMs.watch : 0,
      bodyTimeout: streaming ? watchSilenceMs : 0,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': 'meili-operator',
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

function deadlineOf({ verb }: Call): keyof Deadlines {
  if (verb === 'list') return 'list'
  return verb === 'get' ? 'read' : 'write'
}

/** The lines of a stream, without their ends; a last one that lacks its end is dropped. @throws TransientError on a line without an end in sight */
export async function* linesOf(
  body: AsyncIterable<Buffer>,
  { maxLength, onChunk = () => undefined }: { maxLength: number; onChunk?: () => void },
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    onChunk()
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLength) throw new TransientError(`a line of more than ${maxLength} characters came`)
    yield* lines.filter((line) => line !== '')
  }
}

/** More than is read of one reply: where it is a list, a smaller page may do. */
export function isTooLong(error: unknown): boolean {
  const cause = error instanceof TransientError ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
}

function isEdgeError(error: unknown): boolean {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}

function refusal(call: Call, response: Dispatcher.ResponseData, text: string): Error {
  const retryAfter = response.headers['retry-after']
  return errorFrom({
    what: call.what,
    status: response.statusCode,
    body: parseJson(text) ?? text,
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
  })
}

function noReply(call: Call, cause: unknown): TransientError {
  // The sentence before the code: a code alone hides the address or the file, and that of a deadline is the number 23.
  const { code, message = '' } = cause as { code?: string | number; message?: string }
  return new TransientError(`${call.what} got no reply: ${message === '' ? (code ?? 'unknown error') : message}`, {
    cause,
  })
}
