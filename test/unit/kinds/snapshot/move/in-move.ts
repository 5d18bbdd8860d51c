// A snapshot in its move, with the mover that a test gives it.
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aJob,
  anEngine,
  aSnapshot,
  movingStatus,
  noMover,
  second,
  succeededTask,
} from '../../../../support/builders/observations.ts'

type Move = Parameters<typeof movingStatus>[0]

export const inMove = (move: Move = {}, more: Partial<MeiliSnapshotStatus> = {}): MeiliSnapshot =>
  aSnapshot({ status: movingStatus(move, more) })

/** A mover of this snapshot, as given. */
export function moverObservation(
  snapshot: MeiliSnapshot,
  mover: Partial<SnapshotObservation['mover']> = {},
  job = aJob(snapshot),
): Partial<SnapshotObservation> {
  return { snapshot, engine: { state: 'NotAsked' }, mover: { ...noMover, job, jobs: [job], ...mover } }
}

/** No Job is there; the server has answered. */
export const before = (move: Move = {}, more: Partial<MeiliSnapshotStatus> = {}): Partial<SnapshotObservation> => ({
  snapshot: inMove(move, more),
  engine: anEngine({ candidates: [succeededTask()] }),
})

export const going = { metadata: { deletionTimestamp: ago(second) } }
