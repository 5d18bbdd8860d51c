// Decides what the test cluster, instead of a provisioner, owes its volumes. Pure: what exists goes in, what to do comes out.

export interface Volume {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly capacity: { readonly storage: string }
    readonly claimRef?: { readonly namespace: string; readonly name: string; readonly uid: string } | null
    readonly local?: { readonly path: string }
    readonly hostPath?: { readonly path: string }
  }
  readonly status?: { readonly phase?: string }
}

export interface Claim {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string }
  readonly spec: {
    readonly volumeName?: string
    readonly resources: { readonly requests: { readonly storage: string } }
  }
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } }
}

export type Change =
  | { readonly type: 'wipe'; readonly volume: string; readonly path: string; readonly shared: boolean }
  | { readonly type: 'raise-volume'; readonly volume: string; readonly storage: string }
  | { readonly type: 'raise-claim'; readonly namespace: string; readonly claim: string; readonly storage: string }

/** Volumes with this label belong to the test cluster. */
export const poolLabel = 'test-cluster/pool'

const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
}

/** Bytes of a Kubernetes quantity of storage. */
export function bytesOf(quantity: string): number {
  const [, number = '', unit = ''] = /^([\d.]+)([A-Za-z]*)$/.exec(quantity) ?? []
  const factor = factors[unit]
  if (number === '' || factor === undefined)
    throw new Error(
      `"${quantity}" is no quantity of storage: expected a number and one of ${Object.keys(factors).join(' ')}.`,
    )
  return Number(number) * factor
}

/** First the volume grows, then the claim's status says so, as external-resizer does it for volumes that need no node for it. */
function growth(claim: Claim, volume: Volume): Change | undefined {
  const asked = claim.spec.resources.requests.storage
  const { namespace, name } = claim.metadata
  if (bytesOf(asked) > bytesOf(volume.spec.capacity.storage))
    return { type: 'raise-volume', volume: volume.metadata.name, storage: asked }
  const capacity = claim.status?.capacity?.storage
  const grown = capacity !== undefined && bytesOf(asked) > bytesOf(capacity)
  return grown ? { type: 'raise-claim', namespace, claim: name, storage: volume.spec.capacity.storage } : undefined
}

export function poolChanges(volumes: readonly Volume[], claims: readonly Claim[]): readonly Change[] {
  const ours = volumes.filter(({ metadata }) => metadata.labels?.[poolLabel] !== undefined)
  return ours.flatMap((volume): readonly Change[] => {
    const name = volume.metadata.name
    const path = volume.spec.local?.path ?? volume.spec.hostPath?.path
    if (volume.status?.phase === 'Released' && path !== undefined)
      return [{ type: 'wipe', volume: name, path, shared: volume.spec.hostPath !== undefined }]
    const claim = claims.find(
      ({ metadata, spec, status }) =>
        spec.volumeName === name && status?.phase === 'Bound' && metadata.uid === volume.spec.claimRef?.uid,
    )
    const change = claim === undefined ? undefined : growth(claim, volume)
    return change === undefined ? [] : [change]
  })
}
