// The operator's client straight at the modelled API server, without a network: for years of virtual time. Each write passes a guard, which may cut the process off.
import { KubeClient } from '../../../../src/kube/client.ts'
import type { PatchOptions } from '../../../../src/kube/client.ts'
import { collectionPath, objectPath } from '../../../../src/kube/paths.ts'
import type { Path } from '../../../../src/kube/paths.ts'
import type { KubeList, ListOptions } from '../../../../src/kube/reader.ts'
import { errorFrom } from '../../../../src/kube/replies.ts'
import type { KubeObject, Ref, Resource } from '../../../../src/kube/resource.ts'
import type { ApiServer } from '../cluster/api-server.ts'

export interface Write {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly plural: string
  readonly name: string
  readonly subresource: string | undefined
  readonly body: unknown
}

/** Called before a write arrives; with `lost` it arrives and its reply does not, with `cut` it does not even arrive: in both the process is gone. */
export type WriteGuard = (write: Write) => 'sent' | 'lost' | 'cut'

const nowhere = {
  server: 'http://nowhere.invalid',
  credentials: (): Promise<never> => Promise.reject(new Error('there is no network here')),
  close: (): Promise<void> => Promise.resolve(),
}
const never = new Promise<never>(() => undefined)

export class DirectClient extends KubeClient {
  /** What is asked from then on is not answered. */
  isAlive = true
  readonly #api: ApiServer
  readonly #guard: WriteGuard

  constructor(api: ApiServer, guard: WriteGuard = () => 'sent') {
    super(nowhere)
    this.#api = api
    this.#guard = guard
  }

  override async get<T extends KubeObject>(resource: Resource, ref: Ref): Promise<T> {
    return (await this.#ask('GET', objectPath(resource, ref, 'GET'))) as T
  }

  /** As they are stored, in one page: nobody changes an object in place, and to write and parse them again would take most of the time. */
  override async list<T extends KubeObject>(
    { plural }: Resource,
    { namespace, labelSelector }: ListOptions = {},
  ): Promise<KubeList<T>> {
    if (!this.isAlive) return await never
    const items = this.#api.store.list(plural, namespace, labelSelector) as readonly KubeObject[] as readonly T[]
    return { metadata: { resourceVersion: String(this.#api.store.version) }, items: [...items] }
  }

  override async create<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    const path = collectionPath(resource, object.metadata.namespace, 'POST')
    const write: Write = {
      method: 'POST',
      plural: resource.plural,
      name: object.metadata.name,
      subresource: undefined,
      body: object,
    }
    return (await this.#write(write, path)) as T
  }

  override async updateStatus<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    const { path, what } = objectPath(resource, object.metadata, 'PUT')
    const write: Write = {
      method: 'PUT',
      plural: resource.plural,
      name: object.metadata.name,
      subresource: 'status',
      body: object,
    }
    return (await this.#write(write, { path: `${path}/status`, what })) as T
  }

  override async patch<T extends KubeObject>(
    resource: Resource,
    ref: Ref,
    { body }: { readonly body: unknown } & PatchOptions,
  ): Promise<T> {
    const write: Write = { method: 'PATCH', plural: resource.plural, name: ref.name, subresource: undefined, body }
    return (await this.#write(write, objectPath(resource, ref, 'PATCH'))) as T
  }

  override async delete(
    resource: Resource,
    ref: Ref,
    options: {
      propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
      uid?: string
      resourceVersion?: string
    } = {},
  ): Promise<void> {
    const { propagationPolicy, ...preconditions } = options
    const body = { propagationPolicy, preconditions }
    const write: Write = { method: 'DELETE', plural: resource.plural, name: ref.name, subresource: undefined, body }
    await this.#write(write, objectPath(resource, ref, 'DELETE'))
  }

  async #write(write: Write, path: Path): Promise<unknown> {
    if (!this.isAlive) return await never
    const fate = this.#guard(write)
    if (fate === 'cut') this.isAlive = false
    const answer = this.#ask(write.method, path, write.body)
    if (fate === 'sent') return await answer
    this.isAlive = false
    // Whatever the answer is, nobody hears it.
    answer.catch(() => undefined)
    return await never
  }

  async #ask(method: string, { path, what }: Path, sent?: unknown): Promise<unknown> {
    if (!this.isAlive) return await never
    const url = new URL(path, 'https://model')
    const body = sent === undefined ? undefined : JSON.stringify(sent)
    const { status, body: text } = this.#api.answer({ method, url, headers: {}, body, signal: undefined })
    if (typeof text !== 'string') throw new Error(`${what} is answered with a stream`)
    const reply = JSON.parse(text) as unknown
    if (status >= 300) throw errorFrom({ what, status, body: reply })
    return reply
  }
}
