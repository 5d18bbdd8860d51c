// The snapshot that is taken before a restore in place: when, where, and what follows when there is none.
import { describe, expect, test } from 'vitest'
import { restoreReasons, restoreUidLabel } from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import {
  aDataClaim,
  aServer,
  answering,
  at,
  decided,
  filled,
  newClaim,
  oldClaim,
  restoreUid,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { aSnapshot, ready, volumeReady } from '../../../../support/builders/observations.ts'

const { SafetySnapshot, SafetySnapshotFailed, Filling, StartDeadlineExceeded } = restoreReasons
const serving = aServer({}, { conditions: [ready, volumeReady] })
const name = 'back-5d2f0c1e-safety'
const planned: MeiliRestoreStatus = {
  phase: 'Pending',
  resolved: filled.resolved,
  plan: { ...filled.plan!, safetySnapshot: true },
  startedAt: at(-60),
}
const taken = { ...planned, safety: { snapshot: name } }

const says = ({ rest, ...seen }: ExchangeSeen = {}): Said =>
  decided({
    status: planned,
    claims: [aDataClaim(oldClaim)],
    instance: serving,
    server: answering(),
    ...seen,
    rest: { sourceClaim: { name: 'backups', claim: {} }, ...rest },
  })

const snapshotOf = (status: object, labels: object = { [restoreUidLabel]: restoreUid }): MeiliSnapshot =>
  aSnapshot({ name, metadata: { labels: labels as never }, status })

const always = { safety: { snapshot: 'Always' } }

describe('the snapshot before a restore', () => {
  test('is made once, where the source is, and not among the artifacts of a schedule', () => {
    const said = says()
    expect(said).toMatchObject({
      reason: SafetySnapshot,
      does: ['CreateSnapshot'],
      status: { safety: { snapshot: name } },
    })
    expect(said.decision.effects[0]).toMatchObject({
      snapshot: {
        metadata: { name, labels: { [restoreUidLabel]: restoreUid } },
        spec: {
          source: { instanceRef: { name: 'movies' } },
          destination: { claim: { name: 'backups', path: 'before-restore' } },
        },
      },
    })
  })

  test('is waited for as long as it takes, whatever deadlines.start says', () => {
    const safetySnapshot = snapshotOf({ phase: 'Moving' })
    const said = says({ status: { ...taken, startedAt: at(-9000) }, rest: { safetySnapshot } })
    expect(said).toMatchObject({ phase: 'Pending', reason: SafetySnapshot, does: [] })
  })

  test('is made again where it is not there', () => {
    expect(says({ status: taken }).does).toEqual(['CreateSnapshot'])
    const late = says({ status: { ...taken, startedAt: at(-9000) } })
    expect(late).toMatchObject({ phase: 'Failed', reason: StartDeadlineExceeded })
  })

  test('completed, the data is unpacked: its clock has begun anew', () => {
    const done = says({
      status: { ...taken, startedAt: at(-9000) },
      rest: { safetySnapshot: snapshotOf({ phase: 'Completed' }) },
    })
    expect(done).toMatchObject({ reason: SafetySnapshot, does: [], status: { safety: { completedAt: at(0) } } })
    expect(says({ status: done.status })).toMatchObject({
      phase: 'Filling',
      reason: Filling,
      does: [],
      status: { fill: { claimName: newClaim, attempt: 1, startedAt: at(0) } },
    })
  })

  test('failed, it goes on without: the claim from before is kept', () => {
    const said = says({ status: taken, rest: { safetySnapshot: snapshotOf({ phase: 'Failed' }) } })
    expect(said.status.safety).toMatchObject({ snapshot: name, completedAt: at(0) })
    expect(said.status.safety?.skipped).toContain('failed')
    expect(says({ status: said.status }).phase).toBe('Filling')
  })

  test('failed, and wanted always, nothing is changed', () => {
    const seen = { status: taken, spec: always, rest: { safetySnapshot: snapshotOf({ phase: 'Failed' }) } }
    expect(says(seen)).toMatchObject({ phase: 'Failed', reason: SafetySnapshotFailed, does: [] })
  })

  test('of that name, and of another restore, is not taken for it', () => {
    for (const phase of ['Completed', 'Moving'])
      expect(says({ status: taken, rest: { safetySnapshot: snapshotOf({ phase }, {}) } })).toMatchObject({
        phase: 'Failed',
        reason: SafetySnapshotFailed,
      })
  })

  test.each([
    [
      'the source is on a claim with a database',
      { rest: { databases: [{ instance: 'other', claimName: 'backups' }] } },
      { phase: 'Failed', reason: SafetySnapshotFailed },
    ],
    ['the server is not ready', { instance: aServer() }, { phase: 'Pending', reason: SafetySnapshot }],
    ['it does not answer', { server: { is: 'notAsked' } as const }, { phase: 'Pending', reason: SafetySnapshot }],
    [
      'its snapshots cannot be fetched',
      { instance: aServer({}, { conditions: [ready] }) },
      { phase: 'Pending', reason: SafetySnapshot },
    ],
  ])('where %s, and it is wanted always, nothing is changed', (_, seen, end) => {
    expect(says({ spec: always, ...(seen as ExchangeSeen) })).toMatchObject({ ...end, does: [] })
  })

  test('a suspended server is restored without one', () => {
    const unplanned = { ...planned, plan: undefined }
    const suspended = { ...ready, reason: 'Suspended' }
    const instance = aServer({ suspend: true }, { conditions: [suspended, volumeReady] })
    const said = says({ status: unplanned, instance })
    expect(said.status.safety?.skipped).toBe('The server is suspended.')
    expect(said.status.plan?.safetySnapshot).toBe(false)
    expect(
      says({ status: unplanned, instance, spec: { safety: { snapshot: 'Never' } } }).status.safety?.skipped,
    ).toContain('Never')
  })
})
