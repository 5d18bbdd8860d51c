// What the plugin makes of MeiliSnapshots: progress, reports, the object of `snapshot create`.
import { describe, expect, test } from 'vitest'
import type { Instance, Snapshot } from '../../../src/cli/cluster.ts'
import { newSnapshot } from '../../../src/cli/new/snapshot.ts'
import { endText, progressOf, progressText } from '../../../src/cli/view/progress.ts'
import { snapshotDescription, snapshotTable } from '../../../src/cli/view/snapshot.ts'
import { statusReport } from '../../../src/cli/view/status-report.ts'
import { aSchedule } from '../../support/builders/schedules.ts'
import type { ScheduleParts } from '../../support/builders/schedules.ts'

const nowMs = Date.parse('2026-01-02T04:00:00Z')

function snapshot(name: string, status: object | undefined, of = 'movies'): Snapshot {
  const spec = {
    source: { instanceRef: { name: of } },
    destination: { claim: { name: 'backups' } },
    sourcePolicy: 'Keep',
    deletionPolicy: 'Retain',
    verification: { mode: 'Archive' },
  }
  return {
    kind: 'MeiliSnapshot',
    metadata: { namespace: 'shop', name, creationTimestamp: '2026-01-02T03:00:00Z' },
    spec,
    ...(status === undefined ? {} : { status }),
  } as unknown as Snapshot
}

const ready = (status: string, reason: string, message: string): object => ({
  conditions: [{ type: 'Ready', status, reason, message }],
})
const instance = (name: string, status: object = ready('True', 'Ready', 'Fine.')): Instance =>
  ({ metadata: { namespace: 'shop', name }, spec: {}, status }) as unknown as Instance
const completedSnapshot = (name: string, completedAt: string, claim = 'backups'): Snapshot => {
  const object = snapshot(name, {
    phase: 'Completed',
    completedAt,
    duration: '41s',
    artifact: { sizeBytes: 7, claimName: claim },
    ...ready('True', 'Completed', 'Stored.'),
  })
  return { ...object, spec: { ...object.spec, destination: { claim: { name: claim } } } }
}

describe('progress', () => {
  test.each<[string, object | undefined, string]>([
    ['before the operator has looked', undefined, 'New  the operator has not looked at it yet'],
    ['with the status of creation alone', { observedGeneration: -1 }, 'New  the operator has not looked at it yet'],
    [
      'waiting',
      {
        phase: 'Pending',
        waitingFor: 'claim backups',
        ...ready('False', 'ClaimNotFound', 'Claim backups is not there.'),
      },
      'Pending  Claim backups is not there.',
    ],
    [
      'in the queue of Meilisearch',
      {
        phase: 'Snapshotting',
        task: { uid: 9, status: 'enqueued' },
        waitingFor: 'batch 8 (documentAdditionOrUpdate, 64 %)',
      },
      'Snapshotting  task 9 enqueued, waiting for batch 8 (documentAdditionOrUpdate, 64 %)',
    ],
    [
      'moving',
      {
        phase: 'Moving',
        task: { uid: 9, status: 'succeeded' },
        progress: { percent: 62, bytesDone: 1024, bytesTotal: 2048 },
      },
      'Moving  62 %  1.0 KiB of 2.0 KiB',
    ],
    [
      'moving, as the last one went',
      {
        phase: 'Moving',
        progress: { percent: 62, estimatedCompletion: '2026-01-02T04:01:05Z' },
        ...ready('False', 'Copying', 'The file is being copied.'),
      },
      'Moving  62 %  The file is being copied.  about 1m5s left',
    ],
    [
      'later than was estimated',
      { phase: 'Moving', progress: { bytesDone: 1, bytesTotal: 2, estimatedCompletion: '2026-01-02T03:59:59Z' } },
      'Moving  1 B of 2 B',
    ],
    ['done', { phase: 'Completed', progress: { percent: 100 } }, 'Completed  100 %'],
  ])('%s', (_, status, text) => expect(progressText(snapshot('a', status), nowMs)).toBe(text))

  test('a new percent is no new step, a new reason is', () => {
    const at = (percent: number, reason = 'Copying'): string =>
      progressOf(snapshot('a', { phase: 'Moving', progress: { percent }, ...ready('False', reason, 'x') })).step
    expect(at(10)).toBe(at(20))
    expect(at(10)).not.toBe(at(10, 'InsufficientSpace'))
  })

  test('the end is reported in the words of the condition', () => {
    expect(endText(completedSnapshot('a', '2026-01-02T03:04:05Z'))).toBe('a completed in 41s: Stored.')
    expect(endText(snapshot('a', { phase: 'Failed', ...ready('False', 'MoverFailed', 'Three times.') }))).toBe(
      'a failed: MoverFailed: Three times.',
    )
  })
})

describe('the report', () => {
  test('takes the newest by its end, not by its place in the list', () => {
    const [report] = statusReport(
      {
        instances: [instance('movies')],
        snapshots: [
          completedSnapshot('late', '2026-01-02T03:00:00Z'),
          completedSnapshot('early', '2026-01-02T00:00:00.5Z'),
        ],
        schedules: undefined,
      },
      nowMs,
    )
    expect(report).toMatchObject({ ready: true, lastSnapshot: { name: 'late', sizeBytes: 7 }, problems: [] })
  })

  test('a failure counts only while nothing newer has gone well', () => {
    const failed = snapshot('bad', {
      phase: 'Failed',
      completedAt: '2026-01-02T02:00:00Z',
      ...ready('False', 'MoverFailed', 'Three times.'),
    })
    const problems = (last: string): readonly string[] =>
      statusReport(
        { instances: [instance('movies')], snapshots: [failed, completedSnapshot('good', last)], schedules: undefined },
        nowMs,
      )[0]!.problems
    expect(problems('2026-01-02T03:00:00Z')).toEqual([])
    expect(problems('2026-01-02T01:00:00Z')).toEqual(['snapshot bad failed: MoverFailed: Three times.'])
  })

  test('what an instance lacks is said once, though two conditions say it', () => {
    const lackingCondition = (type: string, message: string): object => ({
      type,
      status: 'False',
      reason: 'Expanding',
      message,
    })
    const conditions = [
      lackingCondition('Ready', 'Claim data grows.'),
      lackingCondition('Applied', 'Claim data grows.'),
      lackingCondition('SnapshotVolumeReady', 'The claim is not bound.'),
      lackingCondition('PodFound', 'No pod.'),
    ]
    expect(
      statusReport({ instances: [instance('movies', { conditions })], snapshots: [], schedules: undefined }, nowMs)[0]!
        .problems,
    ).toEqual(['Expanding: Claim data grows.', 'Expanding: The claim is not bound.'])
  })

  test('names what is overdue, what waits for an instance that is not there, and what nobody has looked at', () => {
    const overdue = snapshot('slow', {
      phase: 'Snapshotting',
      conditions: [{ type: 'Overdue', status: 'True', message: 'Past deadlines.task.' }],
    })
    const reports = statusReport(
      {
        instances: [instance('movies'), instance('fresh', {})],
        snapshots: [overdue, snapshot('lost', undefined, 'gone')],
        schedules: undefined,
      },
      nowMs,
    )
    expect(reports.map(({ name, problems }) => [name, ...problems])).toEqual([
      ['movies', 'snapshot slow is overdue: Past deadlines.task.'],
      ['fresh', 'The operator has not looked at it yet.'],
      ['gone', 'There is no MeiliInstance gone, but snapshots that wait for it.'],
    ])
    expect(reports[0]!.running).toMatchObject([{ name: 'slow', phase: 'Snapshotting' }])
  })
})

describe('snapshot create', () => {
  test('goes where the last one of the same instance went', () => {
    const snapshots = [
      completedSnapshot('old', '2026-01-01T00:00:00Z', 'first'),
      completedSnapshot('new', '2026-01-02T00:00:00Z', 'second'),
      {
        ...completedSnapshot('other', '2026-01-03T00:00:00Z', 'third'),
        spec: { ...completedSnapshot('other', '').spec, source: { instanceRef: { name: 'shop' } } },
      },
    ]
    expect(newSnapshot({ instance: 'movies' }, { instance: instance('movies'), snapshots }, nowMs)).toEqual({
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: 'MeiliSnapshot',
      metadata: { namespace: 'shop', name: 'movies-20260102-040000' },
      spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'second' } } },
    })
  })
})

test('a history names attempts after the first, Events in their order, and leaves out what is not known', () => {
  const status = {
    phase: 'Moving',
    request: { attempt: 2, failure: 'Task 3 was cancelled.' },
    move: { attempt: 3, failure: 'I/O error.' },
    progress: { percent: 5 },
  }
  const events = [
    { metadata: { name: 'b' }, lastTimestamp: '2026-01-02T03:59:00Z', type: 'Normal', reason: 'Moving', message: 'm' },
    {
      metadata: { name: 'a' },
      lastTimestamp: null,
      eventTime: '2026-01-02T03:50:00.000000Z',
      type: 'Normal',
      reason: 'Requested',
      message: 'r',
    },
  ]
  const lines = snapshotDescription(snapshot('a', status), { events, schedules: undefined }, nowMs)
  expect(lines).toContain('Attempts:      snapshot 2: Task 3 was cancelled.; mover 3: I/O error.')
  expect(lines.slice(-3)).toEqual([
    '  AGE   TYPE     REASON      MESSAGE',
    '  10m   Normal   Requested   r',
    '  1m    Normal   Moving      m',
  ])
  expect(lines.join('\n')).not.toMatch(/Stored|SHA256|undefined/)
})

describe('a snapshot of a schedule', () => {
  const labelled = (annotations: object = {}): Snapshot => ({
    ...completedSnapshot('nightly-1', '2026-01-02T03:00:00Z'),
    metadata: {
      ...snapshot('nightly-1', {}).metadata,
      labels: { 'meili-operator.dev/schedule': 'nightly' },
      annotations: annotations as Record<string, string>,
    },
  })
  const kept = { count: 1, bytes: 1, size: '1 B', rules: [{ name: 'nightly-1', by: ['last', 'daily'] }] }
  const describedBy = (status: ScheduleParts['status'], annotations?: object): string[] =>
    snapshotDescription(
      labelled(annotations),
      { events: [], schedules: status === undefined ? [] : [aSchedule({ status })] },
      nowMs,
    ).filter((line) => /^(Schedule|Retention):/.test(line))

  test('is described with the schedule, and what its retention does with it', () => {
    expect(describedBy({ kept })).toEqual(['Schedule:      nightly', 'Retention:     kept by last, daily'])
    expect(describedBy({ expiring: [{ name: 'nightly-1', reason: 'no rule keeps it' }] })[1]).toBe(
      'Retention:     goes next: no rule keeps it',
    )
    expect(describedBy({ kept }, { 'meili-operator.dev/keep': 'true' })[1]).toBe(
      'Retention:     pinned: no retention deletes it',
    )
    expect(describedBy(undefined)).toEqual(['Schedule:      nightly, which does not exist'])
  })

  test('makes a column of the list, which is not there without one', () => {
    const tableOf = (...list: Snapshot[]): string[] => snapshotTable(list, { withNamespace: false, nowMs })
    expect(tableOf(labelled({ 'meili-operator.dev/keep': 'true' }))[1]).toMatch(/ backups +nightly \(pinned\) +1h$/)
    expect(tableOf(labelled(), snapshot('b', {}))[0]).toContain('SCHEDULE')
    expect(tableOf(snapshot('b', {}))[0]).not.toContain('SCHEDULE')
  })
})
