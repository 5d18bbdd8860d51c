// Keys of a server that we run, on the real one: values that are computed before anybody has asked for them.
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { applicationKey, derivedKey, operatorKey } from '../../../src/meilisearch/keys.ts'
import { rightsOf } from '../../../src/meilisearch/rights.ts'
import { TerminalError } from '../../../src/errors.ts'
import { keyUids } from '../../../src/reconcile/names/objects.ts'
import { MeilisearchDouble, jsonAnswer } from '../../support/meilisearch/double.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'

const masterKey = randomBytes(24).toString('base64url')
const server = serverWithDocuments(meilisearches(), { masterKey })

const as = (key: string): MeilisearchClient => new MeilisearchClient({ endpoint: server.endpoint, key })

test("the operator's key has exactly the value that was computed, and every right that is needed; made twice it is made once", async () => {
  await expect(rightsOf(as(derivedKey(masterKey, keyUids.operator)))).resolves.toMatchObject({ state: 'Refused' })
  for (let round = 0; round < 2; round += 1) await as(masterKey).ensureKey(operatorKey(keyUids.operator))
  const ours = as(derivedKey(masterKey, keyUids.operator))
  expect(await rightsOf(ours)).toEqual({ state: 'Granted' })
  expect((await ours.createSnapshot()).taskUid).toBeGreaterThanOrEqual(0)
  expect(await ours.newestUpgrade()).toBeUndefined()
  await expect(ours.ensureKey(applicationKey(keyUids.application)), 'it can make no keys').rejects.toThrow(
    'invalid_api_key',
  )
})

test("the applications' key searches, and nothing else", async () => {
  await as(masterKey).ensureKey(applicationKey(keyUids.application))
  await server.api.load('films', '{"id":1,"title":"alien"}')
  const search = async (key: string): Promise<number> =>
    (await fetch(`${server.endpoint}/indexes/films/search?q=alien`, { headers: { authorization: `Bearer ${key}` } }))
      .status
  expect(await search(derivedKey(masterKey, keyUids.application))).toBe(200)
  expect(await search(derivedKey(masterKey, keyUids.operator))).toBe(403)
  expect(await rightsOf(as(derivedKey(masterKey, keyUids.application)))).toMatchObject({ state: 'Refused' })
})

test('a wrong master key makes no key, and stands in no error', async () => {
  const error: unknown = await as('another-master-key')
    .ensureKey(operatorKey(keyUids.operator))
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TerminalError)
  expect(String(error)).not.toContain('another-master-key')
})

test('a server that asks to be restarted is distinguished from one that is broken', async () => {
  await using double = await MeilisearchDouble.start()
  double.answer = jsonAnswer({ status: 'mustRestart' }, 500)
  await expect(new MeilisearchClient({ endpoint: double.endpoint }).health()).rejects.toMatchObject({
    name: 'TransientError',
    code: 'mustRestart',
  })
})
