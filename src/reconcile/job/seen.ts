// What one pass knows of an object's mover: the types that look.ts fills, and that rungs read.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { MoverProgress } from '../../mover/contract.ts'

export interface MoverSeen {
  readonly job: V1Job | undefined
  /** Newest pod of the Job. */
  readonly pod: V1Pod | undefined
  readonly progress: MoverProgress | undefined
  /** Newest Warning Event of the pod, or of the Job where it has no pod. */
  readonly warning: { readonly reason: string; readonly message: string } | undefined
  /** What the cluster says of the claim that is written to, while it is not bound and the pod waits for it. */
  readonly claimTrouble: string | undefined
  /** Jobs of this object, of any attempt, but the one that cleans up after it. All of them where `job` is not there, or the object is being deleted; else `job` alone. */
  readonly jobs: readonly V1Job[]
}
