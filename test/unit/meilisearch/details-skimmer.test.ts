// The details of tasks are read over: what stays is what a parser that drops them would give, wherever the bytes are cut.
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DetailsSkimmer } from '../../../src/meilisearch/details-skimmer.ts'
import { replyText } from '../../../src/meilisearch/reply-text.ts'

const mebibyte = 2 ** 20
const never = new AbortController().signal

function skimmed(text: string, cuts: readonly number[] = []): string {
  const bytes = Buffer.from(text)
  const skimmer = new DetailsSkimmer()
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return Buffer.concat(at.slice(1).map((end, index) => skimmer.skim(bytes.subarray(at[index], end)))).toString()
}

const withoutDetails = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, held: unknown) => (key === 'details' ? null : held))

test('of any JSON, cut anywhere, only the values of `details` are gone', () => {
  const key = fc.oneof(fc.constant('details'), fc.constant('detail'), fc.constant('details\\'), fc.string())
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.string(),
      fc.constant('details'),
      fc.integer(),
      fc.constant(null),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value')),
    object: fc.dictionary(key, tie('value')),
  }))
  fc.assert(
    fc.property(value, fc.array(fc.nat()), fc.constantFrom(undefined, 2), (any, cuts, indent) => {
      expect(JSON.parse(skimmed(JSON.stringify(any, null, indent), cuts))).toEqual(withoutDetails(any))
    }),
  )
})

test('what is no JSON does no harm', () => {
  fc.assert(fc.property(fc.string(), (text) => void skimmed(`{"details":${text}`)))
})

/** A page of tasks as Meilisearch writes it, the newest with as many bytes of settings. */
function page(bytes: number): Readable {
  const synonyms = JSON.stringify('x'.repeat(100_000))
  return Readable.from(
    (function* pieces() {
      yield Buffer.from('{"results":[{"uid":7,"type":"settingsUpdate","details":{"synonyms":[')
      for (let sent = 0; sent < bytes; sent += synonyms.length + 1) yield Buffer.from(`${synonyms},`)
      yield Buffer.from('""]},"error":null,"enqueuedAt":"2026-03-01T12:00:00Z"}],"total":8,"from":7,"next":6}')
    })(),
  )
}

test('settings of 10 MiB in a task leave a short reply, and those of 20 MiB are too much', async () => {
  const bounds = { maxBytes: mebibyte, skimsDetails: true, signal: never }
  expect(await replyText(page(10 * mebibyte), bounds)).toBe(
    '{"results":[{"uid":7,"type":"settingsUpdate","details":null,"error":null,"enqueuedAt":"2026-03-01T12:00:00Z"}],"total":8,"from":7,"next":6}',
  )
  await expect(replyText(page(20 * mebibyte), bounds)).rejects.toThrow('more than 16 MiB')
})
