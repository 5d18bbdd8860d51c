// The check that gates snapshots: can a mover fetch what the server writes? It says nothing of the server's health. Pure.
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { InstanceReason } from '../../../api/instance.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { firstOf } from '../../../reconcile/rung.ts'
import { serverIn } from '../../../reconcile/server-reference.ts'
import type { InstanceObservation } from '../observation.ts'

type Judgement = Omit<Wanted, 'type'>

const failedCheck = (reason: InstanceReason, message: string): Judgement => ({ status: 'False', reason, message })
const volumeOf = ({
  located,
}: InstanceObservation): { claimName?: string | undefined; kind: string; directory: string } =>
  located !== undefined && 'volume' in located ? located.volume : { kind: '', directory: '' }
const podName = ({ pods }: InstanceObservation): string => pods[0]?.metadata?.name ?? ''

/** Top rung first; the first that gives a judgement wins. What is not known stands above what is wrong with it. */
const whyNot = firstOf<readonly [InstanceObservation], Judgement>([
  noSinglePod, // there is one pod to look at
  noContainer, // its container is known
  snapshotsToS3, // it writes a file
  directoryUnknown, // and where is known
  onNoClaim, // on a claim
  claimNotBound, // that has a volume
  unusableClaim, // with a file system that can be written
  readWriteOncePod, // which another pod can mount
])

export function volumeReady(observation: InstanceObservation): Wanted {
  const judgement = whyNot(observation)
  if (judgement !== undefined) return { type: instanceConditions.SnapshotVolumeReady, ...judgement }
  const { claimName, directory } = volumeOf(observation)
  return {
    type: instanceConditions.SnapshotVolumeReady,
    status: 'True',
    reason: instanceReasons.Ready,
    message: `Snapshots are written to ${directory}, on claim ${claimName ?? ''}.`,
  }
}

function noSinglePod({ pods }: InstanceObservation): Judgement | undefined {
  return pods.length === 1
    ? undefined
    : { status: 'Unknown', reason: instanceReasons.NotChecked, message: 'There is no single pod to look at.' }
}

function noContainer(observation: InstanceObservation): Judgement | undefined {
  const { located, instance } = observation
  if (located !== undefined) return undefined
  const { container, port } = serverIn(instance)
  const why =
    container === undefined
      ? `has several containers and no single one with port ${port}. Name it in spec.existing.container.`
      : `has no container ${container}.`
  return failedCheck(instanceReasons.ContainerUnknown, `Pod ${podName(observation)} ${why}`)
}

function snapshotsToS3(observation: InstanceObservation): Judgement | undefined {
  if (observation.located?.s3 !== true) return undefined
  return failedCheck(
    instanceReasons.SnapshotsToS3,
    `Pod ${podName(observation)} sends its snapshots to S3 (MEILI_S3_*), so there is no file to move. Take the S3 settings away.`,
  )
}

function directoryUnknown(observation: InstanceObservation): Judgement | undefined {
  const { located } = observation
  if (located === undefined || !('unknown' in located)) return undefined
  return failedCheck(
    instanceReasons.DirectoryUnknown,
    `In pod ${podName(observation)} ${located.unknown}. ${located.remedy}`,
  )
}

const otherwise =
  'Or allow streaming, which takes both halves: install-streaming.yaml with MAX_STREAMS (stream.exec in the chart), and spec.mover.stream.mode: IfNeeded in the MeiliSnapshot.'

/** A MeiliSnapshot that allows it can be taken all the same. */
function streamOnly({ streaming }: InstanceObservation, where: string): Judgement | undefined {
  if (!streaming) return undefined
  return {
    status: 'True',
    reason: instanceReasons.StreamOnly,
    message: `${where} A MeiliSnapshot with spec.mover.stream.mode: IfNeeded is streamed from there.`,
  }
}

function onNoClaim(observation: InstanceObservation): Judgement | undefined {
  const { claimName, kind, directory } = volumeOf(observation)
  if (claimName !== undefined) return undefined
  const place = /^(an|the) /.test(kind) ? kind : `${/^([aeiou]|nfs)/.test(kind) ? 'an' : 'a'} ${kind}`
  const where = `Pod ${podName(observation)} writes its snapshots to ${directory}, on ${place}, which no other pod can mount.`
  return (
    streamOnly(observation, where) ??
    failedCheck(
      instanceReasons.DirectoryNotOnClaim,
      `${where} Put MEILI_SNAPSHOT_DIR on a PersistentVolumeClaim. ${otherwise}`,
    )
  )
}

function claimNotBound(observation: InstanceObservation): Judgement | undefined {
  const { claim } = observation
  if (claim?.status?.phase === 'Bound') return undefined
  const { claimName } = volumeOf(observation)
  return failedCheck(
    instanceReasons.ClaimNotBound,
    `Claim ${claimName ?? ''} of the snapshot directory is ${claim === undefined ? 'not there' : (claim.status?.phase ?? 'not bound')}.`,
  )
}

function readWriteOncePod(observation: InstanceObservation): Judgement | undefined {
  const { claim } = observation
  if (claim?.spec?.accessModes?.includes('ReadWriteOncePod') !== true) return undefined
  const where = `Claim ${claim.metadata?.name ?? ''} is ReadWriteOncePod: while Meilisearch runs, no other pod may mount it.`
  return (
    streamOnly(observation, where) ??
    failedCheck(
      instanceReasons.ClaimReadWriteOncePod,
      `${where} Put MEILI_SNAPSHOT_DIR on a ReadWriteOnce or ReadWriteMany claim. ${otherwise}`,
    )
  )
}

function unusableClaim(observation: InstanceObservation): Judgement | undefined {
  const { claim, located } = observation
  const name = claim?.metadata?.name ?? ''
  if (claim?.spec?.volumeMode === 'Block')
    return failedCheck(instanceReasons.ClaimUnusable, `Claim ${name} is a block device, not a file system.`)
  const readOnly = located !== undefined && 'volume' in located && located.readOnly
  return readOnly
    ? failedCheck(
        instanceReasons.ClaimUnusable,
        `Claim ${name} is mounted read-only: Meilisearch cannot write snapshots there.`,
      )
    : undefined
}
