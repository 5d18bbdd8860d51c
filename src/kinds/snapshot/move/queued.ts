// The verdict of a mover that waits for its turn: said once, and not again for each step forward in the line. Pure.
import { snapshotReasons } from '../../../api/snapshot.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { Queued, SnapshotObservation } from '../observation.ts'
import { growing } from '../status/pauses.ts'
import { step } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** Nothing else was looked at: no other rung has anything to judge. */
export function moverInLine(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  return observation.queued?.looked === false ? waitForTurn(observation, nowMs) : undefined
}

/** Undefined: it is its turn. Which node the mover runs on is known then. */
export function waitForTurn({ snapshot, queued }: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { namespace } = snapshot.metadata
  if (queued === undefined || snapshot.status?.move === undefined) return undefined
  const { node: _, queuedAt = instant(nowMs), ...move } = snapshot.status.move
  const waitingFor = `${whyQueued(queued, namespace)} ${othersFirst(queued, namespace)}`
  return step({
    phase: 'Moving',
    reason: snapshotReasons.MoverQueued,
    message: `${waitingFor} Namespaces take turns. deadlines.move does not run meanwhile.`,
    changes: { move: { ...move, queuedAt }, waitingFor },
    againMs: growing.turn(nowMs - Date.parse(queuedAt)),
  })
}

function whyQueued({ enough, limit }: Queued, namespace: string): string {
  switch (enough) {
    case 'streams':
      return `As many snapshots are streamed as may be at once (MAX_STREAMS is ${limit}).`
    case 'ofNamespace':
      return `Namespace ${namespace} has as many movers as may run at once (MAX_MOVERS is ${limit}), those that cannot start among them.`
    default:
      return `As many movers run as may at once (MAX_MOVERS is ${limit}).`
  }
}

/** Roughly: each word that changes is a write for everyone in line. */
function othersFirst({ ahead }: Queued, namespace: string): string {
  if (ahead === 0) return `It is the next one of namespace ${namespace}.`
  return `Fewer than ${2 ** Math.ceil(Math.log2(ahead + 1))} others of namespace ${namespace} go first.`
}
