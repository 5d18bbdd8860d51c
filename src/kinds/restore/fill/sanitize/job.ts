// Builds the Job that takes tasks and webhooks out of what was unpacked: an engine that runs no task, cut off as in a boot, and the mover that asks it. Pure.
import type { V1Job } from '@kubernetes/client-node'
import type { MeiliRestoreStatus } from '../../../../api/restore.ts'
import type { SanitizeConfig } from '../../../../mover/contract.ts'
import { serverPlacement, serverSecurity } from '../../../../reconcile/job/beside-server.ts'
import { cutOff, dataMount, dataPath, engineEndpoint, engineOf } from '../../../../reconcile/job/boot/engine.ts'
import { databaseDirectory } from '../../../../reconcile/names/objects.ts'
import type { RestoreObservation } from '../../observation.ts'
import { fillDeadlineMs } from '../../status/deadline.ts'
import { limitsOf, moverOwner, restoreJob } from '../../status/job.ts'
import { versionInside } from './asked.ts'

export interface SanitizeFrom extends RestoreObservation {
  readonly sanitize: NonNullable<MeiliRestoreStatus['sanitize']>
  readonly claimName: string
}

const workMount = { name: 'work', mountPath: '/work' }

export function sanitizeJob(from: SanitizeFrom, nowMs: number): V1Job {
  const { restore, target, sanitize, claimName, moverImage, imagePullSecrets } = from
  const { managed } = target.instance?.spec ?? {}
  const { deadlineSeconds } = limitsOf(restore, fillDeadlineMs(restore, nowMs) - nowMs)
  return restoreJob({
    restore,
    name: sanitize.jobName,
    config: configOf(from, deadlineSeconds),
    deadlineSeconds,
    pod: {
      securityContext: serverSecurity(managed),
      ...serverPlacement({ managed, mover: restore.spec.mover, node: target.instance?.status?.pod?.node }),
      volumes: [
        { name: dataMount.name, persistentVolumeClaim: { claimName } },
        { name: workMount.name, emptyDir: {} },
      ],
      initContainers: [engineOf({ engineImage: engineImage(from), upgrade: false, runsTasks: false, workMount })],
      ...cutOff,
    },
    // The engine alone writes; a flush needs no more.
    volumeMounts: [{ ...dataMount, readOnly: true }],
    moverImage,
    imagePullSecrets: [...new Set([...imagePullSecrets, ...pullSecrets(from)])],
  })
}

function configOf({ restore, claimName }: SanitizeFrom, deadlineSeconds: number): SanitizeConfig {
  const { tasks, webhooks } = restore.spec.sanitize
  return {
    command: 'sanitize',
    object: moverOwner(restore),
    endpoint: engineEndpoint,
    database: { root: dataPath, claim: claimName, directory: databaseDirectory },
    tasks,
    webhooks,
    deadlineSeconds,
  }
}

function engineImage({ restore, target }: SanitizeFrom): string {
  const repository = target.instance?.spec.managed?.image.repository ?? 'getmeili/meilisearch'
  return `${repository}:v${versionInside(restore) ?? ''}`
}

const pullSecrets = ({ target }: SanitizeFrom): readonly string[] =>
  (target.instance?.spec.managed?.image.pullSecrets ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]))
