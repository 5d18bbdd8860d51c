// A claim to store snapshots on: which one, where on it, and how to make it if it is absent.
import { z } from 'zod'
import { nameOf, nameOrNone, quantity } from '../meta.ts'

export const destinationClaimReference = z.object({
  name: nameOf('a PersistentVolumeClaim in this namespace').describe(
    'PersistentVolumeClaim in the same namespace; none that holds the database of a server.',
  ),
  path: z
    .string()
    .min(1)
    .max(512)
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
      'path is a directory on the claim: relative, of letters, digits, ., _ and -, no part of it starting with a dot: write for example movies/daily',
    )
    .describe("Directory on the claim: relative, no part of it starts with a dot. Without it: the instance's name.")
    .optional(),
  template: z
    .object({
      storageClassName: nameOrNone('a StorageClass', 'storageClassName')
        .describe("Without it: the cluster's default class.")
        .optional(),
      accessModes: z
        .array(z.enum(['ReadWriteOnce', 'ReadWriteMany']))
        .min(1)
        .max(2)
        .meta({ 'x-kubernetes-list-type': 'atomic' })
        .default(['ReadWriteOnce']),
      resources: z.object({ requests: z.object({ storage: quantity }) }),
    })
    .describe('How to create the claim if it is absent. It is kept, and belongs to nobody.')
    .optional(),
})
