// Finds which of Meilisearch's batches wrote the snapshot file. Pure.
// All times are on the clock of Meilisearch's machine; our own clock has no say.
import type { Batch } from '../contract.ts'
import { parseTime } from './rfc3339.ts'

/** A time before every window, after every window, or in none although some are on both sides of it. */
export type Ownership = { readonly is: 'owned'; readonly batch: Batch } | { readonly is: 'older' | 'newer' | 'between' }

interface Window {
  readonly batch: Batch
  readonly start: bigint
  readonly end: bigint
}

/**
 * The batch whose `startedAt ≤ mtime ≤ finishedAt`. Windows of batches are disjoint; tasks of one batch share its window, and the first
 * listed task stands for them. The kernel stamps files with a coarse clock, so a file can seem some milliseconds older than its batch:
 * where no window holds the time, `skewMs` on both sides is allowed if then exactly one batch matches.
 */
export function ownerOf(mtimeNs: bigint, batches: readonly Batch[], skewMs: number): Ownership {
  const windows = batches.map(windowOf).filter((window) => window !== undefined)
  const strict = matches(windows, mtimeNs, 0n)
  if (strict[0] !== undefined) return { is: 'owned', batch: strict[0] }
  const skewNs = BigInt(skewMs) * 1_000_000n
  const near = matches(windows, mtimeNs, skewNs)
  if (near[0] !== undefined && new Set(near.map((batch) => batch.batchUid)).size === 1)
    return { is: 'owned', batch: near[0] }
  if (windows.every((window) => mtimeNs < window.start - skewNs)) return { is: 'older' }
  if (windows.every((window) => mtimeNs > window.end + skewNs)) return { is: 'newer' }
  return { is: 'between' }
}

function windowOf(batch: Batch): Window | undefined {
  const start = parseTime(batch.startedAt)
  const end = parseTime(batch.finishedAt)
  return start === undefined || end === undefined ? undefined : { batch, start, end }
}

function matches(windows: readonly Window[], time: bigint, skewNs: bigint): Batch[] {
  return windows
    .filter((window) => window.start - skewNs <= time && time <= window.end + skewNs)
    .map((window) => window.batch)
}
