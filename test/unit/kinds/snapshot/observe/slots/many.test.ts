// Many snapshots at once, through the operator's own queue, passes and slots.
import { describe, expect, test } from 'vitest'
import { commandLabel } from '../../../../../../src/reconcile/job/template.ts'
import { snapshotUidLabel } from '../../../../../../src/kinds/snapshot/job/template.ts'
import { minute, second, succeededTask } from '../../../../../support/builders/observations.ts'
import { aWorld, names, reasonOf, time } from './a-world.ts'

describe('movers that cannot start', () => {
  test('hold up nobody else, and no one of the others fails, however long that lasts', async () => {
    const all = aWorld()
    all.lifeOf = ({ metadata }) => ({
      runsMs: minute,
      ...(metadata?.namespace === 'tenant' ? { stuckAs: 'ImagePullBackOff' } : {}),
    })
    for (const name of names(30, 't')) all.add('tenant', name)
    for (const name of names(12, 'm')) all.add('shop', name, { spec: { deadlines: { move: '2m' } } })
    all.start()
    await time.advance(4 * minute)
    expect(
      all
        .all()
        .filter(({ metadata }) => metadata.namespace === 'shop')
        .map(reasonOf),
    ).toEqual(names(12, '').map(() => 'Completed'))
    // What comes right at once is no more than may run.
    const stuck = all.all().filter(({ metadata }) => metadata.namespace === 'tenant')
    expect(stuck.filter((of) => reasonOf(of) === 'MoverWaiting')).toHaveLength(10)
    expect(stuck.filter((of) => reasonOf(of) === 'MoverQueued')).toHaveLength(20)
    expect(stuck.find((of) => reasonOf(of) === 'MoverQueued')?.status?.waitingFor).toMatch(
      /^Namespace tenant has as many movers as may run at once \(MAX_MOVERS is 10\), those that cannot start among them\./,
    )
  })
})

describe('a herd', () => {
  test('a hundred tasks that succeed at the same moment start no more movers than may run', async () => {
    const all = aWorld()
    for (const [i, name] of names(100, 'h').entries()) all.add(`n${i % 5}`, name)
    all.start()
    await time.advance(20 * second)
    expect(all.running).toBe(10)
    expect(all.all().filter((of) => reasonOf(of) === 'MoverQueued')).toHaveLength(90)
    await time.advance(15 * minute)
    expect(all.mostAtOnce).toBe(10)
    expect(all.all().map(reasonOf)).toEqual(names(100, '').map(() => 'Completed'))
  })

  test('a restart while movers are on their way starts no more of them, and forgets nobody', async () => {
    const all = aWorld()
    for (const [i, name] of names(40, 'h').entries()) all.add(`n${i % 4}`, name)
    all.start()
    // Jobs are made, and no pod has a node.
    await time.advance(400)
    expect(all.running).toBe(0)
    expect(all.all().filter(({ status }) => status?.move?.node !== undefined).length).toBeGreaterThan(5)
    all.start()
    await time.advance(8 * minute)
    expect(all.mostAtOnce).toBe(10)
    expect(all.all().map(reasonOf)).toEqual(names(40, '').map(() => 'Completed'))
  })
})

describe('a place in line', () => {
  test('namespaces take turns, and in each the oldest goes first', async () => {
    const all = aWorld(2)
    for (const name of names(6, 'a')) all.add('first', name)
    for (const name of names(3, 'b')) all.add('second', name)
    all.start()
    await time.advance(20 * minute)
    const order = all.began.map((job) => job.replace(/-.*/, ''))
    expect(order.filter((job) => job.startsWith('first'))).toEqual(names(6, 'first/a'))
    expect(order.filter((job) => job.startsWith('second'))).toEqual(names(3, 'second/b'))
    expect(order.slice(2, 6).filter((job) => job.startsWith('second')).length).toBeGreaterThanOrEqual(2)
  })

  test('does not use up deadlines.move, and says what it waits for', async () => {
    const all = aWorld(1)
    all.lifeOf = () => ({ runsMs: 5 * minute })
    for (const name of names(4, 'w')) all.add('shop', name, { spec: { deadlines: { move: '6m' } } })
    all.start()
    await time.advance(minute)
    expect(all.get('shop', 'w3')?.status).toMatchObject({
      phase: 'Moving',
      waitingFor:
        'As many movers run as may at once (MAX_MOVERS is 1). Fewer than 4 others of namespace shop go first.',
      move: { queuedAt: expect.any(String) as string },
    })
    await time.advance(24 * minute)
    expect(all.all().map(reasonOf)).toEqual(names(4, '').map(() => 'Completed'))
  })

  test('costs nothing: a thousand that wait ask neither the API server nor Meilisearch', async () => {
    const all = aWorld()
    for (const name of names(10, 'other')) {
      const labels = { [commandLabel]: 'move', [snapshotUidLabel]: name }
      const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: name, controller: true }
      const metadata = { name, namespace: name, labels, ownerReferences: [owner] }
      const running = { phase: 'Running', containerStatuses: [{ name: 'mover', state: { running: {} } }] }
      all.beside.add(name)
      all.addPod({ metadata, spec: { nodeName: 'node-b' }, status: running } as never)
    }
    await time.advance(second)
    const queuedAt = new Date().toISOString()
    for (const [i, name] of names(1000, 'w').entries())
      all.add(`n${i % 20}`, name, {
        status: { task: succeededTask(), move: { attempt: 1, jobName: `job-${name}`, queuedAt } },
      })
    all.start()
    await time.advance(minute)
    // One write each, with the place.
    expect(all.all().map(reasonOf)).toEqual(names(1000, '').map(() => 'MoverQueued'))
    expect(all.asked).toEqual({ reads: 0, writes: 1000, engine: 0 })
    Object.assign(all.asked, { reads: 0, writes: 0, engine: 0 })
    await time.advance(20 * minute)
    expect(all.asked).toEqual({ reads: 0, writes: 0, engine: 0 })
  })
})
