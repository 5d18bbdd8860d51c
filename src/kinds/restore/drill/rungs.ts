// The rungs of a drill, from its plan to what the engine said, in order. Pure.
import type { Rung } from '../status/verdict.ts'
import { sourceTooOld, tasksInside, versionUnknown } from './before.ts'
import { drillBegins, drillMissing, drillRunning, pastDrillDeadline } from './boot.ts'
import { drillEnded } from './ended.ts'

/** Before the plan of a drill is made: what it asks of its snapshot. Silent for every other target. */
export const beforeDrill: readonly Rung[] = [
  sourceTooOld, // it is not older than was asked for
  versionUnknown, // it is known what is to be started
  tasksInside, // nothing in it runs, or nothing leaves
]

/** From the plan to its first Job, in place of a claim to fill. Silent for every other target. */
export const toDrill: readonly Rung[] = [
  drillBegins, // it is on record before it is made
]

export const drillRungs: readonly Rung[] = [
  drillEnded, // what the engine said counts, whatever time it is
  pastDrillDeadline, // nothing runs past the deadline
  drillMissing, // a server is started
  drillRunning, // status follows it
]
