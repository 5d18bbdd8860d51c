// The commands that bring a stored snapshot back: what they are asked, and what they answer. Pure: operator and mover both import it.
import { z } from 'zod'
import { owner } from './owner.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
/** `root` is where the claim is mounted. */
const mounted = { root: z.string(), claim: z.string() }
const attempt = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - and _')
const limits = {
  deadlineSeconds: z.int().min(1),
  stallSeconds: z.int().min(1),
  /** How much is read in a second at most. Without it: as much as goes. */
  bytesPerSecond: z.int().min(1).optional(),
}

/**
 * Says which file a source means, and what it holds; makes nothing. Mounts: the source claim's root, read-only. An artifact is judged by its manifest and
 * the file's size; a bare file is read through: gzip, CRC, tar, VERSION, sha256.
 */
export const resolveConfig = z.object({
  command: z.literal('resolve'),
  object: owner,
  source: z.object({
    ...mounted,
    /** From the root. `Artifact`: the directory of one, or a directory of such ones, of which the newest good one is taken. `File`: the file. */
    path: z.string(),
    kind: z.enum(['Artifact', 'File']),
    /** Any other file is refused. */
    sha256: sha256.optional(),
  }),
  ...limits,
})
export type ResolveConfig = z.infer<typeof resolveConfig>

export const resolvedSource = z.object({
  /** From the root: the artifact's directory, or the bare file. As `fill` takes it. */
  path: z.string(),
  fileName: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  /** Of an artifact: as its manifest says. Of a file: as its VERSION says. */
  meilisearchVersion: z.string().optional(),
  uncompressedBytes: z.int().optional(),
  indexes: z.int().optional(),
  documents: z.int().optional(),
  countsExact: z.boolean().optional(),
  tasksEnqueued: z.int().optional(),
  /** RFC 3339. Of an artifact: when Meilisearch had finished it. Of a file: its mtime. */
  takenAt: z.string().optional(),
})

/**
 * Makes a database directory out of a snapshot file. Mounts: the source claim's root, read-only; the destination claim's root, writable. Until everything
 * is right nothing stands under the final name; what stands there already is left as it is: `alreadyThere` if it is of this very restore, else
 * `destinationConflict`.
 */
export const fillConfig = z.object({
  command: z.literal('fill'),
  /** The restore. Its uid becomes part of the name of the partial directory. */
  object: owner,
  source: z.object({
    ...mounted,
    /** From the root: the directory that the file is in, or the file itself. */
    path: z.string(),
    fileName: z.string(),
    sizeBytes: z.int().min(1),
    sha256,
  }),
  destination: z.object({
    ...mounted,
    /** From the root: where the database comes to lie. Directories above it are made where they are not there. */
    directory: z.string(),
  }),
  /** Written into `restored-from.json` in the database, with the time: what with, and for whom. */
  describes: z.object({
    restore: z.string(),
    restoreUid: z.string(),
    sha256,
    path: z.string(),
    sourceClaim: z.string(),
    /** If VERSION in the snapshot says something else, nothing is made of it. */
    meilisearchVersion: z.string().optional(),
  }),
  /** As the manifest says. A snapshot that holds more is refused; without it one pass reads it through first. */
  uncompressedBytes: z.int().min(0).optional(),
  attempt,
  ...limits,
})
export type FillConfig = z.infer<typeof fillConfig>

export const filledDatabase = z.object({
  /** As VERSION in the snapshot says. */
  version: z.string(),
  uncompressedBytes: z.int(),
  /** Of the snapshot file. */
  sizeBytes: z.int(),
  sha256: z.string(),
  alreadyThere: z.boolean(),
})
