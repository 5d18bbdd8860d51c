// The rung of a target that has the data already: the same MeiliRestore, applied again after a rebuild, does nothing (decision 0045). Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { readRestoredFrom } from '../../../api/status/restored-from.ts'
import type { RestoredFrom } from '../../../api/status/restored-from.ts'
import type { DataClaim } from '../../../reconcile/names/data-claim.ts'
import { completed, failed } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** By name and sha256: another name is another wish, though it be of the same snapshot. Also where a later restore, or a way back, has come after it. */
export const alreadyRestored: Rung = ({ restore, target }) => {
  if (restore.spec.target.inPlace === undefined) return undefined
  const found = target.data.find(({ claim }) => names(readRestoredFrom(claim), restore))
  if (found === undefined) return undefined
  const [current = found] = target.data
  const instance = target.instance?.metadata.name ?? ''
  const again = 'To restore this source again, create a MeiliRestore under another name.'
  const hasGoneBack = !names(readRestoredFrom(current.claim), restore)
  const said = {
    reason: restoreReasons.AlreadyRestored,
    message: `${textOf(found, { current, hasGoneBack })} Nothing was done to MeiliInstance ${instance}. ${again}`,
  }
  // What it asks for is not so, and nobody is to think that it is.
  return hasGoneBack ? failed(said) : completed(said)
}

/** One with this object's own UID is its own work, which it goes on with. */
function names(from: RestoredFrom | undefined, { metadata, status }: MeiliRestore): boolean {
  if (from === undefined || from.restoreUid === metadata.uid) return false
  const sha256 = status?.resolved?.sha256
  return [{ restore: from.restore, sha256: from.sha256 }, ...(from.earlier ?? [])].some(
    (each) => each.restore === metadata.name && each.sha256 === sha256,
  )
}

function textOf(
  { claim }: DataClaim,
  { current, hasGoneBack }: { readonly current: DataClaim; readonly hasGoneBack: boolean },
): string {
  const { restore = '', at = '' } = readRestoredFrom(claim) ?? {}
  const text = `Claim ${claim.metadata?.name ?? ''} was filled by MeiliRestore ${restore} at ${at}, with this very file or after it.`
  return hasGoneBack
    ? `${text} The server went back from it since: the data is on claim ${current.claim.metadata?.name ?? ''}.`
    : text
}
