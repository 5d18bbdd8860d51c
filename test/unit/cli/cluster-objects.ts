// One object of each kind that the plugin reads of a cluster, each with something to tell; any text of them may be spoilt.

export const nowMs = Date.parse('2026-01-20T00:00:00Z')
export const condition = (type: string, status: string, reason: string): object => ({
  type,
  status,
  reason,
  message: 'A message.',
})

export const pod = {
  metadata: {
    namespace: 'shop',
    name: 'books-0',
    uid: 'u',
    labels: { app: 'books' },
    ownerReferences: [{ kind: 'StatefulSet', name: 'books', uid: 's' }],
  },
  spec: {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-books-0' } }],
    containers: [
      { name: 'proxy', image: 'envoy' },
      {
        name: 'engine',
        image: 'getmeili/meilisearch:v1.21.0',
        command: ['meilisearch'],
        args: ['--master-key', '$(KEY)'],
        env: [
          { name: 'MEILI_SNAPSHOT_DIR', value: '/meili_data/snapshots' },
          { name: 'MEILI_HTTP_ADDR', value: '0.0.0.0:7701' },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'books-keys', key: 'key' } } },
        ],
        envFrom: [
          { prefix: 'MEILI_', secretRef: { name: 'books-more' } },
          { configMapRef: { name: 'books-settings' } },
        ],
        volumeMounts: [{ name: 'data', mountPath: '/meili_data' }],
        ports: [{ containerPort: 7700 }],
      },
    ],
  },
  status: { phase: 'Running', podIP: '10.0.0.1' },
}
export const settings = {
  metadata: { name: 'books-settings' },
  data: { MEILI_ENV: 'production', MEILI_SSL_CERT_PATH: '/tls' },
}
export const claim = {
  metadata: { name: 'data-books-0' },
  spec: { accessModes: ['ReadWriteOnce'] },
  status: { phase: 'Bound' },
}
export const statefulSet = {
  metadata: { name: 'books', uid: 's' },
  spec: { selector: { matchLabels: { app: 'books' } } },
}

export const instance = {
  apiVersion: 'meili-operator.dev/v1alpha1',
  kind: 'MeiliInstance',
  metadata: { namespace: 'shop', name: 'books', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    existing: { podSelector: { matchLabels: { app: 'books' } }, apiKeySecretRef: { name: 'books-keys', key: 'key' } },
  },
  status: {
    observedGeneration: 1,
    version: '1.21.0',
    pod: { name: 'books-0' },
    conditions: [condition('Ready', 'False', 'KeyRefused'), condition('SnapshotVolumeReady', 'True', 'Ready')],
    lastSnapshot: { name: 'x', completedAt: '2026-01-01T00:00:00Z' },
  },
}
export const snapshot = {
  kind: 'MeiliSnapshot',
  metadata: {
    namespace: 'shop',
    name: 'first',
    uid: 'u',
    creationTimestamp: '2026-01-02T03:00:00Z',
    labels: { 'meili-operator.dev/schedule': 'nightly' },
    annotations: { 'meili-operator.dev/keep': 'true' },
  },
  spec: {
    source: { instanceRef: { name: 'books' } },
    destination: { claim: { name: 'backups' } },
    sourcePolicy: 'Keep',
    deletionPolicy: 'Retain',
    verification: { mode: 'Archive' },
  },
  status: {
    phase: 'Moving',
    conditions: [condition('Ready', 'False', 'InsufficientSpace'), condition('Overdue', 'True', 'Overdue')],
    request: { attempt: 2, failure: 'no' },
    move: { attempt: 3, failure: 'no' },
    task: { uid: 9, status: 'enqueued', error: { code: 'internal', message: 'no' } },
    waitingFor: 'batch 8',
    progress: { percent: 5, estimatedCompletion: '2026-01-02T04:00:00Z' },
    artifact: {
      claimName: 'backups',
      path: 'a/b',
      fileName: 'data.ms.snapshot',
      size: '1 B',
      sizeBytes: 1,
      sha256: '0',
      meilisearchVersion: '1.21.0',
      verification: 'Archive',
    },
    destination: { freeBytes: 1, observedAt: '2026-01-02T03:00:00Z' },
    release: { outcome: 'Removed' },
    duration: '41s',
    completedAt: '2026-01-02T03:04:05Z',
  },
}
export const ended = { ...snapshot, status: { ...snapshot.status, phase: 'Failed' } }
export const schedule = {
  apiVersion: 'meili-operator.dev/v1alpha1',
  kind: 'MeiliSnapshotSchedule',
  metadata: {
    namespace: 'shop',
    name: 'nightly',
    uid: 'u',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    schedule: '0 3 * * *',
    timeZone: 'Europe/Berlin',
    jitter: '15m',
    startingDeadline: '6h',
    suspend: false,
    template: {
      metadata: { labels: { team: 'search' }, annotations: { note: 'nightly' } },
      spec: {
        source: { instanceRef: { name: 'books' } },
        destination: { claim: { name: 'backups' } },
        deletionPolicy: 'Delete',
      },
    },
    retention: {
      mode: 'Enforce',
      keepLast: 3,
      keepDaily: 7,
      keepWithin: '48h',
      minimum: 1,
      failed: 3,
      guard: { maxDropPercent: 50 },
    },
  },
  status: {
    observedGeneration: 1,
    conditions: [
      condition('Stalled', 'True', 'UnknownTimeZone'),
      condition('Ready', 'False', 'UnknownTimeZone'),
      condition('LastSnapshotSucceeded', 'False', 'SnapshotFailed'),
      condition('Overdue', 'True', 'NoRecentSuccess'),
      condition('RetentionHeld', 'True', 'MassExpiry'),
      condition('ClockWentBack', 'True', 'ClockWentBack'),
    ],
    lastSlot: '2026-01-19T02:00:00Z',
    lastRunName: 'nightly-202601190200',
    nextSlot: '2026-01-20T02:04:00Z',
    run: { name: 'nightly-202601200200', tries: 2, startedAt: '2026-01-20T02:04:00Z', failure: 'quota' },
    lastSuccess: { name: 'nightly-202601180200', completedAt: '2026-01-18T02:05:00Z' },
    lastFailure: { name: 'nightly-202601190200', completedAt: '2026-01-19T02:05:00Z', reason: 'KeyTooWeak' },
    consecutiveFailures: 2,
    active: ['nightly-202601200200'],
    counts: { created: 1234, skipped: 1, missed: 2, expired: 1220 },
    kept: {
      count: 14,
      bytes: 22_548_578_304,
      size: '21 GiB',
      oldest: '2025-12-20T02:00:00Z',
      newest: '2026-01-18T02:00:00Z',
      rules: [
        { name: 'nightly-202601180200', by: ['last', 'daily'] },
        { name: 'nightly-202512200200', by: ['monthly'] },
      ],
      more: 12,
    },
    expiring: [{ name: 'nightly-202512210200', reason: 'no rule keeps it', notBefore: '2026-01-20T00:01:00Z' }],
    removing: {
      name: 'nightly-202512190200',
      uid: 'v',
      deletionPolicy: 'Retain',
      startedAt: '2026-01-19T23:59:00Z',
    },
    held: { reason: 'MassExpiry', hash: 'abcd1234', since: '2026-01-19T21:00:00Z' },
    forecast: {
      bytesPerDay: 1024,
      nextBytes: 2 ** 30,
      steadyBytes: 15 * 2 ** 30,
      roomFor: 31,
      fullAt: '2026-01-27T00:00:00Z',
      basis: 'the last 5 snapshots',
    },
  },
}
export const event = {
  metadata: { name: 'e' },
  type: 'Normal',
  reason: 'Requested',
  message: 'POST',
  lastTimestamp: '2026-01-02T03:00:00Z',
}
export const deployment = {
  metadata: {
    namespace: 'ops',
    name: 'meili-operator',
    annotations: { 'meta.helm.sh/release-name': 'mo', 'meta.helm.sh/release-namespace': 'ops' },
  },
  spec: {
    replicas: 1,
    template: {
      spec: {
        serviceAccountName: 'meili-operator',
        containers: [{ name: 'operator', env: [{ name: 'WATCH_NAMESPACES', value: 'shop' }] }],
      },
    },
  },
}
export const lease = {
  metadata: { name: 'l' },
  spec: { holderIdentity: 'operator-0', acquireTime: '2026-01-01T00:00:00Z', renewTime: '2026-01-01T00:00:00Z' },
}
export const definition = {
  metadata: { name: 'd' },
  spec: {
    versions: [
      { name: 'v1alpha1', served: true, schema: { openAPIV3Schema: { properties: { spec: { properties: {} } } } } },
    ],
  },
  status: { conditions: [{ type: 'Established', status: 'False', message: 'the name is taken' }] },
}
