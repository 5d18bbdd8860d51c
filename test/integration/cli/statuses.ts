// Status as the operator writes it, for tests of what only reads it.

type Judgements = Readonly<
  Record<string, readonly [status: 'True' | 'False' | 'Unknown', reason: string, message: string]>
>

export function conditions(judgements: Judgements): object[] {
  return Object.entries(judgements).map(([type, [status, reason, message]]) => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: '2026-01-02T03:04:05Z',
    observedGeneration: 1,
  }))
}

export function instanceStatus(judgements: Judgements = {}): object {
  return {
    observedGeneration: 1,
    version: '1.21.0',
    database: { sizeBytes: 126_877_696, size: '121 MiB', indexes: 1, documents: 50_000 },
    conditions: conditions({
      Ready: ['True', 'Ready', 'Meilisearch 1.21.0 answers.'],
      SnapshotVolumeReady: ['True', 'Ready', 'On claim data.'],
      ...judgements,
    }),
  }
}

export function completedStatus(changes: object = {}): object {
  return {
    observedGeneration: 1,
    phase: 'Completed',
    task: { uid: 2, batchUid: 2, status: 'succeeded', enqueuedAt: '2026-01-02T03:04:05Z' },
    progress: { step: 'done', percent: 100, percentText: '100 %' },
    artifact: {
      claimName: 'backups',
      path: 'movies/first-12345678',
      fileName: 'data.ms.snapshot',
      sizeBytes: 102_865_000,
      size: '98.1 MiB',
      sha256: '0'.repeat(64),
      meilisearchVersion: '1.21.0',
      verification: 'Archive',
      indexes: 1,
      documents: 50_000,
    },
    completedAt: '2026-01-02T03:04:46Z',
    duration: '41s',
    conditions: conditions({
      Ready: ['True', 'Completed', '98.1 MiB, on claim backups.'],
      Complete: ['True', 'Completed', '98.1 MiB, on claim backups.'],
      Failed: ['False', 'Completed', '98.1 MiB.'],
    }),
    ...changes,
  }
}
