// From a source that is on record to the first change: what is planned, what may not be done, and what goes first.
import { describe, expect, test } from 'vitest'
import { conditionTypes } from '../../../../../src/api/meta.ts'
import {
  dataGenerationAnnotation,
  meiliRestores,
  restoredFromAnnotation,
  restoreReasons,
  restoreUidLabel,
} from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { restoredFromText } from '../../../../../src/api/status/restored-from.ts'
import { planOf } from '../../../../../src/kinds/restore/plan/plan.ts'
import {
  aDataClaim,
  aServer,
  anExchange,
  answering,
  at,
  decided,
  filled,
  newClaim,
  nowMs,
  oldClaim,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { anInstance, ready, volumeReady } from '../../../../support/builders/observations.ts'

const reasons = restoreReasons
const claims = [aDataClaim(oldClaim)]
const sourceClaim = { name: 'backups', claim: {} }
const resolved = { ...filled.resolved!, takenAt: at(-7200), uncompressedBytes: 10 * 2 ** 30 }
const status: MeiliRestoreStatus = { phase: 'Pending', resolved, startedAt: at(-60) }
const serving = aServer({}, { conditions: [ready, volumeReady] })

const says = ({ rest, ...seen }: ExchangeSeen = {}): Said => {
  const said = decided({
    status,
    claims,
    instance: serving,
    server: answering(),
    ...seen,
    rest: { sourceClaim, ...rest },
  })
  expect(meiliRestores.status.parse(said.status)).toEqual(JSON.parse(JSON.stringify(said.status)))
  return said
}
/** After the plan is on record. */
const later = (seen: ExchangeSeen = {}): Said => says({ ...seen, status: { ...says().status, ...seen.status } })

describe('the plan', () => {
  test('says what comes in place of what, what it needs, where it is unpacked, and what is lost', () => {
    const keys = [
      { name: 'new\nkey', createdAt: at(-60) },
      { name: 'old key', createdAt: at(-9000) },
    ]
    const { status: next, message, does } = says({ server: answering({ documents: 12, keys }) })
    expect(does).toEqual([])
    expect(next.plan).toMatchObject({
      from: { version: '1.21.0', documents: 7, age: '2h' },
      to: { version: '1.21.0', documents: 12, claimName: oldClaim, generation: 1 },
      keysLost: ['new key'],
      keysLostCount: 1,
      newClaim: { claimName: newClaim, generation: 2 },
      neededBytes: 11 * 2 ** 30,
      freeBytes: 20 * 2 ** 30,
      safetySnapshot: true,
    })
    expect(message).toContain('12 documents in 2 indexes on claim movies-data')
    expect(message).toContain('API keys created since are lost: new key.')
    expect(message).toContain('A snapshot of the server is taken first, on claim backups.')
  })

  test('names 20 keys at most, and counts all of them', () => {
    const keys = Array.from({ length: 30 }, (_, at_) => ({ name: `${at_} ${'x'.repeat(300)}`, createdAt: at(-1) }))
    const { plan } = says({ server: answering({ keys }) }).status
    expect(plan?.keysLost).toHaveLength(20)
    expect(plan?.keysLostCount).toBe(30)
  })

  test('of a server that does not answer no key is said to be lost or kept', () => {
    const { plan, safety } = says({ server: { is: 'silent', message: 'no answer' } }).status
    expect(plan?.keysLostCount).toBeUndefined()
    expect(plan?.safetySnapshot).toBe(false)
    expect(safety?.skipped).toContain('no answer')
  })

  test('names enqueued tasks that would run', () => {
    expect(says({ status: { ...status, resolved: { ...resolved, tasksEnqueued: 3 } } }).message).toContain(
      '3 enqueued tasks in it run',
    )
  })

  test('a claim without a number that another restore has left keeps its name', () => {
    const left = aDataClaim(newClaim, undefined, { labels: { [restoreUidLabel]: 'another' } })
    const { plan } = says({ claims: [...claims, left] }).status
    expect(plan?.newClaim).toEqual({ claimName: 'movies-data-3', generation: 3 })
  })

  test('its own claim of a status that was lost is taken again', () => {
    expect(planOf(anExchange({ status, instance: serving }), nowMs).newClaim).toEqual({
      claimName: newClaim,
      generation: 2,
    })
  })

  test('of a server without data the first generation is filled', () => {
    const { plan } = says({ claims: [] }).status
    expect(plan?.newClaim).toEqual({ claimName: oldClaim, generation: 1 })
    expect(plan?.safetySnapshot).toBe(false)
  })
})

describe('a DryRun', () => {
  const spec = { mode: 'DryRun', confirm: undefined }
  const dry = (): Said => says({ spec })

  test('ends with the plan, which is Ready', () => {
    expect(dry()).toMatchObject({ phase: 'Planned', reason: reasons.Planned, does: [] })
    expect(dry().decision.requeueAfterMs).toBeUndefined()
  })

  test('does nothing more, whatever happens', () => {
    const again = says({ spec, status: dry().status, instance: aServer({ version: '1.22.0' }) })
    expect(again).toMatchObject({ phase: 'Planned', does: [], status: dry().status })
  })

  test('waits for no other restore', () => {
    expect(says({ spec, rest: { ahead: [] } }).phase).toBe('Planned')
  })

  test('changed to Apply it carries out the plan that was looked at, with a deadline of its own', () => {
    const applied = says({ status: dry().status })
    expect(applied).toMatchObject({ phase: 'Planned', reason: reasons.Planned, status: { startedAt: at(0) } })
    expect(applied.status.conditions?.find(({ type }) => type === conditionTypes.Ready)?.status).toBe('False')
    const next = says({ status: applied.status })
    expect(next).toMatchObject({ phase: 'Planned', reason: reasons.SafetySnapshot, does: ['CreateSnapshot'] })
    expect(next.status.plan).toEqual(dry().status.plan)
  })

  const applied = (): MeiliRestoreStatus => says({ status: dry().status }).status
  test.each([
    [
      'the server is to run another version',
      { instance: aServer({ version: '1.21.1' }, serving.status), spec: { version: 'AllowUpgrade' } },
    ],
    ['another restore has exchanged the data', { claims: [...claims, aDataClaim('movies-data-4', 4)] }],
    [
      'the name of the claim is taken',
      { claims: [...claims, aDataClaim(newClaim, undefined, { labels: { [restoreUidLabel]: 'another' } })] },
    ],
  ] as const)('is stale where %s', (_, seen) => {
    const said = says({ ...seen, status: applied() })
    expect(said).toMatchObject({ phase: 'Failed', reason: reasons.PlanStale, does: [] })
    expect(said.message).toContain('mode: DryRun')
  })

  test('is stale where more API keys would be lost than it said', () => {
    const before = says({ spec, server: answering({ keys: [] }) }).status
    const keys = [{ name: 'fresh', createdAt: at(-1) }]
    const going = says({ status: before }).status
    expect(says({ status: going, server: answering({ keys }) })).toMatchObject({ reason: reasons.PlanStale })
    expect(says({ status: going, server: answering({ keys: [] }) }).reason).not.toBe(reasons.PlanStale)
  })
})

test('a plan that nobody looked at is made again where it does not hold any more', () => {
  const said = later({ claims: [...claims, aDataClaim('movies-data-4', 4)] })
  expect(said).toMatchObject({ phase: 'Pending', does: [] })
  expect(said.status.plan).toBeUndefined()
})

describe('what may not be done', () => {
  test.each([
    ['is not there', { instance: undefined }, { phase: 'Pending', reason: reasons.TargetNotFound }],
    [
      'is being deleted',
      { instance: { ...serving, metadata: { ...serving.metadata, deletionTimestamp: at(-1) } } },
      { phase: 'Pending', reason: reasons.TargetNotFound },
    ],
    [
      'is run by somebody else',
      { instance: anInstance({ name: 'movies' }) },
      { phase: 'Failed', reason: reasons.TargetUnusable },
    ],
    [
      'has its data on a claim of the user',
      { instance: aServer({ storage: { claimName: 'mine' } }) },
      { phase: 'Failed', reason: reasons.TargetUnusable },
    ],
    [
      'runs a higher version',
      { instance: aServer({ version: '1.22.0' }) },
      { phase: 'Failed', reason: reasons.VersionMismatch },
    ],
    [
      'runs a lower version',
      { instance: aServer({ version: '1.20.0' }), spec: { version: 'AllowUpgrade' } },
      { phase: 'Failed', reason: reasons.DowngradeRefused },
    ],
    [
      'is of an installation that runs none',
      { rest: { runsServers: false } },
      { phase: 'Pending', reason: reasons.ManagedInstancesOff },
    ],
  ] as const)('where the server %s', (_, seen, end) => {
    expect(says(seen)).toMatchObject({ ...end, does: [] })
  })

  test('a database from before 1.12 is not upgraded, one of 1.12 is where that is allowed', () => {
    const of = (meilisearchVersion: string): Said =>
      says({ spec: { version: 'AllowUpgrade' }, status: { ...status, resolved: { ...resolved, meilisearchVersion } } })
    expect(of('1.11.3')).toMatchObject({ phase: 'Failed', reason: reasons.VersionMismatch })
    expect(of('1.12.0').status.plan?.upgrade).toEqual({ from: '1.12.0', to: '1.21.0' })
  })

  test('a source that has gone meanwhile fails it before anything is changed', () => {
    const source = { is: 'missing', why: 'MeiliSnapshot nightly does not exist.' } as const
    expect(later({ rest: { source } })).toMatchObject({ phase: 'Failed', reason: reasons.SourceUnusable, does: [] })
  })

  test('past deadlines.start', () => {
    const late = { status: { startedAt: at(-3601) }, rest: { runningSnapshots: ['nightly'] } }
    expect(later(late)).toMatchObject({ phase: 'Failed', reason: reasons.StartDeadlineExceeded })
  })
})

describe('the same MeiliRestore, applied again', () => {
  const from = {
    restore: 'back',
    restoreUid: 'of then',
    sha256: resolved.sha256,
    path: 'x',
    sourceClaim: 'backups',
    meilisearchVersion: '1.21.0',
    at: at(-9000),
  }
  const marked = (what: object, generation = 2, name = newClaim): ReturnType<typeof aDataClaim> =>
    aDataClaim(name, undefined, {
      annotations: {
        [dataGenerationAnnotation]: String(generation),
        [restoredFromAnnotation]: restoredFromText({ ...from, ...what }),
      },
    })

  test('does nothing where the data is of it', () => {
    const said = says({ claims: [...claims, marked({})] })
    expect(said).toMatchObject({ phase: 'Completed', reason: reasons.AlreadyRestored, does: [] })
    expect(said.message).toContain('under another name')
  })

  test('nor where a later restore has come after it', () => {
    const later_ = marked({ restore: 'another', sha256: 'c', earlier: [{ restore: 'back', sha256: resolved.sha256 }] })
    expect(says({ claims: [...claims, later_] })).toMatchObject({ phase: 'Completed', reason: reasons.AlreadyRestored })
  })

  test('nor where it went back, whatever came after that: then it is not so, and Ready does not say that it is', () => {
    const other = marked({ restore: 'another', sha256: 'c', at: at(-10) }, 4, 'movies-data-4')
    for (const current of [aDataClaim(oldClaim, 3), other]) {
      const said = says({ claims: [current, marked({})] })
      expect(said).toMatchObject({ phase: 'Failed', reason: reasons.AlreadyRestored, does: [] })
      expect(said.message).toContain(`went back from it since: the data is on claim ${current.metadata?.name ?? ''}`)
    }
  })

  test('under another name, or of another file, is another wish', () => {
    expect(says({ claims: [...claims, marked({ restore: 'earlier' })] }).reason).toBe(reasons.Planned)
    expect(says({ claims: [...claims, marked({ sha256: 'c'.repeat(64) })] }).reason).toBe(reasons.Planned)
  })
})

describe('what goes first', () => {
  test.each([
    ['a snapshot that has asked the server', { rest: { runningSnapshots: ['nightly'] } }],
    [
      'an upgrade at work',
      {
        instance: aServer(
          {},
          {
            ...serving.status,
            upgrade: { from: '1.20.0', to: '1.21.0', step: 'Start', generation: 1, startedAt: at(-5) },
          },
        ),
      },
    ],
    ['an older restore', { rest: { ahead: ['older'] } }],
  ])('%s', (_, seen) => {
    expect(later(seen as ExchangeSeen)).toMatchObject({ phase: 'Pending', reason: reasons.TargetBusy, does: [] })
  })

  test("an upgrade that has failed is in nobody's way: a restore may be the way out", () => {
    const upgrade = {
      from: '1.20.0',
      to: '1.21.0',
      step: 'Database',
      generation: 1,
      startedAt: at(-5),
      failure: 'no',
    } as const
    expect(later({ instance: aServer({}, { ...serving.status, upgrade }) }).reason).toBe(reasons.SafetySnapshot)
  })

  test('the finalizer, so that a deletion ends what is begun', () => {
    expect(later({ metadata: { finalizers: [] } }).does).toEqual(['AddFinalizer'])
  })
})

describe("a claim of somebody else's server", () => {
  const spec = { target: { claim: { name: 'meili-0' } }, confirm: 'meili-0' }
  const claim = { metadata: { name: 'meili-0' }, spec: { accessModes: ['ReadWriteOnce'] } }
  const target = { ...anExchange().target, instance: undefined, data: [], claims: [], claim, filled: claim }
  const of = (more: object, seen: ExchangeSeen = {}): Said =>
    says({ spec, ...seen, rest: { target: { ...target, ...more } } })

  test('is filled and nothing else, once nobody mounts it', () => {
    const plan = of({})
    expect(plan.message).toContain('Claim meili-0 gets 7 documents in 2 indexes')
    const pod = { metadata: { name: 'meili-0' } }
    expect(of({ pods: [pod] }, { status: plan.status })).toMatchObject({ reason: reasons.TargetInUse, does: [] })
    expect(of({}, { status: plan.status })).toMatchObject({
      phase: 'Filling',
      does: [],
      status: { fill: { claimName: 'meili-0', attempt: 1 } },
    })
  })

  test.each([
    ['is not there', { claim: undefined }, { phase: 'Pending', reason: reasons.TargetNotFound }],
    [
      'is lost',
      { claim: { ...claim, status: { phase: 'Lost' } } },
      { phase: 'Pending', reason: reasons.TargetNotFound },
    ],
    [
      'is a block device',
      { claim: { ...claim, spec: { ...claim.spec, volumeMode: 'Block' } } },
      { phase: 'Failed', reason: reasons.TargetUnusable },
    ],
    [
      'is of a server that the operator runs',
      { claim: aDataClaim(oldClaim) },
      { phase: 'Failed', reason: reasons.TargetUnusable },
    ],
  ] as const)('where it %s', (_, more, end) => {
    expect(of(more)).toMatchObject({ ...end, does: [] })
  })
})
