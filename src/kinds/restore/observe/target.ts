// Reads what is at the target of a restore: the instance, its claims, its StatefulSet, and who mounts a claim. Judges nothing.
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import type { MeiliInstance } from '../../../api/instance.ts'
import { restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { persistentVolumeClaims, pods, statefulSets } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import { dataClaims } from '../../../reconcile/names/data-claim.ts'
import { baseName, childLabels } from '../../../reconcile/names/objects.ts'
import type { TargetSeen } from '../observation.ts'

interface World {
  readonly kube: KubeClient
  readonly instance: (key: string) => MeiliInstance | undefined
  readonly runsServers: boolean
}

export const nothingThere: TargetSeen = {
  instance: undefined,
  claim: undefined,
  data: [],
  claims: [],
  statefulSet: undefined,
  pods: [],
}

export async function lookAtTarget(world: World, restore: MeiliRestore): Promise<TargetSeen> {
  const { namespace } = restore.metadata
  const { inPlace, claim } = restore.spec.target
  if (claim !== undefined) return await lookAtClaim(world.kube, restore, claim.name)
  if (inPlace === undefined) return nothingThere
  const { name } = inPlace.instanceRef
  const instance = world.instance(`${namespace}/${name}`)
  return world.runsServers
    ? { ...nothingThere, instance, ...(await lookAtServer(world.kube, restore, name)) }
    : { ...nothingThere, instance }
}

type Claim = V1PersistentVolumeClaim & KubeObject

async function lookAtClaim(kube: KubeClient, restore: MeiliRestore, name: string): Promise<TargetSeen> {
  const { namespace } = restore.metadata
  const claim = await kube.find<Claim>(persistentVolumeClaims, { namespace, name })
  return { ...nothingThere, claim, pods: claim === undefined ? [] : await podsOn(kube, restore, new Set([name])) }
}

/** By the instance's name alone: a restore ends well also where the instance has gone. */
async function lookAtServer(
  kube: KubeClient,
  restore: MeiliRestore,
  name: string,
): Promise<Omit<TargetSeen, 'instance' | 'claim'>> {
  const { namespace } = restore.metadata
  const named = { metadata: { name } }
  const labelSelector = Object.entries(childLabels(named))
    .map(([label, value]) => `${label}=${value}`)
    .join(',')
  const [claims, statefulSet] = await Promise.all([
    kube.listAll<Claim>(persistentVolumeClaims, { namespace, labelSelector }),
    kube.find<V1StatefulSet & KubeObject>(statefulSets, { namespace, name: baseName(named) }),
  ])
  const names = new Set(claims.map(({ metadata }) => metadata.name))
  return {
    claims,
    data: dataClaims(named, claims),
    statefulSet,
    pods: looksAtPods(restore) ? await podsOn(kube, restore, names) : [],
  }
}

/** From the moment on when the server is to stop. */
const stopping: ReadonlySet<string | undefined> = new Set(['Stopping', 'Switching', 'Starting'])
const looksAtPods = ({ metadata, status }: MeiliRestore): boolean =>
  stopping.has(status?.phase) || status?.oldData !== undefined || metadata.deletionTimestamp !== undefined

/** A namespace may hold thousands: of a page nothing stays but those. */
const podsAtOnce = 100

async function podsOn(
  kube: KubeClient,
  { metadata: { namespace, uid } }: MeiliRestore,
  claims: ReadonlySet<string>,
): Promise<readonly V1Pod[]> {
  const found: V1Pod[] = []
  for await (const { items } of kube.pages<V1Pod & KubeObject>(pods, { namespace, limit: podsAtOnce }))
    found.push(...items.filter((pod) => pod.metadata.labels?.[restoreUidLabel] !== uid && mountsOne(pod, claims)))
  return found
}

/** One that has ended holds no volume any more. */
function mountsOne({ spec, status }: V1Pod, claims: ReadonlySet<string>): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false
  return spec?.volumes?.some(({ persistentVolumeClaim }) => claims.has(persistentVolumeClaim?.claimName ?? '')) ?? false
}
