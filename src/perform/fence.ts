// The fence of what must not happen twice: only the winner of a status write just now, and only the leader, may go on.
import { Conflict } from '../errors.ts'
import type { Subject } from '../reconcile/kind.ts'
import { ageMs, readClocks } from '../runtime/clocks.ts'
import type { Clocks } from '../runtime/clocks.ts'

/** What is fenced is sent only this soon after the write that fences it: by then no other leader can have acted on that write. */
const fenceMs = 5000

export interface Fence {
  readonly isLeader: () => boolean
  /** Tests give their own. */
  readonly clocks?: Clocks | undefined
}

/** @throws Conflict where it does not hold */
export function passFence(what: string, { writtenAt }: Pick<Subject, 'writtenAt'>, { isLeader, clocks }: Fence): void {
  if (writtenAt === undefined)
    throw new Conflict(`${what} was not sent: this pass wrote no status, so nothing fences it`)
  if (ageMs(writtenAt, readClocks(clocks)) > fenceMs)
    throw new Conflict(`${what} was not sent: the status write that fences it is too old`)
  passLease(what, { isLeader })
}

/** What is sent only as it was seen needs no more. @throws Conflict where somebody else may be the leader by now, and may have decided otherwise */
export function passLease(what: string, { isLeader }: Pick<Fence, 'isLeader'>): void {
  if (!isLeader()) throw new Conflict(`${what} was not sent: the lease is no longer held`)
}
