// Builds MeiliRestores for tests: as the API server would hand them out, defaults filled in.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { apiVersion } from '../../../src/api/group.ts'
import type { ObjectMeta } from '../../../src/api/meta.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../src/api/restore.ts'
import type { MoverResult } from '../../../src/mover/contract.ts'
import { noMover } from '../../../src/reconcile/job/look.ts'
import type { MoverSeen } from '../../../src/reconcile/job/seen.ts'
import { moverContainer } from '../../../src/reconcile/job/template.ts'

/** @param spec as a user writes it; it is checked and completed by the schema */
export function aRestore({
  metadata = {},
  spec = {},
  status,
}: {
  metadata?: Partial<ObjectMeta>
  spec?: Record<string, unknown>
  status?: MeiliRestoreStatus
} = {}): MeiliRestore {
  return {
    apiVersion,
    kind: 'MeiliRestore',
    metadata: {
      name: 'back',
      namespace: 'shop',
      uid: '5d2f0c1e-8a54-4b6f-9a3a-0a9f6f1f2b77',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-30T03:00:00Z',
      ...metadata,
    },
    spec: meiliRestores.spec.parse({
      source: { snapshotRef: { name: 'nightly' } },
      target: { inPlace: { instanceRef: { name: 'movies' } } },
      confirm: 'movies',
      ...spec,
    }),
    ...(status === undefined ? {} : { status }),
  }
}

/** A mover of a restore that has ended, with what it left in its termination message. */
export function endedMover(name: string, result: Partial<MoverResult>, metadata: object = {}): MoverSeen {
  const message = JSON.stringify({ exitCode: 0, message: 'Done.', ...result })
  const job = { metadata: { name, uid: `uid-of-${name}`, ...metadata } } as V1Job
  const terminated = { exitCode: result.exitCode ?? 0, message }
  const pod = { status: { containerStatuses: [{ name: moverContainer, state: { terminated } }] } } as V1Pod
  return { ...noMover, job, pod, jobs: [job] }
}

/** One that works, or has not begun to. */
export function runningMover(name: string, seen: Partial<MoverSeen> = {}): MoverSeen {
  const job = { metadata: { name, uid: `uid-of-${name}` } } as V1Job
  const pod = { status: { phase: 'Running', containerStatuses: [{ name: moverContainer, state: { running: {} } }] } }
  return { ...noMover, job, pod: pod as V1Pod, jobs: [job], ...seen }
}
