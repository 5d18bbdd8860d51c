// The claim with data that is the data no more: named as long as it is kept, and deleted only when its user asks for that by name. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { cleanUpAnnotation, cleanUpWord } from '../../../api/restore.ts'
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { noted } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

type OldData = NonNullable<MeiliRestoreStatus['oldData']>

/** Deleted by hand, or the data once more: it is not this restore's to name any longer. */
export const oldDataGone: Rung = ({ restore, target }) => {
  const { oldData } = restore.status ?? {}
  if (oldData === undefined) return undefined
  const there = target.claims.some(({ metadata }) => metadata?.name === oldData.claimName)
  const isData = target.data[0]?.claim.metadata?.name === oldData.claimName
  return there && !isData ? undefined : noted({ oldData: undefined, waitingFor: undefined })
}

/** Says on record whether it may go, and has it go once that is asked for. */
export const cleanUp: Rung = ({ restore, target, lastSnapshot }) => {
  const { oldData } = restore.status ?? {}
  if (oldData === undefined) return undefined
  const claim = target.claims.find(({ metadata }) => metadata?.name === oldData.claimName)
  if (claim === undefined) return undefined
  const asked = restore.metadata.annotations?.[cleanUpAnnotation]
  const isAsked = asked === cleanUpWord(restore)
  const blocked = whyKept({ restore, target, lastSnapshot }, oldData)
  const changes = {
    oldData: { ...oldData, removable: blocked === undefined },
    waitingFor: isAsked ? blocked : asked === 'old-data' ? mustBeNamed(oldData) : undefined,
  }
  if (!isAsked || blocked !== undefined) {
    const isNews = restore.status?.waitingFor !== changes.waitingFor || oldData.removable !== changes.oldData.removable
    return isNews ? noted(changes) : undefined
  }
  return noted(changes, {
    effects: claim.metadata?.deletionTimestamp === undefined ? [{ kind: 'DeleteClaim', claim: seenAs(claim) }] : [],
    againMs: pauses.changeMs,
  })
}

const mustBeNamed = ({ claimName }: OldData): string =>
  `Claim ${claimName} has served since it was restored: it goes once the annotation ${cleanUpAnnotation} is its name.`

const seenAs = ({ metadata }: V1PersistentVolumeClaim): { name: string; uid: string; resourceVersion: string } => ({
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
  resourceVersion: metadata?.resourceVersion ?? '',
})

/** Undefined where nothing speaks against it. */
function whyKept(
  { restore, target, lastSnapshot }: Pick<RestoreObservation, 'restore' | 'target' | 'lastSnapshot'>,
  { claimName }: OldData,
): string | undefined {
  const pod = target.pods.find(
    ({ spec }) =>
      spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claimName) === true,
  )
  if (pod !== undefined) return `Pod ${pod.metadata?.name ?? ''} mounts claim ${claimName}.`
  if (target.data.length === 0) return 'It is the only data that is left of this server.'
  const [other] = target.others
  if (other !== undefined) return `MeiliRestore ${other.metadata.name} is at work on this server.`
  const { status } = restore
  // What went back of itself has never served: its source is the snapshot.
  if (status?.phase !== 'Completed') return undefined
  const sinceMs = Date.parse(status.switched?.servingAt ?? status.switched?.at ?? status.completedAt ?? '')
  // One that was asked for before holds the data from before, however late it completed.
  return Date.parse(lastSnapshot?.status?.request?.postedAt ?? '') > sinceMs
    ? undefined
    : `No snapshot of the data that was restored has completed yet. Take one, and claim ${claimName} goes.`
}
