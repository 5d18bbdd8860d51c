// The ladder of a MeiliRestore: the first rung that has something to say decides. Pure.
// Each stage has its rungs in a folder of its own, in order; behind each of them stands what it makes sure of.
import type { MeiliRestore, MeiliRestoreStatus } from '../../api/restore.ts'
import type { Decision } from '../../reconcile/decision.ts'
import { firstOf } from '../../reconcile/rung.ts'
import { cleanUp, oldDataGone } from './after/clean-up.ts'
import { beingDeleted, leftovers } from './after/deletion.ts'
import { recordLost } from './after/recovered.ts'
import { rollbackAsked, rollbackBeforeExchange } from './after/rollback.ts'
import { drillRungs } from './drill/rungs.ts'
import { startingRungs } from './exchange/start.ts'
import { stoppingRungs } from './exchange/stop.ts'
import { switchingRungs } from './exchange/switching.ts'
import { fillRungs } from './fill/rungs.ts'
import type { RestoreObservation } from './observation.ts'
import { planRungs } from './plan/rungs.ts'
import { sourceRungs } from './source/rungs.ts'
import { pauses } from './status/pauses.ts'
import { decisionOf, settled, unchanged } from './status/verdict.ts'
import type { Rung } from './status/verdict.ts'

/** A record that has ended stays as it is. */
const alreadyEnded: Rung = () => settled()

/** It has ended. */
const ended: readonly Rung[] = [
  rollbackAsked, // the data from before comes back where that is asked for
  leftovers, // what was filled in vain goes
  oldDataGone, // no claim is named that is not there
  cleanUp, // the data from before goes when that is asked for, and not before it may
  beingDeleted, // a deletion waits for nothing more
  alreadyEnded, // and it stays as it is
]

/** Until a server is stopped for it. */
const beforeExchange: readonly Rung[] = [
  beingDeleted, // what runs for a deleted object ends, and what it made goes
  recordLost, // what was exchanged is not exchanged twice
  rollbackBeforeExchange, // nothing is begun that is to be undone
]

/** By its phase, which is on record before anything of it is done. In the exchange a deletion is the exchange's own affair: a server that serves comes first. */
function rungsOf({ spec, status }: MeiliRestore): readonly Rung[] {
  switch (status?.phase) {
    case 'Stopping':
      return stoppingRungs
    case 'Switching':
      return switchingRungs
    case 'Starting':
      return startingRungs
    case 'Completed':
    case 'RolledBack':
    case 'Failed':
      return ended
    case 'Filling':
    case 'Verifying':
      return [...beforeExchange, ...(spec.target.scratch === undefined ? fillRungs : drillRungs)]
    default:
      return [...beforeExchange, ...(status?.resolved === undefined ? sourceRungs : planRungs)]
  }
}

export function decideRestore(observation: RestoreObservation, nowMs: number): Decision<MeiliRestoreStatus> {
  const { restore } = observation
  const verdict = firstOf(rungsOf(restore))(observation, nowMs)
  return decisionOf(verdict ?? unchanged({ againMs: pauses.unforeseenMs }), restore, nowMs)
}
