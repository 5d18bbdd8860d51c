// Lets one of several passes go on that have seen the same world: right before its write each looks at the others once more, and takes its turn.
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import type { Decision } from '../../../reconcile/decision.ts'
import type { Admission } from '../../../reconcile/kind.ts'
import type { SnapshotObservation } from '../observation.ts'
import { lookAtLine } from './server-line.ts'
import type { LineWorld } from './server-line.ts'
import type { Turns } from './turns.ts'

type Decide = (observation: SnapshotObservation, nowMs: number) => Decision<MeiliSnapshotStatus>
type Admit = (
  observation: SnapshotObservation,
  decided: Decision<MeiliSnapshotStatus>,
  nowMs: number,
) => Admission<MeiliSnapshotStatus>

/** What it does to the server is decided anew with what the caches show at this very moment; other decisions stand as they are. */
export function admitInTurn({ world, turns }: { world: LineWorld; turns: Turns }, decide: Decide): Admit {
  return (observation, decided, nowMs) => {
    const { snapshot } = observation
    const withdraw = (): void => turns.set(snapshot, 'Refused')
    if (doing(observation, decided) === undefined) {
      if (turns.of(snapshot) !== 'Refused') turns.delete(snapshot)
      return { decision: decided, withdraw }
    }
    const decision = decide({ ...observation, ...lookAtLine(world, snapshot, turns) }, nowMs)
    const turn = doing(observation, decision)
    if (turn === 'Asks' || turn === 'Moves') turns.set(snapshot, turn)
    else turns.delete(snapshot)
    return { decision, withdraw }
  }
}

function doing(
  { snapshot }: SnapshotObservation,
  { effects, status }: Decision<MeiliSnapshotStatus>,
): 'Asks' | 'Moves' | 'Removes' | undefined {
  if (snapshot.status?.request === undefined && effects.some(({ kind }) => kind === 'RequestSnapshot')) return 'Asks'
  const job = effects.find((effect) => effect.kind === 'CreateJob')?.job.metadata?.name
  if (job === undefined) return undefined
  if (job === status.removeSource?.jobName) return 'Removes'
  return job === status.move?.jobName ? 'Moves' : undefined
}
