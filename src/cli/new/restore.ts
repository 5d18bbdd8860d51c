// Builds the MeiliRestore that `restore` and `drill` make, and finds the plan that stands for the same. Pure.
import { apiVersion } from '../../api/group.ts'
import type { Sanitize } from '../../api/fields/restore.ts'
import type { MeiliRestoreSpec } from '../../api/restore.ts'
import { runByHandName } from '../../reconcile/names/schedule.ts'
import type { KubeObject } from '../../kube/resource.ts'
import type { Restore } from '../cluster.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

export type RestoreSource = MeiliRestoreSpec['source']

export interface RestoreParts {
  readonly namespace: string
  readonly name?: string | undefined
  readonly source: RestoreSource
  readonly target: object
  /** The instance, the claim, or the snapshot of a drill: the object is called after it. */
  readonly calledAfter: string
  readonly mode?: 'DryRun' | 'Apply'
  readonly confirm?: string | undefined
  readonly allowUpgrade?: boolean
  readonly safety?: string | undefined
  readonly sanitize?: Partial<Sanitize> | undefined
}

const safeties: Readonly<Record<string, string>> = { auto: 'Auto', always: 'Always', never: 'Never' }

/** `nightly-1`, or `schedule/nightly` for its newest good one. */
export function sourceOf(text: string): RestoreSource {
  const [, schedule] = /^(?:schedule|msched)\/([^/]+)$/.exec(text) ?? []
  if (schedule !== undefined) return { latestOf: { schedule: { name: schedule } } }
  const name = text.replace(/^(?:snapshot|msnap)\//, '')
  if (name === '' || name.includes('/'))
    throw new UserError('Of which snapshot? Write its name, or schedule/NAME for the newest one.', exitCodes.usage)
  return { snapshotRef: { name } }
}

/** Of the fields only those that were asked for: the API server fills in the rest. */
export function newRestore(parts: RestoreParts, nowMs: number): KubeObject {
  const { namespace, source, target, mode, confirm } = parts
  const name = parts.name ?? runByHandName({ metadata: { name: parts.calledAfter } }, nowMs)
  const object = {
    apiVersion,
    kind: 'MeiliRestore',
    metadata: { namespace, name },
    spec: {
      source,
      target,
      ...(mode === undefined ? {} : { mode }),
      ...(confirm === undefined ? {} : { confirm }),
      ...(parts.allowUpgrade === true ? { version: 'AllowUpgrade' } : {}),
      ...(parts.sanitize === undefined ? {} : { sanitize: parts.sanitize }),
      ...(parts.safety === undefined ? {} : { safety: { snapshot: safeties[parts.safety] ?? parts.safety } }),
    },
  }
  return object
}

/** The newest plan for just this that nobody has applied yet. */
export function planFor(wanted: KubeObject, restores: readonly Restore[]): Restore | undefined {
  const key = meaningOf((wanted as Restore).spec)
  return restores
    .filter(
      ({ metadata, spec, status }) =>
        metadata.deletionTimestamp === undefined &&
        spec.mode === 'DryRun' &&
        status?.phase === 'Planned' &&
        meaningOf(spec) === key,
    )
    .toSorted((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))[0]
}

/** What is done to what, in one text; what was left out is as the API server fills it in. */
function meaningOf({ source, target, version, sanitize, safety }: Partial<MeiliRestoreSpec>): string {
  return JSON.stringify([
    source?.snapshotRef?.name,
    source?.latestOf?.schedule.name,
    source?.latestOf?.asOf,
    target?.inPlace?.instanceRef.name,
    target?.claim?.name,
    target?.claim === undefined ? undefined : (target.claim.directory ?? 'data.ms'),
    version ?? 'Exact',
    sanitize?.tasks ?? 'Keep',
    sanitize?.webhooks ?? 'Keep',
    safety?.snapshot ?? 'Auto',
  ])
}
