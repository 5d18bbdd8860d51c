import { describe, expect, test } from 'vitest'
import { difference } from '../../docs/shape.ts'

describe('what is printed has the shape of what is shown', () => {
  test.each([
    [
      'ages and widths of columns',
      'NAME    READY   AGE\nmovies  True    17s',
      'NAME     READY   AGE\nmovies   True    2m3s',
    ],
    ['sizes', '49.1 MiB done', '7 GiB done'],
    [
      'hashes and made-up names',
      'movies/first-21d62368, sha256 f8999209e51a5163b619069be3ececc8',
      'movies/first-0ae75c11, sha256 1111109e51a5163b619069be3ecec000',
    ],
    ['names of pods', 'pod/meili-operator-6d8f7b9c4d-x2x7k', 'pod/meili-operator-77cd5b6f9-bbbbb'],
    ['times', 'until 2026-11-24 22:40 UTC.', 'until 2027-01-02 03:04 UTC.'],
    ['addresses', 'http://10.1.2.3:7700', 'http://192.168.0.255:7700'],
    ['lines left out', 'first\n…\nlast', 'first\nmore\nmore\nlast'],
    ['an end left out', 'first\n…', 'first\nmore'],
    ['text left out', '✗ The operator … running', '✗ The operator is not running'],
    ['blank lines', 'a\n\nb', 'a\nb\n'],
  ])('%s', (_, shown, printed) => {
    expect(difference(shown, printed)).toBeUndefined()
  })

  test.each([
    ['another word', 'movies  True', 'movies  False'],
    ['another figure', '50,000 documents', '49,999 documents'],
    ['a version', 'v1.21.0', 'v1.22.0'],
    ['a line that is missing', 'a\nb', 'a'],
    ['a line too many', 'a', 'a\nb'],
    ['another order', 'a\nb', 'b\na'],
    ['nothing at all', 'a', ''],
    ['an output where none is shown', '', 'error: no such file'],
    ['a size where an age is shown', '3s', '3 MiB'],
    ['what comes after lines left out', 'a\n…\nc', 'a\nb'],
  ])('not so %s', (_, shown, printed) => {
    expect(difference(shown, printed)).toMatch(/^The page shows /)
  })
})
