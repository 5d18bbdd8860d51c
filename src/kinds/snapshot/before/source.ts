// The rung about the source: can a mover read the file, and remove it where it should? Waiting cures nothing that is found here. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { InstanceReason, MeiliInstance } from '../../../api/instance.ts'
import { snapshotReasons } from '../../../api/snapshot.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import { whySourceNotRemovable } from '../job/databases.ts'
import type { SnapshotObservation } from '../observation.ts'
import { targetUser } from '../job/target-user.ts'
import { failed } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'

/** Reasons of SnapshotVolumeReady that no waiting cures. */
const permanentReasons: readonly InstanceReason[] = [
  instanceReasons.ContainerUnknown,
  instanceReasons.DirectoryUnknown,
  instanceReasons.DirectoryNotOnClaim,
  instanceReasons.ClaimReadWriteOncePod,
  instanceReasons.ClaimUnusable,
  instanceReasons.SnapshotsToS3,
]

/** The instance says of which generation its conditions speak; an older word does not count. */
export function upToDate({ instance }: SnapshotObservation): boolean {
  return instance?.status?.observedGeneration === instance?.metadata.generation
}

/** The user has to change something, and a MeiliSnapshot is immutable: say what, and end. */
export function sourceUnusable(observation: SnapshotObservation): Verdict | undefined {
  const { instance, target } = observation
  if (instance === undefined || !upToDate(observation)) return undefined
  const volume = conditionNamed(instance.status?.conditions, instanceConditions.SnapshotVolumeReady)
  const reason = permanentReasons.find((candidate) => volume?.status === 'False' && volume.reason === candidate)
  const unfit =
    reason === undefined
      ? (notRemovable(observation) ?? (target === undefined ? undefined : userUnfit(observation, instance, target)))
      : { reason, message: volume?.message ?? '' }
  return unfit === undefined ? undefined : failed(unfit)
}

type Unfit = Parameters<typeof failed>[0]

/** What removes the file has its directory writable. */
function notRemovable(observation: SnapshotObservation): Unfit | undefined {
  const why = observation.snapshot.spec.sourcePolicy === 'Remove' ? whySourceNotRemovable(observation) : undefined
  return why === undefined
    ? undefined
    : {
        reason: snapshotReasons.SourceNotRemovable,
        message: `${why} Use sourcePolicy: Keep, or give the snapshots a directory of their own (MEILI_SNAPSHOT_DIR).`,
      }
}

/** A mover has the server's user; it never is root, and a user that is not known is not guessed. */
function userUnfit(
  { snapshot, claim }: SnapshotObservation,
  instance: MeiliInstance,
  target: V1Pod,
): Unfit | undefined {
  const { uid, isRoot } = targetUser(target, instance)
  if (uid !== undefined) return undefined
  const pod = `Pod ${target.metadata?.name ?? ''}`
  const who = isRoot ? `${pod} runs as root` : `${pod} does not say as which user it runs`
  const asUser = isRoot ? 'run Meilisearch as a user (runAsUser)' : 'set runAsUser in the pod'
  if (snapshot.spec.sourcePolicy === 'Remove') {
    const message = isRoot
      ? `${who}, so its snapshots are root's, and a mover, which never runs as root, cannot remove them.`
      : `${who}, so a mover, which runs as a user of its own then, cannot remove its snapshots.`
    return { reason: snapshotReasons.SourceNotRemovable, message: `${message} Use sourcePolicy: Keep, or ${asUser}.` }
  }
  if (claim === undefined || instance.status?.snapshotVolume?.claimName !== claim.metadata?.name) return undefined
  const message = `${who}, and writes its snapshots to claim ${claim.metadata?.name ?? ''}: a mover, which then has a user of its own, never changes the group of a server's volume, and could not write there. Use another claim for the destination, or ${asUser}.`
  return { reason: snapshotReasons.DestinationUnusable, message }
}
