// The rungs from a source that is on record to the first change: what would be done, whether it may be done, and what goes first. Pure.
import { beforeDrill, toDrill } from '../drill/rungs.ts'
import type { Rung } from '../status/verdict.ts'
import { begin, finalizerMissing } from '../fill/begin.ts'
import { sanitizeImpossible } from '../fill/sanitize/asked.ts'
import { targetBusy, targetInUse } from './busy.ts'
import { planMissing } from './plan.ts'
import { alreadyRestored } from './restored.ts'
import { safetyDone, safetyImpossible, safetyMissing, safetyRunning } from './safety.ts'
import { dryRun, planApplied, planStale } from './stale.ts'
import { serversOff, sourceGone, targetMissing, targetUnusable } from './target.ts'
import { behindAnother, pastStartDeadline } from './turn.ts'
import { versionRefused } from './version.ts'

/** Nothing is changed before the last of them. What can never work stands above what may come. */
export const planRungs: readonly Rung[] = [
  planApplied, // who says Apply has a deadline of his own
  dryRun, // of a DryRun the plan is all
  sourceGone, // what is on record is still there
  alreadyRestored, // the same object does nothing twice
  targetUnusable, // the target can be restored to
  versionRefused, // and runs what was stored
  sanitizeImpossible, // what must not run can be taken out of it
  pastStartDeadline, // it does not wait for ever
  behindAnother, // one restore of a target at a time
  serversOff, // this installation runs servers
  targetMissing, // the target is there
  ...beforeDrill, // what a drill asks of its snapshot
  planMissing, // what would be done is on record
  planStale, // and still what would be done
  safetyImpossible, // who asks for a snapshot first gets one, or nothing is done
  targetBusy, // nothing else is at work on the server
  targetInUse, // nobody has the claim of another's server
  finalizerMissing, // from here on a deletion has something to end
  safetyDone, // the snapshot before it has completed
  safetyRunning, // it is waited for
  safetyMissing, // and taken
  ...toDrill, // a drill starts a server on a copy
  begin, // the data is unpacked
]
