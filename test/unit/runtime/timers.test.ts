// Timers fire when their time is over, however long that is: VirtualTime fires one that is too long for Node after 1 ms, as Node does.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { abortAfter, pause, startInterval, startTimer } from '../../../src/runtime/timers.ts'
import { WorkQueue } from '../../../src/runtime/workqueue.ts'
import { VirtualTime } from '../../support/runtime/virtual-time.ts'

const second = 1000
const day = 24 * 3600 * second
/** 999999h999999m999999s. */
const longest = 999_999 * (3_600_000 + 60_000 + second)

let time: VirtualTime
let rule: Disposable
beforeEach(() => {
  time = new VirtualTime()
  rule = time.rule()
})
afterEach(() => rule[Symbol.dispose]())

test('VirtualTime is as Node here: what is too long fires at once', async () => {
  const run = vi.fn<() => void>()
  setTimeout(run, 2 ** 31)
  await time.advance(1)
  expect(run).toHaveBeenCalledOnce()
})

describe('a timer', () => {
  test('of any delay fires once, when it is over, and not before', async () => {
    const delays = fc.oneof(
      fc.integer({ min: 1, max: longest }),
      fc.constantFrom(1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 600 * 3600 * second, longest),
    )
    await fc.assert(
      fc.asyncProperty(delays, async (delayMs) => {
        const run = vi.fn<() => void>()
        startTimer(run, delayMs)
        await time.advance(delayMs - 1)
        expect(run).not.toHaveBeenCalled()
        await time.advance(1)
        expect(run).toHaveBeenCalledOnce()
        expect(time.timers).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  test.each([0, 40 * day])('that is cancelled after %i ms never fires', async (afterMs) => {
    const run = vi.fn<() => void>()
    const timer = startTimer(run, 60 * day)
    await time.advance(afterMs)
    timer.cancel()
    await time.advance(100 * day)
    expect(run).not.toHaveBeenCalled()
    expect(time.timers).toBe(0)
  })

  test('that is restarted counts its whole delay from then', async () => {
    const run = vi.fn<() => void>()
    const timer = startTimer(run, 60 * day)
    await time.advance(59 * day)
    timer.restart()
    await time.advance(60 * day - 1)
    expect(run).not.toHaveBeenCalled()
    await time.advance(1)
    expect(run).toHaveBeenCalledOnce()
  })

  test('without a delay is a mistake: it would fire at once, again and again', () => {
    expect(() => startTimer(() => undefined, Number.NaN)).toThrow(RangeError)
  })
})

test('an interval comes again and again until it is cancelled', async () => {
  const run = vi.fn<() => void>()
  const interval = startInterval(run, 30 * day)
  await time.advance(90 * day)
  expect(run).toHaveBeenCalledTimes(3)
  interval.cancel()
  await time.advance(90 * day)
  expect(run).toHaveBeenCalledTimes(3)
})

describe('a pause', () => {
  test('lasts as long as it should', async () => {
    let isOver = false
    void pause(60 * day).then(() => (isOver = true))
    await time.advance(60 * day - 1)
    expect(isOver).toBe(false)
    await time.advance(1)
    expect(isOver).toBe(true)
  })

  test('ends with its signal, and leaves no timer', async () => {
    const stop = new AbortController()
    const paused = pause(60 * day, { signal: stop.signal })
    stop.abort()
    await paused
    await pause(60 * day, { signal: stop.signal })
    expect(time.timers).toBe(0)
  })
})

test('a signal for more than a timer of Node can be set for does not end early', async () => {
  const signal = abortAfter(600 * 3600 * second)
  await time.advance(600 * 3600 * second - 1)
  expect(signal.aborted).toBe(false)
  await time.advance(1)
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' })
})

test('a key that is to wait for 60 days is not taken before', async () => {
  const queue = new WorkQueue()
  queue.addAfter('a', 60 * day)
  await time.advance(60 * day - 1)
  expect(queue.length).toBe(0)
  await time.advance(1)
  expect(queue.length).toBe(1)
})
