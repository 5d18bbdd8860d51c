// What a MeiliSnapshot asks for, field by field: its own spec, where most of it is immutable, and a schedule's template.
import { z } from 'zod'
import { duration, localReference } from '../meta.ts'
import { destinationClaimReference } from './destination.ts'
import { mover } from './mover.ts'
import { drillFields } from './restore-target.ts'

const boot = z
  .object({
    ...drillFields,
    deadline: duration.default('1h').describe('For the whole of it: unpacked, started, asked.'),
  })
  .describe('How the server is started, and what it is asked; with mode Boot only.')

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
        .enum(['None', 'Archive', 'Boot'])
        .default('Archive')
        .describe(
          'Archive reads the moved file back: gzip with its CRC, tar, version. None only checks size and sha256. Boot does what Archive does, then starts a server on a copy, cut off from all else, and compares what it serves.',
        ),
      boot: boot.optional(),
    })
    .prefault({})
    .meta({
      'x-kubernetes-validations': [
        {
          rule: "!has(self.boot) || self.mode == 'Boot'",
          message: 'boot is for mode Boot: write mode: Boot beside it',
        },
      ],
    }),
  deadlines: z
    .object({
      start: duration.default('1h').describe('For everything to be in place: server, key, claim.'),
      task: duration.default('6h').describe('For Meilisearch to make the snapshot.'),
      move: duration.default('6h').describe('For the mover to store it.'),
    })
    .prefault({}),
  mover: mover.prefault({}),
} as const
