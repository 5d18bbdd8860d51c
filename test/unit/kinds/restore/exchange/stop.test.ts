// The server is stopped for the exchange: nothing is exchanged before no pod has the data, and what cannot be done ends with the server as it was.
import { describe, expect, test } from 'vitest'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { beginExchange } from '../../../../../src/kinds/restore/exchange/stop.ts'
import { decisionOf } from '../../../../../src/kinds/restore/status/verdict.ts'
import {
  aDataClaim,
  anExchange,
  aServerPod,
  aStatefulSet,
  at,
  decided,
  from,
  going,
  goingBack,
  newClaim,
  nowMs,
  oldClaim,
  saidIn,
  stoppedFor,
  to,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { aRestore } from '../../../../support/builders/restores.ts'

const begin = (seen: ExchangeSeen = {}): Said => {
  const observation = anExchange(seen)
  return saidIn(decisionOf(beginExchange(observation, nowMs), observation.restore, nowMs))
}
const stopping = (seen: ExchangeSeen = {}): Said => decided({ status: going.Stopping, ...seen })
const gone = { deletionTimestamp: at(-1) }

describe('once it is filled', () => {
  test('what is exchanged with what, and when the server is to stop, goes on record first', () => {
    const { phase, reason, does, status } = begin()
    expect({ phase, reason, does, switched: status.switched }).toEqual({
      phase: 'Stopping',
      reason: 'Stopping',
      does: [],
      switched: { from, to, stoppingAt: at(0) },
    })
  })

  test('a server without data gets the first generation, and there is nothing to go back to', () => {
    const status = {
      ...anExchange().restore.status,
      fill: { ...anExchange().restore.status!.fill!, claimName: oldClaim, claimUid: `uid-of-${oldClaim}` },
    }
    const claims = [aDataClaim(oldClaim, undefined, { labels: { 'meili-operator.dev/restore-uid': 'x' } })]
    const { status: after } = begin({
      status: { ...status, plan: { ...status.plan!, newClaim: { claimName: oldClaim, generation: 1 } } },
      claims,
    })
    expect(after.switched).toEqual({ to: { claimName: oldClaim, generation: 1 }, stoppingAt: at(0) })
  })

  test.each([
    ['the claim is gone', { claims: [aDataClaim(oldClaim)] }, 'ClaimNotReady'],
    [
      'another claim bears its name',
      { claims: [aDataClaim(oldClaim), aDataClaim(newClaim, undefined, { uid: 'x' })] },
      'ClaimNotReady',
    ],
    ['the instance is gone', { instance: undefined }, 'TargetNotFound'],
    ['the data is elsewhere by now', { claims: [aDataClaim(newClaim), aDataClaim('movies-data-9', 9)] }, 'PlanStale'],
  ] satisfies [string, ExchangeSeen, string][])('no server is stopped where %s', (_, seen, reason) => {
    // The plan was made with generation 1 on record in `switched`, once there is one.
    const { does, ...said } = decided({ status: going.Stopping, ...seen })
    expect(said).toMatchObject({ phase: 'Failed', reason })
    expect(said.message).toContain('Nothing was exchanged: the server goes on with the data that it has.')
    expect(does).toEqual([])
  })
})

describe('Stopping', () => {
  test('waits while the StatefulSet has a replica, and says so', () => {
    for (const statefulSet of [aStatefulSet(1), aStatefulSet(0, { observedGeneration: 3, replicas: 1 })]) {
      const { phase, does, message } = stopping({ statefulSet })
      expect({ phase, does }).toEqual({ phase: 'Stopping', does: [] })
      expect(message).toContain('StatefulSet movies is being scaled to zero.')
    }
  })

  test('a status of the StatefulSet from before it was scaled says nothing', () => {
    expect(stopping({ statefulSet: aStatefulSet(0, { observedGeneration: 2, replicas: 0 }) }).does).toEqual([])
  })

  test.each([oldClaim, newClaim])('waits for any pod that mounts claim %s, whoever made it', (claimName) => {
    const pods = [aServerPod({ claimName, metadata: { name: 'someone' } })]
    const { does, message } = stopping({ pods })
    expect(does).toEqual([])
    expect(message).toContain('Pod someone has the data mounted.')
  })

  test('a pod of another claim of the server is not in the way', () => {
    expect(stopping({ pods: [aServerPod({ claimName: 'movies-snapshots' })] }).does).toEqual(['SwitchData'])
  })

  test('a pod that hangs on a lost node is named, with what to do', () => {
    const pods = [aServerPod({ claimName: oldClaim, metadata: { deletionTimestamp: at(-300) } })]
    expect(stopping({ pods }).message).toContain('"kubectl delete pod movies-0 -n shop --force" ends the wait')
    const justNow = [aServerPod({ claimName: oldClaim, metadata: { deletionTimestamp: at(-3) } })]
    expect(stopping({ pods: justNow }).message).toContain('Pod movies-0 is ending.')
  })

  test('once no pod has the data, one pass puts the try on record and exchanges the claim', () => {
    const { phase, status, decision } = stopping()
    expect(phase).toBe('Switching')
    expect(status.switched?.triedAt).toBe(at(0))
    expect(decision.effects).toEqual([
      {
        kind: 'SwitchData',
        claim: { name: newClaim, uid: `uid-of-${newClaim}`, resourceVersion: '7' },
        generation: 2,
        databaseVersion: '1.21.0',
        restoredFrom: expect.stringContaining('"restore":"back"') as string,
      },
    ])
  })

  test('no replica is no end while a pass of before may start the server: the instance has stopped it for this restore', () => {
    const other = stoppedFor(aRestore({ status: goingBack('Stopping') }), aStatefulSet(0))
    expect(stopping({ statefulSet: other })).toMatchObject({ phase: 'Stopping', does: [] })
    const long = { ...going.Stopping, switched: { ...going.Stopping.switched, stoppingAt: at(-121) } }
    expect(stopping({ statefulSet: other, status: long })).toMatchObject({ phase: 'Switching', does: ['SwitchData'] })
  })

  test('without a StatefulSet there is nothing to stop', () => {
    expect(stopping({ statefulSet: undefined }).does).toEqual(['SwitchData'])
  })

  test('past the deadline the server goes on with the old data', () => {
    const status = { ...going.Stopping, switched: { from, to, stoppingAt: at(-1801) } }
    const pods = [aServerPod({ claimName: oldClaim })]
    expect(stopping({ status, pods })).toMatchObject({ phase: 'Failed', reason: 'SwitchDeadlineExceeded', does: [] })
    expect(stopping({ status }).does, 'where it has stopped after all, it goes on').toEqual(['SwitchData'])
  })

  test('a deletion ends it before anything is exchanged; so does a rollback', () => {
    expect(stopping({ metadata: gone })).toMatchObject({ phase: 'RolledBack', does: [] })
    expect(stopping({ metadata: gone }).status.rollback?.cause).toBe('Deleted')
    expect(stopping({ spec: { rollback: true } }).status.rollback?.cause).toBe('Asked')
    expect(stopping({ spec: { rollback: true } })).toMatchObject({ phase: 'RolledBack', does: [] })
  })

  test('what the claim says stands above what status says', () => {
    const claims = [aDataClaim(oldClaim), aDataClaim(newClaim, 2)]
    expect(stopping({ claims })).toMatchObject({ phase: 'Starting', does: [] })
  })

  test('a record without the exchange begins it anew', () => {
    const { switched: _, ...status } = going.Stopping
    expect(stopping({ status })).toMatchObject({ phase: 'Verifying', does: [] })
    expect(stopping({ status: { phase: 'Stopping' } })).toMatchObject({ phase: 'Pending', does: [] })
  })
})

describe('of two that exchange the data of one server', () => {
  const other = (name: string, status: MeiliRestoreStatus): ReturnType<typeof aRestore> =>
    aRestore({ metadata: { name, uid: name }, status })

  test('the first by name goes on, once the other has given way', () => {
    const first = [other('aaa', going.Stopping)]
    const second = [other('zzz', going.Stopping)]
    expect(stopping({ others: first })).toMatchObject({ phase: 'Failed', reason: 'PlanStale', does: [] })
    expect(stopping({ others: second })).toMatchObject({ phase: 'Stopping', reason: 'TargetBusy', does: [] })
  })

  test('a way back goes first', () => {
    const back = [other('zzz', goingBack('Stopping'))]
    expect(stopping({ others: back })).toMatchObject({ phase: 'Failed', reason: 'PlanStale', does: [] })
  })

  test('one that only fills is not in the way', () => {
    expect(stopping({ others: [other('aaa', { phase: 'Filling' })] }).does).toEqual(['SwitchData'])
  })
})

describe('on the way back', () => {
  const claims = [aDataClaim(oldClaim), aDataClaim(newClaim, 2)]
  const back = (seen: ExchangeSeen = {}, rollback: object = {}): Said =>
    decided({ status: goingBack('Stopping', rollback), claims, ...seen })

  test('the old claim becomes the data again, and says of itself what it said before', () => {
    const { phase, decision } = back()
    expect(phase).toBe('Switching')
    expect(decision.effects).toEqual([
      { kind: 'SwitchData', claim: { name: oldClaim, uid: `uid-of-${oldClaim}`, resourceVersion: '7' }, generation: 3 },
    ])
  })

  test('a deletion does not end it: a server that serves comes first', () => {
    expect(back({ metadata: gone }).does).toEqual(['SwitchData'])
  })

  test('where the old claim is gone, the server stays where it is', () => {
    expect(back({ claims: [aDataClaim(newClaim, 2)] })).toMatchObject({ phase: 'Failed', reason: 'RollbackImpossible' })
  })

  test('where a later restore has exchanged the data since, it is not ours to take back', () => {
    const later = [...claims, aDataClaim('movies-data-5', 5)]
    expect(back({ claims: later })).toMatchObject({ phase: 'Failed', reason: 'RollbackImpossible', does: [] })
  })

  test('where the instance is gone, it ends', () => {
    expect(back({ instance: undefined })).toMatchObject({ phase: 'Failed', reason: 'TargetNotFound' })
  })

  test('past the deadline one whose restored data has served ends, and any other goes on', () => {
    const pods = [aServerPod({ claimName: newClaim })]
    const asked = goingBack('Stopping', { startedAt: at(-1801), cause: 'Asked' })
    const served = { ...asked, switched: { ...going.Starting.switched, servingAt: at(-2000) } }
    expect(back({ status: served, pods })).toMatchObject({ phase: 'Failed', reason: 'SwitchDeadlineExceeded' })
    expect(back({ status: asked, pods })).toMatchObject({ phase: 'Stopping', reason: 'RollingBack' })
    expect(back({ pods }, { startedAt: at(-1801) })).toMatchObject({ phase: 'Stopping', reason: 'RollingBack' })
  })
})
