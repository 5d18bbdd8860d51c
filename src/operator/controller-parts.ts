// What every controller of a kind is put together from.
import type { KubeClient } from '../kube/client.ts'
import type { Connections } from '../perform/meilisearch-connections.ts'
import type { Loop } from '../reconcile/kind.ts'
import type { KubeObject } from '../kube/resource.ts'
import type { Caches } from './caches.ts'
import type { Config } from './config.ts'

/** How many objects of a kind are reconciled at once. They only wait, also for servers that swallow what they are sent (docs/decisions/0031-workers-and-waits.md). */
export const workers = 32

export interface Parts {
  readonly config: Config
  readonly kube: KubeClient
  readonly connections: Connections
  readonly caches: Caches
  readonly loop: Omit<Loop<KubeObject>, 'get'>
}
