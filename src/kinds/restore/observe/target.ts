// Reads what is at the target of a restore: the instance, its claims, its StatefulSet, and who mounts a claim. Judges nothing.
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'
import { isAtWork, meiliRestores, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { persistentVolumeClaims, pods, statefulSets } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import { dataClaims } from '../../../reconcile/names/data-claim.ts'
import { baseName, childLabels } from '../../../reconcile/names/objects.ts'
import type { TargetSeen } from '../observation.ts'
import { targetKeyOf } from './line.ts'
import type { RestoresKept } from './line.ts'

interface World {
  readonly kube: KubeClient
  readonly instance: (key: string) => MeiliInstance | undefined
  readonly runsServers: boolean
  readonly restores: RestoresKept
}

export const nothingThere: TargetSeen = {
  instance: undefined,
  claim: undefined,
  filled: undefined,
  data: [],
  claims: [],
  statefulSet: undefined,
  pods: [],
  others: [],
}

export async function lookAtTarget(world: World, restore: MeiliRestore): Promise<TargetSeen> {
  const { namespace } = restore.metadata
  const { inPlace, claim } = restore.spec.target
  if (claim !== undefined) return await lookAtClaim(world.kube, restore, claim.name)
  if (inPlace === undefined) return nothingThere
  const { name } = inPlace.instanceRef
  const instance = world.instance(`${namespace}/${name}`)
  return world.runsServers
    ? { ...nothingThere, instance, ...(await lookAtServer(world, restore, name)) }
    : { ...nothingThere, instance }
}

type Claim = V1PersistentVolumeClaim & KubeObject

async function lookAtClaim(kube: KubeClient, restore: MeiliRestore, name: string): Promise<TargetSeen> {
  const { namespace } = restore.metadata
  const claim = await kube.find<Claim>(persistentVolumeClaims, { namespace, name })
  return {
    ...nothingThere,
    claim,
    filled: claim,
    pods: claim === undefined ? [] : await podsOn(kube, restore, new Set([name])),
  }
}

/** By the instance's name alone: a restore ends well also where the instance has gone. */
async function lookAtServer(
  { kube, restores }: World,
  restore: MeiliRestore,
  name: string,
): Promise<Omit<TargetSeen, 'instance' | 'claim'>> {
  const { namespace } = restore.metadata
  const named = { metadata: { name } }
  const labelSelector = Object.entries(childLabels(named))
    .map(([label, value]) => `${label}=${value}`)
    .join(',')
  const filled = restore.status?.fill?.claimName
  const [claims, statefulSet, claim] = await Promise.all([
    kube.listAll<Claim>(persistentVolumeClaims, { namespace, labelSelector }),
    kube.find<V1StatefulSet & KubeObject>(statefulSets, { namespace, name: baseName(named) }),
    filled === undefined ? undefined : kube.find<Claim>(persistentVolumeClaims, { namespace, name: filled }),
  ])
  const names = new Set(claims.map(({ metadata }) => metadata.name))
  return {
    claims,
    filled: claim,
    data: dataClaims(named, claims),
    statefulSet,
    pods: looksAtPods(restore) ? await podsOn(kube, restore, names) : [],
    others: await othersAtWork({ kube, restores }, restore),
  }
}

/** Whoever is about to exchange the data has put that on record first, and then looks past the cache: of two who do so, one at least sees the other. */
async function othersAtWork(
  { kube, restores }: Pick<World, 'kube' | 'restores'>,
  restore: MeiliRestore,
): Promise<readonly MeiliRestore[]> {
  const { namespace, uid } = restore.metadata
  const target = targetKeyOf(restore)
  const all =
    restore.status?.phase === 'Stopping'
      ? await kube.listAll<MeiliRestore & KubeObject>(meiliRestores, { namespace })
      : restores.ofTarget(target ?? '')
  return [...all].filter((other) => other.metadata.uid !== uid && targetKeyOf(other) === target && isAtWork(other))
}

/** From the moment on when the server is to stop. */
const exchange: ReadonlySet<string | undefined> = new Set(['Stopping', 'Switching', 'Starting'])
const looksAtPods = ({ metadata, status }: MeiliRestore): boolean =>
  exchange.has(status?.phase) || status?.oldData !== undefined || metadata.deletionTimestamp !== undefined

/** A namespace may hold thousands: of a page nothing stays but those. */
const podsAtOnce = 100

async function podsOn(
  kube: KubeClient,
  { metadata: { namespace, uid }, status }: MeiliRestore,
  claims: ReadonlySet<string>,
): Promise<readonly V1Pod[]> {
  const isOwn = (pod: V1Pod): boolean => pod.metadata?.labels?.[restoreUidLabel] === uid && !exchange.has(status?.phase)
  const found: V1Pod[] = []
  for await (const { items } of kube.pages<V1Pod & KubeObject>(pods, { namespace, limit: podsAtOnce }))
    found.push(...items.filter((pod) => !isOwn(pod) && mountsOne(pod, claims)))
  return found
}

/** One that has ended holds no volume any more. */
function mountsOne({ spec, status }: V1Pod, claims: ReadonlySet<string>): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false
  return spec?.volumes?.some(({ persistentVolumeClaim }) => claims.has(persistentVolumeClaim?.claimName ?? '')) ?? false
}
