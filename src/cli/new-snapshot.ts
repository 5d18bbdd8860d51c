// From the flags of `snapshot create` to the object that is made. Pure.
import { apiVersion } from '../api/group.ts'
import type { KubeObject } from '../kube/resource.ts'
import type { Instance, Snapshot } from './cluster.ts'
import { Complaint } from './complaint.ts'
import { newest } from './view/status-report.ts'

export interface SnapshotWish {
  readonly instance: string
  readonly name?: string
  readonly claim?: string
  readonly path?: string
  readonly size?: string
  readonly storageClass?: string
  readonly sourcePolicy?: string
  readonly deletionPolicy?: string
}

/** Of the wish only what was said: the API server fills in the rest. */
export function newSnapshot(
  wish: SnapshotWish,
  { instance, snapshots }: { instance: Instance; snapshots: readonly Snapshot[] },
  nowMs: number,
): KubeObject {
  if (wish.storageClass !== undefined && wish.size === undefined)
    throw new Complaint('--storage-class is for a claim that is to be made: say with --size how large.')
  const template =
    wish.size === undefined
      ? {}
      : {
          template: {
            ...(wish.storageClass === undefined ? {} : { storageClassName: wish.storageClass }),
            resources: { requests: { storage: wish.size } },
          },
        }
  const claim = {
    name: wish.claim ?? lastClaim(wish.instance, snapshots),
    ...(wish.path === undefined ? {} : { path: wish.path }),
    ...template,
  }
  const spec = {
    source: { instanceRef: { name: wish.instance } },
    destination: { claim },
    ...(wish.sourcePolicy === undefined ? {} : { sourcePolicy: wish.sourcePolicy }),
    ...(wish.deletionPolicy === undefined ? {} : { deletionPolicy: wish.deletionPolicy }),
  }
  const object = {
    apiVersion,
    kind: 'MeiliSnapshot',
    metadata: { namespace: instance.metadata.namespace, name: wish.name ?? `${wish.instance}-${stamp(nowMs)}` },
    spec,
  }
  return object
}

/** `20261124-203015`, UTC: names of one instance sort by their age. */
function stamp(nowMs: number): string {
  return new Date(nowMs)
    .toISOString()
    .replaceAll(/[-:]|\..*$/g, '')
    .replace('T', '-')
}

/** Where the last one of the same instance went. */
function lastClaim(instance: string, snapshots: readonly Snapshot[]): string {
  const same = snapshots.filter(
    ({ spec, status }) => spec.source.instanceRef.name === instance && status?.phase === 'Completed',
  )
  const claim = newest(same)?.spec.destination.claim.name
  if (claim === undefined)
    throw new Complaint(
      `No snapshot of ${instance} has been stored yet, so the claim must be named: --claim backups; with --size 20Gi it is made if it is not there.`,
    )
  return claim
}
