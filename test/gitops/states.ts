// The contract with GitOps tools: every state that an object of ours can be in, and what each tool must say of it. docs/gitops.md shows the same table.
import type { MeiliInstance } from '../../src/api/instance.ts'
import type { MeiliRestore } from '../../src/api/restore.ts'
import type { MeiliSnapshotSchedule } from '../../src/api/schedule.ts'
import { isFinished } from '../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../src/api/snapshot.ts'
import { isTrue } from '../../src/api/status/conditions.ts'

export interface Expected {
  /** Helm 4, Flux, `cli-utils`. */
  readonly kstatus: 'InProgress' | 'Current' | 'Failed' | 'Terminating'
  /** Argo CD with our health script. */
  readonly argo: 'Progressing' | 'Healthy' | 'Degraded'
  /** Flux with our healthCheckExprs. */
  readonly flux: 'InProgress' | 'Current' | 'Failed'
}

const waiting: Expected = { kstatus: 'InProgress', argo: 'Progressing', flux: 'InProgress' }
const good: Expected = { kstatus: 'Current', argo: 'Healthy', flux: 'Current' }
const bad: Expected = { kstatus: 'Failed', argo: 'Degraded', flux: 'Failed' }
const leaving: Expected = { kstatus: 'Terminating', argo: 'Progressing', flux: 'InProgress' }

/** Not yet seen; spec changed since it was seen; being deleted. */
const ofEveryKind = { unseen: waiting, changed: waiting, deleting: leaving }

export const contract = {
  MeiliSnapshot: {
    ...ofEveryKind,
    pending: waiting,
    snapshotting: waiting,
    moving: waiting,
    verifying: waiting,
    retrying: waiting,
    completed: good,
    /** A success whose files have gone since. */
    expired: good,
    failed: bad,
  },
  MeiliInstance: {
    ...ofEveryKind,
    'not-ready': waiting,
    upgrading: waiting,
    /** It serves, and something that spec asks for is still to come. */
    applying: waiting,
    ready: good,
    suspended: good,
    /** It serves, and something that spec asks for will not come by itself. */
    refused: bad,
    stalled: bad,
    /** Ready; that no snapshot can be taken of it is a failure only for who asks (our healthCheckExprs do). */
    'no-snapshots': { ...good, flux: 'Failed' },
  },
  MeiliSnapshotSchedule: {
    ...ofEveryKind,
    scheduled: good,
    suspended: good,
    /** The last snapshot failed, or none has succeeded for too long: a sync is not to fail for what happened last night. */
    failing: good,
    /** Retention waits for somebody to look. */
    held: good,
    /** The API server refuses its snapshot, and it is tried again. */
    refused: waiting,
    /** Nothing runs until somebody changes something, or the last slot had no snapshot. */
    stalled: bad,
  },
  MeiliRestore: {
    ...ofEveryKind,
    pending: waiting,
    /** A DryRun, which is all that was asked for. */
    planned: good,
    filling: waiting,
    verifying: waiting,
    stopping: waiting,
    switching: waiting,
    starting: waiting,
    completed: good,
    /** Back to the data from before, because somebody asked for it. */
    'rolled-back': good,
    /** Back by itself: what was asked for has failed, and the server serves. */
    returned: bad,
    failed: bad,
  },
} as const satisfies Record<string, Record<string, Expected>>

export type Kind = keyof typeof contract
export type Judged = MeiliSnapshot | MeiliInstance | MeiliSnapshotSchedule | MeiliRestore

export const kinds = Object.keys(contract) as Kind[]

export function expectedOf(kind: Kind, state: string): Expected {
  const states: Readonly<Record<string, Expected>> = contract[kind]
  const expected = states[state]
  if (expected === undefined) throw new Error(`the contract knows no state ${state} of ${kind}`)
  return expected
}

/** Which of the states an object is in, by what a person would look at first. */
export function stateOf(object: Judged): string {
  const { metadata, status } = object
  if (metadata.deletionTimestamp !== undefined) return 'deleting'
  if (status?.observedGeneration === -1) return 'unseen'
  if (status?.observedGeneration !== metadata.generation) return 'changed'
  switch (object.kind) {
    case 'MeiliSnapshotSchedule':
      return scheduleState(object)
    case 'MeiliRestore':
      return restoreState(object)
    case 'MeiliSnapshot':
      return snapshotState(object)
    default:
      return instanceState(object)
  }
}

function scheduleState({ status: { conditions = [] } = {} }: MeiliSnapshotSchedule): string {
  const [ready, lastSnapshot] = ['Ready', 'LastSnapshotSucceeded'].map((type) =>
    conditions.find((condition) => condition.type === type),
  )
  if (isTrue(conditions, 'Stalled')) return 'stalled'
  if (isTrue(conditions, 'Reconciling')) return 'refused'
  if (ready?.reason === 'Suspended') return 'suspended'
  if (isTrue(conditions, 'RetentionHeld')) return 'held'
  if (isTrue(conditions, 'Overdue') || lastSnapshot?.status === 'False') return 'failing'
  return ready?.status === 'True' ? 'scheduled' : 'without Ready'
}

function restoreState({ status: { phase, conditions } = {} }: MeiliRestore): string {
  if (phase === 'RolledBack') return isTrue(conditions, 'Failed') ? 'returned' : 'rolled-back'
  // One that is applied after its DryRun, and still waits.
  if (phase === 'Planned' && !isTrue(conditions, 'Ready')) return 'pending'
  return phase?.toLowerCase() ?? 'without a phase'
}

function snapshotState({ status = {} }: MeiliSnapshot): string {
  const isOver = isFinished({ status })
  if (!isOver && Math.max(status.request?.attempt ?? 1, status.move?.attempt ?? 1) > 1) return 'retrying'
  return status.phase?.toLowerCase() ?? 'without a phase'
}

function instanceState({ status = {} }: MeiliInstance): string {
  const [isReady, isStalled] = [isTrue(status.conditions, 'Ready'), isTrue(status.conditions, 'Stalled')]
  if (isStalled) return isReady ? 'refused' : 'stalled'
  if (status.upgrade !== undefined && status.upgrade.step !== 'Done') return 'upgrading'
  if (!isReady) return 'not-ready'
  if (isTrue(status.conditions, 'Reconciling')) return 'applying'
  return readyState({ status })
}

function readyState({ status = {} }: Pick<MeiliInstance, 'status'>): string {
  const conditionStatus = (type: string): string | undefined =>
    status.conditions?.find((condition) => condition.type === type)?.status
  if (status.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'Suspended')) return 'suspended'
  return conditionStatus('SnapshotVolumeReady') === 'False' ? 'no-snapshots' : 'ready'
}
