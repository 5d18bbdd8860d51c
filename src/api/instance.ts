// MeiliInstance: one Meilisearch server. So far one that someone else runs and that we find by its pod.
import { z } from 'zod'
import { group, version } from './group.ts'
import type { apiVersion, Kind } from './group.ts'
import { conditions, int64, secretKeyReference, timestamp } from './meta.ts'
import type { ObjectMeta } from './meta.ts'

const podSelector = z
  .object({
    matchLabels: z.record(z.string(), z.string().max(63)).meta({ maxProperties: 16 }).optional(),
    matchExpressions: z
      .array(
        z.object({
          key: z.string().min(1).max(317),
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
          values: z.array(z.string().max(63)).max(16).meta({ 'x-kubernetes-list-type': 'atomic' }).optional(),
        }),
      )
      .max(16)
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .optional(),
  })
  .describe('Selects the one pod that runs the server. A snapshot is a file of one pod, so it must select exactly one.')
  .meta({
    'x-kubernetes-map-type': 'atomic',
    'x-kubernetes-validations': [
      {
        rule: '(has(self.matchLabels) && size(self.matchLabels) > 0) || (has(self.matchExpressions) && size(self.matchExpressions) > 0)',
        message: 'an empty podSelector selects every pod: name the labels of the one that runs Meilisearch',
      },
    ],
  })

const existing = z
  .object({
    podSelector,
    container: z.string().min(1).max(63).optional().describe('Container that runs Meilisearch. Without it: the one whose port is `port`, else the only one.'),
    port: z.int().min(1).max(65_535).default(7700).describe('Port on which Meilisearch listens in the pod.'),
    scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP').describe('HTTPS when Meilisearch itself serves TLS.'),
    tls: z
      .object({
        caSecretRef: secretKeyReference.describe('Certificate authority (PEM) that signed the server certificate.').optional(),
        serverName: z.string().min(1).max(253).describe("Name in the server certificate; certificates seldom hold a pod's address.").optional(),
      })
      .describe('How to check the server certificate. Only with scheme HTTPS.')
      .optional(),
    apiKeySecretRef: secretKeyReference
      .describe('Master key, or a key with snapshots.create, tasks.get, tasks.cancel, version and stats.get for all indexes. Without it the server is expected to run without a key.')
      .optional(),
    snapshotDirectory: z
      .string()
      .max(4096)
      .regex(/^\/[^\r\n]*$/, 'snapshotDirectory is an absolute path in the container: write for example /meili_data/snapshots')
      .describe("Absolute path of the snapshot directory in the container. Without it: read from the container's flags and environment, as Meilisearch itself would.")
      .optional(),
  })
  .describe('A server that someone else runs. Its objects are read and never changed.')
  .meta({
    'x-kubernetes-validations': [{ rule: "!has(self.tls) || self.scheme == 'HTTPS'", message: 'tls needs scheme: HTTPS' }],
  })

const spec = z.object({ existing })

const status = z.object({
  observedGeneration: z.int().meta({ format: 'int64' }).optional(),
  conditions: conditions.optional(),
  version: z.string().max(64).describe('Version that the server reports.').optional(),
  pod: z.object({ name: z.string().max(253), uid: z.string().max(64), node: z.string().max(253).optional() }).describe('The pod that was found.').optional(),
  endpoint: z.string().max(512).describe('Where the server is reached.').optional(),
  database: z
    .object({ sizeBytes: int64, size: z.string().max(32), usedBytes: int64.optional(), indexes: int64, documents: int64, lastUpdate: timestamp.optional() })
    .describe('What /stats said last.')
    .optional(),
  snapshotVolume: z
    .object({
      kind: z.string().max(64).describe('PersistentVolumeClaim, or the kind of volume that no other pod can mount.'),
      claimName: z.string().max(253).optional(),
      volumeMode: z.string().max(32).optional(),
      accessModes: z.array(z.string().max(32)).max(8).meta({ 'x-kubernetes-list-type': 'atomic' }).optional(),
      subPath: z.string().max(4096).describe("Snapshot directory relative to the volume's root; empty for the root itself.").optional(),
      directory: z.string().max(4096).describe('Snapshot directory in the container.'),
      fileName: z.string().max(255),
      container: z.string().max(63),
      sharedWithDatabase: z.boolean().describe('True when the database is on the same volume.'),
      observedAt: timestamp,
    })
    .describe('Where the server writes its snapshots.')
    .optional(),
  lastSnapshot: z.object({ name: z.string().max(253), completedAt: timestamp }).describe('Newest MeiliSnapshot that completed.').optional(),
})

export type MeiliInstanceSpec = z.output<typeof spec>
export type MeiliInstanceStatus = z.output<typeof status>
export type ExistingServer = MeiliInstanceSpec['existing']
export type SnapshotVolume = NonNullable<MeiliInstanceStatus['snapshotVolume']>

export interface MeiliInstance {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'MeiliInstance'
  readonly metadata: ObjectMeta
  readonly spec: MeiliInstanceSpec
  readonly status?: MeiliInstanceStatus
}

export const meiliInstances = {
  group,
  version,
  kind: 'MeiliInstance',
  plural: 'meiliinstances',
  singular: 'meiliinstance',
  shortNames: ['mi'],
  description: 'One Meilisearch server.',
  spec,
  status,
  columns: [
    { name: 'Version', type: 'string', jsonPath: '.status.version' },
    { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    { name: 'Documents', type: 'integer', jsonPath: '.status.database.documents' },
    { name: 'Size', type: 'string', jsonPath: '.status.database.size' },
    { name: 'Last Snapshot', type: 'date', jsonPath: '.status.lastSnapshot.completedAt' },
    { name: 'Pod', type: 'string', jsonPath: '.status.pod.name', priority: 1 },
    { name: 'Node', type: 'string', jsonPath: '.status.pod.node', priority: 1 },
    { name: 'Claim', type: 'string', jsonPath: '.status.snapshotVolume.claimName', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason", priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies Kind

/** Condition types of a MeiliInstance, beside those of every kind. Ready is the first three together. */
export const instanceConditions = {
  /** Exactly one running pod is selected. */
  PodFound: 'PodFound',
  /** The server answers on its port. */
  Reachable: 'Reachable',
  /** The key is accepted and has every action that is needed. */
  Authorized: 'Authorized',
  /** Snapshots are written where a mover can fetch them. Does not affect Ready; gates MeiliSnapshot. */
  SnapshotVolumeReady: 'SnapshotVolumeReady',
} as const

export const instanceReasons = {
  /** All is well. */
  Ready: 'Ready',
  /** An earlier check has not passed, so this one was not made. */
  NotChecked: 'NotChecked',
  /** No pod matches podSelector. */
  PodNotFound: 'PodNotFound',
  /** More than one pod matches podSelector. */
  PodAmbiguous: 'PodAmbiguous',
  /** The pod is there, but not ready yet. */
  PodNotReady: 'PodNotReady',
  /** No container of the pod can be told to be Meilisearch. */
  ContainerUnknown: 'ContainerUnknown',
  /** The server does not answer. */
  Unreachable: 'Unreachable',
  /** The server certificate is not trusted. */
  CertificateRejected: 'CertificateRejected',
  /** The server is older than 1.12. */
  VersionTooOld: 'VersionTooOld',
  /** The Secret, or its key, is absent. */
  KeyMissing: 'KeyMissing',
  /** The server refuses the key. */
  KeyRefused: 'KeyRefused',
  /** The key lacks actions that are needed. */
  KeyTooWeak: 'KeyTooWeak',
  /** Another, older MeiliInstance stands for the same pod. */
  PodAlreadyClaimed: 'PodAlreadyClaimed',
  /** The snapshot directory cannot be known without `snapshotDirectory`. */
  DirectoryUnknown: 'DirectoryUnknown',
  /** No other pod can mount the snapshot directory, and streaming is switched on: a MeiliSnapshot that allows it can be taken. */
  StreamOnly: 'StreamOnly',
  /** The snapshot directory is on no claim. */
  DirectoryNotOnClaim: 'DirectoryNotOnClaim',
  /** The claim is ReadWriteOncePod: no second pod may mount it. */
  ClaimReadWriteOncePod: 'ClaimReadWriteOncePod',
  /** The claim is a block device, or mounted read-only. */
  ClaimUnusable: 'ClaimUnusable',
  /** The claim of the snapshot directory is not there or not bound. */
  ClaimNotBound: 'ClaimNotBound',
  /** The server sends its snapshots to S3. */
  SnapshotsToS3: 'SnapshotsToS3',
} as const
export type InstanceReason = (typeof instanceReasons)[keyof typeof instanceReasons]
