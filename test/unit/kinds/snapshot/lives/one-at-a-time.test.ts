// One snapshot of a server at a time, oldest first, however many are woken at once and whatever they waited for before.
import { describe, expect, test, vi } from 'vitest'
import { instanceReasons } from '../../../../../src/api/instance.ts'
import type { InstanceReason } from '../../../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { persistentVolumeClaims } from '../../../../../src/kube/resource.ts'
import type { KubeObject } from '../../../../../src/kube/resource.ts'
import { aNth, Herd, nth } from '../../../../support/builders/herd.ts'
import { aClaim, aCondition, ago, notReady, second, volumeReady } from '../../../../support/builders/observations.ts'
import { refusal } from '../../../../support/kubernetes/kube-in-memory.ts'

vi.setConfig({ testTimeout: 240_000 })

const three = [0, 1, 2]
const names = three.map(nth)

/** The oldest has asked, once, and the others wait in order. */
function expectInLine(herd: Herd): void {
  expect(herd.posts).toBe(1)
  expect(herd.asked).toEqual([nth(0)])
  expect(herd.messageOf(nth(2))).toMatch(/^Queued at position \d, behind s00/)
}

describe('three that wait are woken at once: one asks, the oldest, and the others are Queued', () => {
  test.each<[string, InstanceReason, string]>([
    ['the server is ready', instanceReasons.PodNotReady, 'TargetNotReady'],
    ['the key is there', instanceReasons.KeyMissing, 'Unauthorized'],
  ])('as %s', async (_, reason, waitsWith) => {
    await using herd = await Herd.of(three.map((index) => aNth(index)))
    herd.setInstance(herd.instance({ status: { conditions: [notReady(reason, 'Not yet.'), volumeReady] } }))
    herd.start()
    await herd.until(() => names.every((name) => herd.reasonOf(name) === waitsWith))
    herd.setInstance(herd.instance())
    await herd.untilQueued(...names)
    expectInLine(herd)
  })

  test('as the instance is looked at', async () => {
    await using herd = await Herd.of(three.map((index) => aNth(index)))
    herd.setInstance(herd.instance({ metadata: { generation: 2 } }))
    herd.start()
    await herd.until(() => names.every((name) => herd.reasonOf(name) === 'InstanceNotSeen'))
    herd.setInstance(herd.instance())
    await herd.untilQueued(...names)
    expectInLine(herd)
  })

  const inPlace = (reason: string, more: MeiliSnapshotStatus = {}): MeiliSnapshotStatus => ({
    phase: 'Pending',
    conditions: [aCondition('Ready', 'False', { reason })],
    ...more,
  })

  test.each([
    ['the claim is there', inPlace('ClaimCreating')],
    [
      'there is space',
      inPlace('CheckingSpace', { space: { attempt: 1, jobName: 'x', sizeBytes: 1, checkedAt: ago(second) } }),
    ],
  ])('as %s', async (_, status) => {
    await using herd = await Herd.of(three.map((index) => aNth(index, { status })))
    herd.start()
    await herd.untilQueued(...names)
    expectInLine(herd)
  })

  test('also where several instances stand for the pod', async () => {
    const of = (index: number, name: string): ReturnType<typeof aNth> =>
      aNth(index, { spec: { source: { instanceRef: { name } } } })
    await using herd = await Herd.of([of(0, 'alias'), of(1, 'search'), of(2, 'alias')])
    const conditions = [notReady(instanceReasons.PodNotReady, 'Not yet.'), volumeReady]
    for (const name of ['search', 'alias']) herd.setInstance(herd.instance({ name, status: { conditions } }))
    herd.start()
    await herd.until(() => names.every((name) => herd.reasonOf(name) === 'TargetNotReady'))
    for (const name of ['search', 'alias']) herd.setInstance(herd.instance({ name }))
    await herd.untilQueued(...names)
    expectInLine(herd)
  })
})

describe('one that cannot go on blocks nobody', () => {
  const elsewhere = { spec: { destination: { claim: { name: 'absent' } } } }

  test('as it lacks its own claim, also where all were woken together; once it has it, it goes before the younger ones', async () => {
    await using herd = await Herd.of([aNth(0, elsewhere), aNth(1), aNth(2)])
    const conditions = [notReady(instanceReasons.PodNotReady, 'Not yet.'), volumeReady]
    herd.setInstance(herd.instance({ status: { conditions } }))
    herd.start()
    await herd.until(() => names.every((name) => herd.reasonOf(name) === 'TargetNotReady'))
    herd.setInstance(herd.instance())
    await herd.until(() => herd.asked.length === 1 && herd.reasonOf(nth(2)) === 'Queued')
    expect(herd.asked).toEqual([nth(1)])
    expect(herd.reasonOf(nth(0))).toBe('ClaimNotFound')
    herd.kube.lay(persistentVolumeClaims, aClaim({ metadata: { name: 'absent' } }) as unknown as KubeObject)
    await herd.until(() => herd.reasonOf(nth(0)) === 'Queued')
    await herd.complete(nth(1))
    await herd.until(() => herd.asked.length === 2)
    expect(herd.asked).toEqual([nth(1), nth(0)])
    expect(herd.posts).toBe(2)
  })

  test('as the API server refuses its status', async () => {
    await using herd = await Herd.of(three.map((index) => aNth(index)))
    const isRefused = Promise.withResolvers<void>()
    herd.kube.before = ({ verb, name }) => {
      if (verb !== 'updateStatus' || name !== nth(0)) return
      isRefused.resolve()
      throw refusal(422, 'Invalid', 'denied by a webhook')
    }
    herd.start()
    await Promise.all([isRefused.promise, herd.until(() => herd.reasonOf(nth(2)) === 'Queued')])
    herd.wake(nth(1), nth(2))
    await herd.until(() => herd.asked.length === 1 && herd.reasonOf(nth(2)) === 'Queued')
    expect(herd.asked).toEqual([nth(1)])
    expect(herd.posts).toBe(1)
  })
})

test('an operator that starts anew goes by what is on record', async () => {
  await using herd = await Herd.of(three.map((index) => aNth(index)))
  herd.start()
  await herd.untilQueued(...names)
  await herd.stop()
  herd.start()
  await herd.until(() => herd.kube.peek(meiliSnapshots, { namespace: 'shop', name: nth(0) }) !== undefined)
  herd.wakeAll()
  await herd.complete(nth(0))
  await herd.until(() => herd.asked.length === 2)
  expect(herd.asked).toEqual([nth(0), nth(1)])
  expect(herd.posts).toBe(2)
})

test('a wave of 50: never two at once, each in its turn, whatever the cache lags', async () => {
  let seed = 7
  const lagMs = (): number => (seed = (seed * 16_807) % 2_147_483_647) % 25
  const indexes = Array.from({ length: 50 }, (_, index) => index)
  await using herd = await Herd.of(
    indexes.map((index) => aNth(index)),
    lagMs,
  )
  const conditions = [notReady(instanceReasons.PodNotReady, 'Not yet.'), volumeReady]
  herd.setInstance(herd.instance({ status: { conditions } }))
  herd.start()
  await herd.until(() => indexes.every((index) => herd.reasonOf(nth(index)) === 'TargetNotReady'))
  herd.setInstance(herd.instance())
  for (const index of indexes) {
    await herd.until(() => herd.find(nth(index))?.status?.request?.taskUid !== undefined)
    expect(herd.posts).toBe(index + 1)
    await herd.complete(nth(index))
  }
  expect(herd.asked).toEqual(indexes.map(nth))
})
