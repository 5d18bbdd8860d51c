// What the client makes of servers that misbehave: typed errors, in time, without the key, and never a second POST.
import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { send } from '../../../src/meilisearch/transport.ts'
import type { Call } from '../../../src/meilisearch/transport.ts'
import { NotFound, TerminalError, TransientError } from '../../../src/errors.ts'
import { freePorts } from '../../cluster/process/free-ports.ts'
import { MeilisearchDouble, refusalAnswer, jsonAnswer } from '../../support/meilisearch/double.ts'
import type { Answer, Asked } from '../../support/meilisearch/double.ts'

const key = 'a-key-that-nobody-may-ever-read'
let double: MeilisearchDouble
let client: MeilisearchClient

beforeEach(async () => {
  double = await MeilisearchDouble.start()
  client = new MeilisearchClient({ endpoint: double.endpoint, key })
})
afterEach(async () => {
  await double[Symbol.asyncDispose]()
})

/** The error, after a look for the key in all that it carries. */
async function failure(call: Promise<unknown>): Promise<Error & { code?: string; status?: number }> {
  const [ended] = await Promise.allSettled([call])
  if (ended.status === 'fulfilled') throw new Error('it did not fail')
  const error = ended.reason as Error
  expect(inspect(error, { depth: 20, showHidden: true, maxStringLength: Infinity })).not.toContain(key)
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(key)
  return error
}

const answerWith =
  (act: (response: ServerResponse, asked: Asked) => unknown): Answer =>
  (response, asked) => {
    act(response, asked)
    return true
  }

describe.each<[string, Call, string]>([
  ['GET', { method: 'GET', path: '/version', deadlineMs: 400 }, '/version'],
  ['POST', { method: 'POST', path: '/snapshots', deadlineMs: 400 }, '/snapshots'],
])('%s without a reply is a TransientError, and is sent once', (_, call, path) => {
  const sendCall = async (): Promise<unknown> => await send({ endpoint: double.endpoint, key }, call)

  test.each<[string, Answer]>([
    ['the connection is reset', answerWith((response) => response.socket?.resetAndDestroy())],
    ['the connection is closed', answerWith((response) => response.destroy())],
    [
      'the connection breaks within the reply',
      answerWith((response) =>
        response.writeHead(200, { 'content-length': 100 }).write('{"taskUid"', () => response.destroy()),
      ),
    ],
    ['no word at all', answerWith(() => undefined)],
    [
      'the head and no body',
      answerWith((response) => response.writeHead(200, { 'content-length': 100 }).flushHeaders()),
    ],
    ['something that is no HTTP', answerWith((response) => response.socket?.end('SSH-2.0-OpenSSH_9.9\r\n'))],
    ['a body that never ends', answerWith((response) => drip(response))],
  ])('%s', async (__, answer) => {
    double.answer = answer
    const started = performance.now()
    const error = await failure(sendCall())
    expect(error).toBeInstanceOf(TransientError)
    expect(error.status).toBeUndefined()
    expect(error.message).toMatch(
      new RegExp(`^${call.method} ${double.endpoint}${path} got no (reply: .+|whole reply within 0\\.4 s$)`),
    )
    expect(performance.now() - started).toBeLessThan(5000)
    expect(double.times(call.method, path)).toBe(1)
  })

  test('a body beyond all measure is cut off', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, ' ')
    let given = 0
    double.answer = answerWith((response) => {
      const more = (): void => void (response.destroyed || given === 200 || (given++, response.write(mebibyte, more)))
      more()
    })
    const error = await failure(send({ endpoint: double.endpoint, key }, { ...call, deadlineMs: 10_000 }))
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toBe(`${call.method} ${path} answered more than 1 MiB`)
    expect(given).toBeLessThan(50)
    expect(double.times(call.method, path)).toBe(1)
  })

  test('an old connection that the server closes on the next call', async () => {
    expect(await client.version()).toBeDefined()
    double.answer = answerWith((response) => response.destroy())
    expect(await failure(sendCall())).toBeInstanceOf(TransientError)
    expect(double.asked.slice(1).map(({ method }) => method)).toEqual([call.method])
  })

  test.each([500, 502, 503, 504, 429, 408])('%i', async (status) => {
    double.answer = refusalAnswer(status, 'internal', 'Try later.')
    const error = await failure(sendCall())
    expect(error).toMatchObject({
      name: 'TransientError',
      status,
      code: 'internal',
      message: `${call.method} ${path} answered ${status} internal: Try later.`,
    })
    expect(double.times(call.method, path)).toBe(1)
  })
})

function drip(response: ServerResponse): void {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

describe('refusals', () => {
  test.each([400, 401, 402, 403, 405, 409, 410, 422, 451])('%i will not pass by itself', async (status) => {
    double.answer = refusalAnswer(status, 'some_code', 'Because.')
    expect(await failure(client.createSnapshot())).toMatchObject({
      name: 'TerminalError',
      status,
      code: 'some_code',
      message: `POST /snapshots answered ${status} some_code: Because.`,
    })
    expect(double.times('POST', '/snapshots')).toBe(1)
  })

  test('404 is NotFound', async () => {
    double.answer = refusalAnswer(404, 'task_not_found')
    expect(await failure(client.task(5))).toBeInstanceOf(NotFound)
  })

  test('a redirection is not followed: the key would go elsewhere', async () => {
    await using elsewhere = await MeilisearchDouble.start()
    double.answer = answerWith((response) =>
      response.writeHead(307, { location: `${elsewhere.endpoint}/snapshots` }).end(),
    )
    expect(await failure(client.createSnapshot())).toMatchObject({ name: 'TerminalError', status: 307 })
    expect(elsewhere.asked).toEqual([])
  })

  test.each<[string, Answer]>([
    [
      'HTML',
      answerWith((response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>')),
    ],
    ['nothing', answerWith((response) => response.writeHead(502).end())],
    ['JSON of another kind', jsonAnswer([1, 2], 502)],
  ])('%s in place of an error', async (_, answer) => {
    double.answer = answer
    expect(await failure(client.version())).toMatchObject({
      name: 'TransientError',
      status: 502,
      code: undefined,
      message: 'GET /version answered 502: no message',
    })
  })

  test('long words, on several lines: one line that ends', async () => {
    double.answer = refusalAnswer(400, 'c'.repeat(5000), `first\nsecond\u001b[31m${'m'.repeat(50_000)}`)
    const { message, code } = await failure(client.version())
    expect(message.length).toBeLessThan(1200)
    expect(code?.length).toBeLessThan(100)
    expect(message).toMatch(/: first second \[31mm+…$/)
  })

  test('a key that is repeated in escapes is not repeated', async () => {
    const escaped = key.replace(/./g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    double.answer = answerWith((response) => response.writeHead(403).end(`{"code":"no","message":"${escaped}"}`))
    expect((await failure(client.version())).message).toBe('GET /version answered 403 no: [key]')
  })

  test('a server that repeats the key in its refusal is not repeated', async () => {
    double.answer = (response, asked) =>
      refusalAnswer(403, 'invalid_api_key', `"${asked.authorization}" is not allowed.`)(response, asked)
    expect(await failure(client.version())).toBeInstanceOf(TerminalError)
  })
})

describe('a reply that Meilisearch would not give', () => {
  test.each<[string, unknown]>([
    ['a word', 'hello'],
    ['nothing', null],
    ['another shape', { taskUid: 'seven', enqueuedAt: 5 }],
    ['a list', []],
  ])('%s: a TransientError that names the call', async (_, reply) => {
    double.answer = jsonAnswer(reply)
    for (const call of [
      client.version(),
      client.stats(),
      client.newestTask(),
      client.task(1),
      client.batch(1),
      client.runningBatch(),
    ]) {
      expect(await failure(call)).toMatchObject({
        name: 'TransientError',
        message: expect.stringMatching(/^GET \/\S+ answered something that Meilisearch 1\.12 or later would not: /),
      })
    }
    expect(await failure(client.createSnapshot())).toBeInstanceOf(TransientError)
    expect(double.times('POST', '/snapshots')).toBe(1)
  })

  test.each(['<html>', '', '{"taskUid":1', ']['])('no JSON (%j)', async (text) => {
    double.answer = answerWith((response) => response.end(text))
    expect(await failure(client.version())).toBeInstanceOf(TransientError)
  })

  test('what does not fit in status', async () => {
    const stats = { databaseSize: 1, usedDatabaseSize: 1, lastUpdate: '2026-03-01T11:00:00Z', indexes: {} }
    for (const odd of [
      { databaseSize: -1 },
      { databaseSize: 1.5 },
      { usedDatabaseSize: 1e300 },
      { lastUpdate: 'x'.repeat(100) },
      { indexes: { a: { numberOfDocuments: -4 } } },
    ]) {
      double.answer = jsonAnswer({ ...stats, ...odd })
      expect(await failure(client.stats()), JSON.stringify(odd).slice(0, 50)).toBeInstanceOf(TransientError)
    }
    double.answer = jsonAnswer({ commitSha: 'x', pkgVersion: 'x'.repeat(100) })
    expect(await failure(client.version())).toBeInstanceOf(TransientError)
    double.answer = jsonAnswer({ uid: 1, type: 'snapshotCreation', status: 'succeeded', enqueuedAt: 'x'.repeat(100) })
    expect(await failure(client.task(1))).toBeInstanceOf(TransientError)
  })

  test('the name of a step is that of an index at times, and cut', async () => {
    const progress = {
      steps: [
        { currentStep: 'processing tasks', finished: 0, total: 1 },
        { currentStep: 'x'.repeat(400), finished: 0, total: 1 },
      ],
      percentage: 50,
    }
    double.answer = jsonAnswer({ results: [{ uid: 3, progress, stats: { types: { snapshotCreation: 1 } } }] })
    expect((await client.runningBatch())?.progress?.steps.map(({ currentStep }) => currentStep.length)).toEqual([
      16, 128,
    ])
  })

  test('pages that never end come to one, and the oldest tasks are kept', async () => {
    double.answer = (response, asked) => {
      const from = Number(new URL(asked.path, double.endpoint).searchParams.get('from'))
      const results = Array.from({ length: 100 }, (_, index) => ({
        uid: from + index,
        type: 'snapshotCreation',
        status: 'succeeded',
        enqueuedAt: 'x',
      }))
      return jsonAnswer({ results, total: 9, next: from + 100 })(response, asked)
    }
    const found = await client.snapshotTasksFrom(0)
    expect(found.map(({ uid }) => uid)).toEqual(Array.from({ length: 2000 }, (_, uid) => uid))
  })

  test('more results than were asked for', async () => {
    const results = Array.from({ length: 101 }, (_, uid) => ({ uid, type: 'x', status: 'succeeded', enqueuedAt: 'x' }))
    double.answer = jsonAnswer({ results, total: 101 })
    expect(await failure(client.newestTask())).toMatchObject({ name: 'TransientError', code: 'unfit_reply' })
  })

  test('long words of a task, and many types and steps of a batch, are cut', async () => {
    const long = 'x'.repeat(50_000)
    double.answer = jsonAnswer({
      uid: 1,
      type: long,
      status: 'failed',
      enqueuedAt: 'x',
      error: { message: long, code: long },
    })
    expect(JSON.stringify(await client.task(1)).length).toBeLessThan(3000)
    const types = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`${index}-${'y'.repeat(100)}`, 1]))
    const steps = Array.from({ length: 5000 }, (_, index) => ({ currentStep: `step ${index}` }))
    double.answer = jsonAnswer({ uid: 1, progress: { steps, percentage: 1 }, stats: { types } })
    const { stats, progress } = await client.batch(1)
    expect(JSON.stringify(stats).length).toBeLessThan(2000)
    expect(progress?.steps.at(-1)).toEqual({ currentStep: 'step 4999' })
    expect(progress?.steps.length).toBeLessThan(10)
  })

  test('pages that do not advance come to an end', async () => {
    const page = {
      results: [{ uid: 3, type: 'snapshotCreation', status: 'succeeded', enqueuedAt: 'x' }],
      total: 9,
      next: 3,
    }
    double.answer = jsonAnswer(page)
    expect(await failure(client.snapshotTasksFrom(3))).toBeInstanceOf(TransientError)
    expect(double.asked).toHaveLength(1)
  })

  test('whatever JSON: a typed reply or a TransientError, nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc
            .record({ results: fc.anything(), total: fc.nat(), uid: fc.nat(), next: fc.anything() })
            .map((value) => JSON.stringify(value)),
        ),
        async (json) => {
          double.answer = answerWith((response) => response.end(json))
          for (const call of [client.newestTask(), client.stats(), client.runningBatch()]) {
            const [ended] = await Promise.allSettled([call])
            if (ended.status === 'rejected') expect(ended.reason).toBeInstanceOf(TransientError)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a key that cannot be sent', () => {
  test.each(['two\nlines', 'null\0byte', 'schlüssel-☃'])('%j is no reply, and is not quoted', async (odd) => {
    const error = await failure(new MeilisearchClient({ endpoint: double.endpoint, key: odd }).version())
    expect(error).toBeInstanceOf(TransientError)
    expect(inspect(error, { depth: 20 })).not.toContain(odd)
  })
})

test('a port on which nobody listens', async () => {
  const [port] = await freePorts()
  expect(await failure(new MeilisearchClient({ endpoint: `http://127.0.0.1:${port}`, key }).health())).toMatchObject({
    name: 'TransientError',
    code: 'ECONNREFUSED',
  })
})

test('many calls at once, each with its own reply', async () => {
  double.answer = (response, asked) =>
    jsonAnswer({ uid: Number(asked.path.split('/').at(-1)), type: 'x', status: 'enqueued', enqueuedAt: 'x' })(
      response,
      asked,
    )
  const uids = Array.from({ length: 200 }, (_, uid) => uid)
  expect((await Promise.all(uids.map((uid) => client.task(uid)))).map(({ uid }) => uid)).toEqual(uids)
})
