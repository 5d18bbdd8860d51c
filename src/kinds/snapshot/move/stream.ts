// The rungs of a file that no mover can mount: it is sent from the server's own container, where object and install allow it. Pure.
import type { SnapshotVolume } from '../../../api/instance.ts'
import { instant } from '../../../api/status/conditions.ts'
import { isFinished, snapshotReasons } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { moverContainer } from '../../../reconcile/job/template.ts'
import { moverRunning } from './move.ts'
import { knownProgress } from './progress.ts'
import type { SnapshotObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { interruptStream, mayStream, mustStream, pinnedFile } from '../job/stream-source.ts'
import { failed, noted, step, unchanged } from '../status/verdict.ts'
import type { Act, Verdict } from '../status/verdict.ts'
import { whySilent } from '../job/silent.ts'

/** How long a pin that cannot be removed (its pod does not answer) may hold up a deletion, and the end of a finished object. */
const unpinWithinMs = { deleted: 60_000, finished: 600_000 } as const

/** Both halves are needed: the message names the one that is missing. Where neither is there, the instance's own words name both. */
export function streamNotAllowed(observation: SnapshotObservation): Verdict | undefined {
  const { snapshot, instance, maxStreams } = observation
  const volume = instance?.status?.snapshotVolume
  if (
    volume === undefined ||
    !mustStream(volume) ||
    instance?.status?.observedGeneration !== instance?.metadata.generation
  )
    return undefined
  const { stream } = snapshot.spec.mover
  const why = mayStream(observation)
    ? whyNotThis(snapshot, volume)
    : stream.mode === 'IfNeeded'
      ? missing.install
      : maxStreams > 0
        ? missing.object
        : undefined
  if (why === undefined) return undefined
  const message = `No other pod can mount ${volume.directory} of MeiliInstance ${instance?.metadata.name ?? ''} (${volume.claimName === undefined ? volume.kind : `claim ${volume.claimName}, ReadWriteOncePod`}). ${why}`
  return failed({ reason: snapshotReasons.StreamNotAllowed, message })
}

const missing = {
  object:
    'This operator may stream it, but the MeiliSnapshot does not allow that: create one with spec.mover.stream.mode: IfNeeded, or put MEILI_SNAPSHOT_DIR on a ReadWriteOnce or ReadWriteMany claim.',
  install:
    'The MeiliSnapshot allows streaming, but this operator was installed without it: install install-streaming.yaml and set MAX_STREAMS (in the chart, stream.exec), or put MEILI_SNAPSHOT_DIR on a ReadWriteOnce or ReadWriteMany claim.',
} as const

function whyNotThis({ spec }: MeiliSnapshot, { claimName }: SnapshotVolume): string | undefined {
  if (spec.sourcePolicy === 'Remove')
    return "It is streamed, and streaming never removes Meilisearch's own file. Use sourcePolicy: Keep."
  return claimName !== undefined && claimName === spec.destination.claim.name
    ? `So no mover can store anything on claim ${claimName} either. Use another claim for the destination.`
    : undefined
}

/** Its container runs, and says nothing yet, or that it is copying. */
function awaitsBytes(observation: SnapshotObservation): boolean {
  const progress = knownProgress(observation)
  const { state } = observation.mover.pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer) ?? {}
  return state?.running !== undefined && (progress === undefined || progress.step === 'copying')
}

/** Why nothing comes, as far as that is known; forgotten as soon as something has come. */
function whyInterrupted(observation: SnapshotObservation): string | undefined {
  const { progress, waitingFor } = observation.snapshot.status ?? {}
  if (observation.target === undefined) return whySilent(observation)
  return (observation.mover.progress?.bytesDone ?? 0) > (progress?.bytesDone ?? 0) ? undefined : waitingFor
}

/** The mover waits for bytes: send some, and look again. Where all goes well there is no pause, but for what the mover's own output lags behind. */
export function segmentsMissing(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, mover, target } = observation
  const move = snapshot.status?.move
  if (move?.stream === undefined || !awaitsBytes(observation)) return undefined
  const why = whyInterrupted(observation)
  const seen = why === undefined ? moverRunning(observation, nowMs) : step(interruptStream(snapshot, why, nowMs))
  const againMs = why === undefined ? pauses.nextMs : pauses.changeMs
  if (target === undefined) return { ...seen, againMs }
  // A new pod of the server may have another name.
  const stream = { ...move.stream, pod: target.metadata?.name ?? '' }
  const receiver = { pod: mover.pod?.metadata?.name ?? '', container: moverContainer }
  return {
    ...seen,
    ...(stream.pod === move.stream.pod ? {} : { changes: { ...seen.changes, move: { ...move, stream } } }),
    effects: [{ kind: 'StreamSegments', source: pinnedFile(snapshot, stream), receiver }],
    againMs,
  }
}

/** However it ended, no pin stays beside Meilisearch's file. Above all other rungs, within a limit that runs from the first try. */
export function pinLeft({ snapshot }: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { metadata, status } = snapshot
  const { move } = status ?? {}
  const deleted = metadata.deletionTimestamp !== undefined
  if (move?.stream?.pinned !== true || !(deleted || isFinished(snapshot))) return undefined
  const { stream } = move
  const act: Act = { effects: [{ kind: 'RemovePin', source: pinnedFile(snapshot, stream) }], againMs: pauses.answerMs }
  const sinceMs = Date.parse(stream.unpinningSince ?? '')
  const deletedMs = Date.parse(metadata.deletionTimestamp ?? '')
  // A deletion tries anew. The API server's clock may be ahead of ours.
  if (Number.isNaN(sinceMs) || sinceMs < deletedMs) {
    const unpinningSince = instant(deleted ? Math.max(nowMs, deletedMs) : nowMs)
    return noted({ move: { ...move, stream: { ...stream, unpinningSince } } }, act)
  }
  return nowMs - sinceMs > (deleted ? unpinWithinMs.deleted : unpinWithinMs.finished) ? undefined : unchanged(act)
}
