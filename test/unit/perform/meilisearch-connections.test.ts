// From a reference to a client: Secrets are read anew each time, and nothing of them gets into a sentence.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { secrets } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import type { Connection } from '../../../src/perform/meilisearch-connections.ts'
import type { ServerReference } from '../../../src/reconcile/decision.ts'
import { TransientError } from '../../../src/errors.ts'
import { KubeInMemory, refusal } from '../../support/kubernetes/kube-in-memory.ts'
import { MeilisearchDouble } from '../../support/meilisearch/double.ts'

let kube: KubeInMemory
let engine: MeilisearchDouble

beforeEach(async () => {
  kube = new KubeInMemory()
  engine = await MeilisearchDouble.start()
})
afterEach(async () => {
  await engine[Symbol.asyncDispose]()
})

const secret = (data: Record<string, string>, name = 'keys'): KubeObject =>
  kube.lay(secrets, {
    metadata: { namespace: 'shop', name },
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  } as KubeObject)
const open = async (more: Partial<ServerReference> = {}): Promise<Connection> =>
  await new Connections(kube).open({ namespace: 'shop', endpoint: engine.endpoint, ...more })
const apiKey = { name: 'keys', key: 'k' }

/** The header that the server saw. */
async function readAuthorization(more: Partial<ServerReference>): Promise<string | undefined> {
  const connection = await open(more)
  if (connection.state !== 'Open') throw new Error(connection.message)
  await connection.client.version()
  return engine.asked.at(-1)?.authorization
}

describe('the key', () => {
  test('none is sent where none is named', async () => {
    expect(await readAuthorization({})).toBeUndefined()
  })

  test.each(['top-secret', 'top-secret\n', '  top-secret\r\n'])(
    'goes as it stands in the Secret, without the white space around it: %j',
    async (text) => {
      secret({ k: text, other: 'x' })
      expect(await readAuthorization({ apiKey })).toBe('Bearer top-secret')
    },
  )

  test('is read anew: a change counts at once', async () => {
    secret({ k: 'first' })
    expect(await readAuthorization({ apiKey })).toBe('Bearer first')
    secret({ k: 'second' })
    expect(await readAuthorization({ apiKey })).toBe('Bearer second')
  })

  test('is read in the namespace of the instance only', async () => {
    kube.lay(secrets, { metadata: { namespace: 'elsewhere', name: 'keys' }, data: { k: 'eA==' } } as KubeObject)
    expect(await open({ apiKey })).toMatchObject({ state: 'SecretMissing' })
  })
})

describe('a key that no client can send is said to be that, and is not quoted', () => {
  test.each([
    ['two\nlines', 'a line break'],
    ['two\r\nlines', 'a line break'],
    ['nothing\0here', 'a control character'],
    ['tabbed\there', 'a control character'],
    ['snowman-☃', 'a letter or sign beyond ASCII'],
    ['schlüssel', 'a letter or sign beyond ASCII'],
  ])('%j', async (text, flaw) => {
    secret({ k: text })
    expect(await open({ apiKey })).toEqual({
      state: 'KeyUnusable',
      message: `The key in Secret keys/k cannot be sent: it holds ${flaw}. Replace it with a key without that; it goes on by itself.`,
    })
    expect((await new Connections(kube).look({ namespace: 'shop', name: 'keys' }, 'k'))?.key).toMatchObject({ flaw })
  })

  test('while a key that is made from it can be', async () => {
    secret({ k: 'schlüssel' })
    expect(await readAuthorization({ apiKey, keyUid: 'an-uid' })).toMatch(/^Bearer [0-9a-f]{64}$/)
  })
})

describe('what is missing is said, with what helps', () => {
  test('the Secret', async () => {
    expect(await open({ apiKey })).toEqual({
      state: 'SecretMissing',
      message: 'Secret keys does not exist in namespace shop. It goes on by itself when it is there.',
    })
  })

  test('the key in it, and no other key is named', async () => {
    secret({ hidden: 'top-secret' })
    expect(await open({ apiKey })).toEqual({
      state: 'SecretMissing',
      message: 'Secret keys has no key k. It goes on by itself when the key is there.',
    })
  })

  test('a Secret without any data', async () => {
    kube.lay(secrets, { metadata: { namespace: 'shop', name: 'keys' } })
    expect(await open({ apiKey })).toMatchObject({
      state: 'SecretMissing',
      message: expect.stringContaining('has no key k'),
    })
  })

  test('the right to read it', async () => {
    kube.before = () => {
      throw refusal(403, 'Forbidden', 'secrets "keys" is forbidden')
    }
    expect(await open({ apiKey })).toMatchObject({
      state: 'SecretMissing',
      message: expect.stringMatching(/cannot be read.*forbidden.*right to it in namespace shop.*rbac\.secretNames/),
    })
  })

  test('the authority', async () => {
    secret({ k: 'top-secret' })
    const missing = await open({ apiKey, ca: { name: 'ca', key: 'ca.crt' } })
    expect(missing).toMatchObject({
      state: 'SecretMissing',
      message: expect.stringContaining('Secret ca does not exist'),
    })
    expect(JSON.stringify(missing)).not.toContain('top-secret')
  })

  test('an API server that does not answer is an error: later', async () => {
    kube.before = () => {
      throw refusal(500, 'InternalError')
    }
    await expect(open({ apiKey })).rejects.toBeInstanceOf(TransientError)
  })
})

describe('a key that is computed', () => {
  test('is sent in place of the master key, which never goes out', async () => {
    secret({ k: 'the-master-key-of-this-test' })
    const header = await readAuthorization({ apiKey, keyUid: '6a1c1f0e-5d0b-4c55-9d4f-0b7a52c1e9a4' })
    expect(header).toMatch(/^Bearer [0-9a-f]{64}$/)
    expect(await readAuthorization({ apiKey, keyUid: 'c2f4d6b8-1e3a-4f57-8b9c-7d5e3f1a2b4c' })).not.toBe(header)
  })
})

describe('what may be said of a Secret', () => {
  const place = { namespace: 'shop', name: 'keys' }
  const look = async (): ReturnType<Connections['look']> => await new Connections(kube).look(place, 'k')

  test('nothing where it is not there, and no key where it has none', async () => {
    expect(await look()).toBeUndefined()
    secret({ other: 'x' })
    expect(await look()).toMatchObject({ metadata: { name: 'keys' }, key: undefined })
  })

  test('a fingerprint that changes with the key and gives nothing of it away', async () => {
    secret({ k: 'the-master-key-of-this-test' })
    const first = await look()
    expect(first?.key).toMatchObject({
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      bytes: 27,
      flaw: undefined,
    })
    expect(JSON.stringify(first)).not.toContain('the-master-key')
    secret({ k: 'another-master-key\n' })
    expect((await look())?.key).toMatchObject({ flaw: 'white space at its beginning or end' })
    expect((await look())?.key?.fingerprint).not.toBe(first?.key?.fingerprint)
  })

  test("whether the applications' Secret says what it should, whatever else is in it", async () => {
    const connections = new Connections(kube)
    secret({ k: 'the-master-key-of-this-test' })
    const wanted = await connections.connectionData('shop', apiKey, 'http://movies.shop.svc:7700')
    if (wanted === undefined) throw new Error('no data')
    const there = { namespace: 'shop', name: 'movies-connection' }
    expect(await connections.holds(there, wanted)).toBe(false)
    secret({ ...wanted, theirs: 'too' }, 'movies-connection')
    expect(await connections.holds(there, wanted)).toBe(true)
    secret({ k: 'another-master-key' })
    expect(await connections.holds(there, (await connections.connectionData('shop', apiKey, wanted.url))!)).toBe(false)
    expect(await connections.connectionData('shop', { name: 'nobody', key: 'k' }, wanted.url)).toBeUndefined()
  })
})
