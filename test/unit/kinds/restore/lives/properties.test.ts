// What holds of every pass over a restore, whatever it sees and whatever is on record: a status that the schema takes, the same again on the next pass, and nothing done that was not planned.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isTrue } from '../../../../../src/api/status/conditions.ts'
import { meiliRestores } from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { decideRestore } from '../../../../../src/kinds/restore/decide.ts'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import {
  aDataClaim,
  aServer,
  anExchange,
  answering,
  at,
  filled,
  going,
  goingBack,
  newClaim,
  nowMs,
  oldClaim,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen } from '../../../../support/builders/exchanges.ts'
import { aSnapshot, artifact, ready, volumeReady } from '../../../../support/builders/observations.ts'
import { endedMover, runningMover } from '../../../../support/builders/restores.ts'

const fill = { attempt: 1, jobName: 'back-fill-1', claimName: newClaim, startedAt: at(-60) }
const statuses: readonly MeiliRestoreStatus[] = [
  {},
  { phase: 'Pending', startedAt: at(-60) },
  { phase: 'Pending', startedAt: at(-60), resolved: filled.resolved },
  { phase: 'Pending', startedAt: at(-60), resolved: filled.resolved, plan: { ...filled.plan!, safetySnapshot: true } },
  { phase: 'Planned', resolved: filled.resolved, plan: filled.plan },
  { phase: 'Filling' },
  { ...filled, phase: 'Filling', fill },
  { ...filled, phase: 'Filling', fill: { ...fill, startedAt: at(-90_000), retryAt: at(9) } },
  filled,
  going.Stopping,
  going.Switching,
  going.Starting,
  goingBack('Stopping'),
  goingBack('Starting'),
  { phase: 'Completed', completedAt: at(-5) },
  { phase: 'Failed', completedAt: at(-5) },
]

const completed = aSnapshot({ status: { phase: 'Completed', artifact } })
const words = fc.string({ maxLength: 4000, unit: 'binary' })
const seen: fc.Arbitrary<ExchangeSeen> = fc.record({
  status: fc.constantFrom(...statuses),
  spec: fc.constantFrom(
    {},
    { mode: 'DryRun' },
    { rollback: true },
    { safety: { snapshot: 'Always' } },
    { version: 'AllowUpgrade' },
  ),
  metadata: fc.constantFrom({}, { deletionTimestamp: at(-5) }, { finalizers: [] }),
  instance: fc.constantFrom(
    undefined,
    aServer(),
    aServer({ suspend: true }),
    aServer({}, { conditions: [ready, volumeReady] }),
    aServer({ version: '1.22.0' }),
  ),
  claims: fc.subarray([aDataClaim(oldClaim), aDataClaim(newClaim), aDataClaim('movies-data-9', 9)]),
  server: fc.oneof(
    fc.constant(answering()),
    words.map((name) => answering({ keys: [{ name, createdAt: at(-1) }] })),
    words.map((message) => ({ is: 'silent', message }) as const),
  ),
  rest: fc.record({
    source: fc.oneof(
      fc.constant({ is: 'notAsked' } as const),
      fc.constant({ is: 'snapshot', snapshot: completed } as const),
      words.map((why) => ({ is: 'missing', why }) as const),
    ),
    sourceClaim: fc.constantFrom({}, { name: 'backups' }, { name: 'backups', claim: {} }),
    ahead: fc.constantFrom<readonly string[]>([], ['older']),
    runningSnapshots: fc.constantFrom<readonly string[]>([], ['nightly']),
    runsServers: fc.boolean(),
    mover: fc.oneof(
      fc.constant(runningMover('back-fill-1')),
      fc
        .record({ exitCode: fc.constantFrom(-1, ...Object.values(exitCodes)), message: words })
        .map((result) => endedMover('back-fill-1', result)),
    ),
  }),
})

test('every status fits the schema, and is the same again where nothing has changed', () => {
  fc.assert(
    fc.property(seen, (parts) => {
      const observation = anExchange(parts)
      const { status } = decideRestore(observation, nowMs)
      expect(meiliRestores.status.parse(status)).toEqual(JSON.parse(JSON.stringify(status)))
      expect(isTrue(status.conditions, 'Complete') && isTrue(status.conditions, 'Failed')).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

const harmless: ReadonlySet<string> = new Set([
  'DeleteJob',
  'CreateJob',
  'RemoveFinalizer',
  'AddFinalizer',
  'CreateSnapshot',
])

test('before the data is being unpacked nothing is made of a server, and of a DryRun nothing at all but a look', () => {
  fc.assert(
    fc.property(seen, (parts) => {
      const { restore } = anExchange(parts)
      const { phase } = restore.status ?? {}
      if (phase !== undefined && phase !== 'Pending' && phase !== 'Planned') return
      const { effects } = decideRestore(anExchange(parts), nowMs)
      const kinds = effects.map(({ kind }) => kind)
      if (restore.metadata.deletionTimestamp === undefined)
        expect(kinds.filter((kind) => !harmless.has(kind))).toEqual([])
      if (restore.spec.mode === 'DryRun') expect(kinds).not.toContain('CreateSnapshot')
    }),
    { numRuns: 2000 },
  )
})

test('no pass exchanges the data and makes or removes a claim, nor exchanges it in any other phase', () => {
  fc.assert(
    fc.property(seen, (parts) => {
      const { status, effects } = decideRestore(anExchange(parts), nowMs)
      const kinds = effects.map(({ kind }) => kind)
      if (!kinds.includes('SwitchData')) return
      expect(status.phase).toBe('Switching')
      expect(kinds).toEqual(['SwitchData'])
    }),
    { numRuns: 2000 },
  )
})
