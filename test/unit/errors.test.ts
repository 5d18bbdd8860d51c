// The classes that distinguish failures.
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Conflict, Gone, NotFound, TerminalError, TransientError } from '../../src/errors.ts'

const classes = { TransientError, TerminalError, Conflict, NotFound, Gone }

describe.each(Object.entries(classes))('%s', (name, Class) => {
  test('keeps what the other side said, and its cause', () => {
    const cause = new Error('below')
    const error = new Class('It did not work.', { status: 503, code: 'ServiceUnavailable', retryAfterMs: 2000, cause })
    expect(error).toMatchObject({
      name,
      message: 'It did not work.',
      status: 503,
      code: 'ServiceUnavailable',
      retryAfterMs: 2000,
      cause,
    })
  })

  test('may know nothing more', () => {
    expect(new Class('It did not work.')).toMatchObject({
      status: undefined,
      code: undefined,
      retryAfterMs: undefined,
      cause: undefined,
    })
  })

  test('is of no other class', () => {
    const error = new Class('x')
    expect(Object.entries(classes).flatMap(([other, Other]) => (error instanceof Other ? [other] : []))).toEqual([name])
    expect(error).toBeInstanceOf(Error)
  })

  test('shows its name in a log', () => {
    expect(inspect(new Class('It did not work.'))).toMatch(new RegExp(`^${name}: It did not work\\.`))
    expect(new Class('x').toString()).toBe(`${name}: x`)
  })
})
