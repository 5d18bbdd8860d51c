// The rungs of the exchange itself: one write to the claim, whose own annotation tells afterwards whether it was done. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { earlierRestores, readRestoredFrom, restoredFromText } from '../../../api/status/restored-from.ts'
import type { RestoredFrom } from '../../../api/status/restored-from.ts'
import type { DataSwitch } from '../../../reconcile/decision.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { step } from '../status/verdict.ts'
import type { Verdict } from '../status/verdict.ts'
import { claimNamed, recordExchange, seenAs } from './exchange.ts'
import type { Exchange } from './exchange.ts'

/** Before it is tried again: a reply may be on its way, and what was refused is refused again. */
export const betweenTriesMs = 2000

/** The record of the try fences the write in the same pass. */
export function switchNow(
  { restore, target }: RestoreObservation,
  exchange: Exchange,
  nowMs: number,
): Verdict | undefined {
  const claim = claimNamed(target, exchange.to.claimName)
  if (claim === undefined) return undefined
  const { isBack, to } = exchange
  const refused = restore.status?.phase === 'Switching' ? restore.status.waitingFor : undefined
  return step({
    phase: 'Switching',
    reason: isBack ? restoreReasons.RollingBack : restoreReasons.Switching,
    message: `Claim ${to.claimName} becomes the data, generation ${to.generation}. ${refused ?? ''}`.trim(),
    changes: { ...recordExchange(restore.status, { triedAt: instant(nowMs) }), waitingFor: refused },
    effects: [
      {
        kind: 'SwitchData',
        claim: seenAs(claim),
        generation: to.generation,
        ...(isBack ? {} : descriptionOf(restore, target, nowMs)),
      },
    ],
    againMs: betweenTriesMs,
  })
}

/** What the claim says of its data from then on, whatever becomes of the MeiliRestore. */
function descriptionOf(
  { metadata, spec, status = {} }: MeiliRestore,
  { data: [before] }: RestoreObservation['target'],
  nowMs: number,
): Pick<DataSwitch, 'restoredFrom' | 'databaseVersion'> {
  const { resolved, fill } = status
  const databaseVersion = fill?.version ?? resolved?.meilisearchVersion
  return {
    restoredFrom: restoredFromText({
      restore: metadata.name,
      restoreUid: metadata.uid,
      sha256: resolved?.sha256 ?? '',
      path: resolved?.path ?? '',
      sourceClaim: resolved?.claimName ?? '',
      meilisearchVersion: databaseVersion ?? '',
      at: instant(nowMs),
      ...sanitizedIn(spec),
      ...earlierRestores(before && readRestoredFrom(before.claim)),
    }),
    ...(databaseVersion === undefined ? {} : { databaseVersion }),
  }
}

function sanitizedIn({ sanitize: { tasks, webhooks } }: MeiliRestore['spec']): Pick<RestoredFrom, 'sanitized'> {
  const sanitized = [
    ...(tasks === 'Discard' ? (['tasks'] as const) : []),
    ...(webhooks === 'Remove' ? (['webhooks'] as const) : []),
  ]
  return sanitized.length === 0 ? {} : { sanitized }
}

/** It was exchanged: the server may start. */
export function startServer(
  { status }: MeiliRestore,
  { isBack, to }: Pick<Exchange, 'isBack' | 'to'>,
  nowMs: number,
): Verdict {
  return step({
    phase: 'Starting',
    reason: isBack ? restoreReasons.RollingBack : restoreReasons.Starting,
    message: `Claim ${to.claimName} is the data, generation ${to.generation}. The server is being started on it.`,
    changes: recordExchange(status, { at: instant(nowMs) }),
    againMs: pauses.nextMs,
  })
}
