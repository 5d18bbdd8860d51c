// Says whether a server is being started on a copy of what is stored, and as a condition what came of it. Pure.
import { snapshotConditions, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'

export type Verification = NonNullable<MeiliSnapshotStatus['verification']>

export function isBooting(status: Pick<MeiliSnapshotStatus, 'verification'> | undefined): boolean {
  return status?.verification !== undefined && status.verification.result === undefined
}

const reasons = {
  Passed: snapshotReasons.Booted,
  Failed: snapshotReasons.VerificationFailed,
  Skipped: snapshotReasons.BootSkipped,
  Inconclusive: snapshotReasons.BootInconclusive,
} as const

/** What was not proved is not True, whether or not it is the data's fault. */
export function bootVerified({ result, message, skipped }: Partial<Verification> = {}): readonly Wanted[] {
  if (result === undefined) return []
  return [
    {
      type: snapshotConditions.BootVerified,
      status: result === 'Passed' ? 'True' : 'False',
      reason: reasons[result],
      message: redact(skipped ?? message ?? '', 2000),
    },
  ]
}
