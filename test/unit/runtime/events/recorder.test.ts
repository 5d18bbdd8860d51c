import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { KubeClient } from '../../../../src/kube/client.ts'
import type { KubeObject, Ref, Resource } from '../../../../src/kube/resource.ts'
import { NotFound, TerminalError, TransientError } from '../../../../src/errors.ts'
import { EventRecorder } from '../../../../src/runtime/events/recorder.ts'

vi.setConfig({ testTimeout: 240_000 })

interface Event extends KubeObject {
  readonly reason: string
  readonly message: string
  readonly count: number
  readonly involvedObject: KubeObject['metadata']
}

/** Takes Events, refuses them, or keeps all waiting for an answer. */
class FakeEvents implements Pick<KubeClient, 'create' | 'patch'> {
  there: Event[] = []
  /** Of those that are there. */
  patchRefusal: Error | undefined
  asked = 0
  patched = 0
  refusal: Error | undefined
  /** Until this is resolved nothing is answered. */
  answer: Promise<void> = Promise.resolve()

  async create<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    expect(resource.plural).toBe('events')
    this.asked++
    await this.answer
    if (this.refusal !== undefined) throw this.refusal
    this.there.push(object as unknown as Event)
    return object
  }

  async patch<T extends KubeObject>(resource: Resource, ref: Ref, { body }: { readonly body: unknown }): Promise<T> {
    expect(resource.plural).toBe('events')
    this.asked++
    await this.answer
    if (this.patchRefusal !== undefined) throw this.patchRefusal
    const nth = this.there.findIndex(({ metadata }) => metadata.name === ref.name)
    if (nth < 0) throw new NotFound('it is gone')
    this.patched++
    this.there[nth] = { ...this.there[nth]!, ...(body as Partial<Event>) }
    return this.there[nth] as unknown as T
  }
}

const snapshot = {
  apiVersion: 'example.test/v1',
  kind: 'MeiliSnapshot',
  metadata: { namespace: 'shop', name: 'first', uid: 'u-1', resourceVersion: '77' },
}
const anEvent = { type: 'Normal', reason: 'Stored', message: 'The artifact is stored.' } as const

function aRecorder(): { api: FakeEvents; recorder: EventRecorder; dropped: unknown[] } {
  const api = new FakeEvents()
  const dropped: unknown[] = []
  return {
    api,
    dropped,
    recorder: new EventRecorder({
      kube: api,
      component: 'meili-operator',
      instance: 'pod_1',
      dropped: (error) => dropped.push(error),
    }),
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2030-01-01T00:00:00.750Z') }))
afterEach(() => void vi.useRealTimers())

describe('an Event', () => {
  test('says what happened to which object, when and by whom', async () => {
    const { api, recorder } = aRecorder()
    recorder.record(snapshot, anEvent)
    await recorder.drain()
    expect(api.there).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { namespace: 'shop', name: expect.stringMatching(/^first\.[0-9a-f]{22}$/) as string },
        involvedObject: { apiVersion: 'example.test/v1', kind: 'MeiliSnapshot', ...snapshot.metadata },
        ...anEvent,
        count: 1,
        firstTimestamp: '2030-01-01T00:00:00Z',
        lastTimestamp: '2030-01-01T00:00:00Z',
        source: { component: 'meili-operator' },
        reportingComponent: 'meili-operator',
        reportingInstance: 'pod_1',
      },
    ])
  })

  test('on an object without a namespace is in the namespace default', async () => {
    const { api, recorder } = aRecorder()
    recorder.record({ ...snapshot, metadata: { name: 'everywhere' } }, anEvent)
    await recorder.drain()
    expect(api.there[0]?.metadata.namespace).toBe('default')
    expect(api.there[0]?.involvedObject.namespace).toBeUndefined()
  })

  test('of a process with a long name is still one that the API server takes', async () => {
    const api = new FakeEvents()
    const recorder = new EventRecorder({
      kube: api,
      component: 'meili-operator',
      instance: 'p'.repeat(300),
      dropped: () => undefined,
    })
    recorder.record(snapshot, anEvent)
    await recorder.drain()
    expect(api.there[0]).toMatchObject({ reportingInstance: 'p'.repeat(128) })
  })

  test('that is the same as one before is counted, with the time of the last', async () => {
    const { api, recorder } = aRecorder()
    for (let times = 0; times < 3; times++) recorder.record(snapshot, anEvent)
    await recorder.drain()
    vi.setSystemTime(Date.now() + 60_000)
    recorder.record(snapshot, anEvent)
    await recorder.drain()
    expect(api.there).toMatchObject([
      { ...anEvent, count: 4, firstTimestamp: '2030-01-01T00:00:00Z', lastTimestamp: '2030-01-01T00:01:00Z' },
    ])
  })

  test.each([
    ['is gone', new NotFound('it is gone')],
    ['may not be changed', new TerminalError('forbidden', { status: 403 })],
  ])('that is the same as one that %s is made anew, with all that were counted', async (_, refusal) => {
    const { api, recorder, dropped } = aRecorder()
    recorder.record(snapshot, anEvent)
    await recorder.drain()
    api.patchRefusal = refusal
    recorder.record(snapshot, anEvent)
    await recorder.drain()
    expect(api.there.map(({ count }) => count)).toEqual([1, 2])
    expect(dropped).toEqual([])
  })

  test('that differs in anything is another one', async () => {
    const { api, recorder } = aRecorder()
    recorder.record(snapshot, anEvent)
    recorder.record(snapshot, { ...anEvent, message: 'Another.' })
    recorder.record(snapshot, { ...anEvent, reason: 'Other' })
    recorder.record(snapshot, { ...anEvent, type: 'Warning' })
    recorder.record({ ...snapshot, metadata: { ...snapshot.metadata, uid: 'u-2' } }, anEvent)
    await recorder.drain()
    expect(api.there.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1])
  })
})

describe('the name of an Event', () => {
  test('keeps the order in which they were recorded, within one millisecond and over several', async () => {
    const { api, recorder } = aRecorder()
    for (let nth = 0; nth < 500; nth++) {
      if (nth % 100 === 99) vi.setSystemTime(Date.now() + 1)
      recorder.record(
        { ...snapshot, metadata: { ...snapshot.metadata, uid: String(nth) } },
        { ...anEvent, message: String(nth) },
      )
    }
    await recorder.drain()
    const sorted = api.there.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
    expect(sorted.map(({ message }) => Number(message))).toEqual(Array.from({ length: 500 }, (_, nth) => nth))
  })

  /** Long enough that most are cut, and often at a dot or a dash. */
  const names = fc
    .array(fc.stringMatching(/^[a-z][-a-z]{0,8}[a-z]$/), { minLength: 1, maxLength: 90, size: 'max' })
    .map((labels) =>
      labels
        .join('.')
        .slice(0, 253)
        .replace(/[-.]+$/, ''),
    )

  test('is a valid name for each name that an object may have', async () => {
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const { api, recorder } = aRecorder()
        recorder.record({ ...snapshot, metadata: { ...snapshot.metadata, name } }, anEvent)
        await recorder.drain()
        const made = api.there[0]!.metadata.name
        expect(made.length).toBeLessThanOrEqual(253)
        expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
      }),
      { numRuns: 150 },
    )
  })
})

describe('a message', () => {
  /** Characters of one to four bytes, around the limit. */
  const messages = fc
    .array(fc.constantFrom('a', 'ü', '…', '😀'), { minLength: 300, maxLength: 700, size: 'max' })
    .map((parts) => parts.join(''))

  test('is cut where it is longer than the API server takes, and never within a character', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const { api, recorder } = aRecorder()
        recorder.record(snapshot, { ...anEvent, message })
        await recorder.drain()
        const made = api.there[0]!.message
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(1024)
        expect(made.isWellFormed()).toBe(true)
        if (Buffer.byteLength(message) <= 1024) expect(made).toBe(message)
        else expect(message.startsWith(made.slice(0, -1)) && made.endsWith('…')).toBe(true)
      }),
    )
  })

  test('loses no more than it must', async () => {
    const { api, recorder } = aRecorder()
    recorder.record(snapshot, { ...anEvent, message: 'ü'.repeat(600) })
    await recorder.drain()
    expect(api.there[0]!.message).toBe(`${'ü'.repeat(510)}…`)
  })
})

describe('an API server', () => {
  test('that does not take an Event holds up nobody: the Event is dropped and counted', async () => {
    const { api, recorder, dropped } = aRecorder()
    api.refusal = new TransientError('POST Event got no reply')
    recorder.record(snapshot, anEvent)
    await recorder.drain()
    expect(dropped).toEqual([api.refusal])
    api.refusal = undefined
    recorder.record(snapshot, anEvent)
    await recorder.drain()
    expect(api.there.length).toBe(1)
  })

  test('that is away is asked one thing at a time; 1000 wait, more are dropped, and when it is back all goes on', async () => {
    const { api, recorder, dropped } = aRecorder()
    const back = Promise.withResolvers<void>()
    api.answer = back.promise
    const record = (nth: number): void =>
      recorder.record({ ...snapshot, metadata: { ...snapshot.metadata, uid: `u-${nth}` } }, anEvent)
    for (let nth = 0; nth < 1004; nth++) record(nth)
    expect(dropped.length).toBe(3)
    expect(api.asked).toBe(1)
    back.resolve()
    await recorder.drain()
    expect(api.there.length).toBe(1001)
    record(1004)
    await recorder.drain()
    expect(api.there.length).toBe(1002)
  })

  test('is waited for at the end until it has answered', async () => {
    const { api, recorder } = aRecorder()
    const back = Promise.withResolvers<void>()
    api.answer = back.promise
    recorder.record(snapshot, anEvent)
    let isDrained = false
    const drained = recorder.drain().then(() => (isDrained = true))
    await new Promise((resolve) => void setImmediate(resolve))
    expect(isDrained).toBe(false)
    back.resolve()
    await drained
    expect(api.there.length).toBe(1)
  })
})
