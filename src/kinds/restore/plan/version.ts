// The rung about versions: a database is started by its own version, or, where that is allowed, by a higher one. Pure.
import { compareVersions } from '../../../reconcile/names/version.ts'
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { failed } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** Meilisearch upgrades no database of a lower one. */
const oldest = '1.12.0'

export const versionRefused: Rung = ({ restore, target }) => {
  const from = restore.status?.resolved?.meilisearchVersion
  const to = target.instance?.spec.managed?.version
  if (from === undefined || to === undefined || from === to) return undefined
  const name = target.instance?.metadata.name ?? ''
  const said = `The snapshot is of Meilisearch ${from}, and MeiliInstance ${name} runs ${to}.`
  if (compareVersions(from, to) > 0)
    return failed({
      reason: restoreReasons.DowngradeRefused,
      message: `${said} No version opens the database of a higher one. Set managed.version to ${from} first, or make another MeiliInstance of that version with managed.bootstrap from this source.`,
    })
  if (compareVersions(from, oldest) < 0)
    return failed({
      reason: restoreReasons.VersionMismatch,
      message: `${said} A database from before ${oldest} cannot be upgraded by starting it: start it with its own version, make a dump there, and import that.`,
    })
  return restore.spec.version === 'AllowUpgrade'
    ? undefined
    : failed({
        reason: restoreReasons.VersionMismatch,
        message: `${said} With version: AllowUpgrade, Meilisearch upgrades the database when it starts; create another MeiliRestore that says so. Or make another MeiliInstance of version ${from} with managed.bootstrap from this source.`,
      })
}

export function upgradeOf(
  from: string | undefined,
  to: string | undefined,
): NonNullable<MeiliRestoreStatus['plan']>['upgrade'] {
  return from === undefined || to === undefined || from === to ? undefined : { from, to }
}
