// With sourcePolicy Remove beside it: no mover runs while another removes the file, and a file that another took is asked for again.
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import {
  anEngine,
  aSnapshot,
  endedPod,
  minute,
  ago,
  movingStatus,
  requestedStatus,
  snapshotVerdict,
  succeededTask,
} from '../../../../support/builders/observations.ts'
import { before, inMove, moverObservation } from './in-move.ts'

const beside = { moving: [], removing: [], mayHaveRemoved: [] }

describe('a mover is not started while another snapshot removes the file', () => {
  const removing = { beside: { ...beside, removing: ['other'] } }

  test('after the task: its move is on record, without a node', () => {
    const snapshot = aSnapshot({ status: requestedStatus({ taskUid: 12, adoptedAt: ago(minute) }) })
    const engine = anEngine({ candidates: [succeededTask()] })
    const verdict = snapshotVerdict({ snapshot, engine, ...removing })
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'MoverStarting', effects: [], requeueAfterMs: 2000 })
    expect(verdict.message).toMatch(
      /^Snapshot other removes its file from the snapshot directory\. It goes on by itself/,
    )
    expect(verdict.status.move?.node).toBeUndefined()
  })

  test('for another attempt: the same', () => {
    expect(snapshotVerdict({ ...before({ attempt: 2, node: undefined as never }), ...removing }).effects).toEqual([])
  })

  test('one whose node is on record is known to the other, which waits for it', () => {
    expect(snapshotVerdict({ ...before({ node: 'node-a' }), ...removing }).effects).toEqual(['CreateJob'])
  })
})

describe('a file that is not there', () => {
  const absent = { exitCode: exitCodes.sourceMissing, message: 'There is no /source/data.ms.snapshot.' }
  const verdictWith = (mayHaveRemoved: readonly string[], attempt = 1): ReturnType<typeof snapshotVerdict> =>
    snapshotVerdict({
      ...moverObservation(inMove({}, { request: { ...movingStatus().request!, attempt } }), {
        pod: endedPod(absent.exitCode, absent),
      }),
      beside: { ...beside, mayHaveRemoved },
    })

  test('is asked for again where another one may have removed it', () => {
    const verdict = verdictWith(['other'])
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'NewAttempt',
      status: { request: { attempt: 2, posts: 0 } },
    })
    expect(verdict.status.request?.failure).toBe(
      'There is no /source/data.ms.snapshot. Snapshot other, with sourcePolicy Remove, may have removed it.',
    )
  })

  test('ends it at the third time', () => {
    expect(verdictWith(['other'], 3)).toMatchObject({ phase: 'Failed', reason: 'SourceMissing' })
  })

  test('ends it at once where nobody removes anything', () => {
    expect(verdictWith([])).toMatchObject({ phase: 'Failed', reason: 'SourceMissing' })
  })
})
