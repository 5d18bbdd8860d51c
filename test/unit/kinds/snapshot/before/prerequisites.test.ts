// The rungs before POST /snapshots: can it work at all, and is everything in place?
import { describe, expect, test } from 'vitest'
import { instanceConditions } from '../../../../../src/api/instance.ts'
import type { InstanceReason } from '../../../../../src/api/instance.ts'
import { snapshotFinalizer } from '../../../../../src/api/snapshot.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  aCondition,
  ago,
  anEngine,
  anInstance,
  aSnapshot,
  aTarget,
  aVolume,
  conditionsIn,
  snapshotVerdict,
  failedConditions,
  hour,
  minute,
  notReady,
  now,
  pendingConditions,
  ready,
  second,
  volumeReady,
} from '../../../../support/builders/observations.ts'

const unusable = (reason: InstanceReason, generation = 1): Partial<SnapshotObservation> => ({
  instance: anInstance({
    metadata: { generation },
    status: {
      conditions: [
        ready,
        aCondition(instanceConditions.SnapshotVolumeReady, 'False', { reason, message: 'Put it on a claim.' }),
      ],
    },
  }),
})

describe('instanceRestoring', () => {
  const restore = { name: 'back', uid: 'restore-uid', isStopping: false, stopMark: '', isStarting: false }

  test('a restore of the server goes first, and deadlines.start does not run meanwhile', () => {
    const waited = aSnapshot({
      metadata: { creationTimestamp: ago(48 * hour) },
      status: { phase: 'Pending', startedAt: ago(2 * hour) },
    })
    const verdict = snapshotVerdict({ restore, snapshot: waited })
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'InstanceRestoring',
      message: 'MeiliRestore back is at work on MeiliInstance search, and goes first.',
      effects: [],
    })
    expect(verdict.status.startedAt).toBeUndefined()
    expect(snapshotVerdict({ snapshot: { ...waited, status: verdict.status } }).phase).not.toBe('Failed')
  })

  test('one that has asked is not held up: the restore waits for it', () => {
    expect(
      snapshotVerdict({
        restore,
        snapshot: aSnapshot({ status: { phase: 'Snapshotting', request: { attempt: 1, posts: 1, taskUid: 7 } } }),
      }).reason,
    ).not.toBe('InstanceRestoring')
  })
})

describe('sourceUnusable', () => {
  test.each([
    'ContainerUnknown',
    'DirectoryUnknown',
    'DirectoryNotOnClaim',
    'ClaimReadWriteOncePod',
    'ClaimUnusable',
    'SnapshotsToS3',
  ] as const)('%s fails at once, with the words of the instance', (reason) => {
    const verdict = snapshotVerdict(unusable(reason))
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason,
      message: 'Put it on a claim.',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test('a claim that is not bound yet is waited for', () => {
    expect(snapshotVerdict(unusable('ClaimNotBound'))).toMatchObject({
      phase: 'Pending',
      reason: 'TargetNotReady',
      effects: [],
    })
  })

  test('a word about an older generation of the instance does not count', () => {
    expect(snapshotVerdict(unusable('DirectoryNotOnClaim', 2))).toMatchObject({
      phase: 'Pending',
      reason: 'InstanceNotSeen',
    })
  })

  test.each([
    [
      { runAsUser: 0 },
      /^Pod search-0 runs as root, and writes its snapshots to claim backups.*Use another claim.*run Meilisearch as a user/,
    ],
    [
      { runAsNonRoot: true },
      /^Pod search-0 does not say as which user it runs, and writes its snapshots to claim backups.*Use another claim.*set runAsUser/,
    ],
  ])(
    'a server of no known user that writes its snapshots to the destination claim is refused with both remedies: %j',
    (securityContext, words) => {
      const verdict = snapshotVerdict({
        target: aTarget({ spec: { securityContext } }),
        instance: anInstance({ status: aVolume({ claimName: 'backups' }) }),
      })
      expect(verdict).toMatchObject({
        phase: 'Failed',
        reason: 'DestinationUnusable',
        effects: [],
        message: expect.stringMatching(words),
      })
    },
  )

  test('a server whose user the kubelet tells is welcome there: the image chose it', () => {
    const status = {
      podIP: '10.1.2.3',
      containerStatuses: [{ name: 'meilisearch', user: { linux: { uid: 1000, gid: 1000 } } }],
    }
    const target = aTarget({ spec: { securityContext: { runAsNonRoot: true } }, status })
    expect(
      snapshotVerdict({ target, instance: anInstance({ status: aVolume({ claimName: 'backups' }) }) }).effects,
    ).toEqual(['RequestSnapshot'])
  })

  test('a server that runs as root on another claim is welcome', () => {
    expect(snapshotVerdict({ target: aTarget({ spec: { securityContext: { runAsUser: 0 } } }) }).effects).toEqual([
      'RequestSnapshot',
    ])
  })

  test('a server that runs as a user may have its snapshots on the destination claim', () => {
    expect(snapshotVerdict({ instance: anInstance({ status: aVolume({ claimName: 'backups' }) }) }).effects).toEqual([
      'RequestSnapshot',
    ])
  })
})

describe('pastStartDeadline', () => {
  const waiting = {
    observedGeneration: 1,
    phase: 'Pending' as const,
    startedAt: ago(hour + second),
    waitingFor: 'Claim backups does not exist.',
    conditions: [aCondition('Ready', 'False', { reason: 'ClaimNotFound' })],
  }

  test('fails, naming the deadline and what it last waited for', () => {
    const verdict = snapshotVerdict({ snapshot: aSnapshot({ status: waiting }), claim: undefined })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'StartDeadlineExceeded',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(verdict.message).toMatch(
      /deadlines\.start \(1h\).*no snapshot was asked for.*ClaimNotFound: Claim backups does not exist\./,
    )
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test('does not count the time in the queue', () => {
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: waiting }), ahead: ['first'] })).toMatchObject({
      phase: 'Pending',
      reason: 'Queued',
    })
  })

  test('begins when the object leaves the queue, whatever it waited for before', () => {
    const queued = snapshotVerdict({
      snapshot: aSnapshot({ status: { ...waiting, startedAt: ago(50 * minute) } }),
      ahead: ['first'],
    })
    expect(queued.status.startedAt).toBeUndefined()
    const anHourLater = now + hour
    const left = snapshotVerdict({ snapshot: aSnapshot({ status: queued.status }), target: undefined }, anHourLater)
    expect(left).toMatchObject({
      phase: 'Pending',
      reason: 'TargetNotReady',
      status: { startedAt: '2026-03-01T13:00:00Z' },
    })
  })

  test('lets an object that has everything in time go on', () => {
    expect(snapshotVerdict({ snapshot: aSnapshot({ status: { ...waiting, startedAt: ago(hour) } }) }).effects).toEqual([
      'RequestSnapshot',
    ])
  })
})

describe('instanceMissing', () => {
  test('waits, names it, and says until when', () => {
    const verdict = snapshotVerdict({ instance: undefined, target: undefined, engine: { state: 'NotAsked' } })
    expect(verdict).toMatchObject({
      phase: 'Pending',
      reason: 'InstanceNotFound',
      effects: [],
      requeueAfterMs: second,
      status: { startedAt: ago(0) },
    })
    expect(verdict.message).toBe(
      'MeiliInstance search does not exist in namespace shop. It goes on by itself, until 2026-03-01 13:00 UTC.',
    )
    expect(conditionsIn(verdict.status)).toEqual(pendingConditions)
  })

  test('is asked ever more seldom, at most every two minutes: a tenant may have thousands that wait for a claim', () => {
    const after = (spanMs: number): number | undefined =>
      snapshotVerdict({ snapshot: aSnapshot({ status: { startedAt: ago(spanMs) } }), instance: undefined })
        .requeueAfterMs
    expect([after(0), after(20 * second), after(30 * minute)]).toEqual([second, 5 * second, 2 * minute])
  })
})

describe('targetNotReady', () => {
  test('an instance that nobody has looked at yet', () => {
    expect(snapshotVerdict({ instance: anInstance({ status: { observedGeneration: -1 } }) })).toMatchObject({
      phase: 'Pending',
      reason: 'InstanceNotSeen',
    })
  })

  test('an instance without any condition', () => {
    expect(snapshotVerdict({ instance: anInstance({ status: { conditions: [] } }) })).toMatchObject({
      reason: 'TargetNotReady',
      message: expect.stringContaining('MeiliInstance search is not ready.'),
    })
  })

  test('an instance that is not ready tells why in its own words', () => {
    const instance = anInstance({
      status: { conditions: [notReady('Unreachable', 'GET /health got no reply: ECONNREFUSED.')] },
    })
    expect(snapshotVerdict({ instance })).toMatchObject({
      phase: 'Pending',
      reason: 'TargetNotReady',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test.each(['KeyMissing', 'KeyRefused', 'KeyTooWeak'] as const)('%s is Unauthorized', (reason) => {
    const instance = anInstance({
      status: { conditions: [notReady(reason, 'The key in Secret keys/key lacks tasks.cancel.')] },
    })
    expect(snapshotVerdict({ instance })).toMatchObject({
      phase: 'Pending',
      reason: 'Unauthorized',
      message: expect.stringContaining('lacks tasks.cancel'),
      effects: [],
    })
  })

  test('an instance that was last looked at by an operator that did not look for its database', () => {
    const { databaseClaims: _, ...status } = anInstance().status!
    expect(snapshotVerdict({ instance: { ...anInstance(), status } })).toMatchObject({
      phase: 'Pending',
      reason: 'InstanceNotSeen',
      effects: [],
    })
  })

  test('a pod that is gone or was replaced', () => {
    expect(snapshotVerdict({ target: undefined, engine: { state: 'NotAsked' } })).toMatchObject({
      reason: 'TargetNotReady',
      message: expect.stringContaining('Pod search-0 of MeiliInstance search is gone'),
    })
  })

  test('a pod without an address is waited for, and asked again', () => {
    const verdict = snapshotVerdict({
      target: aTarget({ status: { podIP: undefined } }),
      engine: { state: 'NotAsked' },
    })
    expect(verdict).toMatchObject({ phase: 'Pending', reason: 'TargetNotReady', requeueAfterMs: second })
  })

  test('a server that does not answer', () => {
    expect(
      snapshotVerdict({ engine: { state: 'Unreachable', message: 'GET /tasks got no reply: ETIMEDOUT.' } }),
    ).toMatchObject({ reason: 'TargetNotReady', message: expect.stringContaining('ETIMEDOUT'), effects: [] })
  })

  test('a key that the server refuses', () => {
    expect(
      snapshotVerdict({ engine: { state: 'Unauthorized', message: 'Secret keys does not exist.' } }),
    ).toMatchObject({
      reason: 'Unauthorized',
      message: expect.stringContaining('Secret keys'),
      effects: [],
    })
  })

  test('a snapshot volume that nobody has judged yet', () => {
    const instance = anInstance({
      status: {
        conditions: [
          ready,
          aCondition(instanceConditions.SnapshotVolumeReady, 'Unknown', {
            reason: 'NotChecked',
            message: 'There is no single pod to look at.',
          }),
        ],
      },
    })
    expect(snapshotVerdict({ instance })).toMatchObject({
      phase: 'Pending',
      reason: 'TargetNotReady',
      message: expect.stringContaining('no single pod'),
    })
  })
})

describe('behindAnother', () => {
  const verdict = snapshotVerdict({ ahead: ['first', 'second', 'third', 'fourth'] })

  test('tells its position and who is in front', () => {
    expect(verdict).toMatchObject({ phase: 'Pending', reason: 'Queued', effects: [], requeueAfterMs: 5 * minute })
    expect(verdict.message).toBe(
      'Queued at position 4, behind first, second, third: one snapshot of a server at a time.',
    )
  })

  test('looks again by itself, the older the more seldom: the end of another wakes it', () => {
    const againMs = (ageMs: number): number | undefined =>
      snapshotVerdict({ ahead: ['first'], snapshot: aSnapshot({ metadata: { creationTimestamp: ago(ageMs) } }) })
        .requeueAfterMs
    expect([0, 10 * minute, 60 * minute].map(againMs)).toEqual([minute, 2.5 * minute, 5 * minute])
  })

  test('starts no clock', () => {
    expect(verdict.status.startedAt).toBeUndefined()
  })

  test('one that waits for its claim as well waits for the claim, so that it blocks nobody', () => {
    expect(snapshotVerdict({ ahead: ['first'], claim: undefined })).toMatchObject({ reason: 'ClaimNotFound' })
  })
})

describe('finalizerMissing', () => {
  const verdict = snapshotVerdict({ snapshot: aSnapshot({ metadata: { finalizers: ['example.test/other'] } }) })

  test('is added before anything is asked for, and status says nothing of it', () => {
    expect(verdict.effects).toEqual(['AddFinalizer'])
    expect(verdict.status).toEqual({ observedGeneration: -1 })
  })

  test('looks again by itself, should the addition be refused', () => {
    expect(verdict.requeueAfterMs).toBeGreaterThan(0)
  })

  test('is the one of this kind', () => {
    expect(snapshotFinalizer).toBe('meili-operator.dev/snapshot')
  })
})

describe('everything in place', () => {
  test('the engine is asked, whoever else uses it', () => {
    expect(
      snapshotVerdict({
        engine: anEngine({ newest: undefined }),
        instance: anInstance({ status: { conditions: [ready, volumeReady] } }),
      }).effects,
    ).toEqual(['RequestSnapshot'])
  })
})
