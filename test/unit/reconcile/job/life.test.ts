// The four states of a Job of ours, whatever it does.
import { describe, expect, test } from 'vitest'
import { lifeOf, restOf } from '../../../../src/reconcile/job/life.ts'
import {
  ago,
  aJob,
  aPod,
  aSnapshot,
  endedPod,
  movingStatus,
  noMover,
  now,
  runningPod,
  second,
} from '../../../support/builders/observations.ts'

const snapshot = aSnapshot({ status: movingStatus() })
const job = aJob(snapshot)
const going = aJob(snapshot, { metadata: { deletionTimestamp: ago(second) } })
const later = new Date(now + 5 * second).toISOString()

describe('the life of a Job', () => {
  test('that is not there is absent, or paused until its time has come', () => {
    expect(lifeOf(noMover, undefined, now)).toEqual({ is: 'absent' })
    expect(lifeOf(noMover, later, now)).toEqual({ is: 'paused', restMs: 5 * second })
    expect(lifeOf(noMover, later, now + 5 * second)).toEqual({ is: 'absent' })
    expect(lifeOf({ ...noMover, job: going }, later, now)).toMatchObject({ is: 'running', isGoing: true })
  })

  test('that is there runs, with why it does not start', () => {
    expect(lifeOf({ ...noMover, job, pod: runningPod() }, later, now)).toEqual({
      is: 'running',
      why: undefined,
      isGoing: false,
    })
    const pod = aPod({ status: { phase: 'Pending' } })
    const warning = { reason: 'FailedMount', message: 'no such volume' }
    expect(lifeOf({ ...noMover, job: going, pod, warning }, undefined, now)).toEqual({
      is: 'running',
      why: 'FailedMount: no such volume.',
      isGoing: true,
    })
  })

  test('that has ended gives its result, also where somebody deletes it', () => {
    const pod = endedPod(15, { exitCode: 15, message: 'Full.' })
    for (const [of, isGoing] of [
      [job, false],
      [going, true],
    ] as const)
      expect(lifeOf({ ...noMover, job: of, pod }, undefined, now)).toEqual({
        is: 'ended',
        result: { exitCode: 15, message: 'Full.' },
        isGoing,
      })
  })

  test('a pause that is over, or never was, leaves nothing to rest', () => {
    expect([restOf(undefined, now), restOf(later, now), restOf(later, now + 6 * second)]).toEqual([
      0,
      5 * second,
      -second,
    ])
  })
})
