// Sends one call to a Meilisearch server: a deadline and a size limit, typed errors, never a retry, never a key in an error.
import { Agent, request } from 'undici'
import { NotFound, TerminalError, TransientError } from '../errors.ts'
import { errorReply, healthReply } from './replies.ts'
import { replyText, Unfit } from './reply-text.ts'
import { abortAfter } from '../runtime/timers.ts'

/** Where a server is and how to be let in. Lives in memory only: `key` is never logged nor stored. */
export interface Server {
  /** Scheme, address and port, e.g. `http://10.1.2.3:7700`. */
  readonly endpoint: string
  readonly key?: string
  /** Certificate authority (PEM) and name to check a server certificate against. */
  readonly ca?: string
  readonly serverName?: string
  /** How long a connection may take. */
  readonly connectMs?: number
  /** Ends all calls, however far they are. */
  readonly signal?: AbortSignal
}

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Path and query; holds no secret. */
  readonly path: string
  readonly body?: unknown
  /** For all of it, to the last byte of the reply. */
  readonly deadlineMs?: number
  /** Of the reply. */
  readonly maxBytes?: number
  /** Of the reply, nobody reads the `details` of tasks and batches. */
  readonly skimsDetails?: boolean
}

const defaultDeadlineMs = 10_000
const defaultMaxBytes = 1024 * 1024
const defaultConnectMs = 3000
/** Its calls come one after the other; where one was broken off, its connection may still be closing. */
const mostConnections = 2
/** Some hundred certificates. Each look at the server parses all of it. */
const mostCaBytes = 64 * 1024
/** The calls of one pass follow one another closely. */
const idleMs = 1000

/**
 * Connections live as long as the `Server` that they lead to, which is made anew for each pass, and idle ones a second more:
 * nothing stays of pods that came and went, nor of what their users wrote.
 */
const agents = new WeakMap<Server, Agent>()

function agentFor(server: Server): Agent {
  const known = agents.get(server)
  if (known !== undefined) return known
  const { ca, serverName: servername } = server
  if (ca !== undefined && Buffer.byteLength(ca) > mostCaBytes)
    throw new TransientError(
      `The certificate authority for ${server.endpoint} has more than ${mostCaBytes / 1024} KiB, and was not read. One certificate has about 2 KiB`,
      { code: certificateRejected },
    )
  const agent = new Agent({
    allowH2: false,
    connections: mostConnections,
    keepAliveTimeout: idleMs,
    // The server may ask for less, not for more.
    keepAliveMaxTimeout: idleMs,
    connect: {
      timeout: server.connectMs ?? defaultConnectMs,
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
    },
  })
  agents.set(server, agent)
  return agent
}

/** Error codes of Node's TLS that mean: the certificate is not trusted, or is for another name. */
const certificateCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
/** The `code` of the TransientError that a refused certificate becomes. */
export const certificateRejected = 'certificate_rejected'
/** The `code` of the TransientError that a reply becomes which no Meilisearch would give, or which is more than we read. */
export const unfitReply = 'unfit_reply'

function noReply(server: Server, call: Call, cause: unknown): TransientError {
  if (cause instanceof Unfit)
    return new TransientError(`${call.method} ${call.path} answered ${cause.message}`, { cause, code: unfitReply })
  // A code that is no word says nothing: that of a deadline is the number 23.
  const { code, name, message } = cause as { code?: string | number; name?: string; message?: string }
  const text = typeof code === 'string' ? code : undefined
  const rejected = text !== undefined && certificateCodes.has(text)
  const what =
    server.signal?.aborted === true
      ? 'whole reply in the time that all calls of one look may take'
      : name === 'TimeoutError'
        ? `whole reply within ${(call.deadlineMs ?? defaultDeadlineMs) / 1000} s`
        : `reply: ${text ?? message ?? 'unknown error'}`
  return new TransientError(`${call.method} ${server.endpoint}${call.path} got no ${what}`, {
    cause,
    ...(rejected ? { code: certificateRejected } : text === undefined ? {} : { code: text }),
  })
}

/** What stands between us and the server may repeat what it was sent: the key is blotted out of what is quoted. */
function refusal({ key = '' }: Server, call: Call, { status, text }: { status: number; text: string }): Error {
  const redact = (words: string | undefined, maxLength: number): string | undefined =>
    words === undefined ? undefined : cut(key === '' ? words : words.replaceAll(key, '[key]'), maxLength)
  const body = parseJson(text)
  const reply = errorReply.safeParse(body).data
  // GET /health names no error: its status is the code.
  const code = redact(reply?.code ?? healthReply.safeParse(body).data?.status, 64)
  const message = `${call.method} ${call.path} answered ${status}${code === undefined ? '' : ` ${code}`}: ${redact(reply?.message, 1000) ?? 'no message'}`
  const answer = {
    status,
    ...(code === undefined ? {} : { code }),
    ...(status === 401 || status === 403 ? { refusal: 'Unauthorized' as const } : {}),
  }
  if (status === 404) return new NotFound(message, answer)
  return status >= 500 || status === 408 || status === 429
    ? new TransientError(message, answer)
    : new TerminalError(message, answer)
}

/** On one line, and no longer than a line should be. */
function cut(words: string, maxLength: number): string {
  const plain = words
    .slice(0, maxLength)
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
  return words.length > maxLength ? `${plain}…` : plain
}

/**
 * Sends one call and gives the parsed JSON of a 2xx reply. Never sends twice: `POST /snapshots` is not idempotent.
 * @throws TransientError without a reply in time, on one that is more than we read, or on 408, 429, 5xx; NotFound on 404; TerminalError on other refusals
 */
export async function send(server: Server, call: Call): Promise<unknown> {
  const dispatcher = agentFor(server)
  const deadline = abortAfter(call.deadlineMs ?? defaultDeadlineMs)
  const signal = server.signal === undefined ? deadline : AbortSignal.any([deadline, server.signal])
  let status: number
  let text: string
  try {
    const response = await request(new URL(call.path, server.endpoint), {
      method: call.method,
      dispatcher,
      signal,
      headers: {
        ...(server.key === undefined ? {} : { authorization: `Bearer ${server.key}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    })
    status = response.statusCode
    text = await replyText(response.body, {
      maxBytes: call.maxBytes ?? defaultMaxBytes,
      skimsDetails: call.skimsDetails,
      signal,
    })
  } catch (error) {
    throw noReply(server, call, error)
  }
  if (status >= 200 && status < 300) return parseJson(text)
  throw refusal(server, call, { status, text })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
