// A MeiliSnapshotSchedule with every field filled in; the spec of its template is that of a MeiliSnapshot.
import type { Loose } from '../real-server.ts'

/** Instants differ by field only where the API server looks at them, which is nowhere. */
export function completeSchedule(
  snapshotSpec: Loose,
  conditions: readonly Loose[],
  at: string,
): { readonly spec: Loose; readonly status: Loose } {
  const name = 'nightly-202611290200'
  return {
    spec: {
      schedule: '*/15 2-4,22 1-31/2 Jan-DEC mon-Fri',
      timeZone: 'Europe/Berlin',
      jitter: '5m',
      startingDeadline: '6h',
      suspend: false,
      template: {
        metadata: { labels: { team: 'shop' }, annotations: { 'example.com/owner': 'shop' } },
        spec: snapshotSpec,
      },
      retention: {
        mode: 'DryRun',
        keepLast: 3,
        keepHourly: 24,
        keepDaily: 7,
        keepWeekly: 5,
        keepMonthly: 12,
        keepYearly: 3,
        keepWithin: '48h',
        minimum: 2,
        failed: 3,
        guard: { maxDropPercent: 50 },
      },
    },
    status: {
      observedGeneration: 1,
      conditions,
      observed: { schedule: '0 3 * * *', timeZone: 'Europe/Berlin', suspended: false },
      slotsAfter: at,
      lastSlot: at,
      lastRunName: name,
      nextSlot: at,
      interval: '24h',
      run: { name, slot: at, tries: 1, startedAt: at, retryAt: at, reason: 'RunRefused', failure: 'exceeded quota' },
      runNow: { hash: '5f7c0e1a', name: 'nightly-now-5f7c0e1a' },
      lastSuccess: { name, completedAt: at },
      lastFailure: { name: 'nightly-202611280200', completedAt: at, reason: 'TaskFailed' },
      consecutiveFailures: 0,
      active: [name],
      counts: { created: 4, skipped: 1, missed: 2, expired: 1 },
      kept: {
        count: 3,
        bytes: 3,
        size: '3 B',
        oldest: at,
        newest: at,
        rules: [{ name, by: ['last', 'daily'] }],
        more: 1,
      },
      expiring: [{ name: 'nightly-202611270200', reason: 'no rule keeps it any more', notBefore: at }],
      removing: { name: 'nightly-202611260200', uid: 'u', deletionPolicy: 'Retain', startedAt: at },
      announced: { rules: '5f7c0e1a', until: at, more: 1 },
      held: { reason: 'MassExpiry', hash: '5f7c0e1a', since: at, name, until: at, failure: 'exceeded quota' },
      confirmed: { hash: '5f7c0e1a', at },
      acceptedUntil: at,
      followedSince: at,
      sizes: [{ at, bytes: 1 }],
      forecast: {
        bytesPerDay: 1,
        nextBytes: 1,
        steadyBytes: 4,
        freeBytes: 10,
        observedAt: at,
        spaceBytes: 13,
        roomFor: 10,
        fullAt: at,
        basis: 'the last 5 good snapshots',
      },
    },
  }
}
