// What is known of a mover stays known while its container runs and its log cannot be read.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  ago,
  aPod,
  asStored,
  hour,
  jobName,
  minute,
  movingStatus,
  now,
  runningPod,
  second,
  snapshotVerdict,
} from '../../../../support/builders/observations.ts'
import { inMove, moverObservation } from './in-move.ts'

const progress = { step: 'verifying', bytesDone: 80, bytesTotal: 100 } as const

/** As its status was written at the last word of the mover. */
function verifying(): MeiliSnapshot {
  const snapshot = inMove()
  const { status } = snapshotVerdict(moverObservation(snapshot, { pod: runningPod(), progress }), now - 3 * second)
  return { ...snapshot, status: asStored(status) }
}

const unreadable = (snapshot: MeiliSnapshot): Partial<SnapshotObservation> =>
  moverObservation(snapshot, { pod: runningPod(), progress: undefined })

describe('a log that cannot be read', () => {
  test('takes nothing back, and is worth no write', () => {
    const snapshot = verifying()
    const verdict = snapshotVerdict(unreadable(snapshot))
    expect(verdict).toMatchObject({ phase: 'Verifying', reason: 'Verifying', requeueAfterMs: 2 * second })
    expect(asStored(verdict.status)).toEqual(snapshot.status)
    expect(asStored(snapshotVerdict(unreadable(snapshot), now + 50 * second).status)).toEqual(snapshot.status)
  })

  test('for over a minute: status says how old the last word is, in one write', () => {
    const snapshot = verifying()
    const old = snapshotVerdict(unreadable(snapshot), now + 2 * minute)
    expect(old).toMatchObject({
      phase: 'Verifying',
      message: `Job ${jobName} runs. It was verifying: 80 B of 100 B at 2026-03-01T11:59:57Z; its log says nothing since, or cannot be read.`,
    })
    expect(old.status.progress).toEqual(snapshot.status?.progress)
    const written = { ...snapshot, status: asStored(old.status) }
    expect(asStored(snapshotVerdict(unreadable(written), now + hour).status)).toEqual(written.status)
  })

  test('sends nothing more to a mover that has all of it', () => {
    const stream = { pod: 'search-0', container: 'meilisearch', directory: '/s', fileName: 'a.snapshot', pinned: true }
    const snapshot = verifying()
    const streamed = movingStatus({ begun: true, stream }, { progress: snapshot.status?.progress })
    expect(snapshotVerdict(unreadable({ ...snapshot, status: streamed }))).toMatchObject({
      phase: 'Verifying',
      effects: [],
    })
  })

  test('at the deadline: the last word is what is quoted', () => {
    const { message } = snapshotVerdict(unreadable(verifying()), now + 7 * hour)
    expect(message).toContain(`Last: Job ${jobName} was verifying: 80 B of 100 B.`)
  })
})

describe('another mover has said nothing yet', () => {
  test.each([
    [
      'its container began later',
      aPod({
        metadata: { name: `${jobName}-y` },
        status: {
          phase: 'Running',
          containerStatuses: [{ name: 'mover', state: { running: { startedAt: ago(second) } } }],
        },
      }),
    ],
    ['its container does not run', aPod({ metadata: { name: `${jobName}-y` }, status: { phase: 'Pending' } })],
  ])('%s', (_, pod) => {
    const verdict = snapshotVerdict(moverObservation(verifying(), { pod }))
    expect(verdict).toMatchObject({ phase: 'Moving', reason: 'MoverStarting' })
    expect(verdict.status.progress).toBeUndefined()
  })
})
