// A mover that waits for its turn: what status says, how seldom it is written, and the clock that stands still.
import { describe, expect, test } from 'vitest'
import {
  ago,
  anEngine,
  asStored,
  aSnapshot,
  effectsOf,
  hour,
  minute,
  movingStatus,
  now,
  pendingConditions,
  conditionsIn,
  second,
  snapshotVerdict,
  succeededTask,
} from '../../../../support/builders/observations.ts'
import type { Queued } from '../../../../../src/kinds/snapshot/observation.ts'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'

const inLine: Queued = { enough: 'movers', limit: 10, ahead: 5, looked: false }
type Move = NonNullable<MeiliSnapshotStatus['move']>
const waits = (move: Partial<Move>): MeiliSnapshotStatus => {
  const { node: _, startedAt: _started, ...rest } = movingStatus().move!
  return movingStatus({}, { move: { ...rest, ...move } })
}
const engine = anEngine({ candidates: [succeededTask()] })

describe('moverInLine', () => {
  test('says why it waits and who goes first, and looks again seldom', () => {
    const verdict = snapshotVerdict({
      snapshot: aSnapshot({ status: waits({ queuedAt: ago(minute) }) }),
      queued: inLine,
    })
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'MoverQueued',
      effects: [],
      requeueAfterMs: 30 * second,
      message:
        'As many movers run as may at once (MAX_MOVERS is 10). Fewer than 8 others of namespace shop go first. Namespaces take turns. deadlines.move does not run meanwhile.',
    })
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
    expect(
      snapshotVerdict({ snapshot: aSnapshot({ status: waits({ queuedAt: ago(hour) }) }), queued: inLine })
        .requeueAfterMs,
    ).toBe(5 * minute)
  })

  test('is not written for each step forward: a thousand of them are a dozen writes', () => {
    let status = waits({ queuedAt: ago(hour) })
    let writes = 0
    for (let ahead = 1000; ahead >= 0; ahead--) {
      const next = snapshotVerdict({ snapshot: aSnapshot({ status }), queued: { ...inLine, ahead } })
      if (JSON.stringify(asStored(next.status)) !== JSON.stringify(status)) writes += 1
      status = asStored(next.status)
    }
    expect(writes).toBeLessThanOrEqual(12)
    expect(status.waitingFor).toContain('It is the next one of namespace shop.')
  })

  test('is judged by nothing that was not looked at, however old it is', () => {
    const status = waits({ startedAt: ago(1000 * hour), queuedAt: ago(999 * hour), attempt: 2 })
    const blank = { instance: undefined, target: undefined, databases: [], unseen: ['search'] }
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), queued: inLine, ...blank }).reason).toBe('MoverQueued')
  })
})

describe('the clock of deadlines.move', () => {
  test('begins when its turn comes', () => {
    const snapshot = aSnapshot({ status: waits({ queuedAt: ago(100 * hour) }) })
    const { status } = snapshotVerdict({ snapshot, engine })
    expect(status.move).toMatchObject({ startedAt: ago(0), node: 'node-a' })
    expect(status.move?.queuedAt).toBeUndefined()
    expect(effectsOf('CreateJob', { snapshot, engine })[0]?.job.spec?.activeDeadlineSeconds).toBe(6 * 3600 + 600)
  })

  test('stands still while a later attempt waits, and goes on where it stood', () => {
    const snapshot = aSnapshot({ status: waits({ attempt: 2, startedAt: ago(12 * hour), queuedAt: ago(10 * hour) }) })
    expect(effectsOf('CreateJob', { snapshot, engine })[0]?.job.spec?.activeDeadlineSeconds).toBe(4 * 3600 + 600)
    expect(snapshotVerdict({ snapshot, engine }).status.move?.startedAt).toBe(ago(2 * hour))
  })

  test('runs on for one whose turn was of no use: it has left the line', () => {
    const snapshot = aSnapshot({ status: waits({ queuedAt: ago(hour) }) })
    const { reason, status } = snapshotVerdict({ snapshot, engine: { state: 'Unreachable', message: 'no reply' } })
    expect(reason).toBe('MoverStarting')
    expect(status.move).toMatchObject({ startedAt: ago(0) })
    expect(status.move?.queuedAt).toBeUndefined()
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), engine }, now + 7 * hour).reason).toBe(
      'MoveDeadlineExceeded',
    )
  })
})

test('a place in line goes with the node that an earlier try had', () => {
  const snapshot = aSnapshot({ status: movingStatus() })
  const { status } = snapshotVerdict({ snapshot, engine, queued: { ...inLine, enough: 'ofNamespace', looked: true } })
  expect(status.move).toMatchObject({ queuedAt: ago(0), startedAt: ago(10 * second) })
  expect(status.move?.node).toBeUndefined()
  expect(status.waitingFor).toContain('those that cannot start among them')
})
