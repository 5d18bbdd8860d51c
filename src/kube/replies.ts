// Turns the API server's refusal into a typed error: verb, path and the server's own sentence, never a header.
import { Conflict, Gone, NotFound, TerminalError, TransientError } from '../errors.ts'
import { refusalCause } from './refusal-cause.ts'
import type { StatusReply } from './refusal-cause.ts'

export interface Refusal {
  /** For example `PUT MeiliSnapshot shop/first/status`. */
  readonly what: string
  readonly status: number
  readonly body: unknown
  readonly retryAfter?: string | undefined
}

/** A webhook writes as much as it likes. */
const maxMessageLength = 5000

/** Which class a status is: Gone is answered by a new list, Conflict by a new look, 4xx by a change, the rest by time. */
export function errorFrom({ what, status, body, retryAfter }: Refusal): Error {
  const reply = (typeof body === 'object' && body !== null ? body : {}) as StatusReply
  const message = `${what} answered ${[status, reply.reason].filter(Boolean).join(' ')}: ${typeof reply.message === 'string' ? reply.message.slice(0, maxMessageLength) : plainText(body)}`
  const answer = {
    status,
    refusal: refusalCause(status, reply),
    ...(reply.reason === undefined ? {} : { code: reply.reason }),
    retryAfterMs: afterMs(retryAfter ?? reply.details?.retryAfterSeconds),
  }
  if (status === 404) return new NotFound(message, answer)
  if (status === 409) return new Conflict(message, answer)
  if (status === 410) return new Gone(message, answer)
  return isTransient(status) ? new TransientError(message, answer) : new TerminalError(message, answer)
}

/** Of a header seconds or a date (RFC 9110), of a Status seconds; NaN where it says nothing, or nothing that we understand. */
function afterMs(asked: unknown): number {
  const seconds = Number(asked ?? Number.NaN)
  return Number.isNaN(seconds) && typeof asked === 'string' ? Date.parse(asked) - Date.now() : seconds * 1000
}

function plainText(body: unknown): string {
  return typeof body === 'string' && body !== '' ? body.slice(0, 500) : 'no message'
}

/** 401: a token may just have been rotated. */
function isTransient(status: number): boolean {
  return status >= 500 || status === 401 || status === 408 || status === 425 || status === 429
}

/** Undefined where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
