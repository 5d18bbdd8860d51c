// The slots as figures: how many there are, how many are held, who waits, and for how long.
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import type { SlotParts, Slots } from './slots.ts'
import { queuedAtOf } from './standing.ts'

export interface SlotCount {
  readonly kind: 'movers' | 'streams' | 'deletions'
  readonly limit: number
  readonly used: number
  readonly waiting: number
  /** Of those that wait now. */
  readonly longestWaitSeconds: number
}

type Line = Pick<SlotCount, 'waiting' | 'longestWaitSeconds'>

export function countSlots(
  slots: Slots,
  { maxMovers, maxStreams, isStreamed, nowMs }: SlotParts,
): readonly SlotCount[] {
  const [movers, deletions] = [slots.tally('movers'), slots.tally('deletions')]
  const [toMove, toDelete] = [slots.inLine('movers'), slots.inLine('deletions')]
  const sum = (running: ReadonlyMap<string, number>): number =>
    [...running.values()].reduce((all, count) => all + count, 0)
  const line = (waiting: readonly MeiliSnapshot[]): Line => lineOf(waiting, nowMs())
  return [
    { kind: 'movers', limit: maxMovers, used: sum(movers.running), ...line(toMove) },
    { kind: 'streams', limit: maxStreams, used: movers.streams, ...line(toMove.filter(isStreamed)) },
    { kind: 'deletions', limit: maxMovers, used: sum(deletions.running), ...line(toDelete) },
  ]
}

function lineOf(waiting: readonly MeiliSnapshot[], nowMs: number): Line {
  const longestMs = waiting.reduce((most, of) => Math.max(most, nowMs - Date.parse(queuedAtOf(of) ?? '')), 0)
  return { waiting: waiting.length, longestWaitSeconds: longestMs / 1000 }
}
