// Which package a module is of, by its path.
import { describe, expect, test } from 'vitest'
import { packageOf } from '../../../release/notices/package-list.ts'

describe('packageOf', () => {
  test.each([
    ['/a/b/node_modules/zod/v4/core/index.js', 'node_modules/zod'],
    ['/a/b/node_modules/@kubernetes/client-node/dist/config.js', 'node_modules/@kubernetes/client-node'],
    ['/a/b/node_modules/ws/node_modules/@x/y/index.js', 'node_modules/ws/node_modules/@x/y'],
    ['\0/a/b/node_modules/undici/index.js?commonjs', 'node_modules/undici'],
  ])('names the place in package-lock.json of %s', (module, place) => {
    expect(packageOf(module)).toBe(place)
  })

  test('counts what the bundler puts in as code of the bundler', () => {
    expect(packageOf('\0rolldown/runtime.js')).toBe('node_modules/rolldown')
  })

  test("names none for the project's own files", () => {
    expect(packageOf('/a/b/src/main.ts')).toBeUndefined()
    expect(packageOf('/a/b/package.json')).toBeUndefined()
  })
})
