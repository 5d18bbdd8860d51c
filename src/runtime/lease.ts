// Reads and writes the Lease: what its holder writes, when a silent holder has expired, and the news that nobody holds it any more. The news only wakes
// a candidate: its next try reads the lease again and judges. Clocks of two machines are never compared.
import type { ApiObject, Client, ObjectName, Resource, WatchEvent } from './edges.ts'

export const leases: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' }

export interface Lease extends ApiObject {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

type LeaseSpec = NonNullable<Lease['spec']>

/** What a holder writes, as it takes the lease or renews it. */
export function specOfHolder(identity: string, leaseMs: number, current?: Lease): LeaseSpec {
  const isOurs = current?.spec?.holderIdentity === identity
  const transitions = current?.spec?.leaseTransitions ?? 0
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    acquireTime: isOurs ? (current?.spec?.acquireTime ?? microTime()) : microTime(),
    renewTime: microTime(),
    leaseTransitions: current === undefined || isOurs ? transitions : transitions + 1,
  }
}

/** What the holder writes as it goes. */
export const specWithoutHolder = (current: Lease): LeaseSpec => ({
  ...current.spec,
  holderIdentity: '',
  leaseDurationSeconds: 1,
  renewTime: microTime(),
})

/** The API server wants six fractional digits. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}

/** Another holder's lease counts as expired when it has not changed for its whole duration on our own clock. */
export class Silence {
  readonly #nowMs: () => number
  readonly #usualMs: number
  #seen: { text: string; at: number } | undefined

  /** @param usualMs for a lease that does not say how long it lasts */
  constructor(nowMs: () => number, usualMs: number) {
    this.#nowMs = nowMs
    this.#usualMs = usualMs
  }

  /** True where the lease, as it was just read, has been the same for too long. */
  isOver({ spec }: Lease): boolean {
    const text = JSON.stringify([spec?.holderIdentity, spec?.renewTime, spec?.acquireTime, spec?.leaseTransitions])
    if (this.#seen?.text !== text) this.#seen = { text, at: this.#nowMs() }
    return this.#nowMs() - this.#seen.at >= (spec?.leaseDurationSeconds ?? this.#usualMs / 1000) * 1000
  }
}

export interface LeaseWatch {
  readonly kube: Pick<Client, 'watch'>
  readonly lease: ObjectName
  readonly signal: AbortSignal
  /** Between a watch that ended and the next one. */
  readonly rest: () => Promise<void>
  /** Called with the reason when a watch breaks off. */
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
