// The schema of manifest.json, which lies beside the stored file for whoever restores it. Only the mover writes and reads it.
import { z } from 'zod'
import { described } from '../contract.ts'

/** `manifest.json`, schema 1, beside the stored file. */
export const manifest = z.object({
  schema: z.literal(1),
  ...described.omit({ source: true, facts: true }).shape,
  task: z.object({
    uid: z.int(),
    batchUid: z.int(),
    enqueuedAt: z.string(),
    startedAt: z.string(),
    finishedAt: z.string(),
  }),
  /** Size and mtime are the source's; with `source.inode` they tell which file it was. `Cloned` shares its blocks on the disk with the source, `Linked` is the source. */
  file: z.object({
    name: z.string(),
    sizeBytes: z.string(),
    sha256: z.string(),
    modifiedAt: z.string(),
    stored: z.enum(['Copied', 'Cloned', 'Linked']).default('Copied'),
    /** Of the files in it, once they are unpacked; verification of the archive knows it. */
    uncompressedBytes: z
      .string()
      .regex(/^\d{1,16}$/)
      .optional(),
  }),
  /** Whether `indexes` are those of the snapshot itself: no batch that could change them began between it and the look at them. */
  countsExact: z.boolean().optional(),
  /** How many tasks wait in it, and would run when a server starts on it; absent where that is not known. */
  tasksEnqueued: z.int().min(0).optional(),
  source: z.object({ claim: z.string(), path: z.string(), inode: z.string(), replacedDuringCopy: z.boolean() }),
  mover: z.object({ version: z.string(), attempt: z.string(), startedAt: z.string(), finishedAt: z.string() }),
  verified: z.object({
    mode: z.enum(['None', 'Archive']),
    archiveVersion: z.string().optional(),
    entries: z.int().optional(),
  }),
})
export type Manifest = z.infer<typeof manifest>
