// Explains why a snapshot does not go on where that is not its mover's fault: a silent server, another one's removal. Pure.
import type { SnapshotObservation } from '../observation.ts'
import { sentence } from '../../../api/status/text.ts'

/** Why the server has no word in this pass, after the request. */
export function whySilent({ snapshot, instance, target, engine }: SnapshotObservation): string {
  if (engine.state === 'Unreachable' || engine.state === 'Unauthorized') return sentence(engine.message)
  const { name } = snapshot.spec.source.instanceRef
  if (instance === undefined) return `MeiliInstance ${name} does not exist in namespace ${snapshot.metadata.namespace}.`
  return target === undefined
    ? `The pod of MeiliInstance ${name} is not there.`
    : `Pod ${target.metadata?.name ?? ''} has no address.`
}

/** For an instant the file may have no name while another removes it. A mover whose node is on record is known to that one, which waits for it. */
export function whyNotBeside({ snapshot, beside }: SnapshotObservation): string | undefined {
  const [other] = beside.removing
  return other === undefined || snapshot.status?.move?.node !== undefined
    ? undefined
    : `Snapshot ${other} removes its file from the snapshot directory.`
}
