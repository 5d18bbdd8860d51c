// MeiliSnapshot: one snapshot, taken once, moved to a claim, checked, kept.
import { z } from 'zod'
import { snapshotFields } from './fields/snapshot.ts'
import { group, version } from './group.ts'
import type { apiVersion, Kind } from './group.ts'
import { duration } from './meta.ts'
import type { ObjectMeta } from './meta.ts'
import { snapshotStatus } from './status/snapshot.ts'
import type { MeiliSnapshotStatus } from './status/snapshot.ts'

export { snapshotConditions, snapshotReasons } from './reasons/snapshot.ts'
export type { SnapshotReason } from './reasons/snapshot.ts'
export type { MeiliSnapshotStatus, SnapshotPhase, SnapshotRequest, SnapshotTask } from './status/snapshot.ts'

const immutable = (field: string): { 'x-kubernetes-validations': { rule: string; message: string }[] } => ({
  'x-kubernetes-validations': [
    {
      rule: 'self == oldSelf',
      message: `${field} is immutable: a MeiliSnapshot is taken once; create another one instead`,
    },
  ],
})

/** Beside the rules that it has already. */
const immutableToo = (schema: z.ZodType, field: string): ReturnType<typeof immutable> => ({
  'x-kubernetes-validations': [
    ...((schema.meta() as Partial<ReturnType<typeof immutable>> | undefined)?.['x-kubernetes-validations'] ?? []),
    ...immutable(field)['x-kubernetes-validations'],
  ],
})

const { source, destination, sourcePolicy, deletionPolicy, verification, deadlines, mover } = snapshotFields
const spec = z.object({
  source: source.meta(immutable('source')),
  destination: destination.meta(immutable('destination')),
  sourcePolicy: sourcePolicy.meta(immutable('sourcePolicy')),
  deletionPolicy,
  expiresAfter: duration
    .describe(
      'So long after its completion the stored files are removed, whatever deletionPolicy says; this object stays, with phase Expired, so that no tool makes it again and takes another snapshot. May be changed or removed until then. For snapshots of a schedule use its retention instead.',
    )
    .optional(),
  verification: verification.meta(immutableToo(verification, 'verification')),
  deadlines: deadlines.meta(immutable('deadlines')),
  mover: mover.meta(immutable('mover')),
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

interface WithPhase {
  readonly status?: Pick<MeiliSnapshotStatus, 'phase'> | undefined
}

/** It has ended, well or not: a finished record is never judged again. */
export function isFinished({ status }: WithPhase): boolean {
  return status?.phase === 'Failed' || hasSucceeded({ status })
}

/** It was stored and verified. Its files may have been removed since (Expired). */
export function hasSucceeded({ status }: WithPhase): boolean {
  return status?.phase === 'Completed' || status?.phase === 'Expired'
}

/**
 * It has asked its server, and a stop of that would cost it its work. Once it is stored, what is left may be a server of its own on a copy, which takes
 * an hour and needs no more than the image that is on record.
 */
export function needsServer({ status }: { readonly status?: MeiliSnapshotStatus | undefined }): boolean {
  const { request, artifact, verification: boot } = status ?? {}
  const isBooting = artifact !== undefined && boot?.image !== undefined && boot.result === undefined
  return request !== undefined && !isBooting
}
