// What the command `inspect` is asked, and what it answers: a Meilisearch that was started on restored data is compared with the artifact's manifest. Pure.
import { z } from 'zod'
import { owner } from './owner.ts'

/** Loopback only: nothing else is ever asked. */
export const loopbackEndpoint = z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}$/)

/**
 * Asks a Meilisearch in the same pod, without a key. Mounts: the claim that holds the artifact, read-only, where there is a manifest.
 * It writes nothing. `deadlineSeconds` is for all of it; while the engine opens its database nothing else is a limit.
 */
export const inspectConfig = z.object({
  command: z.literal('inspect'),
  object: owner,
  endpoint: loopbackEndpoint,
  /** The artifact's directory, `<root>/<path>`; absent for a bare file, of which no counts are known. */
  artifact: z.object({ root: z.string(), claim: z.string(), path: z.string() }).optional(),
  /** How many indexes there were, where that is known: the manifest lists no more than fit. */
  indexes: z.int().min(0).optional(),
  /** Searches that must find something, beside one in each index. */
  queries: z
    .array(z.object({ index: z.string(), q: z.string(), minHits: z.int().min(0) }))
    .max(16)
    .default([]),
  deadlineSeconds: z.int().min(1),
})
export type InspectConfig = z.infer<typeof inspectConfig>

/** In the termination message, of which it may take some 600 bytes: as many differences as fit in five are named. */
export const inspected = z.object({
  result: z.enum(['Passed', 'Failed']),
  version: z.string(),
  /** That the engine serves. */
  indexes: z.int(),
  documents: z.int(),
  /** Of how many indexes the count is the one on record. */
  compared: z.int(),
  /** Indexes whose count is another one. `expected` is absent where none is on record, `found` where the engine has no such index. */
  differences: z.array(z.object({ index: z.string(), expected: z.int().optional(), found: z.int().optional() })).max(5),
  /** From the start of `inspect`, which is that of the engine within a second, to /health. */
  openMs: z.int(),
  /** From there to the first answer of a search. */
  firstSearchMs: z.int().optional(),
})
export type Inspected = z.infer<typeof inspected>
