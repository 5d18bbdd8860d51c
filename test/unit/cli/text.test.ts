// The plugin's text: tables, ages, machine formats, sentences for errors.
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { UserError, errorText } from '../../../src/cli/errors.ts'
import { formatList, formatObject } from '../../../src/cli/terminal/print.ts'
import { tableLines, withoutEmptyColumns } from '../../../src/cli/terminal/table.ts'
import { ageText, countText } from '../../../src/cli/terminal/format.ts'
import { Conflict, NotFound, TerminalError, TransientError } from '../../../src/errors.ts'

describe('a table', () => {
  test('has columns as wide as their widest cell, and no space at the end of a line', () => {
    expect(
      tableLines(
        ['NAME', 'AGE'],
        [
          ['a-long-name', '2m'],
          ['b', ''],
        ],
      ),
    ).toEqual(['NAME          AGE', 'a-long-name   2m', 'b'])
  })

  test('leaves out columns that say nothing, but never the first', () => {
    expect(
      withoutEmptyColumns(
        ['NAME', 'NOW', 'SIZE'],
        [
          ['', '', '1'],
          ['', '', ''],
        ],
      ),
    ).toEqual({
      head: ['NAME', 'SIZE'],
      rows: [
        ['', '1'],
        ['', ''],
      ],
    })
  })
})

describe('an age', () => {
  const nowMs = Date.parse('2026-01-10T00:00:00Z')
  test.each([
    ['2026-01-09T23:59:19Z', '41s'],
    ['2026-01-09T23:57:00Z', '3m'],
    ['2026-01-09T22:00:00Z', '2h'],
    ['2026-01-01T00:00:00Z', '9d'],
    ['2023-01-01T00:00:00Z', '3y'],
    ['2026-01-10T00:00:30Z', '0s'],
    [undefined, ''],
  ])('since %s is %s', (time, text) => expect(ageText(time, nowMs)).toBe(text))
})

test('a count has its thousands apart', () => expect(countText(1_234_567)).toBe('1,234,567'))

describe('for machines', () => {
  const object = {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { name: 'first', labels: { sure: 'y' } },
  }
  test('a name is that of kubectl', () =>
    expect(formatObject(object, 'name')).toBe('meilisnapshot.meili-operator.dev/first'))
  test('YAML comes back as the same object from a reader of version 1.1', () =>
    expect(parse(formatObject(object, 'yaml'), { version: '1.1' })).toEqual(object))
  test('a list is a List, also of nothing', () =>
    expect(JSON.parse(formatList([], 'json'))).toEqual({ apiVersion: 'v1', kind: 'List', items: [] }))
})

describe('an error becomes a sentence:', () => {
  const sentence = (error: unknown): string | undefined => errorText(error, 'https://10.0.0.1')
  test.each([
    [
      'nobody answers',
      new TransientError('LIST Pod shop got no reply: connect ECONNREFUSED 10.0.0.1:443'),
      /^The cluster at https:\/\/10\.0\.0\.1 does not answer: connect ECONNREFUSED 10\.0\.0\.1:443\. Is it up/,
    ],
    [
      'who are you',
      new TransientError('x answered 401 Unauthorized: Unauthorized', { status: 401 }),
      /does not accept who you are \(401\)\. Log in again/,
    ],
    [
      'too busy',
      new TransientError('GET Pod a/b answered 429 TooManyRequests: slow down', { status: 429 }),
      /cannot do it now: slow down\. Try again\./,
    ],
    [
      'not allowed',
      new TerminalError('LIST Pod shop answered 403 Forbidden: pods is forbidden', { status: 403 }),
      /^You may not do this: pods is forbidden\. Ask whoever runs the cluster/,
    ],
    [
      'refused',
      new TerminalError('POST MeiliSnapshot a/b answered 422 Invalid: path is wrong: say so', { status: 422 }),
      /^path is wrong: say so$/,
    ],
    [
      'kinds missing',
      new NotFound('LIST MeiliSnapshot answered 404: 404 page not found', { status: 404 }),
      /install its CRDs and the operator/,
    ],
    [
      'one kind missing',
      new NotFound('GET x answered 404 NotFound: the server could not find the requested resource', {
        status: 404,
        code: 'NotFound',
        refusal: 'KindUnknown',
      }),
      /install its CRDs/,
    ],
    [
      'object missing',
      new NotFound('GET Pod a/b answered 404 NotFound: pods "b" not found', { status: 404, code: 'NotFound' }),
      /^pods "b" not found$/,
    ],
    ['in conflict', new Conflict('PUT a answered 409 Conflict: it changed', { status: 409 }), /^it changed$/],
    ['our own words', new UserError('Name one.'), /^Name one\.$/],
  ])('%s', (_, error, says) => expect(sentence(error)).toMatch(says))

  test('a bug has none, and keeps its stack', () =>
    expect(sentence(new TypeError('x is not a function'))).toBeUndefined())
})
