// What follows from the end of a mover: a stored file, another attempt, or the last one.
import { describe, expect, test } from 'vitest'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aJob,
  aSnapshot,
  completedConditions,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  endedPod,
  failedConditions,
  minute,
  movingStatus,
  noMover,
  second,
  stored,
} from '../../../../support/builders/observations.ts'
import { going, inMove, moverObservation } from './in-move.ts'

describe('moverFinished', () => {
  test('a stored file completes the snapshot', () => {
    const verdict = snapshotVerdict(
      moverObservation(inMove({}, { startedAt: ago(95 * second), waitingFor: 'something' }), {
        pod: endedPod(0, stored),
      }),
    )
    expect(verdict).toMatchObject({ phase: 'Completed', reason: 'Completed', effects: [], requeueAfterMs: undefined })
    expect(verdict.message).toBe(`5.0 MiB, sha256 ${'ab'.repeat(32)}, on claim backups at search/nightly-0a1b2c3d.`)
    expect(verdict.status).toMatchObject({
      artifact: { sizeBytes: 5_242_880 },
      completedAt: '2026-03-01T12:00:00Z',
      duration: '1m35s',
      progress: { step: 'done', percent: 100, percentText: '100 %' },
    })
    expect(verdict.status.waitingFor).toBeUndefined()
    expect(conditionsIn(verdict.status)).toEqual(completedConditions)
  })

  test('a newer snapshot that came to its place during the copy is noted', () => {
    const replaced = { ...stored, stored: { ...stored.stored!, replacedDuringCopy: true } }
    const verdict = snapshotVerdict(moverObservation(inMove(), { pod: endedPod(0, replaced) }))
    expect(verdict).toMatchObject({ phase: 'Completed', reason: 'Completed' })
    expect(verdict.message).toMatch(
      /nightly-0a1b2c3d\. While it was copied a newer snapshot of the server took its place; what is stored is the older one, whole\.$/,
    )
  })

  test('a failure that another attempt would not cure ends it, in the words of the mover', () => {
    const verdict = snapshotVerdict(
      moverObservation(inMove(), {
        pod: endedPod(13, { exitCode: 13, message: 'search/nightly-0a1b2c3d belongs to another object.' }),
      }),
    )
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationConflict',
      message: 'search/nightly-0a1b2c3d belongs to another object.',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test.each([
    [1, 5 * second, '2026-03-01T12:00:05Z'],
    [2, 25 * second, '2026-03-01T12:00:25Z'],
  ])('after passing failure %d the next attempt begins in %d ms', (failures, pauseMs, retryAt) => {
    const verdict = snapshotVerdict(
      moverObservation(inMove({ attempt: failures, failures: failures - 1 }), {
        pod: endedPod(32, { exitCode: 32, message: 'No byte for 120 s' }),
      }),
    )
    expect(verdict).toMatchObject({
      phase: 'Moving',
      reason: 'MoverStarting',
      effects: ['DeleteJob'],
      requeueAfterMs: pauseMs,
    })
    expect(verdict.message).toMatch(
      new RegExp(
        `^The mover failed \\(failure ${failures} of 3\\): No byte for 120 s\\. It is tried again, until \\d{4}-.* UTC\\.$`,
      ),
    )
    expect(verdict.status.move).toEqual({
      attempt: failures + 1,
      failures,
      jobName: `nightly-0a1b2c3d-1-${failures + 1}`,
      startedAt: ago(10 * second),
      failure: 'No byte for 120 s',
      retryAt,
    })
  })

  test('the third failure is the last', () => {
    const verdict = snapshotVerdict(
      moverObservation(inMove({ attempt: 5, failures: 2 }), {
        pod: endedPod(30, { exitCode: 30, message: 'I/O error.' }),
      }),
    )
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'MoverFailed',
      message: 'The mover failed 3 times. Last: I/O error.',
      effects: [],
    })
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test('after a last one that was killed, a Job removes what it left, under no limits of the user, and the message says so', () => {
    const snapshot = aSnapshot({
      status: movingStatus({ failures: 2 }),
      spec: { mover: { resources: { limits: { memory: '20Mi' } } } },
    })
    const job = aJob(snapshot)
    const killed: Partial<SnapshotObservation> = {
      snapshot,
      mover: { ...noMover, job, jobs: [job], pod: endedPod(137, '') },
    }
    expect(snapshotVerdict(killed)).toMatchObject({
      phase: 'Failed',
      reason: 'MoverFailed',
      effects: ['CreateJob'],
      requeueAfterMs: undefined,
    })
    expect(snapshotVerdict(killed).message).toMatch(
      / Job nightly-0a1b2c3d-sweep removes what was left of it on claim backups\.$/,
    )
    const [sweep] = effectsOf('CreateJob', killed)
    const [container] = sweep?.job.spec?.template.spec?.containers ?? []
    expect(JSON.parse(container?.env?.[0]?.value ?? '')).toMatchObject({
      command: 'deleteArtifact',
      extent: 'Partials',
      destination: { path: 'search', directory: 'nightly-0a1b2c3d' },
    })
    expect(container?.resources?.limits).toEqual({ cpu: '2', memory: '256Mi' })
    expect(sweep?.job.metadata?.ownerReferences).toHaveLength(1)
  })

  test('a mover that ended well but reported nothing is run again: it finds what is stored', () => {
    expect(snapshotVerdict(moverObservation(inMove(), { pod: endedPod(0, '') }))).toMatchObject({
      phase: 'Moving',
      status: { move: { attempt: 2 } },
      message: expect.stringContaining('ended with exit code 0 (Completed) and left no result'),
    })
  })

  test('the end of a Job that is being removed counts for nothing where it stored nothing', () => {
    const snapshot = inMove()
    expect(
      snapshotVerdict({
        ...moverObservation(
          snapshot,
          { pod: endedPod(143, { exitCode: 143, message: 'Terminated.' }) },
          aJob(snapshot, going),
        ),
      }),
    ).toMatchObject({ reason: 'MoverStarting', effects: [], status: { move: { attempt: 1 } } })
  })

  test('keeps its clock over all attempts', () => {
    const verdict = snapshotVerdict(moverObservation(inMove({ startedAt: ago(minute) }), { pod: endedPod(30) }))
    expect(verdict.status.move?.startedAt).toBe(ago(minute))
  })
})
