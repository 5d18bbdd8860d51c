// A file that no mover can mount: whether it may be streamed instead, from where, and what an interruption says. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import type { MeiliInstance, SnapshotVolume } from '../../../api/instance.ts'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import { snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import type { PinnedFile } from '../../../reconcile/decision.ts'
import { deadlineText, moveDeadlineMs } from '../status/deadline.ts'
import type { SnapshotObservation } from '../observation.ts'
import { sentence } from '../../../api/status/text.ts'
import type { Step } from '../status/status.ts'

export type Stream = NonNullable<NonNullable<MeiliSnapshotStatus['move']>['stream']>

/** No pod beside the server's can mount it. */
export function mustStream(volume: SnapshotVolume | undefined): boolean {
  return (
    volume !== undefined &&
    (volume.claimName === undefined || volume.accessModes?.includes('ReadWriteOncePod') === true)
  )
}

export function mayStream({ snapshot, maxStreams }: Pick<SnapshotObservation, 'snapshot' | 'maxStreams'>): boolean {
  return maxStreams > 0 && snapshot.spec.mover.stream.mode === 'IfNeeded'
}

export function streamLimitBytes({ spec }: MeiliSnapshot): number {
  return Math.min(Number.MAX_SAFE_INTEGER, sizeBytes(spec.mover.stream.maxSize))
}

/** Where this object's file lies. The pin is one for each request: a mover that starts again goes on with the same file. */
export function pinnedFile(
  { metadata, status }: MeiliSnapshot,
  { pod, container, directory, fileName }: Omit<Stream, 'pinned' | 'unpinningSince'>,
): PinnedFile {
  return {
    namespace: metadata.namespace,
    pod,
    container,
    directory,
    fileName,
    pin: `${metadata.uid.slice(0, 8)}-${status?.request?.attempt ?? 1}`,
  }
}

/** Why it cannot be sent now; undefined also where it need not be. */
export function whyNotStreamed(observation: SnapshotObservation, { status }: MeiliInstance): string | undefined {
  return mustStream(status?.snapshotVolume) && !mayStream(observation)
    ? 'The snapshot file is where no other pod can mount it, and streaming is switched off.'
    : undefined
}

/** Put on record before a pin is made beside the file. */
export function streamFrom({ status }: MeiliInstance, target: V1Pod): Stream | undefined {
  const volume = status?.snapshotVolume
  if (volume === undefined || !mustStream(volume)) return undefined
  const { container, directory, fileName } = volume
  return { pod: target.metadata?.name ?? '', container, directory, fileName, pinned: true }
}

/** Nothing is lost: it goes on where the mover stands. */
export function interruptStream(snapshot: MeiliSnapshot, why: string, nowMs: number): Step {
  return {
    phase: 'Moving',
    reason: snapshotReasons.Copying,
    message: `The stream was interrupted: ${sentence(why)} It goes on by itself, until ${deadlineText(moveDeadlineMs(snapshot, nowMs))}.`,
    changes: { progress: snapshot.status?.progress, waitingFor: why },
  }
}
