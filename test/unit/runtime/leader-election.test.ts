// Who holds the lease: how a candidate gets it, and when a holder gives it up.
import { describe, expect, test, vi } from 'vitest'
import { Election, goodRoad } from '../../support/runtime/election.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const minute = 60 * second
const hour = 60 * minute

describe('a candidate', () => {
  test('gets a lease that nobody has', async () => {
    using election = new Election()
    election.start('first')
    await election.time.advance(second)
    expect(election.holders).toEqual(['first'])
    expect(election.lease?.spec).toMatchObject({
      holderIdentity: 'first',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    })
  })

  test('keeps it for as long as it renews it, and the time since when it has it', async () => {
    using election = new Election()
    election.start('first')
    await election.time.advance(second)
    const before = election.lease?.spec
    for (let minutes = 0; minutes < 10; minutes++) {
      await election.time.advance(minute)
      expect(election.holders).toEqual(['first'])
    }
    expect(election.lease?.spec).toMatchObject({ acquireTime: before?.acquireTime, leaseTransitions: 0 })
    expect(election.lease?.spec?.renewTime).not.toBe(before?.renewTime)
  })

  test('waits while another one holds it', async () => {
    using election = new Election()
    for (const name of ['first', 'second', 'third']) election.start(name)
    await election.time.advance(10 * second)
    const [holder] = election.holders
    await election.time.advance(10 * minute)
    expect(election.holders).toEqual([holder])
  })

  test('gets the lease of one that crashed, after its duration and not before', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    election.start('second')
    await election.time.advance(10 * second)
    first.crash()
    await election.time.advance(12 * second)
    expect(election.holders).toEqual([])
    await election.time.advance(6 * second)
    expect(election.holders).toEqual(['second'])
    expect(election.lease?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 })
  })

  test('that comes late waits the whole duration, however old the lease says it is', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    first.crash()
    await election.time.advance(14 * second)
    election.start('second')
    await election.time.advance(14 * second)
    expect(election.holders).toEqual([])
    await election.time.advance(4 * second)
    expect(election.holders).toEqual(['second'])
  })

  test('whose write comes after that of a quicker one has not got it', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    const slow = election.start('slow')
    election.start('quick')
    await election.time.advance(second)
    first.crash()
    slow.nextWrite = { outMs: 3 * second, backMs: 5 }
    await election.time.advance(minute)
    expect(election.holders).toEqual(['quick'])
    expect(election.lease?.spec).toMatchObject({ holderIdentity: 'quick', leaseTransitions: 1 })
  })

  test.each([-hour, hour])('steals nothing early from a holder whose wall clock is %i ms off', async (skewMs) => {
    using election = new Election()
    election.start('first', { skewMs })
    await election.time.advance(second)
    election.start('second')
    await election.time.advance(10 * minute)
    expect(election.holders).toEqual(['first'])
    expect(election.lease?.spec).toMatchObject({ leaseTransitions: 0 })
  })
})

test('an attempt that is under way when the elector is released does not take the lease any more', async () => {
  using election = new Election()
  const first = election.start('first')
  await election.time.advance(6)
  await first.stop()
  await first.elector.release()
  await election.time.advance(second)
  expect(election.lease).toBeUndefined()
})

describe('a holder', () => {
  test('that is stopped gives it back, and the next one has it at once', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    election.start('second')
    await election.time.advance(10 * second + 50)
    await first.stop()
    // Read and write of the release, the news of it, read and write of the next one.
    await election.time.advance(50)
    expect(election.holders).toEqual(['second'])
    expect(first.lost).toBeUndefined()
  })

  test('that is stopped gives it back, and one that may not watch has it with its next try', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    const next = election.start('second')
    next.canWatch = false
    await election.time.advance(10 * second + 50)
    await first.stop()
    await election.time.advance(50)
    expect(election.holders).toEqual([])
    await election.time.advance(2 * second)
    expect(election.holders).toEqual(['second'])
  })

  test('that is stopped gives it back while the next one is looking, and that one looks again', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    const next = election.start('second')
    await election.time.advance(10 * second)
    // Its sixth try reads at 11055 that the lease is held, and hears so at 11555; the news of the release comes in between.
    next.road = { outMs: [5], backMs: [5, 500, 500] }
    await election.time.advance(100)
    await first.stop()
    await election.time.advance(1200)
    expect(election.holders).toEqual(['second'])
  })

  test.each([1, 4, 6, 9, 11, 14, 16, 19])(
    'that is stopped %i ms after the start of a renewal gives it back for good',
    async (afterMs) => {
      using election = new Election()
      const first = election.start('first')
      // The first renewal begins 2 s after the reply to the first write.
      await election.time.advance(2020 + afterMs)
      await first.stop()
      await election.time.advance(second)
      expect(first.failures).toEqual([])
      expect(first.elector.isHeld()).toBe(false)
      expect(election.lease?.spec?.holderIdentity).toBe('')
    },
  )

  test('whose word of release comes late does not take it from the next one', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    election.start('second')
    first.road = { ...goodRoad, loses: 'refused' }
    await election.time.advance(8 * second)
    first.road = { outMs: [10 * second], backMs: [5] }
    await first.stop()
    await election.time.advance(20 * second)
    expect(first.hasEnded).toBe(true)
    expect(election.lease?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 })
  })

  test('whose last renewal comes between the read and the write of its own release gives it back all the same', async () => {
    using election = new Election()
    const first = election.start('first')
    // The renewal begins at 2020, reads until 2030, and its write arrives at 2042: the release reads at 2036 and writes at 2046.
    await election.time.advance(2025)
    first.nextWrite = { outMs: 12, backMs: 5 }
    await election.time.advance(6)
    await first.stop()
    await election.time.advance(second)
    expect(first.failures).toEqual([])
    expect(election.lease?.spec?.holderIdentity).toBe('')
  })

  test('whose last renewal is answered only after another one got the lease does not believe to hold it', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    election.start('second')
    first.nextWrite = { outMs: 5, backMs: 8 * second }
    await election.time.advance(1500)
    await first.stop()
    await election.time.advance(9 * second)
    expect(election.holders).toEqual(['second'])
  })

  test('that cannot renew gives up before anybody else may have it', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    first.road = { ...goodRoad, loses: 'refused' }
    await election.time.advance(9 * second + 100)
    expect(election.holders).toEqual([])
    await election.time.advance(2 * second)
    expect(first.hasEnded).toBe(true)
    expect(first.lost).toMatchObject({
      name: 'LeaseLost',
      message: expect.stringContaining('not renewed for 10 s') as string,
    })
    expect(first.failures.length).toBeGreaterThan(3)
  })

  test('whose renewal was answered late holds it from when it asked', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    first.nextWrite = { outMs: 5, backMs: 7 * second }
    // The renewal begins at 2020 and is answered at 9 s; what is tried after it comes to nothing.
    await election.time.advance(2 * second)
    first.road = { ...goodRoad, loses: 'refused' }
    await election.time.advance(9 * second)
    expect(election.holders).toEqual(['first'])
    await election.time.advance(20)
    expect(election.holders).toEqual([])
  })

  test.each(['request', 'reply'] as const)(
    'whose %s is lost on the way gives up in time, although its client still waits',
    async (loses) => {
      using election = new Election()
      const first = election.start('first')
      await election.time.advance(second)
      first.road = { ...goodRoad, loses }
      await election.time.advance(9 * second + 100)
      expect(election.holders).toEqual([])
      await election.time.advance(second)
      expect(first.lost).toMatchObject({ name: 'LeaseLost' })
    },
  )

  test('that reads the name of another one in the lease gives up at once, however it came there', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    election.keeper.update({ ...election.keeper.get(), spec: { holderIdentity: 'other', leaseDurationSeconds: 15 } })
    await election.time.advance(1050)
    expect(first.lost).toMatchObject({ name: 'LeaseLost' })
    expect(first.elector.isHeld()).toBe(false)
    await election.time.advance(5 * second)
    expect(election.lease?.spec?.holderIdentity).toBe('other')
  })

  test.each([
    ['that slept', 'sleep', 30 * second],
    ['whose machine was suspended', 'suspend', hour],
  ] as const)(
    '%s while another one got the lease does not believe for a moment to hold it',
    async (_, goes, spanMs) => {
      using election = new Election()
      const first = election.start('first')
      await election.time.advance(second)
      election.start('second')
      await election.time.advance(10 * second)
      first[goes](spanMs)
      await election.time.advance(spanMs - 1)
      expect(election.holders).toEqual(['second'])
      await election.time.advance(2 * second)
      expect(election.holders).toEqual(['second'])
      expect(first.lost).toMatchObject({ name: 'LeaseLost' })
    },
  )

  test('whose machine was suspended, and whose lease nobody took, holds it again once it is renewed', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    first.suspend(hour)
    await election.time.advance(hour)
    expect(first.elector.isHeld()).toBe(false)
    await election.time.advance(3 * second)
    expect(election.holders).toEqual(['first'])
    expect(first.lost).toBeUndefined()
  })

  test.each([-hour, hour])(
    'whose wall clock is set by %i ms does not lose it, and sends nothing until it is renewed',
    async (byMs) => {
      using election = new Election()
      const first = election.start('first')
      election.start('second')
      await election.time.advance(10 * second)
      const [holder] = election.holders
      first.skewMs += byMs
      expect(first.elector.isHeld()).toBe(false)
      await election.time.advance(3 * second)
      expect(election.holders).toEqual([holder])
      await election.time.advance(10 * minute)
      expect(election.holders).toEqual([holder])
      expect(first.lost).toBeUndefined()
    },
  )

  test.each([-2 * second, 2 * second])('whose wall clock is set by %i ms holds it all the time', async (byMs) => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(3900)
    for (let times = 0; times < 20; times++) {
      first.skewMs += byMs
      expect(election.holders).toEqual(['first'])
      await election.time.advance(second + 700)
      expect(election.holders).toEqual(['first'])
    }
  })

  test('lives through a few failures in a row', async () => {
    using election = new Election()
    const first = election.start('first')
    await election.time.advance(second)
    for (let times = 0; times < 5; times++) {
      first.road = { ...goodRoad, loses: 'refused' }
      await election.time.advance(5 * second)
      first.road = goodRoad
      await election.time.advance(5 * second)
    }
    expect(election.holders).toEqual(['first'])
  })
})
