// The volumes of a managed server: database, snapshots, scratch; each a claim that is made or, for the first two, one that exists.
import { z } from 'zod'
import { exponentTooLong, nameOf, nameOrNone, quantity } from '../meta.ts'

const className = nameOrNone('a StorageClass', 'storageClassName').describe("Without it: the cluster's default class.")
const claimName = nameOf('a PersistentVolumeClaim in this namespace', 'claimName')

const oneOf = {
  rule: 'has(self.size) != has(self.claimName)',
  message: 'write a size, and the claim is made, or a claimName, and that claim is used: exactly one of them',
}
const onlyWithSize = {
  rule: '!has(self.claimName) || (!has(self.storageClassName) && !has(self.accessModes))',
  message: 'storageClassName and accessModes belong to a claim that is made: leave them out where claimName is set',
}
const neverSmaller = {
  rule: `!has(self.size) || !has(oldSelf.size) || string(self.size).${exponentTooLong} || quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0`,
  message:
    'a volume never gets smaller: keep the size; for a smaller one restore a snapshot into another MeiliInstance',
}
const sameKind = {
  rule: '(has(self.storageClassName) ? self.storageClassName : "") == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : "") && (has(self.accessModes) ? self.accessModes : []) == (has(oldSelf.accessModes) ? oldSelf.accessModes : [])',
  message: 'storageClassName and accessModes of a claim are immutable: restore a snapshot into another MeiliInstance',
}
const sameClaim = {
  rule: '(has(self.claimName) ? self.claimName : "") == (has(oldSelf.claimName) ? oldSelf.claimName : "")',
  message: 'the database stays on its claim: restore a snapshot into another MeiliInstance instead',
}

const volumeShape = {
  size: quantity.describe('Makes a claim of this size. A larger size later expands it.').optional(),
  storageClassName: className.optional(),
  accessModes: z
    .array(z.enum(['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany']))
    .min(1)
    .max(3)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Without it: ReadWriteOnce.')
    .optional(),
  claimName: claimName.describe('Uses this claim, which stays yours: never expanded, never deleted.').optional(),
}

export const storage = z
  .object(volumeShape)
  .describe('Where the database is.')
  .meta({ 'x-kubernetes-validations': [oneOf, onlyWithSize, neverSmaller, sameKind, sameClaim] })
export const snapshots = z
  .object(volumeShape)
  .describe('A volume of its own for snapshots. Without it they are on the storage.')
  .meta({ 'x-kubernetes-validations': [oneOf, onlyWithSize, neverSmaller, sameKind] })

export const scratch = z
  .object({
    size: quantity.describe('Makes a claim of this size; it is deleted with the instance.').optional(),
    storageClassName: className.optional(),
    memory: quantity.describe('A file system in memory, which counts as memory of the pod.').optional(),
  })
  .describe(
    'Where Meilisearch puts a full copy of the database while it takes a snapshot (TMPDIR). Without it: a directory on the storage.',
  )
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'has(self.size) != has(self.memory)',
        message: 'scratch is a claim (size) or memory (memory): write exactly one of them',
      },
      { rule: '!has(self.storageClassName) || has(self.size)', message: 'storageClassName needs size' },
      neverSmaller,
    ],
  })
