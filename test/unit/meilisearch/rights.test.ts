// How rights are found out, where the server does what the real one (test/integration/meilisearch) does not.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { rightsOf } from '../../../src/meilisearch/rights.ts'
import type { Rights } from '../../../src/meilisearch/rights.ts'
import { NotFound, TransientError } from '../../../src/errors.ts'
import { MeilisearchDouble, refusalAnswer, jsonAnswer } from '../../support/meilisearch/double.ts'
import type { Answer } from '../../support/meilisearch/double.ts'

let double: MeilisearchDouble

beforeEach(async () => {
  double = await MeilisearchDouble.start()
})
afterEach(async () => {
  await double[Symbol.asyncDispose]()
})

const rights = async (): Promise<Rights> =>
  await rightsOf(new MeilisearchClient({ endpoint: double.endpoint, key: 'x' }))
const only =
  (path: string, answer: Answer): Answer =>
  (response, asked) =>
    asked.path.startsWith(path) ? answer(response, asked) : false

test('nothing is asked for that changes anything', async () => {
  expect(await rights()).toEqual({ state: 'Granted' })
  expect(double.tasks).toEqual([])
  expect(double.asked.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual(['/tasks/cancel'])
})

test('a refusal for another reason is no lack of rights', async () => {
  double.answer = only('/tasks/cancel', refusalAnswer(405, 'method_not_allowed'))
  expect(await rights()).toEqual({ state: 'Granted' })
})

test('401 and 403 both are', async () => {
  double.answer = only('/stats', refusalAnswer(401, 'invalid_api_key'))
  expect(await rights()).toEqual({ state: 'TooWeak', missing: ['stats.get'] })
})

test('refused everywhere: the words of the server', async () => {
  double.answer = refusalAnswer(403, 'invalid_api_key', 'The provided API key is invalid.')
  expect(await rights()).toEqual({
    state: 'Refused',
    message: 'GET /stats answered 403 invalid_api_key: The provided API key is invalid.',
  })
})

test.each([500, 503, 429])('%i tells nothing about rights', async (status) => {
  double.answer = only('/version', refusalAnswer(status, 'internal'))
  await expect(rights()).rejects.toBeInstanceOf(TransientError)
})

test('something that has no such path is no Meilisearch', async () => {
  double.answer = refusalAnswer(404, 'not_found')
  await expect(rights()).rejects.toBeInstanceOf(NotFound)
})

test('one hidden task among twenty is enough; none is, on a server with fewer', async () => {
  const task = { uid: 1, type: 'documentAdditionOrUpdate', status: 'succeeded', enqueuedAt: 'x' }
  const page = (count: number, total: number): Answer =>
    only('/tasks?limit=20', jsonAnswer({ results: Array.from({ length: count }, () => task), total, next: null }))
  double.answer = page(19, 5000)
  expect(await rights()).toEqual({ state: 'Scoped' })
  double.answer = page(20, 5000)
  expect(await rights()).toEqual({ state: 'Granted' })
  double.answer = page(3, 3)
  expect(await rights()).toEqual({ state: 'Granted' })
})
