// Whether the claim of a managed server is to be filled before the server is made, and what is on record of that. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import type { ManagedServer, MeiliInstanceStatus } from '../../../api/instance.ts'
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { Managed } from './managed.ts'

export type Bootstrap = NonNullable<ManagedServer['bootstrap']>

/** Neither claim nor server are made before. With data of any generation it is nobody's affair any more, whatever spec says. */
export function awaitsBootstrap({ spec, seen }: Managed): boolean {
  const { bootstrap, storage } = spec
  return (
    bootstrap !== undefined &&
    storage.claimName === undefined &&
    seen.claims.data === undefined &&
    !(bootstrap.ifAbsent === 'Empty' && isSourceAbsent(seen.bootstrap))
  )
}

/** Not before it has failed by that: a source that is late is waited for. */
function isSourceAbsent(restore: MeiliRestore | undefined): boolean {
  return (
    restore?.status?.phase === 'Failed' &&
    conditionNamed(restore.status.conditions, conditionTypes.Ready)?.reason === restoreReasons.SourceNotFound
  )
}

export function sourceText({ from: { snapshotRef, latestOf, artifact, file } }: Bootstrap): string {
  if (snapshotRef !== undefined) return `MeiliSnapshot ${snapshotRef.name}`
  if (latestOf !== undefined) return `the newest good snapshot of MeiliSnapshotSchedule ${latestOf.schedule.name}`
  const there = artifact ?? file
  return `${there?.path ?? ''} on claim ${there?.claim.name ?? ''}`
}

/** Once it has completed it stays on record, whatever becomes of the MeiliRestore. */
export function bootstrapStatus({ instance, seen, spec }: Managed): MeiliInstanceStatus['bootstrap'] {
  const before = instance.status?.bootstrap
  const restore = seen.bootstrap
  if (restore === undefined || spec.bootstrap === undefined) return before
  const { resolved, phase, completedAt } = restore.status ?? {}
  return {
    restore: restore.metadata.name,
    from: resolved?.name ?? before?.from ?? sourceText(spec.bootstrap).slice(0, 1024),
    ...(phase === 'Completed' && completedAt !== undefined
      ? { completedAt }
      : before?.completedAt === undefined
        ? {}
        : { completedAt: before.completedAt }),
  }
}
