// Says what is to be taken out of the data, and why it cannot be where it cannot. Pure.
import { sanitizes } from '../../../../api/fields/restore.ts'
import { restoreReasons } from '../../../../api/restore.ts'
import type { MeiliRestore } from '../../../../api/restore.ts'
import { whyTasksRun } from '../../../../reconcile/job/boot/egress.ts'
import { failed } from '../../status/verdict.ts'
import type { Rung } from '../../status/verdict.ts'

/** Asked for, and not done yet. */
export const isToSanitize = ({ spec, status }: MeiliRestore): boolean =>
  sanitizes(spec.sanitize) && status?.sanitize?.completedAt === undefined

/** Its version, as the snapshot's own VERSION says once it is unpacked: the engine of that very version opens it, and upgrades nothing. */
export const versionInside = ({ status }: MeiliRestore): string | undefined =>
  status?.fill?.version ?? status?.resolved?.meilisearchVersion

/** Before anything is made, and again once it is certain which version it is. */
export const sanitizeImpossible: Rung = ({ restore }) => {
  if (!isToSanitize(restore)) return undefined
  const version = versionInside(restore)
  const why = version === undefined ? undefined : whyTasksRun(version)
  if (why === undefined) return undefined
  return failed({
    reason: restoreReasons.SanitizeImpossible,
    message: `${why} Nothing was exchanged. Restore a snapshot of a higher version; or restore this one without sanitize, under another name, where a NetworkPolicy denies the server's pod all egress, and take out there what must not stay.`,
  })
}
