// What a drill asks of its snapshot before a server is started on it: its age, and that nothing in it runs. Pure.
import { durationMs } from '../../../api/meta.ts'
import { restoreReasons } from '../../../api/restore.ts'
import { whyNotStarted } from '../../../reconcile/job/boot/egress.ts'
import { spanText } from '../../../reconcile/format.ts'
import { failed } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'

/** A good snapshot of long ago is no good one of today: "latest" that stands still is what drills are to find. */
export const sourceTooOld: Rung = ({ restore }, nowMs) => {
  const { maxAge } = restore.spec.target.scratch ?? {}
  const { resolved } = restore.status ?? {}
  if (maxAge === undefined || resolved === undefined) return undefined
  const ageMs = nowMs - Date.parse(resolved.takenAt ?? '')
  if (ageMs <= durationMs(maxAge)) return undefined
  const age = Number.isNaN(ageMs)
    ? `It is not on record when ${resolved.name} was taken`
    : `${resolved.name} was taken ${spanText(ageMs)} ago`
  return failed({
    reason: restoreReasons.SourceTooOld,
    message: `${age}, and a drill of a snapshot older than maxAge (${maxAge}) has failed. Look at why there is no newer one.`,
  })
}

export const versionUnknown: Rung = ({ restore }) => {
  const { resolved } = restore.status ?? {}
  if (restore.spec.target.scratch === undefined || resolved?.meilisearchVersion !== undefined) return undefined
  return failed({
    reason: restoreReasons.SourceUnusable,
    message: `It is not on record which version of Meilisearch made ${resolved?.name ?? 'the snapshot'}, so none can be started on it.`,
  })
}

export const tasksInside: Rung = ({ restore }) => {
  const { scratch } = restore.spec.target
  const { resolved } = restore.status ?? {}
  if (scratch === undefined || resolved === undefined) return undefined
  const { meilisearchVersion: version = '', tasksEnqueued } = resolved
  const why = whyNotStarted({ version, tasksEnqueued, egress: scratch.egress })
  return why === undefined
    ? undefined
    : failed({
        reason: restoreReasons.TasksEnqueued,
        message: `${why} Where nothing leaves the pods of a drill, as by a NetworkPolicy, say so with target.scratch.egress: Denied (of a schedule: drill.egress).`,
      })
}
