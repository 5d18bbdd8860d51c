// What `kubectl describe` shows: each step once, each trouble once, and nothing that has not happened.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotStatus } from '../../../../src/api/snapshot.ts'
import type { EventText } from '../../../../src/reconcile/decision.ts'
import { decideSnapshot } from '../../../../src/kinds/snapshot/decide.ts'
import { applyFact } from '../../../../src/kinds/snapshot/apply-fact.ts'
import type { SnapshotObservation } from '../../../../src/kinds/snapshot/observation.ts'
import { snapshotEvents } from '../../../../src/kinds/snapshot/events.ts'
import {
  aCondition,
  aJob,
  anEngine,
  anObservation,
  aSnapshot,
  asStored,
  aTask,
  endedPod,
  jobName,
  movingStatus,
  noMover,
  now,
  processingTask,
  requestedStatus,
  runningPod,
  second,
  stored,
  succeededTask,
} from '../../../support/builders/observations.ts'

const lines = (events: readonly EventText[]): string[] =>
  events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
const waits = (reason: string, message = reason): MeiliSnapshotStatus => ({
  phase: 'Pending',
  conditions: [aCondition('Ready', 'False', { reason, message })],
})

describe('a whole life', () => {
  /** One pass: its Events, and the status after it. */
  class Life {
    status: MeiliSnapshotStatus = { observedGeneration: -1 }
    readonly lines: string[] = []
    #passes = 0

    pass(changes: Partial<SnapshotObservation> = {}, taskUid?: number): void {
      this.#passes += 1
      const atMs = now + this.#passes * second
      this.#write(
        decideSnapshot(anObservation({ ...changes, snapshot: aSnapshot({ status: this.status }) }), atMs).status,
      )
      if (taskUid !== undefined)
        this.#write(applyFact(aSnapshot({ status: this.status }), { kind: 'TaskEnqueued', taskUid }, atMs))
    }

    #write(next: MeiliSnapshotStatus): void {
      const after = asStored(next)
      this.lines.push(...lines(snapshotEvents(this.status, after)))
      this.status = after
    }
  }

  const file = `5.0 MiB, sha256 ${'ab'.repeat(32)}, on claim backups at search/nightly-0a1b2c3d.`

  test('without trouble has five lines', () => {
    const life = new Life()
    life.pass({}, 12)
    for (const task of [aTask(), aTask(), processingTask(), processingTask(), succeededTask()])
      life.pass({ engine: anEngine({ candidates: [task] }) })
    life.pass({ engine: anEngine({ candidates: [succeededTask()] }) })
    const job = aJob(aSnapshot({ status: life.status }))
    const mover = { ...noMover, job, jobs: [job] }
    life.pass({ mover })
    for (const step of ['copying', 'verifying'] as const)
      life.pass({ mover: { ...mover, pod: runningPod(), progress: { step, bytesDone: 1, bytesTotal: 2 } } })
    life.pass({ mover: { ...mover, pod: endedPod(0, stored) } })
    life.pass({ mover })
    expect(life.lines).toEqual([
      'Normal Requested: POST /snapshots answered with task 12',
      'Normal Created: Meilisearch finished task 12 in 19s (batch 9)',
      `Normal Moving: Mover ${jobName} is being started for node node-a`,
      'Normal Verified: Archive read back: gzip, tar and version 1.21.0 are good',
      `Normal Completed: ${file}`,
    ])
  })

  test('a mover that fails once is reported when the next one begins, with the node of that one', () => {
    const life = new Life()
    life.status = movingStatus()
    const job = aJob(aSnapshot({ status: life.status }))
    life.pass({ mover: { ...noMover, job, jobs: [job], pod: endedPod(30, { exitCode: 30, message: 'I/O error.' }) } })
    expect(life.lines).toEqual([])
    for (let pass = 0; pass < 6; pass += 1) life.pass({ engine: anEngine({ candidates: [succeededTask()] }) })
    expect(life.lines).toEqual([
      'Warning Moving: Mover nightly-0a1b2c3d-1-2 is being started for node node-a (attempt 2: I/O error.)',
    ])
  })

  test('a request whose reply was lost is reported with the task that serves', () => {
    const life = new Life()
    life.pass()
    life.pass()
    life.pass({ engine: anEngine({ candidates: [aTask()] }) })
    life.pass({ engine: anEngine({ candidates: [processingTask()] }) })
    expect(life.lines).toEqual([
      'Normal Requested: Task 12 serves this snapshot: found without a reply to POST /snapshots',
    ])
  })
})

describe('trouble', () => {
  test('is reported once for each reason, with its sentence', () => {
    const first = waits('Unauthorized', 'The key is refused.')
    expect(lines(snapshotEvents({ observedGeneration: -1 }, first))).toEqual([
      'Warning Unauthorized: The key is refused.',
    ])
    expect(snapshotEvents(first, waits('Unauthorized', 'The key is refused again.'))).toEqual([])
    expect(lines(snapshotEvents(first, waits('TargetNotReady', 'Gone.')))).toEqual(['Warning TargetNotReady: Gone.'])
  })

  test.each(['Queued', 'ClaimCreating'])('%s is no trouble, but reported', (reason) => {
    expect(snapshotEvents(undefined, waits(reason))).toEqual([{ type: 'Normal', reason, message: reason }])
  })

  test.each([
    'InstanceNotSeen',
    'Requesting',
    'TaskEnqueued',
    'TaskProcessing',
    'MoverStarting',
    'Copying',
    'Verifying',
  ])('%s is the ordinary way, and not reported as such', (reason) => {
    expect(snapshotEvents(undefined, waits(reason))).toEqual([])
  })

  test.each([
    'MoverWaiting',
    'MoverRefused',
    'TargetMoving',
    'MoveDeadlineExceeded',
    'RequestRefused',
    'InstanceNotFound',
    'ClaimNotFound',
    'ClaimNotReady',
  ])('%s is a Warning', (reason) => {
    expect(snapshotEvents(undefined, waits(reason))).toEqual([{ type: 'Warning', reason, message: reason }])
  })
})

describe('a deadline that cannot be enforced', () => {
  const late = {
    ...requestedStatus({ taskUid: 12 }),
    conditions: [
      aCondition('Ready', 'False', { reason: 'TaskProcessing' }),
      aCondition('Overdue', 'True', { reason: 'TaskProcessing', message: 'Task 12 runs on.' }),
    ],
  }

  test('is reported once', () => {
    expect(lines(snapshotEvents(requestedStatus({ taskUid: 12 }), late))).toEqual(['Warning Overdue: Task 12 runs on.'])
    expect(snapshotEvents(late, late)).toEqual([])
  })
})

describe('the end', () => {
  const failure = { ...waits('SnapshotTaskFailed', 'Task 12 failed: internal.'), phase: 'Failed' as const }

  test('a failure is one Warning, with its reason', () => {
    expect(
      lines(snapshotEvents(requestedStatus({ taskUid: 12 }), { ...requestedStatus({ taskUid: 12 }), ...failure })),
    ).toEqual(['Warning SnapshotTaskFailed: Task 12 failed: internal.'])
  })

  test('an expiry is told of before, with the way to object, and once when it is done', () => {
    const artifact = { claimName: 'backups', path: 'search/nightly-0a1b2c3d' } as NonNullable<
      MeiliSnapshotStatus['artifact']
    >
    const done: MeiliSnapshotStatus = { phase: 'Completed', artifact }
    const announced: MeiliSnapshotStatus = { ...done, expiry: { announcedAt: '2026-03-01T12:00:00Z' } }
    expect(lines(snapshotEvents(done, announced))).toEqual([
      'Normal ExpiringArtifact: expiresAfter is over: search/nightly-0a1b2c3d on claim backups is removed in a minute. To keep it, annotate this object with meili-operator.dev/keep=true',
    ])
    expect(snapshotEvents(announced, announced)).toEqual([])
    expect(snapshotEvents(announced, done)).toEqual([])
    const said = (status: 'False' | 'Unknown', reason: string): MeiliSnapshotStatus => ({
      ...announced,
      phase: 'Expired',
      conditions: [
        aCondition('Ready', 'True', { reason: 'Expired', message: 'Gone.' }),
        aCondition('ArtifactAvailable', status, { reason, message: 'Gone.' }),
      ],
      expiry: { announcedAt: '2026-03-01T12:00:00Z', outcome: status === 'False' ? 'Removed' : 'Abandoned' },
    })
    expect(lines(snapshotEvents(announced, said('False', 'Expired')))).toEqual(['Normal Expired: Gone.'])
    expect(lines(snapshotEvents(announced, said('Unknown', 'ExpiryAbandoned')))).toEqual([
      'Warning ExpiryAbandoned: Gone.',
    ])
  })

  test('is reported once', () => {
    expect(snapshotEvents(failure, failure)).toEqual([])
  })

  test('a file that nobody read back is not called verified', () => {
    const artifact = {
      claimName: 'backups',
      path: 'p',
      fileName: 'f',
      sizeBytes: 1,
      size: '1 B',
      sha256: 'ab',
      meilisearchVersion: '1.21.0',
      verification: 'None',
    } as const
    expect(snapshotEvents(movingStatus(), { ...movingStatus(), artifact })).toEqual([])
  })
})

describe('the task', () => {
  test('that succeeded without times has no duration', () => {
    const { startedAt: _, ...task } = succeededTask()
    expect(lines(snapshotEvents(requestedStatus({ taskUid: 12 }), requestedStatus({ taskUid: 12 }, { task })))).toEqual(
      ['Normal Created: Meilisearch finished task 12 (batch 9)'],
    )
  })

  test('that another one replaced in the end is not reported as another request', () => {
    expect(snapshotEvents(movingStatus(), { ...movingStatus(), task: succeededTask({ uid: 14 }) })).toEqual([])
  })
})
