// Servers that swallow packets or drip: what they take from the others, and how soon one that answers again is found.
import { describe, expect, test, vi } from 'vitest'
import { TransientError } from '../../../src/errors.ts'
import { SilentServers } from '../../../src/meilisearch/silent-servers.ts'
import type { Limits } from '../../../src/meilisearch/silent-servers.ts'
import { certificateRejected } from '../../../src/meilisearch/transport.ts'
import { runController } from '../../../src/runtime/controller.ts'
import { WorkQueue } from '../../../src/runtime/workqueue.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import { recordingLogger } from '../../support/runtime/log.ts'
import { VirtualTime } from '../../support/runtime/virtual-time.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const endpoint = 'http://10.1.2.3:7700'
const noReply = (code = 'UND_ERR_CONNECT_TIMEOUT'): TransientError =>
  new TransientError(`GET ${endpoint}/tasks?limit=1 got no reply: ${code}`, { code })

/** One server, and a clock that only its answers move. */
class Server {
  nowMs = Date.parse('2026-03-01T12:00:00Z')
  asked = 0
  limits: Limits | undefined
  /** What it does with a question. */
  answer: (limits: Limits) => string = ({ connectMs }) => {
    this.nowMs += connectMs
    throw noReply()
  }
  readonly #silent = new SilentServers(() => this.nowMs)

  async look(more: { news?: string; insistsFromMs?: number } = {}): Promise<string> {
    try {
      return await this.#silent.ask({ endpoint, news: 'uid-1', ...more }, async (limits) => {
        this.asked++
        this.limits = limits
        return await Promise.resolve(this.answer(limits))
      })
    } catch (error) {
      return (error as Error).message
    }
  }

  /** Looked at each second. */
  async pass(seconds: number): Promise<readonly string[]> {
    const said: string[] = []
    const untilMs = this.nowMs + seconds * second
    while (this.nowMs < untilMs) {
      said.push(await this.look())
      this.nowMs += second
    }
    return said
  }
}

/** `dead` servers of `workers` workers' objects, and one that answers; all in virtual time. */
async function waitsOfHealthy({
  dead,
  workers,
}: {
  dead: number
  workers: number
}): Promise<{ first: number; later: number }> {
  const time = new VirtualTime()
  const silent = new SilentServers(() => time.now())
  const queue = new WorkQueue({ clock: time })
  const begun: number[] = []
  const reconcile = async (key: string): Promise<{ requeueAfterMs: number }> => {
    if (key === 'shop/healthy') {
      begun.push(time.now())
      return { requeueAfterMs: second }
    }
    await silent
      .ask({ endpoint: key, news: '' }, async ({ connectMs }) => {
        await time.pause(connectMs)
        throw noReply()
      })
      .catch(() => undefined)
    return { requeueAfterMs: 10 * second }
  }
  const { logger } = recordingLogger()
  const ended = runController({ name: 'a', kind: 'A', queue, reconcile, workers, logger, metrics: new Metrics('test') })
  for (let index = 0; index < dead; index++) queue.add(`dead/${index}`)
  queue.add('shop/healthy')
  await time.advance(800 * second)
  queue.close()
  await time.advance(10 * second)
  await ended
  const waits = begun.slice(1).map((at, index) => ({ at, ms: at - begun[index]! }))
  const longest = (some: typeof waits): number => Math.max(...some.map(({ ms }) => ms))
  return { first: begun[0]!, later: longest(waits.filter(({ at }) => at - begun[0]! > 10 * second)) }
}

describe('three hundred servers that swallow packets', () => {
  test('take seconds from a healthy one when they fall silent, and nothing from then on', async () => {
    const { first, later } = await waitsOfHealthy({ dead: 300, workers: 32 })
    expect(first).toBeLessThan(20 * second)
    expect(later).toBeLessThan(1.5 * second)
  })
})

describe('a server that does not answer', () => {
  test('is asked more and more seldom, briefly, and not at all in between', async () => {
    const server = new Server()
    await server.look()
    expect(server.limits).toMatchObject({ isDoubtful: false, connectMs: 3000 })
    await server.pass(60)
    expect(server.limits).toMatchObject({ isDoubtful: true, connectMs: 1500 })
    expect(server.asked).toBe(4)
    const before = server.asked
    await server.pass(600)
    expect(server.asked - before).toBeLessThanOrEqual(11)
  })

  test('is spoken of with the same words all the time: no status is written for it again', async () => {
    const words = await new Server().pass(300)
    expect(new Set(words)).toEqual(new Set([`GET ${endpoint}/tasks?limit=1 got no reply: UND_ERR_CONNECT_TIMEOUT`]))
  })

  test('is found within about a minute once it answers, however long it was silent', async () => {
    const server = new Server()
    await server.pass(3600)
    server.answer = () => 'well'
    const since = server.nowMs
    while ((await server.look()) !== 'well') server.nowMs += second
    expect(server.nowMs - since).toBeLessThanOrEqual(61 * second)
    expect(server.limits?.isDoubtful).toBe(true)
    expect(await server.look()).toBe('well')
    expect(server.limits?.isDoubtful).toBe(false)
  })

  test('is asked though our clock was set back by an hour', async () => {
    const server = new Server()
    await server.pass(600)
    server.nowMs -= 3600 * second
    server.answer = () => 'well'
    expect(await server.look()).toBe('well')
  })

  test('is asked at once where there is news of its pod', async () => {
    const server = new Server()
    await server.pass(600)
    server.answer = () => 'well'
    expect(await server.look({ news: 'uid-2' })).toBe('well')
  })

  test('is asked, and with all patience, before something final follows from its silence', async () => {
    const server = new Server()
    await server.pass(600)
    server.answer = () => 'well'
    expect(await server.look({ insistsFromMs: server.nowMs + 1 })).not.toBe('well')
    expect(await server.look({ insistsFromMs: server.nowMs })).toBe('well')
    expect(server.limits?.isDoubtful).toBe(false)
  })

  test('in time, or that drips until its time is up, has a quarter of a worker at most', async () => {
    const server = new Server()
    server.answer = () => {
      server.nowMs += 20 * second
      throw noReply('UND_ERR_ABORTED')
    }
    await server.pass(3600)
    expect((server.asked * 20) / 3600).toBeLessThan(0.26)
  })
})

test('one that answers in between is no better for it: its pauses go on growing', async () => {
  const server = new Server()
  const drip = (): never => {
    server.nowMs += 20 * second
    throw noReply('UND_ERR_ABORTED')
  }
  let isDripping = false
  let dripped = 0
  server.answer = () => {
    isDripping = !isDripping
    if (!isDripping) return 'well'
    dripped++
    return drip()
  }
  await server.pass(3600)
  expect((dripped * 20) / 3600).toBeLessThan(0.26)
})

test('of those that were silent only sixteen are asked at once, and the others when one of these has ended', async () => {
  let nowMs = 0
  const silent = new SilentServers(() => nowMs)
  const look = (index: number, questions: () => Promise<string>): Promise<string> =>
    silent.ask({ endpoint: `http://10.0.0.${index}:7700`, news: '' }, questions).catch(() => 'silent')
  for (let index = 0; index < 18; index++)
    await look(index, async () => {
      nowMs += second
      return await Promise.reject(noReply())
    })
  nowMs += 60 * second
  const { promise, resolve } = Promise.withResolvers<string>()
  const looks = Array.from({ length: 18 }, (_, index) => look(index, async () => await promise))
  expect(await looks[16]).toBe('silent')
  expect(await looks[17]).toBe('silent')
  resolve('well')
  expect(await Promise.all(looks.slice(0, 16))).toEqual(Array.from({ length: 16 }, () => 'well'))
  expect(await look(17, async () => await Promise.resolve('well'))).toBe('well')
})

test.each([
  ['a refused connection, which costs nobody anything', noReply('ECONNREFUSED'), 5],
  ['a refusal', new TransientError('GET /health answered 503', { status: 503 }), second],
  ['a refused certificate', new TransientError('not trusted', { code: certificateRejected }), second],
])('%s is no silence', async (_, error, tookMs) => {
  const server = new Server()
  server.answer = () => {
    server.nowMs += tookMs
    throw error
  }
  expect(await server.pass(10)).toContain(error.message)
  expect(server.asked).toBeGreaterThan(4)
  expect(server.limits?.isDoubtful).toBe(false)
})
