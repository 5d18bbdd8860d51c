import { expect, test } from 'vitest'
import { quantity } from '../../../../src/api/meta.ts'
import { quantityValue } from '../../../../src/api/fields/quantity.ts'

test.each([
  [0, 0],
  [1_048_576, 1_048_576],
  ['0', 0],
  ['50Mi', 52_428_800],
  ['1.5Gi', 1_610_612_736],
  ['100M', 100_000_000],
  ['20k', 20_000],
  ['1e9', 1_000_000_000],
  ['1E9', 1_000_000_000],
  ['12e-1', 1.2],
  ['.5Ki', 512],
  ['2500m', 2.5],
  ['1E', 1e18],
  ['1Ei', 2 ** 60],
])('the quantity %s is %d', (text, value) => {
  expect(quantityValue(quantity.parse(text))).toBe(value)
})
