// What the caches keep of restores, of their Jobs and pods, and under what they are found.
import { cleanUpAnnotation, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import { baseName, restoreJobSelector } from '../../../reconcile/names/objects.ts'
import { scheduleLabelValue } from '../../../reconcile/names/schedule.ts'
import { targetKeyOf } from './line.ts'

const inNamespace = ({ metadata }: MeiliRestore, name: string | undefined): string[] =>
  name === undefined ? [] : [`${metadata.namespace}/${name}`]

/** Each by `namespace/name`, unless it says otherwise. */
export const restoreIndexes = {
  /** As `targetKeyOf` names it. */
  target: (restore: MeiliRestore): string[] => {
    const target = targetKeyOf(restore)
    return target === undefined ? [] : [target]
  },
  /** The MeiliInstance that is restored in place. */
  instance: (restore: MeiliRestore): string[] => inNamespace(restore, restore.spec.target.inPlace?.instanceRef.name),
  /** What the instance's children carry in a label. */
  child: (restore: MeiliRestore): string[] => {
    const name = restore.spec.target.inPlace?.instanceRef.name
    return name === undefined ? [] : inNamespace(restore, baseName({ metadata: { name } }))
  },
  /** MeiliSnapshots by name: the source, and the one that is taken first. */
  snapshot: (restore: MeiliRestore): string[] => [
    ...inNamespace(restore, restore.spec.source.snapshotRef?.name),
    ...inNamespace(restore, restore.status?.safety?.snapshot),
  ],
  /** What snapshots carry in a label, of a schedule whose newest one is wanted. */
  schedule: (restore: MeiliRestore): string[] => {
    const name = restore.spec.source.latestOf?.schedule.name
    return name === undefined || restore.status?.resolved !== undefined
      ? []
      : inNamespace(restore, scheduleLabelValue(name))
  },
  uid: ({ metadata }: MeiliRestore): string[] => [metadata.uid],
}

/** Of annotations, in which strangers may lay up a quarter of a megabyte, that alone which is read. */
export function keepRestore(restore: MeiliRestore): MeiliRestore {
  const { annotations, ...metadata } = restore.metadata
  const asked = annotations?.[cleanUpAnnotation]
  return {
    ...restore,
    metadata: asked === undefined ? metadata : { ...metadata, annotations: { [cleanUpAnnotation]: asked } },
  }
}

/** What finds them; a decision about one is made from the API server's own answer. */
function keepNames({ metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp, labels, ownerReferences } = metadata
  const label = labels?.[restoreUidLabel]
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(label === undefined ? {} : { labels: { [restoreUidLabel]: label } }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  }
}

export const restoreJobCache = { labelSelector: restoreJobSelector, keep: keepNames }
export const restorePodCache = {
  labelSelector: restoreJobSelector,
  keep: keepNames,
  indexes: { job: ({ metadata }: KubeObject): string[] => (metadata.ownerReferences ?? []).map(({ uid }) => uid) },
}
