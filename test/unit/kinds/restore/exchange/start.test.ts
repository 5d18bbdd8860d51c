// The server starts on the data that was exchanged: it is compared and done, or it goes back by itself, with the reason in full.
import { describe, expect, test } from 'vitest'
import { dataGenerationAnnotation, restoredFromAnnotation } from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import {
  aDataClaim,
  aServer,
  aServerPod,
  aStatefulSet,
  anUpgrade,
  answering,
  at,
  backTo,
  decided,
  from,
  going,
  goingBack,
  newClaim,
  oldClaim,
  restoreUid,
  to,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'

const exchanged = [aDataClaim(oldClaim), aDataClaim(newClaim, 2)]
const inStart: ExchangeSeen = {
  status: going.Starting,
  claims: exchanged,
  statefulSet: aStatefulSet(1),
  pods: [aServerPod()],
  server: answering(),
}
const starting = (seen: ExchangeSeen = {}): Said => decided({ ...inStart, ...seen })
const late = { ...going.Starting, switched: { ...going.Starting.switched, stoppingAt: at(-1801) } }
const crash = (ends: number, message = 'Error: \u001B[31mno such index\u001B[0m', more: object = {}): object => ({
  restartCount: ends,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1, reason: 'Error', message, ...more } },
})
const crashing = (ends: number, more: object = {}): ExchangeSeen => ({
  pods: [aServerPod({ ready: false, container: crash(ends, undefined, more) })],
  server: { is: 'silent', message: 'no reply.' },
})
const wayBack = { phase: 'Stopping', reason: 'RollingBack', does: [] }

describe('Starting', () => {
  test('a server that serves what the snapshot had completes the restore, with figures and the old claim', () => {
    const { phase, reason, message, does, status } = starting()
    expect({ phase, reason, does }).toEqual({ phase: 'Completed', reason: 'Completed', does: ['RemoveFinalizer'] })
    expect(message).toBe(
      'MeiliInstance movies has the data of nightly. It has 7 documents in 2 indexes, as the snapshot had. It was away for 25s. Claim movies-data with the data from before is kept.',
    )
    expect(status).toMatchObject({
      restored: { version: '1.21.0', indexes: 2, documents: 7, compared: 2, at: at(0) },
      switched: { servingAt: at(-5), downtime: '25s', downtimeMs: 25_000 },
      oldData: { ...from, capacityBytes: 20 * 1024 ** 3, keptSince: at(0), removable: false },
    })
    expect(status.conditions?.find(({ type }) => type === 'OldDataKept')?.status).toBe('True')
  })

  test('a node whose clock says what cannot be makes no downtime that was not', () => {
    const odd = { ...going.Starting, switched: { ...going.Starting.switched, stoppingAt: at(-2) } }
    expect(starting({ status: odd }).status.switched).toMatchObject({ servingAt: at(0), downtimeMs: 2000 })
  })

  test.each([
    ['there is no pod', { pods: [] }, 'Its pod is being made.'],
    ['its pod has the old claim still', { pods: [aServerPod({ claimName: oldClaim })] }, 'Its pod is being made.'],
    ['its pod is ending', { pods: [aServerPod({ metadata: { deletionTimestamp: at(0) } })] }, 'Its pod is being made.'],
    ['its pod is not ready', { pods: [aServerPod({ ready: false })] }, 'Pod movies-0 is starting.'],
    ['nobody has asked it', { server: { is: 'notAsked' } }, 'The server is about to be asked.'],
    ['it does not answer', { server: { is: 'silent', message: 'No reply.' } }, 'No reply.'],
    [
      'the instance speaks of another pod still',
      { instance: aServer({}, { pod: { name: 'movies-0', uid: 'the one before' } }) },
      'The server is about to be asked.',
    ],
    [
      'its database is being upgraded',
      { instance: aServer({}, { upgrade: anUpgrade() }) },
      'Meilisearch 1.21.0 upgrades the database of 1.12.0.',
    ],
  ] satisfies [string, ExchangeSeen, string][])('it waits while %s', (_, seen, why) => {
    const { phase, does, message } = starting(seen)
    expect({ phase, does }).toEqual({ phase: 'Starting', does: [] })
    expect(message).toContain(why)
  })

  test('an engine that ends again and again goes back at once, with its last words', () => {
    const { status, ...said } = starting(crashing(3))
    expect(said).toMatchObject(wayBack)
    expect(status.rollback).toEqual({
      cause: 'StartFailed',
      message: 'Meilisearch ended 3 times. its last words, exit code 1: Error: no such index.',
      to: backTo,
      startedAt: at(0),
    })
  })

  test('twice is no pattern yet: its words are said, and it is waited for', () => {
    const { phase, message } = starting(crashing(2))
    expect(phase).toBe('Starting')
    expect(message).toContain('its last words, exit code 1: Error: no such index.')
  })

  test('past the deadline it goes back, whatever it waits for', () => {
    const { status, ...said } = starting({ status: late, pods: [] })
    expect(said).toMatchObject(wayBack)
    expect(status.rollback).toMatchObject({ cause: 'DeadlineExceeded', to: backTo })
    expect(starting({ status: late }).phase, 'one that serves by then is not taken back').toBe('Completed')
  })

  test.each([
    [
      'fewer documents',
      { documents: 6 },
      'It has 6 documents in 2 indexes, and the snapshot had 7 documents in 2 indexes',
    ],
    ['an index less', { indexes: 1 }, 'It has 7 documents in 1 index'],
    ['nothing at all', { indexes: 0, documents: 0, lastUpdate: undefined }, 'It has 0 documents in 0 indexes'],
    ['another version', { version: '1.20.0' }, 'Meilisearch 1.20.0 answers, and the snapshot is of 1.21.0'],
  ] as const)('%s than the exact record says: it goes back', (_, changes, why) => {
    const { status, ...said } = starting({ server: answering(changes) })
    expect(said).toMatchObject(wayBack)
    expect(status.rollback?.cause).toBe('Mismatch')
    expect(status.rollback?.message).toContain(why)
  })

  test.each([
    anUpgrade({ step: 'Snapshot', failure: 'MeiliSnapshot failed.', startedAt: at(-900) }),
    anUpgrade({ step: 'Documents', failure: 'There were 9 documents.', startedAt: at(-900) }),
    anUpgrade({ step: 'Start', startedAt: at(-900) }),
  ])('an upgrade that had begun on the data from before is not waited for, nor its failure believed', (upgrade) => {
    const text = { restore: 'back', restoreUid, sha256: '', path: '', sourceClaim: '', meilisearchVersion: '' }
    const annotations = {
      [dataGenerationAnnotation]: '2',
      [restoredFromAnnotation]: JSON.stringify({ ...text, at: at(-10) }),
    }
    const claims = [aDataClaim(oldClaim), aDataClaim(newClaim, 2, { annotations })]
    expect(starting({ claims, instance: aServer({}, { upgrade }) }).phase).toBe('Completed')
    const since = { ...upgrade, startedAt: at(-9), step: 'Start' } as const
    expect(starting({ claims, instance: aServer({}, { upgrade: since }) }).phase).not.toBe('Completed')
  })

  test('an upgrade of the restored database is waited for, whatever version spec asks for meanwhile', () => {
    const instance = aServer({ version: '1.22.0' }, { upgrade: anUpgrade() })
    expect(starting({ instance }).phase).toBe('Starting')
  })

  test('a failed upgrade of the database goes back', () => {
    const upgrade = anUpgrade({ failure: 'Task upgradeDatabase failed.' })
    expect(starting({ instance: aServer({}, { upgrade }) }).status.rollback).toMatchObject({
      cause: 'StartFailed',
      message: 'Task upgradeDatabase failed.',
    })
  })

  test('a server that is not to run is not waited for', () => {
    const { phase, message, status } = starting({ instance: aServer({ suspend: true }), pods: [] })
    expect(phase).toBe('Completed')
    expect(message).toContain('it was not started, and nothing was compared')
    expect(status.restored).toBeUndefined()
  })

  test('whoever asks for the data from before gets it; a deletion waits for a server that serves', () => {
    expect(starting({ spec: { rollback: true } }).status.rollback?.cause).toBe('Asked')
    const metadata = { deletionTimestamp: at(-1) }
    expect(starting({ metadata, pods: [] }).phase).toBe('Starting')
    expect(starting({ metadata }).phase).toBe('Completed')
  })

  test('where there is nothing to go back to, it fails with that, and the server stays', () => {
    const nothing = { ...going.Starting, switched: { to, stoppingAt: at(-9), at: at(-5) } }
    for (const seen of [{ status: nothing }, { claims: [aDataClaim(newClaim, 2)] }]) {
      const { phase, reason, message, does } = starting({ ...crashing(3), ...seen })
      expect({ phase, reason, does }).toEqual({ phase: 'Failed', reason: 'StartFailed', does: [] })
      expect(message).toContain('There is no data from before to go back to')
    }
  })

  test('a claim that is gone is gone back from, above the number that it had', () => {
    expect(starting({ claims: [aDataClaim(oldClaim)] }).status.rollback).toMatchObject({
      message: 'Claim movies-data-2 is gone.',
      to: backTo,
    })
  })

  test('a claim whose annotation was taken is given it again', () => {
    const claims = [aDataClaim(oldClaim), aDataClaim(newClaim)]
    expect(starting({ claims })).toMatchObject({ phase: 'Stopping', reason: 'Stopping' })
  })

  test('another claim that has become the data meanwhile is not argued with', () => {
    const claims = [...exchanged, aDataClaim('movies-data-9', 9)]
    expect(starting({ claims })).toMatchObject({ phase: 'Failed', reason: 'PlanStale', does: [] })
  })

  test('where the instance is gone, it ends', () => {
    expect(starting({ instance: undefined })).toMatchObject({ phase: 'Failed', reason: 'TargetNotFound' })
  })
})

describe('what is not exact is reported, and not judged', () => {
  const other = answering({ documents: 9 })
  test.each([
    ['counts that were taken beside the snapshot', { countsExact: false }, {}],
    ['no word on whether they are exact', { countsExact: undefined }, {}],
    ['tasks that waited in it', { tasksEnqueued: 2 }, {}],
    ['no word on tasks', { tasksEnqueued: undefined }, {}],
    ['no counts', { indexes: undefined }, {}],
    ['somebody who has written since', {}, { server: answering({ documents: 9, lastUpdate: at(-7) }) }],
    ['an upgrade of the database', { meilisearchVersion: '1.20.0' }, { spec: { version: 'AllowUpgrade' } }],
  ] satisfies [string, Partial<MeiliRestoreStatus['resolved']>, ExchangeSeen][])('%s', (_, resolved, seen) => {
    const status = { ...going.Starting, resolved: Object.assign({}, going.Starting.resolved, resolved) }
    const { phase, message, status: after } = starting({ status, server: other, ...seen })
    expect(phase).toBe('Completed')
    expect(message).toContain('It has 9 documents in 2 indexes;')
    expect(after.restored).toMatchObject({ documents: 9, compared: 0 })
  })

  test('a write from before the engine was started is no reason to look away', () => {
    expect(starting({ server: answering({ documents: 9, lastUpdate: at(-9) }) }).status.rollback?.cause).toBe(
      'Mismatch',
    )
  })
})

describe('on the way back', () => {
  const back = [aDataClaim(oldClaim, 3), aDataClaim(newClaim, 2)]
  const inBack: ExchangeSeen = {
    status: goingBack('Starting', { at: at(-4) }),
    claims: back,
    statefulSet: aStatefulSet(1),
    pods: [aServerPod({ claimName: oldClaim })],
  }
  const goes = (seen: ExchangeSeen = {}): Said => decided({ ...inBack, ...seen })

  test('a pod that is ready on the old claim ends it; the restored claim is kept, and why is said in full', () => {
    const { phase, message, status, does } = goes()
    expect({ phase, does }).toEqual({ phase: 'RolledBack', does: ['RemoveFinalizer'] })
    expect(message).toContain('It did not start. MeiliInstance movies has the data from before, on claim movies-data.')
    expect(status).toMatchObject({
      rollback: { completedAt: at(0) },
      oldData: { claimName: newClaim, generation: 2 },
    })
    expect(status.conditions?.find(({ type }) => type === 'Failed')?.status).toBe('True')
  })

  test('asked for, it is as it should be', () => {
    const { status } = goes({ status: goingBack('Starting', { at: at(-4), cause: 'Asked' }) })
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
  })

  test('it waits for the pod, and past the deadline says that it has not come', () => {
    expect(goes({ pods: [] }).phase).toBe('Starting')
    const status = goingBack('Starting', { startedAt: at(-9999), at: at(-1801) })
    expect(goes({ status, pods: [] })).toMatchObject({ phase: 'RolledBack' })
    expect(goes({ status, pods: [] }).message).toContain('The server did not serve within deadlines.switch (30m).')
    const waitedLong = goingBack('Starting', { startedAt: at(-9999), at: at(-4) })
    expect(goes({ status: waitedLong, pods: [] }).phase, 'the wait for the pod to end does not count').toBe('Starting')
  })

  test('an engine that fails here as well is not gone back from', () => {
    expect(goes({ pods: [aServerPod({ claimName: oldClaim, ready: false, container: crash(9) })] }).phase).toBe(
      'Starting',
    )
  })

  test('the old claim that vanished leaves nothing', () => {
    expect(goes({ claims: [aDataClaim(newClaim, 2)] })).toMatchObject({ phase: 'Failed', reason: 'RollbackImpossible' })
  })
})
