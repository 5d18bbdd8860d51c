// Finds out which of the needed rights a key has, without changing anything on the server.
// `snapshots.create` cannot be tried without making a snapshot: the first refused POST shows it.
import { TerminalError } from '../errors.ts'
import type { MeilisearchClient } from './client.ts'
import type { Action } from './keys.ts'

export type Rights =
  /** Every action that can be tried is there. */
  | { readonly state: 'Granted' }
  /** The key is wrong, expired or absent: nothing is allowed. */
  | { readonly state: 'Refused'; readonly message: string }
  | { readonly state: 'TooWeak'; readonly missing: readonly Action[] }
  /** Tasks exist that the key does not see: it is limited to some indexes. */
  | { readonly state: 'Scoped' }

/** @throws TransientError where the server does not answer */
export async function rightsOf(client: MeilisearchClient): Promise<Rights> {
  let hidesTasks = false
  const tries: readonly [Action, () => Promise<unknown>][] = [
    ['tasks.get', async () => (hidesTasks = await client.hidesTasks())],
    ['tasks.cancel', () => client.cancelNothing()],
    ['version', () => client.version()],
    ['stats.get', () => client.stats()],
  ]
  const missing: Action[] = []
  let message = ''
  for (const [action, attempt] of tries) {
    const refused = await refusal(attempt)
    if (refused !== undefined) missing.push(action)
    message = refused ?? message
  }
  if (missing.length === tries.length) return { state: 'Refused', message }
  if (missing.length > 0) return { state: 'TooWeak', missing }
  return { state: hidesTasks ? 'Scoped' : 'Granted' }
}

/** The server's words where it refuses the key (401, 403); undefined where it lets us in, whatever else it says. */
async function refusal(attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt()
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error
    if (error.refusal === 'Unauthorized') return error.message
  }
  return undefined
}
