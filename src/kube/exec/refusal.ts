// Turns a refused exec into the reason why it did not begin.
import type { IncomingMessage } from 'node:http'
import { NotFound, TerminalError, TransientError } from '../../errors.ts'
import { errorFrom, parseJson } from '../replies.ts'

/** Of the API server's refusal, or a kubelet's, or a proxy's. */
const maxRefusalBytes = 64 * 1024

/** The API server's own words. What it cannot do just now (a pod without a node, a kubelet that is away) may pass. */
export async function refusal(what: string, response: IncomingMessage): Promise<Error> {
  let said = Buffer.alloc(0)
  try {
    for await (const piece of response) {
      said = appendUpTo(said, piece as Buffer, maxRefusalBytes)
      if (said.length === maxRefusalBytes) break
    }
  } catch (error) {
    return new TransientError(`${what} was answered ${response.statusCode}, and the answer broke off`, { cause: error })
  }
  const text = said.toString()
  const error = errorFrom({
    what,
    status: response.statusCode ?? 0,
    body: parseJson(text) ?? text,
    retryAfter: response.headers['retry-after'],
  })
  const lasts = error instanceof NotFound || (error instanceof TerminalError && error.status === 403)
  return lasts
    ? error
    : new TransientError(error.message, {
        cause: error,
        ...(response.statusCode === undefined ? {} : { status: response.statusCode }),
      })
}

/** As much of both as fits. */
export function appendUpTo(before: Buffer, more: Buffer, maxBytes: number): Buffer<ArrayBuffer> {
  return Buffer.concat([before, more]).subarray(0, maxBytes)
}
