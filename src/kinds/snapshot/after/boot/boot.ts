// The rungs of a boot while it is at work: the Job is made, and followed. Pure.
import type { MeiliSnapshotStatus } from '../../../../api/snapshot.ts'
import { snapshotReasons } from '../../../../api/snapshot.ts'
import { bootLifeOf } from '../../../../reconcile/job/boot/end.ts'
import { imageOf } from '../../../../reconcile/job/boot/image.ts'
import { bootSnapshotJob } from '../../job/commands/boot.ts'
import type { SnapshotObservation } from '../../observation.ts'
import { bootDeadlineMs, deadlineText } from '../../status/deadline.ts'
import { pauses } from '../../status/pauses.ts'
import { unchanged } from '../../status/verdict.ts'
import type { Verdict } from '../../status/verdict.ts'
import { booting, bootingText } from './begin.ts'

export function bootMissing(observation: SnapshotObservation, nowMs: number): Verdict | undefined {
  const { snapshot, instance, target, mover } = observation
  const { verification, artifact } = snapshot.status ?? {}
  const life = bootLifeOf(mover, verification?.retryAt, nowMs)
  if (verification === undefined || artifact === undefined || ('isGoing' in life && !life.isGoing)) return undefined
  if (life.is === 'paused') return unchanged({ againMs: life.restMs })
  const untilMs = bootDeadlineMs(snapshot, nowMs)
  const image = verification.image ?? imageOf(target, instance?.status?.snapshotVolume?.container)
  const why =
    life.is !== 'absent'
      ? `Job ${verification.jobName} is being removed.`
      : image === undefined
        ? 'The pod of the server is not there, whose image is to be started.'
        : undefined
  if (why !== undefined || image === undefined)
    return booting(
      { message: `The snapshot is stored. ${why ?? ''} It goes on by itself, until ${deadlineText(untilMs)}.` },
      { changes: { waitingFor: why ?? '' }, againMs: pauses.workMs },
    )
  const next = { ...verification, image }
  return booting(
    { message: bootingText(verification.jobName) },
    {
      changes: { verification: next },
      effects: [
        {
          kind: 'CreateJob',
          job: bootSnapshotJob({ ...observation, artifact, verification: next, deadlineMs: untilMs - nowMs }),
        },
      ],
      keepsRefusal: true,
      againMs: pauses.workMs,
    },
  )
}

export function bootRunning({ snapshot, mover }: SnapshotObservation, nowMs: number): Verdict {
  const verification: MeiliSnapshotStatus['verification'] = snapshot.status?.verification
  const life = bootLifeOf(mover, undefined, nowMs)
  const why = life.is === 'running' ? life.why : undefined
  if (why === undefined)
    return booting({ message: bootingText(verification?.jobName ?? '') }, { againMs: pauses.workMs })
  const until = verification === undefined ? '' : ` It is given up at ${deadlineText(bootDeadlineMs(snapshot, nowMs))}.`
  return booting(
    {
      reason: snapshotReasons.BootWaiting,
      message: `The snapshot is stored. The server on a copy cannot start yet: ${why}${until}`,
    },
    { changes: { waitingFor: why }, againMs: pauses.workMs },
  )
}
