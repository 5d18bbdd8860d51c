// The rungs about others that are at work on the target: snapshots, an upgrade, the pods of a server that someone else runs. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import { upgradeText } from '../status/upgrading.ts'
import { waiting } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** A snapshot that has asked is let end; one that has not waits for the restore. */
export const targetBusy: Rung = ({ runningSnapshots, target: { instance } }) => {
  const [snapshot] = runningSnapshots
  const message = snapshot === undefined ? upgradeText(instance) : `MeiliSnapshot ${snapshot} is being taken.`
  return message === undefined ? undefined : waiting({ reason: restoreReasons.TargetBusy, message })
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
