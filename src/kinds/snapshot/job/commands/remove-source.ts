// Builds the Job that unlinks Meilisearch's own file once its copy is stored (sourcePolicy Remove). Pure.
// It alone mounts the snapshot directory writable, and nothing else.
import type { V1Job } from '@kubernetes/client-node'
import type { MeiliSnapshotStatus } from '../../../../api/snapshot.ts'
import { snapshotJob } from '../template.ts'
import type { MoverImage } from '../../../../reconcile/job/template.ts'
import { moverPlacement, moverSecurity, moverUser, podMountPaths, writableSource } from '../pod.ts'
import type { Moved } from '../pod.ts'

const deadlineSeconds = 60

export function removeSourceJob(
  from: Moved & MoverImage & { readonly removeSource: NonNullable<MeiliSnapshotStatus['removeSource']> },
): V1Job {
  const { snapshot, instance, removeSource } = from
  const { volume, mount } = writableSource(from)
  const { user, group } = moverUser(from)
  // A group that the server does not have is never given to a volume that can be written.
  const fsGroup = from.target.spec?.securityContext?.fsGroup
  return snapshotJob({
    snapshot,
    name: removeSource.jobName,
    config: {
      command: 'removeSource',
      object: { uid: snapshot.metadata.uid, namespace: snapshot.metadata.namespace, name: snapshot.metadata.name },
      source: {
        directory: podMountPaths.source,
        fileName: instance.status?.snapshotVolume?.fileName ?? 'data.ms.snapshot',
      },
      stored: removeSource.file,
      deadlineSeconds,
    },
    deadlineSeconds,
    pod: {
      securityContext: moverSecurity(from, { user, group, ...(fsGroup === undefined ? {} : { fsGroup }) }),
      ...moverPlacement(from),
      volumes: [volume],
    },
    volumeMounts: [mount],
    owned: true,
    moverImage: from.moverImage,
    imagePullSecrets: from.imagePullSecrets,
  })
}
