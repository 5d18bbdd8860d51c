// How a Job runs that makes the data of a server: as the server's user, where the server may run, and with whatever volumes it will mount besides. Pure.
import type { V1Affinity, V1NodeAffinity, V1PodSecurityContext, V1PodSpec, V1Toleration } from '@kubernetes/client-node'
import type { ManagedServer } from '../../api/instance.ts'
import { withoutUndefined } from '../../api/json.ts'
import type { MeiliSnapshotSpec } from '../../api/snapshot.ts'

/** As the pod of a managed server, so that it can write what the Job has made; of others' servers as most of them run. */
export function serverSecurity(managed: Pick<ManagedServer, 'podSecurityContext'> | undefined): V1PodSecurityContext {
  return {
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
    ...withoutUndefined<object>(managed?.podSecurityContext ?? {}),
    runAsNonRoot: true,
    fsGroupChangePolicy: 'OnRootMismatch',
  }
}

type Placement = Pick<V1PodSpec, 'affinity' | 'tolerations' | 'nodeSelector'>

interface Where {
  readonly managed: ManagedServer | undefined
  readonly mover: MeiliSnapshotSpec['mover']
  /** Where the server runs now. */
  readonly node: string | undefined
  /** Nowhere else can all its volumes be mounted. */
  readonly onlyThere?: boolean
}

/** A volume that waits for its first consumer comes to lie where the server can run. A cordoned node is no obstacle: the volumes may be there. */
export function serverPlacement({ managed, mover, node, onlyThere = false }: Where): Placement {
  const affinity = nearNode(managed?.affinity as V1Affinity | undefined, node, onlyThere)
  const chosen = [...(managed?.tolerations ?? []), ...(mover.tolerations ?? [])]
  const nodeSelector = { ...managed?.nodeSelector, ...mover.nodeSelector }
  return {
    ...(affinity === undefined ? {} : { affinity }),
    tolerations: [unschedulable, ...chosen.map((toleration) => withoutUndefined<V1Toleration>(toleration))],
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
  }
}

const unschedulable: V1Toleration = {
  key: 'node.kubernetes.io/unschedulable',
  operator: 'Exists',
  effect: 'NoSchedule',
}

/** Rather there than anywhere, or only there: what the server asks for itself stays as it is. */
function nearNode(affinity: V1Affinity | undefined, node: string | undefined, only: boolean): V1Affinity | undefined {
  if (node === undefined) return affinity
  const here = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }
  const asked = affinity?.nodeAffinity
  const preferred = asked?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const nodeAffinity: V1NodeAffinity = only
    ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [here] } }
    : { preferredDuringSchedulingIgnoredDuringExecution: [...preferred, { weight: 100, preference: here }] }
  return Object.assign({}, affinity, { nodeAffinity: Object.assign({}, asked, nodeAffinity) })
}
