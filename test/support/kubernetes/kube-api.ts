// A real API server, bare or with all of install.yaml on it, an administrator's client, and kubeconfigs for everybody else.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import type { Observer } from '../../../src/kube/transport.ts'
import { startControlPlane } from '../../cluster/control-plane/control-plane.ts'
import type { ControlPlane } from '../../cluster/control-plane/control-plane.ts'
import { Kubectl } from './kubectl.ts'

export const namespaces: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace' }
export const serviceAccounts: Resource = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount' }

export interface Who {
  /** The user's entry in a kubeconfig, for example `{ token }`; without it the administrator's. */
  readonly user?: object
  /** Changes to the cluster's entry, for example another address. */
  readonly cluster?: object
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly name: string; readonly cluster: Readonly<Record<string, unknown>> }]
  readonly users: readonly [{ readonly name: string; readonly user: object }]
}

interface Started {
  readonly plane: ControlPlane
  readonly kubectl: Kubectl
  readonly kube: KubeClient
}

export class KubeApi implements AsyncDisposable {
  readonly #clients: KubeClient[] = []
  #started: Started | undefined
  #serial = 0

  /** With nothing of ours on it: about 3 s. */
  static async bare(): Promise<KubeApi> {
    const api = new KubeApi()
    await api.start()
    return api
  }

  /** With our CRDs and the operator's rights: about 5 s, until the CRDs are served. */
  static async withCrds(): Promise<KubeApi> {
    const api = await KubeApi.bare()
    await api.install()
    return api
  }

  async start(): Promise<void> {
    const plane = await startControlPlane()
    const kube = new KubeClient(connect(plane.kubeconfig))
    this.#clients.push(kube)
    this.#started = { plane, kubectl: new Kubectl(plane), kube }
  }

  async install(): Promise<void> {
    await this.kubectl.run(['apply', '--server-side', '-f', join(import.meta.dirname, '../../../install.yaml')])
    await this.kubectl.run(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  }

  get plane(): ControlPlane {
    return this.#known.plane
  }

  get kubectl(): Kubectl {
    return this.#known.kubectl
  }

  get kube(): KubeClient {
    return this.#known.kube
  }

  get #known(): Started {
    if (this.#started === undefined) throw new Error('the API server is not started yet: hooks and tests may use it')
    return this.#started
  }

  /** Its own pool of connections, closed with the server. */
  client(kubeconfig = this.plane.kubeconfig, observe?: Observer): KubeClient {
    const client = new KubeClient(connect(kubeconfig), observe)
    this.#clients.push(client)
    return client
  }

  /** Path of a new kubeconfig. */
  kubeconfig({ user, cluster }: Who): string {
    const admin = JSON.parse(readFileSync(this.plane.kubeconfig, 'utf8')) as Kubeconfig
    const [known] = admin.clusters
    const [administrator] = admin.users
    const changed = {
      ...admin,
      clusters: [{ ...known, cluster: { ...known.cluster, ...cluster } }],
      users: [{ ...administrator, user: user ?? administrator.user }],
    }
    return this.file(JSON.stringify(changed))
  }

  /** Path of a new file; it goes when the server is stopped. */
  file(content: string): string {
    const path = join(this.plane.stateDirectory, `file-${++this.#serial}`)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }

  /** PEM of the authority that signed the server's certificate. */
  get authority(): string {
    const { clusters } = JSON.parse(readFileSync(this.plane.kubeconfig, 'utf8')) as Kubeconfig
    return Buffer.from(String(clusters[0].cluster['certificate-authority-data']), 'base64').toString()
  }

  /** A name that no object had before. */
  name(prefix: string): string {
    return `${prefix}-${++this.#serial}`
  }

  async namespace(name = this.name('place')): Promise<string> {
    await this.kube.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    return name
  }

  /** A service account without any rights. */
  async account(): Promise<{ readonly namespace: string; readonly name: string }> {
    const ref = { namespace: 'default', name: this.name('account') }
    await this.kube.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: ref })
    return ref
  }

  /** A token of a service account, good for an hour. */
  async token({ namespace, name }: { readonly namespace: string; readonly name: string }): Promise<string> {
    return (await this.kubectl.run(['create', 'token', name, '-n', namespace, '--duration=1h'])).trim()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    await this.#started?.plane.stop()
  }
}

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** The plainest object there is. */
export function configMap(
  metadata: KubeObject['metadata'],
  data: Readonly<Record<string, string>> = { a: 'b' },
): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
}
