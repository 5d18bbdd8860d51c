// What `wait` must know of a kind to follow one of its objects to its end, and how that looks for a MeiliSnapshot. Pure.
import { hasSucceeded, isFinished, meiliSnapshots } from '../../api/snapshot.ts'
import type { KubeObject, Resource } from '../../kube/resource.ts'
import type { Snapshot } from '../cluster.ts'
import { operand } from '../terminal/shell.ts'
import { endText, progressOf, progressText } from './progress.ts'

export interface Followed<T extends KubeObject> {
  readonly resource: Resource
  readonly hasEnded: (object: T) => boolean
  /** What was asked for is done; only asked of one that has ended. */
  readonly isDone: (object: T) => boolean
  readonly text: (object: T, nowMs: number) => string
  /** Changes where a line in a pipe is worth it. */
  readonly step: (object: T) => string
  /** Undefined where the lines after it say it all. */
  readonly endText: (object: T) => string | undefined
  /** What a person may want to know or to do then. */
  readonly after?: (object: T, nowMs: number) => readonly string[]
  /** The command that follows it further. */
  readonly again: (name: string) => string
}

export const followedSnapshot: Followed<Snapshot> = {
  resource: meiliSnapshots,
  hasEnded: isFinished,
  isDone: hasSucceeded,
  text: progressText,
  step: (snapshot) => progressOf(snapshot).step,
  endText,
  again: (name) => `kubectl meili wait ${operand(name)}`,
}
