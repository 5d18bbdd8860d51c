// Where a MeiliRestore puts the data: a server that we run, a claim, or a copy that is started, asked and thrown away.
import { z } from 'zod'
import { duration, localReference, nameOf, nameOrNone, quantity } from '../meta.ts'
import { resources } from './pod.ts'

const query = z.object({
  index: z.string().min(1).max(400).describe('UID of the index.'),
  q: z.string().max(1024).default('').describe('What is searched for. Empty: everything.'),
  minHits: z.int().min(0).default(1).describe('So many hits at least, as estimatedTotalHits counts them.'),
})

/** What a drill is like, whoever makes it. */
export const drillFields = {
  size: quantity.describe('Of the volume. Without it: what the snapshot needs, with a reserve.').optional(),
  storageClassName: nameOrNone('a StorageClass', 'storageClassName')
    .describe("Without it: the cluster's default class.")
    .optional(),
  queries: z
    .array(query)
    .max(16)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Searches that must find something, beside one in each index.')
    .optional(),
  resources: resources
    .describe('Of the server that is started. Without it: requests 100m and 256Mi, limit of memory 2Gi.')
    .optional(),
  egress: z
    .enum(['Allowed', 'Denied'])
    .default('Allowed')
    .describe(
      'Denied says that the cluster lets nothing out of this pod: then a snapshot that holds enqueued tasks is started, too.',
    ),
}

const scratch = z
  .object({ ...drillFields, maxAge: duration.describe('A snapshot older than this fails the drill.').optional() })
  .describe('A drill: a server is started on a copy, asked, and thrown away.')

export const restoreTarget = z
  .object({
    inPlace: z
      .object({ instanceRef: localReference.describe('A MeiliInstance with spec.managed.') })
      .describe('The data of a server that the operator runs: filled beside it, then exchanged by one write.')
      .optional(),
    claim: z
      .object({
        name: nameOf('a PersistentVolumeClaim in this namespace').describe(
          'PersistentVolumeClaim in the same namespace.',
        ),
        directory: z
          .string()
          .min(1)
          .max(255)
          .regex(
            /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
            'directory is where the database comes to lie on the claim: relative, no part of it begins with a dot: write for example data.ms',
          )
          .default('data.ms')
          .describe('The directory of the database, relative to the root of the claim; it must not exist.'),
      })
      .describe(
        'The claim of a server that someone else runs, and has scaled to zero: the directory is made, nothing else.',
      )
      .optional(),
    scratch: scratch.optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '[has(self.inPlace), has(self.claim), has(self.scratch)].filter(set, set).size() == 1',
        message: 'target is inPlace, claim or scratch: write exactly one of them',
      },
    ],
  })
