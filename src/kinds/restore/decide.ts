// The ladder of a MeiliRestore: the first rung that has something to say decides. Pure.
// Each stage has its rungs in a folder of its own, in order; behind each of them stands what it makes sure of.
import type { MeiliRestore, MeiliRestoreStatus } from '../../api/restore.ts'
import type { Decision } from '../../reconcile/decision.ts'
import { firstOf } from '../../reconcile/rung.ts'
import { afterRungs } from './after/rungs.ts'
import { beingDeleted } from './after/deletion.ts'
import { drillRungs } from './drill/rungs.ts'
import { exchangeRungs } from './exchange/rungs.ts'
import { fillRungs } from './fill/rungs.ts'
import type { RestoreObservation } from './observation.ts'
import { planRungs } from './plan/rungs.ts'
import { sourceRungs } from './source/rungs.ts'
import { pauses } from './status/pauses.ts'
import { decisionOf, settled, unchanged } from './status/verdict.ts'
import type { Rung } from './status/verdict.ts'

/** A record that has ended stays as it is. */
const alreadyEnded: Rung = () => settled()

/** By its phase, which is on record before anything of it is done. In the exchange a deletion is the exchange's own affair: a server that serves comes first. */
function rungsOf({ spec, status }: MeiliRestore): readonly Rung[] {
  switch (status?.phase) {
    case 'Stopping':
    case 'Switching':
    case 'Starting':
      return exchangeRungs
    case 'Completed':
    case 'RolledBack':
    case 'Failed':
      return [...afterRungs, beingDeleted, alreadyEnded]
    case 'Filling':
    case 'Verifying':
      return [beingDeleted, ...(spec.target.scratch === undefined ? fillRungs : drillRungs)]
    default:
      return [beingDeleted, ...(status?.resolved === undefined ? sourceRungs : planRungs)]
  }
}

export function decideRestore(observation: RestoreObservation, nowMs: number): Decision<MeiliRestoreStatus> {
  const { restore } = observation
  const verdict = firstOf(rungsOf(restore))(observation, nowMs)
  return decisionOf(verdict ?? unchanged({ againMs: pauses.unforeseenMs }), restore, nowMs)
}
