// Who stands before a snapshot at its server, and what others do beside it there.
import { describe, expect, test } from 'vitest'
import type { MeiliInstance } from '../../../../../src/api/instance.ts'
import { instanceReasons } from '../../../../../src/api/instance.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { lookAtLine } from '../../../../../src/kinds/snapshot/observe/server-line.ts'
import type { LineSeen } from '../../../../../src/kinds/snapshot/observe/server-line.ts'
import { instancesIn, snapshotsIn } from '../../../../support/builders/caches.ts'
import { Turns } from '../../../../../src/kinds/snapshot/observe/turns.ts'
import {
  aCondition,
  ago,
  anInstance,
  aSnapshot,
  hour,
  minute,
  movingStatus,
  notReady,
  requestedStatus,
  second,
} from '../../../../support/builders/observations.ts'

const another = (
  name: string,
  parts: { ageMs?: number; status?: MeiliSnapshotStatus; metadata?: object; spec?: object } = {},
): MeiliSnapshot =>
  aSnapshot({
    name,
    metadata: { uid: `${name}-uid`, creationTimestamp: ago(parts.ageMs ?? 2 * hour), ...parts.metadata },
    ...(parts.spec === undefined ? {} : { spec: parts.spec }),
    ...(parts.status === undefined ? {} : { status: parts.status }),
  })
const waitingStatus = (reason: string, more: MeiliSnapshotStatus = {}): MeiliSnapshotStatus => ({
  phase: 'Pending',
  conditions: [aCondition('Ready', 'False', { reason })],
  ...more,
})

interface Around {
  readonly self?: MeiliSnapshot
  readonly instances?: readonly MeiliInstance[]
  readonly turns?: Turns
}

const look = (
  others: readonly MeiliSnapshot[],
  { self = aSnapshot(), instances = [anInstance()], turns = new Turns() }: Around = {},
): LineSeen =>
  lookAtLine(
    {
      ...instancesIn(instances),
      snapshots: snapshotsIn([self, ...others]),
    },
    self,
    turns,
  )

describe('elders', () => {
  test.each(['InstanceNotSeen', 'TargetNotReady', 'Unauthorized', 'ClaimCreating', 'ClaimNotFound'])(
    'older ones that wait for what is shared (%s)',
    (reason) => {
      const old = another('old', { status: waitingStatus(reason) })
      expect(look([old, another('young', { ageMs: minute, status: waitingStatus(reason) })])).toMatchObject({
        ahead: [],
        elders: ['old'],
      })
    },
  )

  test('not one that waits for a claim of its own', () => {
    const spec = { destination: { claim: { name: 'own' } } }
    expect(look([another('old', { spec, status: waitingStatus('ClaimNotFound') })]).elders).toEqual([])
  })

  test('not one whose own instance of the same pod is not ready', () => {
    const spec = { source: { instanceRef: { name: 'alias' } } }
    const old = another('old', { spec, status: waitingStatus('Unauthorized') })
    const alias = (status: object): MeiliInstance => anInstance({ name: 'alias', status })
    const bad = alias({ conditions: [notReady(instanceReasons.KeyMissing, 'No key.')] })
    expect(look([old], { instances: [anInstance(), bad] }).elders).toEqual([])
    expect(look([old], { instances: [anInstance(), alias({})] }).elders).toEqual(['old'])
  })

  test.each([
    ['is still looked for', undefined, []],
    ['was found', ago(second), ['old']],
  ])('one for which space %s', (_, checkedAt, elders) => {
    const space = { attempt: 1, jobName: 'x', sizeBytes: 1, ...(checkedAt === undefined ? {} : { checkedAt }) }
    expect(look([another('old', { status: waitingStatus('CheckingSpace', { space }) })]).elders).toEqual(elders)
  })

  test('not one that waits for space, is being deleted, or whose status is refused', () => {
    const turns = new Turns()
    const refused = another('refused', { status: waitingStatus('TargetNotReady') })
    turns.set(refused, 'Refused')
    const leaving = another('leaving', {
      status: waitingStatus('TargetNotReady'),
      metadata: { deletionTimestamp: ago(second) },
    })
    const full = another('full', { status: waitingStatus('InsufficientSpace') })
    expect(look([refused, leaving, full], { turns })).toMatchObject({ ahead: [], elders: [] })
  })
})

describe('a turn that was taken', () => {
  test('counts like a request on record, also of a younger one, for as long as the cache shows what it was decided on', () => {
    const turns = new Turns()
    const young = another('young', { ageMs: minute, status: waitingStatus('TargetNotReady') })
    turns.set(young, 'Asks')
    expect(look([young], { turns }).ahead).toEqual(['young'])
    const later = another('young', { ageMs: minute, metadata: { resourceVersion: '8' } })
    expect(look([later], { turns }).ahead).toEqual([])
  })
})

const overdue = (changes: MeiliSnapshotStatus = {}): MeiliSnapshotStatus => ({
  ...movingStatus({ node: 'node-a' }),
  conditions: [
    { ...aCondition('Overdue', 'True', { reason: 'MoveDeadlineExceeded' }), message: 'Pod x on node node-a hangs.' },
  ],
  ...changes,
})
const onNode = (node: string): Around => ({
  instances: [anInstance({ status: { pod: { name: 'search-0', uid: 'pod-uid', node } } })],
})

describe('one that is Overdue', () => {
  test('on the node of the server goes first, and says why', () => {
    expect(look([another('stuck', { status: overdue() })], onNode('node-a'))).toMatchObject({
      ahead: ['stuck'],
      overdueAhead: { name: 'stuck', why: 'Pod x on node node-a hangs.' },
      beside: { moving: ['stuck'] },
    })
  })

  test('on a node that the server has left is not waited for', () => {
    expect(look([another('stuck', { status: overdue() })], onNode('node-b'))).toMatchObject({
      ahead: [],
      overdueAhead: undefined,
      beside: { moving: [] },
    })
  })

  test.each([
    [
      'still removes the source',
      overdue({ removeSource: { attempt: 1, jobName: 'x', file: { inode: '1', modifiedAt: '', sizeBytes: 1 } } }),
    ],
    ['waits for Meilisearch, and has no mover', { ...overdue(), move: undefined }],
    ['is not Overdue', movingStatus({ node: 'node-a' })],
  ])('is waited for, wherever the server is, where it %s', (_, status) => {
    expect(look([another('stuck', { status })], onNode('node-b')).ahead).toEqual(['stuck'])
  })
})

describe('beside', () => {
  const removal = { attempt: 1, jobName: 'x', file: { inode: '1', modifiedAt: '', sizeBytes: 1 } }
  const artifact = { ...movingStatus({ node: 'node-a' }), artifact: {} as never }

  test('movers are those that have a node, or have just been decided on', () => {
    const turns = new Turns()
    const decided = another('decided', { status: movingStatus({ node: undefined as never }) })
    turns.set(decided, 'Moves')
    const seen = look(
      [
        another('runs', { status: movingStatus({ node: 'node-a' }) }),
        another('waits', { status: movingStatus({ node: undefined as never }) }),
        another('stored', { status: artifact }),
        decided,
      ],
      { turns },
    )
    expect(seen.beside.moving).toEqual(['decided', 'runs'])
  })

  test('removals are those that have not ended', () => {
    const seen = look([
      another('removes', { status: { ...artifact, removeSource: removal } }),
      another('removed', { status: { ...artifact, removeSource: { ...removal, outcome: 'Removed' } } }),
    ])
    expect(seen.beside.removing).toEqual(['removes'])
  })

  test('the file may have been removed by one with sourcePolicy Remove that has asked, and has not ended or did so since the request', () => {
    const remove = { sourcePolicy: 'Remove' }
    const ended = (agoMs: number): MeiliSnapshotStatus => ({
      ...requestedStatus(),
      phase: 'Completed',
      completedAt: ago(agoMs),
    })
    const self = aSnapshot({ status: requestedStatus({ postedAt: ago(minute) }) })
    const seen = look(
      [
        another('active', { spec: remove, status: requestedStatus() }),
        another('just-ended', { spec: remove, status: ended(30 * second) }),
        another('ended-before', { spec: remove, status: ended(2 * minute) }),
        another('keeps', { status: ended(40 * second) }),
        another('waits', { spec: remove }),
      ],
      { self },
    )
    expect(seen.beside.mayHaveRemoved).toEqual(['active', 'just-ended'])
  })
})
