// The rungs until the data lies on its claim and was checked, in order. Pure.
import type { Rung } from '../status/verdict.ts'
import { claimMissing, claimTooSmall, claimUnusable } from './claim.ts'
import { fillMissing, fillRunning, targetTaken } from './fill.ts'
import { fillFinished, pastFillDeadline } from './fill-ended.ts'
import { sanitizeRungs } from './sanitize/rungs.ts'
import { filledAsPlanned, filledOtherwise, fillUnknown } from './verify.ts'

/** What a mover has made counts before the deadline, and the deadline before another try. */
export const fillRungs: readonly Rung[] = [
  fillUnknown, // it is on record what is filled
  filledOtherwise, // what was unpacked is what was planned
  ...sanitizeRungs, // what must not run or be called in it is taken out
  filledAsPlanned, // and becomes the data, or is left where it is
  fillFinished, // what the mover says is believed: filled, tried again, or failed
  pastFillDeadline, // no mover runs past the deadline
  claimMissing, // the claim is there
  claimUnusable, // is this restore's, and has a volume or waits for the mover
  claimTooSmall, // and room
  targetTaken, // nobody has started a server on it meanwhile
  fillMissing, // a mover runs
  fillRunning, // status follows it
]
