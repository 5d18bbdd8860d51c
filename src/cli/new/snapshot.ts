// Builds the MeiliSnapshot that `snapshot create` makes: from its flags, or from a schedule's template. Pure.
import { apiVersion } from '../../api/group.ts'
import { runObject } from '../../kinds/schedule/runs/snapshot.ts'
import { hasSucceeded } from '../../api/snapshot.ts'
import { runByHandName, secondsStamp } from '../../reconcile/names/schedule.ts'
import type { KubeObject } from '../../kube/resource.ts'
import type { Instance, Schedule, Snapshot } from '../cluster.ts'
import { UserError } from '../errors.ts'
import { newest } from '../view/last-snapshot.ts'

export interface SnapshotFlags {
  readonly instance: string
  readonly name?: string
  readonly claim?: string
  readonly path?: string
  readonly size?: string
  readonly storageClass?: string
  readonly sourcePolicy?: string
  readonly deletionPolicy?: string
}

/** Of the flags only those that were given: the API server fills in the rest. */
export function newSnapshot(
  flags: SnapshotFlags,
  { instance, snapshots }: { instance: Instance; snapshots: readonly Snapshot[] },
  nowMs: number,
): KubeObject {
  if (flags.storageClass !== undefined && flags.size === undefined)
    throw new UserError('--storage-class is for a claim that is to be made: say with --size how large.')
  const template =
    flags.size === undefined
      ? {}
      : {
          template: {
            ...(flags.storageClass === undefined ? {} : { storageClassName: flags.storageClass }),
            resources: { requests: { storage: flags.size } },
          },
        }
  const claim = {
    name: flags.claim ?? lastClaim(flags.instance, snapshots),
    ...(flags.path === undefined ? {} : { path: flags.path }),
    ...template,
  }
  const spec = {
    source: { instanceRef: { name: flags.instance } },
    destination: { claim },
    ...(flags.sourcePolicy === undefined ? {} : { sourcePolicy: flags.sourcePolicy }),
    ...(flags.deletionPolicy === undefined ? {} : { deletionPolicy: flags.deletionPolicy }),
  }
  const object = {
    apiVersion,
    kind: 'MeiliSnapshot',
    metadata: {
      namespace: instance.metadata.namespace,
      name: flags.name ?? `${flags.instance}-${secondsStamp(nowMs)}`,
    },
    spec,
  }
  return object
}

/** As the schedule itself would make it, so that it belongs to its retention; never with the name of a slot. */
export function snapshotOfSchedule(schedule: Schedule, name: string | undefined, nowMs: number): KubeObject {
  return runObject(schedule, name ?? runByHandName(schedule, nowMs))
}

/** Where the last one of the same instance went. */
function lastClaim(instance: string, snapshots: readonly Snapshot[]): string {
  const same = snapshots.filter(
    ({ spec, status }) => spec.source.instanceRef.name === instance && hasSucceeded({ status }),
  )
  const claim = newest(same)?.spec.destination.claim.name
  if (claim === undefined)
    throw new UserError(
      `No snapshot of ${instance} has been stored yet, so the claim must be named: --claim backups; with --size 20Gi it is made if it is not there.`,
    )
  return claim
}
