// A real API server with our CRDs on it, and plain HTTP to it: no client of ours stands between a test and what the server says.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent } from 'undici'
import { afterAll, beforeAll } from 'vitest'
import { parse } from 'yaml'
import type { Kind } from '../../../src/api/group.ts'
import { kinds } from '../../../src/api/kinds.ts'
import { startControlPlane } from '../../cluster/control-plane/control-plane.ts'
import type { ControlPlane } from '../../cluster/control-plane/control-plane.ts'

export const repository = join(import.meta.dirname, '../../..')

export interface Answer {
  readonly code: number
  /** The object, or the server's Status. */
  readonly body: Loose
}

/** JSON as it came over the wire. */
export interface Loose {
  [member: string]: any // oxlint-disable-line typescript/no-explicit-any -- objects of every kind, bad ones too
}

interface KubeConfig {
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }]
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }]
}

const pem = (entry: Readonly<Record<string, string>>, name: string): string =>
  entry[`${name}-data`] === undefined
    ? readFileSync(entry[name]!, 'utf8')
    : Buffer.from(entry[`${name}-data`]!, 'base64').toString('utf8')

const contentTypes = {
  POST: 'application/json',
  PUT: 'application/json',
  PATCH: 'application/merge-patch+json',
  GET: 'application/json',
  DELETE: 'application/json',
} as const

interface Started {
  readonly plane: ControlPlane
  readonly agent: Agent
}

/** For all tests of the file: only hooks after this call and tests may use it. */
export function realServer(): RealServer {
  const server = new RealServer()
  beforeAll(async () => {
    await server.start()
  }, 120_000)
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
  })
  return server
}

class RealServer implements AsyncDisposable {
  #started: Started | undefined

  /** About 5 s, until the CRDs are established. */
  async start(): Promise<void> {
    const plane = await startControlPlane()
    const config = parse(readFileSync(plane.kubeconfig, 'utf8')) as KubeConfig
    const [{ user }] = config.users
    const connect = {
      cert: pem(user, 'client-certificate'),
      key: pem(user, 'client-key'),
      ca: pem(config.clusters[0].cluster, 'certificate-authority'),
    }
    this.#started = { plane, agent: new Agent({ connect }) }
    const crds = kinds.flatMap(({ plural }) => ['-f', join(repository, `crds/${plural}.yaml`)])
    await this.kubectl('apply', '--server-side', ...crds)
    await this.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s')
  }

  get #known(): Started {
    if (this.#started === undefined) throw new Error('the API server is not started yet: hooks and tests may use it')
    return this.#started
  }

  async call(method: keyof typeof contentTypes, path: string, body?: unknown): Promise<Answer> {
    const { statusCode, body: reply } = await this.#known.agent.request({
      origin: this.#known.plane.server,
      path,
      method,
      headers: { 'content-type': contentTypes[method] },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { code: statusCode, body: (await reply.json()) as Loose }
  }

  /** Fails with what kubectl printed. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { plane } = this.#known
    return await new Promise((resolve, reject) => {
      execFile(plane.kubectl, ['--kubeconfig', plane.kubeconfig, ...args], (error, stdout, stderr) => {
        if (error === null) resolve(stdout + stderr)
        else reject(new Error(`kubectl ${args.join(' ')}: ${stdout}${stderr}`, { cause: error }))
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started?.agent.destroy()
    await this.#started?.plane.stop()
  }
}

/** Where the objects of a kind live, in namespace default. */
export const pathOf = (kind: Kind, name = ''): string =>
  `/apis/${kind.group}/${kind.version}/namespaces/default/${kind.plural}${name === '' ? '' : `/${name}`}`
