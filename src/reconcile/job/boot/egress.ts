// Says whether a server may be started on a stored snapshot at all: what it holds must not send anything to the outside. Pure.

/** The oldest version of which it was seen that a dead proxy stops its webhooks. 1.21.0 was seen to send them all the same; in between nobody has looked. */
const proxyHoldsFrom = [1, 50, 0]

interface Held {
  /** The version of the server that is started. */
  readonly version: string
  /** Tasks that waited when the snapshot was taken: they run as soon as a server starts, and then call what the snapshot has of webhooks. */
  readonly tasksEnqueued: number | undefined
  /** The user's word that nothing leaves the pod. */
  readonly egress: 'Allowed' | 'Denied'
}

/** Undefined where it may. @returns a sentence with the ways out, without their fields: those are the kind's own */
export function whyNotStarted({ version, tasksEnqueued, egress }: Held): string | undefined {
  if (egress === 'Denied' || tasksEnqueued === 0 || holdsProxy(version)) return undefined
  const held =
    tasksEnqueued === undefined
      ? 'It is not on record whether tasks waited in the server when the snapshot was taken'
      : `${tasksEnqueued} tasks waited in the server when the snapshot was taken`
  return `${held}: a server that is started on it would run them, and call the webhooks that it holds, as Meilisearch ${version} (before ${proxyHoldsFrom.join('.')}) obeys no proxy.`
}

const holdsProxy = (version: string): boolean => isAtLeast(version, proxyHoldsFrom)

/** The oldest version whose scheduler stays off where it may batch no task (MEILI_EXPERIMENTAL_MAX_NUMBER_OF_BATCHED_TASKS=0): crates/index-scheduler/src/lib.rs, v1.15.0. */
const schedulerStaysOffFrom = [1, 15, 0]

/** Undefined where an engine of this version can be kept from running any task. @returns a sentence */
export function whyTasksRun(version: string): string | undefined {
  return isAtLeast(version, schedulerStaysOffFrom)
    ? undefined
    : `Meilisearch ${version} (before ${schedulerStaysOffFrom.join('.')}) runs the tasks that wait as soon as it starts: nothing can be taken out before.`
}

function isAtLeast(version: string, oldest: readonly number[]): boolean {
  const parts = version.split(/[.+-]/).slice(0, 3).map(Number)
  if (parts.some(Number.isNaN)) return false
  for (const [at, least] of oldest.entries()) {
    const difference = (parts[at] ?? 0) - least
    if (difference !== 0) return difference > 0
  }
  return true
}
