// The Kubernetes API as plain JSON over one pool: what is read is what the server sent, with every field.
import { NotFound } from '../errors.ts'
import type { Connection } from './connection.ts'
import { Execution } from './exec.ts'
import type { ExecCall } from './exec.ts'
import { errorFrom } from './replies.ts'
import { Transport } from './transport.ts'
import type { Observer } from './transport.ts'
import type { KubeObject, Ref, Resource } from './resource.ts'

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

export interface PatchOptions {
  readonly type: 'merge' | 'apply'
  readonly fieldManager?: string
  readonly force?: boolean
  readonly subresource?: 'status'
  readonly dryRun?: boolean
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
const patchTypes = { merge: 'application/merge-patch+json', apply: 'application/apply-patch+yaml' } as const

export class KubeClient {
  readonly #transport: Transport
  readonly #execute: (call: ExecCall) => Promise<Execution>

  constructor(connection: Connection, observe: Observer = () => undefined) {
    this.#transport = new Transport(connection, observe)
    this.#execute = (call) => Execution.open(connection, call, observe)
  }

  /** @throws NotFound */
  async get<T extends KubeObject>(resource: Resource, ref: Ref): Promise<T> {
    return (await this.#transport.json({ verb: 'get', method: 'GET', resource, ...place(resource, ref, 'GET') })) as T
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
    const list = (await this.#transport.json({
      verb: 'list',
      method: 'GET',
      resource,
      ...collection(resource, namespace, 'LIST'),
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

  /** All pages of one consistent list, each with the version that a watch continues from. Of what is dropped of a page, nothing waits for the next one. */
  async *pages<T extends KubeObject>(resource: Resource, options: ListOptions = {}): AsyncGenerator<KubeList<T>> {
    let next: string | undefined
    do {
      const page: KubeList<T> = await this.list<T>(resource, {
        limit: pageSize,
        ...options,
        ...(next === undefined ? {} : { continue: next }),
      })
      yield page
      next = page.metadata.continue
    } while (next !== undefined && next !== '')
  }

  /** @throws Conflict where it exists */
  async create<T extends KubeObject>(
    resource: Resource,
    object: T,
    options: { dryRun?: boolean; fieldManager?: string } = {},
  ): Promise<T> {
    const { path } = collection(resource, object.metadata.namespace, 'POST')
    const { what } = place(resource, object.metadata, 'POST')
    return (await this.#transport.json({
      verb: 'create',
      method: 'POST',
      resource,
      path,
      what,
      query: { fieldManager: options.fieldManager, ...dryRun(options) },
      body: object,
    })) as T
  }

  /** Replaces the object's spec or data. @throws Conflict where it changed since it was read */
  async update<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    return (await this.#transport.json({
      verb: 'update',
      method: 'PUT',
      resource,
      ...place(resource, object.metadata, 'PUT'),
      body: object,
    })) as T
  }

  /** @throws Conflict where the object changed since its resourceVersion */
  async updateStatus<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    const { path, what } = place(resource, object.metadata, 'PUT')
    return (await this.#transport.json({
      verb: 'update',
      method: 'PUT',
      resource,
      path: `${path}/status`,
      what: `${what}/status`,
      body: object,
    })) as T
  }

  async patch<T extends KubeObject>(
    resource: Resource,
    ref: Ref,
    patch: { readonly body: unknown } & PatchOptions,
  ): Promise<T> {
    const { path, what } = place(resource, ref, 'PATCH')
    const query = { fieldManager: patch.fieldManager, force: patch.force, ...dryRun(patch) }
    const suffix = patch.subresource === undefined ? '' : `/${patch.subresource}`
    return (await this.#transport.json({
      verb: 'patch',
      method: 'PATCH',
      resource,
      path: `${path}${suffix}`,
      what: `${what}${suffix}`,
      query,
      body: patch.body,
      contentType: patchTypes[patch.type],
    })) as T
  }

  /** @throws NotFound where it is gone already; Conflict where uid or resourceVersion is another one */
  async delete(
    resource: Resource,
    ref: Ref,
    options: {
      propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
      uid?: string
      resourceVersion?: string
    } = {},
  ): Promise<void> {
    const { propagationPolicy, ...preconditions } = options
    await this.#transport.json({
      verb: 'delete',
      method: 'DELETE',
      resource,
      ...place(resource, ref, 'DELETE'),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions },
    })
  }

  async logs(
    pod: Ref,
    { withinMs, ...query }: { container?: string; tailLines?: number; limitBytes?: number; withinMs?: number } = {},
  ): Promise<string> {
    const resource: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod' }
    const { path, what } = place(resource, pod, 'GET')
    return await this.#transport.text({
      verb: 'get',
      method: 'GET',
      resource,
      path: `${path}/log`,
      what: `${what}/log`,
      query,
      withinMs,
    })
  }

  /** Starts a command in a container. @throws NotFound where there is no such pod; TerminalError where that is not allowed */
  exec(call: ExecCall): Promise<Execution> {
    return this.#execute(call)
  }

  /** Events until the server or the signal ends the stream. An ERROR event is thrown as its error (Gone: list again). */
  async *watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, ...query } = options
    const call = {
      verb: 'watch',
      method: 'GET' as const,
      resource,
      ...collection(resource, namespace, 'WATCH'),
      query: { ...query, watch: true, allowWatchBookmarks: true },
      signal,
    }
    for await (const line of this.#transport.lines(call)) {
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

  close(): Promise<void> {
    return this.#transport.close()
  }
}

const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`)
const dryRun = (options: { readonly dryRun?: boolean }): { dryRun?: string } =>
  options.dryRun === true ? { dryRun: 'All' } : {}

function collection(resource: Resource, namespace: string | undefined, method: string): { path: string; what: string } {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return { path: `${root}${within}/${resource.plural}`, what: `${method} ${resource.kind} ${namespace ?? ''}`.trim() }
}

function place(resource: Resource, { namespace, name }: Ref, method: string): { path: string; what: string } {
  const { path, what } = collection(resource, namespace, method)
  const named = namespace === undefined ? `${what} ${name}` : `${what}/${name}`
  // In a URL these are steps, encoded or not: the request would reach another object. No object has such a name.
  if (name === '.' || name === '..') throw new NotFound(`${named} was not sent: no object has this name`)
  return { path: `${path}/${encodeURIComponent(name)}`, what: named }
}
