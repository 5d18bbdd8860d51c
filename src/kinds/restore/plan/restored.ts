// The rung of a target that has the data already: the same MeiliRestore, applied again after a rebuild, does nothing (decision 0045). Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { readRestoredFrom } from '../../../api/status/restored-from.ts'
import type { RestoredFrom } from '../../../api/status/restored-from.ts'
import type { DataClaim } from '../../../reconcile/names/data-claim.ts'
import { completed } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** By name and sha256: another name is another wish, though it be of the same snapshot. Also where a later restore, or a way back, has come after it. */
export const alreadyRestored: Rung = ({ restore, target }) => {
  if (restore.spec.target.inPlace === undefined) return undefined
  const found = target.data.find(({ claim }) => names(readRestoredFrom(claim), restore))
  const instance = target.instance?.metadata.name ?? ''
  if (found === undefined) return undefined
  const again = 'To restore this source again, create a MeiliRestore under another name.'
  return completed({
    reason: restoreReasons.AlreadyRestored,
    message: `${textOf(found, target.data[0])} Nothing was done to MeiliInstance ${instance}. ${again}`,
  })
}

/** One with this object's own UID is its own work, which it goes on with. */
function names(from: RestoredFrom | undefined, { metadata, status }: MeiliRestore): boolean {
  if (from === undefined || from.restoreUid === metadata.uid) return false
  const sha256 = status?.resolved?.sha256
  return [{ restore: from.restore, sha256: from.sha256 }, ...(from.earlier ?? [])].some(
    (each) => each.restore === metadata.name && each.sha256 === sha256,
  )
}

function textOf({ claim, generation }: DataClaim, data: DataClaim | undefined): string {
  const { restore = '', at = '' } = readRestoredFrom(claim) ?? {}
  const text = `Claim ${claim.metadata?.name ?? ''} was filled by MeiliRestore ${restore} at ${at}, with this very file or after it.`
  return data?.generation === generation
    ? text
    : `${text} By now the data is on claim ${data?.claim.metadata?.name ?? ''}.`
}
