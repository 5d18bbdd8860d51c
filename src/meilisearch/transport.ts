// HTTP to one Meilisearch server: a deadline on each call, typed errors, never a retry, never a key in an error.
import { Agent, request } from 'undici'
import { NotFound, TerminalError, TransientError } from '../reconcile/errors.ts'
import { errorReply, healthReply } from './replies.ts'

/** Where a server is and how to be let in. Lives in memory only: `key` is never logged nor stored. */
export interface Server {
  /** Scheme, address and port, e.g. `http://10.1.2.3:7700`. */
  readonly endpoint: string
  readonly key?: string
  /** Certificate authority (PEM) and name to check a server certificate against. */
  readonly ca?: string
  readonly serverName?: string
}

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Path and query; holds no secret. */
  readonly path: string
  readonly body?: unknown
  readonly deadlineMs?: number
}

const defaultDeadlineMs = 10_000
const maxResponseBytes = 64 * 1024 * 1024
const agents = new Map<string, Agent>()

/** One agent for each way of checking certificates; idle connections close after some seconds, so none holds a dead pod. */
function agentFor(server: Server): Agent {
  const check = JSON.stringify([server.ca, server.serverName])
  let agent = agents.get(check)
  if (agent === undefined) {
    agent = new Agent({
      allowH2: false,
      keepAliveTimeout: 4000,
      maxResponseSize: maxResponseBytes,
      connect: {
        timeout: 5000,
        ...(server.ca === undefined ? {} : { ca: server.ca }),
        ...(server.serverName === undefined ? {} : { servername: server.serverName }),
      },
    })
    agents.set(check, agent)
  }
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

function noReply(server: Server, call: Call, cause: unknown): TransientError {
  // A code that is no word says nothing: that of a deadline is the number 23.
  const { code, message } = cause as { code?: string | number; message?: string }
  const text = typeof code === 'string' ? code : undefined
  const rejected = text !== undefined && certificateCodes.has(text)
  return new TransientError(`${call.method} ${server.endpoint}${call.path} got no reply: ${text ?? message ?? 'unknown error'}`, {
    cause,
    ...(rejected ? { code: certificateRejected } : text === undefined ? {} : { code: text }),
  })
}

/** What stands between us and the server may repeat what it was sent: the key is blotted out. */
function refusal(server: Server, call: Call, { status, text }: { status: number; text: string }): Error {
  const { key = '' } = server
  const body = parsed(key === '' ? text : text.replaceAll(key, '[key]'))
  const reply = errorReply.safeParse(body)
  // GET /health names no error: its status is the code.
  const code = reply.data?.code ?? healthReply.safeParse(body).data?.status
  const message = `${call.method} ${call.path} answered ${status}${code === undefined ? '' : ` ${code}`}: ${reply.data?.message ?? 'no message'}`
  const answer = { status, ...(code === undefined ? {} : { code }) }
  if (status === 404) return new NotFound(message, answer)
  return status >= 500 || status === 408 || status === 429 ? new TransientError(message, answer) : new TerminalError(message, answer)
}

/**
 * Sends one call and gives the parsed JSON of a 2xx reply. Never sends twice: `POST /snapshots` is not idempotent.
 * @throws TransientError without a reply in time, or on 408, 429, 5xx; NotFound on 404; TerminalError on other refusals
 */
export async function send(server: Server, call: Call): Promise<unknown> {
  let status: number
  let text: string
  try {
    const response = await request(new URL(call.path, server.endpoint), {
      method: call.method,
      dispatcher: agentFor(server),
      signal: AbortSignal.timeout(call.deadlineMs ?? defaultDeadlineMs),
      headers: { ...(server.key === undefined ? {} : { authorization: `Bearer ${server.key}` }), ...(call.body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    })
    status = response.statusCode
    text = await response.body.text()
  } catch (error) {
    throw noReply(server, call, error)
  }
  if (status >= 200 && status < 300) return parsed(text)
  throw refusal(server, call, { status, text })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
