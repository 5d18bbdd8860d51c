// verification.mode Boot: a server is started on a copy of what is stored, and whatever comes of it, the files stay.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import { snapshotEvents } from '../../../../../src/kinds/snapshot/events.ts'
import { settle } from '../../../../../src/api/status/settled-snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import type { MoverResult } from '../../../../../src/mover/contract.ts'
import {
  ago,
  aJob,
  aPod,
  aSnapshot,
  artifact,
  completedConditions,
  conditionsIn,
  effectsOf,
  endedPod,
  failedConditions,
  hour,
  minute,
  movingStatus,
  noMover,
  now,
  second,
  snapshotVerdict,
  stored,
} from '../../../../support/builders/observations.ts'

const boot = (more: object = {}): object => ({
  verification: { mode: 'Boot', boot: { egress: 'Denied', deadline: '1h', ...more } },
})
const jobName = 'nightly-0a1b2c3d-boot-1'
const image = 'getmeili/meilisearch:v1.21.0'

const booting = (
  verification: object = {},
  spec: object = boot(),
  more: Partial<MeiliSnapshotStatus> = {},
): MeiliSnapshot =>
  aSnapshot({
    spec,
    status: {
      ...movingStatus({ startedAt: ago(10 * minute) }),
      artifact: { ...artifact, uncompressedBytes: 4e9 },
      verification: {
        mode: 'Boot',
        attempt: 1,
        jobName,
        image,
        volumeBytes: 5e9,
        startedAt: ago(minute),
        ...verification,
      },
      ...more,
    },
  })

const inspected = {
  result: 'Passed' as const,
  version: '1.21.0',
  indexes: 8,
  documents: 500,
  compared: 8,
  differences: [],
  openMs: 400,
  firstSearchMs: 30,
}

interface Ended {
  readonly result: Partial<MoverResult>
  readonly snapshot?: MeiliSnapshot
  /** Of the engine's container. */
  readonly engine?: object
}

function ended({ result, snapshot = booting(), engine = {} }: Ended): Partial<SnapshotObservation> {
  const job = aJob(snapshot)
  const exitCode = result.exitCode ?? 0
  const filled = { exitCode: 0, message: 'Unpacked.', seconds: { fetch: 0, extract: 65 } }
  const init = [
    { name: 'fill', state: { terminated: { exitCode: 0, message: JSON.stringify(filled) } } },
    { name: 'engine', restartCount: 0, ...engine },
  ]
  const pod = endedPod(exitCode, { exitCode, message: 'Ended.', ...result }, { initContainerStatuses: init })
  return { snapshot, mover: { ...noMover, job, jobs: [job], pod } }
}

const inconclusive = {
  phase: 'Completed',
  reason: 'Completed',
  status: { artifact: { claimName: 'backups' }, verification: { result: 'Inconclusive', at: ago(0) } },
}

/** @param waiting how many tasks waited in the server, as the mover was told */
const moved = (spec: object, waiting = 0): ReturnType<typeof snapshotVerdict> => {
  const snapshot = aSnapshot({ spec, status: movingStatus() })
  const job = aJob(snapshot)
  const [variable] = job.spec?.template.spec?.containers[0]?.env ?? []
  if (variable !== undefined)
    variable.value = variable.value?.replace('"tasksEnqueued":0', `"tasksEnqueued":${waiting}`) ?? ''
  return snapshotVerdict({ snapshot, mover: { ...noMover, job, jobs: [job], pod: endedPod(0, stored) } })
}

describe('after the move', () => {
  test('a server is to be started on a copy, with the image of the source', () => {
    expect(moved(boot(), 3)).toMatchObject({ reason: 'Booting' })
    const verdict = moved({ verification: { mode: 'Boot' } })
    expect(verdict).toMatchObject({
      phase: 'Verifying',
      reason: 'Booting',
      effects: ['DeleteJob'],
      status: {
        artifact: { claimName: 'backups' },
        verification: { mode: 'Boot', attempt: 1, jobName, startedAt: ago(0) },
      },
    })
    expect(verdict.status.verification).not.toHaveProperty('result')
  })

  test('none is where tasks may run on a server that obeys no proxy: the archive stands, and it says so', () => {
    const verdict = moved({ verification: { mode: 'Boot' } }, 3)
    expect(verdict).toMatchObject({
      phase: 'Completed',
      status: { verification: { result: 'Skipped', skipped: expect.stringContaining('obeys no proxy') as string } },
    })
    expect(conditionsIn(verdict.status)).toEqual([...completedConditions, 'BootVerified=False'])
    expect(verdict.status.conditions?.[0]?.message).toContain('boot.egress: Denied')
    expect(snapshotEvents(movingStatus(), verdict.status).map(({ reason }) => reason)).toContain('BootSkipped')
  })

  test("Meilisearch's own file stays until the server on the copy has served", () => {
    const verdict = moved({ ...boot(), sourcePolicy: 'Remove' })
    expect(verdict).toMatchObject({
      reason: 'Booting',
      status: { removeSource: { file: { inode: stored.stored?.inode } } },
    })
    const snapshot = aSnapshot({ spec: { ...boot(), sourcePolicy: 'Remove' }, status: verdict.status })
    const { snapshot: _, ...seen } = ended({ result: { inspected }, snapshot })
    const next = snapshotVerdict({ snapshot, ...seen })
    expect(next).toMatchObject({ reason: 'RemovingSource', status: { verification: { result: 'Passed' } } })
  })

  test('nothing of it happens where it was not asked for', () => {
    expect(moved({}).status).not.toHaveProperty('verification')
  })
})

describe('bootMissing', () => {
  test('makes the Job, which reads the claim and no more', () => {
    const verdict = snapshotVerdict({ snapshot: booting() })
    expect(verdict).toMatchObject({ phase: 'Verifying', reason: 'Booting', effects: ['CreateJob'] })
    const [effect] = effectsOf('CreateJob', { snapshot: booting() })
    expect(effect?.job.spec?.template.spec).toMatchObject({
      initContainers: [{ name: 'fill' }, { name: 'engine', image }],
      volumes: [{ persistentVolumeClaim: { claimName: 'backups', readOnly: true } }, { ephemeral: {} }],
    })
  })

  test('waits for the pod of the server where its image is not on record', () => {
    const verdict = snapshotVerdict({ snapshot: booting({ image: undefined }), target: undefined })
    expect(verdict).toMatchObject({ reason: 'Booting', effects: [] })
    expect(verdict.status.waitingFor).toContain('whose image')
  })

  test('keeps a refusal on record, with the deadline of the boot', () => {
    const status = applyFact(booting(), { kind: 'Refused', effect: 'CreateJob', message: 'quota' }, now)
    expect(status).toMatchObject({ phase: 'Verifying', waitingFor: 'quota.' })
  })

  test('rests until it is time', () => {
    const snapshot = booting({ retryAt: ago(-30 * second), attempt: 2 })
    expect(snapshotVerdict({ snapshot })).toMatchObject({ effects: [], requeueAfterMs: 30 * second })
  })
})

describe('bootFinished', () => {
  test('completes where the server serves what is on record, with the time that it took to come back', () => {
    const verdict = snapshotVerdict(ended({ result: { message: 'It serves it: compared 8 of 8 indexes.', inspected } }))
    expect(verdict).toMatchObject({
      phase: 'Completed',
      status: {
        verification: {
          result: 'Passed',
          version: '1.21.0',
          indexes: 8,
          documents: 500,
          compared: 8,
          restoreDuration: {
            fetch: '0ms',
            extract: '1m5s',
            open: '400ms',
            firstSearch: '30ms',
            total: '1m5s',
            totalMs: 65_430,
          },
          at: ago(0),
        },
      },
    })
    expect(conditionsIn(verdict.status)).toEqual([...completedConditions, 'BootVerified=True'])
    expect(verdict.status.conditions?.[0]?.message).toContain('It took 1m5s to come back')
    expect(snapshotEvents(booting().status, verdict.status).map(({ reason }) => reason)).toEqual([
      'Booted',
      'Completed',
    ])
  })

  test('counts the time of the boot for no move', () => {
    const { status } = snapshotVerdict(ended({ result: { inspected } }))
    expect(status.move?.startedAt).toBe(ago(9 * minute))
  })

  test('fails where it serves something else, and the files stay', () => {
    const differences = [{ index: 'movies', expected: 5, found: 4 }]
    const wrong = { ...inspected, result: 'Failed' as const, compared: 7, differences }
    const verdict = snapshotVerdict(
      ended({ result: { exitCode: 36, message: 'Index movies has 4 documents.', inspected: wrong } }),
    )
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'VerificationFailed',
      status: { artifact: { claimName: 'backups' }, verification: { result: 'Failed', compared: 7, differences } },
    })
    expect(conditionsIn(verdict.status)).toEqual([...failedConditions, 'ArtifactAvailable=True', 'BootVerified=False'])
    expect(verdict.status.conditions?.[1]?.message).toContain('The files stay, at search/')
  })

  test('tries again what may pass, three times: a server that falls over each time does not serve it', () => {
    const result = { exitCode: 30, message: 'Meilisearch went away.' }
    const engine = { restartCount: 1, lastState: { terminated: { exitCode: 139, reason: 'Error' } } }
    expect(snapshotVerdict(ended({ result, engine }))).toMatchObject({ phase: 'Verifying' })
    const last = ended({ result, engine, snapshot: booting({ attempt: 3, failures: 2 }) })
    expect(snapshotVerdict(last)).toMatchObject({ phase: 'Failed', reason: 'VerificationFailed' })
  })

  test('tries again what may pass, three times', () => {
    const result = { exitCode: 143, message: 'Ended by SIGTERM.' }
    const first = snapshotVerdict(ended({ result }))
    expect(first).toMatchObject({
      phase: 'Verifying',
      effects: ['DeleteJob'],
      status: {
        verification: { attempt: 2, failures: 1, jobName: 'nightly-0a1b2c3d-boot-2', failure: 'Ended by SIGTERM.' },
      },
    })
    const last = snapshotVerdict(ended({ result, snapshot: booting({ attempt: 3, failures: 2 }) }))
    expect(last).toMatchObject(inconclusive)
  })

  test('takes a larger volume where the database was larger than thought, and none larger than was asked for', () => {
    const space = { neededBytes: 40 * 2 ** 30, freeBytes: 1 }
    const result = { exitCode: 14, message: 'Full.', space }
    expect(snapshotVerdict(ended({ result })).status.verification).toMatchObject({
      attempt: 2,
      volumeBytes: 50 * 2 ** 30,
      failures: 0,
    })
    const fixed = snapshotVerdict(ended({ result, snapshot: booting({}, boot({ size: '5Gi' })) }))
    expect(fixed).toMatchObject(inconclusive)
    expect(fixed.status.verification?.message).toContain('boot.size (5Gi)')
  })

  test('believes no Job that somebody deletes', () => {
    const seen = ended({ result: { exitCode: 36, message: 'Ended.' } })
    const job = aJob(seen.snapshot!, { metadata: { deletionTimestamp: ago(second) } })
    expect(snapshotVerdict({ ...seen, mover: { ...seen.mover!, job, jobs: [job] } })).toMatchObject({
      phase: 'Verifying',
    })
  })
})

describe('not conclusive: the archive stands, and it is not tried again', () => {
  const oom = { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }
  const wentAway = { exitCode: 30, message: 'Meilisearch went away.' }

  test('is what its memory ended, with the field that gives it more', () => {
    const verdict = snapshotVerdict(ended({ result: wentAway, engine: oom }))
    expect(verdict).toMatchObject({ ...inconclusive, effects: [] })
    expect(verdict.requeueAfterMs).toBeUndefined()
    expect(verdict.status.verification?.message).toContain('OOMKilled')
    expect(verdict.status.verification?.message).toContain('spec.verification.boot.resources.limits.memory')
    expect(conditionsIn(verdict.status)).toEqual([...completedConditions, 'BootVerified=False'])
    expect(verdict.status.conditions?.[0]?.message).toContain('The archive was checked, and stands')
    expect(snapshotEvents(booting().status, verdict.status).map(({ reason }) => reason)).toEqual([
      'BootInconclusive',
      'Completed',
    ])
  })

  test('is what could not even begin: a setting of the cluster, a user that may not read', () => {
    for (const exitCode of [10, 13, 15])
      expect(snapshotVerdict(ended({ result: { exitCode, message: 'It may not.' } }))).toMatchObject(inconclusive)
  })

  test('is an eviction, tried three times', () => {
    const evicted = (snapshot: MeiliSnapshot): Partial<SnapshotObservation> => {
      const seen = ended({ result: { exitCode: 143, message: 'Ended.' }, snapshot })
      Object.assign(seen.mover?.pod?.status ?? {}, { reason: 'Evicted', message: 'Disk.' })
      return seen
    }
    const first = snapshotVerdict(evicted(booting()))
    expect(first).toMatchObject({ phase: 'Verifying', status: { verification: { failures: 1 } } })
    expect(first.status.verification?.failure).toContain('Its pod was evicted: Disk.')
    expect(snapshotVerdict(evicted(booting({ attempt: 3, failures: 2 })))).toMatchObject(inconclusive)
  })

  test('never speaks against what the server has answered', () => {
    const wrong = { ...inspected, result: 'Failed' as const }
    const verdict = snapshotVerdict(ended({ result: { exitCode: 36, message: 'No.', inspected: wrong }, engine: oom }))
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'VerificationFailed' })
  })

  test("lets Meilisearch's own file go, as after a check of the archive", () => {
    const { removeSource } = moved({ ...boot(), sourcePolicy: 'Remove' }).status
    const snapshot = booting({}, { ...boot(), sourcePolicy: 'Remove' }, { removeSource })
    expect(snapshotVerdict(ended({ result: wentAway, engine: oom, snapshot }))).toMatchObject({
      reason: 'RemovingSource',
      status: { verification: { result: 'Inconclusive' } },
    })
  })
})

describe('pastBootDeadline', () => {
  const late = booting({ startedAt: ago(hour + second) })

  test('ends what runs, sees it gone, and leaves it open', () => {
    const job = aJob(late)
    const running = snapshotVerdict({
      snapshot: late,
      mover: { ...noMover, job, jobs: [job], pod: aPod({ status: { phase: 'Pending' } }) },
    })
    expect(running).toMatchObject({ phase: 'Verifying', effects: ['DeleteJob'] })
    const gone = snapshotVerdict({ snapshot: late })
    expect(gone).toMatchObject(inconclusive)
    expect(gone.status.conditions?.[0]?.message).toContain('boot.deadline (1h)')
  })
})

describe('bootRunning', () => {
  test('says why it does not start', () => {
    const snapshot = booting()
    const job = aJob(snapshot)
    const waiting = { reason: 'ImagePullBackOff', message: 'not found' }
    const pod = aPod({ status: { phase: 'Running', initContainerStatuses: [{ name: 'engine', state: { waiting } }] } })
    const verdict = snapshotVerdict({ snapshot, mover: { ...noMover, job, jobs: [job], pod } })
    expect(verdict).toMatchObject({ phase: 'Verifying', reason: 'BootWaiting' })
    expect(verdict.status.waitingFor).toContain('ImagePullBackOff')
  })
})

test('a settled snapshot keeps that it was proved, and how long that took', () => {
  const { status } = snapshotVerdict(ended({ result: { inspected } }))
  const known = settle(aSnapshot({ spec: boot(), status }))
  expect(known.status.verification).toEqual({ result: 'Passed', at: ago(0), restoreDuration: { totalMs: 65_430 } })
})
