// An API server of any kind of object, on a port of loopback, that leaves calls unanswered on command: what a real client does then is seen
// nowhere else. Lists, watches with their history, versions, the status subresource, merge patches.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { KubeClient } from '../../../src/kube/client.ts'
import { createPools, destroyPools } from '../../../src/kube/route.ts'
import type { Route } from '../../../src/kube/route.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'

export interface Asked {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'
  readonly resource: string
  readonly subresource: string | undefined
}

interface Call extends Asked {
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly since: number
  readonly body: KubeObject
}

interface News {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: string
  readonly version: number
  readonly object: KubeObject
}

const paths = /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/
const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const

export class HttpCluster implements AsyncDisposable {
  /** Each call that came, also those that were left unanswered. */
  readonly asked: Asked[] = []
  /** Connections of calls that were left unanswered. */
  readonly hung: Socket[] = []
  readonly #server: Server
  readonly #objects = new Map<string, KubeObject>()
  readonly #history: News[] = []
  readonly #watchers = new Map<ServerResponse, string>()
  #swallows: ((asked: Asked) => boolean) | undefined
  #swallowsOnce = true
  #version = 0

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response))
  }

  static async start(): Promise<HttpCluster> {
    const cluster = new HttpCluster()
    cluster.#server.listen(0, '127.0.0.1')
    await once(cluster.#server, 'listening')
    return cluster
  }

  /** The next call of this kind gets no answer, ever; with `always`, none does. */
  swallow(matches: (asked: Asked) => boolean, how: { always?: boolean } = {}): void {
    this.#swallows = matches
    this.#swallowsOnce = how.always !== true
  }

  /** All over one connection, with pools of its own. */
  clients<Name extends string>(routes: Readonly<Record<Name, Route>>): Record<Name, KubeClient> {
    const pools = createPools({})
    const connection = {
      server: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      credentials: async () => await Promise.resolve({ headers: {}, pools }),
      close: () => destroyPools(pools),
    }
    const named = Object.entries<Route>(routes).map(([name, route]) => [
      name,
      new KubeClient(connection, () => undefined, route),
    ])
    return Object.fromEntries(named) as Record<Name, KubeClient>
  }

  all<T extends KubeObject>(resource: string): T[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${resource}/`)).map(([, object]) => object as T)
  }

  put(resource: string, object: KubeObject): KubeObject {
    const key = keyOf(resource, object.metadata)
    const before = this.#objects.get(key)
    const uid = before?.metadata.uid ?? `uid-${this.#version}`
    const metadata = { ...object.metadata, uid, resourceVersion: String(++this.#version) }
    const written = { ...object, metadata }
    this.#objects.set(key, written)
    this.#announce({ type: before === undefined ? 'ADDED' : 'MODIFIED', resource, object: written })
    return written
  }

  /** Ends the watches of a resource; with `gone`, whoever comes back has to list again. */
  endWatches(resource: string, how: { gone?: boolean } = {}): void {
    for (const [response, watched] of this.#watchers) {
      if (watched !== resource) continue
      this.#watchers.delete(response)
      if (how.gone === true)
        response.write(`${JSON.stringify({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })}\n`)
      response.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request)
    this.asked.push(call)
    if (this.#swallows?.(call) === true) {
      if (this.#swallowsOnce) this.#swallows = undefined
      this.hung.push(request.socket)
      return
    }
    if (call.verb === 'watch') return this.#watch(call, response)
    const [status, body] = this.#answer(call)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #answer(call: Call): readonly [number, unknown] {
    const { verb, resource, name = call.body.metadata.name, namespace } = call
    const there = this.#objects.get(keyOf(resource, { name, namespace }))
    if (verb === 'list')
      return [200, { metadata: { resourceVersion: String(this.#version) }, items: this.all(resource) }]
    if (verb === 'create')
      return there === undefined ? [201, this.put(resource, call.body)] : [409, { reason: 'AlreadyExists' }]
    return there === undefined ? [404, { reason: 'NotFound' }] : this.#answerOf(there, call)
  }

  #answerOf(there: KubeObject, { verb, resource, body }: Call): readonly [number, unknown] {
    if (verb === 'get') return [200, there]
    if (verb === 'delete') return [200, this.#remove(resource, there)]
    const asked = body.metadata.resourceVersion
    if (verb === 'update' && asked !== undefined && asked !== there.metadata.resourceVersion)
      return [409, { reason: 'Conflict' }]
    const metadata = { ...there.metadata, ...body.metadata }
    return [200, this.put(resource, { ...(verb === 'patch' ? there : {}), ...body, metadata })]
  }

  #remove(resource: string, object: KubeObject): object {
    this.#objects.delete(keyOf(resource, object.metadata))
    this.#version++
    this.#announce({ type: 'DELETED', resource, object })
    return { kind: 'Status', status: 'Success' }
  }

  #watch({ resource, since }: Call, response: ServerResponse): void {
    response.writeHead(200).flushHeaders()
    this.#watchers.set(response, resource)
    response.on('close', () => this.#watchers.delete(response))
    for (const news of this.#history) if (news.resource === resource && news.version > since) send(response, news)
  }

  #announce(what: Omit<News, 'version'>): void {
    const news = { ...what, version: this.#version }
    this.#history.push(news)
    for (const [response, resource] of this.#watchers) if (resource === news.resource) send(response, news)
  }
}

const keyOf = (resource: string, { namespace = '', name }: { namespace?: string | undefined; name: string }): string =>
  `${resource}/${namespace}/${name}`

function send(response: ServerResponse, { type, object }: News): void {
  response.write(`${JSON.stringify({ type, object })}\n`)
}

async function readCall(request: IncomingMessage): Promise<Call> {
  let text = ''
  for await (const piece of request) text += String(piece)
  const url = new URL(request.url ?? '', 'http://cluster')
  const [, namespace, resource = '', name, subresource] = paths.exec(url.pathname) ?? []
  const reads = name === undefined ? (url.searchParams.has('watch') ? 'watch' : 'list') : 'get'
  return {
    verb: request.method === 'GET' ? reads : verbs[request.method as keyof typeof verbs],
    resource,
    subresource,
    namespace,
    name,
    since: Number(url.searchParams.get('resourceVersion') ?? 0),
    body: { metadata: { name: name ?? '' }, ...(JSON.parse(text === '' ? '{}' : text) as object) },
  }
}
