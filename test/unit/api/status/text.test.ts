// Words of others on their way into status: they end, they fit, and they give nothing away.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sentence, redact } from '../../../../src/api/status/text.ts'

const wordsOf = (...parts: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...parts), { maxLength: 60 }).map((chosen) => chosen.join(''))
const harmless = ['a', '😀', 'ß', '.', ':', ' ', '\n', '…', '!', '\uD83D', '\u0000']

describe('sentence', () => {
  test.each([
    ['exceeded quota: small', 'exceeded quota: small.'],
    ['The provided API key is invalid.', 'The provided API key is invalid.'],
    ['  ErrImagePull: ', 'ErrImagePull.'],
    ['It ended ...', 'It ended.'],
    ['Really?', 'Really?'],
    ['Stop!', 'Stop!'],
    ['cut here…', 'cut here…'],
  ])('%j becomes %j', (text, whole) => {
    expect(sentence(text)).toBe(whole)
  })

  test('is short enough that another one fits behind it', () => {
    expect(sentence('w'.repeat(3000))).toBe(`${'w'.repeat(1499)}…`)
  })

  test('said twice is the same', () => {
    fc.assert(
      fc.property(wordsOf(...harmless), (any) => {
        expect(sentence(sentence(any))).toBe(sentence(any))
      }),
    )
  })
})

describe('redact', () => {
  test.each([
    ['GET http://admin:s3cr3t@10.1.2.3:7700/tasks got no reply', 'GET http://10.1.2.3:7700/tasks got no reply'],
    ['https://:s3cr3t@10.1.2.3/x?a=1', 'https://10.1.2.3/x?a=1'],
    ['https://me@shop.test:s3cr3t@10.1.2.3/x', 'https://10.1.2.3/x'],
    ['authorization: Bearer s3cr3t-s3cr3t_s3cr3t.x==', 'authorization: Bearer ***'],
    [
      'https://s3.test/file?X-Amz-Credential=s3cr3t&X-Amz-Signature=s3cr3t&a=1',
      'https://s3.test/file?X-Amz-Credential=***&X-Amz-Signature=***&a=1',
    ],
    ['MEILI_MASTER_KEY=s3cr3t', 'MEILI_MASTER_KEY=***'],
    ['mount -o username=me,password=s3cr3t,vers=3', 'mount -o username=me,password=***,vers=3'],
  ])('%j gives no secret away', (text, safe) => {
    expect(redact(text, 2000)).toBe(safe)
  })

  test.each([
    'The Authorization header is missing. It must use the bearer authorization method.',
    'Secret keys/MEILI_MASTER_KEY does not exist in namespace shop.',
    'GET http://10.1.2.3:7700/tasks?types=snapshotCreation&reverse=true&from=12&limit=100 got no reply: ECONNRESET.',
    "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }, 2 node(s) didn't match Pod's node affinity/selector.",
    'mail the owner at a@b.test',
  ])('%j says what it said', (text) => {
    expect(redact(text, 2000)).toBe(text)
  })

  test('a secret is not cut in half and then overlooked', () => {
    expect(redact(`${'x'.repeat(90)} http://admin:s3cr3t@10.1.2.3/`, 104)).not.toContain('s3c')
  })

  test('is never longer than it may be, and never holds half a character', () => {
    fc.assert(
      fc.property(wordsOf(...harmless, '@', '//', 'key=', 'bearer '), fc.nat(40), (any, maxLength) => {
        const safe = redact(any, maxLength)
        expect(safe.length).toBeLessThanOrEqual(maxLength)
        expect(safe.isWellFormed()).toBe(true)
      }),
    )
  })

  test('an emoji across the limit is not halved into something that the API server changes', () => {
    expect(redact('ab😀', 3)).toBe('ab\uFFFD')
  })
})
