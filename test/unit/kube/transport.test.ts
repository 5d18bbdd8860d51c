// What becomes of a request whose answer is late, short, broken, or none of the API server's.
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { WatchEvent } from '../../../src/kube/reader.ts'
import { configMaps } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Gone, NotFound, TerminalError, TransientError } from '../../../src/errors.ts'
import { RateLimit, requestRoute } from '../../../src/kube/route.ts'
import { answering } from './fake-api-server.ts'
import type { Answering, Fake } from './fake-api-server.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const ref = { namespace: 'shop', name: 'first' }
const never = new AbortController().signal
const get = async ({ kube }: Fake): Promise<unknown> => await kube.get(configMaps, ref)
const watch = ({ kube }: Fake, signal = never): AsyncGenerator<WatchEvent<KubeObject>> =>
  kube.watch(configMaps, { namespace: 'shop', timeoutSeconds: 300, signal })
const line = (name: string): string => `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`

/** A hundredth of each deadline. */
function hurry(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms / 100))
}

async function names(events: AsyncGenerator<WatchEvent<KubeObject>>): Promise<{ seen: string[]; error?: unknown }> {
  const seen: string[] = []
  try {
    for await (const { object } of events) seen.push(object.metadata.name)
    return { seen }
  } catch (error) {
    return { seen, error }
  }
}

describe("the API server's clock", () => {
  test('is what its last good reply says, and the time since then', async () => {
    const dates = ['Sun, 01 Mar 2026 12:00:00 GMT', 'no date']
    await using fake = await answering((response) => {
      response.setHeader('date', dates.shift() ?? 'Mon, 02 Mar 2026 12:00:00 GMT')
      response.statusCode = dates.length === 0 ? 500 : 200
      response.end('{}')
    })
    expect(fake.kube.serverTimeMs()).toBeUndefined()
    await get(fake)
    const afterMs = (fake.kube.serverTimeMs() ?? 0) - Date.parse('2026-03-01T12:00:00Z')
    expect(afterMs).toBeGreaterThanOrEqual(0)
    expect(afterMs).toBeLessThan(10_000)
    await get(fake).catch(() => undefined)
    expect(fake.kube.serverTimeMs()).toBeLessThan(Date.parse('2026-03-01T12:01:00Z'))
  })
})

describe('a server that asks for patience', () => {
  test.each([
    [429, { 'retry-after': '1' }, 1000],
    [503, { 'retry-after': '30' }, 30_000],
    [500, {}, undefined],
    [504, {}, undefined],
  ])('with %d and %j is a TransientError with that time', async (code, headers, retryAfterMs) => {
    await using fake = await answering(
      (response) => void response.writeHead(code, headers).end('{"kind":"Status","reason":"Busy","message":"later"}'),
    )
    const error = expect.objectContaining({
      name: 'TransientError',
      status: code,
      retryAfterMs,
      message: `GET ConfigMap shop/first answered ${code} Busy: later`,
    }) as Error
    await expect(get(fake)).rejects.toEqual(error)
    await expect(watch(fake).next()).rejects.toMatchObject({ name: 'TransientError', status: code, retryAfterMs })
  })

  test('is not asked again by the transport: the work queue knows better when', async () => {
    await using fake = await answering((response) => void response.writeHead(503).end())
    await expect(get(fake)).rejects.toThrow(TransientError)
    expect(fake.asked).toHaveLength(1)
  })
})

describe('without a reply', () => {
  test('a request to where nobody listens says so with the address', async () => {
    await using fake = await answering(() => undefined)
    await fake.close()
    await expect(get(fake)).rejects.toThrow(
      /^GET ConfigMap shop\/first got no reply: connect ECONNREFUSED 127\.0\.0\.1:\d+$/,
    )
    await expect(watch(fake).next()).rejects.toThrow(/^WATCH ConfigMap shop got no reply: connect ECONNREFUSED/)
  })

  test.each<[string, Answering]>([
    ['says nothing', () => undefined],
    [
      'stops in the middle of its answer',
      (response) => void response.writeHead(200, { 'content-length': '100' }).write('{"kind":'),
    ],
  ])('a request to a server that %s ends at its deadline', async (_, answer) => {
    hurry()
    await using fake = await answering(answer)
    const begun = performance.now()
    await expect(get(fake)).rejects.toThrow(
      /^GET ConfigMap shop\/first got no reply: The operation was aborted due to timeout$/,
    )
    expect(performance.now() - begun).toBeGreaterThan(90)
  })

  test('a request whose connection breaks in the middle of its answer is transient', async () => {
    await using fake = await answering((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"kind":', () => response.socket?.resetAndDestroy())
    })
    await expect(get(fake)).rejects.toThrow(TransientError)
  })

  test('an error keeps its cause, and nothing of the token', async () => {
    await using fake = await answering((response) => void response.socket?.resetAndDestroy())
    const error = await get(fake).catch((thrown: unknown) => thrown as Error)
    expect(error).toMatchObject({ cause: expect.any(Error) as Error })
    expect(JSON.stringify([error, (error as Error).cause, String((error as Error).stack)])).not.toContain('top-secret')
  })
})

test('an answer that is not the API server’s is transient, whatever its status says', async () => {
  await using fake = await answering(
    (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>'),
  )
  await expect(get(fake)).rejects.toThrow(new TransientError('GET ConfigMap shop/first was answered, but not in JSON'))
  await expect(fake.kube.listAll(configMaps)).rejects.toThrow(TransientError)
})

test('a redirection is not followed: the token is for this server alone', async () => {
  await using fake = await answering((response) => void response.writeHead(302, { location: '/elsewhere' }).end())
  await expect(get(fake)).rejects.toThrow(TerminalError)
  expect(fake.asked).toEqual(['/api/v1/namespaces/shop/configmaps/first'])
})

test('a name stays one step of the path', async () => {
  await using fake = await answering((response) => void response.writeHead(200).end('{}'))
  for (const name of ['a/b', '../secrets/keys', 'a?b', 'a#b', '%2e%2e', 'ä ö'])
    await fake.kube.get(configMaps, { namespace: 'shop', name })
  for (const name of ['.', '..'])
    await expect(fake.kube.get(configMaps, { namespace: 'shop', name })).rejects.toThrow(NotFound)
  expect(fake.asked.map((path) => path.replace('/api/v1/namespaces/shop/configmaps/', ''))).toEqual([
    'a%2Fb',
    '..%2Fsecrets%2Fkeys',
    'a%3Fb',
    'a%23b',
    '%252e%252e',
    '%C3%A4%20%C3%B6',
  ])
})

test('a request without a reply is counted as such', async () => {
  const counted: string[] = []
  await using fake = await answering(
    (response) => void response.socket?.resetAndDestroy(),
    ({ verb, resource, code }) => counted.push(`${verb} ${resource} ${code}`),
  )
  await get(fake).catch(() => undefined)
  expect(counted).toEqual(['get configmaps none'])
})

describe('a list of large objects', () => {
  const thing = (name: string): KubeObject => ({ metadata: { name, annotations: { large: 'x'.repeat(100_000) } } })
  const pageOf = (url: URL, count: number): object => {
    const from = Number(url.searchParams.get('continue') ?? 0)
    const end = Math.min(count, from + Number(url.searchParams.get('limit')))
    const items = Array.from({ length: end - from }, (_, nth) => thing(String(from + nth)))
    return { metadata: { resourceVersion: '7', ...(end < count ? { continue: String(end) } : {}) }, items }
  }

  test('is read whole, in pages that are small enough for memory', async () => {
    await using fake = await answering(
      (response, { url = '' }) => void response.end(JSON.stringify(pageOf(new URL(url, 'http://api'), 300))),
    )
    const sizes: number[] = []
    const seen: string[] = []
    for await (const { items } of fake.kube.pages(configMaps)) {
      sizes.push(items.length)
      seen.push(...items.map(({ metadata }) => metadata.name))
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (_, nth) => String(nth)))
    // 8 MiB are 83 of them: 500, 250 and 125 were too many.
    expect(sizes).toEqual([63, 63, 63, 63, 48])
    expect(fake.asked.map((path) => new URL(path, 'http://api').searchParams.get('limit')).slice(0, 4)).toEqual([
      '500',
      '250',
      '125',
      '63',
    ])
  })

  test('of which one alone is too large is an error, and no loop', async () => {
    await using fake = await answering((response) => void response.end(Buffer.alloc(9 * 1024 * 1024, 'x')))
    await expect(fake.kube.listAll(configMaps)).rejects.toThrow(TransientError)
    expect(fake.asked.length).toBe(10)
  })
})

describe('a limit of requests', () => {
  test('lets a burst through at once, and the rest one after the other; watches do not count', async () => {
    const waits: number[] = []
    const limit = new RateLimit({ perSecond: 50, burst: 5 }, (seconds) => waits.push(seconds))
    await using fake = await answering(
      (response, { url = '' }) => void response.end(url.includes('watch=') ? line('news') : '{}'),
      undefined,
      { ...requestRoute, limit },
    )
    const begun = performance.now()
    await Promise.all(Array.from({ length: 5 }, () => get(fake)))
    expect(waits).toEqual([])
    await Promise.all([...Array.from({ length: 10 }, () => get(fake)), names(watch(fake))])
    expect(performance.now() - begun).toBeGreaterThan(150)
    expect(waits.length).toBeGreaterThan(5)
    expect(Math.max(...waits)).toBeLessThan(0.25)
  })
})

describe('a stream', () => {
  test('may bring more in its life than one reply may', async () => {
    const large = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'n'.repeat(1024 * 1024) } } })}\n`
    await using fake = await answering((response) => void response.end(large.repeat(10)))
    expect((await names(watch(fake))).seen.length).toBe(10)
  })

  test('is put together again from pieces of one byte', async () => {
    await using fake = await answering(async (response) => {
      for (const byte of Buffer.from(line('漢🦊') + line('ß'))) {
        response.write(Buffer.of(byte))
        await turn()
      }
      response.end()
    })
    expect(await names(watch(fake))).toEqual({ seen: ['漢🦊', 'ß'] })
  })

  test('that brings a line without an end is cut, and keeps no more of it', async () => {
    let given = 0
    await using fake = await answering((response) => {
      const piece = Buffer.alloc(1024 * 1024, 'x')
      const more = (): void => void (response.destroyed || given === 100 || (given++, response.write(piece, more)))
      response.write(line('whole'), more)
    })
    expect(await names(watch(fake))).toMatchObject({
      seen: ['whole'],
      error: {
        name: 'TransientError',
        message: expect.stringContaining('a line of more than 16777216 characters') as string,
      },
    })
    expect(given).toBeLessThan(40)
  }, 30_000)

  test('that breaks within a line gives the whole lines before it, and is transient', async () => {
    await using fake = await answering((response) => {
      response.write(`${line('whole')}{"type":"ADDED","obj`, () =>
        setTimeout(() => response.socket?.resetAndDestroy(), 20),
      )
    })
    expect(await names(watch(fake))).toEqual({ seen: ['whole'], error: expect.any(TransientError) as Error })
  })

  test.each([
    ['410', { code: 410, reason: 'Expired', message: 'too old' }, Gone],
    ['500', { code: 500, reason: 'InternalError', message: 'etcd is away' }, TransientError],
    ['no code', { message: 'strange' }, TransientError],
  ])('that brings an ERROR with %s ends with its error', async (_, status, type) => {
    await using fake = await answering(
      (response) =>
        void response.end(
          `${line('before')}${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', ...status } })}\n${line('after')}`,
        ),
    )
    expect(await names(watch(fake))).toEqual({ seen: ['before'], error: expect.any(type) as Error })
  })

  test('that falls silent is cut after two and a half minutes, and not while it speaks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let speak = (): void => undefined
    await using fake = await answering((response) => {
      speak = () => void response.write(line('still here'))
      speak()
    })
    const events = watch(fake)
    for (let spoken = 0; spoken < 3; spoken++) {
      expect((await events.next()).value).toMatchObject({ object: { metadata: { name: 'still here' } } })
      await vi.advanceTimersByTimeAsync(140_000)
      if (spoken < 2) speak()
    }
    await Promise.all([
      expect(events.next()).rejects.toThrow(
        /^WATCH ConfigMap shop got no reply: (the stream fell silent|Body Timeout Error)$/,
      ),
      vi.advanceTimersByTimeAsync(20_000),
    ])
  })

  test('that never begins is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const asked = Promise.withResolvers<void>()
    await using fake = await answering(() => asked.resolve())
    const passTime = async (): Promise<void> => {
      await asked.promise
      await vi.advanceTimersByTimeAsync(151_000)
    }
    await Promise.all([
      expect(watch(fake).next()).rejects.toThrow(
        /^WATCH ConfigMap shop got no reply: (the stream fell silent|Headers Timeout Error)$/,
      ),
      passTime(),
    ])
  })

  test('that is ended by its signal ends without an error, also before it begins', async () => {
    const stop = new AbortController()
    await using fake = await answering(() => stop.abort())
    expect(await names(watch(fake, stop.signal))).toEqual({ seen: [] })
  })
})
