// Right before its write a pass looks at the others once more: movers and the removal of the file exclude each other, however late the cache is.
import { expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { decideSnapshot } from '../../../../../src/kinds/snapshot/decide.ts'
import { admitInTurn } from '../../../../../src/kinds/snapshot/observe/admission.ts'
import { Turns } from '../../../../../src/kinds/snapshot/observe/turns.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import { instancesIn, snapshotsIn } from '../../../../support/builders/caches.ts'
import {
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  movingStatus,
  now,
  succeededTask,
} from '../../../../support/builders/observations.ts'

const file = { inode: '77', modifiedAt: '2026-03-01T11:59:45Z', sizeBytes: 5 }
const removes = aSnapshot({
  name: 'removes',
  metadata: { uid: 'removes-uid' },
  spec: { sourcePolicy: 'Remove' },
  status: {
    ...movingStatus(),
    artifact: {} as never,
    removeSource: { attempt: 1, jobName: 'remove-source-1', file },
  },
})
const moves = aSnapshot({
  name: 'moves',
  metadata: { uid: 'moves-uid' },
  status: movingStatus({ attempt: 2, node: undefined as never }),
})

/** What passes are let do that have each looked before the others had done anything. */
function admitAll(cached: readonly MeiliSnapshot[], passes: readonly MeiliSnapshot[]): string[][] {
  const world = { ...instancesIn([anInstance()]), snapshots: snapshotsIn(cached) }
  const admit = admitInTurn({ world, turns: new Turns() }, decideSnapshot)
  return passes.map((snapshot) => {
    const observation: SnapshotObservation = anObservation({
      snapshot,
      engine: anEngine({ candidates: [succeededTask()] }),
    })
    const { decision } = admit(observation, decideSnapshot(observation, now), now)
    return decision.effects.map(({ kind }) => kind)
  })
}

test('a mover that was just decided on holds up the removal', () => {
  expect(admitAll([moves], [moves, removes])).toEqual([['CreateJob'], []])
})

test('a removal that is on record holds up the mover', () => {
  expect(admitAll([moves, removes], [removes, moves])).toEqual([['CreateJob'], []])
})

test('alone each goes on', () => {
  expect(admitAll([removes], [removes])).toEqual([['CreateJob']])
  expect(admitAll([moves], [moves])).toEqual([['CreateJob']])
})
