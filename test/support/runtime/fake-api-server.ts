// An API server of one kind in memory, with its history: paged lists of one version, watches from a version, bookmarks, compaction;
// and with all the ways in which a watch or a list can end. The pages are put together by the real client.
import { KubeClient } from '../../../src/kube/client.ts'
import type { KubeList, ListOptions, WatchEvent, WatchOptions } from '../../../src/kube/reader.ts'
import { errorFrom } from '../../../src/kube/replies.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { TransientError } from '../../../src/errors.ts'
import { keyOf } from '../../../src/runtime/cache/store.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Thing extends KubeObject {
  readonly value: number
}

interface Entry {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: Thing
}

type Mail = Entry | { readonly end: Error | undefined }

export interface Pace {
  /** How long a request is under way. */
  readonly latencyMs: number
  /** How long each event is. */
  readonly eventMs: number
  readonly pageSize: number
}

const nowhere = {
  server: 'http://nowhere',
  credentials: (): Promise<never> => Promise.reject(new Error('there is no network here')),
  close: (): Promise<void> => Promise.resolve(),
}

export const goneError = (): Error =>
  errorFrom({ what: 'WATCH Thing', status: 410, body: { reason: 'Expired', message: 'too old resource version' } })
export const refused = (status: number): Error =>
  errorFrom({ what: 'WATCH Thing', status, body: { message: 'this resource version cannot be watched from' } })
export const unreachable = (retryAfterMs?: number): Error =>
  new TransientError('LIST Thing got no reply', retryAfterMs === undefined ? {} : { retryAfterMs })

export class FakeApiServer extends KubeClient {
  /** Requests that were answered, and all that were made. */
  readonly answered = { lists: 0, watches: 0 }
  requests = 0
  /** Each of the next requests ends so. */
  readonly refusals: Error[] = []
  /** Each watch from a version of before gets this. */
  refusedVersions: { readonly before: number; readonly error: Error } | undefined
  /** The server ends a watch after this time, where that is sooner than what was asked for. */
  watchesLastMs = Infinity
  readonly #time: VirtualTime
  readonly #pace: Pace
  readonly #objects = new Map<string, Thing>()
  #history: Entry[] = []
  #version = 1000
  #forgottenBefore = 0
  /** What the pages of a list that is under way are cut from. */
  readonly #snapshots = new Map<string, readonly Thing[]>()
  readonly #watchers = new Set<Watcher>()

  constructor(time: VirtualTime, pace: Partial<Pace> = {}) {
    super(nowhere)
    this.#time = time
    this.#pace = { latencyMs: 20, eventMs: 1, pageSize: 2, ...pace }
  }

  get objects(): ReadonlyMap<string, Thing> {
    return this.#objects
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Creates the object, or changes it. */
  write(namespace: string, name: string, annotations?: Readonly<Record<string, string>>): Thing {
    const before = this.#objects.get(`${namespace}/${name}`)
    const version = ++this.#version
    const metadata = {
      namespace,
      name,
      uid: before?.metadata.uid ?? `uid-${version}`,
      resourceVersion: String(version),
      managedFields: [{ manager: 'somebody' }],
      ...(annotations === undefined ? {} : { annotations }),
    }
    const object = { metadata, value: version }
    this.#objects.set(keyOf(object), object)
    this.#record({ version, type: before === undefined ? 'ADDED' : 'MODIFIED', object })
    return object
  }

  remove(namespace: string, name: string): void {
    const before = this.#objects.get(`${namespace}/${name}`)
    if (before === undefined) return
    this.#objects.delete(keyOf(before))
    const version = ++this.#version
    this.#record({
      version,
      type: 'DELETED',
      object: { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } },
    })
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.#version) } } as unknown as Thing
    for (const watcher of this.#watchers) watcher.mail.push({ version: this.#version, type: 'BOOKMARK', object })
    this.#ring()
  }

  /** Sends the last events once more, in order. */
  repeat(count: number): void {
    for (const watcher of this.#watchers)
      watcher.mail.push(...this.#history.slice(-count).filter((entry) => watcher.wants(entry)))
    this.#ring()
  }

  /** Ends all watches; what was on its way is lost. */
  disconnect(error?: Error): void {
    for (const { mail } of this.#watchers) mail.splice(0, Infinity, { end: error })
    this.#ring()
  }

  /** Forgets all history: who resumes from an older version gets 410. */
  compact(): void {
    this.#forgottenBefore = this.#version
    this.#history = []
    this.#snapshots.clear()
  }

  /** What was listed until now cannot be watched from, for a reason that lasts. */
  refuseVersions(error: Error): void {
    this.refusedVersions = { before: ++this.#version, error }
    this.disconnect(error)
  }

  override async list<T extends KubeObject>(_resource: Resource, options: ListOptions = {}): Promise<KubeList<T>> {
    await this.#travel()
    const [token, from] = (options.continue ?? `${options.namespace ?? ''}@${this.#version}/0`).split('/') as [
      string,
      string,
    ]
    if (options.continue === undefined) this.#snapshots.set(token, this.#within(options.namespace))
    const snapshot = this.#snapshots.get(token)
    if (snapshot === undefined) throw goneError()
    const end = Number(from) + Math.min(this.#pace.pageSize, options.limit ?? Infinity)
    const items = snapshot.slice(Number(from), end) as unknown as T[]
    const metadata = {
      resourceVersion: token.split('@')[1]!,
      ...(end < snapshot.length ? { continue: `${token}/${end}` } : {}),
    }
    if (end >= snapshot.length) this.answered.lists++
    await this.#time.pause(this.#pace.latencyMs)
    return { metadata, items }
  }

  override async *watch<T extends KubeObject>(
    _resource: Resource,
    { namespace, resourceVersion, timeoutSeconds, signal }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    await this.#travel()
    if (signal.aborted) return
    const from = Number(resourceVersion)
    if (from < this.#forgottenBefore) throw goneError()
    if (from < (this.refusedVersions?.before ?? 0)) throw this.refusedVersions!.error
    this.answered.watches++
    const watcher = new Watcher(namespace)
    watcher.mail.push(...this.#history.filter((entry) => entry.version > from && watcher.wants(entry)))
    this.#watchers.add(watcher)
    const timer = this.#time.setTimeout(
      () => watcher.send({ end: undefined }),
      Math.min(timeoutSeconds * 1000, this.watchesLastMs),
    )
    const end = (): void => watcher.send({ end: undefined })
    signal.addEventListener('abort', end, { once: true })
    try {
      for (
        let mail = await watcher.next();
        !signal.aborted && !('end' in mail && mail.end === undefined);
        mail = await watcher.next()
      ) {
        if ('end' in mail) throw mail.end as Error
        await this.#time.pause(this.#pace.eventMs)
        yield { type: mail.type, object: mail.object as unknown as T }
      }
    } finally {
      this.#watchers.delete(watcher)
      timer.cancel()
      signal.removeEventListener('abort', end)
    }
  }

  #within(namespace: string | undefined): readonly Thing[] {
    return [...this.#objects.values()]
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .toSorted((one, other) => keyOf(one).localeCompare(keyOf(other)))
  }

  async #travel(): Promise<void> {
    this.requests++
    await this.#time.pause(this.#pace.latencyMs)
    const refusal = this.refusals.shift()
    if (refusal !== undefined) throw refusal
  }

  #record(entry: Entry): void {
    this.#history.push(entry)
    for (const watcher of this.#watchers) if (watcher.wants(entry)) watcher.mail.push(entry)
    this.#ring()
  }

  #ring(): void {
    for (const watcher of this.#watchers) watcher.ring()
  }
}

class Watcher {
  readonly mail: Mail[] = []
  readonly #namespace: string | undefined
  #arrival = Promise.withResolvers<void>()

  constructor(namespace: string | undefined) {
    this.#namespace = namespace
  }

  wants({ object }: Entry): boolean {
    return this.#namespace === undefined || object.metadata.namespace === this.#namespace
  }

  send(mail: Mail): void {
    this.mail.push(mail)
    this.ring()
  }

  ring(): void {
    this.#arrival.resolve()
    this.#arrival = Promise.withResolvers()
  }

  async next(): Promise<Mail> {
    while (this.mail.length === 0) await this.#arrival.promise
    return this.mail.shift()!
  }
}
