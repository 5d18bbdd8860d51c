// What a restore in place does to its server: while one is at work, nothing else replaces the pod, and while it exchanges the data no server runs. Pure.
import { instanceReasons } from '../../../api/instance.ts'
import { dataName, podNameOf } from '../children/managed.ts'
import type { Managed } from '../children/managed.ts'
import { waiting } from '../status/verdict.ts'
import type { Step } from '../status/verdict.ts'

/** Its phases wake us. */
export function restoring(managed: Managed): Step | undefined {
  const { instance, observation, seen } = managed
  const { hold } = seen
  if (hold?.isStopping !== true) return undefined
  const isRunning = observation.pods.length > 0 || (seen.statefulSet?.status?.replicas ?? 0) > 0
  return waiting({
    reason: instanceReasons.Restoring,
    message: isRunning
      ? `MeiliRestore ${hold.name} exchanges the data, and the server stops first: pod ${podNameOf(instance)} is ending.`
      : `MeiliRestore ${hold.name} exchanges the data, now on claim ${dataName(managed) ?? ''}. The server starts again as soon as that is done.`,
  })
}

/** Undefined while no restore is at work. */
export function heldUntil({ seen: { hold } }: Managed): string | undefined {
  return hold === undefined ? undefined : `MeiliRestore ${hold.name} has ended`
}
