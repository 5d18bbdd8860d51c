// The contract between operator and mover: configuration in, progress and one result out.
// Pure: both programs import it, so it must never import anything but zod.
import { z } from 'zod'
import { inspectConfig } from './contract/inspect.ts'
import { owner } from './contract/owner.ts'
import { fillConfig, resolveConfig } from './contract/restore.ts'
import { fileIdentity } from './contract/result.ts'
import { sanitizeConfig } from './contract/sanitize.ts'

export type { InspectConfig, Inspected } from './contract/inspect.ts'
export type { FillConfig, ResolveConfig } from './contract/restore.ts'
export type { SanitizeConfig, Sanitized } from './contract/sanitize.ts'
export { exitCodes, fileIdentity, moverProgress, moverResult } from './contract/result.ts'
export type { ExitCode, FileIdentity, MoverProgress, MoverResult } from './contract/result.ts'

/** A succeeded snapshot batch of Meilisearch. Times are on Meilisearch's clock, RFC 3339 with up to nine fractional digits. */
const batch = z.object({
  taskUid: z.int(),
  batchUid: z.int(),
  enqueuedAt: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
})
export type Batch = z.infer<typeof batch>

/** What is known of the snapshot of one batch, and of no other one. */
const batchFacts = z.object({
  batchUid: z.int(),
  /** No batch that could change a document began between this one and the look at `indexes`. */
  countsExact: z.boolean(),
  /** How many tasks wait in it; absent where that is not known. */
  tasksEnqueued: z.int().min(0).optional(),
})

/** What the artifact's manifest says of where the file comes from. */
export const described = z.object({
  object: owner,
  instance: z.object({ name: z.string(), pod: z.string(), podUid: z.string(), node: z.string() }),
  meilisearch: z.object({ version: z.string(), commit: z.string() }),
  indexes: z.array(z.object({ uid: z.string(), documents: z.int() })),
  databaseSizeBytes: z.string(),
  /** Absent where the server did not say. */
  facts: batchFacts.optional(),
  source: z.object({ claim: z.string(), path: z.string() }),
})

/** Meilisearch's snapshot file. */
const sourceFile = z.object({ directory: z.string(), fileName: z.string() })

/** `root` is where the claim is mounted, `path` leads to the artifacts' parent on it. */
const claimPath = z.object({ root: z.string(), path: z.string(), claim: z.string() })

/** The artifact is `<root>/<path>/<directory>/`. */
const artifactPath = claimPath.extend({ directory: z.string() })

/** Stores the snapshot file as an artifact. Mounts: the snapshot directory, read-only; the destination claim's root, writable. */
export const moveConfig = z.object({
  command: z.literal('move'),
  /** Copied into the manifest as it is. */
  describes: described,
  source: sourceFile,
  destination: artifactPath,
  /** Succeeded batches above the baseline, oldest first. The file belongs to the one whose window holds its mtime. */
  batches: z.array(batch).min(1),
  /** How far outside a window an mtime may lie where exactly one batch then matches. */
  allowedSkewMs: z.int().min(0),
  verification: z.enum(['None', 'Archive']),
  /** Becomes part of the name of this run's partial directory. */
  attempt: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - and _'),
  deadlineSeconds: z.int().min(1),
  stallSeconds: z.int().min(1),
  /** How much is copied in a second at most, and read back. Without it: as much as goes. */
  bytesPerSecond: z.int().min(1).optional(),
  /** True where one mount holds the source's directory and the destination: then the file may be stored as a hard link, unless it is another user's. */
  mayLink: z.boolean().optional(),
})
export type MoveConfig = z.infer<typeof moveConfig>

/**
 * Stores a file that is sent to it (frames.ts), because no other pod can mount the directory that it is in. Mounts: the destination claim's root,
 * writable; nothing else. `source` is where the file lies in the server's own container. `stallSeconds`: how long nothing may come.
 */
export const receiveConfig = moveConfig.extend({ command: z.literal('receive'), maxSizeBytes: z.int().min(0) })
export type ReceiveConfig = z.infer<typeof receiveConfig>

/** What ends in an artifact. */
export type StoreConfig = MoveConfig | ReceiveConfig

/** Says whether a file of this size would fit now, by the rule that `move` goes by; makes nothing. Mounts: the destination claim's root, read-only will do. */
export const probeConfig = z.object({
  command: z.literal('probe'),
  destination: claimPath,
  /** Of the file to come. The reserve that `move` asks for comes on top, and is in the result's `neededBytes`. */
  sizeBytes: z.int().min(0),
  deadlineSeconds: z.int().min(1),
})
export type ProbeConfig = z.infer<typeof probeConfig>

/**
 * Removes Meilisearch's own file once its copy is on record (sourcePolicy: Remove), and only that very file. Mounts: the snapshot directory, writable;
 * nothing else. No other mover of the same server may run meanwhile: for an instant the name can be free although a newer file is there.
 */
export const removeSourceConfig = z.object({
  command: z.literal('removeSource'),
  object: owner,
  source: sourceFile,
  /** From `moverResult.stored`. */
  stored: fileIdentity,
  deadlineSeconds: z.int().min(1),
})
export type RemoveSourceConfig = z.infer<typeof removeSourceConfig>

/**
 * Removes this object's artifact and its partial directories (deletionPolicy: Delete). Mounts, writable: the destination claim's root, or no more than
 * what `path` leads to. What is another object's, or holds files that no mover put there, ends in `destinationConflict` with nothing touched. The directories of `path` stay, even
 * empty: who made them is not on record, and another mover may be about to write there.
 */
export const deleteArtifactConfig = z.object({
  command: z.literal('deleteArtifact'),
  object: owner,
  destination: artifactPath,
  /** What goes: all of it, or only what runs of `move` left behind that were killed. */
  extent: z.enum(['Everything', 'Partials']),
  deadlineSeconds: z.int().min(1),
})
export type DeleteArtifactConfig = z.infer<typeof deleteArtifactConfig>

/** The mover's configuration, one JSON text in the environment variable MOVER_CONFIG. `command` says what to do. */
export const moverConfig = z.discriminatedUnion('command', [
  moveConfig,
  receiveConfig,
  probeConfig,
  removeSourceConfig,
  deleteArtifactConfig,
  resolveConfig,
  fillConfig,
  inspectConfig,
  sanitizeConfig,
])
export type MoverConfig = z.infer<typeof moverConfig>
