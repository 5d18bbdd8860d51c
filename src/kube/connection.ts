// From a kubeconfig, or a pod's service account, to one pooled connection. KubeConfig of @kubernetes/client-node reads the files and
// runs the exec plugins; the requests are ours, since it would open a new TLS connection for each (measured).
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { Agent } from 'undici'

export interface Connection {
  /** For example `https://10.96.0.1:443`; holds no secret. */
  readonly server: string
  /** Asked for each request: a projected token rotates, an exec plugin renews. */
  credentials(): Promise<Credentials>
  close(): Promise<void>
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly dispatcher: Agent
}

/** @param kubeconfig a file; without it the usual places: KUBECONFIG, ~/.kube/config, the service account */
export function connect(kubeconfig?: string): Connection {
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromDefault()
  else config.loadFromFile(kubeconfig)
  const server = config.getCurrentCluster()?.server
  if (server === undefined) throw new Error(`There is no cluster in ${kubeconfig ?? 'the default kubeconfig'}: set KUBECONFIG, or run in a pod with a service account.`)
  return new PooledConnection(config, server)
}

class PooledConnection implements Connection {
  readonly server: string
  readonly #config: KubeConfig
  #agent: Agent | undefined
  #trust = ''

  constructor(config: KubeConfig, server: string) {
    this.#config = config
    this.server = server
  }

  async credentials(): Promise<Credentials> {
    const options: RequestOptions = {}
    await this.#config.applyToHTTPSOptions(options)
    return { headers: headersOf(options), dispatcher: this.#agentFor(options) }
  }

  /** One agent until the authority, the certificate or the key changes; the old one ends when its requests have. */
  #agentFor({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): Agent {
    const tls = { ca, cert, key, servername, rejectUnauthorized }
    const trust = JSON.stringify(tls, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value))
    if (this.#agent === undefined || trust !== this.#trust) {
      void this.#agent?.close()
      const known = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
      this.#agent = new Agent({ allowH2: false, connections: 32, keepAliveTimeout: 30_000, maxResponseSize: 256 * 1024 * 1024, connect: { timeout: 10_000, ...known } })
      this.#trust = trust
    }
    return this.#agent
  }

  async close(): Promise<void> {
    await this.#agent?.destroy()
  }
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])
  const basic = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}
  return { ...basic, ...(Object.fromEntries(given) as Record<string, string>) }
}
