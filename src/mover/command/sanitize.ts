// The command `sanitize`: takes webhooks and enqueued tasks out of a database that `fill` has made, by a Meilisearch in the same pod that runs no task.
// As nothing runs in it, no task ends, so nothing is called or sent; the server that starts on it afterwards finds no webhook, and cancels the tasks first.
import { join } from 'node:path'
import { z } from 'zod'
import { exitCodes, type MoverResult, type SanitizeConfig, type Sanitized } from '../contract.ts'
import { readRestoredFrom } from '../database/restored-from.ts'
import { flushTree } from '../database/flush-tree.ts'
import { Failure } from '../failure.ts'
import { answerOf, askAgain, errorIn, waitForHealth } from '../io/engine.ts'
import type { Loopback } from '../io/loopback.ts'
import { orAborted, type Progress } from '../io/progress.ts'

export interface Surroundings {
  readonly signal: AbortSignal
  readonly progress: Pick<Progress, 'begin' | 'advance'>
}

/** Run again after a kill at any point it comes to the same end. @throws Failure where anything of what was asked is left, or has run */
export async function sanitize(config: SanitizeConfig, { signal, progress }: Surroundings): Promise<MoverResult> {
  const directory = join(config.database.root, config.database.directory)
  const filledAt = await orAborted(signal, requireOwn(config, directory))
  const server = { endpoint: config.endpoint, signal }
  progress.begin('opening', 1)
  await waitForHealth(server, config)
  progress.begin('sanitizing', 1)
  await requireStill(server, filledAt)
  const sanitized: Sanitized = {
    ...(config.webhooks === 'Remove' ? { webhooksRemoved: await removeWebhooks(server) } : {}),
    ...(config.tasks === 'Discard' ? await cancelTasks(server) : {}),
  }
  // An engine whose scheduler is on has begun to cancel by now.
  await requireStill(server, filledAt)
  await orAborted(signal, flushTree(directory, signal))
  progress.advance(1)
  return { exitCode: exitCodes.done, message: textOf(sanitized), sanitized }
}

/** When it was filled. Whatever else lies there is not touched, and its server is not asked. */
async function requireOwn({ object, database }: SanitizeConfig, directory: string): Promise<string> {
  const found = await readRestoredFrom(directory)
  if (found?.restoreUid === object.uid) return found.at
  throw new Failure(
    exitCodes.mismatch,
    `${database.directory} on claim ${database.claim} is no database that this restore has made; nothing in it was touched.`,
  )
}

const counted = z.object({ total: z.int() })
const tasks = counted.extend({
  results: z.array(
    z.object({
      uid: z.int(),
      type: z.string(),
      details: z.object({ matchedTasks: z.int().nullish() }).nullish(),
    }),
  ),
})
type Tasks = z.infer<typeof tasks>

/** Nothing has begun in it since it was filled: else tasks ran that were to be kept from running. */
async function requireStill(server: Loopback, filledAt: string): Promise<void> {
  const begun = await answerOf(server, `/batches?afterStartedAt=${encodeURIComponent(filledAt)}&limit=1`, counted)
  const processing = await answerOf(server, '/tasks?statuses=processing&limit=1', counted)
  if (begun.total === 0 && processing.total === 0) return
  throw new Failure(
    exitCodes.sanitizeFailed,
    `Tasks of the snapshot have run in the engine that was to run none (it has begun ${begun.total} batches since ${filledAt}, when the data was unpacked): this version of Meilisearch cannot be kept from it, or the clock of the snapshot's server is ahead.`,
  )
}

/** Before 1.17 none is stored in a database, and there is no such route. */
const webhooks = z.object({ results: z.array(z.object({ uuid: z.uuid() })) })

async function removeWebhooks(server: Loopback): Promise<number> {
  const { status } = await askAgain(server, '/webhooks')
  if (status === 404) return 0
  const { results } = await answerOf(server, '/webhooks', webhooks)
  for (const { uuid } of results) {
    const answer = await askAgain(server, `/webhooks/${uuid}`, { method: 'DELETE' })
    if (answer.status !== 204 && answer.status !== 404) throw refusalOf('remove a webhook', answer)
  }
  const left = await answerOf(server, '/webhooks', webhooks)
  if (left.results.length === 0) return results.length
  throw new Failure(exitCodes.sanitizeFailed, `${left.results.length} webhooks are left that cannot be removed.`)
}

const refusalOf = (what: string, { status, body }: { readonly status: number; readonly body: unknown }): Failure =>
  new Failure(exitCodes.sanitizeFailed, `Meilisearch refused to ${what}: ${status}${errorIn(body)}.`)

const unfinished = 'statuses=enqueued,processing'

/** A cancelation that an earlier run has enqueued will do. */
async function cancelTasks(server: Loopback): Promise<Sanitized> {
  const before = await newestUnfinished(server)
  if (before.total === 0) return { tasksDiscarded: 0 }
  if (!cancelsAll(before)) {
    const answer = await askAgain(server, `/tasks/cancel?${unfinished}`, { method: 'POST' })
    if (answer.status !== 200) throw refusalOf('cancel its tasks', answer)
  }
  const after = await newestUnfinished(server)
  const cancelations = await answerOf(server, `/tasks?types=taskCancelation&${unfinished}&limit=1`, counted)
  const [cancelation] = after.results
  if (cancelation === undefined || !cancelsAll(after))
    throw new Failure(exitCodes.sanitizeFailed, `${after.total} tasks are left, and none of them cancels all others.`)
  return { tasksDiscarded: after.total - cancelations.total, cancelationUid: cancelation.uid }
}

const newestUnfinished = async (server: Loopback): Promise<Tasks> =>
  await answerOf(server, `/tasks?${unfinished}&limit=1`, tasks)

/** The newest, which an engine carries out first, matches all that stand before it. */
const cancelsAll = ({ total, results: [newest] }: Tasks): boolean =>
  newest?.type === 'taskCancelation' && newest.details?.matchedTasks === total - 1

function textOf({ tasksDiscarded, webhooksRemoved }: Sanitized): string {
  const said = [
    ...(tasksDiscarded === undefined ? [] : [`of its enqueued tasks none will run (${tasksDiscarded} are canceled)`]),
    ...(webhooksRemoved === undefined ? [] : [`no webhook is left in it (${webhooksRemoved} were removed)`]),
  ]
  return `Sanitized: ${said.join(', and ')}.`
}
