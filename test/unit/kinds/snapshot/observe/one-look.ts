// One look at a cluster that holds what a test says, through a client that answers from memory.
import type { MeiliInstance } from '../../../../../src/api/instance.ts'
import type { MeiliRestore } from '../../../../../src/api/restore.ts'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { KubeClient } from '../../../../../src/kube/client.ts'
import type { KubeObject, Ref, Resource } from '../../../../../src/kube/resource.ts'
import { NotFound } from '../../../../../src/errors.ts'
import type { Connections } from '../../../../../src/perform/meilisearch-connections.ts'
import { podIndexes } from '../../../../../src/kinds/snapshot/observe/kept.ts'
import type { KeptPod } from '../../../../../src/kinds/snapshot/observe/kept.ts'
import { observeSnapshot } from '../../../../../src/kinds/snapshot/observe/observe.ts'
import type { SnapshotWorld } from '../../../../../src/kinds/snapshot/observe/observe.ts'
import { Turns } from '../../../../../src/kinds/snapshot/observe/turns.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import { aClaim, anInstance, aTarget } from '../../../../support/builders/observations.ts'
import { SnapshotIndex } from '../../../../../src/operator/snapshot-index.ts'
import { instancesIn, snapshotsIn } from '../../../../support/builders/caches.ts'

export interface World {
  /** By `plural/name`. */
  readonly objects?: Readonly<Record<string, object>>
  readonly jobs?: readonly object[]
  readonly pods?: readonly object[]
  readonly events?: readonly object[]
  /** Text of the mover's output, or why it cannot be read. */
  readonly logs?: string | Error
  /** Gets each read of the API server. */
  readonly reads?: string[]
  /** As the caches have them, where that is not all that is there. */
  readonly kept?: { readonly pods: readonly object[] }
  /** What a list of many ends with. */
  readonly unanswered?: Error
  readonly instances?: readonly MeiliInstance[]
  readonly snapshots?: readonly MeiliSnapshot[] | SnapshotIndex
  readonly restores?: readonly MeiliRestore[]
  readonly slots?: SnapshotWorld['slots']
}

function kubeOf({ objects, jobs = [], pods = [], events = [], logs = '', unanswered, reads = [] }: World): KubeClient {
  const inPlace: Readonly<Record<string, object>> = objects ?? {
    'pods/search-0': aTarget(),
    'persistentvolumeclaims/backups': aClaim(),
  }
  const lists: Readonly<Record<string, readonly object[]>> = { jobs, pods, events }
  return Object.assign(Object.create(KubeClient.prototype) as KubeClient, {
    get: ({ plural }: Resource, { name }: Ref) => {
      reads.push(`get ${plural}/${name}`)
      const listed = lists[plural] as KubeObject[] | undefined
      const found = inPlace[`${plural}/${name}`] ?? listed?.find(({ metadata }) => metadata.name === name)
      return found === undefined ? Promise.reject(new NotFound(`${name} not found`)) : Promise.resolve(found)
    },
    listAll: ({ plural }: Resource) => {
      reads.push(`list ${plural}`)
      return unanswered === undefined ? Promise.resolve(lists[plural]) : Promise.reject(unanswered)
    },
    list: ({ plural }: Resource) => {
      reads.push(`list ${plural}`)
      return Promise.resolve({ items: lists[plural] as KubeObject[] })
    },
    serverTimeMs: () => undefined,
    // As the kubelet: no more bytes than were asked for.
    logs: (_: Ref, { limitBytes = Infinity }: { limitBytes?: number }) =>
      logs instanceof Error ? Promise.reject(logs) : Promise.resolve(logs.slice(0, limitBytes)),
  })
}

const noSecret = {
  open: () => Promise.resolve({ state: 'SecretMissing', message: 'Secret keys does not exist.' }),
} as unknown as Connections

/** All are free. */
const freeSlots: SnapshotWorld['slots'] = { look: () => undefined, claim: () => undefined }
function moversOf({ pods = [], kept }: World): SnapshotWorld['movers'] {
  return {
    podsOf: (uid) => ((kept?.pods ?? pods) as KeptPod[]).filter((pod) => podIndexes.job(pod).includes(uid)),
  }
}

export async function observe(snapshot: MeiliSnapshot, world: World = {}): Promise<SnapshotObservation> {
  const { instances = [anInstance()], snapshots = [], slots = freeSlots } = world
  return await observeSnapshot(
    {
      kube: kubeOf(world),
      connections: noSecret,
      ...instancesIn(instances, world.restores),
      snapshots: snapshots instanceof SnapshotIndex ? snapshots : snapshotsIn([snapshot, ...snapshots]),
      slots,
      movers: moversOf(world),
      maxStreams: 0,
      moverImage: 'example.test/meili-operator:1',
      imagePullSecrets: ['pull'],
    },
    snapshot,
    new Turns(),
  )
}
