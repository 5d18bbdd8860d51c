// Objects of each kind with every field filled in, several where fields exclude each other: what tests spoil, one field at a time.
import { managedSpecs } from './complete-managed.ts'
import { completeInspection, restoreSpecs, restoreStatusOf } from './complete-restore.ts'
import { completeSchedule } from './complete-schedule.ts'
import type { Loose } from '../real-server.ts'

const at = '2026-01-02T03:04:05.123456789Z'
const conditions = [
  {
    type: 'Ready',
    status: 'True',
    reason: 'Ready',
    message: 'All is well.',
    lastTransitionTime: at,
    observedGeneration: 1,
  },
]
const secret = { name: 'keys', key: 'master' }

interface Complete {
  readonly spec: Loose
  readonly status: Loose
}

const ofServers = {
  MeiliInstance: {
    spec: {
      existing: {
        podSelector: {
          matchLabels: { app: 'movies' },
          matchExpressions: [{ key: 'tier', operator: 'In', values: ['search'] }],
        },
        container: 'meilisearch',
        port: 7700,
        scheme: 'HTTPS',
        tls: { caSecretRef: secret, serverName: 'movies.example' },
        apiKeySecretRef: secret,
        snapshotDirectory: '/meili_data/snapshots',
      },
      deletionPolicy: 'Retain',
    },
    status: {
      observedGeneration: 1,
      conditions,
      version: '1.21.0',
      pod: { name: 'movies-0', uid: 'u', node: 'node-1' },
      endpoint: 'http://10.0.0.1:7700',
      database: { sizeBytes: 1, size: '1 B', usedBytes: 1, indexes: 1, documents: 50_000, lastUpdate: at },
      snapshotVolume: {
        kind: 'PersistentVolumeClaim',
        claimName: 'data',
        volumeMode: 'Filesystem',
        accessModes: ['ReadWriteOnce'],
        subPath: 'snapshots',
        directory: '/meili_data/snapshots',
        fileName: 'data.ms.snapshot',
        container: 'meilisearch',
        observedAt: at,
      },
      databaseClaims: [{ claimName: 'movies-data', subPath: 'data.ms' }],
      storage: [
        {
          role: 'data',
          claimName: 'movies-data',
          requestedBytes: 2,
          capacityBytes: 2,
          capacity: '2 B',
          usedBytes: 1,
          usedPercent: 50,
        },
      ],
      connectionSecretName: 'movies-connection',
      bootstrap: { restore: 'movies-bootstrap-1', from: 'nightly', completedAt: at },
      upgrade: {
        from: '1.20.0',
        to: '1.21.0',
        step: 'Done',
        generation: 2,
        snapshot: 'movies-before-1-21-0-2',
        earlierSnapshots: ['movies-before-1-20-0-1'],
        indexes: 1,
        documents: 50_000,
        failure: 'no',
        startedAt: at,
        completedAt: at,
      },
      lastSnapshot: { name: 'nightly', completedAt: at },
    },
  },
  MeiliSnapshot: {
    spec: {
      source: { instanceRef: { name: 'movies' } },
      destination: {
        claim: {
          name: 'backups',
          path: 'movies/daily',
          template: {
            storageClassName: 'fast',
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '20Gi' } },
          },
        },
      },
      sourcePolicy: 'Keep',
      deletionPolicy: 'Retain',
      expiresAfter: '720h',
      verification: {
        mode: 'Boot',
        boot: {
          size: '20Gi',
          storageClassName: 'fast',
          queries: [{ index: 'movies', q: 'alien', minHits: 1 }],
          egress: 'Denied',
          resources: { requests: { cpu: '100m' }, limits: { memory: '2Gi' } },
          deadline: '1h',
        },
      },
      deadlines: { start: '90s', task: '2h', move: '1h30m' },
      mover: {
        resources: { requests: { cpu: '100m' }, limits: { memory: '256Mi' } },
        tolerations: [
          { key: 'dedicated', operator: 'Equal', value: 'search', effect: 'NoSchedule', tolerationSeconds: 60 },
        ],
        nodeSelector: { disk: 'ssd' },
        stream: { mode: 'IfNeeded', maxSize: '5Gi' },
        priorityClassName: 'low',
        bandwidthLimit: '50Mi',
      },
    },
    status: {
      observedGeneration: 1,
      phase: 'Completed',
      conditions,
      request: {
        attempt: 1,
        baseline: { uid: 1, enqueuedAt: at },
        posts: 1,
        postedAt: at,
        startedAt: at,
        failure: 'no',
        missingSince: at,
        silentSince: at,
        refused: 'no',
        taskUid: 2,
        adoptedAt: at,
        cancelTaskUid: 3,
      },
      task: {
        uid: 2,
        batchUid: 2,
        status: 'succeeded',
        enqueuedAt: at,
        startedAt: at,
        finishedAt: at,
        duration: 'PT1S',
        error: { code: 'internal', message: 'no' },
      },
      waitingFor: 'batch 118',
      progress: {
        step: 'copying',
        percent: 62,
        percentText: '62 %',
        bytesDone: 1,
        bytesTotal: 2,
        updatedAt: at,
        estimatedCompletion: at,
      },
      move: {
        attempt: 1,
        failures: 0,
        begun: true,
        jobName: 'nightly-12345678-1-1',
        node: 'node-1',
        runAs: { user: 1000, group: 1000, fsGroup: 1000 },
        stream: {
          pod: 'movies-0',
          container: 'meilisearch',
          directory: '/snapshots',
          fileName: 'data.ms.snapshot',
          pinned: true,
          unpinningSince: at,
        },
        startedAt: at,
        queuedAt: at,
        retryAt: at,
        failure: 'no',
        supersededAt: at,
      },
      artifact: {
        claimName: 'backups',
        path: 'movies/nightly-12345678',
        fileName: 'data.ms.snapshot',
        sizeBytes: 1,
        size: '1 B',
        sha256: '0'.repeat(64),
        meilisearchVersion: '1.21.0',
        verification: 'Archive',
        indexes: 1,
        documents: 50_000,
        countsExact: true,
        tasksEnqueued: 0,
        uncompressedBytes: 2,
      },
      space: {
        attempt: 1,
        jobName: 'nightly-12345678-space-1',
        sizeBytes: 1,
        neededBytes: 2,
        freeBytes: 3,
        checkedAt: at,
        retryAt: at,
      },
      destination: { freeBytes: 3, observedAt: at },
      verification: {
        mode: 'Boot',
        ...completeInspection(at),
        skipped: 'no',
        image: 'getmeili/meilisearch:v1.21.0',
        volumeBytes: 4,
      },
      removeSource: {
        attempt: 1,
        jobName: 'nightly-12345678-remove-source-1',
        file: { inode: '7', modifiedAt: at, sizeBytes: 1 },
        outcome: 'Removed',
        retryAt: at,
      },
      deleteArtifact: {
        attempt: 1,
        jobName: 'nightly-12345678-delete-artifact-1',
        failure: 'no',
        abandoned: 'no',
        retryAt: at,
        queuedAt: at,
        startedAt: at,
      },
      expiry: { announcedAt: at, endedAt: at, outcome: 'Removed' },
      startedAt: at,
      completedAt: at,
      duration: '41s',
    },
  },
}

/** What a template may hold: its snapshots are deleted by retention. */
const { expiresAfter: _, ...templateSpec } = ofServers.MeiliSnapshot.spec

const [firstRestore, ...otherRestores] = restoreSpecs(structuredClone(ofServers.MeiliSnapshot.spec.mover))

export const complete: Readonly<Record<string, Complete>> = {
  ...ofServers,
  MeiliSnapshotSchedule: completeSchedule(structuredClone(templateSpec), conditions, at),
  MeiliRestore: { spec: firstRestore!, status: restoreStatusOf(conditions, at) },
}

const otherSpecs: Readonly<Record<string, readonly Loose[]>> = {
  MeiliInstance: managedSpecs,
  MeiliRestore: otherRestores,
}

/** All complete objects of a kind: between them they fill in every field. */
export function completeOf(kind: string): readonly Complete[] {
  return [complete[kind]!, ...(otherSpecs[kind] ?? []).map((spec) => ({ spec, status: complete[kind]!.status }))]
}

/** The spec alone, as a user would write it. */
export function objectOf(kind: string, name: string, which = 0): Loose {
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind,
    metadata: { name, namespace: 'default' },
    spec: structuredClone(completeOf(kind)[which]!.spec),
  }
}
