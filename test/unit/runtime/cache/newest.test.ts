// The newest of each group, kept up to date by changes.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Newest } from '../../../../src/runtime/cache/newest.ts'
import { Store, keyOf } from '../../../../src/runtime/cache/store.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'

interface Loaf extends KubeObject {
  readonly bakers: readonly string[]
  readonly bakedAt: number | undefined
}

const indexes = { baker: ({ bakers }: Loaf): readonly string[] => bakers }

const aLoaf = (name: string, bakedAt: number | undefined, bakers = ['ann']): Loaf => ({
  metadata: { namespace: 'bakery', name },
  bakers,
  bakedAt,
})

class Shelf {
  readonly store = new Store<Loaf>(indexes)
  /** How many were looked at to find the newest. */
  looks = 0
  readonly newest = new Newest<Loaf>({
    groupsOf: indexes.baker,
    members: (baker) => this.store.byIndex('baker', baker).values(),
    timeOf: ({ bakedAt }) => {
      this.looks += 1
      return bakedAt
    },
  })

  put(...loaves: readonly Loaf[]): void {
    for (const current of loaves) this.newest.change({ previous: this.store.set(current), current })
  }

  take(key: string): void {
    const previous = this.store.delete(key)
    if (previous !== undefined) this.newest.change({ previous, current: undefined })
  }
}

const baker = fc.constantFrom('ann', 'bob')
const step = fc.record({
  do: fc.constantFrom('put' as const, 'put' as const, 'take' as const, 'ask' as const),
  name: fc.constantFrom('rye', 'oat', 'corn', 'spelt'),
  bakedAt: fc.constantFrom(1, 2, 3, undefined, NaN),
  bakers: fc.uniqueArray(baker),
})

test('is what a look at all of them finds, whatever came, changed and went, and whenever it was asked', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const shelf = new Shelf()
      for (const { do: what, name, bakedAt, bakers } of steps) {
        if (what === 'put') shelf.put(aLoaf(name, bakedAt, bakers))
        else if (what === 'take') shelf.take(`bakery/${name}`)
        if (what !== 'ask') continue
        for (const group of ['ann', 'bob']) {
          const all = shelf.store.list().filter((loaf) => loaf.bakers.includes(group) && (loaf.bakedAt ?? NaN) > 0)
          const [first] = all.toSorted((a, b) => (b.bakedAt ?? 0) - (a.bakedAt ?? 0) || (keyOf(a) < keyOf(b) ? 1 : -1))
          expect(shelf.newest.of(group)).toBe(first)
        }
      }
    }),
  )
})

test('is found without a look at ten thousand others, also where none of them counts, and after a change of the newest itself', () => {
  const shelf = new Shelf()
  for (let index = 0; index < 10_000; index += 1) shelf.put(aLoaf(`loaf-${index}`, index, ['ann']))
  for (let index = 0; index < 10_000; index += 1) shelf.put(aLoaf(`raw-${index}`, undefined, ['bob']))
  expect([shelf.newest.of('ann')?.metadata.name, shelf.newest.of('bob')]).toEqual(['loaf-9999', undefined])
  shelf.looks = 0
  shelf.put(aLoaf('loaf-9999', 9999, ['ann']), aLoaf('fresh', 10_000, ['ann']), aLoaf('raw-again', undefined, ['bob']))
  shelf.take('bakery/loaf-5')
  expect([shelf.newest.of('ann')?.metadata.name, shelf.newest.of('bob')]).toEqual(['fresh', undefined])
  expect(shelf.looks).toBeLessThan(20)
})
