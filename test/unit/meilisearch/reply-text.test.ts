// How much of a reply is read, and when: bounds that pieces cannot get around, and turns that nobody keeps.
import { PassThrough, Readable } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { JsonShape } from '../../../src/meilisearch/json-shape.ts'
import { replyText } from '../../../src/meilisearch/reply-text.ts'
import { Turn } from '../../../src/meilisearch/turn.ts'

afterEach(() => {
  vi.useRealTimers()
})

const never = new AbortController().signal
const kibibyte = 1024
const bounds = { maxBytes: 512 * kibibyte, signal: never }
const failure = async (read: Promise<string>): Promise<string> =>
  await read.then(
    () => 'it did not fail',
    (error: unknown) => (error as Error).message,
  )
const pieces = (...sizes: number[]): Readable => Readable.from(sizes.map((size) => Buffer.alloc(size, 'x')))

describe('what arrives', () => {
  test('is text to the last byte of its bound, and one byte more is too much', async () => {
    expect(await replyText(pieces(300 * kibibyte, 212 * kibibyte), bounds)).toHaveLength(512 * kibibyte)
    await expect(replyText(pieces(300 * kibibyte, 212 * kibibyte, 1), bounds)).rejects.toThrow('more than 512 KiB')
  })

  test('is read no further once it is too much', async () => {
    const body = Readable.from(
      (function* endless() {
        for (;;) yield Buffer.alloc(kibibyte)
      })(),
    )
    await expect(replyText(body, { maxBytes: 10 * kibibyte, signal: never })).rejects.toThrow('more than 10 KiB')
    expect(body.destroyed).toBe(true)
  })

  test('keeps a letter that two pieces share', async () => {
    const bytes = Buffer.from('"ü☃"')
    expect(await replyText(Readable.from([...bytes].map((byte) => Buffer.of(byte))), bounds)).toBe('"ü☃"')
  })
})

describe('large replies, one at a time', () => {
  const large = (): PassThrough => {
    const body = new PassThrough({ highWaterMark: 1024 * kibibyte })
    body.write(Buffer.alloc(200 * kibibyte, ' '))
    return body
  }

  test('the second is read when the first is whole', async () => {
    const [first, second] = [large(), large()]
    const ended: string[] = []
    const reads = [
      replyText(first, bounds).then(() => ended.push('first')),
      replyText(second, bounds).then(() => ended.push('second')),
    ]
    second.end()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(ended).toEqual([])
    first.end()
    await Promise.all(reads)
    expect(ended).toEqual(['first', 'second'])
  })

  test('a small one does not wait', async () => {
    const first = large()
    const read = replyText(first, bounds)
    expect(await replyText(pieces(100 * kibibyte), bounds)).toHaveLength(100 * kibibyte)
    first.end()
    await read
  })

  test('one that does not go on gives its turn back after 2 s, and ends', async () => {
    vi.useFakeTimers()
    const [first, second] = [large(), large()]
    const slow = failure(replyText(first, bounds))
    const waiting = replyText(second, bounds)
    second.end()
    await vi.advanceTimersByTimeAsync(2000)
    expect(await slow).toBe('more than 128 KiB, and the rest did not come within 2 s')
    expect(await waiting).toHaveLength(200 * kibibyte)
  })

  test('one whose deadline comes while it waits leaves the queue, and the next is not held up by it', async () => {
    const [first, second, third] = [large(), large(), large()]
    const deadline = new AbortController()
    const reads = [replyText(first, bounds), replyText(third, bounds)]
    const late = failure(replyText(second, { ...bounds, signal: deadline.signal }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    deadline.abort(new Error('too late'))
    expect(await late).toBe('too late')
    expect(second.destroyed).toBe(true)
    first.end()
    third.end()
    expect((await Promise.all(reads)).map(({ length }) => length)).toEqual([200 * kibibyte, 200 * kibibyte])
  })
})

test('a turn goes in order, and is never held by two', async () => {
  const turn = new Turn()
  const order: number[] = []
  let held = 0
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      using _turn = await turn.take(never)
      expect(++held).toBe(1)
      await Promise.resolve()
      order.push(index)
      held--
    }),
  )
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index))
})

describe('the shape of a JSON text', () => {
  /** Byte by byte: no piece hides what it is. */
  const excess = (text: string): string | undefined => {
    const shape = new JsonShape()
    return [...Buffer.from(text)].map((byte) => shape.excess(Buffer.of(byte))).find((found) => found !== undefined)
  }

  test.each([
    ['nested to the bound', `${'['.repeat(64)}${']'.repeat(64)}`],
    ['brackets in strings, behind escaped quotes too', JSON.stringify('"['.repeat(200))],
    ['a string that ends with a backslash', JSON.stringify({ a: '\\', b: '['.repeat(100) })],
    ['one after another', '[],'.repeat(100)],
  ])('%s is well', (_, text) => {
    expect(excess(text)).toBeUndefined()
  })

  test('deeper is too much, in lists and objects', () => {
    expect(excess('['.repeat(65))).toBe('values nested more than 64 deep')
    expect(excess('{"a":['.repeat(33))).toBe('values nested more than 64 deep')
  })

  test('three hundred thousand values are well, and one more is too much', () => {
    expect(new JsonShape().excess(Buffer.from(`[${'0,'.repeat(299_998)}0]`))).toBeUndefined()
    expect(new JsonShape().excess(Buffer.from(`[${'0,'.repeat(300_000)}0]`))).toBe('more than 300000 values')
  })
})
