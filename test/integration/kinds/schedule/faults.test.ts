// What a schedule does on a real API server where clocks, operators and people do what they should not: one run for a slot, never fewer good ones than the floor, nothing half removed.
import { beforeEach, describe, expect, test } from 'vitest'
import { scheduleConditions, scheduleLabel } from '../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { apiServer } from '../../../support/kubernetes/api-server.ts'
import { day, eachHour, hour, minute, ScheduleFixture } from '../../../support/schedules/schedule-fixture.ts'
import type { ScheduleProcess, Snapshot } from '../../../support/schedules/schedule-fixture.ts'

const api = apiServer()
let on: ScheduleFixture
let operator: ScheduleProcess

const hourly = (): object => ({ ...eachHour(), startingDeadline: '30m' })
const keepTwo = { retention: { keepLast: 2, minimum: 2 } }

beforeEach(async () => {
  on = new ScheduleFixture(api, await api.namespace())
  operator = on.process()
})

const isGood = ({ status, metadata }: Snapshot): boolean =>
  status?.phase === 'Completed' && metadata.deletionTimestamp === undefined

async function condition(type: string): Promise<string | undefined> {
  return (await on.status()).conditions?.find((each) => each.type === type)?.status
}

async function begin(spec: object = hourly()): Promise<void> {
  await on.create(spec)
  await on.run(operator)
}

test('on its creation nothing runs; at its slot one snapshot is made, with labels and without an owner', async () => {
  await begin()
  expect(await on.names()).toEqual([])
  const name = await on.nextSlot(operator)
  const [run, ...others] = await on.runs()
  expect(others).toEqual([])
  expect(run?.metadata.name).toBe(name)
  expect(name).toMatch(new RegExp(`^${on.name}-\\d{12}$`))
  expect(run?.metadata.labels).toMatchObject({ [scheduleLabel]: on.name })
  expect(run?.metadata.ownerReferences).toBeUndefined()
  expect((await on.status()).lastSuccess?.name).toBe(name)
})

describe('the operator', () => {
  test('away for a week: the newest slot runs where its deadline is kept, and the others are counted', async () => {
    await begin({ ...hourly(), ...keepTwo })
    for (let slot = 0; slot < 3; slot++) await on.nextSlot(operator)
    const before = await on.names()
    // Ten minutes after a slot.
    on.nowMs = Date.parse((await on.status()).lastSlot ?? '') + 7 * day + 10 * minute
    await on.run(on.process())
    const after = await on.names()
    expect(after.filter((name) => !before.includes(name))).toHaveLength(1)
    expect((await on.status()).counts?.missed).toBe(7 * 24 - 1)
    expect(on.events.filter((event) => event.includes(String(7 * 24 - 1)))).toHaveLength(1)
    expect((await on.runs()).filter(isGood).length).toBeGreaterThanOrEqual(2)
  })

  test('away past the deadline of the newest slot: none runs until the next one', async () => {
    await begin()
    await on.nextSlot(operator)
    on.nowMs = Date.parse((await on.status()).lastSlot ?? '') + 5 * hour + 40 * minute
    await on.run(on.process())
    expect(await on.names()).toHaveLength(1)
    await on.nextSlot(operator)
    expect(await on.names()).toHaveLength(2)
  })

  test('there twice, both sure to lead, with the same view of the world: a slot runs once', async () => {
    await begin()
    const other = on.process()
    for (let slot = 0; slot < 3; slot++) {
      on.nowMs = Date.parse((await on.status()).nextSlot ?? '') + 1000
      await Promise.all([operator.look(), other.look()])
      await Promise.all([operator.passAsSeen(), other.passAsSeen()])
      // The one that was slower still sees what was before.
      await other.passAsSeen()
      await on.run(operator)
      expect(await on.names()).toHaveLength(slot + 1)
    }
    expect((await on.status()).counts?.created).toBe(3)
  })

  test('there twice at a removal: what goes is gone once, and one after the other', async () => {
    await begin({ ...hourly(), ...keepTwo })
    const other = on.process()
    for (let slot = 0; slot < 5; slot++) {
      on.nowMs = Date.parse((await on.status()).nextSlot ?? '') + 1000
      for (let turn = 0; turn < 24; turn++) {
        await Promise.all([operator.look(), other.look()])
        const [one = Infinity, two = Infinity] = await Promise.all([operator.passAsSeen(), other.passAsSeen()])
        const going = (await on.runs()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
        expect(going.length).toBeLessThanOrEqual(1)
        await on.playSnapshots()
        expect((await on.runs()).filter(isGood).length).toBeGreaterThanOrEqual(Math.min(2, slot))
        on.nowMs += Math.min(one, two, minute)
      }
      expect((await on.status()).counts?.expired ?? 0).toBe(Math.max(0, slot - 1))
    }
    expect((await on.runs()).filter(isGood)).toHaveLength(2)
    expect(on.files.size).toBe(2)
  })
})

describe('suspended', () => {
  test('over three slots: none of them ever runs, and the next one after does', async () => {
    await begin({ ...hourly(), startingDeadline: '6h' })
    await on.nextSlot(operator)
    await on.patch({ spec: { suspend: true } })
    await on.run(operator)
    on.nowMs += 3 * hour
    await on.run(operator)
    await on.patch({ spec: { suspend: false } })
    await on.run(operator)
    expect(await on.names()).toHaveLength(1)
    await on.nextSlot(operator)
    expect(await on.names()).toHaveLength(2)
  })
})

describe('the clock', () => {
  test('goes back by less than an hour: nothing runs again, that is a condition, and at the next new slot all is well', async () => {
    await begin({ schedule: '*/10 * * * *', ...keepTwo })
    for (let slot = 0; slot < 3; slot++) await on.nextSlot(operator)
    const before = await on.names()
    const { lastSlot } = await on.status()
    on.nowMs = Date.parse(lastSlot ?? '') - 15 * minute
    await on.run(operator)
    expect(await condition(scheduleConditions.ClockWentBack)).toBe('True')
    await on.run(operator, { untilMs: Date.parse(lastSlot ?? '') + minute })
    expect(await on.names()).toEqual(before)
    await on.nextSlot(operator)
    expect(await on.names()).not.toEqual(before)
    expect(await condition(scheduleConditions.ClockWentBack)).toBeUndefined()
  })

  test('leaps a year ahead: one run and no removal; when it is right again, slots run as before', async () => {
    await begin({ ...hourly(), ...keepTwo })
    await on.nextSlot(operator)
    const right = on.nowMs
    on.nowMs += 365 * day
    await on.run(operator)
    const ahead = await on.names()
    expect(ahead).toHaveLength(2)
    on.nowMs = right + minute
    await on.run(operator)
    const back = await on.status()
    expect(Date.parse(back.nextSlot ?? '')).toBeLessThan(right + 2 * hour)
    await on.nextSlot(operator)
    expect((await on.names()).filter((name) => !ahead.includes(name))).toHaveLength(1)
    expect((await on.runs()).filter(isGood).length).toBeGreaterThanOrEqual(2)
  })
})

describe('somebody', () => {
  test('has a snapshot of the name that a slot would have: that slot is left out with a reason, and the next one runs', async () => {
    await begin()
    const { nextSlot = '' } = await on.status()
    const stamp = nextSlot.replaceAll(/[-:T]/g, '').slice(0, 12)
    await api.kube.create(meiliSnapshots, {
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: 'MeiliSnapshot',
      metadata: { namespace: on.namespace, name: `${on.name}-${stamp}` },
      spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } },
    } as KubeObject)
    await on.nextSlot(operator)
    expect(await on.names()).toHaveLength(1)
    expect(on.events.join('\n')).toContain('NameTaken')
    on.nowMs = Math.max(on.nowMs, Date.parse(nextSlot) + hour - 5 * minute)
    await on.run(operator)
    await on.nextSlot(operator)
    expect(await on.names()).toHaveLength(2)
  })

  test('pins a snapshot between the two steps of its removal: its policy is put back, and it stays', async () => {
    await begin({ ...hourly(), ...keepTwo })
    for (let slot = 0; slot < 2; slot++) await on.nextSlot(operator)
    const [oldest = ''] = await on.names()
    operator.cutAt((_, write) => {
      if (write.method === 'DELETE') throw new Error('it was deleted')
      return 'sent'
    })
    const { nextSlot } = await on.status()
    on.nowMs = Date.parse(nextSlot ?? '')
    await untilPatched(oldest)
    await on.patchRun(oldest, { metadata: { annotations: { 'meili-operator.dev/keep': 'true' } } })
    await on.run(operator, { untilMs: on.nowMs + 10 * minute })
    const found = (await on.runs()).find(({ metadata }) => metadata.name === oldest)
    expect(found?.spec.deletionPolicy).toBe('Retain')
    expect(found?.metadata.finalizers ?? []).toEqual([])
    expect((await on.status()).removing).toBeUndefined()
  })
})

/** To the first of the two steps of a removal. */
async function untilPatched(name: string): Promise<void> {
  for (let passes = 0; passes < 30; passes++) {
    const wakeMs = (await operator.pass()) ?? minute
    if ((await on.runs()).some(({ metadata, spec }) => metadata.name === name && spec.deletionPolicy === 'Delete'))
      return
    await on.playSnapshots()
    on.nowMs += Math.min(wakeMs, minute)
  }
  throw new Error(`${name} was not to be removed`)
}
