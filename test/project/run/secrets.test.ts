// The search for keys in all that was said: it finds them in every shape, and says so where it could have found nothing.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LogKeeper, requestBodies } from '../../run/output.ts'
import { emptiness, secretFindings } from '../../run/secrets.ts'
import type { Output } from '../../run/secrets.ts'

const key = 'Zm9vYmFyYmF6cXV4MTIz'
const anOutput = (text: string, kind: Output['kind'] = 'operator log'): Output => ({ kind, where: 'the log', text })
const everything = (['operator log', 'mover log', 'Event', 'status'] as const).map((kind) => anOutput('hello', kind))

describe('a key', () => {
  test.each([
    ['as it is', `{"reason":"GET /stats with ${key} answered 403"}`],
    ['in base64, as a Secret holds it', JSON.stringify({ data: Buffer.from(key).toString('base64') })],
  ])('%s is found, and not repeated', (_, text) => {
    const findings = secretFindings([key], [anOutput('nothing'), anOutput(text)])
    expect(findings).toEqual(['a key stands in the log'])
    expect(JSON.stringify(findings)).not.toContain(key)
  })

  test('with signs that a URL writes otherwise', () => {
    expect(secretFindings(['a key/with+all=of it'], [anOutput('GET /?k=a%20key%2Fwith%2Ball%3Dof%20it')])).toEqual([
      'a key stands in the log',
    ])
  })

  test('that nobody said is not found', () => {
    expect(secretFindings([key], everything)).toEqual([])
  })
})

test('a token is found though nobody put it on record', () => {
  expect(
    secretFindings(
      [],
      [anOutput('authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJlLW9m')],
    ),
  ).toEqual(['a token stands in the log'])
})

describe('a search that could find nothing', () => {
  test('is distinguished from one that looked everywhere', () => {
    expect(emptiness([key], everything)).toEqual([])
  })

  test('for want of keys', () => {
    expect(emptiness(['short'], everything)).toEqual(['no key was put on record'])
  })

  test('for want of places', () => {
    expect(emptiness([key], [anOutput('hello')])).toEqual([
      'there was no mover log to look into',
      'there was no Event to look into',
      'there was no status to look into',
    ])
  })
})

test('the audit log gives the bodies of requests, and where they went', () => {
  const line = (resource: string, more: object): string =>
    JSON.stringify({
      verb: 'update',
      user: { username: 'op' },
      objectRef: { resource, namespace: 'shop', name: 'first', ...more },
      requestObject: { message: key },
    })
  const log = [
    line('events', {}),
    line('meilisnapshots', { subresource: 'status' }),
    line('jobs', {}),
    JSON.stringify({ verb: 'get', user: { username: 'op' }, objectRef: { resource: 'pods' } }),
    '{"requestObject": cut off',
  ].join('\n')
  expect([...requestBodies(log)]).toEqual([
    { kind: 'Event', where: 'update events shop/first by op', text: `{"message":"${key}"}` },
    { kind: 'status', where: 'update meilisnapshots/status shop/first by op', text: `{"message":"${key}"}` },
    { kind: 'object', where: 'update jobs shop/first by op', text: `{"message":"${key}"}` },
  ])
})

describe('logs', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'meili-operator-logs-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  test('are kept when their pods are gone, with what was written meanwhile; those of others are left', () => {
    const container = (pod: string, name: string): string => {
      const path = join(directory, 'pods', pod, name)
      mkdirSync(path, { recursive: true })
      return join(path, '0.log')
    }
    const keeper = new LogKeeper([join(directory, 'pods'), join(directory, 'not-there')], join(directory, 'kept'))
    const [mover, server] = [container('shop_mover_1', 'mover'), container('shop_server_2', 'meilisearch')]
    writeFileSync(mover, 'begun\n')
    writeFileSync(server, 'hello\n')
    keeper.look()
    keeper.look()
    appendFileSync(mover, 'done\n')
    rmSync(join(directory, 'pods'), { recursive: true })
    expect(keeper.collect()).toEqual([
      { kind: 'mover log', where: 'the log of mover in shop_mover_1', text: 'begun\ndone\n' },
    ])
  })
})
