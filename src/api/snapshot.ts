// MeiliSnapshot: one snapshot, taken once, moved to a claim, checked, kept.
import { z } from 'zod'
import { destinationClaimReference } from './fields/destination.ts'
import { group, version } from './group.ts'
import type { apiVersion, Kind } from './group.ts'
import { duration, localReference } from './meta.ts'
import type { ObjectMeta } from './meta.ts'
import { mover } from './fields/mover.ts'
import { snapshotStatus } from './snapshot-status.ts'
import type { MeiliSnapshotStatus } from './snapshot-status.ts'

export { snapshotConditions, snapshotReasons } from './reasons/snapshot.ts'
export type { SnapshotReason } from './reasons/snapshot.ts'
export type { MeiliSnapshotStatus, SnapshotPhase, SnapshotRequest, SnapshotTask } from './snapshot-status.ts'

const immutable = (field: string): { 'x-kubernetes-validations': { rule: string; message: string }[] } => ({
  'x-kubernetes-validations': [
    {
      rule: 'self == oldSelf',
      message: `${field} is immutable: a MeiliSnapshot is taken once; create another one instead`,
    },
  ],
})

const spec = z.object({
  source: z
    .object({ instanceRef: localReference.describe('The MeiliInstance to take the snapshot of.') })
    .meta(immutable('source')),
  destination: z.object({ claim: destinationClaimReference }).meta(immutable('destination')),
  sourcePolicy: z
    .enum(['Keep', 'Remove'])
    .default('Keep')
    .describe(
      "What becomes of Meilisearch's own file once it is stored. Remove unlinks exactly the file that was stored; a newer one stays.",
    )
    .meta(immutable('sourcePolicy')),
  deletionPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Retain')
    .describe('What becomes of the stored files when this object is deleted. May be changed at any time.'),
  verification: z
    .object({
      mode: z
        .enum(['None', 'Archive'])
        .default('Archive')
        .describe(
          'Archive reads the moved file back: gzip with its CRC, tar, version. None only checks size and sha256.',
        ),
    })
    .prefault({})
    .meta(immutable('verification')),
  deadlines: z
    .object({
      start: duration.default('1h').describe('For everything to be in place: server, key, claim.'),
      task: duration.default('6h').describe('For Meilisearch to make the snapshot.'),
      move: duration.default('6h').describe('For the mover to store it.'),
    })
    .prefault({})
    .meta(immutable('deadlines')),
  mover: mover.prefault({}).meta(immutable('mover')),
})

export type MeiliSnapshotSpec = z.output<typeof spec>

export interface MeiliSnapshot {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'MeiliSnapshot'
  readonly metadata: ObjectMeta
  readonly spec: MeiliSnapshotSpec
  readonly status?: MeiliSnapshotStatus
}

export const meiliSnapshots = {
  group,
  version,
  kind: 'MeiliSnapshot',
  plural: 'meilisnapshots',
  singular: 'meilisnapshot',
  shortNames: ['msnap'],
  description: 'One snapshot of a Meilisearch server: taken once, moved to a claim, checked, kept.',
  spec,
  status: snapshotStatus,
  columns: [
    { name: 'Instance', type: 'string', jsonPath: '.spec.source.instanceRef.name' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Task', type: 'string', jsonPath: '.status.task.status' },
    { name: 'Progress', type: 'string', jsonPath: '.status.progress.percentText' },
    { name: 'Size', type: 'string', jsonPath: '.status.artifact.size' },
    { name: 'Duration', type: 'string', jsonPath: '.status.duration' },
    { name: 'Claim', type: 'string', jsonPath: '.status.artifact.claimName', priority: 1 },
    { name: 'Path', type: 'string', jsonPath: '.status.artifact.path', priority: 1 },
    { name: 'Version', type: 'string', jsonPath: '.status.artifact.meilisearchVersion', priority: 1 },
    { name: 'SHA256', type: 'string', jsonPath: '.status.artifact.sha256', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason", priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies Kind

/** Kept on the object from the request to the end, so that a deletion ends what runs. */
export const snapshotFinalizer = 'meili-operator.dev/snapshot'

/** It has ended, well or not: a finished record is never judged again. */
export function isFinished({ status }: { readonly status?: Pick<MeiliSnapshotStatus, 'phase'> | undefined }): boolean {
  return status?.phase === 'Completed' || status?.phase === 'Failed'
}
