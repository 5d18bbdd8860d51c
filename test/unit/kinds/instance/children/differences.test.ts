// Where an object differs from what is wanted of it: fields of others do not count, nor how the API server writes what we wrote.
import { describe, expect, test } from 'vitest'
import { differences } from '../../../../../src/kinds/instance/children/differences.ts'
import { quantityValue, sizeBytes } from '../../../../../src/api/fields/quantity.ts'

describe('no difference', () => {
  test.each([
    ['more members', { a: 1 }, { a: 1, b: 2 }],
    [
      'more elements of a list with names',
      { env: [{ name: 'A', value: '1' }] },
      { env: [{ name: 'B' }, { name: 'A', value: '1', extra: true }] },
    ],
    [
      'another order of those',
      { volumes: [{ name: 'a' }, { name: 'b' }] },
      { volumes: [{ name: 'b' }, { name: 'a' }] },
    ],
    [
      'mounts by their path',
      { m: [{ name: 'x', mountPath: '/a' }] },
      { m: [{ name: 'x', mountPath: '/a', readOnly: false }] },
    ],
    [
      'what is empty and left out',
      { env: [{ name: 'A', value: '' }], list: [], map: {}, no: false },
      { env: [{ name: 'A' }] },
    ],
    ['a member that is undefined', { a: undefined }, {}],
    [
      'quantities in another form',
      { resources: { limits: { cpu: '0.5', memory: '1024Mi' } } },
      { resources: { limits: { cpu: '500m', memory: '1Gi' } } },
    ],
  ])('%s', (_, wanted, there) => {
    expect(differences(wanted, there)).toEqual([])
  })
})

describe('a difference, with its path', () => {
  test.each([
    ['another value', { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, ['spec.replicas']],
    ['a value that is gone', { spec: { replicas: 0 } }, { spec: {} }, ['spec.replicas']],
    [
      'an element by its name',
      { c: [{ name: 'm', image: 'a' }] },
      { c: [{ name: 's' }, { name: 'm', image: 'b' }] },
      ['c[m].image'],
    ],
    ['an element that is gone', { env: [{ name: 'A', value: '1' }] }, { env: [] }, ['env[A]']],
    ['a list as a whole', { args: ['a', 'b'] }, { args: ['a'] }, ['args']],
    ['an element by its place', { args: ['a', 'b'] }, { args: ['a', 'c'] }, ['args[1]']],
    [
      'a quantity',
      { resources: { limits: { cpu: '1' } } },
      { resources: { limits: { cpu: '500m' } } },
      ['resources.limits.cpu'],
    ],
    [
      'texts that look like quantities',
      { annotations: { a: '1024Mi' } },
      { annotations: { a: '1Gi' } },
      ['annotations.a'],
    ],
    ['an object where there is none', { a: { b: 1 } }, { a: 'x' }, ['a']],
    ['a list where there is none', { a: ['b'] }, {}, ['a']],
  ])('%s', (_, ...[wanted, there, paths]) => {
    expect(differences(wanted, there)).toEqual(paths)
  })
})

test.each([
  ['20Gi', 20 * 2 ** 30],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['1G', 1e9],
  ['500m', 0.5],
  ['1e3', 1000],
  ['12', 12],
  [7, 7],
  ['much', undefined],
  ['1 Gi', undefined],
])('%s is %s', (text, value) => {
  expect(quantityValue(text)).toBe(value)
})

test('a size is whole bytes', () => {
  expect(sizeBytes('1.1Ki')).toBe(1127)
  expect(sizeBytes('nothing')).toBe(0)
})
