// What is kept, and why, as status says it. Pure.
import type { MeiliSnapshotScheduleStatus } from '../../../api/schedule.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sizeText } from '../../../reconcile/format.ts'
import type { GoodRun, Kept } from './retain.ts'

const mostNames = 100

export function keptIn({
  good,
  keep,
}: {
  /** The newest first. */
  readonly good: readonly GoodRun[]
  readonly keep: readonly Kept[]
}): Pick<MeiliSnapshotScheduleStatus, 'kept'> {
  if (keep.length === 0) return {}
  // A size is what a status says, and anybody with the right may have written that.
  const bytes = Math.min(
    good.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
    Number.MAX_SAFE_INTEGER,
  )
  const [newest, oldest] = [good[0], good.at(-1)]
  return {
    kept: {
      count: good.length,
      bytes,
      size: sizeText(bytes),
      ...(oldest === undefined ? {} : { oldest: instant(oldest.timeMs) }),
      ...(newest === undefined ? {} : { newest: instant(newest.timeMs) }),
      rules: keep.slice(0, mostNames).map(({ name, by }) => ({ name, by: [...by] })),
      ...(keep.length > mostNames ? { more: keep.length - mostNames } : {}),
    },
  }
}
