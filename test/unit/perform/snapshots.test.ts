// MeiliSnapshots that the operator takes itself: the run of a slot happens behind its fence or not at all, and whose an object is decides.
import { beforeEach, describe, expect, test } from 'vitest'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import { Conflict } from '../../../src/errors.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import type { Effect, Fact } from '../../../src/reconcile/decision.ts'
import type { Subject } from '../../../src/reconcile/kind.ts'
import { readClocks } from '../../../src/runtime/clocks.ts'
import type { Moment } from '../../../src/runtime/clocks.ts'
import { KubeInMemory, refusal } from '../../support/kubernetes/kube-in-memory.ts'

let kube: KubeInMemory
let leader: boolean

beforeEach(() => {
  kube = new KubeInMemory()
  leader = true
})

const stood: Moment = { monotonicMs: 100_000, wallMs: 100_000 }
const clocks = { monotonicMs: (): number => stood.monotonicMs, wallMs: (): number => stood.wallMs }
const written = (agoMs: number): Moment => ({ monotonicMs: stood.monotonicMs - agoMs, wallMs: stood.wallMs - agoMs })

const perform = async (effect: Effect, subject: Partial<Subject> = {}): Promise<Fact | undefined> =>
  await new Performer({
    kube,
    connections: new Connections(kube),
    isLeader: () => leader,
    record: () => undefined,
    clocks,
  }).perform(effect, {
    resource: meiliSnapshotSchedules,
    object: { metadata: { namespace: 'shop', name: 'nightly' } },
    writtenAt: readClocks(clocks),
    ...subject,
  })

const failOn = (verb: string, error: Error): void => {
  kube.before = (request) => {
    if (request.verb === verb) throw error
  }
}
const forbidden = (): Error => refusal(403, 'Forbidden', 'exceeded quota: snapshots')

describe('CreateSnapshot of a schedule', () => {
  const snapshotRef = { namespace: 'shop', name: 'nightly-202611290300' }
  const schedule = 'nightly'
  const effect: Effect = {
    kind: 'CreateSnapshot',
    schedule,
    snapshot: {
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: 'MeiliSnapshot',
      metadata: { ...snapshotRef, labels: { 'meili-operator.dev/schedule': schedule } },
      spec: {},
    },
  }
  const there = { kind: 'SnapshotCreated', name: snapshotRef.name }

  test('it is there, and that is a fact', async () => {
    expect(await perform(effect)).toEqual(there)
    expect(kube.peek(meiliSnapshots, snapshotRef)).toMatchObject({
      metadata: { labels: effect.snapshot.metadata.labels },
    })
  })

  test('one that is there with our label is the same fact, whoever made it, and stays as it is', async () => {
    const before = kube.lay(meiliSnapshots, {
      metadata: { ...snapshotRef, labels: { 'meili-operator.dev/schedule': schedule } },
    })
    expect(await perform(effect)).toEqual(there)
    expect(kube.peek(meiliSnapshots, snapshotRef)).toEqual(before)
  })

  test('one that is there without it, or with another one, is somebody else’s', async () => {
    for (const labels of [{}, { 'meili-operator.dev/schedule': 'hourly' }]) {
      const before = kube.lay(meiliSnapshots, { metadata: { ...snapshotRef, labels } })
      expect(await perform(effect)).toMatchObject({ kind: 'Refused', effect: 'CreateSnapshot', cause: 'NameTaken' })
      expect(kube.peek(meiliSnapshots, snapshotRef)).toEqual(before)
    }
  })

  test('one that was there and has gone since: again', async () => {
    failOn('create', refusal(409, 'AlreadyExists'))
    await expect(perform(effect)).rejects.toBeInstanceOf(Conflict)
  })

  test('a quota is a fact', async () => {
    failOn('create', forbidden())
    expect(await perform(effect)).toMatchObject({ kind: 'Refused', effect: 'CreateSnapshot', cause: 'Quota' })
  })

  test.each<[string, () => Partial<Subject>]>([
    ['no status write in this pass', () => ({ writtenAt: undefined })],
    ['one that is too old', () => ({ writtenAt: written(5001) })],
  ])('nothing is created behind %s', async (_, subject) => {
    await expect(perform(effect, subject())).rejects.toBeInstanceOf(Conflict)
    expect(kube.peek(meiliSnapshots, snapshotRef)).toBeUndefined()
  })

  test('nothing is created without the lease', async () => {
    leader = false
    await expect(perform(effect)).rejects.toBeInstanceOf(Conflict)
    expect(kube.peek(meiliSnapshots, snapshotRef)).toBeUndefined()
  })

  test('before an upgrade no fence is asked for, and no fact given', async () => {
    const { schedule: _, ...unfenced } = effect
    expect(await perform(unfenced, { writtenAt: undefined })).toBeUndefined()
    expect(await perform(unfenced, { writtenAt: undefined })).toBeUndefined()
    expect(kube.peek(meiliSnapshots, snapshotRef)).toBeDefined()
  })
})

describe('PatchSnapshot', () => {
  const snapshotRef = { namespace: 'shop', name: 'nightly-202611290300' }
  const lay = (): Effect & { kind: 'PatchSnapshot' } => {
    const spec = { deletionPolicy: 'Retain', verify: 'Archive' }
    const object = { metadata: { ...snapshotRef, uid: 'run-uid' }, spec } as KubeObject
    const { metadata } = kube.lay(meiliSnapshots, object)
    const { resourceVersion = '' } = metadata
    return { kind: 'PatchSnapshot', name: snapshotRef.name, uid: 'run-uid', resourceVersion, deletionPolicy: 'Delete' }
  }

  test('its deletionPolicy alone', async () => {
    expect(await perform(lay())).toBeUndefined()
    expect(kube.peek(meiliSnapshots, snapshotRef)).toMatchObject({
      spec: { deletionPolicy: 'Delete', verify: 'Archive' },
    })
  })

  test('not where somebody changed it, nor where it is another one', async () => {
    const stale = lay()
    lay()
    await expect(perform(stale)).rejects.toBeInstanceOf(Conflict)
    await expect(perform({ ...lay(), uid: 'another' })).rejects.toBeInstanceOf(Conflict)
    expect(kube.peek(meiliSnapshots, snapshotRef)).toMatchObject({ spec: { deletionPolicy: 'Retain' } })
  })

  test('nothing without the lease: the next leader may have other rules', async () => {
    const effect = lay()
    leader = false
    const { name, uid, resourceVersion } = effect
    await expect(perform(effect)).rejects.toBeInstanceOf(Conflict)
    await expect(perform({ kind: 'DeleteSnapshot', name, uid, resourceVersion })).rejects.toBeInstanceOf(Conflict)
    expect(kube.peek(meiliSnapshots, snapshotRef)).toMatchObject({ spec: { deletionPolicy: 'Retain' } })
  })

  test('what is gone is seen in the next pass', async () => {
    const effect = lay()
    kube.take(meiliSnapshots, snapshotRef)
    expect(await perform(effect)).toBeUndefined()
  })
})
