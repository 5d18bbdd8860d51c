// How the crash matrix names the steps of a life: by what is on record, so that repeats of one wait are one step.
import { describe, expect, test } from 'vitest'
import type { Call } from '../../crash/fixture/http-proxy.ts'
import { StepNames } from '../../crash/record/step-names.ts'
import { movingStatus, requestedStatus } from '../../support/builders/observations.ts'

const snapshots = '/apis/meili-operator.dev/v1alpha1/namespaces/shop/meilisnapshots/first'
const put = (status: object): Call => ({
  method: 'PUT',
  path: `${snapshots}/status`,
  body: JSON.stringify({ status }),
  authorization: '',
})
const get = (path: string, authorization = 'a snapshot'): Call => ({ method: 'GET', path, body: '', authorization })
const jobs: Call = { method: 'POST', path: '/apis/batch/v1/namespaces/shop/jobs', body: '{}', authorization: '' }

function writeStep(stepNames: StepNames, call: Call, status = 200): string | undefined {
  const step = stepNames.stepOfWrite(call)
  if (step !== undefined) stepNames.accept(step, { status, headers: {}, body: '' })
  return step?.name
}

const poll = ['/tasks?limit=1', '/version', '/tasks?types=snapshotCreation&reverse=true&from=12&limit=100', '/tasks/11']
const interview = [
  'GET /health',
  'GET /tasks?limit=1',
  'POST /tasks/cancel',
  'GET /version',
  'GET /stats',
  'GET /tasks?limit=1',
  'GET /version',
  'GET /stats',
]
const instanceShows = (status: object): Call => ({
  method: 'PUT',
  path: '/apis/meili-operator.dev/v1alpha1/namespaces/shop/meiliinstances/movies/status',
  body: JSON.stringify({ status }),
  authorization: '',
})
const interviewNames = (stepNames: StepNames, authorization = 'an instance'): string[] =>
  interview
    .map((line) => line.split(' '))
    .map(([method = '', path = '']) => stepNames.stepOfCall({ method, path, body: '', authorization }).name)

describe('the steps of a life', () => {
  test('are what a write puts on record', () => {
    const stepNames = new StepNames()
    const conditions = [{ type: 'Ready', reason: 'InstanceNotFound' }]
    const names = [
      put({ phase: 'Pending', conditions }),
      { ...jobs, method: 'PATCH', path: snapshots, body: '{"metadata":{"finalizers":["a"]}}' },
      put(requestedStatus()),
      put(requestedStatus({ taskUid: 12 })),
      put(requestedStatus({ taskUid: 12 }, { task: { uid: 12, status: 'processing', enqueuedAt: '' } })),
      put(movingStatus({}, { move: { attempt: 1, jobName: 'a', startedAt: '' } })),
      put(movingStatus()),
      jobs,
      put(movingStatus()),
      put({ phase: 'Completed' }),
      { ...jobs, method: 'PATCH', path: snapshots, body: '{"metadata":{"finalizers":[]}}' },
    ].map((call) => writeStep(stepNames, call))
    expect(names).toEqual([
      'status: Pending (InstanceNotFound)',
      'finalizer set',
      'status: request on record',
      'status: number of the task',
      'status: task in progress',
      'status: task succeeded',
      'status: node of the mover',
      'Job created',
      'status: mover on its way',
      'status: Completed',
      'finalizer taken away',
    ])
  })

  test('leave out reads, leases and Events', () => {
    const others = [
      get(snapshots),
      { ...jobs, path: '/api/v1/namespaces/shop/events' },
      { ...jobs, method: 'PUT', path: '/apis/coordination.k8s.io/v1/namespaces/system/leases/a' },
    ]
    expect(others.map((call) => new StepNames().stepOfWrite(call))).toEqual([undefined, undefined, undefined])
  })

  test('say in the words of the audit log what a write is', () => {
    expect(new StepNames().stepOfWrite(put({}))?.audited).toBe('update meilisnapshots/status')
    expect(new StepNames().stepOfWrite(jobs)?.audited).toBe('create jobs')
  })

  test('count the polls of one wait once, and those of the next wait anew', () => {
    const stepNames = new StepNames()
    const names = (pass: string): string[] => poll.map((path) => stepNames.stepOfCall(get(path, pass)).name)
    writeStep(stepNames, put(requestedStatus({ taskUid: 12 })))
    const first = names('first pass')
    expect(names('second pass')).toEqual(first)
    expect(new Set(first).size).toBe(4)
    writeStep(
      stepNames,
      put(requestedStatus({ taskUid: 12 }, { task: { uid: 12, status: 'processing', enqueuedAt: '' } })),
    )
    expect(names('third pass').filter((name) => first.includes(name))).toEqual([])
  })

  test('stay where they are when a write is refused', () => {
    const stepNames = new StepNames()
    const before = stepNames.stepOfCall(get('/version', 'first pass')).name
    writeStep(stepNames, put(requestedStatus()), 409)
    expect(stepNames.stepOfCall(get('/version', 'second pass')).name).toBe(before)
  })

  test('distinguish an interview about the instance from the questions of the snapshot, also where they mix', () => {
    const stepNames = new StepNames()
    const alone = interviewNames(stepNames, 'first pass')
    expect(new Set(alone).size).toBe(interview.length)
    expect(alone.at(-1)).toBe('GET /stats (2), at "instance new"')
    writeStep(stepNames, instanceShows({ conditions: [{ type: 'Ready', reason: 'Ready' }] }))
    stepNames.stepOfCall(get('/health', 'second pass'))
    expect(stepNames.stepOfCall(get('/tasks?limit=1', 'third pass')).name).toBe(
      'GET /tasks?limit=N, at "nothing on record"',
    )
    expect(stepNames.stepOfCall(get('/tasks?limit=1', 'second pass')).name).toBe(
      'GET /tasks?limit=N, at "instance: Ready"',
    )
  })

  test('are over when the instance was asked once more after it had shown the completed snapshot', () => {
    const stepNames = new StepNames()
    interviewNames(stepNames, 'first pass')
    writeStep(stepNames, put({ phase: 'Completed' }))
    interviewNames(stepNames, 'second pass')
    writeStep(stepNames, instanceShows({ lastSnapshot: {} }))
    expect(stepNames.isOver).toBe(false)
    interviewNames(stepNames, 'third pass')
    expect(stepNames.isOver).toBe(true)
  })
})
