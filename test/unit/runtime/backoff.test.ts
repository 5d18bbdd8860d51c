import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { backoffMs } from '../../../src/runtime/backoff.ts'

vi.setConfig({ testTimeout: 240_000 })

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const backoffs = fc
  .tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 1000 }))
  .map(([firstMs, times]) => ({ firstMs, maxMs: firstMs * times }))

describe('the wait after a failure', () => {
  const backoff = { firstMs: 200, maxMs: 120_000 }

  test.each([
    [0, 100, 200],
    [1, 200, 400],
    [2, 400, 800],
    [9, 51_200, 102_400],
    [10, 60_000, 120_000],
    [1000, 60_000, 120_000],
  ])('after %i earlier ones lies between %i and %i ms', (failures, least, most) => {
    expect(backoffMs(backoff, failures, 0)).toBe(least)
    expect(backoffMs(backoff, failures, 1 - Number.EPSILON)).toBe(most)
  })

  test('is never longer than the longest, never shorter than half of the first, and a whole number', () => {
    fc.assert(
      fc.property(backoffs, fc.nat(), chance, (given, failures, random) => {
        const delayMs = backoffMs(given, failures, random)
        expect(Number.isInteger(delayMs)).toBe(true)
        expect(delayMs).toBeLessThanOrEqual(given.maxMs)
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(given.firstMs / 2))
      }),
    )
  })

  test('never gets shorter with one failure more, at the same chance', () => {
    fc.assert(
      fc.property(backoffs, fc.nat(60), chance, (given, failures, random) => {
        expect(backoffMs(given, failures + 1, random)).toBeGreaterThanOrEqual(backoffMs(given, failures, random))
      }),
    )
  })

  test('differs with chance, so that not all come back at once', () => {
    fc.assert(
      fc.property(backoffs, fc.nat(60), (given, failures) => {
        const [early, late] = [backoffMs(given, failures, 0), backoffMs(given, failures, 0.999_999)]
        expect(late).toBeGreaterThanOrEqual(early + Math.floor(early * 0.99) - 1)
      }),
    )
  })
})
