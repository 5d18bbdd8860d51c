// The part of the Kubernetes API that reconciling uses, in memory: resourceVersions, conflicts, status apart from the rest, finalizers.
// For faults at a chosen moment; what the real API server does is shown in test/integration.
import { KubeClient } from '../../../src/kube/client.ts'
import type { PatchOptions } from '../../../src/kube/client.ts'
import type { KubeList, ListOptions } from '../../../src/kube/reader.ts'
import { errorFrom } from '../../../src/kube/replies.ts'
import type { KubeObject, Ref, Resource } from '../../../src/kube/resource.ts'

interface Stored extends KubeObject {
  readonly spec?: object
  readonly status?: unknown
}

/** A request that is about to be answered; what the hook throws is the answer. */
export type Hook = (request: {
  readonly verb: string
  readonly resource: Resource
  readonly name: string
}) => void | Promise<void>

const nowhere = {
  server: 'http://nowhere.invalid',
  credentials: (): Promise<never> => Promise.reject(new Error('there is no network here')),
  close: (): Promise<void> => Promise.resolve(),
}

export const refusal = (status: number, reason: string, message = reason): Error =>
  errorFrom({ what: 'the request', status, body: { reason, message } })

export class KubeInMemory extends KubeClient {
  before: Hook = () => undefined
  /** What its clock says; undefined: it is not known. */
  clockMs: number | undefined
  readonly #objects = new Map<string, Stored>()
  #version = 100

  constructor() {
    super(nowhere)
  }

  override serverTimeMs(): number | undefined {
    return this.clockMs
  }

  /** Lays an object as it is, with a new resourceVersion; gives it as it is stored. */
  lay<T extends KubeObject>(resource: Resource, object: T): T {
    const stored = {
      ...object,
      metadata: { uid: `uid-of-${object.metadata.name}`, ...object.metadata, resourceVersion: String(++this.#version) },
    }
    this.#objects.set(keyOf(resource, object.metadata), stored)
    return structuredClone(stored)
  }

  take(resource: Resource, ref: Ref): void {
    this.#objects.delete(keyOf(resource, ref))
  }

  peek<T extends KubeObject>(resource: Resource, ref: Ref): T | undefined {
    return structuredClone(this.#objects.get(keyOf(resource, ref))) as T | undefined
  }

  namesOf(resource: Resource): string[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${resource.plural}/`))
      .map(([, { metadata }]) => metadata.name)
      .toSorted()
  }

  override async get<T extends KubeObject>(resource: Resource, ref: Ref): Promise<T> {
    await this.before({ verb: 'get', resource, name: ref.name })
    return structuredClone(this.#find(resource, ref)) as KubeObject as T
  }

  /** Knows selectors of plain `key=value` only. */
  override async list<T extends KubeObject>(
    resource: Resource,
    { namespace, labelSelector = '' }: ListOptions = {},
  ): Promise<KubeList<T>> {
    await this.before({ verb: 'list', resource, name: '' })
    const wanted = labelSelector.split(',').filter((part) => part !== '')
    const items = [...this.#objects].flatMap(([key, object]) =>
      key.startsWith(`${resource.plural}/${namespace ?? ''}`) && wanted.every((part) => has(object, part))
        ? [structuredClone(object) as KubeObject as T]
        : [],
    )
    return { metadata: { resourceVersion: String(this.#version) }, items }
  }

  override async create<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    await this.before({ verb: 'create', resource, name: object.metadata.name })
    if (this.#objects.has(keyOf(resource, object.metadata))) throw refusal(409, 'AlreadyExists')
    return this.lay(resource, object)
  }

  override async updateStatus<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    await this.before({ verb: 'updateStatus', resource, name: object.metadata.name })
    const known = this.#findUnchanged(resource, object.metadata)
    const status = structuredClone((object as Stored).status)
    return this.lay(resource, { ...known, status }) as KubeObject as T
  }

  override async patch<T extends KubeObject>(
    resource: Resource,
    ref: Ref,
    { body }: { readonly body: unknown } & PatchOptions,
  ): Promise<T> {
    await this.before({ verb: 'patch', resource, name: ref.name })
    const { metadata, spec } = body as Stored
    const known = this.#findUnchanged(resource, { ...ref, ...metadata })
    const next = this.lay(resource, {
      ...known,
      metadata: mergePatch(known.metadata, metadata ?? {}),
      ...(spec === undefined ? {} : { spec: { ...known.spec, ...spec } }),
    })
    if (next.metadata.deletionTimestamp !== undefined && next.metadata.finalizers?.length === 0)
      this.take(resource, ref)
    return next as KubeObject as T
  }

  override async delete(
    resource: Resource,
    ref: Ref,
    {
      propagationPolicy,
      ...preconditions
    }: { propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'; uid?: string; resourceVersion?: string } = {},
  ): Promise<void> {
    await this.before({ verb: 'delete', resource, name: ref.name })
    const known = this.#findUnchanged(resource, { ...ref, ...preconditions })
    if (propagationPolicy === 'Foreground')
      this.lay(resource, {
        ...known,
        metadata: { ...known.metadata, deletionTimestamp: '2026-03-01T12:00:00Z', finalizers: ['foregroundDeletion'] },
      })
    else this.take(resource, ref)
  }

  #find(resource: Resource, ref: Ref): Stored {
    const known = this.#objects.get(keyOf(resource, ref))
    if (known === undefined) throw refusal(404, 'NotFound', `${resource.plural} "${ref.name}" not found`)
    return known
  }

  #findUnchanged(resource: Resource, metadata: KubeObject['metadata']): Stored {
    const known = this.#find(resource, metadata)
    if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== known.metadata.resourceVersion)
      throw refusal(409, 'Conflict', 'the object has been modified')
    if (metadata.uid !== undefined && metadata.uid !== known.metadata.uid) throw refusal(409, 'Conflict')
    return known
  }
}

/** Labels and annotations of others stay. */
function mergePatch(known: KubeObject['metadata'], patch: Partial<KubeObject['metadata']>): KubeObject['metadata'] {
  const { labels, annotations } = patch
  return {
    ...known,
    ...patch,
    ...(labels === undefined ? {} : { labels: { ...known.labels, ...labels } }),
    ...(annotations === undefined ? {} : { annotations: { ...known.annotations, ...annotations } }),
  }
}

const keyOf = (resource: Resource, { namespace = '', name }: Ref): string => `${resource.plural}/${namespace}/${name}`

function has({ metadata }: KubeObject, part: string): boolean {
  const [key = '', value] = part.split('=')
  return metadata.labels?.[key] === value
}
