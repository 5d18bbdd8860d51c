// The guard: a snapshot with far fewer documents than the good one before, or fewer indexes, or of another server, is not taken for good. Pure.
// Each is compared once, when it is new: what retention deletes between two of them later changes no verdict.
import type { scheduleReasons } from '../../../api/schedule.ts'
import type { GoodRun } from './retain.ts'

export interface Flag {
  readonly run: GoodRun
  readonly reason: (typeof scheduleReasons)['DocumentsDropped' | 'IndexVanished' | 'SourceChanged']
  /** Documents or indexes of the good one before, and of this one; or their MeiliInstances. */
  readonly before: number | string
  readonly after: number | string
}

export interface GuardVerdict {
  /** The oldest first. */
  readonly flags: readonly Flag[]
  /** All up to here are good from now on. */
  readonly acceptedUntilMs: number
}

interface GuardParts {
  /** 0: nothing is flagged. */
  readonly maxDropPercent: number
  /** These were compared already, or somebody confirmed them; -Infinity for none. */
  readonly acceptedUntilMs: number
}

interface Figures {
  readonly instance?: string | undefined
  readonly documents?: number | undefined
  readonly indexes?: number | undefined
}

/**
 * An unknown count is not compared, and compares with nothing: the last known one stands for it.
 * @param runs the newest first
 */
export function guardRuns(runs: readonly GoodRun[], { maxDropPercent, acceptedUntilMs }: GuardParts): GuardVerdict {
  const flags: Flag[] = []
  let last: Figures = {}
  let until = acceptedUntilMs
  for (const run of runs.toReversed()) {
    const flag = run.timeMs <= acceptedUntilMs || maxDropPercent === 0 ? undefined : compare(run, last, maxDropPercent)
    if (flag === undefined) {
      last = figuresOf(run, last)
      if (flags.length === 0) until = Math.max(until, run.timeMs)
    } else flags.push(flag)
  }
  // Of two at one instant, neither is accepted before both are.
  const [first] = flags
  return { flags, acceptedUntilMs: first === undefined ? until : Math.min(until, first.run.timeMs - 1) }
}

/** What one server has says nothing of another one. */
function figuresOf({ instance, documents, indexes }: GoodRun, last: Figures): Figures {
  const before = instance === last.instance ? last : {}
  return { instance, documents: documents ?? before.documents, indexes: indexes ?? before.indexes }
}

/** Those of another server would push out the last ones of the server before, one by one. */
function compare(run: GoodRun, last: Figures, maxDropPercent: number): Flag | undefined {
  const { instance, documents = Infinity, indexes = Infinity } = run
  if (last.instance !== undefined && instance !== undefined && instance !== last.instance)
    return { run, reason: 'SourceChanged', before: last.instance, after: instance }
  if (last.indexes !== undefined && indexes < last.indexes)
    return { run, reason: 'IndexVanished', before: last.indexes, after: indexes }
  // Whole numbers, so that exactly the limit is no drop.
  if (last.documents !== undefined && documents * 100 < last.documents * (100 - maxDropPercent))
    return { run, reason: 'DocumentsDropped', before: last.documents, after: documents }
  return undefined
}
