// The rungs of the Job that looks at a source of which no object says what it is: an artifact, or a bare file. Pure.
import type { V1Job } from '@kubernetes/client-node'
import { restoreReasons } from '../../../api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'
import type { MoverResult } from '../../../mover/contract.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { serverPlacement, serverSecurity } from '../../../reconcile/job/beside-server.ts'
import { lifeOf } from '../../../reconcile/job/life.ts'
import { jobNameOf } from '../../../reconcile/job/template.ts'
import type { RestoreObservation } from '../observation.ts'
import { startDeadlineMs } from '../status/deadline.ts'
import { deletions, failureOf, limitsOf, maxFailures, moverOwner, nextAttempt, restoreJob } from '../status/job.ts'
import { pauses } from '../status/pauses.ts'
import { failed, step, unchanged, waiting } from '../status/verdict.ts'
import type { Rung, Verdict } from '../status/verdict.ts'

type Resolve = NonNullable<MeiliRestoreStatus['resolve']>

/** Its own word counts, not the Job's, which comes later. */
export const resolveFinished: Rung = (observation, nowMs) => {
  const { restore, mover } = observation
  const { resolve } = restore.status ?? {}
  const life = lifeOf(mover, undefined, nowMs)
  if (resolve === undefined || mover.job === undefined || life.is !== 'ended') return undefined
  const { result } = life
  if (result.exitCode === 0 && result.resolved !== undefined)
    return step({
      phase: 'Pending',
      reason: restoreReasons.Resolving,
      message: `The source is found: ${result.resolved.path}.`,
      changes: { resolved: resolvedFrom(restore, result.resolved, nowMs) },
      effects: deletions([mover.job]),
      againMs: pauses.nextMs,
    })
  // A Job that goes away was ended by somebody: that it failed says nothing.
  return life.isGoing ? undefined : resolveAgain(observation, { resolve, result, job: mover.job }, nowMs)
}

function resolveAgain(
  { restore }: RestoreObservation,
  { resolve, result, job }: { resolve: Resolve; result: MoverResult; job: V1Job },
  nowMs: number,
): Verdict {
  const failure = failureOf(result)
  const effects = deletions([job])
  if (failure.cure === 'None') return failed({ reason: failure.reason, message: sentence(failure.message), effects })
  const { record, restMs } = nextAttempt(restore, { before: resolve, failure, command: 'resolve' }, nowMs)
  if (record.failures >= maxFailures)
    return failed({
      reason: failure.reason,
      message: `The mover failed ${record.failures} times. Last: ${sentence(failure.message)}`,
      effects,
    })
  return waiting({
    reason: failure.reason,
    message: failure.message,
    changes: { resolve: { ...resolve, ...record } },
    effects,
    againMs: restMs,
  })
}

export const resolveMissing: Rung = (observation, nowMs) => {
  const { restore, mover } = observation
  const resolve = restore.status?.resolve ?? {
    attempt: 1,
    jobName: jobNameOf(restore, 'resolve-1'),
    startedAt: instant(nowMs),
  }
  const life = lifeOf(mover, resolve.retryAt, nowMs)
  if (life.is === 'paused') return unchanged({ againMs: life.restMs })
  if (life.is !== 'absent') return undefined
  return waiting({
    reason: restoreReasons.Resolving,
    message: `Job ${resolve.jobName} looks at the source.`,
    changes: { resolve },
    effects: [{ kind: 'CreateJob', job: resolveJob(observation, resolve, nowMs) }],
    keepsRefusal: true,
    againMs: pauses.changeMs,
  })
}

export const resolveRunning: Rung = ({ restore, mover }, nowMs) => {
  const life = lifeOf(mover, undefined, nowMs)
  const { jobName = '' } = restore.status?.resolve ?? {}
  return waiting({
    reason: life.is === 'running' && life.why !== undefined ? restoreReasons.MoverWaiting : restoreReasons.Resolving,
    message: `Job ${jobName} looks at the source. ${life.is === 'running' ? (life.why ?? '') : ''}`.trim(),
    againMs: pauses.changeMs,
  })
}

const root = '/source'

function resolveJob(observation: RestoreObservation, { jobName }: Resolve, nowMs: number): V1Job {
  const { restore, target, moverImage, imagePullSecrets } = observation
  const { spec } = restore
  const { artifact, file } = spec.source
  const { claim, path, sha256 } = artifact ?? file ?? { claim: { name: '' }, path: '' }
  const { deadlineSeconds, ...limits } = limitsOf(restore, startDeadlineMs(restore, nowMs) - nowMs)
  const { managed } = target.instance?.spec ?? {}
  return restoreJob({
    restore,
    name: jobName,
    config: {
      command: 'resolve',
      object: moverOwner(restore),
      source: {
        root,
        claim: claim.name,
        path,
        kind: artifact === undefined ? 'File' : 'Artifact',
        ...(sha256 === undefined ? {} : { sha256 }),
      },
      deadlineSeconds,
      ...limits,
    },
    deadlineSeconds,
    pod: {
      securityContext: serverSecurity(managed),
      ...serverPlacement({ managed, mover: spec.mover, node: undefined }),
      volumes: [{ name: 'source', persistentVolumeClaim: { claimName: claim.name, readOnly: true } }],
    },
    volumeMounts: [{ name: 'source', mountPath: root, readOnly: true }],
    moverImage,
    imagePullSecrets,
  })
}

/** The mover's word, cut to what the schema allows: manifests are others' texts. */
function resolvedFrom(
  { spec }: MeiliRestore,
  found: NonNullable<MoverResult['resolved']>,
  nowMs: number,
): MeiliRestoreStatus['resolved'] {
  const { artifact, file } = spec.source
  const cut = (text: string, length: number): string => text.slice(0, length).toWellFormed()
  const { meilisearchVersion, takenAt, ...facts } = found
  return {
    ...facts,
    name: cut(found.path, 1024),
    path: cut(found.path, 1024),
    fileName: cut(found.fileName, 255),
    claimName: (artifact ?? file)?.claim.name ?? '',
    ...(file === undefined ? {} : { isFile: true }),
    size: sizeText(found.sizeBytes),
    sha256: cut(found.sha256, 64),
    ...(meilisearchVersion === undefined ? {} : { meilisearchVersion: cut(meilisearchVersion, 64) }),
    ...(takenAt === undefined ? {} : { takenAt: cut(takenAt, 64) }),
    resolvedAt: instant(nowMs),
  }
}
