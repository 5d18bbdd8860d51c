// The reading half of the Kubernetes client, over one pool: objects come as plain JSON, with every field that the server sent.
import { NotFound } from '../errors.ts'
import { collectionPath, objectPath } from './paths.ts'
import { errorFrom } from './replies.ts'
import type { KubeObject, Ref, Resource } from './resource.ts'
import { isTooLong } from './transport.ts'
import type { Transport } from './transport.ts'

export interface ListOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
}

export interface KubeList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: T[]
}

export interface WatchOptions extends ListOptions {
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

const pageSize = 500

export class KubeReader {
  protected readonly transport: Transport

  constructor(transport: Transport) {
    this.transport = transport
  }

  /** The API server's clock, in ms: as its last reply had it, and the time since then. Undefined where it is not known. */
  serverTimeMs(): number | undefined {
    return this.transport.serverTimeMs()
  }

  /** @throws NotFound */
  async get<T extends KubeObject>(resource: Resource, ref: Ref): Promise<T> {
    return (await this.transport.json({
      verb: 'get',
      method: 'GET',
      resource,
      ...objectPath(resource, ref, 'GET'),
    })) as T
  }

  /** What is not there is something seen, and no error. */
  async find<T extends KubeObject>(resource: Resource, ref: Ref): Promise<T | undefined> {
    try {
      return await this.get<T>(resource, ref)
    } catch (error) {
      if (error instanceof NotFound) return undefined
      throw error
    }
  }

  /** One page. @throws Gone where `continue` is too old */
  async list<T extends KubeObject>(resource: Resource, options: ListOptions = {}): Promise<KubeList<T>> {
    const { namespace, ...query } = options
    const list = (await this.transport.json({
      verb: 'list',
      method: 'GET',
      resource,
      ...collectionPath(resource, namespace, 'LIST'),
      query,
    })) as KubeList<T>
    // Items of a list come without their type.
    const named = { apiVersion: apiVersionOf(resource), kind: resource.kind }
    return { metadata: list.metadata, items: list.items.map((item) => ({ ...named, ...item })) }
  }

  async listAll<T extends KubeObject>(resource: Resource, options: ListOptions = {}): Promise<T[]> {
    const items: T[] = []
    for await (const page of this.pages<T>(resource, options)) items.push(...page.items)
    return items
  }

  /** All pages of one consistent list, each with the version that a watch continues from. Of what is dropped of a page, nothing waits for the next one. Of large objects the pages are smaller. */
  async *pages<T extends KubeObject>(resource: Resource, options: ListOptions = {}): AsyncGenerator<KubeList<T>> {
    let limit = options.limit ?? pageSize
    let next: string | undefined = ''
    while (next !== undefined) {
      const page: KubeList<T> | undefined = await this.#page<T>(resource, {
        ...options,
        limit,
        ...(next === '' ? {} : { continue: next }),
      })
      if (page === undefined) limit = Math.ceil(limit / 2)
      else {
        yield page
        next = page.metadata.continue === '' ? undefined : page.metadata.continue
      }
    }
  }

  /** Undefined where it is longer than what is read of one reply, and a smaller one may do. */
  async #page<T extends KubeObject>(
    resource: Resource,
    options: ListOptions & { readonly limit: number },
  ): Promise<KubeList<T> | undefined> {
    try {
      return await this.list<T>(resource, options)
    } catch (error) {
      if (options.limit === 1 || !isTooLong(error)) throw error
      return undefined
    }
  }

  async logs(
    pod: Ref,
    { withinMs, ...query }: { container?: string; tailLines?: number; limitBytes?: number; withinMs?: number } = {},
  ): Promise<string> {
    const resource: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod' }
    const { path, what } = objectPath(resource, pod, 'GET')
    return await this.transport.text({
      verb: 'get',
      method: 'GET',
      resource,
      path: `${path}/log`,
      what: `${what}/log`,
      query,
      withinMs,
    })
  }

  /** Events until the server or the signal ends the stream. An ERROR event is thrown as its error (Gone: list again). */
  async *watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, ...query } = options
    const call = {
      verb: 'watch',
      method: 'GET' as const,
      resource,
      ...collectionPath(resource, namespace, 'WATCH'),
      query: { ...query, watch: true, allowWatchBookmarks: true },
      signal,
    }
    for await (const line of this.transport.lines(call)) {
      const event = JSON.parse(line) as WatchEvent<T>
      if (event.type === 'ERROR')
        throw errorFrom({
          what: call.what,
          status: (event.object as { code?: number }).code ?? 500,
          body: event.object,
        })
      yield event
    }
  }
}

const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`)
