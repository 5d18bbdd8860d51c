// MeiliRestore: a stored snapshot becomes a server's data again, once: in place, on a claim, or in a drill that is thrown away.
import { z } from 'zod'
import { mover } from './fields/mover.ts'
import { restoreSource, restoreVersion, sanitize } from './fields/restore.ts'
import { restoreTarget } from './fields/restore-target.ts'
import { group, version } from './group.ts'
import type { apiVersion, Kind } from './group.ts'
import { duration } from './meta.ts'
import type { ObjectMeta } from './meta.ts'
import { restoreStatus } from './status/restore.ts'
import type { MeiliRestoreStatus } from './status/restore.ts'

export { inconclusiveDrills, restoreConditions, restoreReasons } from './reasons/restore.ts'
export type { RestoreReason } from './reasons/restore.ts'
export { restorePhases } from './status/restore.ts'
export type { MeiliRestoreStatus, RestorePhase } from './status/restore.ts'

/** On a claim of a managed server: which generation of its data it is. The highest is the data; `<name>-data` without it is 1. */
export const dataGenerationAnnotation = 'meili-operator.dev/data-generation'
/** On the StatefulSet of a server that was stopped for an exchange of its data: which one. */
export const stoppedForAnnotation = 'meili-operator.dev/stopped-for'
/** On a claim that a restore filled: the JSON text of where its data comes from (status/restored-from.ts). */
export const restoredFromAnnotation = 'meili-operator.dev/restored-from'
/** On a MeiliRestore, by which people ask: `cleanUpWord` says that the claim that is the data no more may go. */
export const cleanUpAnnotation = 'meili-operator.dev/clean-up'
/** On the claim, the Jobs and the safety snapshot of a restore: its UID. */
export const restoreUidLabel = 'meili-operator.dev/restore-uid'

const immutable = (field: string): Rules => ({
  'x-kubernetes-validations': [
    {
      rule: 'self == oldSelf',
      message: `${field} is immutable: a MeiliRestore is carried out once; create another one instead`,
    },
  ],
})

type Rules = { 'x-kubernetes-validations': { rule: string; message: string }[] }

/** Beside the rules that it has already. */
const immutableToo = (schema: z.ZodType, field: string): Rules => ({
  'x-kubernetes-validations': [
    ...((schema.meta() as Partial<Rules> | undefined)?.['x-kubernetes-validations'] ?? []),
    ...immutable(field)['x-kubernetes-validations'],
  ],
})

const safety = z
  .object({
    snapshot: z
      .enum(['Auto', 'Always', 'Never'])
      .default('Auto')
      .describe(
        'Of the server as it is, before it is restored in place. Auto: where it can be taken; Always: or the restore fails; Never: none. It is stored where the source is.',
      ),
  })
  .prefault({})

const spec = z
  .object({
    source: restoreSource.meta(immutableToo(restoreSource, 'source')),
    target: restoreTarget.meta(immutableToo(restoreTarget, 'target')),
    mode: z
      .enum(['Apply', 'DryRun'])
      .default('Apply')
      .describe(
        'DryRun says in status.plan what would be done, and does nothing. It may be changed to Apply, which does just that, or says what has changed meanwhile.',
      ),
    confirm: z
      .string()
      .max(253)
      .describe(
        'The name of the instance or claim whose data is replaced, once more. Not needed for a DryRun or a drill.',
      )
      .optional(),
    version: restoreVersion.meta(immutable('version')),
    sanitize: sanitize.meta(immutable('sanitize')),
    safety: safety.meta(immutable('safety')),
    rollback: z
      .boolean()
      .default(false)
      .describe('true puts a server that was restored in place back to the data that it had before.'),
    deadlines: z
      .object({
        start: duration
          .default('1h')
          .describe(
            'For source and target to be in place. It does not run behind another restore of the target, nor while the safety snapshot is taken, which has the deadlines of any snapshot; after that it begins anew.',
          ),
        fill: duration.default('6h').describe('For the data to be unpacked and checked.'),
        switch: duration
          .default('30m')
          .describe('For the server to stop, and to serve the restored data. It goes back by itself after that.'),
      })
      .prefault({})
      .meta(immutable('deadlines')),
    mover: mover.prefault({}).meta(immutable('mover')),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "self.mode == 'DryRun' || !has(self.target.inPlace) || (has(self.confirm) && self.confirm == self.target.inPlace.instanceRef.name)",
        message: 'confirm must be the name of the instance whose data is replaced: write it once more',
      },
      {
        rule: "self.mode == 'DryRun' || !has(self.target.claim) || (has(self.confirm) && self.confirm == self.target.claim.name)",
        message: 'confirm must be the name of the claim that is written to: write it once more',
      },
      {
        rule: "self.mode == oldSelf.mode || oldSelf.mode == 'DryRun'",
        message: 'mode goes from DryRun to Apply, and not back: what was applied is undone with rollback: true',
      },
      {
        rule: "has(self.target.inPlace) || (self.sanitize.tasks == 'Keep' && self.sanitize.webhooks == 'Keep')",
        message:
          'sanitize is for target.inPlace, a server that the operator runs: a drill throws its copy away, and on a claim of somebody else nothing is changed but the directory that is made',
      },
      {
        rule: "!self.rollback || (has(self.target.inPlace) && self.mode == 'Apply')",
        message: 'rollback is for a restore in place that was applied: nothing else has replaced data',
      },
      {
        rule: 'self.rollback || !oldSelf.rollback',
        message: 'rollback is not taken back: create another MeiliRestore instead',
      },
    ],
  })

export type MeiliRestoreSpec = z.output<typeof spec>

export interface MeiliRestore {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'MeiliRestore'
  readonly metadata: ObjectMeta
  readonly spec: MeiliRestoreSpec
  readonly status?: MeiliRestoreStatus
}

export const meiliRestores = {
  group,
  version,
  kind: 'MeiliRestore',
  plural: 'meilirestores',
  singular: 'meilirestore',
  shortNames: ['mrestore'],
  description: "A stored snapshot becomes a server's data again: in place, on a claim, or in a drill.",
  spec,
  status: restoreStatus,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Source', type: 'string', jsonPath: '.status.resolved.name' },
    { name: 'Target', type: 'string', jsonPath: '.status.targetText' },
    { name: 'Progress', type: 'string', jsonPath: '.status.progress.percentText' },
    { name: 'Documents', type: 'integer', jsonPath: '.status.restored.documents' },
    { name: 'Downtime', type: 'string', jsonPath: '.status.switched.downtime' },
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode', priority: 1 },
    { name: 'Version', type: 'string', jsonPath: '.status.resolved.meilisearchVersion', priority: 1 },
    { name: 'Size', type: 'string', jsonPath: '.status.resolved.size', priority: 1 },
    { name: 'Old Data', type: 'string', jsonPath: '.status.oldData.claimName', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason", priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies Kind

/** Kept on a restore in place from the first change to its end, so that its own deletion leaves a server that serves. */
export const restoreFinalizer = 'meili-operator.dev/restore'

/** It has ended, well or not. One that has completed may still be rolled back. */
export function hasRestoreEnded({
  status,
}: {
  readonly status?: Pick<MeiliRestoreStatus, 'phase'> | undefined
}): boolean {
  return status?.phase === 'Completed' || status?.phase === 'RolledBack' || status?.phase === 'Failed'
}

const working: ReadonlySet<string | undefined> = new Set(['Filling', 'Verifying', 'Stopping', 'Switching', 'Starting'])

/** It changes something: its target is nobody else's meanwhile, and no snapshot and no upgrade of that server begins. */
export const isAtWork = ({ status }: Pick<MeiliRestore, 'status'>): boolean => working.has(status?.phase)

interface KeepsOldData {
  readonly status?: Pick<MeiliRestoreStatus, 'phase' | 'switched' | 'oldData'> | undefined
}

/** What asks for the end of its old data. Once it has gone back from data that has served, and was written to, that is the name of its claim: the word may be from before, when it meant the other one. */
export function cleanUpWord({ status }: KeepsOldData): string {
  const { phase, switched, oldData } = status ?? {}
  const hasServed = phase === 'RolledBack' && switched?.servingAt !== undefined
  return hasServed && oldData !== undefined ? oldData.claimName : 'old-data'
}

/** The instance, the claim, or that it is a drill. */
export function targetText({ spec: { target } }: Pick<MeiliRestore, 'spec'>): string {
  if (target.inPlace !== undefined) return `instance ${target.inPlace.instanceRef.name}`
  return target.claim === undefined ? 'drill' : `claim ${target.claim.name}/${target.claim.directory}`
}
