// Decides when a pod is replaced, and what status says while there is none. Never in the middle of a snapshot or of an upgrade of the database. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import { instanceReasons } from '../../../api/instance.ts'
import { baseName } from '../../../reconcile/names/objects.ts'
import {
  alivePod,
  appliedBefore,
  isOnOtherData,
  answeredVersion,
  isOutdated,
  isPodReady,
  podNameOf,
  snapshotsInTheWay,
} from '../children/managed.ts'
import type { Managed } from '../children/managed.ts'
import { podTrouble } from './pod-trouble.ts'
import { heldUntil } from './restoring.ts'
import { keyAnnotation } from '../children/server-pod.ts'
import type { Plan } from './upgrade/plan.ts'
import { step, waiting } from '../status/verdict.ts'
import type { Step } from '../status/verdict.ts'

export function restart(managed: Managed, { upgrade }: Plan): Step | undefined {
  const pod = alivePod(managed)
  const [ahead] = snapshotsInTheWay(managed)
  if (managed.spec.suspend)
    return ahead === undefined
      ? undefined
      : waiting({
          reason: instanceReasons.RestartPending,
          message: `The server is suspended when snapshot ${ahead} has ended.`,
        })
  const why = pod === undefined ? undefined : whyReplaced(managed, pod)
  if (pod === undefined || why === undefined) return undefined
  const held =
    ahead === undefined ? (changingDatabase(managed, upgrade) ?? restoreAtWork(managed)) : `snapshot ${ahead} has ended`
  if (held !== undefined)
    return waiting({ reason: instanceReasons.RestartPending, message: `${why} It is replaced when ${held}.` })
  return step({
    reason: instanceReasons.Restarting,
    message: `${why} It is being replaced.`,
    effects: [{ kind: 'DeletePod', name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '' }],
  })
}

function changingDatabase(managed: Managed, upgrade: Plan['upgrade']): string | undefined {
  const isChanging =
    upgrade?.step === 'Database' && upgrade.failure === undefined && answeredVersion(managed) !== undefined
  return isChanging ? 'Meilisearch has changed its database' : undefined
}

/** A server that serves nothing, or the wrong data, is in no restore's interest. */
function restoreAtWork(managed: Managed): string | undefined {
  const isNeeded = managed.observation.server.state === 'MustRestart' || isOnOtherData(managed)
  return isNeeded ? undefined : heldUntil(managed)
}

function whyReplaced(managed: Managed, pod: V1Pod): string | undefined {
  const name = pod.metadata?.name ?? ''
  const { observation, seen } = managed
  if (observation.server.state === 'MustRestart')
    return `Meilisearch in pod ${name} asks to be restarted (mustRestart, after a compaction of its task queue).`
  if (isOnOtherData(managed)) return `Pod ${name} runs on the data from before a restore.`
  if (!isOutdated(managed, pod)) return undefined
  const isKeyOld = pod.metadata?.annotations?.[keyAnnotation] !== seen.keySecret?.key?.fingerprint
  return isKeyOld ? `The master key was changed since pod ${name} started.` : `Pod ${name} runs with older settings.`
}

function isAwaited({ observation }: Managed, pod: V1Pod | undefined): boolean {
  return observation.pods.length <= 1 && observation.server.state !== 'Answered' && !isPodReady(pod)
}

function noPod({ instance, seen }: Managed): string | undefined {
  return seen.warning === undefined ? undefined : `StatefulSet ${baseName(instance)} has no pod: ${seen.warning}`
}

/** What a pod that comes is called as long as it is not there: an upgrade and a restart keep their own words. */
const keeps: readonly string[] = [instanceReasons.Restarting, instanceReasons.DriftFound]

export function awaitPod(managed: Managed): Step | undefined {
  const { instance, seen } = managed
  const pod = alivePod(managed)
  if (managed.spec.suspend)
    return (seen.statefulSet?.status?.replicas ?? 0) > 0
      ? waiting({ reason: instanceReasons.Applying, message: `Pod ${podNameOf(instance)} is ending.` })
      : undefined
  if (!isAwaited(managed, pod)) return undefined
  const trouble = pod === undefined ? noPod(managed) : podTrouble(pod)?.message
  if (trouble !== undefined) return waiting({ reason: instanceReasons.PodFailing, message: trouble })
  const before = appliedBefore(instance)
  if (before !== undefined && keeps.includes(before.reason))
    return waiting({ reason: before.reason as Step['reason'], message: before.message })
  return waiting({
    reason: instanceReasons.Applying,
    message: `Pod ${podNameOf(instance)} is ${pod === undefined ? 'being made' : 'starting'}.`,
  })
}
