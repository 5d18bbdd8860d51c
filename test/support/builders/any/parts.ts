// What parts of any world are made of: times around the limits that rungs know, words of others, what is seldom or not there.
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { hour, minute, now, second } from '../observations.ts'

export const maybe = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

/** How long ago, often around the limits that the rungs know; below zero where clocks went back. */
export const span = fc.oneof(
  fc
    .constantFrom(0, 250, second, 15 * second, 30 * second, minute, hour, 6 * hour)
    .chain((limit) => fc.constantFrom(limit - 1, limit, limit + 1, limit + second)),
  fc.integer({ min: -minute, max: 2 * minute }),
  fc.integer({ min: 0, max: 20 * hour }),
)
export const time = span.map((spanMs) => new Date(now - spanMs).toISOString())

/** Words of others: none, usual ones, in any script, as long as a book. */
export const words = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    'GET http://10.1.2.3:7700/tasks?limit=1 got no reply: ECONNRESET.',
    'exceeded quota: small',
    'No space left on device (os error 28)',
  ),
  fc
    .array(fc.constantFrom('a', '😀', 'ß', '.', ' ', '\n', '\uD83D', '\u0000'), { maxLength: 20 })
    .map((parts) => parts.join('')),
  fc.constantFrom(70, 255, 256, 1000, 3000).map((length) => `a${'😀'.repeat(length)}`),
)

export const going = maybe(time).map((deletionTimestamp) =>
  deletionTimestamp === undefined ? {} : { deletionTimestamp },
)
export const seldom = <T>(usual: T, arbitrary: Arbitrary<T>): Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, arbitrary)
