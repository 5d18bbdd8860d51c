// What an engine that was started on restored data said of it, and how long it took to come back.
import { z } from 'zod'
import { int64 } from '../meta.ts'

export const restoreDuration = z
  .object({
    fetch: z.string().max(32).describe('Reading the artifact through, once.').optional(),
    extract: z.string().max(32).describe('Unpacking it, written to the disk.').optional(),
    open: z.string().max(32).describe('From the start of the server to /health.').optional(),
    firstSearch: z.string().max(32).describe('From there to the first answer of a search.').optional(),
    total: z.string().max(32),
    totalMs: int64.describe('The same, in milliseconds.'),
  })
  .describe('How long it took to come back, measured.')

/** What the engine said of the data once it was started on it. */
export const inspectionResult = {
  version: z.string().max(64).optional(),
  indexes: int64.optional(),
  documents: int64.optional(),
  compared: int64.describe('Of how many indexes the count was compared with the one on record.').optional(),
  differences: z
    .array(z.object({ index: z.string().max(400), expected: int64.optional(), found: int64.optional() }))
    .max(20)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Indexes whose count is another one; `found` is absent where the index is.')
    .optional(),
}
