// Asks the cluster about a snapshot's mover. Reads only.
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { lookAtJob, noMover } from '../../../reconcile/job/look.ts'
import type { MoverSeen } from '../../../reconcile/job/seen.ts'
import { currentJobName } from '../job/current.ts'
import { snapshotUidLabel } from '../job/template.ts'
import type { MoversKept } from './kept.ts'

interface World {
  readonly kube: KubeClient
  readonly movers: Pick<MoversKept, 'podsOf'>
}

export async function lookAtMover({ kube, movers }: World, snapshot: MeiliSnapshot): Promise<MoverSeen> {
  const { metadata, spec, status } = snapshot
  const name = currentJobName(snapshot)
  if (name === undefined) return noMover
  return await lookAtJob(
    { kube, podsOf: movers.podsOf },
    {
      namespace: metadata.namespace,
      name,
      labelSelector: `${snapshotUidLabel}=${metadata.uid}`,
      // The end of an object waits for all of its movers, and so does whoever ends it for being late.
      all: metadata.deletionTimestamp !== undefined,
      except: status?.deleteArtifact?.jobName,
      claimName: spec.destination.claim.name,
    },
  )
}
