// MeiliRestores that between them fill in every field: a source is one of four, a target one of three.
import type { Loose } from '../real-server.ts'

const shared: Loose = {
  mode: 'Apply',
  version: 'AllowUpgrade',
  safety: { snapshot: 'Always' },
  sanitize: { tasks: 'Keep', webhooks: 'Keep' },
  rollback: false,
  deadlines: { start: '1h', fill: '6h', switch: '30m' },
}
const sha256 = '0'.repeat(64)
const claim = { name: 'backups' }

/** `mover`: that of a complete MeiliSnapshot. */
export const restoreSpecs = (mover: Loose): readonly Loose[] => [
  {
    ...shared,
    source: { snapshotRef: { name: 'nightly' } },
    target: { inPlace: { instanceRef: { name: 'movies' } } },
    confirm: 'movies',
    sanitize: { tasks: 'Discard', webhooks: 'Remove' },
    rollback: true,
    mover,
  },
  {
    ...shared,
    source: { latestOf: { schedule: { name: 'nightly' }, asOf: '2026-01-02T03:04:05Z' } },
    target: { claim: { name: 'meilisearch-0', directory: 'data.ms' } },
    confirm: 'meilisearch-0',
    mover,
  },
  {
    ...shared,
    source: { artifact: { claim, path: 'movies/nightly-12345678', sha256 } },
    target: {
      scratch: {
        size: '20Gi',
        storageClassName: 'fast',
        resources: { requests: { cpu: '100m' }, limits: { memory: '4Gi' } },
        queries: [{ index: 'movies', q: 'alien', minHits: 1 }],
        maxAge: '48h',
        egress: 'Denied',
      },
    },
    mover,
  },
  {
    ...shared,
    source: { file: { claim, path: 'movies/data.ms.snapshot', sha256 } },
    target: { inPlace: { instanceRef: { name: 'movies' } } },
    confirm: 'movies',
    mode: 'DryRun',
    mover,
  },
]

const counts = { version: '1.21.0', indexes: 1, documents: 50_000 }
const compared = { ...counts, compared: 1, differences: [{ index: 'movies', expected: 2, found: 1 }] }

/** What a Job says in which a server was started. */
export const completeInspection = (at: string): Loose => ({
  ...compared,
  attempt: 1,
  failures: 0,
  jobName: 'nightly-12345678-boot-1',
  startedAt: at,
  retryAt: at,
  failure: 'no',
  result: 'Passed',
  message: 'no',
  restoreDuration: { fetch: '1s', extract: '1s', open: '1s', firstSearch: '1s', total: '4s', totalMs: 4000 },
  at,
})

export function restoreStatusOf(conditions: readonly Loose[], at: string): Loose {
  const job = { attempt: 1, failures: 0, jobName: 'back-12345678-1', node: 'node-1', startedAt: at, retryAt: at }
  const failed = { ...job, failure: 'no' }
  return {
    observedGeneration: 1,
    phase: 'Completed',
    conditions,
    waitingFor: 'snapshot nightly',
    targetText: 'instance movies',
    resolved: {
      name: 'nightly',
      snapshot: { name: 'nightly', uid: 'u' },
      claimName: 'backups',
      path: 'movies/nightly-12345678',
      isFile: false,
      fileName: 'data.ms.snapshot',
      sizeBytes: 1,
      size: '1 B',
      sha256,
      meilisearchVersion: '1.21.0',
      uncompressedBytes: 2,
      indexes: 1,
      documents: 50_000,
      countsExact: true,
      tasksEnqueued: 0,
      takenAt: at,
      resolvedAt: at,
    },
    resolve: failed,
    plan: {
      from: { ...counts, takenAt: at, age: '5h12m' },
      to: { ...counts, claimName: 'movies-data', generation: 1 },
      keysLost: ['ci-writer'],
      keysLostCount: 1,
      tasksEnqueued: 0,
      neededBytes: 2,
      freeBytes: 3,
      newClaim: { claimName: 'movies-data-2', generation: 2 },
      upgrade: { from: '1.20.0', to: '1.21.0' },
      safetySnapshot: true,
      summary: 'All of it.',
      madeAt: at,
    },
    sanitize: { ...failed, completedAt: at, tasksDiscarded: 1, cancelationUid: 1, webhooksRemoved: 1 },
    fill: {
      ...failed,
      claimName: 'movies-data-2',
      claimUid: 'u',
      completedAt: at,
      version: '1.21.0',
      uncompressedBytes: 2,
      fetchMs: 1,
      extractMs: 2,
    },
    progress: { step: 'unpacking', percent: 62, percentText: '62 %', bytesDone: 1, bytesTotal: 2, updatedAt: at },
    safety: { snapshot: 'back-before', skipped: 'no', completedAt: at },
    switched: {
      from: { claimName: 'movies-data', generation: 1 },
      to: { claimName: 'movies-data-2', generation: 2 },
      stoppingAt: at,
      triedAt: at,
      at,
      servingAt: at,
      downtime: '9s',
      downtimeMs: 9000,
    },
    restored: { ...compared, at },
    inspection: {
      ...failed,
      result: 'Passed',
      message: 'no',
      restoreDuration: { fetch: '1s', extract: '1s', open: '1s', firstSearch: '1s', total: '4s', totalMs: 4000 },
      at,
    },
    oldData: { claimName: 'movies-data', generation: 1, capacityBytes: 3, keptSince: at, removable: true },
    rollback: {
      cause: 'Asked',
      message: 'no',
      to: { claimName: 'movies-data', generation: 3 },
      startedAt: at,
      triedAt: at,
      at,
      completedAt: at,
    },
    startedAt: at,
    completedAt: at,
    duration: '41s',
  }
}
