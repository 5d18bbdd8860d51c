// What each verdict makes of a restore's status: phase and conditions as kstatus, kubectl wait, Flux and Argo CD read them.
import { describe, expect, test } from 'vitest'
import { meiliRestores, restoreReasons } from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { fillDeadlineMs, switchDeadlineMs } from '../../../../../src/kinds/restore/status/deadline.ts'
import { pauseAfterJob } from '../../../../../src/reconcile/job/pauses.ts'
import { percentOf } from '../../../../../src/kinds/restore/status/status.ts'
import {
  completed,
  decisionOf,
  failed,
  noted,
  planned,
  rolledBack,
  settled,
  step,
  unchanged,
  waiting,
} from '../../../../../src/kinds/restore/status/verdict.ts'
import type { Verdict } from '../../../../../src/kinds/restore/status/verdict.ts'
import { moverSelector, restoreJobLabels } from '../../../../../src/reconcile/names/objects.ts'
import { aRestore } from '../../../../support/builders/restores.ts'

const nowMs = Date.parse('2026-11-30T03:10:00Z')
const { SourceNotReady, Filling, Completed, SourceUnusable, ClaimNotReady } = restoreReasons

const statusAfter = (verdict: Verdict, status?: MeiliRestoreStatus): MeiliRestoreStatus => {
  const decided = decisionOf(verdict, aRestore(status === undefined ? {} : { status }), nowMs).status
  expect(meiliRestores.status.parse(decided)).toEqual(JSON.parse(JSON.stringify(decided)))
  return decided
}
const conditionsOf = ({ conditions = [] }: MeiliRestoreStatus): Record<string, string> =>
  Object.fromEntries(conditions.map(({ type, status }) => [type, status]))

const kept = { claimName: 'movies-data', generation: 1, keptSince: '2026-11-30T03:00:00Z' }

describe('what a verdict makes of a status', () => {
  test('one that waits says until when, and is in progress', () => {
    const status = statusAfter(waiting({ reason: SourceNotReady, message: 'MeiliSnapshot nightly has not completed' }))
    expect(conditionsOf(status)).toEqual({ Reconciling: 'True', Ready: 'False', Complete: 'False', Failed: 'False' })
    expect(status).toMatchObject({
      phase: 'Pending',
      startedAt: '2026-11-30T03:10:00Z',
      waitingFor: 'MeiliSnapshot nightly has not completed.',
    })
    expect(status.conditions?.[0]?.message).toContain('until 2026-11-30 04:10 UTC')
  })

  test('the clock of deadlines.start does not run for one behind another', () => {
    const status = statusAfter(waiting({ reason: SourceNotReady, message: 'behind a', isQueued: true }), {
      startedAt: '2026-11-30T03:00:00Z',
    })
    expect(status.startedAt).toBeUndefined()
  })

  test('what was planned for people to look at keeps its phase while it waits', () => {
    const status = statusAfter(waiting({ reason: SourceNotReady, message: 'x' }), { phase: 'Planned' })
    expect(status.phase).toBe('Planned')
  })

  test('a plan is Ready, and neither complete nor failed', () => {
    const status = statusAfter(planned({ message: 'Nothing is done.' }))
    expect(conditionsOf(status)).toEqual({ Ready: 'True', Complete: 'False', Failed: 'False' })
    expect(status.phase).toBe('Planned')
  })

  test('one that works is in progress', () => {
    const status = statusAfter(step({ phase: 'Filling', reason: Filling, message: 'Job x works.' }))
    expect(conditionsOf(status)).toMatchObject({ Reconciling: 'True', Ready: 'False' })
  })

  test('progress alone is written every 15 s at most', () => {
    const at = (bytesDone: number): Verdict =>
      step({
        phase: 'Filling',
        reason: Filling,
        message: `${bytesDone}`,
        changes: { progress: { step: 'extracting', bytesDone } },
      })
    const first = statusAfter(at(1))
    const again = decisionOf(at(2), aRestore({ status: first }), nowMs + 5000).status
    expect(again.progress?.bytesDone).toBe(1)
    expect(decisionOf(at(2), aRestore({ status: first }), nowMs + 16_000).status.progress?.bytesDone).toBe(2)
  })

  test('the end of a good one is complete', () => {
    const status = statusAfter(completed({ reason: Completed, message: 'Back.' }), {
      startedAt: '2026-11-30T03:05:00Z',
      waitingFor: 'x',
    })
    expect(conditionsOf(status)).toEqual({ Ready: 'True', Complete: 'True', Failed: 'False' })
    expect(status).toMatchObject({ phase: 'Completed', duration: '5m', completedAt: '2026-11-30T03:10:00Z' })
    expect(status.waitingFor).toBeUndefined()
  })

  test('one that failed is stalled, and never complete', () => {
    const status = statusAfter(failed({ reason: SourceUnusable, message: 'gone' }))
    expect(conditionsOf(status)).toEqual({ Stalled: 'True', Ready: 'False', Complete: 'False', Failed: 'True' })
    expect(status.phase).toBe('Failed')
  })

  test('one that went back by itself has failed; one that was asked back is as it should be', () => {
    const back = { message: 'The server did not start', startedAt: '2026-11-30T03:05:00Z' }
    const byItself = statusAfter(rolledBack({ message: 'back' }), { rollback: { cause: 'StartFailed', ...back } })
    expect(conditionsOf(byItself)).toEqual({ Stalled: 'True', Ready: 'False', Complete: 'False', Failed: 'True' })
    const asked = statusAfter(rolledBack({ message: 'back' }), { rollback: { cause: 'Asked', ...back } })
    expect(conditionsOf(asked)).toEqual({ Ready: 'True', Complete: 'False', Failed: 'False' })
    expect(asked.phase).toBe('RolledBack')
  })

  test('the claim with the data from before is named as long as it is kept', () => {
    const status = statusAfter(completed({ reason: Completed, message: 'Back.' }), { oldData: kept })
    expect(conditionsOf(status)['OldDataKept']).toBe('True')
    expect(conditionsOf(statusAfter(completed({ reason: Completed, message: 'x' })))['OldDataKept']).toBeUndefined()
  })

  test('what was refused stays on record while it is tried again', () => {
    const refused = statusAfter(step({ phase: 'Filling', reason: ClaimNotReady, message: 'quota' }))
    const effects = [{ kind: 'CreateClaim', claim: {} }] as const
    const again = step({ phase: 'Filling', reason: Filling, message: 'made', effects, keepsRefusal: true })
    expect(decisionOf(again, aRestore({ status: refused }), nowMs)).toMatchObject({ status: refused, effects })
  })

  test('a note leaves the judgement, and what has ended is seen again', () => {
    const status = statusAfter(failed({ reason: SourceUnusable, message: 'gone' }))
    const noting = statusAfter(noted({ oldData: kept }), status)
    expect(noting).toMatchObject({ oldData: kept, phase: 'Failed' })
    expect(conditionsOf(noting)).toEqual({ ...conditionsOf(status), OldDataKept: 'True' })
    expect(statusAfter(noted({ oldData: undefined }), noting)).toEqual(status)
    expect(statusAfter(unchanged(), status)).toEqual(status)
    const changed = aRestore({ metadata: { generation: 2 }, status })
    const seen = decisionOf(settled(), changed, nowMs).status
    expect(seen.observedGeneration).toBe(2)
    expect(seen.conditions?.every(({ observedGeneration }) => observedGeneration === 2)).toBe(true)
  })
})

test('the later deadlines run from their own beginnings', () => {
  const at = { fill: '2026-11-30T04:00:00Z', stop: '2026-11-30T06:00:00Z' }
  const restore = aRestore({
    status: {
      fill: { attempt: 2, jobName: 'x', claimName: 'y', startedAt: at.fill },
      switched: { to: { claimName: 'y', generation: 2 }, stoppingAt: at.stop },
    },
  })
  expect(fillDeadlineMs(restore, nowMs)).toBe(Date.parse('2026-11-30T10:00:00Z'))
  expect(switchDeadlineMs(restore, nowMs)).toBe(Date.parse('2026-11-30T06:30:00Z'))
})

test('pauses grow, up to a bound; a share is whole, and one', () => {
  expect(pauseAfterJob.noSpace(1)).toBe(30_000)
  expect(pauseAfterJob.noSpace(50)).toBe(300_000)
  expect(pauseAfterJob.failed(2)).toBe(25_000)
  expect(pauseAfterJob.ended(30)).toBe(60_000)
  expect(percentOf(99.9)).toEqual({ percent: 99, percentText: '99 %' })
  expect(percentOf(140).percent).toBe(100)
})

test('the Jobs of a restore take no turn of a mover of snapshots', () => {
  const selected = Object.fromEntries(moverSelector.split(',').map((pair) => pair.split('=')))
  expect(restoreJobLabels).not.toMatchObject(selected)
})
