// The Lease, and the news that nobody holds it any more. The news only wakes a candidate: its next try reads the lease again and judges.
import type { KubeClient, WatchEvent } from '../kube/client.ts'
import { leases } from '../kube/resource.ts'
import type { KubeObject } from '../kube/resource.ts'

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

export interface LeaseWatch {
  readonly kube: Pick<KubeClient, 'watch'>
  readonly lease: { readonly namespace: string; readonly name: string }
  readonly signal: AbortSignal
  /** Between a watch that ended and the next one. */
  readonly rest: () => Promise<void>
  /** Told why a watch broke off. */
  readonly failed: (error: unknown) => void
}

/** The server ends a watch after this time. */
const timeoutSeconds = 300

/** Calls back each time the lease is seen without a holder, also at the beginning; until the signal. Never throws. */
export async function watchReleases(
  { kube, lease, signal, rest, failed }: LeaseWatch,
  released: () => void,
): Promise<void> {
  const scope = { namespace: lease.namespace, fieldSelector: `metadata.name=${lease.name}`, timeoutSeconds, signal }
  while (!signal.aborted) {
    await watchOnce(kube.watch<Lease>(leases, scope), released).catch(failed)
    await rest()
  }
}

async function watchOnce(events: AsyncIterable<WatchEvent<Lease>>, released: () => void): Promise<void> {
  for await (const { type, object } of events) {
    if (type === 'DELETED' || (type !== 'BOOKMARK' && (object.spec?.holderIdentity ?? '') === '')) released()
  }
}
