// The rungs of the snapshot that is taken before a restore in place, of the data as it is. Pure.
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { restoreReasons, restoreUidLabel } from '../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { hasSucceeded, isFinished, meiliSnapshots } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { conditionNamed, instant } from '../../../api/status/conditions.ts'
import { redact, sentence } from '../../../api/status/text.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { jobNameOf } from '../../../reconcile/job/template.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import type { Changes } from '../status/status.ts'
import { failed, step, waiting } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'

const { SafetySnapshot, SafetySnapshotFailed } = restoreReasons

/** What no wait will change. A sentence. */
function whyNever({ restore, target: { data }, databases }: RestoreObservation): string | undefined {
  if (restore.spec.safety.snapshot === 'Never') return 'safety.snapshot is Never.'
  if (data.length === 0) return 'There is no data yet.'
  const claimName = restore.status?.resolved?.claimName ?? ''
  return databases.some((database) => database.claimName === claimName)
    ? `Claim ${claimName}, on which the source is, holds a database: nothing is stored beside one.`
    : undefined
}

function whyNotNow({ target: { instance }, server }: RestoreObservation): string | undefined {
  const conditions = instance?.status?.conditions
  const ready = conditionNamed(conditions, conditionTypes.Ready)
  if (ready?.reason === instanceReasons.Suspended) return 'The server is suspended.'
  if (ready?.status !== 'True') return `The server is not ready: ${sentence(ready?.message ?? '')}`
  if (server.is !== 'answered')
    return `The server does not answer: ${server.is === 'silent' ? server.message : ''}`.trim()
  const volume = conditionNamed(conditions, instanceConditions.SnapshotVolumeReady)
  return volume?.status === 'True' ? undefined : `Its snapshots cannot be fetched: ${sentence(volume?.message ?? '')}`
}

/** A sentence; undefined where one can be taken. */
export const whyNoSafety = (observation: RestoreObservation): string | undefined =>
  whyNever(observation) ?? whyNotNow(observation)

/** Only with safety.snapshot Always: who asked for it does not go on without. */
export const safetyImpossible: Rung = (observation) => {
  const { spec, status } = observation.restore
  const { inPlace } = spec.target
  if (inPlace === undefined || spec.safety.snapshot !== 'Always' || status?.safety !== undefined) return undefined
  // Of no data at all nothing can be lost.
  if (observation.target.data.length === 0) return undefined
  const never = whyNever(observation)
  if (never !== undefined)
    return failed({
      reason: SafetySnapshotFailed,
      message: `safety.snapshot is Always, and none can be taken. ${never} Nothing was changed.`,
    })
  const notNow = whyNotNow(observation)
  return notNow === undefined
    ? undefined
    : waiting({ reason: SafetySnapshot, message: `A snapshot is to be taken first. ${notNow}` })
}

type Safety = NonNullable<MeiliRestoreStatus['safety']>

/** It has ended, well or not. Without it the restore goes on, unless it must be: the claim from before is kept in any case. */
export const safetyDone: Rung = ({ restore, safetySnapshot }, nowMs) => {
  const { safety } = restore.status ?? {}
  if (safety?.snapshot === undefined || safetySnapshot === undefined || !isFinished(safetySnapshot)) return undefined
  if (isForeign(restore, safetySnapshot)) return failOverName(safety.snapshot)
  if (hasSucceeded(safetySnapshot))
    return goOn(restore, { ...safety, completedAt: instant(nowMs) }, `MeiliSnapshot ${safety.snapshot} has completed.`)
  const ready = conditionNamed(safetySnapshot.status?.conditions, conditionTypes.Ready)
  const why = `MeiliSnapshot ${safety.snapshot} failed: ${sentence(ready?.message ?? '')}`
  if (restore.spec.safety.snapshot === 'Always')
    return failed({
      reason: SafetySnapshotFailed,
      message: `${why} safety.snapshot is Always, so nothing was changed.`,
    })
  const ended = { ...safety, completedAt: instant(nowMs), skipped: redact(why, 2000) }
  return goOn(restore, ended, `${why} It goes on without: the claim from before is kept.`)
}

const isForeign = ({ metadata }: MeiliRestore, snapshot: MeiliSnapshot): boolean =>
  snapshot.metadata.labels?.[restoreUidLabel] !== metadata.uid

const failOverName = (name: string): Verdict =>
  failed({
    reason: SafetySnapshotFailed,
    message: `MeiliSnapshot ${name} is there, and not of this MeiliRestore. Delete it, and create this one again.`,
  })

const goOn = ({ status }: MeiliRestore, safety: Safety, message: string): Verdict =>
  step({ ...during(status), message, changes: { safety, startedAt: status?.startedAt }, againMs: pauses.nextMs })

const during = (
  status: MeiliRestoreStatus | undefined,
): { phase: 'Planned' | 'Pending'; reason: typeof SafetySnapshot } => ({
  phase: status?.phase === 'Planned' ? 'Planned' : 'Pending',
  reason: SafetySnapshot,
})

export const safetyRunning: Rung = ({ restore, safetySnapshot }) => {
  const { safety } = restore.status ?? {}
  if (safety?.snapshot === undefined || safety.completedAt !== undefined || safetySnapshot === undefined)
    return undefined
  if (isForeign(restore, safetySnapshot)) return failOverName(safety.snapshot)
  const ready = conditionNamed(safetySnapshot.status?.conditions, conditionTypes.Ready)
  const message = `MeiliSnapshot ${safety.snapshot} is taken first: ${sentence(ready?.message ?? 'it has not been looked at yet')} To go on without it, create this MeiliRestore anew with safety.snapshot: Never; the claim from before is kept in any case.`
  return step({
    ...during(restore.status),
    message,
    changes: { waitingFor: redact(message, 512) },
    againMs: pauses.workMs,
  })
}

/** Its name goes on record in the write before it is made: it is made once. */
export const safetyMissing: Rung = ({ restore, target }) => {
  const { plan, safety } = restore.status ?? {}
  if (plan?.safetySnapshot !== true || safety?.completedAt !== undefined || safety?.skipped !== undefined)
    return undefined
  const name = safety?.snapshot ?? jobNameOf(restore, 'safety')
  return waiting({
    reason: SafetySnapshot,
    message: `MeiliSnapshot ${name} is being taken first.`,
    changes: { safety: { snapshot: name } satisfies Changes['safety'] },
    effects: [createSafetySnapshot(restore, target, name)],
    keepsRefusal: true,
    againMs: pauses.changeMs,
  })
}

/** Not beside the artifacts of a schedule: of a directory of artifacts the newest is taken, and this is of the data that nobody wants. */
const directory = 'before-restore'

function createSafetySnapshot(restore: MeiliRestore, { instance }: RestoreObservation['target'], name: string): Effect {
  const { namespace, uid } = restore.metadata
  const volume = conditionNamed(instance?.status?.conditions, instanceConditions.SnapshotVolumeReady)
  // The install has allowed streaming; the object's half is for people who choose between volumes, and nobody does here.
  const streams = volume?.reason === instanceReasons.StreamOnly
  return {
    kind: 'CreateSnapshot',
    snapshot: {
      apiVersion: `${meiliSnapshots.group}/${meiliSnapshots.version}`,
      kind: meiliSnapshots.kind,
      metadata: {
        name,
        namespace,
        labels: { 'app.kubernetes.io/managed-by': 'meili-operator', [restoreUidLabel]: uid },
      },
      spec: {
        source: { instanceRef: { name: instance?.metadata.name ?? '' } },
        destination: { claim: { name: restore.status?.resolved?.claimName ?? '', path: directory } },
        deadlines: { start: restore.spec.deadlines.start },
        ...(streams ? { mover: { stream: { mode: 'IfNeeded' } } } : {}),
      },
    },
  }
}
