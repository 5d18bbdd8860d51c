// Which exchange of data is under way: to the restored data, or back to the data from before; and what its claims say of it. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { durationMs } from '../../../api/meta.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import type { ClaimSeen } from '../../../reconcile/decision.ts'
import type { RestoreObservation, TargetSeen } from '../observation.ts'
import { deadlineText } from '../status/deadline.ts'
import type { Changes } from '../status/status.ts'

type Claim = NonNullable<MeiliRestoreStatus['switched']>['to']

export interface Exchange {
  /** To the data from before. */
  readonly isBack: boolean
  /** What is the data until then; undefined where there was none. */
  readonly from: Claim | undefined
  readonly to: Claim
  /** When the server was to stop. */
  readonly stoppingAt: string | undefined
  /** When it was begun last. */
  readonly triedAt: string | undefined
  readonly at: string | undefined
}

export function exchangeOf({ switched, rollback }: MeiliRestoreStatus = {}): Exchange | undefined {
  if (rollback?.to !== undefined)
    return {
      isBack: true,
      from: switched?.to,
      to: rollback.to,
      stoppingAt: rollback.startedAt,
      triedAt: rollback.triedAt,
      at: rollback.at,
    }
  if (switched === undefined) return undefined
  const { from, to, stoppingAt, triedAt, at } = switched
  return { isBack: false, from, to, stoppingAt, triedAt, at }
}

/** The same on record, where that exchange stands in status. */
export function recordExchange(
  { switched, rollback }: MeiliRestoreStatus = {},
  change: Partial<Pick<Exchange, 'triedAt' | 'at'>>,
): Changes {
  if (rollback?.to !== undefined) return { rollback: { ...rollback, ...change } }
  return switched === undefined ? {} : { switched: { ...switched, ...change } }
}

export const claimNamed = ({ claims }: TargetSeen, name: string | undefined): V1PersistentVolumeClaim | undefined =>
  claims.find(({ metadata }) => metadata?.name === name)

export const seenAs = ({ metadata }: V1PersistentVolumeClaim): ClaimSeen => ({
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
  resourceVersion: metadata?.resourceVersion ?? '',
})

/** The claim's own annotation says so, whatever status knows of it. */
export function isSwitched({ data: [first] }: TargetSeen, { to }: Pick<Exchange, 'to'>): boolean {
  return first?.claim.metadata?.name === to.claimName && first.generation >= to.generation
}

/** Everything that the operator made has that number or a lower one. */
export const highestGeneration = ({ data: [first] }: TargetSeen): number => first?.generation ?? 0

/** It is not there, or about to go. */
export function isGoingInstance({ target: { instance } }: RestoreObservation): boolean {
  return instance === undefined || instance.metadata.deletionTimestamp !== undefined
}

export const isGone = (claim: V1PersistentVolumeClaim | undefined): boolean =>
  claim === undefined || claim.metadata?.deletionTimestamp !== undefined

export const instanceName = ({ spec }: MeiliRestore): string => spec.target.inPlace?.instanceRef.name ?? ''

/** deadlines.switch counts from when the server was to stop, anew for each way. */
const endMs = ({ spec }: MeiliRestore, { stoppingAt, at }: Exchange): number | undefined => {
  const since = stoppingAt ?? at
  return since === undefined ? undefined : Date.parse(since) + durationMs(spec.deadlines.switch)
}

/** Also where a status lost when it began: then it never gives up by the clock alone. */
export function isOver(restore: MeiliRestore, exchange: Exchange, nowMs: number): boolean {
  return nowMs > (endMs(restore, exchange) ?? Number.POSITIVE_INFINITY)
}

export function untilText(restore: MeiliRestore, exchange: Exchange): string {
  const end = endMs(restore, exchange)
  return end === undefined ? 'until it does' : `until ${deadlineText(end)}`
}
