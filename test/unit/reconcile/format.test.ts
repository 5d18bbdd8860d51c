// Sizes and times in words.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sizeText, spanText } from '../../../src/reconcile/format.ts'

describe('sizeText', () => {
  test.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [102_912, '101 KiB'],
    [102_886_277, '98.1 MiB'],
    [1_181_116_006, '1.1 GiB'],
    [2 ** 40, '1.0 TiB'],
    [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
    [2 ** 63, '8192 PiB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text)
  })

  test('just below a unit it is the unit', () => {
    expect(sizeText(1024 ** 2 - 1)).toBe('1.0 MiB')
    expect(sizeText(1024 ** 3 - 1)).toBe('1.0 GiB')
  })

  test('is short, and within a twentieth of the truth', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const [, number, unit] = /^([0-9.]{1,5}) (B|KiB|MiB|GiB|TiB|PiB)$/.exec(sizeText(bytes))!
        const read = Number(number) * 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].indexOf(unit!)
        expect(Math.abs(read - bytes)).toBeLessThanOrEqual(bytes / 20)
        expect(Number(number)).toBeLessThan(1024)
      }),
    )
  })
})

describe('spanText', () => {
  test.each([
    [0, '0s'],
    [-5000, '0s'],
    [499, '0s'],
    [41_000, '41s'],
    [59_600, '1m'],
    [200_000, '3m20s'],
    [3_599_600, '1h'],
    [7_500_000, '2h5m'],
    [7_200_000, '2h'],
    [360_000_000, '100h'],
  ])('%i ms are %s', (ms, text) => {
    expect(spanText(ms)).toBe(text)
  })
})
