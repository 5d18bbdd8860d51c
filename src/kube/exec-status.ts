// From the last message of an exec to how its command ended, and from a refusal to why it did not begin.
import type { IncomingMessage } from 'node:http'
import { NotFound, TerminalError, TransientError } from '../reconcile/errors.ts'
import { errorFrom, parsed } from './replies.ts'

export interface Ended {
  /** 127 where the container has no such program, as a shell would say. */
  readonly exitCode: number
  readonly stderr: string
}

interface Status {
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}

/** Of the API server's refusal, or a kubelet's, or a proxy's. */
const maxRefusalBytes = 64 * 1024

/** The container runtime's words where there is no such program. It has no code for it. */
const noProgram = /executable file not found|exec: "[^"]*": stat [^:]*: no such file or directory/

/** @throws TransientError where the cluster could not run it, or the status is none */
export function ended(what: string, said: { status: string; stderr: string }): Ended {
  const { status, reason, message = 'no message', details } = statusIn(said.status)
  if (status === 'Success') return { exitCode: 0, stderr: said.stderr }
  if (noProgram.test(message)) return { exitCode: 127, stderr: message }
  const code = Number(details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message)
  if (reason === 'NonZeroExitCode' && Number.isInteger(code)) return { exitCode: code, stderr: said.stderr }
  throw new TransientError(`${what} failed: ${reason ?? ''} ${message}`)
}

function statusIn(text: string): Status {
  try {
    return JSON.parse(text) as Status
  } catch {
    return { message: `its status is no JSON: ${text.slice(0, 200)}` }
  }
}

/** The API server's own words. What it cannot do just now (a pod without a node, a kubelet that is away) may pass. */
export async function refusal(what: string, response: IncomingMessage): Promise<Error> {
  let said = Buffer.alloc(0)
  try {
    for await (const piece of response) {
      said = kept(said, piece as Buffer, maxRefusalBytes)
      if (said.length === maxRefusalBytes) break
    }
  } catch (error) {
    return new TransientError(`${what} was answered ${response.statusCode}, and the answer broke off`, { cause: error })
  }
  const text = said.toString()
  const error = errorFrom({ what, status: response.statusCode ?? 0, body: parsed(text) ?? text, retryAfter: response.headers['retry-after'] })
  const lasts = error instanceof NotFound || (error instanceof TerminalError && error.status === 403)
  return lasts ? error : new TransientError(error.message, { cause: error, ...(response.statusCode === undefined ? {} : { status: response.statusCode }) })
}

/** As much of both as fits. */
export function kept(before: Buffer, more: Buffer, maxBytes: number): Buffer<ArrayBuffer> {
  return Buffer.concat([before, more]).subarray(0, maxBytes)
}
