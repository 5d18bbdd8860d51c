import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { RateLimit } from '../../../../src/mover/io/rate-limit.ts'
import { snapshotArchive } from '../../../support/mover/archive-writer.ts'
import { moverTest } from '../../../support/mover/test.ts'

const mebibyte = 1024 * 1024
const never = new AbortController().signal
/** A timer of Node may be this much early. */
const earlyMs = 2

/** When each of so many pieces was granted, in milliseconds since they were asked for. */
async function grantsOf(rateLimit: RateLimit, count: number, bytes: number): Promise<number[]> {
  const begin = performance.now()
  return Promise.all(
    Array.from({ length: count }, async () => {
      await rateLimit.take(bytes)
      return performance.now() - begin
    }),
  )
}

test('each piece waits for all before it, and after a rest too: what was not used is gone', async () => {
  const rateLimit = new RateLimit({
    bytesPerSecond: 100 * mebibyte,
    progress: { touch: () => undefined },
    signal: never,
  })
  const begun = await grantsOf(rateLimit, 20, mebibyte)
  await pause(100)
  const rested = await grantsOf(rateLimit, 20, mebibyte)
  for (const grants of [begun, rested]) {
    for (const [before, grant] of grants.entries())
      expect(grant, `after ${before} pieces`).toBeGreaterThanOrEqual(before * 10 - earlyMs)
  }
})

test('without a limit nothing waits', async () => {
  let moved = 0
  await new RateLimit({ bytesPerSecond: undefined, progress: { touch: () => moved++ }, signal: never }).take(2 ** 50)
  expect(moved).toBe(0)
})

test('a wait is no stall: it says so a few times a second', async () => {
  let moved = 0
  const rateLimit = new RateLimit({ bytesPerSecond: 1, progress: { touch: () => moved++ }, signal: never })
  await rateLimit.take(1)
  await rateLimit.take(1)
  expect(moved).toBeGreaterThanOrEqual(2)
})

test('an end that comes while it waits ends the wait, with its reason', async () => {
  const stop = new AbortController()
  const rateLimit = new RateLimit({ bytesPerSecond: 1, progress: { touch: () => undefined }, signal: stop.signal })
  await rateLimit.take(3600)
  const waiting = rateLimit.take(1)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

moverTest(
  'a mover keeps to its limit while it copies and while it reads back',
  async ({ work }) => {
    const archive = snapshotArchive('1.21.0', randomBytes(2.5 * mebibyte))
    expect(archive.length).toBeGreaterThan(2 * mebibyte)
    await work.lay(archive)
    const { code, result } = await work.run({ config: { bytesPerSecond: 1.5 * mebibyte } })
    expect(code, result.message).toBe(0)
    // Three blocks each: the first goes at once.
    expect(result.seconds?.copying).toBeGreaterThan(1.3)
    expect(result.seconds?.verifying).toBeGreaterThan(1.3)
  },
  30_000,
)
