// How a mover ended: which word counts, and which failures may pass.
import type { V1Job } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import { failureOf } from '../../../../../src/kinds/snapshot/job/failure.ts'
import { resultOf, terminationOf } from '../../../../../src/reconcile/job/termination.ts'
import {
  aJob,
  aPod,
  aSnapshot,
  endedPod,
  movingStatus,
  runningPod,
  stored,
} from '../../../../support/builders/observations.ts'

const job = (conditions?: object[]): V1Job =>
  aJob(aSnapshot({ status: movingStatus() }), conditions === undefined ? {} : { status: { conditions } })
const disrupted = { conditions: [{ type: 'DisruptionTarget', status: 'True' }] }
const backoff = {
  type: 'Failed',
  status: 'True',
  reason: 'BackoffLimitExceeded',
  message: 'Job has reached the specified backoff limit',
}

describe('terminationOf', () => {
  test('nothing while it runs, or has no pod yet', () => {
    expect(terminationOf(job(), runningPod())).toBeUndefined()
    expect(terminationOf(job(), undefined)).toBeUndefined()
  })

  test("the mover container's own end counts, before the Job has said anything", () => {
    expect(terminationOf(job(), endedPod(30, 'text'))).toEqual({ exitCode: 30, reason: 'Error', message: 'text' })
  })

  test("a sidecar's end is not the mover's", () => {
    const pod = aPod({
      status: {
        containerStatuses: [
          { name: 'istio-proxy', state: { terminated: { exitCode: 0 } } },
          { name: 'mover', state: { running: {} } },
        ],
      },
    })
    expect(terminationOf(job(), pod)).toBeUndefined()
  })

  test('a pod that had to make way is not the end: the Job makes another one', () => {
    expect(terminationOf(job(), endedPod(143, 'text', disrupted))).toBeUndefined()
  })

  test('a pod that had to make way when it was done is done', () => {
    expect(terminationOf(job(), endedPod(0, stored, disrupted))).toMatchObject({ exitCode: 0 })
  })

  test('a Job that is over makes no other pod: then the word of the last one counts', () => {
    expect(terminationOf(job([backoff]), endedPod(143, 'text', disrupted))).toEqual({
      exitCode: 143,
      reason: 'Error',
      message: 'text',
    })
  })

  test.each([
    [
      'Failed',
      backoff,
      { exitCode: undefined, reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' },
    ],
    ['Complete', { type: 'Complete', status: 'True' }, { exitCode: undefined, reason: 'Complete', message: '' }],
  ])('a Job that is %s without a pod speaks for itself', (_, condition, termination) => {
    expect(terminationOf(job([condition]), undefined)).toEqual(termination)
  })

  test('a Job that only begins to fail is not over', () => {
    expect(
      terminationOf(
        job([
          { type: 'FailureTarget', status: 'True' },
          { type: 'Failed', status: 'False' },
        ]),
        undefined,
      ),
    ).toBeUndefined()
  })
})

describe('resultOf', () => {
  test("the mover's own words count, also where it was killed right after them", () => {
    expect(resultOf({ exitCode: 137, reason: 'OOMKilled', message: JSON.stringify(stored) })).toEqual(stored)
  })

  test.each([
    ['text that is no JSON', 'panic'],
    ['JSON of another kind', '{"code":1}'],
    ['nothing', ''],
  ])('%s: exit code and reason are all that is known', (_, message) => {
    expect(resultOf({ exitCode: 1, reason: 'Error', message })).toEqual({
      exitCode: 1,
      message: `The mover ended with exit code 1 (Error) and left no result. ${message}`.trim(),
    })
  })

  test('memory that ran out names the remedy', () => {
    expect(resultOf({ exitCode: 137, reason: 'OOMKilled', message: '' }).message).toMatch(
      /ran out of memory.*spec\.mover\.resources\.limits\.memory/,
    )
  })

  test('without a pod no exit code is made up', () => {
    const { message } = resultOf({
      exitCode: undefined,
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline',
    })
    expect(message).toBe(
      "The mover's Job ended (DeadlineExceeded), and no pod is left to say how. Job was active longer than specified deadline",
    )
  })
})

describe('failureOf', () => {
  test.each([
    ['badConfiguration', 'MoverFailed'],
    ['sourceMissing', 'SourceMissing'],
    ['destinationConflict', 'DestinationConflict'],
    ['permissionDenied', 'SourceNotReadable'],
  ] as const)('%s is final: %s', (name, reason) => {
    expect(failureOf({ exitCode: exitCodes[name], message: 'Why.' })).toEqual({
      reason,
      cure: 'None',
      message: 'Why.',
      isKilled: false,
    })
  })

  test.each([
    ['archiveBad', 'ArchiveCorrupt'],
    ['sourceMissing', 'SourceMissing'],
  ] as const)('%s (%s): a file that is bad, or that no batch wrote, is made anew', (name, reason) => {
    expect(failureOf({ exitCode: exitCodes[name], message: 'Why.', modifiedAt: '2026-03-01T11:00:00Z' })).toEqual({
      reason,
      cure: 'Snapshot',
      message: 'Why.',
      isKilled: false,
    })
  })

  test.each([
    ['noSpace', 'InsufficientSpace'],
    ['superseded', 'Superseded'],
    ['terminated', 'MoverFailed'],
  ] as const)('%s may pass, and does not count: %s', (name, reason) => {
    expect(failureOf({ exitCode: exitCodes[name], message: 'Why.' })).toEqual({
      reason,
      cure: 'MoverUncounted',
      message: 'Why.',
      isKilled: false,
    })
  })

  test.each(['inputOutput', 'mismatch', 'stalled'] as const)('%s may pass, and counts', (name) => {
    expect(failureOf({ exitCode: exitCodes[name], message: 'Why.' })).toEqual({
      reason: 'MoverFailed',
      cure: 'Mover',
      message: 'Why.',
      isKilled: false,
    })
  })

  test.each([1, 137, 255, -1])(
    'exit code %d, which is none of its own, may pass, and counts; it was killed',
    (exitCode) => {
      expect(failureOf({ exitCode, message: 'Why.' })).toMatchObject({ cure: 'Mover', isKilled: true })
    },
  )
})
