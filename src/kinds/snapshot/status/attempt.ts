// Begins another snapshot for an object whose first one brought no file, up to a limit, with the reason on record. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, SnapshotReason } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sentence, redact } from '../../../api/status/text.ts'
import type { Step } from './status.ts'

/** How many snapshots one object may ask for. */
const maxAttempts = 3

interface Why {
  readonly reason: SnapshotReason
  readonly message: string
}

/** What was asked for brought no file, and another snapshot may: the step that begins anew, or why it fails after three. A database that was replaced has tasks of its own. */
export function nextAttempt(snapshot: MeiliSnapshot, why: Why, nowMs: number): Step | Why {
  const { attempt = 1, baseline } = snapshot.status?.request ?? {}
  if (attempt >= maxAttempts)
    return {
      reason: why.reason,
      message: `${sentence(why.message)} That was attempt ${attempt} of ${maxAttempts}.`,
    }
  const request = {
    attempt: attempt + 1,
    posts: 0,
    startedAt: instant(nowMs),
    failure: redact(why.message, 2000),
    ...(why.reason === snapshotReasons.DatabaseReplaced ? {} : { baseline }),
  }
  return {
    phase: 'Pending',
    reason: snapshotReasons.NewAttempt,
    message: `${sentence(why.message)} Another snapshot is asked for (attempt ${attempt + 1} of ${maxAttempts}).`,
    changes: { request, task: undefined, move: undefined },
  }
}

/** POST /snapshots may have been sent in the present attempt. */
export function isRequested({ status }: MeiliSnapshot): boolean {
  return (status?.request?.posts ?? 0) > 0
}
