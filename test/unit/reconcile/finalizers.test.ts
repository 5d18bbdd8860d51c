// A finalizer is put and taken by the pass itself: the cache shows the copy from before for a moment.
import { beforeEach, expect, test, vi } from 'vitest'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import type { Effect } from '../../../src/reconcile/decision.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import type { Reconcile } from '../../../src/reconcile/reconciler.ts'
import { KubeInMemory, refusal } from '../../support/kubernetes/kube-in-memory.ts'
import { recordingLogger } from '../../support/runtime/log.ts'

interface Thing extends KubeObject {
  readonly status?: object
}

const things: Resource = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' }
const ref = { namespace: 'shop', name: 'thing' }
const finalizer = 'example.test/thing'

let kube: KubeInMemory
let cached: Thing | undefined
let reconcile: Reconcile

const finalizers = (): readonly string[] | undefined => kube.peek<Thing>(things, ref)?.metadata.finalizers

/** Puts it where it is not, and takes it away where it is. */
const decide = ({ metadata, status = {} }: Thing): { status: object; effects: Effect[] } => ({
  status,
  effects: [{ kind: metadata.finalizers?.length === 1 ? 'RemoveFinalizer' : 'AddFinalizer', finalizer }],
})

beforeEach(() => {
  kube = new KubeInMemory()
  cached = kube.lay<Thing>(things, { metadata: ref, status: {} })
  const performer = new Performer({
    kube,
    connections: new Connections(kube),
    isLeader: () => true,
    record: () => undefined,
  })
  reconcile = reconcilerOf<Thing, Thing, object>(
    {
      resource: things,
      observe: (thing) => Promise.resolve(thing),
      decide,
      recordRefusedRead: ({ status = {} }) => status,
      applyFact: ({ status = {} }) => status,
      events: () => [],
    },
    {
      get: () => cached,
      kube,
      perform: performer.perform.bind(performer),
      record: () => undefined,
      logger: recordingLogger().logger,
      nowMs: () => 1_772_366_400_000,
    },
  )
})

test('a copy that our own finalizer has replaced is not worth a pass, whether it came or went', async () => {
  await reconcile('shop/thing')
  expect(await reconcile('shop/thing')).toEqual({ requeueAfterMs: 1000, isStale: true })
  expect(finalizers()).toEqual([finalizer])
  cached = kube.peek(things, ref)
  await reconcile('shop/thing')
  expect(await reconcile('shop/thing')).toEqual({ requeueAfterMs: 1000, isStale: true })
  expect(finalizers()).toEqual([])
})

test('a finalizer that is refused replaced nothing: it is tried again', async () => {
  const patch = vi.spyOn(kube, 'patch').mockRejectedValueOnce(refusal(403, 'Forbidden'))
  await reconcile('shop/thing')
  await reconcile('shop/thing')
  expect(patch).toHaveBeenCalledTimes(2)
  expect(finalizers()).toEqual([finalizer])
})
