// What a status says while the operator may not read what it needs. Nothing is begun meanwhile, and what was begun is never failed unseen. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'
import { whyUnseen } from '../../../reconcile/refused-read.ts'
import type { RefusedRead } from '../../../reconcile/refused-read.ts'
import { deadlineText, startDeadlineMs } from './deadline.ts'
import { decisionOf, failed, step, unchanged } from './verdict.ts'
import type { Step } from './status.ts'
import type { Verdict } from './verdict.ts'

export function recordRefusedRead(restore: MeiliRestore, refused: RefusedRead, nowMs: number): MeiliRestoreStatus {
  const why = redact(whyUnseen(refused, restore.metadata.namespace), 1500)
  return decisionOf(judge(restore, why, nowMs), restore, nowMs).status
}

function judge(restore: MeiliRestore, why: string, nowMs: number): Verdict {
  const { status, spec } = restore
  const { phase = 'Pending' } = status ?? {}
  if (phase === 'Completed' || phase === 'RolledBack' || phase === 'Failed') return unchanged()
  // A plan that stands needs nothing more.
  if (phase === 'Planned' && spec.mode === 'DryRun') return unchanged()
  return phase === 'Pending' || phase === 'Planned'
    ? beforeTheFill(restore, why, nowMs)
    : blind(restore, { phase, message: `${why} It stands where it is until then.`, changes: { waitingFor: why } })
}

function beforeTheFill(restore: MeiliRestore, why: string, nowMs: number): Verdict {
  const { status, spec } = restore
  const untilMs = startDeadlineMs(restore, nowMs)
  if (nowMs > untilMs)
    return failed({
      reason: restoreReasons.StartDeadlineExceeded,
      message: `Nothing was begun within deadlines.start (${spec.deadlines.start}). Last: ${why}`,
    })
  return blind(restore, {
    phase: status?.phase === 'Planned' ? 'Planned' : 'Pending',
    message: `${why} It goes on by itself, until ${deadlineText(untilMs)}.`,
    changes: { waitingFor: why, startedAt: status?.startedAt ?? instant(nowMs) },
  })
}

/** Progress stays what was seen last. */
function blind({ status }: MeiliRestore, { changes, ...said }: Pick<Step, 'phase' | 'message' | 'changes'>): Verdict {
  return step({ ...said, reason: restoreReasons.ReadRefused, changes: { progress: status?.progress, ...changes } })
}
