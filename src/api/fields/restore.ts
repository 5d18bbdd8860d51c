// What is restored, and from which version: the parts that a MeiliRestore and spec.managed.bootstrap of a MeiliInstance share.
import { z } from 'zod'
import { localReference, nameOf, timestamp } from '../meta.ts'

const path = z
  .string()
  .min(1)
  .max(1024)
  .regex(
    /^[^/.\\\p{Cc}][^/\\\p{Cc}]*(\/[^/.\\\p{Cc}][^/\\\p{Cc}]*)*$/u,
    'path leads from the root of the claim: relative, no part of it begins with a dot: write for example movies/daily',
  )

const sha256 = z
  .string()
  .max(64)
  .regex(/^[0-9a-f]{64}$/, 'sha256 is that of the file: 64 lower-case hexadecimal digits, as in SHA256SUMS')

const claim = z.object({
  name: nameOf('a PersistentVolumeClaim in this namespace').describe('PersistentVolumeClaim in the same namespace.'),
})

const instant = z
  .string()
  .max(64)
  .regex(
    /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[-+]([01][0-9]|2[0-3]):[0-5][0-9])$/,
    'asOf is an instant with its offset: write for example 2026-11-30T03:00:00Z',
  )

const oneOf = (fields: readonly string[]): string =>
  `[${fields.map((field) => `has(self.${field})`).join(', ')}].filter(set, set).size() == 1`

export const restoreSource = z
  .object({
    snapshotRef: localReference
      .describe('A MeiliSnapshot that has completed; one that has not is waited for.')
      .optional(),
    latestOf: z
      .object({
        schedule: localReference.describe('A MeiliSnapshotSchedule.'),
        asOf: instant
          .describe('Its newest good snapshot that had completed by then. Without it: the newest of all.')
          .optional(),
      })
      .describe('The newest good snapshot of a schedule. Looked up once, then on record.')
      .optional(),
    artifact: z
      .object({
        claim,
        path: path.describe(
          'The directory of one stored snapshot, with its manifest.json; or a directory of such ones, of which the newest good one is taken.',
        ),
        sha256: sha256.describe('Of the snapshot file; any other is refused.').optional(),
      })
      .describe('A stored snapshot whose object is gone, or was made in another cluster.')
      .optional(),
    file: z
      .object({
        claim,
        path: path.describe('A snapshot file of Meilisearch, whatever made it.'),
        sha256: sha256.describe('Any other file is refused.').optional(),
      })
      .describe('A bare snapshot file. It is read through before anything is done with it.')
      .optional(),
  })
  .describe('What is restored: exactly one of the fields.')
  .meta({
    'x-kubernetes-validations': [
      {
        rule: oneOf(['snapshotRef', 'latestOf', 'artifact', 'file']),
        message: 'source is snapshotRef, latestOf, artifact or file: write exactly one of them',
      },
    ],
  })

export const restoreVersion = z
  .enum(['Exact', 'AllowUpgrade'])
  .default('Exact')
  .describe(
    'Exact: only a snapshot of the version that the server runs. AllowUpgrade: an older one, from 1.12 on, too; Meilisearch then upgrades the database when it starts.',
  )

/** What is taken out of the data before a server starts on it. */
export const sanitize = z
  .object({
    tasks: z
      .enum(['Keep', 'Discard'])
      .default('Keep')
      .describe(
        'Tasks that were enqueued when the snapshot was taken. Keep: they run as soon as the server starts. Discard: none of them runs, they are canceled.',
      ),
    webhooks: z
      .enum(['Keep', 'Remove'])
      .default('Keep')
      .describe('Webhooks that were registered when the snapshot was taken. Remove: the server calls none of them.'),
  })
  .prefault({})
  .describe(
    'For a copy of production, which would run what production would run, and call its webhooks. It is done before the server is made or stopped, by an engine that runs no task and reaches nothing.',
  )
export type Sanitize = z.output<typeof sanitize>

/** Whether anything is to be taken out at all. */
export const sanitizes = ({ tasks, webhooks }: Sanitize): boolean => tasks === 'Discard' || webhooks === 'Remove'

/** What a new managed server starts with. */
export const bootstrap = z
  .object({
    from: restoreSource,
    ifAbsent: z
      .enum(['Fail', 'Empty'])
      .default('Fail')
      .describe(
        'Where the source does not exist. Fail: no server is made. Empty: after two minutes the server starts without data. A source that is there and cannot be restored fails in any case.',
      ),
    version: restoreVersion,
    sanitize,
  })
  .describe(
    'Fills the claim from a stored snapshot before the server is made, by a MeiliRestore. Read only while there is no data; so it may stay in Git.',
  )

/** Of a server that was begun so. */
export const bootstrapStatus = z
  .object({
    restore: z.string().max(253).describe('The MeiliRestore that fills the claim.'),
    from: z.string().max(1024),
    completedAt: timestamp.optional(),
  })
  .describe('Where its first data came from.')
