// A schedule under the whole operator on a real API server: what wakes it, what it makes and deletes, and that its rights suffice.
import { beforeEach, expect, test } from 'vitest'
import {
  keepAnnotation,
  meiliSnapshotSchedules,
  runNowAnnotation,
  scheduleLabel,
} from '../../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../src/api/snapshot.ts'
import type { KubeObject, Resource } from '../../../../src/kube/resource.ts'
import { runNowName } from '../../../../src/reconcile/names/schedule.ts'
import { apiServer, namespaceOfEachTest } from '../../../support/kubernetes/api-server.ts'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { eachHour } from '../../../support/schedules/schedule-fixture.ts'
import { ComposedOperator } from './composed-operator.ts'

type Schedule = MeiliSnapshotSchedule & KubeObject
type Snapshot = MeiliSnapshot & KubeObject

const quotas: Resource = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota' }
const api = apiServer()
const here = namespaceOfEachTest(api)
let aheadMs = 0
const nowMs = (): number => Date.now() + aheadMs

beforeEach(() => {
  aheadMs = 0
})

const start = async (lease = api.name('lease')): Promise<ComposedOperator> =>
  await ComposedOperator.start(api, { lease, nowMs })

async function createSchedule(spec: object = {}): Promise<void> {
  const template = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } }
  await api.kube.create(meiliSnapshotSchedules, {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshotSchedule',
    metadata: { namespace: here.namespace, name: 'often' },
    spec: { ...eachHour(), template: { metadata: { labels: { team: 'search' } }, spec: template }, ...spec },
  } as KubeObject)
}

const ref = (name: string): { namespace: string; name: string } => ({ namespace: here.namespace, name })
const schedule = async (): Promise<Schedule> => await api.kube.get(meiliSnapshotSchedules, ref('often'))
const snapshots = async (): Promise<Snapshot[]> =>
  (await api.kube.list<Snapshot>(meiliSnapshots, { namespace: here.namespace })).items
const names = async (): Promise<string[]> => (await snapshots()).map(({ metadata }) => metadata.name).toSorted()
const annotate = async (resource: Resource, name: string, annotations: object): Promise<unknown> =>
  await api.kube.patch(resource, ref(name), { type: 'merge', body: { metadata: { annotations } } })

async function until(what: string, holds: (now: Schedule) => boolean): Promise<Schedule> {
  return await eventually(what, async () => {
    const now = await schedule()
    return holds(now) ? now : undefined
  })
}
const reasonOf = ({ status }: Schedule): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.reason

/** The clock goes to its next slot, and the schedule is woken, as its timer would. Gives the name that the snapshot has. */
async function toNextSlot(): Promise<string> {
  const { status } = await until('the next slot is written', (now) => now.status?.nextSlot !== undefined)
  const slotMs = Date.parse(status?.nextSlot ?? '')
  aheadMs = Math.max(aheadMs, slotMs - Date.now() + 1)
  await wake()
  return `often-${new Date(slotMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 12)}`
}

const wake = async (): Promise<unknown> =>
  await api.kube.patch(meiliSnapshotSchedules, ref('often'), {
    type: 'merge',
    body: { metadata: { labels: { 'example.test/woken': String(aheadMs) } } },
  })

/** As the snapshot kind would, with files or without. */
async function complete(name: string): Promise<void> {
  await eventually(`${name} is completed`, async () => {
    const snapshot = await api.kube.get<Snapshot>(meiliSnapshots, ref(name))
    const at = new Date(nowMs()).toISOString()
    return await api.kube.updateStatus<Snapshot>(meiliSnapshots, {
      ...snapshot,
      status: {
        observedGeneration: snapshot.metadata.generation,
        phase: 'Completed',
        startedAt: at,
        completedAt: at,
        task: { uid: 1, status: 'succeeded', enqueuedAt: at, startedAt: at, finishedAt: at },
        conditions: [],
      },
    } as unknown as Snapshot)
  })
}

test('a slot becomes a snapshot with labels of both and without an owner; its end wakes the schedule', async () => {
  await createSchedule()
  await using _ = await start()
  const name = await toNextSlot()
  const made = await until('the slot ran', ({ status }) => status?.lastRunName === name)
  const [snapshot] = await snapshots()
  expect(snapshot?.metadata).toMatchObject({
    name,
    labels: { team: 'search', [scheduleLabel]: 'often', 'meili-operator.dev/schedule-uid': made.metadata.uid },
  })
  expect(snapshot?.metadata).not.toHaveProperty('ownerReferences')
  expect(snapshot?.spec).toMatchObject(made.spec.template.spec)
  expect(made.status).toMatchObject({ active: [name], counts: { created: 1 } })
  await complete(name)
  const done = await until('its end is seen', ({ status }) => status?.lastSuccess?.name === name)
  expect(done.status).toMatchObject({ kept: { count: 1 }, consecutiveFailures: 0 })
  await api.kube.delete(meiliSnapshots, ref(name))
  await until('that it is gone is seen', ({ status }) => status?.kept === undefined)
})

test('the annotation run-now is heard at once, once for each value', async () => {
  await createSchedule({ schedule: '0 0 1 1 *', suspend: true })
  await using _ = await start()
  await until('it is suspended', (now) => reasonOf(now) === 'Suspended')
  for (const value of ['1', '2']) {
    await annotate(meiliSnapshotSchedules, 'often', { [runNowAnnotation]: value, 'example.test/note': 'of somebody' })
    const name = runNowName({ metadata: { name: 'often' } }, value)
    await until(`value ${value} has its snapshot`, ({ status }) => status?.runNow?.name === name)
  }
  expect(await names()).toHaveLength(2)
  // The cache does not keep it, and writes of status leave it where it is.
  const { metadata } = await api.kube.get(meiliSnapshotSchedules, ref('often'))
  expect(metadata.annotations).toMatchObject({ 'example.test/note': 'of somebody' })
})

test('two operators: one leads, and each slot has one snapshot when it stops and the other one goes on', async () => {
  await createSchedule()
  const lease = api.name('lease')
  await using first = await start(lease)
  await until('the first one leads', (now) => reasonOf(now) === 'Scheduled')
  await using _ = await start(lease)
  const one = await toNextSlot()
  await until('the slot ran', ({ status }) => status?.lastRunName === one)
  await first.stop()
  await complete(one)
  await until('the second one leads', ({ status }) => status?.lastSuccess?.name === one)
  const another = await toNextSlot()
  const { status } = await until('the next slot ran', (now) => now.status?.lastRunName === another)
  expect(await names()).toEqual([one, another])
  expect(status?.counts).toMatchObject({ created: 2, missed: 0 })
})

test('a quota refuses the snapshot: that is said, and it is made when there is room', async () => {
  const hard = { 'count/meilisnapshots.meili-operator.dev': '0' }
  const quota = await api.kube.create<KubeObject>(quotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: ref('none'),
    spec: { hard },
  } as KubeObject)
  // No controller counts here.
  const used = { hard, used: { 'count/meilisnapshots.meili-operator.dev': '0' } }
  await api.kube.updateStatus(quotas, Object.assign(quota, { status: used }))
  await createSchedule()
  await using _ = await start()
  const name = await toNextSlot()
  const refused = await until('it is refused', (now) => reasonOf(now) === 'RunRefused')
  expect(refused.status?.run?.failure).toContain('exceeded quota')
  expect(await names()).toEqual([])
  await api.kube.delete(quotas, ref('none'))
  await eventually('it is made', async () => {
    aheadMs += 10_000
    await wake()
    return (await names()).length > 0 ? true : undefined
  })
  const well = await until('it is well again', (now) => reasonOf(now) === 'Scheduled' && now.status?.run === undefined)
  expect(well.status?.counts?.created).toBeGreaterThanOrEqual(1)
  expect(Number(well.status?.lastRunName?.slice(-12))).toBeGreaterThanOrEqual(Number(name.slice(-12)))
})

test('the name is somebody else’s: it stays as it is, and the next slot has its own', async () => {
  await createSchedule()
  const operator = await start()
  const { status } = await until('the next slot is written', (now) => now.status?.nextSlot !== undefined)
  await operator[Symbol.asyncDispose]()
  const stamp = (status?.nextSlot ?? '').replaceAll(/[-:TZ]/g, '').slice(0, 12)
  const { spec } = (await schedule()).spec.template
  await api.kube.create(meiliSnapshots, {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: ref(`often-${stamp}`),
    spec,
  } as KubeObject)
  await using _ = await start()
  expect(await toNextSlot()).toBe(`often-${stamp}`)
  await until('it is said', (now) => reasonOf(now) === 'NameTaken')
  expect((await snapshots())[0]?.metadata.labels).toBeUndefined()
  const next = await toNextSlot()
  await until('the next slot ran', (now) => reasonOf(now) === 'Scheduled' && now.status?.lastRunName === next)
})

test('retention: announced first, then one object goes by patch and delete, and one that is kept stays', async () => {
  await createSchedule({ retention: { keepLast: 1 } })
  await using _ = await start()
  const made: string[] = []
  for (const kept of [true, false, false]) {
    const name = await toNextSlot()
    await until('the slot ran', ({ status }) => status?.lastRunName === name)
    if (kept) await annotate(meiliSnapshots, name, { [keepAnnotation]: 'true' })
    await complete(name)
    await until('its end is seen', ({ status }) => status?.lastSuccess?.name === name)
    made.push(name)
  }
  const [pinned, goes, stays] = made
  const announced = await until('it is announced', ({ status }) => status?.expiring?.[0]?.name === goes)
  expect(await names()).toEqual(made)
  expect(announced.status?.expiring).toHaveLength(1)
  await eventually('it is gone', async () => {
    aheadMs += 30_000
    await wake()
    return (await names()).includes(goes ?? '') ? undefined : true
  })
  const done = await until('that is counted', ({ status }) => (status?.counts?.expired ?? 0) > 0)
  expect(done.status).not.toHaveProperty('removing')
  expect(done.status?.counts?.expired).toBe(1)
  expect(await names()).toEqual(expect.arrayContaining([pinned, stays]))
})
