// The loop of every kind: what is written, in which order, and what a stale copy can do (nothing).
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { persistentVolumeClaims } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import type { Decision, Effect, Fact, EventText } from '../../../src/reconcile/decision.ts'
import { Conflict, TransientError } from '../../../src/errors.ts'
import { Performer } from '../../../src/perform/perform.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import type { Reconcile } from '../../../src/reconcile/reconciler.ts'
import type { Admission, KindReconciler } from '../../../src/reconcile/kind.ts'
import { KubeInMemory, refusal } from '../../support/kubernetes/kube-in-memory.ts'
import { MeilisearchDouble } from '../../support/meilisearch/double.ts'
import { recordingLogger } from '../../support/runtime/log.ts'

interface Status {
  readonly seen?: number | undefined
  readonly said?: string | undefined
}

interface Thing extends KubeObject {
  readonly status?: Status
}

const things: Resource = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' }
const ref = { namespace: 'shop', name: 'thing' }
const claimRef = { namespace: 'shop', name: 'backups' }
const createClaim: Effect = { kind: 'CreateClaim', claim: { metadata: claimRef } }
const addFinalizer: Effect = { kind: 'AddFinalizer', finalizer: 'example.test/thing' }

let kube: KubeInMemory
let engine: MeilisearchDouble
let cached: Thing | undefined
let recorded: { event: EventText; resourceVersion: string | undefined }[]
let leader: boolean
let log: ReturnType<typeof recordingLogger>

beforeEach(async () => {
  kube = new KubeInMemory()
  engine = await MeilisearchDouble.start()
  cached = kube.lay<Thing>(things, { metadata: ref, status: { seen: 1 } })
  recorded = []
  leader = true
  log = recordingLogger()
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.clearAllMocks()
  await engine[Symbol.asyncDispose]()
})

const peekThing = (): Thing | undefined => kube.peek<Thing>(things, ref)
const claim = (): KubeObject | undefined => kube.peek(persistentVolumeClaims, claimRef)
const requestSnapshot = (): Effect => ({
  kind: 'RequestSnapshot',
  server: { namespace: 'shop', endpoint: engine.endpoint },
})

type Kind = KindReconciler<Thing, Thing, Status>

function reconcileWith(
  decide: (thing: Thing) => Decision<Status>,
  observe: Kind['observe'] = (thing) => Promise.resolve(thing),
  more: Partial<Kind> = {},
): Reconcile {
  const parts = { kube, connections: new Connections(kube), isLeader: () => leader }
  const performer = new Performer({ ...parts, record: () => undefined })
  return reconcilerOf<Thing, Thing, Status>(
    {
      resource: things,
      observe,
      decide,
      recordRefusedRead: ({ status = {} }, { message }) => ({ ...status, said: message }),
      applyFact: ({ status = {} }, fact: Fact) => ({
        ...status,
        said: 'message' in fact ? fact.message : 'taskUid' in fact ? `${fact.kind} ${fact.taskUid}` : fact.kind,
      }),
      events: (_, after) => [{ type: 'Normal', reason: 'Noted', message: `${after.seen} ${after.said ?? ''}`.trim() }],
      ...more,
    },
    {
      get: () => cached,
      kube,
      perform: performer.perform.bind(performer),
      record: ({ metadata }, event) => recorded.push({ event, resourceVersion: metadata.resourceVersion }),
      logger: log.logger,
      nowMs: () => 1_772_366_400_000,
    },
  )
}

const reconcileTo = (status: Status, ...effects: readonly Effect[]): Reconcile =>
  reconcileWith(() => ({ status, effects }))

describe('status', () => {
  test('is written when it changed, on top of what was read; an object that is gone is nobody’s business', async () => {
    await reconcileTo({ seen: 2 })('shop/thing')
    expect(peekThing()?.status).toEqual({ seen: 2 })
    cached = undefined
    expect(await reconcileTo({ seen: 3 }, createClaim)('shop/thing')).toEqual({})
    expect(claim()).toBeUndefined()
  })

  test('is not written when it did not: members that are undefined are absent', async () => {
    const before = peekThing()
    await reconcileTo({ seen: 1, said: undefined })('shop/thing')
    expect(peekThing()).toEqual(before)
    expect(recorded).toEqual([])
  })

  test('takes the place of what was there', async () => {
    cached = kube.lay<Thing>(things, { metadata: ref, status: { seen: 1, said: 'old' } })
    await reconcileTo({ seen: 1 })('shop/thing')
    expect(peekThing()?.status).toEqual({ seen: 1 })
  })

  test('stands before the effects', async () => {
    const statusAt: unknown[] = []
    kube.before = ({ verb }) => void (verb === 'create' && statusAt.push(peekThing()?.status))
    await reconcileTo({ seen: 2 }, createClaim)('shop/thing')
    expect(statusAt).toEqual([{ seen: 2 }])
    expect(claim()).toBeDefined()
  })

  test('nothing is written where the world could not be read', async () => {
    const before = peekThing()
    const reconcile = reconcileWith(
      () => ({ status: { seen: 2 }, effects: [createClaim] }),
      () => Promise.reject(new TransientError('no')),
    )
    await expect(reconcile('shop/thing')).rejects.toBeInstanceOf(TransientError)
    expect(peekThing()).toEqual(before)
    expect(claim()).toBeUndefined()
  })
})

describe('a stale copy', () => {
  test('gets a Conflict at its status write: no effect, no word', async () => {
    kube.lay<Thing>(things, { metadata: ref, status: { seen: 7 } })
    await expect(reconcileTo({ seen: 2 }, createClaim, requestSnapshot())('shop/thing')).rejects.toBeInstanceOf(
      Conflict,
    )
    expect(peekThing()?.status).toEqual({ seen: 7 })
    expect(claim()).toBeUndefined()
    expect(engine.asked).toEqual([])
    expect(recorded).toEqual([])
  })

  test('that would change nothing cannot ask for a snapshot either', async () => {
    kube.lay<Thing>(things, { metadata: ref, status: { seen: 7 } })
    await expect(reconcileTo({ seen: 1 }, requestSnapshot())('shop/thing')).rejects.toBeInstanceOf(Conflict)
    expect(engine.tasks).toEqual([])
  })

  test('of an object that is gone: the same, quietly', async () => {
    kube.take(things, ref)
    await expect(reconcileTo({ seen: 2 }, createClaim)('shop/thing')).rejects.toBeInstanceOf(Conflict)
    expect(claim()).toBeUndefined()
  })

  test('that our own write has replaced is not worth a pass: the watch brings the new one', async () => {
    const observe = vi.fn((thing: Thing) => Promise.resolve(thing))
    const reconcile = reconcileWith(
      ({ status }) => ({ status: { seen: (status?.seen ?? 0) + 1 }, effects: [] }),
      observe,
    )
    await reconcile('shop/thing')
    expect(await reconcile('shop/thing')).toEqual({ requeueAfterMs: 1000, isStale: true })
    expect(observe).toHaveBeenCalledOnce()
    cached = peekThing()
    await reconcile('shop/thing')
    expect(peekThing()?.status).toEqual({ seen: 3 })
  })

  test('between two writes of one pass is not worth one either', async () => {
    const reconcile = reconcileTo({ seen: 2 }, requestSnapshot())
    kube.before = ({ verb }) =>
      void (verb === 'updateStatus' && peekThing()?.status?.seen === 2 && (cached = peekThing()))
    await reconcile('shop/thing')
    expect(cached?.status).toEqual({ seen: 2 })
    expect(await reconcile('shop/thing')).toEqual({ requeueAfterMs: 1000, isStale: true })
    expect(engine.tasks).toEqual(['snapshotCreation'])
  })

  test('a write that the server answers with the same version replaced nothing', async () => {
    vi.spyOn(kube, 'updateStatus').mockImplementation((_, object) => Promise.resolve(object))
    const reconcile = reconcileTo({ seen: 2 }, createClaim)
    await reconcile('shop/thing')
    kube.take(persistentVolumeClaims, claimRef)
    await reconcile('shop/thing')
    expect(claim()).toBeDefined()
  })

  test('two passes on one copy: one snapshot', async () => {
    const reconcile = reconcileTo({ seen: 2 }, requestSnapshot())
    const ended = await Promise.allSettled([reconcile('shop/thing'), reconcile('shop/thing')])
    expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(engine.tasks).toEqual(['snapshotCreation'])
  })
})

describe('effects', () => {
  test('what the world answers is applied in the same pass, on top of the first write', async () => {
    await reconcileTo({ seen: 2 }, requestSnapshot())('shop/thing')
    expect(peekThing()?.status).toEqual({ seen: 2, said: 'TaskEnqueued 0' })
    expect(recorded.map(({ event }) => event.message)).toEqual(['2', '2 TaskEnqueued 0'])
  })

  test('a refusal is applied too, and is no error', async () => {
    kube.before = ({ verb }) => {
      if (verb === 'create') throw refusal(403, 'Forbidden', 'exceeded quota')
    }
    await reconcileTo({ seen: 2 }, createClaim)('shop/thing')
    expect(peekThing()?.status).toEqual({ seen: 2, said: expect.stringContaining('exceeded quota') })
  })

  test('after one that fails, none is performed', async () => {
    kube.before = ({ verb }) => {
      if (verb === 'patch') throw refusal(503, 'ServiceUnavailable')
    }
    await expect(reconcileTo({ seen: 2 }, addFinalizer, createClaim)('shop/thing')).rejects.toBeInstanceOf(
      TransientError,
    )
    expect(claim()).toBeUndefined()
    expect(peekThing()?.status).toEqual({ seen: 2 })
  })

  test('are performed without a write as well, where they may be repeated', async () => {
    await reconcileTo({ seen: 1 }, createClaim)('shop/thing')
    expect(claim()).toBeDefined()
  })

  test('a write whose reply took longer than the fence lasts fences nothing: others may have acted on it', async () => {
    const started = performance.now()
    kube.before = ({ verb }) =>
      void (verb === 'updateStatus' && vi.spyOn(performance, 'now').mockReturnValue(started + 60_000))
    await expect(reconcileTo({ seen: 2 }, requestSnapshot())('shop/thing')).rejects.toThrow('is too old')
    expect(engine.tasks).toEqual([])
    expect(peekThing()?.status).toEqual({ seen: 2 })
  })

  describe('the object is changed by somebody between the POST and the write of its reply', () => {
    const change = (metadata: object, status: Status = { seen: 2 }): void => {
      kube.before = ({ verb }) => {
        if (verb !== 'updateStatus' || engine.tasks.length === 0) return
        kube.before = () => undefined
        kube.lay<Thing>(things, { metadata: { ...ref, ...peekThing()?.metadata, ...metadata }, status })
      }
    }

    test.each([
      ['deleted', { deletionTimestamp: '2026-03-01T12:00:00Z', finalizers: ['example.test/thing'] }],
      ['labelled', { labels: { team: 'search' } }],
    ])('%s: the reply is on record all the same, and what the other did stays', async (_, metadata) => {
      change(metadata)
      await reconcileTo({ seen: 2 }, requestSnapshot())('shop/thing')
      expect(peekThing()).toMatchObject({ metadata, status: { seen: 2, said: 'TaskEnqueued 0' } })
      expect(engine.tasks).toHaveLength(1)
    })

    test('its status was written by another one, who knows what he saw: the reply is not put on top', async () => {
      change({}, { seen: 7 })
      await expect(reconcileTo({ seen: 2 }, requestSnapshot())('shop/thing')).rejects.toBeInstanceOf(Conflict)
      expect(peekThing()?.status).toEqual({ seen: 7 })
    })

    test('it is another object of that name: the reply is not for it', async () => {
      change({ uid: 'another' })
      await expect(reconcileTo({ seen: 2 }, requestSnapshot())('shop/thing')).rejects.toBeInstanceOf(Conflict)
      expect(peekThing()?.status).toEqual({ seen: 2 })
    })

    test('over and over: it is given up after some tries, and the next pass looks', async () => {
      let tries = 0
      kube.before = ({ verb }) => {
        if (verb !== 'updateStatus' || engine.tasks.length === 0) return
        tries += 1
        kube.lay<Thing>(things, {
          ...peekThing()!,
          metadata: { ...peekThing()!.metadata, labels: { n: String(tries) } },
        })
      }
      await expect(reconcileTo({ seen: 2 }, requestSnapshot())('shop/thing')).rejects.toBeInstanceOf(Conflict)
      expect(tries).toBe(5)
    })
  })
})

describe('what a kind admits', () => {
  const withdraw = vi.fn<() => void>()
  const reconcile = (...effects: readonly Effect[]): Reconcile => {
    const admit = (): Admission<Status> => ({ decision: { status: { seen: 3 }, effects }, withdraw })
    return reconcileWith(() => ({ status: { seen: 2 }, effects: [createClaim] }), undefined, { admit })
  }

  test('is written and performed in place of what was decided', async () => {
    await reconcile()('shop/thing')
    expect(peekThing()?.status).toEqual({ seen: 3 })
    expect(claim()).toBeUndefined()
  })

  test.each([
    ['a conflict', refusal(409, 'Conflict'), 1],
    ['a refusal', refusal(422, 'Invalid'), 1],
    ['a reply that was lost', refusal(503, 'ServiceUnavailable'), 0],
  ])('is withdrawn where nothing of it is on record for sure: %s', async (_, error, times) => {
    kube.before = ({ verb }) => {
      if (verb === 'updateStatus') throw error
    }
    await expect(reconcile()('shop/thing')).rejects.toBe(error)
    expect(withdraw).toHaveBeenCalledTimes(times)
  })

  test('is not withdrawn once it is on record, whatever becomes of the reply to an effect', async () => {
    kube.before = ({ verb }) => {
      if (verb === 'updateStatus' && engine.tasks.length > 0) throw refusal(422, 'Invalid')
    }
    await expect(reconcile(requestSnapshot())('shop/thing')).rejects.toThrow('Invalid')
    expect(withdraw).not.toHaveBeenCalled()
  })
})

describe('Events', () => {
  test('one for each write, with the object as it was written', async () => {
    await reconcileTo({ seen: 2 })('shop/thing')
    expect(recorded).toEqual([
      {
        event: { type: 'Normal', reason: 'Noted', message: '2' },
        resourceVersion: peekThing()?.metadata.resourceVersion,
      },
    ])
  })
})

describe('when to look again', () => {
  test('as was decided', async () => {
    expect(
      await reconcileWith(() => ({ status: { seen: 2 }, effects: [], requeueAfterMs: 250 }))('shop/thing'),
    ).toEqual({
      requeueAfterMs: 250,
    })
    expect(await reconcileTo({ seen: 1 })('shop/thing')).toEqual({})
  })
})

describe('a deleted object', () => {
  test('is decided about like any other: its deletion is an effect', async () => {
    cached = kube.lay<Thing>(things, {
      metadata: { ...ref, deletionTimestamp: '2026-03-01T12:00:00Z', finalizers: ['example.test/thing'] },
      status: { seen: 1 },
    })
    await reconcileTo({ seen: 1 }, { kind: 'RemoveFinalizer', finalizer: 'example.test/thing' })('shop/thing')
    expect(peekThing()).toBeUndefined()
  })
})

describe('the log', () => {
  const ready = (reason: string, message: string): object[] => [{ type: 'Ready', status: 'False', reason, message }]

  test('has one line for a pass that changed something: what of, which pass, what was judged and what was done', async () => {
    const judged = { seen: 2, phase: 'Moving', conditions: ready('Copying', 'The file is being copied.') }
    await reconcileTo(judged, createClaim, addFinalizer)('shop/thing', 'pass-1')
    expect(log.lines).toEqual([
      {
        level: 'info',
        kind: 'Thing',
        namespace: 'shop',
        name: 'thing',
        reconcileID: 'pass-1',
        phase: 'Moving',
        reason: 'Copying',
        effects: ['CreateClaim', 'AddFinalizer'],
        msg: 'The file is being copied.',
      },
    ])
  })

  test('has none for a pass that changed nothing', async () => {
    await reconcileTo({ seen: 1 })('shop/thing', 'pass-1')
    expect(log.lines).toEqual([])
  })

  test('has figures alone for those who look closely', async () => {
    log = recordingLogger('debug')
    await reconcileTo({ seen: 2 })('shop/thing', 'pass-1')
    expect(log.lines).toMatchObject([{ level: 'debug', reconcileID: 'pass-1' }])
  })

  test('has what was done before a pass broke off, and not the effect that did not come to its end', async () => {
    kube.before = ({ verb }) => {
      if (verb === 'patch') throw new TransientError('no')
    }
    await expect(reconcileTo({ seen: 2 }, createClaim, addFinalizer)('shop/thing', 'pass-1')).rejects.toBeInstanceOf(
      TransientError,
    )
    expect(log.lines).toMatchObject([{ level: 'info', effects: ['CreateClaim'] }])
  })
})
