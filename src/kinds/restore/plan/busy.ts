// The rungs about others that are at work on the target: snapshots, an upgrade, the pods of a server that someone else runs. Pure.
import type { MeiliInstance } from '../../../api/instance.ts'
import { restoreReasons } from '../../../api/restore.ts'
import { waiting } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** A snapshot that has asked is let end; one that has not waits for the restore. */
export const targetBusy: Rung = ({ runningSnapshots, target: { instance } }) => {
  const [snapshot] = runningSnapshots
  const message = snapshot === undefined ? upgradeText(instance) : `MeiliSnapshot ${snapshot} is being taken.`
  return message === undefined ? undefined : waiting({ reason: restoreReasons.TargetBusy, message })
}

/** One that stands still, or has changed nothing yet, is in nobody's way: a restore may be the way out of it. */
const atWork: ReadonlySet<string | undefined> = new Set(['Start', 'Database', 'Documents'])

function upgradeText(instance: MeiliInstance | undefined): string | undefined {
  const { step, failure, from = '', to = '' } = instance?.status?.upgrade ?? {}
  return atWork.has(step) && failure === undefined
    ? `MeiliInstance ${instance?.metadata.name ?? ''} is being upgraded from ${from} to ${to}.`
    : undefined
}

/** Of another's server: it must be scaled to zero, by whoever runs it. */
export const targetInUse: Rung = ({ restore, target: { pods } }) => {
  const { claim } = restore.spec.target
  if (claim === undefined || pods.length === 0) return undefined
  const names = pods.slice(0, 3).map(({ metadata }) => metadata?.name ?? '')
  return waiting({
    reason: restoreReasons.TargetInUse,
    message: `Claim ${claim.name} is mounted by ${names.length === 1 ? 'pod' : 'pods'} ${names.join(', ')}: scale that server to zero.`,
  })
}
