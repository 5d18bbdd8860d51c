// What a MeiliSnapshot asks for, field by field: its own spec, where most of it is immutable, and a schedule's template.
import { z } from 'zod'
import { duration, localReference } from '../meta.ts'
import { destinationClaimReference } from './destination.ts'
import { mover } from './mover.ts'

export const snapshotFields = {
  source: z.object({ instanceRef: localReference.describe('The MeiliInstance to take the snapshot of.') }),
  destination: z.object({ claim: destinationClaimReference }),
  sourcePolicy: z
    .enum(['Keep', 'Remove'])
    .default('Keep')
    .describe(
      "What becomes of Meilisearch's own file once it is stored. Remove unlinks exactly the file that was stored; a newer one stays.",
    ),
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
    .prefault({}),
  deadlines: z
    .object({
      start: duration.default('1h').describe('For everything to be in place: server, key, claim.'),
      task: duration.default('6h').describe('For Meilisearch to make the snapshot.'),
      move: duration.default('6h').describe('For the mover to store it.'),
    })
    .prefault({}),
  mover: mover.prefault({}),
} as const
