// The rungs of what was unpacked: is it what was planned? Then it becomes the data, or is left where it is. Pure.
import { restoreReasons } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { beginExchange } from '../exchange/stop.ts'
import { pauses } from '../status/pauses.ts'
import { completed, failed, step } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** Somebody has changed status. */
export const fillUnknown: Rung = ({ restore: { status } }) => {
  if (status?.fill !== undefined && status.resolved !== undefined) return undefined
  return step({
    phase: 'Pending',
    reason: restoreReasons.Resolving,
    message: 'The record of what is unpacked is lost. It is begun anew.',
    changes: { resolved: undefined, plan: undefined, fill: undefined, sanitize: undefined },
    againMs: pauses.nextMs,
  })
}

export const filledOtherwise: Rung = ({ restore: { status } }) => {
  const { fill, resolved } = status ?? {}
  if (fill?.completedAt === undefined || resolved === undefined) return undefined
  const { meilisearchVersion: planned, uncompressedBytes: bytes } = resolved
  const differences = [
    planned !== undefined && fill.version !== planned
      ? `Meilisearch ${fill.version ?? '(unknown)'} in place of ${planned}`
      : '',
    bytes !== undefined && fill.uncompressedBytes !== undefined && fill.uncompressedBytes !== bytes
      ? `${fill.uncompressedBytes} bytes in place of ${bytes}`
      : '',
  ].filter((text) => text !== '')
  return differences.length === 0
    ? undefined
    : failed({
        reason: restoreReasons.ContentMismatch,
        message: `What was unpacked on claim ${fill.claimName} is not what is on record of the snapshot: ${differences.join(', ')}. It is not used.`,
      })
}

export const filledAsPlanned: Rung = (observation, nowMs) => {
  const { spec, status } = observation.restore
  const { fill, resolved } = status ?? {}
  if (fill?.completedAt === undefined) return undefined
  const { claim } = spec.target
  if (claim === undefined) return beginExchange(observation, nowMs)
  return completed({
    reason: restoreReasons.Completed,
    message: `Claim ${claim.name} has the data of ${resolved?.name ?? ''} in directory ${claim.directory}: a database of Meilisearch ${fill.version ?? ''}. Its server may be started.`,
    changes: { restored: { version: fill.version, at: instant(nowMs) } },
  })
}
