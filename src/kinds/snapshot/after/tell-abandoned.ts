// Tells of a deletion that was given up where it can still be read a moment later: the MeiliSnapshot goes, and its Events with it. Pure.
import type { Effect, EventSubject } from '../../../reconcile/decision.ts'
import { artifactPath } from '../job/artifact-path.ts'
import type { SnapshotObservation } from '../observation.ts'
import { sentence } from '../../../api/status/text.ts'

/** For the pass that puts it on record, so once. An Event has 1024 bytes: what stays and the remedy come first, and fit. */
export function tellAbandoned(observation: SnapshotObservation, why: string): Effect[] {
  const about = whatRemains(observation)
  if (about === undefined) return []
  const { metadata, spec } = observation.snapshot
  const { path, directory } = artifactPath(observation.snapshot)
  const had = spec.deletionPolicy === 'Delete' ? 'had deletionPolicy Delete' : 'was past its expiresAfter'
  const message = `Remove by hand, if it is there: ${path}/${directory} on claim ${spec.destination.claim.name}. MeiliSnapshot ${metadata.name} ${had} and is gone, and its files were not removed: ${sentence(why)}`
  return [{ kind: 'RecordEvent', about, event: { type: 'Warning', reason: 'DeleteArtifactAbandoned', message } }]
}

/** The claim, where the files are; the instance where there is no claim. One that is being deleted itself only where nothing else is left. */
function whatRemains({ snapshot, claim, instance }: SnapshotObservation): EventSubject | undefined {
  const candidates = [
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: claim?.metadata },
    { apiVersion: snapshot.apiVersion, kind: 'MeiliInstance', metadata: instance?.metadata },
  ].flatMap(({ metadata, ...type }) => {
    const { name, uid, deletionTimestamp } = metadata ?? {}
    if (name === undefined || uid === undefined) return []
    const subject = { ...type, metadata: { namespace: snapshot.metadata.namespace, name, uid } }
    return [{ subject, isGoing: deletionTimestamp !== undefined }]
  })
  return (candidates.find(({ isGoing }) => !isGoing) ?? candidates[0])?.subject
}
