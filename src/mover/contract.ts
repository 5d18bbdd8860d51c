// What the operator and the mover say to each other: configuration in, progress and one result out, and the manifest on the claim.
// Pure: both programs import it, so it must never import anything but zod.
import { z } from 'zod'

/** Why the mover ended. The numbers are the container's exit codes. */
export const exitCodes = {
  /** Stored, or already stored by an earlier run. */
  done: 0,
  badConfiguration: 10,
  /** The snapshot file is absent, empty, not a regular file, or older than every batch that may own it. */
  sourceMissing: 11,
  /** A newer snapshot than every known batch lies there; the result names its mtime. */
  superseded: 12,
  /** The final directory belongs to another object. */
  destinationConflict: 13,
  noSpace: 14,
  permissionDenied: 15,
  noLocalSnapshot: 16,
  inputOutput: 30,
  mismatch: 31,
  /** No byte moved for `stallSeconds`, or the mover's own deadline passed. */
  stalled: 32,
  archiveBad: 34,
  terminated: 143,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A succeeded snapshot batch of Meilisearch. Times are on Meilisearch's clock, RFC 3339 with up to nine fractional digits. */
const batch = z.object({ taskUid: z.int(), batchUid: z.int(), enqueuedAt: z.string(), startedAt: z.string(), finishedAt: z.string() })
export type Batch = z.infer<typeof batch>

const described = z.object({
  object: z.object({ uid: z.string(), namespace: z.string(), name: z.string() }),
  instance: z.object({ name: z.string(), pod: z.string(), podUid: z.string(), node: z.string() }),
  meilisearch: z.object({ version: z.string(), commit: z.string() }),
  indexes: z.array(z.object({ uid: z.string(), documents: z.int() })),
  databaseSizeBytes: z.string(),
  source: z.object({ claim: z.string(), path: z.string() }),
})

/** The mover's configuration, one JSON text in the environment variable MOVER_CONFIG. */
export const moverConfig = z.object({
  /** Copied into the manifest as it is. */
  describes: described,
  source: z.object({ directory: z.string(), fileName: z.string() }),
  /** `root` is where the claim is mounted; the artifact is `<root>/<path>/<directory>/`. */
  destination: z.object({ root: z.string(), path: z.string(), directory: z.string(), claim: z.string() }),
  /** Succeeded batches above the baseline, oldest first. The file belongs to the one whose window holds its mtime. */
  batches: z.array(batch).min(1),
  /** How far outside a window an mtime may lie where exactly one batch then matches. */
  allowedSkewMs: z.int(),
  verification: z.enum(['None', 'Archive']),
  attempt: z.string(),
  deadlineSeconds: z.int().min(1),
  stallSeconds: z.int().min(1),
})
export type MoverConfig = z.infer<typeof moverConfig>

/** `manifest.json`, schema 1, beside the stored file. */
export const manifest = z.object({
  schema: z.literal(1),
  ...described.omit({ source: true }).shape,
  task: z.object({ uid: z.int(), batchUid: z.int(), enqueuedAt: z.string(), startedAt: z.string(), finishedAt: z.string() }),
  file: z.object({ name: z.string(), sizeBytes: z.string(), sha256: z.string(), modifiedAt: z.string() }),
  source: z.object({ claim: z.string(), path: z.string(), replacedDuringCopy: z.boolean() }),
  mover: z.object({ version: z.string(), attempt: z.string(), startedAt: z.string(), finishedAt: z.string() }),
  verified: z.object({ mode: z.enum(['None', 'Archive']), archiveVersion: z.string().optional(), entries: z.int().optional() }),
})
export type Manifest = z.infer<typeof manifest>

/** The termination message: at most 1 KiB of JSON. Truth is the manifest; this is what status is made of. */
export const moverResult = z.object({
  exitCode: z.int(),
  /** One plain sentence: what happened, where, what to do. Holds no secret. */
  message: z.string(),
  stored: z.object({ sizeBytes: z.int(), sha256: z.string(), taskUid: z.int(), batchUid: z.int(), alreadyThere: z.boolean(), replacedDuringCopy: z.boolean() }).optional(),
  /** On `superseded` and `sourceMissing`: when the file that lies there was written. */
  modifiedAt: z.string().optional(),
  /** On `noSpace`. */
  space: z.object({ neededBytes: z.int(), freeBytes: z.int() }).optional(),
  seconds: z.object({ copying: z.number(), verifying: z.number() }).optional(),
})
export type MoverResult = z.infer<typeof moverResult>

/** One line on the mover's stdout at each change of step and at least each 5 s in between. */
export const moverProgress = z.object({
  step: z.enum(['copying', 'verifying', 'committing']),
  bytesDone: z.int(),
  bytesTotal: z.int(),
})
export type MoverProgress = z.infer<typeof moverProgress>
