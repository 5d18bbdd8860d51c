// What a restore takes as its source: which snapshot, which file, and what becomes of it where there is none.
import { describe, expect, test } from 'vitest'
import { meiliRestores, restoreReasons } from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import type { RestoreObservation } from '../../../../../src/kinds/restore/observation.ts'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import type { ResolveConfig } from '../../../../../src/mover/contract.ts'
import { decided, at } from '../../../../support/builders/exchanges.ts'
import type { Said } from '../../../../support/builders/exchanges.ts'
import { aSnapshot, artifact } from '../../../../support/builders/observations.ts'
import { endedMover, runningMover } from '../../../../support/builders/restores.ts'

const { SourceNotFound, SourceNotReady, SourceUnusable, TargetBusy, Resolving, ChecksumMismatch } = restoreReasons
const begun: MeiliRestoreStatus = { phase: 'Pending', startedAt: at(-60) }
const there = { name: artifact.claimName, claim: {} }

const says = (
  rest: Partial<RestoreObservation>,
  parts: { status?: MeiliRestoreStatus; source?: object } = {},
): Said => {
  const spec = parts.source === undefined ? {} : { source: parts.source }
  const said = decided({ status: parts.status ?? begun, spec, rest })
  expect(meiliRestores.status.parse(said.status)).toEqual(JSON.parse(JSON.stringify(said.status)))
  return said
}

const completed = aSnapshot({
  status: {
    phase: 'Completed',
    artifact: { ...artifact, countsExact: true, tasksEnqueued: 2, uncompressedBytes: 900 },
    task: { uid: 12, status: 'succeeded', enqueuedAt: at(-900), startedAt: at(-800) },
  },
})
const source = { is: 'snapshot', snapshot: completed } as const

describe('a snapshot as the source', () => {
  test('what it has stored is pinned: path, sha256, sizes, version, counts, and when it was taken', () => {
    expect(says({ source, sourceClaim: there })).toMatchObject({
      phase: 'Pending',
      reason: Resolving,
      does: [],
      status: {
        resolved: {
          name: 'nightly',
          snapshot: { name: 'nightly', uid: completed.metadata.uid },
          claimName: artifact.claimName,
          path: artifact.path,
          sha256: artifact.sha256,
          sizeBytes: artifact.sizeBytes,
          meilisearchVersion: artifact.meilisearchVersion,
          countsExact: true,
          tasksEnqueued: 2,
          uncompressedBytes: 900,
          takenAt: at(-800),
        },
      },
    })
  })

  test('one that runs is waited for, in its own words', () => {
    const snapshot = aSnapshot({ status: { phase: 'Moving' } })
    expect(says({ source: { is: 'snapshot', snapshot } })).toMatchObject({ phase: 'Pending', reason: SourceNotReady })
  })

  test.each([
    ['has failed', { phase: 'Failed' }, {}],
    ['has expired', { phase: 'Expired', artifact }, {}],
    [
      'has lost its files',
      {
        phase: 'Completed',
        artifact,
        conditions: [
          {
            type: 'ArtifactAvailable',
            status: 'False',
            reason: 'Removed',
            message: 'removed',
            lastTransitionTime: at(0),
            observedGeneration: 1,
          },
        ],
      },
      {},
    ],
    ['is being deleted', { phase: 'Completed', artifact }, { deletionTimestamp: at(-5) }],
    ['says of no artifact', { phase: 'Completed' }, {}],
  ] as const)('one that %s is not waited for', (_, status, metadata) => {
    const snapshot = aSnapshot({ status: status as never, metadata })
    expect(says({ source: { is: 'snapshot', snapshot }, sourceClaim: there })).toMatchObject({
      phase: 'Failed',
      reason: SourceUnusable,
    })
  })

  test('one that is not there is waited for until deadlines.start, and said to be missing then', () => {
    const missing = { is: 'missing', why: 'MeiliSnapshot nightly does not exist.' } as const
    const waits = says({ source: missing })
    expect(waits).toMatchObject({ phase: 'Pending', reason: SourceNotFound })
    const late = says({ source: missing }, { status: { ...waits.status, startedAt: at(-3601) } })
    expect(late).toMatchObject({ phase: 'Failed', reason: SourceNotFound })
    expect(late.message).toContain('nothing was changed')
  })

  test('a claim that is gone with its files is waited for: a backup may bring it', () => {
    expect(says({ source, sourceClaim: { name: 'backups' } })).toMatchObject({
      phase: 'Pending',
      reason: SourceNotFound,
    })
  })

  test('behind another restore of the same target its clock stands still', () => {
    const said = says({ source, sourceClaim: there, ahead: ['a', 'b', 'c', 'd'] })
    expect(said).toMatchObject({ phase: 'Pending', reason: TargetBusy, does: [] })
    expect(said.message).toBe('Behind a, b, c and 1 more: one restore of a target at a time.')
    expect(said.status.startedAt).toBeUndefined()
  })
})

describe('an artifact or a file as the source', () => {
  const stored = { artifact: { claim: { name: 'backups' }, path: 'daily', sha256: 'b'.repeat(64) } }
  const jobName = 'back-5d2f0c1e-resolve-1'
  const asked = { ...begun, resolve: { attempt: 1, jobName, startedAt: at(-30) } }
  const sourceClaim = { name: 'backups', claim: {} }

  test('a mover looks at it, read-only, and makes nothing', () => {
    const said = says({ sourceClaim }, { source: stored })
    expect(said).toMatchObject({ reason: Resolving, does: ['CreateJob'], status: { resolve: { attempt: 1, jobName } } })
    const [effect] = said.decision.effects
    const pod = effect?.kind === 'CreateJob' ? effect.job.spec?.template.spec : undefined
    expect(pod?.volumes).toEqual([{ name: 'source', persistentVolumeClaim: { claimName: 'backups', readOnly: true } }])
    expect(pod?.containers[0]?.volumeMounts?.every(({ readOnly }) => readOnly === true)).toBe(true)
    const config = JSON.parse(pod?.containers[0]?.env?.[0]?.value ?? '') as ResolveConfig
    expect(config).toMatchObject({
      command: 'resolve',
      source: { claim: 'backups', path: 'daily', kind: 'Artifact', sha256: 'b'.repeat(64) },
    })
  })

  test('no Job is made before the claim is there', () => {
    expect(says({ sourceClaim: { name: 'backups' } }, { source: stored })).toMatchObject({
      reason: SourceNotFound,
      does: [],
    })
  })

  test('what it found is pinned, however long its texts are', () => {
    const resolved = {
      path: `daily/${'x'.repeat(2000)}`,
      fileName: 'data.ms.snapshot',
      sizeBytes: 5,
      sha256: 'b'.repeat(64),
      meilisearchVersion: '1'.repeat(100),
    }
    const said = says({ sourceClaim, mover: endedMover(jobName, { resolved }) }, { source: stored, status: asked })
    expect(said).toMatchObject({ does: ['DeleteJob'], status: { resolved: { claimName: 'backups', sizeBytes: 5 } } })
    expect(said.status.resolved?.path).toHaveLength(1024)
  })

  test('a file is said to be one', () => {
    const file = { file: { claim: { name: 'backups' }, path: 'data.ms.snapshot' } }
    const resolved = { path: 'data.ms.snapshot', fileName: 'data.ms.snapshot', sizeBytes: 5, sha256: 'b'.repeat(64) }
    const mover = endedMover(jobName, { resolved })
    expect(says({ sourceClaim, mover }, { source: file, status: asked }).status.resolved).toMatchObject({
      isFile: true,
      name: 'data.ms.snapshot',
    })
  })

  test('another sha256 is refused at once', () => {
    const mover = endedMover(jobName, { exitCode: exitCodes.mismatch, message: 'It is another file.' })
    expect(says({ sourceClaim, mover }, { source: stored, status: asked })).toMatchObject({
      phase: 'Failed',
      reason: ChecksumMismatch,
      does: ['DeleteJob'],
    })
  })

  test('a path where nothing is yet is looked at again, without an end but the deadline', () => {
    const mover = endedMover(jobName, { exitCode: exitCodes.sourceMissing, message: 'Nothing is there.' })
    const said = says({ sourceClaim, mover }, { source: stored, status: asked })
    expect(said).toMatchObject({
      phase: 'Pending',
      reason: SourceNotFound,
      does: ['DeleteJob'],
      status: { resolve: { attempt: 2, failures: 0, jobName: 'back-5d2f0c1e-resolve-2', retryAt: at(30) } },
    })
    const rests = says({ sourceClaim }, { source: stored, status: said.status })
    expect(rests.does).toEqual([])
    expect(rests.decision.requeueAfterMs).toBe(30_000)
  })

  test('the third failure that counts is the last', () => {
    const mover = endedMover(jobName, { exitCode: exitCodes.inputOutput, message: 'EIO.' })
    const status = { ...asked, resolve: { ...asked.resolve, failures: 2 } }
    expect(says({ sourceClaim, mover }, { source: stored, status })).toMatchObject({
      phase: 'Failed',
      reason: restoreReasons.MoverFailed,
    })
  })

  test('one that somebody deletes is no failure', () => {
    const mover = endedMover(jobName, { exitCode: exitCodes.inputOutput }, { deletionTimestamp: at(-1) })
    expect(says({ sourceClaim, mover }, { source: stored, status: asked })).toMatchObject({
      phase: 'Pending',
      does: [],
    })
  })

  test('one that cannot start says why', () => {
    const pod = { status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: 'no' }] } }
    const mover = runningMover(jobName, { pod })
    expect(says({ sourceClaim, mover }, { source: stored, status: asked })).toMatchObject({
      reason: restoreReasons.MoverWaiting,
    })
  })
})
