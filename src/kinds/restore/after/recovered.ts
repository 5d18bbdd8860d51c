// A restore whose status was lost after its claim had become the data: the claim's own words tell how far it was. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { readRestoredFrom } from '../../../api/status/restored-from.ts'
import type { DataClaim } from '../../../reconcile/names/data-claim.ts'
import { pauses } from '../status/pauses.ts'
import { completed, rolledBack, step } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** Only where nothing of the exchange is on record: it must not be carried out twice. */
export const recordLost: Rung = ({ restore, target }, nowMs) => {
  const { spec, status, metadata } = restore
  if (spec.target.inPlace === undefined || status?.switched !== undefined) return undefined
  const isOurs = ({ claim }: DataClaim): boolean => readRestoredFrom(claim)?.restoreUid === metadata.uid
  const at = target.data.findIndex(isOurs)
  const [ours, before] = target.data.slice(at)
  const [current] = target.data
  if (at < 0 || ours === undefined || current === undefined) return undefined
  const to = { claimName: ours.claim.metadata?.name ?? '', generation: ours.generation }
  const lost = `Its status was lost; claim ${to.claimName} says that it was filled for this MeiliRestore`
  if (at === 0)
    return step({
      phase: 'Starting',
      reason: restoreReasons.Starting,
      message: `${lost}, and is the data.`,
      changes: {
        switched: {
          ...(before === undefined
            ? {}
            : { from: { claimName: before.claim.metadata?.name ?? '', generation: before.generation } }),
          to,
          at: instant(nowMs),
        },
      },
      againMs: pauses.nextMs,
    })
  const isSuperseded =
    Date.parse(readRestoredFrom(current.claim)?.at ?? '') > Date.parse(readRestoredFrom(ours.claim)?.at ?? '')
  const message = `${lost}, and is the data no more: claim ${current.claim.metadata?.name ?? ''} is.`
  if (isSuperseded) return completed({ reason: restoreReasons.AlreadyRestored, message })
  const now = instant(nowMs)
  return rolledBack({
    message,
    changes: {
      switched: { to },
      rollback: {
        cause: spec.rollback ? 'Asked' : 'StartFailed',
        message: 'Why it went back stood in the status that was lost.',
        startedAt: now,
        completedAt: now,
      },
      oldData: { ...to, keptSince: now, removable: false },
    },
  })
}
