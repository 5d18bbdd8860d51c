// Opens one pooled connection from a kubeconfig or a pod's service account. KubeConfig of @kubernetes/client-node reads the files and
// runs the exec plugins; the requests are ours, since it would open a new TLS connection for each (measured).
import type { RequestOptions } from 'node:https'
import type { Cluster } from '@kubernetes/client-node'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { proxyTo } from './proxy.ts'
import type { Environment } from './proxy.ts'
import { createPools, destroyPools } from './route.ts'
import type { Pools, Trust } from './route.ts'

export interface Connection {
  /** For example `https://10.96.0.1:443`; holds no secret. */
  readonly server: string
  /** The one that the context names, if any. */
  readonly namespace?: string | undefined
  /** Asked for each request: a projected token rotates, an exec plugin renews. */
  credentials(): Promise<Credentials>
  close(): Promise<void>
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly pools: Pools
  /** What the pools were made with, for the one kind of request that goes beside them (exec). */
  readonly tls?: Trust
  /** Through a proxy, for the same kind. */
  readonly agent?: NonNullable<RequestOptions['agent']>
}

/** The kubeconfig is fine, but names no such cluster or context, or a proxy of a kind that is not spoken. The message says everything, with what to do. */
export class NowhereToConnect extends Error {
  override readonly name = 'NowhereToConnect'
}

/**
 * @param kubeconfig a file; without it the usual places: KUBECONFIG, ~/.kube/config, the service account
 * @param context one of the kubeconfig's; without it the current one
 * @param environment where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are looked for
 * @throws NowhereToConnect; what KubeConfig throws, where the file cannot be read
 */
export function connect(kubeconfig?: string, context?: string, environment: Environment = {}): Connection {
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromDefault()
  else config.loadFromFile(kubeconfig)
  const where = kubeconfig ?? 'the default kubeconfig'
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new NowhereToConnect(`There is no context ${context} in ${where}: kubectl config get-contexts lists them.`)
    config.setCurrentContext(context)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null || isMadeUp(config))
    throw new NowhereToConnect(
      `There is no cluster in ${where}: set KUBECONFIG, or run in a pod with a service account.`,
    )
  const proxy = proxyOf(cluster, environment)
  // So that its agent, which exec takes, goes there too.
  if (proxy !== undefined)
    config.clusters = config.clusters.map((one) => (one === cluster ? { ...one, proxyUrl: proxy } : one))
  return new PooledConnection(config, cluster.server, proxy)
}

/** With a service account there is none, whatever the environment says. */
function proxyOf(cluster: Cluster, environment: Environment): string | undefined {
  if (cluster.name === 'inCluster') return undefined
  try {
    return proxyTo(cluster, environment)
  } catch (error) {
    throw new NowhereToConnect(`${error instanceof Error ? error.message : String(error)}.`, { cause: error })
  }
}

/** Where it finds nothing at all, KubeConfig gives an address that nobody named: localhost:8080. */
function isMadeUp(config: KubeConfig): boolean {
  return config.getCurrentContext() === 'loaded-context'
}

class PooledConnection implements Connection {
  readonly server: string
  readonly namespace: string | undefined
  readonly #config: KubeConfig
  readonly #proxy: string | undefined
  #pools: Pools | undefined
  #trust = ''

  constructor(config: KubeConfig, server: string, proxy: string | undefined) {
    this.#config = config
    this.#proxy = proxy
    this.server = server
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace
  }

  async credentials(): Promise<Credentials> {
    const options: RequestOptions = {}
    await this.#config.applyToHTTPSOptions(options)
    const tls = trustOf(options)
    const agent = this.#proxy === undefined ? undefined : options.agent
    return { headers: headersOf(options), pools: this.#poolsFor(tls), tls, ...(agent === undefined ? {} : { agent }) }
  }

  /** The same pools until the authority, the certificate or the key changes; the old ones end when their requests have. */
  #poolsFor(tls: Trust): Pools {
    const trust = JSON.stringify(tls, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    )
    if (this.#pools === undefined || trust !== this.#trust) {
      for (const pool of Object.values(this.#pools ?? {})) void pool.close()
      this.#pools = createPools(tls, this.#proxy)
      this.#trust = trust
    }
    return this.#pools
  }

  async close(): Promise<void> {
    if (this.#pools !== undefined) await destroyPools(this.#pools)
  }
}

function trustOf({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): Trust {
  return Object.fromEntries(
    Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined),
  )
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  // A token file may end with a line break, which no header may.
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()])
  const basic = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}
  return { ...basic, ...(Object.fromEntries(given) as Record<string, string>) }
}
