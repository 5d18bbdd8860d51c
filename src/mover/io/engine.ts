// A Meilisearch in the same pod that was started on restored data: waits until it answers, and says in words what it answers otherwise.
import { z } from 'zod'
import { abortAfter, pause } from '../../runtime/timers.ts'
import { exitCodes } from '../contract.ts'
import { Failure } from '../failure.ts'
import { ask, type Loopback, type Send } from './loopback.ts'

/** Between two looks at a server that does not answer yet. */
const lookEveryMs = 200
/** One that takes longer for this hangs: it is asked again. */
const healthWithinMs = 5000

const health = z.object({ status: z.literal('available') })

/** The port is closed while the database is opened, and a server that cannot open it ends, and is started again. */
export async function waitForHealth(
  server: Loopback,
  { deadlineSeconds }: { readonly deadlineSeconds: number },
): Promise<void> {
  let last = 'nothing listened'
  while (!server.signal.aborted) {
    const within = { ...server, signal: AbortSignal.any([server.signal, abortAfter(healthWithinMs)]) }
    try {
      const { status, body } = await ask(within, '/health')
      if (status === 200 && health.safeParse(body).success) return
      last = `it answered ${status}`
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await pause(lookEveryMs, { signal: server.signal })
  }
  throw endOf(server.signal, `Meilisearch did not answer at /health within ${deadlineSeconds} s: ${last}.`)
}

/** What ended the run, in better words where it was the deadline. */
function endOf({ reason }: AbortSignal, message: string): unknown {
  return reason instanceof Failure && reason.exitCode === exitCodes.stalled
    ? new Failure(exitCodes.stalled, message)
    : reason
}

/** @throws Failure where it went away, which it does where its memory is too small */
export async function askAgain(server: Loopback, path: string, send?: Send): ReturnType<typeof ask> {
  try {
    return await ask(server, path, send)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (server.signal.aborted) throw endOf(server.signal, `The time was over before Meilisearch had answered ${path}.`)
    throw new Failure(
      exitCodes.inputOutput,
      `Meilisearch answered at /health, and went away when asked for ${path}: ${why}.`,
    )
  }
}

export async function answerOf<T>(server: Loopback, path: string, schema: z.ZodType<T>): Promise<T> {
  const { status, body } = await askAgain(server, path)
  const said = schema.safeParse(body)
  if (status === 200 && said.success) return said.data
  throw new Failure(exitCodes.inspectionFailed, `Meilisearch answered ${path} with ${status}${errorIn(body)}.`)
}

export function errorIn(body: unknown): string {
  const said = z.object({ message: z.string() }).safeParse(body).data
  return said === undefined ? '' : `: ${said.message.slice(0, 200)}`
}
