// Says of a mover's pod whether it runs: only then does it hold a slot. Reads what the cache has of it, and judges by no clock but that of whoever asks. Pure.
import { commandLabel, moverContainer } from '../../../../reconcile/job/template.ts'
import { usualWaits } from '../../../../reconcile/job/waiting.ts'
import type { KubeObject } from '../../../../kube/resource.ts'
import type { KeptPod } from '../kept.ts'

/** Commands of the mover of which only some may run at once. */
export type Limited = 'move' | 'receive' | 'deleteArtifact'

/**
 * - `new`: the scheduler has not had its say yet
 * - `starting`: on its node, and not begun
 * - `running`: at work
 * - `stuck`: without somebody's help it does not begin
 * - `ended`: its container is done, whatever else the pod runs
 */
export type PodState = 'new' | 'starting' | 'running' | 'stuck' | 'ended'

/** Undefined for other commands. A pod that an earlier version made does not say what it does: it counts as one that moves. */
export function commandOf({ metadata }: KubeObject): Limited | undefined {
  const command = metadata.labels?.[commandLabel] ?? 'move'
  return command === 'move' || command === 'receive' || command === 'deleteArtifact' ? command : undefined
}

export function jobOf({ metadata }: KubeObject): string {
  return metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.name ?? ''
}

export function podState({ spec, status }: KeptPod): PodState {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return 'ended'
  if (spec?.nodeName === undefined) return isRefused(status?.conditions) ? 'stuck' : 'new'
  const state = status?.containerStatuses?.find(({ name }) => name === moverContainer)?.state
  if (state?.terminated !== undefined) return 'ended'
  if (state?.running !== undefined) return 'running'
  const reason = state?.waiting?.reason
  return reason === undefined || usualWaits.has(reason) ? 'starting' : 'stuck'
}

/** No node can take it, or somebody has barred it from all. */
function isRefused(conditions: readonly { readonly type: string; readonly status: string }[] = []): boolean {
  return conditions.some(({ type, status }) => type === 'PodScheduled' && status === 'False')
}
