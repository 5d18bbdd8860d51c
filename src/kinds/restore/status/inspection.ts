// What status says of a drill that has ended without an answer of the server on the copy. Pure.
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'

export type Inspection = NonNullable<MeiliRestoreStatus['inspection']>

/** @param end `isOfData`: it speaks of the snapshot; else nothing is known of that */
export function inspectionEnded(
  before: Inspection,
  { isOfData, message }: { readonly isOfData: boolean; readonly message: string },
  nowMs: number,
): Inspection {
  const result = isOfData ? 'Failed' : 'Inconclusive'
  return { ...before, result, message: redact(message, 2000), at: instant(nowMs), retryAt: undefined }
}
