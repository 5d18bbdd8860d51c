// The errors that edges throw. Whoever catches one decides by class, never by text.
// None of them ever holds a secret: no header, no key, no URL with a query that could carry one.

/** Why the other side did not do it, where a status code, or a code of its own, says so. Set by the edge that reads the reply, or by the performer where there is none; whoever decides reads this and no sentence. */
export type RefusalCause =
  /** A Secret is not there, has no such key, or may not be read: the server was not asked. */
  | 'SecretMissing'
  /** The key in it cannot be sent: the server was not asked. */
  | 'KeyUnusable'
  /** Meilisearch lets nobody in with this key, or not for this. */
  | 'Unauthorized'
  | 'Quota'
  | 'NamespaceTerminating'
  /** A claim that cannot get larger. */
  | 'NotExpandable'
  /** The cluster has no such kind. */
  | 'KindUnknown'
  /** An object of that name is somebody else's. */
  | 'NameTaken'

/** What the other side said, as far as it is known. */
export interface Answer {
  /** HTTP status; absent when there was no reply at all. */
  readonly status?: number
  /** The other side's own machine-readable code, e.g. `AlreadyExists` or `invalid_api_key`. */
  readonly code?: string
  readonly refusal?: RefusalCause | undefined
  /** How long it asked us to wait (Retry-After): at most a minute of it counts. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** Whatever stands in front of a server may ask for a day, and would have us do nothing for as long. */
const longestRetryAfterMs = 60_000

abstract class EdgeError extends Error {
  /** Written out: a bundler shortens the names of classes. */
  abstract override readonly name: string
  readonly status: number | undefined
  readonly code: string | undefined
  readonly refusal: RefusalCause | undefined
  readonly retryAfterMs: number | undefined
  constructor(message: string, answer: Answer = {}) {
    super(message, { cause: answer.cause })
    this.status = answer.status
    this.code = answer.code
    this.refusal = answer.refusal
    this.retryAfterMs = boundedMs(answer.retryAfterMs)
  }
}

/** What is no number says nothing, and a time that has passed is now. */
function boundedMs(askedMs: number | undefined): number | undefined {
  return askedMs === undefined || Number.isNaN(askedMs)
    ? undefined
    : Math.min(longestRetryAfterMs, Math.max(0, askedMs))
}

/** May pass by itself: no reply, 429, 5xx. Back off and try again. The default for whatever is not understood. */
export class TransientError extends EdgeError {
  override readonly name = 'TransientError'
}

/** Will not pass without a change to an object: 400, 403, 422. Recorded; the next change or resync tries again. */
export class TerminalError extends EdgeError {
  override readonly name = 'TerminalError'
}

/** Somebody else wrote first (409 on a write with a resourceVersion, or AlreadyExists). Look again, quietly. */
export class Conflict extends EdgeError {
  override readonly name = 'Conflict'
}

/** Absence (404). */
export class NotFound extends EdgeError {
  override readonly name = 'NotFound'
}

/** A list or watch continues from a point that the server has forgotten (410, `Expired`). List again. */
export class Gone extends EdgeError {
  override readonly name = 'Gone'
}
