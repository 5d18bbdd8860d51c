// One object asks for one snapshot; for another only where the first brought no file, and the reason is on record. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus, SnapshotReason } from '../../../api/snapshot.ts'
import { instant } from '../../../api/conditions.ts'
import type { Decision } from '../../../reconcile/decision.ts'
import { sentence, told } from './sentence.ts'
import { failed, inProgress } from './status.ts'

/** How many snapshots one object may ask for. */
const maxAttempts = 3

/** What was asked for brought no file, and another snapshot may: begins anew, three times at most. A database that was replaced has tasks of its own. */
export function askAgain(
  snapshot: MeiliSnapshot,
  why: { reason: SnapshotReason; message: string },
  nowMs: number,
): Decision<MeiliSnapshotStatus> {
  const { attempt = 1, baseline } = snapshot.status?.request ?? {}
  if (attempt >= maxAttempts) {
    return {
      status: failed(
        snapshot,
        { reason: why.reason, message: `${sentence(why.message)} That was attempt ${attempt} of ${maxAttempts}.` },
        nowMs,
      ),
      effects: [],
    }
  }
  const known = why.reason === snapshotReasons.DatabaseReplaced ? {} : { baseline }
  const request = {
    attempt: attempt + 1,
    posts: 0,
    startedAt: instant(nowMs),
    failure: told(why.message, 2000),
    ...known,
  }
  const message = `${sentence(why.message)} Another snapshot is asked for (attempt ${attempt + 1} of ${maxAttempts}).`
  return {
    status: inProgress(
      snapshot,
      {
        phase: 'Pending',
        reason: snapshotReasons.NewAttempt,
        message,
        changes: { request, task: undefined, move: undefined },
      },
      nowMs,
    ),
    effects: [],
    requeueAfterMs: 1000,
  }
}

/** POST /snapshots may have been sent in the present attempt. */
export function isRequested({ status }: MeiliSnapshot): boolean {
  return (status?.request?.posts ?? 0) > 0
}
