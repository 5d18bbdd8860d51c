// The way back that is asked for: of a restore that has completed it begins here; of one that has changed nothing yet there is nothing to undo. Pure.
import { databaseVersionAnnotation } from '../../../api/instance.ts'
import type { MeiliInstance } from '../../../api/instance.ts'
import { restoreFinalizer, restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { redact } from '../../../api/status/text.ts'
import type { DataClaim } from '../../../reconcile/names/data-claim.ts'
import { compareVersions } from '../../../reconcile/names/version.ts'
import type { RestoreObservation } from '../observation.ts'
import { deletions } from '../status/job.ts'
import { pauses } from '../status/pauses.ts'
import { upgradeText } from '../status/upgrading.ts'
import { failed, noted, rolledBack, step, unchanged } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'

/** Of a restore that is on its way, and has stopped no server yet. */
export const rollbackBeforeExchange: Rung = ({ restore, mover }, nowMs) => {
  if (!restore.spec.rollback) return undefined
  const at = instant(nowMs)
  const { job } = mover
  return rolledBack({
    message: 'spec.rollback was set before anything was exchanged: the server has the data that it had.',
    changes: {
      rollback: { cause: 'Asked', message: 'Asked for by spec.rollback.', startedAt: at, completedAt: at },
    },
    effects: deletions(job === undefined ? [] : [job]),
  })
}

/** Only what this restore made the data is taken back: whatever came after it is somebody else's. */
export const rollbackAsked: Rung = (observation, nowMs) => {
  const { restore, target } = observation
  const { spec, status, metadata } = restore
  const { switched } = status ?? {}
  if (!spec.rollback || status?.phase !== 'Completed' || metadata.deletionTimestamp !== undefined) return undefined
  if (switched === undefined) return impossible('This MeiliRestore exchanged no data: it had nothing to do.')
  const before = target.data.find(({ claim }) => claim.metadata?.name === switched.from?.claimName)
  const [current] = target.data
  if (target.instance === undefined) return impossible('The MeiliInstance is gone.')
  if (current?.claim.metadata?.name !== switched.to.claimName)
    return impossible(
      `The data of the server is on claim ${current?.claim.metadata?.name ?? '(none)'} by now: another restore has exchanged it since. Roll that one back first.`,
    )
  if (before === undefined || before.claim.metadata?.deletionTimestamp !== undefined)
    return impossible(
      `Claim ${switched.from?.claimName ?? '(none)'} with the data from before is gone. Restore ${safetyText(status)} instead.`,
    )
  const newer = newerServer(target.instance, before)
  if (newer !== undefined)
    return impossible(
      `Claim ${before.claim.metadata?.name ?? ''} has a database of Meilisearch ${newer.database}, and the server runs ${newer.server} by now, which would change that database for good: it is the only one of its kind. Restore ${safetyText(status)} with version: AllowUpgrade instead.`,
    )
  return (
    heldUp(observation) ??
    step({
      phase: 'Stopping',
      reason: restoreReasons.RollingBack,
      message: `The server goes back to claim ${before.claim.metadata?.name ?? ''} with the data from before.`,
      changes: {
        rollback: {
          cause: 'Asked',
          message: 'Asked for by spec.rollback.',
          to: { claimName: before.claim.metadata?.name ?? '', generation: current.generation + 1 },
          startedAt: instant(nowMs),
        },
      },
      againMs: pauses.nextMs,
    })
  )
}

/** A server of a higher version upgrades what it opens, and no server of before opens it again. Undefined where that is not so, or not known. */
function newerServer(
  { status }: MeiliInstance,
  { claim }: DataClaim,
): { readonly database: string; readonly server: string } | undefined {
  const database = claim.metadata?.annotations?.[databaseVersionAnnotation]
  const server = status?.version
  if (database === undefined || server === undefined) return undefined
  return compareVersions(database, server) < 0 ? { database: redact(database, 64), server } : undefined
}

/** One that failed is none to go back to. */
const safetyText = ({ safety }: MeiliRestoreStatus): string =>
  safety?.snapshot === undefined || safety.skipped !== undefined
    ? 'another snapshot'
    : `MeiliSnapshot ${safety.snapshot}, which was taken before,`

/** It serves what was restored, and goes on doing so. */
const impossible = (message: string): Verdict => failed({ reason: restoreReasons.RollbackImpossible, message })

/** The restored data serves meanwhile: nothing is lost by waiting. */
function heldUp({ restore, target, runningSnapshots }: RestoreObservation): Verdict | undefined {
  if (restore.metadata.finalizers?.includes(restoreFinalizer) !== true)
    return unchanged({
      effects: [{ kind: 'AddFinalizer', finalizer: restoreFinalizer }],
      againMs: pauses.finalizerMs,
    })
  const [other] = target.others
  const [snapshot] = runningSnapshots
  const waitingFor =
    (other === undefined ? undefined : `MeiliRestore ${other.metadata.name} is at work on this server.`) ??
    (snapshot === undefined ? undefined : `MeiliSnapshot ${snapshot} is being taken.`) ??
    upgradeText(target.instance)
  return waitingFor === undefined
    ? undefined
    : noted({ waitingFor: `It goes back once that has ended: ${waitingFor}` }, { againMs: pauses.workMs })
}
