// The annotation run-now: one snapshot for each value, whatever happens to the schedule and to the operator.
import { describe, expect, test } from 'vitest'
import { runNowAnnotation } from '../../../../../src/api/schedule.ts'
import { TransientError } from '../../../../../src/errors.ts'
import { runNowHash, runNowName } from '../../../../../src/reconcile/names/schedule.ts'
import { ScheduleLoop } from '../../../../support/builders/schedule-loop.ts'
import { refusal } from '../../../../support/kubernetes/kube-in-memory.ts'

const slot = '2026-03-02T03:00:00Z'
const slotName = 'nightly-202603020300'
const ask = (loop: ScheduleLoop, value: string): void =>
  loop.change({ metadata: { annotations: { [runNowAnnotation]: value } } })
const nameFor = (loop: ScheduleLoop, value: string): string => runNowName(loop.schedule, value)

test('a value makes one snapshot, and no second one; another value makes another one', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  ask(loop, 'before the sale')
  await loop.settle()
  const first = nameFor(loop, 'before the sale')
  expect(loop.names).toEqual([first])
  expect(loop.status).toMatchObject({
    runNow: { hash: runNowHash('before the sale'), name: first },
    counts: { created: 1 },
  })
  expect(loop.status).not.toHaveProperty('run')
  expect(loop.status).not.toHaveProperty('lastSlot')
  loop.requests.length = 0
  await loop.at('2026-03-01T13:00:00Z')
  expect(loop.requests).not.toContain('create meilisnapshots')
  ask(loop, 'after the sale')
  await loop.settle()
  expect(loop.names.toSorted()).toEqual([first, nameFor(loop, 'after the sale')].toSorted())
})

test('it is one of the schedule’s: with its labels and the spec of its template', async () => {
  const loop = new ScheduleLoop()
  ask(loop, '1')
  await loop.settle()
  expect(loop.snapshots[0]).toMatchObject({
    metadata: { labels: { 'meili-operator.dev/schedule': 'nightly' } },
    spec: loop.schedule.spec.template.spec,
  })
})

test.each<[string, object, string]>([
  ['suspended', { suspend: true }, 'Suspended'],
  ['with a time zone that nobody knows', { timeZone: 'Europe/Nowhere' }, 'UnknownTimeZone'],
])('also of a schedule that is %s', async (_, spec, reason) => {
  const loop = new ScheduleLoop({ spec })
  await loop.settle()
  expect(loop.conditions.some((condition) => condition.endsWith(reason))).toBe(true)
  ask(loop, '1')
  await loop.settle()
  expect(loop.names).toEqual([nameFor(loop, '1')])
})

test('an empty value asks for nothing', async () => {
  const loop = new ScheduleLoop()
  ask(loop, '')
  await loop.settle()
  expect(loop.names).toEqual([])
})

test('one that was cut off on its way is tried again, and made once', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  ask(loop, '1')
  loop.fault = ({ verb }) => {
    if (verb === 'create') throw new TransientError('no reply')
  }
  await expect(loop.settle()).rejects.toBeInstanceOf(TransientError)
  expect(loop.status.run).toMatchObject({ name: nameFor(loop, '1'), tries: 1 })
  loop.fault = () => undefined
  await loop.settle()
  expect(loop.names).toEqual([nameFor(loop, '1')])
  expect(loop.status.counts?.created).toBe(1)
})

test('a schedule that is made again with the annotation that it had: the snapshot is there, and stays the only one', async () => {
  const loop = new ScheduleLoop()
  loop.layRun(nameFor(loop, '1'))
  ask(loop, '1')
  await loop.settle()
  expect(loop.requests).not.toContain('create meilisnapshots')
  expect(loop.status).toMatchObject({ runNow: { name: nameFor(loop, '1') }, counts: { created: 0 } })
})

test('its name is somebody else’s: never tried again for this value', async () => {
  const loop = new ScheduleLoop()
  loop.layRun(nameFor(loop, '1'), { metadata: { labels: {} } })
  ask(loop, '1')
  await loop.settle()
  expect(loop.conditions).toEqual(['Stalled=True NameTaken', 'Ready=False NameTaken'])
  loop.requests.length = 0
  await loop.at('2026-03-01T23:00:00Z')
  expect(loop.requests).not.toContain('create meilisnapshots')
  ask(loop, '2')
  await loop.settle()
  expect(loop.names).toContain(nameFor(loop, '2'))
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
})

describe('while it is refused', () => {
  const refuse = (loop: ScheduleLoop): void => {
    loop.fault = ({ verb }) => {
      if (verb === 'create') throw refusal(403, 'Forbidden', 'exceeded quota: snapshots')
    }
  }

  test('it is tried again, and made when there is room', async () => {
    const loop = new ScheduleLoop()
    ask(loop, '1')
    refuse(loop)
    await loop.settle()
    expect(loop.conditions).toEqual(['Reconciling=True RunRefused', 'Ready=False RunRefused'])
    loop.fault = () => undefined
    await loop.at('2026-03-01T12:05:00Z')
    expect(loop.names).toEqual([nameFor(loop, '1')])
    expect(loop.conditions).toEqual(['Ready=True Scheduled'])
  })

  test('it is given up after startingDeadline', async () => {
    const loop = new ScheduleLoop({ spec: { startingDeadline: '1h' } })
    ask(loop, '1')
    refuse(loop)
    await loop.settle()
    await loop.at('2026-03-01T13:00:01Z')
    expect(loop.events).toContain('Warning SnapshotGivenUp')
    loop.fault = () => undefined
    await loop.at('2026-03-01T14:00:00Z')
    expect(loop.names).toEqual([])
  })

  test('a slot that comes meanwhile goes first, and in its place', async () => {
    const loop = new ScheduleLoop({ spec: { startingDeadline: '24h' } })
    ask(loop, '1')
    refuse(loop)
    await loop.settle()
    loop.fault = () => undefined
    await loop.at(slot)
    expect(loop.names).toEqual([slotName])
    expect(loop.status).toMatchObject({ lastSlot: slot, runNow: { name: nameFor(loop, '1') } })
  })
})

test('of a slot and a value that come together, both are made', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  ask(loop, '1')
  await loop.at(slot)
  expect(loop.names.toSorted()).toEqual([slotName, nameFor(loop, '1')].toSorted())
  expect(loop.status.counts?.created).toBe(2)
})
