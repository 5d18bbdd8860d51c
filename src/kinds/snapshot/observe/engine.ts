// Asks Meilisearch about a snapshot: its tasks above the baseline, what it works on, what it holds. Reads only.
import type { MeiliSnapshot, SnapshotTask } from '../../../api/snapshot.ts'
import type { MeilisearchClient } from '../../../meilisearch/client.ts'
import type { Task } from '../../../meilisearch/replies.ts'
import type { Connections } from '../../../perform/meilisearch-connections.ts'
import type { ServerReference } from '../../../reconcile/decision.ts'
import { NotFound, TerminalError, TransientError } from '../../../errors.ts'
import type { EngineSeen, RunningBatch, TaskName } from '../observation.ts'
import { readContents } from './contents.ts'
import { taskDeadlineMs } from '../status/deadline.ts'
import { sentence, redact } from '../../../api/status/text.ts'

export async function askEngine(
  connections: Connections,
  { server, news }: { readonly server: ServerReference; readonly news: string },
  snapshot: MeiliSnapshot,
): Promise<EngineSeen> {
  const connection = await connections.open(server)
  if (connection.state !== 'Open') return { state: 'Unauthorized', message: connection.message }
  try {
    const look = { news, insistsFromMs: silenceEndsItMs(snapshot) }
    return await connection.client.ask(look, async (client) => await answerOf(client, snapshot))
  } catch (error) {
    if (error instanceof TerminalError && error.refusal === 'Unauthorized')
      return { state: 'Unauthorized', message: sentence(error.message) }
    // What refuses a plain list (404, 400) is no Meilisearch that we could use, until it is one again: say so, and look again.
    if (error instanceof TransientError || error instanceof TerminalError || error instanceof NotFound)
      return { state: 'Unreachable', message: sentence(error.message) }
    throw error
  }
}

/** When it fails for want of an answer (serverSilent in engine/task.ts): not without having asked just then. */
function silenceEndsItMs(snapshot: MeiliSnapshot): number {
  return snapshot.status?.task?.status === 'succeeded' ? Infinity : taskDeadlineMs(snapshot, Infinity)
}

async function answerOf(client: MeilisearchClient, { status }: MeiliSnapshot): Promise<EngineSeen> {
  const newest = await client.newestTask()
  if (newest.total > 0 && newest.results.length === 0) {
    return {
      state: 'Unauthorized',
      message: `The key is limited to some indexes: it sees none of the server's ${newest.total} tasks. It needs tasks.get for indexes ["*"].`,
    }
  }
  const { pkgVersion, commitSha } = await client.version()
  const request = status?.request
  const baseline = request?.baseline
  const asked = request !== undefined
  const candidates = asked ? await client.snapshotTasksFrom(baseline === undefined ? 0 : baseline.uid + 1) : []
  return {
    state: 'Answered',
    version: pkgVersion,
    commit: commitSha,
    newest: newest.results[0] && nameOf(newest.results[0]),
    baseline: baseline === undefined ? undefined : await taskNamed(client, baseline.uid),
    candidates: candidates.map(taskSeen),
    running: asked && candidates.some(isUnfinished) ? await runningBatch(client) : undefined,
    ...(await readContents(client, candidates)),
  }
}

const nameOf = ({ uid, enqueuedAt }: Task): TaskName => ({ uid, enqueuedAt })
const isUnfinished = ({ status }: Task): boolean => status === 'enqueued' || status === 'processing'

/** A 404 decides nothing: the oldest tasks are pruned. */
async function taskNamed(client: MeilisearchClient, uid: number): Promise<TaskName | undefined> {
  try {
    return nameOf(await client.task(uid))
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}

async function runningBatch(client: MeilisearchClient): Promise<RunningBatch | undefined> {
  const batch = await client.runningBatch()
  if (batch === undefined) return undefined
  const types = batch.stats?.types ?? []
  return {
    uid: batch.uid,
    types: types.length === 0 ? 'unknown' : types.join(', '),
    step: batch.progress?.steps.at(-1)?.currentStep,
    percent: batch.progress?.percentage,
  }
}

/** In the engine's own words; what it gives as null is absent. */
function taskSeen(task: Task): SnapshotTask {
  const { uid, status, enqueuedAt, error } = task
  const given = Object.entries({
    batchUid: task.batchUid,
    startedAt: task.startedAt,
    finishedAt: task.finishedAt,
    duration: task.duration,
  }).filter(([, value]) => value !== null && value !== undefined)
  const failure =
    error === null || error === undefined
      ? {}
      : { error: { code: redact(error.code, 128), message: redact(error.message, 2000) } }
  return { uid, status, enqueuedAt, ...Object.fromEntries(given), ...failure }
}
