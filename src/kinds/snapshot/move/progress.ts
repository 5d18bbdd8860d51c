// Says how far the mover is: by its own word, else by its last one, as long as the container that said it still runs. Pure.
import type { MeiliSnapshotStatus } from '../../../api/snapshot.ts'
import { moverProgress } from '../../../mover/contract.ts'
import type { MoverProgress } from '../../../mover/contract.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { moverContainer } from '../../../reconcile/job/template.ts'
import type { SnapshotObservation } from '../observation.ts'

type Recorded = NonNullable<MeiliSnapshotStatus['progress']>
type Seen = Pick<SnapshotObservation, 'snapshot' | 'mover'>

/** Without a new word for this long, status says how old the last one is. */
const staleMs = 60_000

/** Undefined where it has said nothing yet. */
export function knownProgress(seen: Seen): MoverProgress | undefined {
  return seen.mover.progress ?? lastProgress(seen)
}

/** What is on record, while this pass has no word: one log that cannot be read takes nothing back. */
export function lastProgress({ snapshot, mover }: Seen): (MoverProgress & Recorded) | undefined {
  const { progress, move } = snapshot.status ?? {}
  if (mover.progress !== undefined || move?.begun !== true) return undefined
  const said = moverProgress.safeParse(progress).data
  const running = mover.pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state?.running
  if (said === undefined || running === undefined) return undefined
  // Times come as text in JSON. A container that began later is another mover, which has said nothing yet.
  const isLater = Date.parse(String(running.startedAt)) > Date.parse(progress?.updatedAt ?? '')
  return isLater ? undefined : { ...progress, ...said }
}

export function progressText({ step: at, bytesDone, bytesTotal }: MoverProgress): string {
  return `${at}: ${sizeText(bytesDone)} of ${sizeText(bytesTotal)}`
}

/** The same sentence for as long as it is the same word, so that nothing is written; one more once it is old. */
export function progressSentence(
  jobName: string,
  progress: MoverProgress & Pick<Recorded, 'updatedAt'>,
  nowMs: number,
): string {
  const { updatedAt } = progress
  return updatedAt === undefined || nowMs - Date.parse(updatedAt) <= staleMs
    ? `Job ${jobName} is ${progressText(progress)}.`
    : `Job ${jobName} runs. It was ${progressText(progress)} at ${instant(Date.parse(updatedAt))}; its log says nothing since, or cannot be read.`
}
