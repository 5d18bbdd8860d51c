// Which changes of an object wake those that watch it.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cache, seldomForAnnotations, watchOf } from '../../../../src/runtime/cache/cache.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { VirtualTime } from '../../../support/runtime/virtual-time.ts'

interface Thing extends KubeObject {
  readonly spec: { readonly size: number }
}

const aThing = (metadata: object = {}, size = 1): Thing => ({
  metadata: { name: 'thing', resourceVersion: '1', annotations: { turn: '1' }, ...metadata },
  spec: { size },
})
const rewritten = { resourceVersion: '2', annotations: { turn: '2' } }

const time = new VirtualTime()
let ruling: Disposable
beforeEach(() => (ruling = time.rule()))
afterEach(() => ruling[Symbol.dispose]())

const cache = (): { change: (previous?: Thing, current?: Thing) => void; woken: string[] } => {
  const things = new Cache<Thing>()
  const woken: string[] = []
  watchOf(things, ({ metadata }) => [metadata.name], seldomForAnnotations())((key) => woken.push(key))
  return { change: (previous, current) => things.announce({ previous, current }), woken }
}

test('annotations that are rewritten all the time wake once in ten seconds', async () => {
  const { change, woken } = cache()
  for (let seconds = 0; seconds < 60; seconds++) {
    change(aThing(), aThing(rewritten))
    await time.advance(1000)
  }
  expect(woken.length).toBe(6)
})

test.each<{ what: string; previous?: Thing; current?: Thing }>([
  { what: 'came', current: aThing() },
  { what: 'went', previous: aThing() },
  { what: 'has another spec', previous: aThing(), current: aThing(rewritten, 2) },
  { what: 'has another label', previous: aThing(), current: aThing({ ...rewritten, labels: { a: 'b' } }) },
  { what: 'is another one', previous: aThing(), current: aThing({ ...rewritten, uid: 'other' }) },
  { what: 'has a finalizer', previous: aThing(), current: aThing({ ...rewritten, finalizers: ['x'] }) },
])('an object that $what wakes each time', ({ previous, current }) => {
  const { change, woken } = cache()
  for (let times = 0; times < 3; times++) change(previous, current)
  expect(woken.length).toBe(3)
})
