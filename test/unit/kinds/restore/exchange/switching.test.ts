// The exchange was begun: the claim's own annotation tells whether it was done. If not, it is tried again or undone, and no server runs before that is certain.
import { describe, expect, test } from 'vitest'
import { applyFact } from '../../../../../src/kinds/restore/apply-fact.ts'
import {
  aDataClaim,
  anExchange,
  aServerPod,
  at,
  decided,
  from,
  going,
  goingBack,
  newClaim,
  nowMs,
  oldClaim,
  to,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'

const switching = (seen: ExchangeSeen = {}): Said => decided({ status: going.Switching, ...seen })
const exchanged = [aDataClaim(oldClaim), aDataClaim(newClaim, 2)]
const restoreIn = (status: ExchangeSeen['status']): ReturnType<typeof anExchange>['restore'] =>
  anExchange({ status: status! }).restore

describe('Switching', () => {
  test('a claim that somebody has put in the place of the filled one, or has made the data, is not deleted', () => {
    const foreign = aDataClaim(newClaim, undefined, { labels: aDataClaim(oldClaim).metadata?.labels })
    for (const claim of [foreign, aDataClaim(newClaim, 1)]) {
      const { phase, does } = switching({ claims: [aDataClaim(oldClaim), claim], spec: { rollback: true } })
      expect({ phase, does }).toEqual({ phase: 'RolledBack', does: [] })
    }
  })

  test('an exchange that was done is done, whoever died meanwhile', () => {
    const { phase, status, does } = switching({ claims: exchanged })
    expect({ phase, does, at: status.switched?.at }).toEqual({ phase: 'Starting', does: [], at: at(0) })
  })

  test('one that was not is tried again, on the claim as it is now, and counted first', () => {
    const claims = [aDataClaim(oldClaim), aDataClaim(newClaim, undefined, { resourceVersion: '8' })]
    const { decision, status } = switching({ claims })
    expect(status.switched?.triedAt).toBe(at(0))
    expect(decision.effects).toMatchObject([{ kind: 'SwitchData', claim: { resourceVersion: '8' } }])
  })

  test('a reply has its time', () => {
    const status = { ...going.Switching, switched: { from, to, stoppingAt: at(-30), triedAt: at(-1) } }
    const { decision } = switching({ status })
    expect(decision).toMatchObject({ effects: [], requeueAfterMs: 1000, status: { phase: 'Switching' } })
  })

  test('a pod that has come meanwhile is waited for', () => {
    expect(switching({ pods: [aServerPod({ claimName: oldClaim })] })).toMatchObject({ phase: 'Switching', does: [] })
  })

  test.each([
    ['it is being deleted', { metadata: { deletionTimestamp: at(-1) } }, 'RolledBack'],
    ['the data from before is asked for', { spec: { rollback: true } }, 'RolledBack'],
    ['the instance is gone', { instance: undefined }, 'TargetNotFound'],
    [
      'the deadline is over',
      { status: { ...going.Switching, switched: { from, to, stoppingAt: at(-1801) } } },
      'SwitchDeadlineExceeded',
    ],
  ] satisfies [string, ExchangeSeen, string][])(
    'where %s, the filled claim goes first, so that a write that is on its way changes nothing; then the server starts',
    (_, seen, reason) => {
      expect(switching(seen)).toMatchObject({ phase: 'Switching', does: ['DeleteClaim'] })
      const phase = reason === 'RolledBack' ? 'RolledBack' : 'Failed'
      const claims = [aDataClaim(oldClaim), aDataClaim(newClaim, undefined, { deletionTimestamp: at(0) })]
      expect(switching({ ...seen, claims })).toMatchObject({ phase, reason, does: [] })
      expect(switching({ ...seen, claims: [aDataClaim(oldClaim)] })).toMatchObject({ phase, reason, does: [] })
      expect(switching({ ...seen, claims: exchanged }).does, 'what was done is not undone here').toEqual([])
    },
  )

  test('what another exchange has done meanwhile is not exchanged again', () => {
    const claims = [aDataClaim(oldClaim, 4), aDataClaim(newClaim)]
    expect(
      switching({ claims, status: { ...going.Switching, switched: { from: to, to, triedAt: at(-9) } } }).does,
    ).toEqual(['DeleteClaim'])
  })

  test('the way back has no way out: it is tried until it is done', () => {
    const late = { status: goingBack('Switching', { startedAt: at(-9999) }), claims: exchanged }
    expect(decided(late).does).toEqual(['SwitchData'])
    expect(decided({ ...late, metadata: { deletionTimestamp: at(-1) } }).does).toEqual(['SwitchData'])
    const back = [aDataClaim(oldClaim, 3), aDataClaim(newClaim, 2)]
    expect(decided({ ...late, claims: back })).toMatchObject({ phase: 'Starting', status: { rollback: { at: at(0) } } })
  })
})

describe('what the API server answers to the exchange', () => {
  test('is on record in the same pass', () => {
    const fact = { kind: 'DataSwitched', claimName: newClaim, generation: 2 } as const
    const status = applyFact(restoreIn(going.Switching), fact, nowMs)
    expect(status).toMatchObject({ phase: 'Starting', switched: { at: at(0) } })
    const back = { ...fact, claimName: oldClaim, generation: 3 }
    expect(applyFact(restoreIn(goingBack('Switching')), back, nowMs)).toMatchObject({
      phase: 'Starting',
      rollback: { at: at(0) },
    })
  })

  test('is nothing to a restore that is elsewhere by then', () => {
    const fact = { kind: 'DataSwitched', claimName: newClaim, generation: 2 } as const
    expect(applyFact(restoreIn(going.Stopping), fact, nowMs)).toEqual(going.Stopping)
  })

  test('a refusal is said, and stays said while it is tried again', () => {
    const refused = { kind: 'Refused', effect: 'SwitchData', message: 'a policy says no' } as const
    const status = applyFact(restoreIn(going.Switching), refused, nowMs)
    expect(status).toMatchObject({ phase: 'Switching', waitingFor: 'a policy says no.' })
    const { message, does } = switching({ status })
    expect(does).toEqual(['SwitchData'])
    expect(message).toContain('a policy says no.')
  })
})
