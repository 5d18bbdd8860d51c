// Says with which snapshots nothing is left to do until somebody changes or deletes them: the caches keep little of those, and no pass is made for them. Pure.
import { isFinished } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { isWhole, settle } from '../../../api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../../../api/status/settled-snapshot.ts'
import { upgradeLabels } from '../../../reconcile/names/objects.ts'
import { mustDeleteArtifact } from './delete-artifact.ts'
import { hasFinalizer } from './deletion.ts'

/** What `alreadyFinished` and `pinLeft` find nothing to do with. An upgrade reads more of its own than is kept: those few stay whole. */
function isSettled(snapshot: MeiliSnapshot): boolean {
  const { metadata, status } = snapshot
  return (
    isFinished(snapshot) &&
    metadata.deletionTimestamp === undefined &&
    status?.observedGeneration === metadata.generation &&
    (status?.phase !== 'Completed' || status.expiry === undefined) &&
    hasFinalizer(snapshot) === mustDeleteArtifact(snapshot) &&
    status?.move?.stream?.pinned !== true &&
    metadata.labels?.[upgradeLabels.to] === undefined
  )
}

/** For the cache of snapshots. */
export function keepSnapshot(snapshot: KnownSnapshot): KnownSnapshot {
  return isWhole(snapshot) && isSettled(snapshot) ? settle(snapshot) : snapshot
}
