import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Store, keyOf } from '../../../../src/runtime/cache/store.ts'
import type { Group } from '../../../../src/runtime/cache/store.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'

vi.setConfig({ testTimeout: 240_000 })

interface Pet extends KubeObject {
  readonly likes: readonly string[]
}

const indexes = { likes: ({ likes }: Pet): readonly string[] => likes }

function aPet(name: string, likes: readonly string[], namespace: string | undefined = 'zoo'): Pet {
  return { metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, likes }
}

const names = (pets: Group<Pet>): string[] => [...pets.values()].map(({ metadata }) => metadata.name).toSorted()

describe('a key', () => {
  test('is namespace/name, and the name alone for an object without a namespace', () => {
    expect(keyOf({ metadata: { namespace: 'zoo', name: 'rex' } })).toBe('zoo/rex')
    expect(keyOf({ metadata: { name: 'rex' } })).toBe('rex')
  })
})

describe('an object', () => {
  test('is found by key until it is deleted', () => {
    const store = new Store<Pet>()
    const rex = aPet('rex', [])
    expect(store.set(rex)).toBeUndefined()
    expect(store.get('zoo/rex')).toBe(rex)
    expect(store.delete('zoo/rex')).toBe(rex)
    expect(store.get('zoo/rex')).toBeUndefined()
    expect(store.delete('zoo/rex')).toBeUndefined()
  })

  test('takes the place of the one before, which is given back', () => {
    const store = new Store<Pet>()
    const [before, after] = [aPet('rex', []), aPet('rex', ['bones'])]
    store.set(before)
    expect(store.set(after)).toBe(before)
    expect(store.list()).toEqual([after])
  })

  test('without a namespace is in no namespace', () => {
    const store = new Store<Pet>()
    const free = { metadata: { name: 'free' }, likes: [] }
    store.set(free)
    store.set(aPet('rex', []))
    expect(store.list('zoo').map(keyOf)).toEqual(['zoo/rex'])
    expect(store.list()).toContain(free)
  })
})

describe('an index', () => {
  test('finds an object under each of its values, once', () => {
    const store = new Store<Pet>(indexes)
    store.set(aPet('rex', ['bones', 'sun', 'bones']))
    store.set(aPet('tom', ['sun']))
    expect(names(store.byIndex('likes', 'bones'))).toEqual(['rex'])
    expect(names(store.byIndex('likes', 'sun'))).toEqual(['rex', 'tom'])
    expect(names(store.byIndex('likes', 'rain'))).toEqual([])
  })

  test('forgets the values that an object does not have any more', () => {
    const store = new Store<Pet>(indexes)
    store.set(aPet('rex', ['bones', 'sun']))
    store.set(aPet('rex', ['sun']))
    expect(names(store.byIndex('likes', 'bones'))).toEqual([])
    store.delete('zoo/rex')
    expect(names(store.byIndex('likes', 'sun'))).toEqual([])
  })

  test('gives its objects and their number without a copy of them', () => {
    const store = new Store<Pet>(indexes)
    store.set(aPet('rex', ['sun']))
    const sunny = store.byIndex('likes', 'sun')
    expect(sunny.size).toBe(1)
    store.set(aPet('tom', ['sun']))
    expect(sunny.size).toBe(2)
    expect(store.byIndex('likes', 'sun')).toBe(sunny)
    expect(store.byNamespace('zoo').size).toBe(2)
  })

  test('that was not declared is a mistake of the caller', () => {
    expect(() => new Store<Pet>().byIndex('colour', 'red')).toThrow('the store has no index colour')
  })
})

const someName = fc.constantFrom('rex', 'tom', 'kim')
const someNamespace = fc.constantFrom('zoo', 'farm', undefined)
const someValue = fc.constantFrom('bones', 'sun', 'rain')
const step = fc.oneof(
  fc.record({
    do: fc.constant('set' as const),
    name: someName,
    namespace: someNamespace,
    likes: fc.array(someValue, { maxLength: 3 }),
  }),
  fc.record({ do: fc.constant('delete' as const), name: someName, namespace: someNamespace }),
)

test('whatever is set and deleted, each way to look says the same as a plain list of the objects', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const store = new Store<Pet>(indexes)
      const model = new Map<string, Pet>()
      for (const each of steps) {
        const pet = aPet(each.name, each.do === 'set' ? each.likes : [], each.namespace)
        const before = model.get(keyOf(pet))
        expect(each.do === 'set' ? store.set(pet) : store.delete(keyOf(pet))).toBe(before)
        if (each.do === 'set') model.set(keyOf(pet), pet)
        else model.delete(keyOf(pet))
      }
      const all = [...model.values()]
      expect(store.size).toBe(all.length)
      expect(new Set(store.keys())).toEqual(new Set(model.keys()))
      expect(new Set(store.list())).toEqual(new Set(all))
      for (const namespace of ['zoo', 'farm'])
        expect(new Set(store.list(namespace))).toEqual(
          new Set(all.filter(({ metadata }) => metadata.namespace === namespace)),
        )
      for (const value of ['bones', 'sun', 'rain'])
        expect(new Set(store.byIndex('likes', value).values())).toEqual(
          new Set(all.filter(({ likes }) => likes.includes(value))),
        )
    }),
  )
})
