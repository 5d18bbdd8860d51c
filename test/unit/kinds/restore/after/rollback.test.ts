// The way back that is asked for, by one write of the user's: begun only where the data is still what this restore made it.
import { describe, expect, test } from 'vitest'
import { noMover } from '../../../../../src/reconcile/job/look.ts'
import { databaseVersionAnnotation } from '../../../../../src/api/instance.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import {
  aDataClaim,
  aServer,
  aServerPod,
  anUpgrade,
  at,
  backTo,
  decided,
  filled,
  from,
  going,
  newClaim,
  oldClaim,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { aRestore } from '../../../../support/builders/restores.ts'

const exchanged = [aDataClaim(oldClaim), aDataClaim(newClaim, 2)]
const completed: MeiliRestoreStatus = {
  ...going.Starting,
  phase: 'Completed',
  completedAt: at(-600),
  oldData: { ...from, keptSince: at(-600), removable: false },
  safety: { snapshot: 'before' },
}
const ofVersion = (version: string): ReturnType<typeof aDataClaim> =>
  aDataClaim(oldClaim, undefined, { annotations: { [databaseVersionAnnotation]: version } })
const asked = (seen: ExchangeSeen = {}): Said =>
  decided({ status: completed, claims: exchanged, spec: { rollback: true }, pods: [aServerPod()], ...seen })

describe('spec.rollback of a restore that has completed', () => {
  test('the way back goes on record, above the number that is the data', () => {
    const { phase, reason, does, status } = asked()
    expect({ phase, reason, does }).toEqual({ phase: 'Stopping', reason: 'RollingBack', does: [] })
    expect(status.rollback).toMatchObject({ cause: 'Asked', to: backTo, startedAt: at(0) })
  })

  test('its own end is provided for first', () => {
    expect(asked({ metadata: { finalizers: [] } })).toMatchObject({ phase: 'Completed', does: ['AddFinalizer'] })
  })

  test.each([
    ['another restore', { others: [aRestore({ metadata: { name: 'other' } })] }, 'MeiliRestore other is at work'],
    ['a snapshot', { rest: { runningSnapshots: ['nightly'] } }, 'MeiliSnapshot nightly is being taken'],
    ['an upgrade', { instance: aServer({}, { upgrade: anUpgrade({ step: 'Start' }) }) }, 'being upgraded'],
  ] satisfies [string, ExchangeSeen, string][])('it waits for %s, and says so', (_, seen, why) => {
    const { phase, does, status } = asked(seen)
    expect({ phase, does }).toEqual({ phase: 'Completed', does: [] })
    expect(status.waitingFor).toContain(why)
  })

  test.each([anUpgrade({ step: 'Start', failure: 'It does not start.' }), anUpgrade({ step: 'Snapshot' })])(
    'it does not wait for an upgrade that stands still: it may be the way out of it',
    (upgrade) => {
      expect(asked({ instance: aServer({}, { upgrade }) })).toMatchObject({ phase: 'Stopping' })
    },
  )

  test.each([
    ['the old claim is gone', { claims: [aDataClaim(newClaim, 2)] }, 'MeiliSnapshot before'],
    [
      'the old claim is gone, and the snapshot before it had failed,',
      {
        claims: [aDataClaim(newClaim, 2)],
        status: { ...completed, safety: { snapshot: 'before', skipped: 'It failed.' } },
      },
      'Restore another snapshot instead',
    ],
    [
      'a later restore has exchanged the data',
      { claims: [...exchanged, aDataClaim('movies-data-3', 3)] },
      'another restore',
    ],
    [
      'the server was upgraded since, and would upgrade the old database too,',
      { claims: [ofVersion('1.20.0'), aDataClaim(newClaim, 2)], instance: aServer({}, { version: '1.21.0' }) },
      'Claim movies-data has a database of Meilisearch 1.20.0, and the server runs 1.21.0',
    ],
    ['the instance is gone', { instance: undefined }, 'The MeiliInstance is gone'],
    ['it exchanged nothing', { status: { ...completed, switched: undefined } }, 'exchanged no data'],
  ] satisfies [string, ExchangeSeen, string][])('where %s it is impossible, with the way out', (_, seen, why) => {
    const { phase, reason, message, does } = asked(seen)
    expect({ phase, reason, does }).toEqual({ phase: 'Failed', reason: 'RollbackImpossible', does: [] })
    expect(message).toContain(why)
  })

  test('onto a database of the version that runs, or of none that is known, it goes', () => {
    const instance = aServer({}, { version: '1.21.0' })
    for (const old of [ofVersion('1.21.0'), aDataClaim(oldClaim)])
      expect(asked({ claims: [old, aDataClaim(newClaim, 2)], instance })).toMatchObject({ phase: 'Stopping' })
  })

  test('of one that is being deleted nothing is begun any more', () => {
    expect(asked({ metadata: { deletionTimestamp: at(0) } })).toMatchObject({
      phase: 'Completed',
      does: ['RemoveFinalizer'],
    })
  })

  test('without it nothing happens', () => {
    expect(asked({ spec: {}, metadata: { finalizers: [] } }).decision).toMatchObject({ effects: [], status: completed })
  })
})

test.each(['Pending', 'Planned', 'Filling', 'Verifying'] as const)(
  'spec.rollback in phase %s ends it: nothing was changed, and its Job goes',
  (phase) => {
    const job = { metadata: { name: 'fill', uid: 'job-uid' } }
    const { does, status } = decided({
      status: { ...filled, phase },
      spec: { rollback: true },
      rest: { mover: { ...noMover, job } },
    })
    expect(does).toEqual(['DeleteJob'])
    expect(status).toMatchObject({ phase: 'RolledBack', rollback: { cause: 'Asked', completedAt: at(0) } })
  },
)
