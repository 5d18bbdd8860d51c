import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ownerOf } from '../../../../src/mover/source/batch-window.ts'
import type { Batch } from '../../../../src/mover/contract.ts'
import { formatTime, parseTime } from '../../../../src/mover/source/rfc3339.ts'

const second = 1_000_000_000n

function batchOf(uid: number, start: bigint, end: bigint): Batch {
  return {
    taskUid: uid * 10,
    batchUid: uid,
    enqueuedAt: formatTime(start),
    startedAt: formatTime(start),
    finishedAt: formatTime(end),
  }
}

/** Disjoint windows, oldest first, with gaps between them. */
const windows = fc
  .array(fc.tuple(fc.bigInt({ min: 1n, max: 100n * second }), fc.bigInt({ min: 0n, max: 600n * second })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((steps) => {
    let at = 1_700_000_000n * second
    return steps.map(([gap, length], index) => {
      const start = at + gap
      at = start + length
      return { start, end: at, batch: batchOf(index + 1, start, at) }
    })
  })

describe('times', () => {
  test('a time with 0 to 9 fractional digits is read to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000n }), fc.stringMatching(/^\d{0,9}$/), (seconds, digits) => {
        const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
        const text = `${whole}${digits === '' ? '' : `.${digits}`}Z`
        expect(parseTime(text)).toBe(seconds * second + BigInt(digits.padEnd(9, '0')))
      }),
    )
  })

  test('writing a time and reading it again gives the same nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -second * 86_400n, max: 4_000_000_000n * second }), (time) => {
        expect(parseTime(formatTime(time))).toBe(time)
      }),
    )
  })

  test('another zone is the same moment', () => {
    expect(parseTime('2023-11-15T00:13:20.000000001+02:00')).toBe(1_700_000_000n * second + 1n)
  })

  test.each([
    '',
    'yesterday',
    '2023-11-14',
    '2023-11-14T22:13:20',
    '2023-13-14T22:13:20Z',
    '2023-11-14T22:13:20.1234567890Z',
  ])('%j is no time', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })
})

describe('the batch that owns a file', () => {
  test('a time inside a window belongs to that window, at both of its ends too, whatever the skew', () => {
    fc.assert(
      fc.property(
        windows,
        fc.tuple(fc.nat(), fc.bigInt({ min: 0n, max: 1_000_000n })),
        fc.nat(60_000),
        (all, [pick, part], skew) => {
          const { start, end, batch } = all[pick % all.length]!
          const inside = start + ((end - start) * part) / 1_000_000n
          for (const time of [start, inside, end])
            expect(
              ownerOf(
                time,
                all.map((each) => each.batch),
                skew,
              ),
            ).toEqual({ is: 'owned', batch })
        },
      ),
    )
  })

  test('one nanosecond outside a window is outside when no skew is allowed', () => {
    fc.assert(
      fc.property(windows, (all) => {
        const batches = all.map((each) => each.batch)
        expect(ownerOf(all[0]!.start - 1n, batches, 0)).toEqual({ is: 'older' })
        expect(ownerOf(all.at(-1)!.end + 1n, batches, 0)).toEqual({ is: 'newer' })
      }),
    )
  })

  test('the allowed skew is exact to the nanosecond', () => {
    const batch = batchOf(1, 100n * second, 200n * second)
    expect(ownerOf(98n * second, [batch], 2000)).toEqual({ is: 'owned', batch })
    expect(ownerOf(98n * second - 1n, [batch], 2000)).toEqual({ is: 'older' })
    expect(ownerOf(202n * second, [batch], 2000)).toEqual({ is: 'owned', batch })
    expect(ownerOf(202n * second + 1n, [batch], 2000)).toEqual({ is: 'newer' })
  })

  test('a skew never decides between two batches', () => {
    const batches = [batchOf(1, 100n * second, 200n * second), batchOf(2, 201n * second, 300n * second)]
    expect(ownerOf(200n * second + second / 2n, batches, 2000)).toEqual({ is: 'between' })
    expect(ownerOf(200n * second + second / 2n, batches, 500)).toEqual({ is: 'between' })
    expect(ownerOf(200n * second + second / 4n, batches, 500)).toEqual({ is: 'owned', batch: batches[0] })
  })

  test('a gap that no skew reaches belongs to nobody', () => {
    const batches = [batchOf(1, 100n * second, 200n * second), batchOf(2, 300n * second, 400n * second)]
    expect(ownerOf(250n * second, batches, 2000)).toEqual({ is: 'between' })
  })

  test('tasks of one batch share its file, and the first of them stands for it', () => {
    const batch = batchOf(4, 100n * second, 200n * second)
    const batches = [batch, { ...batch, taskUid: 99 }]
    expect(ownerOf(150n * second, batches, 0)).toEqual({ is: 'owned', batch })
    expect(ownerOf(99n * second, batches, 2000)).toEqual({ is: 'owned', batch })
  })
})
