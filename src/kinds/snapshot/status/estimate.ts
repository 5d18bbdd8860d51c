// Estimates when a running snapshot will be done, from how long the last one of the same server took. Pure.
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { EarlierRun } from '../observation.ts'

/** @param last the newest completed one */
export function earlierRun(last: KnownSnapshot | undefined): EarlierRun | undefined {
  const { task, move, artifact, completedAt } = last?.status ?? {}
  const taskMs = spanMs(task?.startedAt, task?.finishedAt)
  const moveMs = spanMs(move?.startedAt, completedAt)
  return taskMs === undefined || moveMs === undefined || artifact === undefined
    ? undefined
    : { taskMs, moveMs, sizeBytes: artifact.sizeBytes }
}

function spanMs(from: string | undefined, to: string | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.max(0, Date.parse(to) - Date.parse(from))
}

/** From the moment when Meilisearch was first seen at work: said once, then kept until it has passed. */
export function taskEstimate(
  { status }: MeiliSnapshot,
  earlier: EarlierRun | undefined,
  nowMs: number,
): string | undefined {
  const before = status?.progress?.estimatedCompletion
  if (before !== undefined && status?.task?.status === 'processing') return unlessPast(Date.parse(before), nowMs)
  return earlier === undefined ? undefined : instant(nowMs + earlier.taskMs + earlier.moveMs)
}

/** While the file is moved: in proportion to its size. */
export function moveEstimate(
  { status }: MeiliSnapshot,
  { earlier, bytesTotal }: { earlier: EarlierRun | undefined; bytesTotal: number },
  nowMs: number,
): string | undefined {
  const since = status?.move?.startedAt
  if (earlier === undefined || since === undefined || earlier.sizeBytes === 0) return undefined
  return unlessPast(Date.parse(since) + (earlier.moveMs * bytesTotal) / earlier.sizeBytes, nowMs)
}

/** What has not come true says nothing. */
function unlessPast(timeMs: number, nowMs: number): string | undefined {
  return timeMs > nowMs ? instant(timeMs) : undefined
}
