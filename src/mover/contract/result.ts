// What the mover says of itself: exit codes, progress, and one result. Pure: operator and mover both import it.
import { z } from 'zod'
import { inspected } from './inspect.ts'
import { filledDatabase, resolvedSource } from './restore.ts'
import { sanitized } from './sanitize.ts'

/** Why the mover ended. The numbers are the container's exit codes. */
export const exitCodes = {
  /** What was asked for holds now, whether by this run or by an earlier one. */
  done: 0,
  badConfiguration: 10,
  /** move: the snapshot file is absent, empty, not a regular file, or older than every batch that may own it. removeSource: there is no such directory. */
  sourceMissing: 11,
  /** A newer snapshot than every known batch lies there; the result names its mtime. */
  superseded: 12,
  /** What stands where the artifact belongs is another object's, or nobody knows whose, or holds files of others. It was left as it is. */
  destinationConflict: 13,
  noSpace: 14,
  permissionDenied: 15,
  /** receive: the file is larger than may be streamed. */
  tooLarge: 17,
  /** receive: the server's container lacks a program that is needed to read the file there. */
  toolsMissing: 18,
  inputOutput: 30,
  mismatch: 31,
  /** No byte moved for `stallSeconds`, or the mover's own deadline passed. */
  stalled: 32,
  /** receive: nothing came for `stallSeconds`. */
  streamBroken: 33,
  archiveBad: 34,
  /** inspect: the engine serves something else than what is on record, or does not answer a search. */
  inspectionFailed: 36,
  /** sanitize: what was to be taken out is not, or something of it has run already. */
  sanitizeFailed: 37,
  terminated: 143,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Which file it was, so that it differs from every later one under the same name. Device numbers differ from mount to mount and say nothing. */
export const fileIdentity = z.object({
  inode: z.string().regex(/^\d{1,20}$/),
  sizeBytes: z.int().min(0),
  /** Its mtime, RFC 3339 with nine fractional digits. */
  modifiedAt: z.string(),
})
export type FileIdentity = z.infer<typeof fileIdentity>

/** The termination message: at most 1 KiB of JSON, and what the paths in it take beyond that. Truth is the manifest; this is what status is made of. */
export const moverResult = z.object({
  exitCode: z.int(),
  /** One plain sentence: what happened, where, what to do. Holds no secret. */
  message: z.string(),
  /** On success of `move`. Inode, size and mtime are those of Meilisearch's own file: `removeSource` asks for them. */
  stored: fileIdentity
    .extend({
      sha256: z.string(),
      taskUid: z.int(),
      batchUid: z.int(),
      alreadyThere: z.boolean(),
      replacedDuringCopy: z.boolean(),
      /** Absent where nobody looked into the archive. */
      uncompressedBytes: z.int().min(0).optional(),
    })
    .optional(),
  /** On `superseded` and `sourceMissing`: when the file that lies there was written. */
  modifiedAt: z.string().optional(),
  /** On `noSpace`, and on success of `probe`; on success of `move` what is left, beside the need of another such file. */
  space: z.object({ neededBytes: z.int(), freeBytes: z.int() }).optional(),
  /** On success of `removeSource`: the stored file is gone; another lies there and was left alone; or none did. */
  sourceOutcome: z.enum(['removed', 'replaced', 'absent']).optional(),
  /** On success of `deleteArtifact`: the artifact is gone; or there was none. */
  artifactOutcome: z.enum(['removed', 'absent']).optional(),
  /** On success of `resolve`. */
  resolved: resolvedSource.optional(),
  /** On success of `fill`. */
  filled: filledDatabase.optional(),
  /** Of `inspect`, where the engine has answered, well or not. */
  inspected: inspected.optional(),
  /** On success of `sanitize`. */
  sanitized: sanitized.optional(),
  /** Of `move`: copying, verifying. Of `fill`: `fetch` is the pass that only reads (0 where none was needed), `extract` all from there to the disk. */
  seconds: z
    .object({ copying: z.number(), verifying: z.number(), fetch: z.number(), extract: z.number() })
    .partial()
    .optional(),
})
export type MoverResult = z.infer<typeof moverResult>

/** One line on the mover's stdout at each change of step and at least each 5 s in between. `opening`, `searching` and `sanitizing` count no bytes. */
export const moverProgress = z.object({
  step: z.enum(['copying', 'verifying', 'committing', 'reading', 'unpacking', 'opening', 'searching', 'sanitizing']),
  bytesDone: z.int(),
  bytesTotal: z.int(),
})
export type MoverProgress = z.infer<typeof moverProgress>
