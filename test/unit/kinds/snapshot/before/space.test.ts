// The free space on the destination is checked before Meilisearch works, where the last figure was small.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aJob,
  anInstance,
  aSnapshot,
  aTarget,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  endedPod,
  hour,
  noMover,
  pendingConditions,
  second,
} from '../../../../support/builders/observations.ts'

const mebibyte = 1024 * 1024
const knownSpace = (freeBytes: number): NonNullable<MeiliSnapshotStatus['destination']> => ({
  freeBytes,
  observedAt: ago(hour),
})
const small: SnapshotObservation['space'] = { sizeBytes: 100 * mebibyte, known: knownSpace(200 * mebibyte) }

const probeStatus = (space: object = {}): MeiliSnapshotStatus => ({
  observedGeneration: 1,
  phase: 'Pending',
  startedAt: ago(10 * second),
  space: { attempt: 1, jobName: 'nightly-0a1b2c3d-space-1', sizeBytes: 100 * mebibyte, ...space },
})

function afterProbe(freeBytes: number, exitCode: number): Partial<SnapshotObservation> {
  const snapshot = aSnapshot({ status: probeStatus() })
  const job = aJob(snapshot, { metadata: { name: 'nightly-0a1b2c3d-space-1' } })
  const pod = endedPod(exitCode, { exitCode, message: 'Looked.', space: { neededBytes: 164 * mebibyte, freeBytes } })
  return { snapshot, space: small, mover: { ...noMover, job, jobs: [job], pod } }
}

describe('spaceMissing', () => {
  test.each([
    ['nothing is known of the claim', { sizeBytes: 100 * mebibyte, known: undefined }],
    ['nothing is known of the size', { sizeBytes: undefined, known: knownSpace(1) }],
    ['the last figure was twice the need', { sizeBytes: 100 * mebibyte, known: knownSpace(400 * mebibyte) }],
  ])('asks nobody where %s', (_, space) => {
    expect(snapshotVerdict({ space }).effects).toEqual(['RequestSnapshot'])
  })

  test('asks the claim, by a Job that mounts nothing else, before anything is asked of Meilisearch', () => {
    const verdict = snapshotVerdict({ space: small })
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'CheckingSpace',
      effects: ['CreateJob'],
      status: { space: { attempt: 1, jobName: 'nightly-0a1b2c3d-space-1' } },
    })
    const job = effectsOf('CreateJob', { space: small })[0]?.job
    expect(job?.spec?.template.spec?.volumes).toEqual([
      { name: 'destination', persistentVolumeClaim: { claimName: 'backups' } },
    ])
    expect(JSON.parse(job?.spec?.template.spec?.containers[0]?.env?.[0]?.value ?? '')).toMatchObject({
      command: 'probe',
      sizeBytes: 100 * mebibyte,
    })
  })

  test('goes on where there is space, and takes its Job away', () => {
    const verdict = snapshotVerdict(afterProbe(170 * mebibyte, 0))
    expect(verdict).toMatchObject({
      phase: 'Pending',
      effects: ['DeleteJob'],
      status: { destination: { freeBytes: 170 * mebibyte }, space: { freeBytes: 170 * mebibyte } },
    })
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: verdict.status }), space: small }).effects).toEqual([
      'RequestSnapshot',
    ])
  })

  test('waits where there is none, with needed and free, until deadlines.start', () => {
    const verdict = snapshotVerdict(afterProbe(20 * mebibyte, 14))
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'InsufficientSpace',
      effects: ['DeleteJob'],
      requeueAfterMs: 30_000,
    })
    expect(verdict.message).toMatch(
      /Claim backups has 20\.0 MiB free, and the snapshot needs about 164 MiB\. Free some space or enlarge the claim\. It goes on by itself, until \d{4}-/,
    )
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('asks again when its time has come, and not before', () => {
    const lacking = { checkedAt: ago(20 * second), neededBytes: 164 * mebibyte, freeBytes: 20 * mebibyte }
    expect(
      snapshotVerdict({
        snapshot: aSnapshot({ status: probeStatus({ ...lacking, retryAt: '2026-03-01T12:00:10Z' }) }),
        space: small,
      }),
    ).toMatchObject({ effects: [], requeueAfterMs: 10 * second })
    const again = snapshotVerdict({
      snapshot: aSnapshot({ status: probeStatus({ ...lacking, retryAt: ago(second) }) }),
      space: small,
    })
    expect(again).toMatchObject({
      effects: ['CreateJob'],
      status: { space: { attempt: 2, jobName: 'nightly-0a1b2c3d-space-2' } },
    })
  })

  test('says why the Job does not start', () => {
    const snapshot = aSnapshot({ status: probeStatus() })
    const job = aJob(snapshot)
    const verdict = snapshotVerdict({
      snapshot,
      space: small,
      mover: { ...noMover, job, jobs: [job], warning: { reason: 'FailedCreate', message: 'exceeded quota' } },
    })
    expect(verdict).toMatchObject({ reason: 'CheckingSpace', message: expect.stringContaining('exceeded quota') })
  })

  test('a Job that somebody took away is made again', () => {
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: probeStatus() }), space: small }).effects).toEqual([
      'CreateJob',
    ])
  })

  test('a probe that could not tell holds nothing up', () => {
    const snapshot = aSnapshot({ status: probeStatus() })
    const job = aJob(snapshot)
    const verdict = snapshotVerdict({
      snapshot,
      space: small,
      mover: { ...noMover, job, jobs: [job], pod: endedPod(15) },
    })
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: verdict.status }), space: small }).effects).toEqual([
      'RequestSnapshot',
    ])
  })

  test('ends with its Job at deadlines.start', () => {
    const snapshot = aSnapshot({ status: { ...probeStatus(), startedAt: ago(hour + second) } })
    const job = aJob(snapshot)
    expect(snapshotVerdict({ snapshot, space: small, mover: { ...noMover, job, jobs: [job] } })).toMatchObject({
      phase: 'Failed',
      reason: 'StartDeadlineExceeded',
      effects: ['DeleteJob'],
    })
  })

  test('runs where the mover will run', () => {
    const job = effectsOf('CreateJob', {
      space: small,
      instance: anInstance(),
      target: aTarget({ spec: { nodeName: 'node-b' } }),
    })[0]?.job
    expect(JSON.stringify(job?.spec?.template.spec?.affinity)).toContain('node-b')
  })
})
