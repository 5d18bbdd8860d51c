// Begins the way back to the data from before: asked for, or because the server does not serve the restored data as it should. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { failed, step } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { claimNamed, highestGeneration, isGone } from './exchange.ts'
import type { Exchange } from './exchange.ts'

type Cause = NonNullable<MeiliRestoreStatus['rollback']>['cause']

const failure = {
  Asked: restoreReasons.RollbackImpossible,
  StartFailed: restoreReasons.StartFailed,
  Mismatch: restoreReasons.ContentMismatch,
  DeadlineExceeded: restoreReasons.SwitchDeadlineExceeded,
  Deleted: restoreReasons.RollbackImpossible,
} as const

/** The server stops again first. Where there is nothing to go back to, it stays as it is, and that is said. */
export function goBack(
  { restore, target }: RestoreObservation,
  { from, to }: Pick<Exchange, 'from' | 'to'>,
  { cause, why, nowMs }: { readonly cause: Cause; readonly why: string; readonly nowMs: number },
): Verdict {
  const message = sentence(why)
  if (from === undefined || isGone(claimNamed(target, from.claimName)))
    return failed({
      reason: failure[cause],
      message: `${message} There is no data from before to go back to${from === undefined ? '' : `: claim ${from.claimName} is gone`}. The server stays on claim ${to.claimName}.`,
    })
  const back = { claimName: from.claimName, generation: Math.max(highestGeneration(target), to.generation) + 1 }
  return step({
    phase: 'Stopping',
    reason: restoreReasons.RollingBack,
    message: `${message} The server goes back to claim ${from.claimName} with the data from before.`,
    changes: {
      switched: { ...restore.status?.switched, from, to },
      rollback: { cause, message, to: back, startedAt: instant(nowMs) },
    },
    againMs: pauses.nextMs,
  })
}
