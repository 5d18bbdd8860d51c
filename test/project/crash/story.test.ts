// How the crash matrix names the steps of a life: by what is on record, so that repeats of one wait are one step.
import { describe, expect, test } from 'vitest'
import type { Call } from '../../crash/place/door.ts'
import { Story } from '../../crash/record/story.ts'
import { moving, requested } from '../../support/builders/observations.ts'

const snapshots = '/apis/meili-operator.dev/v1alpha1/namespaces/shop/meilisnapshots/first'
const put = (status: object): Call => ({
  method: 'PUT',
  path: `${snapshots}/status`,
  body: JSON.stringify({ status }),
  authorization: '',
})
const get = (path: string, authorization = 'a snapshot'): Call => ({ method: 'GET', path, body: '', authorization })
const jobs: Call = { method: 'POST', path: '/apis/batch/v1/namespaces/shop/jobs', body: '{}', authorization: '' }

function written(story: Story, call: Call, status = 200): string | undefined {
  const step = story.write(call)
  if (step !== undefined) story.accepted(step, { status, headers: {}, body: '' })
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
const asked = (story: Story, authorization = 'an instance'): string[] =>
  interview
    .map((line) => line.split(' '))
    .map(([method = '', path = '']) => story.ask({ method, path, body: '', authorization }).name)

describe('the steps of a life', () => {
  test('are what a write puts on record', () => {
    const story = new Story()
    const conditions = [{ type: 'Ready', reason: 'InstanceNotFound' }]
    const names = [
      put({ phase: 'Pending', conditions }),
      { ...jobs, method: 'PATCH', path: snapshots, body: '{"metadata":{"finalizers":["a"]}}' },
      put(requested()),
      put(requested({ taskUid: 12 })),
      put(requested({ taskUid: 12 }, { task: { uid: 12, status: 'processing', enqueuedAt: '' } })),
      put(moving({}, { move: { attempt: 1, jobName: 'a', startedAt: '' } })),
      put(moving()),
      jobs,
      put(moving()),
      put({ phase: 'Completed' }),
      { ...jobs, method: 'PATCH', path: snapshots, body: '{"metadata":{"finalizers":[]}}' },
    ].map((call) => written(story, call))
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
    expect(others.map((call) => new Story().write(call))).toEqual([undefined, undefined, undefined])
  })

  test('say in the words of the audit log what a write is', () => {
    expect(new Story().write(put({}))?.audited).toBe('update meilisnapshots/status')
    expect(new Story().write(jobs)?.audited).toBe('create jobs')
  })

  test('count the polls of one wait once, and those of the next wait anew', () => {
    const story = new Story()
    const names = (pass: string): string[] => poll.map((path) => story.ask(get(path, pass)).name)
    written(story, put(requested({ taskUid: 12 })))
    const first = names('first pass')
    expect(names('second pass')).toEqual(first)
    expect(new Set(first).size).toBe(4)
    written(story, put(requested({ taskUid: 12 }, { task: { uid: 12, status: 'processing', enqueuedAt: '' } })))
    expect(names('third pass').filter((name) => first.includes(name))).toEqual([])
  })

  test('stay where they are when a write is refused', () => {
    const story = new Story()
    const before = story.ask(get('/version', 'first pass')).name
    written(story, put(requested()), 409)
    expect(story.ask(get('/version', 'second pass')).name).toBe(before)
  })

  test('tell an interview about the instance from the questions of the snapshot, also where they mix', () => {
    const story = new Story()
    const alone = asked(story, 'first pass')
    expect(new Set(alone).size).toBe(interview.length)
    expect(alone.at(-1)).toBe('GET /stats (2), at "instance new"')
    written(story, instanceShows({ conditions: [{ type: 'Ready', reason: 'Ready' }] }))
    story.ask(get('/health', 'second pass'))
    expect(story.ask(get('/tasks?limit=1', 'third pass')).name).toBe('GET /tasks?limit=N, at "nothing on record"')
    expect(story.ask(get('/tasks?limit=1', 'second pass')).name).toBe('GET /tasks?limit=N, at "instance: Ready"')
  })

  test('are over when the instance was asked once more after it had shown the completed snapshot', () => {
    const story = new Story()
    asked(story, 'first pass')
    written(story, put({ phase: 'Completed' }))
    asked(story, 'second pass')
    written(story, instanceShows({ lastSnapshot: {} }))
    expect(story.isOver).toBe(false)
    asked(story, 'third pass')
    expect(story.isOver).toBe(true)
  })
})
