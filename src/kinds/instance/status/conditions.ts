// Builds an instance's conditions: the server alone (Ready), our work on it (Reconciling, Stalled), and spec (Applied). Pure.
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { MeiliInstance } from '../../../api/instance.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { authorization, podFound, reachable } from './checks.ts'
import type { Managed } from '../children/managed.ts'
import type { InstanceObservation } from '../observation.ts'
import { foreignService } from '../children/selected-by.ts'
import { settingsOf } from '../children/server-pod.ts'
import { volumeReady } from './volume-checks.ts'

type Said = Pick<Wanted, 'reason' | 'message'>
/** What a rung said, as far as it is judged here. */
type Taken = (Said & { readonly is: string }) | undefined

/** Not ready for this long is no longer "soon": for kstatus it has failed. It recovers all the same. */
const stalledAfterMs = 10 * 60_000

/** What spec asks for, and whether all of it is in place. */
export function appliedOf(managed: Managed, taken: Taken): Wanted[] {
  const { instance, spec } = managed
  const { reason, message } = taken ?? {
    reason: instanceReasons.Applied,
    message: spec.suspend
      ? 'Suspended: no server runs, the data is kept.'
      : 'Everything that spec.managed asks for is in place.',
  }
  const { ignored } = settingsOf(instance, spec)
  const conflict = {
    type: instanceConditions.SettingsIgnored,
    status: 'True',
    reason: instanceReasons.SettingsConflict,
    message: `Left out, as the operator sets them itself: ${ignored.join(', ')}.`,
  } as const
  return [
    { type: instanceConditions.Applied, status: taken === undefined ? 'True' : 'False', reason, message },
    ...(ignored.length === 0 ? [] : [conflict]),
    ...foreignService(managed),
  ]
}

const checksOf = (observation: InstanceObservation): readonly Wanted[] => [
  podFound(observation),
  reachable(observation),
  authorization(observation),
]

export function readyFor(observation: InstanceObservation, taken: Taken): Wanted {
  return suspension(observation, taken) ?? readiness(observation, checksOf(observation), taken)
}

/** As it was asked for: nothing is wrong, and nothing is to come. */
function suspension({ instance, pods }: InstanceObservation, taken: Taken): Wanted | undefined {
  if (instance.spec.managed?.suspend !== true || pods.length > 0 || taken !== undefined) return undefined
  return {
    type: conditionTypes.Ready,
    status: 'True',
    reason: instanceReasons.Suspended,
    message: 'Suspended: no server runs, the data is kept.',
  }
}

/** What has failed stands before what was not checked: a missing Secret is why the server was not asked. What we do about it stands before both. */
function readiness({ rival, server, endpoint }: InstanceObservation, checks: readonly Wanted[], taken: Taken): Wanted {
  const type = conditionTypes.Ready
  if (rival !== undefined) {
    return {
      type,
      status: 'False',
      reason: instanceReasons.PodAlreadyClaimed,
      message: `MeiliInstance ${rival} is older and stands for the same pod. Delete one of the two.`,
    }
  }
  const failed = checks.find(({ status }) => status === 'False') ?? checks.find(({ status }) => status !== 'True')
  if (failed !== undefined) {
    const { reason, message } = taken ?? failed
    return { type, status: 'False', reason, message }
  }
  const version = server.state === 'Answered' ? server.version : ''
  return {
    type,
    status: 'True',
    reason: instanceReasons.Ready,
    message: `Meilisearch ${version} answers at ${endpoint ?? ''}.`,
  }
}

/** All conditions in their order, and how long it has not been ready. */
export function gatherConditions(
  observation: InstanceObservation,
  { ready, taken, applied }: { ready: Wanted; taken: Taken; applied: readonly Wanted[] },
  nowMs: number,
): { readonly waitedMs: number; readonly wanted: readonly Wanted[] } {
  const waitedMs = notReadyForMs(observation.instance, ready, nowMs)
  const progress = progressOf(ready, waitedMs, taken)
  return { waitedMs, wanted: [...progress, ready, ...applied, ...checksOf(observation), volumeReady(observation)] }
}

function notReadyForMs(instance: MeiliInstance, ready: Wanted, nowMs: number): number {
  const before = conditionNamed(instance.status?.conditions, conditionTypes.Ready)
  if (ready.status === 'True' || before?.status !== 'False') return 0
  return nowMs - Date.parse(before.lastTransitionTime)
}

/** At most one of Reconciling and Stalled: while it is not ready, or not as spec asks. */
function progressOf(ready: Wanted, waitedMs: number, taken: Taken): Wanted[] {
  const why = ready.status === 'True' ? taken : ready
  if (why === undefined) return []
  const isStalled =
    taken?.is === 'stalled' || ready.reason === instanceReasons.PodAlreadyClaimed || waitedMs > stalledAfterMs
  return [
    {
      reason: why.reason,
      message: why.message,
      type: isStalled ? conditionTypes.Stalled : conditionTypes.Reconciling,
      status: 'True',
    },
  ]
}

/** Of one that is being deleted. */
export function deletionConditions({ reason, message }: Said): readonly Wanted[] {
  const why = { reason, message }
  return [
    { type: conditionTypes.Reconciling, status: 'True', ...why },
    { type: conditionTypes.Ready, status: 'False', ...why },
    { type: instanceConditions.Applied, status: 'False', ...why },
  ]
}
