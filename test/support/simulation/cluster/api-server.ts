// A modelled API server behind the operator's real client: paths and verbs in, replies and Status objects out. What it stores is in object-store.ts.
import type { KubeObject } from '../../../../src/kube/resource.ts'
import type { VirtualTime } from '../../runtime/virtual-time.ts'
import { processes } from '../network/undici.ts'
import type { Host, Reply, Request } from '../network/undici.ts'
import { ObjectStore } from './object-store.ts'
import type { Stored } from './object-store.ts'
import { Traffic } from '../network/traffic.ts'
import { watchLines } from './watch-stream.ts'

export interface Refused {
  readonly status: number
  readonly reason: string
  readonly message: string
}

/** What stands between a request and the storage: a quota, a webhook. Undefined: let in. */
export type Admit = (plural: string, object: KubeObject) => Refused | undefined

interface Target {
  readonly plural: string
  readonly apiVersion: string
  readonly namespace: string | undefined
  readonly name: string
  readonly subresource: string | undefined
}

export class ApiServer implements Host {
  static readonly address = 'kubernetes.simulation'
  readonly latencyMs = { least: 2, most: 10 }
  /** All requests, and those that write. */
  readonly traffic = new Traffic()
  readonly writes = new Traffic()
  readonly store: ObjectStore
  admit: Admit = () => undefined
  /** What a container printed so far. */
  logs: (namespace: string, pod: string) => string = () => ''
  /** 409 by resourceVersion. */
  conflicts = 0
  readonly #time: VirtualTime
  readonly #lists = new Map<string, readonly Stored[]>()
  #listSerial = 0

  constructor(time: VirtualTime) {
    this.#time = time
    this.store = new ObjectStore(() => Date.now())
  }

  readonly serves = (hostname: string): boolean => hostname === ApiServer.address

  readonly answer = (request: Request): Reply => {
    const target = targetOf(request.url)
    if (request.method !== 'GET') this.writes.count(this.#time.now())
    switch (request.method) {
      case 'GET':
        return this.#read(target, request)
      case 'POST':
        return this.#create(target, JSON.parse(request.body ?? '') as KubeObject)
      case 'PUT':
        return this.#replace(target, JSON.parse(request.body ?? '') as Stored)
      case 'PATCH':
        return this.#patch(target, JSON.parse(request.body ?? '') as Partial<Stored>)
      case 'DELETE':
        return this.#delete(target, JSON.parse(request.body ?? '{}') as DeleteOptions)
      default:
        throw new Error(`the model knows no ${request.method}`)
    }
  }

  #read(target: Target, request: Request): Reply {
    const { plural, namespace, name, subresource } = target
    const query = request.url.searchParams
    if (name === '') return query.get('watch') === 'true' ? this.#watch(target, request) : this.#list(target, query)
    const known = this.store.get(plural, namespace ?? '', name)
    if (known === undefined) return notFound(target)
    if (subresource === 'log') return { status: 200, body: this.logs(namespace ?? '', name) }
    return this.#found(known)
  }

  #list({ plural, namespace, apiVersion }: Target, query: URLSearchParams): Reply {
    const [token, from] = (query.get('continue') ?? '').split(':')
    const found = this.#lists.get(token ?? '') ?? this.#select(plural, namespace, query)
    const begin = Number(from ?? 0)
    const end = begin + Number(query.get('limit') ?? Infinity)
    const next = end < found.length ? `${this.#keep(token ?? '', found)}:${end}` : ''
    if (next === '') this.#lists.delete(token ?? '')
    const items = found.slice(begin, end).map((object) => this.store.text(object))
    const metadata = JSON.stringify({
      resourceVersion: String(this.store.version),
      ...(next === '' ? {} : { continue: next }),
    })
    return {
      status: 200,
      body: `{"kind":"List","apiVersion":"${apiVersion}","metadata":${metadata},"items":[${items.join(',')}]}`,
    }
  }

  /** Events are looked for by whom they are about, which the storage finds at once. */
  #select(plural: string, namespace: string | undefined, query: URLSearchParams): readonly Stored[] {
    const fields = (query.get('fieldSelector') ?? '').split(',').filter((part) => part !== '')
    const about = fields.filter((part) => part.startsWith('involvedObject.uid='))
    const selector = [query.get('labelSelector') ?? '', ...about].filter((part) => part !== '').join(',')
    return this.store.list(plural, namespace, selector).filter(fieldsMatch(fields))
  }

  #keep(token: string, found: readonly Stored[]): string {
    if (this.#lists.has(token)) return token
    const kept = `list-${++this.#listSerial}`
    this.#lists.set(kept, found)
    return kept
  }

  #watch({ plural, namespace }: Target, { url, signal }: Request): Reply {
    const query = url.searchParams
    const process = processes.getStore()
    return {
      status: 200,
      body: watchLines({
        store: this.store,
        time: this.#time,
        plural,
        namespace,
        labelSelector: query.get('labelSelector') ?? '',
        fieldName: /^metadata\.name=(.*)$/.exec(query.get('fieldSelector') ?? '')?.[1],
        version: Number(query.get('resourceVersion') ?? this.store.version),
        timeoutMs: Number(query.get('timeoutSeconds') ?? 600) * 1000,
        signal,
        isHeard: () => process?.isAlive !== false,
      }),
    }
  }

  #create(target: Target, object: KubeObject): Reply {
    const { plural, namespace } = target
    const refused = this.admit(plural, object)
    if (refused !== undefined) return failure(refused)
    if (this.store.get(plural, namespace ?? '', object.metadata.name) !== undefined)
      return failure({
        status: 409,
        reason: 'AlreadyExists',
        message: `${plural} "${object.metadata.name}" already exists`,
      })
    return this.#found(this.store.put(plural, object), 201)
  }

  #replace(target: Target, sent: Stored): Reply {
    const { plural, namespace = '', name, subresource } = target
    const known = this.store.get(plural, namespace, name)
    if (known === undefined) return notFound(target)
    if (this.#isStale(known, sent)) return this.#conflict(target)
    const next =
      subresource === 'status'
        ? { ...known, status: sent.status }
        : { ...sent, ...(known.status === undefined ? {} : { status: known.status }) }
    return this.#write(target, known, next)
  }

  #patch(target: Target, body: Partial<Stored>): Reply {
    const { plural, namespace = '', name } = target
    const known = this.store.get(plural, namespace, name)
    if (known === undefined) return notFound(target)
    if (body.metadata !== undefined && this.#isStale(known, body as Stored)) return this.#conflict(target)
    return this.#write(target, known, merge(known, body) as Stored)
  }

  /** A write that changes nothing is none. */
  #write({ plural, namespace = '', name }: Target, known: Stored, next: Stored): Reply {
    const same = { ...next, metadata: { ...next.metadata, resourceVersion: known.metadata.resourceVersion } }
    if (JSON.stringify(same) === this.store.text(known)) return this.#found(known)
    const stored = this.store.put(plural, next)
    if (stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0)
      this.store.remove(plural, namespace, name)
    return this.#found(stored)
  }

  #delete(target: Target, { propagationPolicy, preconditions }: DeleteOptions): Reply {
    const { plural, namespace = '', name } = target
    const known = this.store.get(plural, namespace, name)
    if (known === undefined) return notFound(target)
    if (preconditions?.uid !== undefined && preconditions.uid !== known.metadata.uid) return this.#conflict(target)
    const version = preconditions?.resourceVersion
    if (version !== undefined && version !== known.metadata.resourceVersion) return this.#conflict(target)
    const finalizers = [
      ...(known.metadata.finalizers ?? []),
      ...(propagationPolicy === 'Foreground' ? ['foregroundDeletion'] : []),
    ]
    if (finalizers.length === 0) this.store.remove(plural, namespace, name)
    else if (known.metadata.deletionTimestamp === undefined) {
      const deletionTimestamp = new Date(Date.now()).toISOString().replace(/\.\d+Z$/, 'Z')
      this.store.put(plural, { ...known, metadata: { ...known.metadata, deletionTimestamp, finalizers } })
    }
    return this.#found(known)
  }

  /** Another version, or another object of the same name. */
  #isStale({ metadata: known }: Stored, { metadata: { uid, resourceVersion } }: Partial<Stored> & KubeObject): boolean {
    return (resourceVersion ?? known.resourceVersion) !== known.resourceVersion || (uid ?? known.uid) !== known.uid
  }

  #conflict({ plural, name }: Target): Reply {
    this.conflicts++
    const message = `Operation cannot be fulfilled on ${plural} "${name}": the object has been modified`
    return failure({ status: 409, reason: 'Conflict', message })
  }

  #found(object: Stored, status = 200): Reply {
    return { status, body: this.store.text(object) }
  }
}

interface DeleteOptions {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

function targetOf({ pathname }: URL): Target {
  const parts = pathname.split('/').slice(1).map(decodeURIComponent)
  const root = parts[0] === 'api' ? 2 : 3
  const isNamespaced = parts[root] === 'namespaces' && parts.length > root + 2
  const [plural = '', name = '', subresource] = parts.slice(isNamespaced ? root + 2 : root)
  return {
    plural,
    apiVersion: parts.slice(1, root).join('/'),
    namespace: isNamespaced ? parts[root + 1] : undefined,
    name,
    subresource,
  }
}

function failure({ status, reason, message }: Refused): Reply {
  return {
    status,
    body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status }),
  }
}

const notFound = ({ plural, name }: Target): Reply =>
  failure({ status: 404, reason: 'NotFound', message: `${plural} "${name}" not found` })

/** RFC 7386. */
function merge(known: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const merged = new Map<string, unknown>(Object.entries(known ?? {}))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, merge(merged.get(key), value))
  }
  return Object.fromEntries(merged)
}

/** Dotted paths and plain values. */
function fieldsMatch(fields: readonly string[]): (object: Stored) => boolean {
  const wanted = fields.map((part) => part.split('=') as [string, string])
  return (object) =>
    wanted.every(
      ([path, value]) =>
        path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object) ===
        value,
    )
}
