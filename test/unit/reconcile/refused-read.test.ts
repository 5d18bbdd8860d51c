// A read that the API server refuses for good speaks in the status of what it was needed for, through the loop of each kind.
import { beforeEach, describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../src/api/snapshot.ts'
import { TerminalError } from '../../../src/errors.ts'
import { instanceKind } from '../../../src/kinds/instance/controller.ts'
import { snapshotKind } from '../../../src/kinds/snapshot/controller.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import type { KindReconciler, Primary } from '../../../src/reconcile/kind.ts'
import { KubeInMemory, refusal } from '../../support/kubernetes/kube-in-memory.ts'
import { instancesIn, snapshotsIn } from '../../support/builders/caches.ts'
import {
  ago,
  anInstance,
  aSnapshot,
  conditionsIn,
  failedConditions,
  hour,
  minute,
  movingStatus,
  now,
  pendingConditions,
  requestedStatus,
  second,
} from '../../support/builders/observations.ts'
import { recordingLogger } from '../../support/runtime/log.ts'

let kube: KubeInMemory
let nowMs: number
let events: string[]
const refused = 'persistentvolumeclaims is forbidden: User "system:serviceaccount:meili:operator" cannot get it'

beforeEach(() => {
  kube = new KubeInMemory()
  nowMs = now
  events = []
  kube.before = ({ verb }) => {
    if (verb === 'get' || verb === 'list') throw refusal(403, 'Forbidden', refused)
  }
})

/** One pass. Whatever was refused is for the queue, too. */
async function pass<P extends Primary<S>, O, S extends object>(kind: KindReconciler<P, O, S>, key: string): Promise<P> {
  const [namespace = '', name = ''] = key.split('/')
  const peek = (): P | undefined => kube.peek<P>(kind.resource, { namespace, name })
  const reconcile = reconcilerOf(kind, {
    get: peek,
    kube,
    perform: () => expect.unreachable('nothing is done unseen'),
    record: (_, { type, reason }) => events.push(`${type} ${reason}`),
    logger: recordingLogger().logger,
    nowMs: () => nowMs,
  })
  await expect(reconcile(key)).rejects.toThrow(TerminalError)
  return peek()!
}

describe('of a MeiliSnapshot', () => {
  async function look(status: MeiliSnapshotStatus | undefined, metadata: object = {}): Promise<MeiliSnapshot> {
    const snapshot = aSnapshot({ metadata, ...(status === undefined ? {} : { status }) })
    kube.lay(meiliSnapshots, snapshot)
    return await lookAgain(snapshot)
  }

  async function lookAgain(snapshot: MeiliSnapshot): Promise<MeiliSnapshot> {
    const world = {
      kube,
      connections: new Connections(kube),
      ...instancesIn([anInstance()]),
      snapshots: snapshotsIn([snapshot]),
      slots: { look: () => undefined, claim: () => undefined },
      movers: { podsOf: () => [] },
      maxStreams: 0,
      moverImage: 'example.test/meili-operator:1',
      imagePullSecrets: [],
    }
    return await pass(snapshotKind(world), 'shop/nightly')
  }

  test('says what is refused and what to do, once; the next pass writes nothing', async () => {
    const { status, metadata } = await look(undefined)
    expect(status).toMatchObject({ phase: 'Pending', startedAt: ago(0) })
    expect(conditionsIn(status!)).toEqual(pendingConditions)
    expect(status?.conditions?.[1]).toMatchObject({
      reason: 'ReadRefused',
      message: expect.stringMatching(
        /^The operator may not read what it needs: .*cannot get it\. Compare with "kubectl auth can-i --list --namespace shop --as USER".* until 2026-03-01 13:00 UTC\.$/,
      ),
    })
    expect(events).toEqual(['Warning ReadRefused'])
    nowMs += minute
    expect((await lookAgain(aSnapshot())).metadata.resourceVersion).toBe(metadata.resourceVersion)
  })

  test.each([
    ['before the request', { startedAt: ago(2 * hour), conditions: [] }, 'StartDeadlineExceeded'],
    ['while Meilisearch works', requestedStatus({ postedAt: ago(7 * hour) }), 'TaskDeadlineExceeded'],
  ])('%s: its deadline is judged all the same', async (_, past, reason) => {
    const { status } = await look(past)
    expect(conditionsIn(status!)).toEqual(failedConditions)
    expect(status?.conditions?.[0]).toMatchObject({ reason, message: expect.stringContaining(refused) })
  })

  test('whose task was at work, past its deadline: Overdue, and never failed, as its file is taken when it comes', async () => {
    const task = { uid: 12, status: 'processing', enqueuedAt: ago(7 * hour) } as const
    const { status } = await look({ ...requestedStatus({ postedAt: ago(7 * hour), taskUid: 12 }), task })
    expect(status).toMatchObject({ phase: 'Snapshotting', task })
    expect(conditionsIn(status!)).toEqual([...pendingConditions, 'Overdue=True'])
  })

  test('in its move, past its deadline: Overdue, and never failed, as a mover may be storing the file', async () => {
    const progress = { step: 'verifying', percent: 80, bytesDone: 80, bytesTotal: 100, updatedAt: ago(hour) }
    const moving = movingStatus({ startedAt: ago(7 * hour), begun: true }, { phase: 'Verifying', progress })
    const { status } = await look(moving)
    expect(status).toMatchObject({ phase: 'Verifying', progress })
    expect(conditionsIn(status!)).toEqual([...pendingConditions, 'Overdue=True'])
    nowMs += 1000 * hour
    kube.lay(meiliSnapshots, { ...aSnapshot(), status })
    expect((await lookAgain(aSnapshot())).status?.phase).toBe('Verifying')
  })

  test('that waits in the queue: the clock of its deadline does not run', async () => {
    const { status } = await look({ phase: 'Pending', conditions: [] })
    expect(status?.startedAt).toBeUndefined()
  })

  test.each([
    ['before the request', { phase: 'Pending' as const, conditions: [] }],
    ['to be moved', movingStatus({ queuedAt: ago(minute), node: undefined as never })],
  ])(
    'that waits in a line %s: no deadline is named that would move on, and be written, each minute',
    async (_, waits) => {
      const { status, metadata } = await look(waits)
      expect(status?.conditions?.[1]?.message).toMatch(/It goes on by itself\.$/)
      nowMs += 10 * minute
      expect((await lookAgain(aSnapshot())).metadata.resourceVersion).toBe(metadata.resourceVersion)
    },
  )

  test('after a lost reply: nothing was asked, so the wait begins anew', async () => {
    const { status } = await look(requestedStatus({ missingSince: ago(20 * second) }))
    expect(status?.request?.missingSince).toBeUndefined()
    expect(status?.request?.posts).toBe(1)
  })

  test('that is being deleted: it says what its deletion waits for', async () => {
    const { status } = await look(movingStatus(), { deletionTimestamp: ago(minute) })
    expect(status?.conditions?.at(-1)).toMatchObject({
      type: 'Overdue',
      message: expect.stringContaining('Its deletion waits. The operator may not read'),
    })
  })
})

test('of a MeiliInstance: Ready is unknown, and all else stays as it was seen', async () => {
  const instance = anInstance()
  kube.lay(meiliInstances, instance)
  kube.before = ({ verb, resource }) => {
    if (verb === 'get' && resource.plural === 'persistentvolumeclaims') throw refusal(403, 'Forbidden', refused)
  }
  kube.lay({ group: '', version: 'v1', plural: 'pods', kind: 'Pod' }, {
    metadata: { namespace: 'shop', name: 'search-0', uid: 'pod-uid', labels: { app: 'search' } },
    spec: {
      containers: [{ name: 'meilisearch', volumeMounts: [{ name: 'data', mountPath: '/meili_data' }] }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'search-data' } }],
    },
    status: { phase: 'Running' },
  } as KubeObject)
  const world = {
    kube,
    connections: new Connections(kube),
    ...instancesIn([instance]),
    snapshots: snapshotsIn([]),
    pollMs: minute,
    streaming: false,
    runsServers: false,
    ipv6: false,
  }
  const { status } = await pass(instanceKind(world), 'shop/search')
  expect(conditionsIn(status!).slice(0, 2)).toEqual(['Stalled=True', 'Ready=Unknown'])
  expect(status?.conditions?.[1]).toMatchObject({ reason: 'ReadRefused', message: expect.stringContaining(refused) })
  expect(status?.pod).toEqual(instance.status?.pod)
  expect(events).toEqual(['Warning ReadRefused'])
})
