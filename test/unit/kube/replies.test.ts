// Which class a refusal becomes, and what it says.
import { describe, expect, test } from 'vitest'
import { errorFrom } from '../../../src/kube/replies.ts'
import { Conflict, Gone, NotFound, TerminalError, TransientError } from '../../../src/errors.ts'

const status = (code: number, reason = 'Reason', message = 'The server says why.'): object => ({
  kind: 'Status',
  code,
  reason,
  message,
})
const what = 'PUT MeiliSnapshot shop/first/status'

describe('a refusal', () => {
  test.each([
    [404, NotFound],
    [409, Conflict],
    [410, Gone],
    [400, TerminalError],
    [403, TerminalError],
    [405, TerminalError],
    [413, TerminalError],
    [415, TerminalError],
    [422, TerminalError],
    [302, TerminalError],
    [401, TransientError],
    [408, TransientError],
    [425, TransientError],
    [429, TransientError],
    [500, TransientError],
    [502, TransientError],
    [503, TransientError],
    [504, TransientError],
    [599, TransientError],
  ])('with status %d is of its class and keeps status and reason', (code, type) => {
    const error = errorFrom({ what, status: code, body: status(code) })
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({
      status: code,
      code: 'Reason',
      message: `${what} answered ${code} Reason: The server says why.`,
    })
  })

  test.each([
    ['nothing', undefined, 'answered 500: no message'],
    ['an empty text', '', 'answered 500: no message'],
    ['a page of HTML', '<html>Bad gateway</html>', 'answered 500: <html>Bad gateway</html>'],
    ['null', null, 'answered 500: no message'],
    ['a number', 7, 'answered 500: no message'],
    ['another object', { error: 'x' }, 'answered 500: no message'],
  ])('with %s for a body can be read', (_, body, end) => {
    expect(errorFrom({ what, status: 500, body }).message).toBe(`${what} ${end}`)
  })

  test('with a long message is cut, and with one that is no text has none', () => {
    expect(errorFrom({ what, status: 403, body: { message: 'x'.repeat(100_000) } }).message.length).toBeLessThan(6000)
    expect(errorFrom({ what, status: 403, body: { message: { no: 'text' } } }).message).toBe(
      `${what} answered 403: no message`,
    )
  })

  test('with a long page is cut', () => {
    expect(errorFrom({ what, status: 502, body: 'x'.repeat(100_000) }).message).toHaveLength(
      what.length + ' answered 502: '.length + 500,
    )
  })
})

describe('the time that the server asks us to wait', () => {
  const retryAfterOf = (parts: { retryAfter?: string; body?: unknown }): unknown =>
    (errorFrom({ what, status: 429, body: undefined, ...parts }) as TransientError).retryAfterMs

  test('is taken from its header, in milliseconds', () => {
    expect(retryAfterOf({ retryAfter: '7' })).toBe(7000)
  })

  test('is taken from its Status where there is no header', () => {
    expect(retryAfterOf({ body: { ...status(429), details: { retryAfterSeconds: 3 } } })).toBe(3000)
  })

  test('is taken from a date, too', () => {
    const inMs = retryAfterOf({ retryAfter: new Date(Date.now() + 20_000).toUTCString() })
    expect(inMs).toBeGreaterThan(15_000)
    expect(inMs).toBeLessThanOrEqual(20_000)
  })

  test.each(['86400', '1e300', 'Infinity', 'Wed, 21 Oct 2399 07:28:00 GMT'])(
    'is a minute at most: %s',
    (retryAfter) => {
      expect(retryAfterOf({ retryAfter })).toBe(60_000)
    },
  )

  test.each(['-5', '-1e300', 'Wed, 21 Oct 2015 07:28:00 GMT'])('is now where it has passed: %s', (retryAfter) => {
    expect(retryAfterOf({ retryAfter })).toBe(0)
  })

  test('is none where it says none, or nothing that is a time', () => {
    expect(retryAfterOf({})).toBeUndefined()
    expect(retryAfterOf({ retryAfter: 'soon' })).toBeUndefined()
    for (const retryAfterSeconds of ['soon', {}, null])
      expect(retryAfterOf({ body: { ...status(429), details: { retryAfterSeconds } } })).toBeUndefined()
  })
})

describe('the cause of a refusal', () => {
  const causeOf = (code: number, body: object): unknown =>
    (errorFrom({ what, status: code, body }) as TerminalError).refusal

  test('a namespace that is being deleted is told by its field, whatever the words', () => {
    const causes = [{ reason: 'Other' }, { reason: 'NamespaceTerminating', field: 'metadata.namespace' }]
    expect(causeOf(403, { reason: 'Forbidden', message: 'x', details: { causes } })).toBe('NamespaceTerminating')
    const message = 'unable to create new content in namespace shop because it is being terminated'
    expect(causeOf(403, { reason: 'Forbidden', message })).toBeUndefined()
  })

  test.each([
    [
      403,
      'jobs.batch "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
      'Quota',
    ],
    [
      403,
      'persistentvolumeclaims "x" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      'NotExpandable',
    ],
    [
      403,
      'persistentvolumeclaims "x" is forbidden: Only bound persistent volume claims can be expanded',
      'NotExpandable',
    ],
    [404, 'the server could not find the requested resource', 'KindUnknown'],
    [422, 'exceeded quota: small, requested', undefined],
    [403, 'pods "x" is forbidden: violates PodSecurity', undefined],
    [404, 'pods "resize" not found', undefined],
  ])('%d %s: %s', (code, message, cause) => {
    expect(causeOf(code, { reason: 'Reason', message })).toBe(cause)
  })

  test.each([{ details: null }, { details: { causes: 'many' } }, { details: { causes: [null] } }, { message: 7 }])(
    'a body that is no Status (%j) has none',
    (body) => {
      expect(causeOf(403, body)).toBeUndefined()
    },
  )
})
