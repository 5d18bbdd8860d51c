// Says whether a server is being started on a copy of what is stored. Pure.
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'

export type Verification = NonNullable<MeiliSnapshotStatus['verification']>

export function isBooting(status: Pick<MeiliSnapshotStatus, 'verification'> | undefined): boolean {
  return status?.verification !== undefined && status.verification.result === undefined
}
