import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { WorkQueue } from '../../../src/runtime/workqueue.ts'
import { QueueModel, RealQueue, backoff, calls } from '../../support/runtime/queue-model.ts'
import { VirtualTime } from '../../support/runtime/virtual-time.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const day = 24 * 3600 * second

interface Desk {
  readonly time: VirtualTime
  readonly queue: WorkQueue
  /** What was given out, in order. */
  readonly taken: string[]
  /** That many workers ask for a key; what they get they keep. */
  readonly take: (workers: number) => Promise<void>
}

function aDesk(): Desk {
  const time = new VirtualTime()
  const queue = new WorkQueue({ clock: time, backoff })
  const taken: string[] = []
  const take = async (workers: number): Promise<void> => {
    for (let worker = 0; worker < workers; worker++)
      void queue.take().then((each) => taken.push(each?.key ?? 'the end'))
    await time.settle()
  }
  return { time, queue, taken, take }
}

describe('a key', () => {
  test('that is added often waits once', async () => {
    const { queue, taken, take } = aDesk()
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
    expect(queue.length).toBe(2)
    await take(3)
    expect(taken).toEqual(['a', 'b'])
  })

  test('that is added before anybody asks, or after, comes in the order of the adds', async () => {
    const { queue, time, taken, take } = aDesk()
    queue.add('a')
    await take(3)
    queue.add('b')
    queue.add('c')
    await time.settle()
    expect(taken).toEqual(['a', 'b', 'c'])
  })

  test('that is added while it is worked on is not given to a second worker, and comes again once it is done', async () => {
    const { queue, time, taken, take } = aDesk()
    queue.add('a')
    await take(2)
    queue.add('a')
    queue.add('a')
    await time.settle()
    expect(taken).toEqual(['a'])
    queue.finish('a')
    await time.settle()
    expect(taken).toEqual(['a', 'a'])
    queue.finish('a')
    expect(queue.length).toBe(0)
  })

  test('that is added in the very moment of its hand-over comes again', async () => {
    const { queue, time, taken, take } = aDesk()
    await take(1)
    queue.add('a')
    queue.add('a')
    expect(queue.length).toBe(0)
    queue.finish('a')
    expect(queue.length).toBe(1)
    await take(1)
    await time.settle()
    expect(taken).toEqual(['a', 'a'])
  })

  test('tells how long it waited, from the moment it was wanted', async () => {
    const { queue, time } = aDesk()
    queue.addAfter('a', 5 * second)
    await time.advance(12 * second)
    expect(await queue.take()).toEqual({ key: 'a', waitedMs: 7 * second })
  })
})

describe('a delay', () => {
  test('that is sooner wins, whichever was asked for first', async () => {
    const { queue, time, taken, take } = aDesk()
    await take(5)
    queue.addAfter('a', 20)
    queue.addAfter('a', 10)
    queue.addAfter('b', 10)
    queue.addAfter('b', 20)
    await time.advance(10)
    expect(taken).toEqual(['a', 'b'])
    for (const key of taken) queue.finish(key)
    await time.advance(day)
    expect(taken).toEqual(['a', 'b'])
  })

  test('ends with the next work on its key, which says anew when to look again', async () => {
    const { queue, time, taken, take } = aDesk()
    queue.addAfter('a', 10 * second)
    queue.add('a')
    await take(1)
    queue.addAfter('a', 30 * second)
    queue.finish('a')
    await time.advance(29 * second)
    expect(queue.length).toBe(0)
    await time.advance(second)
    await take(1)
    queue.finish('a')
    await time.advance(day)
    expect(taken).toEqual(['a', 'a'])
    expect([queue.length, time.timers]).toEqual([0, 0])
  })

  test('longer than a timer of Node can be does not end early', async () => {
    const { queue, time } = aDesk()
    queue.addAfter('a', 60 * day)
    await time.advance(60 * day - 1)
    expect(queue.length).toBe(0)
    await time.advance(1)
    expect(queue.length).toBe(1)
  })

  test('is not cut short by a timer that fires early', async () => {
    const { queue, time } = aDesk()
    queue.addAfter('a', 10.9)
    await time.advance(10)
    expect(queue.length).toBe(0)
    await time.advance(1)
    expect(queue.length).toBe(1)
  })
})

test('each of 100,000 keys is taken as quickly as each of 10,000', async () => {
  const take = async (count: number): Promise<number> => {
    const { queue } = aDesk()
    const wanted = Array.from({ length: count }, (_, index) => `shop/${index}`)
    const taken: (string | undefined)[] = []
    for (const key of wanted) queue.add(key)
    const began = performance.now()
    for (const key of wanted) {
      taken.push((await queue.take())?.key)
      queue.finish(key)
    }
    const spentMs = performance.now() - began
    expect(taken).toEqual(wanted)
    return spentMs
  }
  await take(10_000)
  const few = Math.max(await take(10_000), await take(10_000), await take(10_000))
  // Ten times as many; where each take moves all the others, it is a hundred times as long.
  expect(await take(100_000)).toBeLessThan(few * 40)
})

describe('failures', () => {
  test('of one key do not slow down another', async () => {
    const { queue, time } = aDesk()
    for (let failure = 0; failure < 5; failure++) queue.addRateLimited('bad')
    queue.forget('bad')
    queue.addRateLimited('bad')
    queue.addRateLimited('good')
    await time.advance(backoff.firstMs)
    expect(queue.length).toBe(2)
  })

  test('wait as long as the other side asked, where that is longer', async () => {
    const { queue, time } = aDesk()
    queue.addRateLimited('a', 30 * second)
    await time.advance(30 * second - 1)
    expect(queue.length).toBe(0)
    await time.advance(1)
    expect(queue.length).toBe(1)
  })
})

describe('a closed queue', () => {
  test('sends home all who wait for a key, and all who come later', async () => {
    const { queue, taken, take } = aDesk()
    await take(2)
    queue.close()
    await take(1)
    expect(taken).toEqual(['the end', 'the end', 'the end'])
  })

  test('drops what waits, now or for later, and takes no more', async () => {
    const { queue, time, taken, take } = aDesk()
    queue.add('a')
    await take(1)
    queue.add('a')
    queue.add('waits')
    queue.addAfter('later', second)
    queue.close()
    queue.add('b')
    queue.addAfter('c', 0)
    queue.addRateLimited('d')
    queue.finish('a')
    await time.advance(day)
    expect(queue.length).toBe(0)
    await take(1)
    expect(taken).toEqual(['a', 'the end'])
  })

  test('leaves no timer that would keep the process alive', () => {
    const { queue, time } = aDesk()
    queue.addAfter('a', day)
    queue.addRateLimited('b')
    expect(time.timers).toBe(2)
    queue.close()
    expect(time.timers).toBe(0)
  })
})

test('whatever is called in whatever order, the queue does what the model of it says', async () => {
  await fc.assert(
    fc.asyncProperty(calls, async (commands) => {
      await fc.asyncModelRun(() => ({ model: new QueueModel(), real: new RealQueue() }), commands)
    }),
    { numRuns: 600 },
  )
})

const adds = fc.array(
  fc.record({ atMs: fc.nat(500), key: fc.constantFrom('a', 'b', 'c', 'd'), delayMs: fc.constantFrom(0, 0, 30, 200) }),
  { maxLength: 40 },
)

test('whoever adds a key sees work on it that began later, and nobody ever sees two work on it', async () => {
  await fc.assert(
    fc.asyncProperty(adds, fc.integer({ min: 1, max: 3 }), fc.integer(), async (given, workers, seed) => {
      const time = new VirtualTime(seed)
      const queue = new WorkQueue({ clock: time, backoff })
      const history: string[] = []
      const busy = new Set<string>()
      const work = async (): Promise<void> => {
        for (let taken = await queue.take(); taken !== undefined; taken = await queue.take()) {
          if (busy.has(taken.key)) history.push(`twice ${taken.key}`)
          busy.add(taken.key)
          history.push(`begin ${taken.key}`)
          await time.pause(1 + Math.floor(time.random() * 100))
          busy.delete(taken.key)
          queue.finish(taken.key)
        }
      }
      let atHome = 0
      for (let worker = 0; worker < workers; worker++) void work().then(() => atHome++)
      for (const { atMs, key, delayMs } of given) {
        time.setTimeout(() => {
          history.push(`add ${key}`)
          queue.addAfter(key, delayMs)
        }, atMs)
      }
      await time.advance(60 * second)
      expect(history.filter((each) => each.startsWith('twice'))).toEqual([])
      for (const key of ['a', 'b', 'c', 'd'])
        expect(history.lastIndexOf(`begin ${key}`)).toBeGreaterThanOrEqual(history.lastIndexOf(`add ${key}`))
      queue.close()
      await time.settle()
      expect(atHome).toBe(workers)
    }),
  )
})

test('how long the oldest of what is worked on has been worked on, also where a younger one is done first', async () => {
  const { queue, time, take } = aDesk()
  expect(queue.longestRunningMs).toBe(0)
  queue.add('a')
  await take(1)
  await time.advance(3 * second)
  queue.add('b')
  await take(1)
  await time.advance(second)
  expect(queue.longestRunningMs).toBe(4 * second)
  queue.finish('b')
  expect(queue.longestRunningMs).toBe(4 * second)
  queue.finish('a')
  expect(queue.longestRunningMs).toBe(0)
})
