// From a slot to its snapshot, pass by pass: what is on record, what is made, and what comes of it when something goes wrong in between.
import { expect, test } from 'vitest'
import { scheduleUidLabel } from '../../../../../src/api/schedule.ts'
import { Conflict, TransientError } from '../../../../../src/errors.ts'
import { refusal } from '../../../../support/kubernetes/kube-in-memory.ts'
import { ScheduleLoop } from '../../../../support/builders/schedule-loop.ts'

const slot = '2026-03-02T03:00:00Z'
const name = 'nightly-202603020300'

test('before the slot: nothing is made, the next one is written, and the pass after that writes nothing', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  expect(loop.names).toEqual([])
  expect(loop.status).toMatchObject({
    nextSlot: slot,
    interval: '24h',
    counts: { created: 0, skipped: 0, missed: 0, expired: 0 },
  })
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
  loop.requests.length = 0
  expect(await loop.pass()).toBeGreaterThan(loop.nowMs)
  expect(loop.requests).toEqual([])
})

test('a slot: one snapshot with labels, annotations and spec of the template, and without an owner', async () => {
  const loop = new ScheduleLoop({
    spec: {
      template: {
        metadata: { labels: { team: 'search' }, annotations: { 'example.test/why': 'nightly' } },
        spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } },
      },
    },
  })
  await loop.settle()
  await loop.at(slot)
  expect(loop.names).toEqual([name])
  const [made] = loop.snapshots
  expect(made).toMatchObject({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: {
      namespace: 'shop',
      labels: {
        team: 'search',
        'app.kubernetes.io/managed-by': 'meili-operator',
        'meili-operator.dev/schedule': 'nightly',
        [scheduleUidLabel]: loop.schedule.metadata.uid,
      },
      annotations: { 'example.test/why': 'nightly' },
    },
    spec: loop.schedule.spec.template.spec,
  })
  expect(made?.metadata).not.toHaveProperty('ownerReferences')
  expect(loop.status).toMatchObject({
    lastSlot: slot,
    lastRunName: name,
    nextSlot: '2026-03-03T03:00:00Z',
    active: [name],
  })
  expect(loop.status).not.toHaveProperty('run')
  expect(loop.status.counts).toMatchObject({ created: 1, missed: 0 })
  expect(loop.events).toContain('Normal SnapshotCreated')
})

test('it is on record before it is made', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  loop.fault = ({ verb }) => {
    if (verb === 'create') throw new TransientError('no reply')
  }
  await expect(loop.at(slot)).rejects.toBeInstanceOf(TransientError)
  expect(loop.status.run).toMatchObject({ name, slot, tries: 1 })
  loop.fault = () => undefined
  await loop.settle()
  expect(loop.names).toEqual([name])
  expect(loop.status).toMatchObject({ lastSlot: slot, counts: { created: 1 } })
})

test('made by somebody who crashed, or whose reply was lost: it is not made twice', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  loop.fault = ({ verb }) => {
    if (verb !== 'create') return
    loop.layRun(name)
    throw new TransientError('no reply')
  }
  await expect(loop.at(slot)).rejects.toBeInstanceOf(TransientError)
  loop.requests.length = 0
  await loop.settle()
  expect(loop.requests).not.toContain('create meilisnapshots')
  expect(loop.status).toMatchObject({ lastSlot: slot, lastRunName: name, counts: { created: 1 } })
})

test('a pass on a stale copy makes nothing', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  loop.nowMs = Date.parse(slot)
  loop.fault = ({ verb }) => {
    if (verb === 'updateStatus') loop.change({ metadata: { labels: { touched: 'yes' } } })
  }
  await expect(loop.pass()).rejects.toBeInstanceOf(Conflict)
  expect(loop.names).toEqual([])
})

test('whoever lost the lease makes nothing, and the next leader does', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  loop.isLeader = false
  await expect(loop.at(slot)).rejects.toBeInstanceOf(Conflict)
  expect(loop.names).toEqual([])
  loop.isLeader = true
  await loop.settle()
  expect(loop.names).toEqual([name])
})

test('the name is somebody else’s: Stalled for this slot, the snapshot stays as it is, and the next slot clears it', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  loop.layRun(name, { metadata: { labels: {} } })
  const before = loop.snapshots
  await loop.at(slot)
  expect(loop.snapshots).toEqual(before)
  expect(loop.conditions).toEqual(['Stalled=True NameTaken', 'Ready=False NameTaken'])
  loop.requests.length = 0
  await loop.at('2026-03-02T12:00:00Z')
  expect(loop.requests).not.toContain('create meilisnapshots')
  await loop.at('2026-03-03T03:00:00Z')
  expect(loop.names).toEqual([name, 'nightly-202603030300'])
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
})

test('refused by a quota: on record, tried again with pauses, and made as soon as there is room', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  loop.fault = ({ verb }) => {
    if (verb === 'create') throw refusal(403, 'Forbidden', 'exceeded quota: snapshots')
  }
  await loop.at(slot)
  expect(loop.conditions).toEqual(['Reconciling=True RunRefused', 'Ready=False RunRefused'])
  expect(loop.status.run).toMatchObject({ name, reason: 'RunRefused', tries: 1 })
  await loop.at('2026-03-02T03:00:10Z')
  expect(loop.status.run?.tries).toBe(1)
  await loop.at('2026-03-02T03:01:00Z')
  expect(loop.status.run?.tries).toBe(2)
  expect(loop.events.filter((event) => event === 'Warning RunRefused')).toHaveLength(1)
  loop.fault = () => undefined
  await loop.at('2026-03-02T04:00:00Z')
  expect(loop.names).toEqual([name])
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
  expect(loop.status).toMatchObject({ lastSlot: slot, counts: { created: 1, missed: 0 } })
})

test('refused until startingDeadline: given up, and it can be seen until the next slot', async () => {
  const loop = new ScheduleLoop({ spec: { startingDeadline: '1h' } })
  await loop.settle()
  loop.fault = ({ verb }) => {
    if (verb === 'create') throw refusal(403, 'Forbidden', 'exceeded quota: snapshots')
  }
  await loop.at(slot)
  await loop.at('2026-03-02T04:00:01Z')
  expect(loop.events).toContain('Warning SnapshotGivenUp')
  expect(loop.conditions).toEqual(['Stalled=True RunRefused', 'Ready=False RunRefused'])
  loop.fault = () => undefined
  await loop.at('2026-03-02T05:00:00Z')
  expect(loop.names).toEqual([])
  await loop.at('2026-03-03T03:00:00Z')
  expect(loop.names).toEqual(['nightly-202603030300'])
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
})

test('a quota that is full for many slots: not Ready all the time, and said once', async () => {
  const loop = new ScheduleLoop({ spec: { schedule: '0 * * * *' } })
  await loop.settle()
  loop.fault = ({ verb }) => {
    if (verb === 'create') throw refusal(403, 'Forbidden', 'exceeded quota: snapshots')
  }
  await loop.at('2026-03-01T13:00:00Z')
  const since = loop.status.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)
  for (const hour of [14, 15, 16]) await loop.at(`2026-03-01T${hour}:00:00Z`)
  expect(loop.status.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(since)
  expect(loop.status.run).toMatchObject({ name: 'nightly-202603011600', tries: 1 })
  expect(loop.events.filter((event) => event === 'Warning RunRefused')).toHaveLength(1)
  loop.fault = () => undefined
  await loop.at('2026-03-01T17:00:00Z')
  expect(loop.names).toEqual(['nightly-202603011700'])
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
})

test('no answer time and again, as from a webhook that is down: it is seen, and stays so until a slot has its snapshot', async () => {
  const loop = new ScheduleLoop({ spec: { startingDeadline: '1h' } })
  await loop.settle()
  loop.fault = ({ verb }) => {
    if (verb === 'create') throw refusal(500, 'InternalError', 'failed calling webhook')
  }
  const tryAt = async (time: string): Promise<void> => {
    await expect(loop.at(`2026-03-02T${time}Z`)).rejects.toBeInstanceOf(TransientError)
  }
  for (const time of ['03:00:00', '03:00:01']) await tryAt(time)
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
  await tryAt('03:10:00')
  expect(loop.conditions).toEqual(['Reconciling=True RunRefused', 'Ready=False RunRefused'])
  await loop.at('2026-03-02T04:00:01Z')
  expect(loop.conditions).toEqual(['Stalled=True RunRefused', 'Ready=False RunRefused'])
  loop.fault = () => undefined
  await loop.at('2026-03-03T03:00:00Z')
  expect(loop.names).toEqual(['nightly-202603030300'])
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
})
