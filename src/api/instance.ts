// MeiliInstance: one Meilisearch server, run by the operator (fields/managed.ts) or by someone else (fields/existing.ts), and what is seen of it.
import { z } from 'zod'
import { group, version } from './group.ts'
import type { apiVersion, Kind } from './group.ts'
import { existing } from './fields/existing.ts'
import { managed, managedStatus } from './fields/managed.ts'
import { conditions, int64, timestamp } from './meta.ts'
import type { ObjectMeta } from './meta.ts'

export { instanceConditions, instanceReasons } from './reasons/instance.ts'
export type { InstanceReason } from './reasons/instance.ts'

/** On the data claim of a server that we run: the last version that a server on it reported. */
export const databaseVersionAnnotation = 'meili-operator.dev/database-version'

const spec = z
  .object({
    existing: existing.optional(),
    managed: managed.optional(),
    deletionPolicy: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe(
        'What becomes of the claims and the generated key of a managed server when this object is deleted. May be changed at any time.',
      ),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'has(self.existing) != has(self.managed)',
        message:
          'write existing for a server that someone else runs, or managed for one that the operator runs: exactly one of them',
      },
      {
        rule: 'has(self.existing) == has(oldSelf.existing)',
        message: 'existing and managed cannot be exchanged: create another MeiliInstance',
      },
      {
        rule: "has(self.managed) || self.deletionPolicy == 'Retain'",
        message: 'deletionPolicy: Delete needs managed: the objects of an existing server are never touched',
      },
    ],
  })

const status = z.object({
  observedGeneration: z.int().meta({ format: 'int64' }).optional(),
  conditions: conditions.optional(),
  version: z.string().max(64).describe('Version that the server reports.').optional(),
  pod: z
    .object({ name: z.string().max(253), uid: z.string().max(64), node: z.string().max(253).optional() })
    .describe('The pod that was found.')
    .optional(),
  endpoint: z.string().max(512).describe('Where the server is reached.').optional(),
  database: z
    .object({
      sizeBytes: int64,
      size: z.string().max(32),
      usedBytes: int64.optional(),
      indexes: int64,
      documents: int64,
      lastUpdate: timestamp.optional(),
    })
    .describe('What /stats said last.')
    .optional(),
  snapshotVolume: z
    .object({
      kind: z.string().max(64).describe('PersistentVolumeClaim, or the kind of volume that no other pod can mount.'),
      claimName: z.string().max(253).optional(),
      volumeMode: z.string().max(32).optional(),
      accessModes: z.array(z.string().max(32)).max(8).meta({ 'x-kubernetes-list-type': 'atomic' }).optional(),
      subPath: z
        .string()
        .max(4096)
        .describe("Snapshot directory relative to the volume's root; empty for the root itself.")
        .optional(),
      directory: z.string().max(4096).describe('Snapshot directory in the container.'),
      fileName: z.string().max(255),
      container: z.string().max(63),
      observedAt: timestamp,
    })
    .describe('Where the server writes its snapshots.')
    .optional(),
  databaseClaims: z
    .array(
      z.object({
        claimName: z.string().max(253),
        subPath: z
          .string()
          .max(4096)
          .describe("The database's directory relative to the claim's root; absent where it cannot be known.")
          .optional(),
      }),
    )
    .max(256)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe(
      'Claims that hold the database, or may hold it where its path cannot be known; empty where it is on no claim. No snapshot is stored on them.',
    )
    .optional(),
  ...managedStatus,
  lastSnapshot: z
    .object({ name: z.string().max(253), completedAt: timestamp })
    .describe('Newest MeiliSnapshot that completed.')
    .optional(),
})

export type MeiliInstanceSpec = z.output<typeof spec>
export type MeiliInstanceStatus = z.output<typeof status>
export type ExistingServer = NonNullable<MeiliInstanceSpec['existing']>
export type ManagedServer = NonNullable<MeiliInstanceSpec['managed']>
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

/** Kept on a managed instance, so that its end waits for snapshots that run, and an Event says it. */
export const instanceFinalizer = 'meili-operator.dev/instance'
