// The world of an end-to-end test: a cluster, the operator installed from install.yaml, a namespace of its own, servers in it.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { V1Job } from '@kubernetes/client-node'
import { afterAll, beforeAll } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliRestore } from '../../../src/api/restore.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import { jobs } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { snapshotUidLabel } from '../../../src/kinds/snapshot/job/template.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { filmLines } from '../../support/meilisearch/documents.ts'
import { Kubectl } from '../../support/kubernetes/kubectl.ts'
import { MeilisearchApi } from '../../support/meilisearch/api.ts'
import { putOnRecord } from './keys.ts'
import { managedOf } from '../../support/meilisearch/managed-objects.ts'
import { instanceOf, secretOf, snapshotOf, statefulSetOf } from '../../support/meilisearch/objects.ts'
import type { ServerOptions } from '../../support/meilisearch/objects.ts'
import { portForward } from '../../support/kubernetes/port-forward.ts'
import type { PortForward } from '../../support/kubernetes/port-forward.ts'
import type { Toolbox } from '../../support/meilisearch/artifact.ts'

function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set: run the suite by "npm test -- e2e"`)
  return value
}

export const operatorNamespace = 'meili-operator-system'
const operatorImage = 'meili-operator/operator:0.1.0'

export const kubectl = new Kubectl({ kubectl: setting('E2E_KUBECTL'), kubeconfig: setting('E2E_KUBECONFIG') })
/** For what is asked again and again: a kubectl each time takes from the cluster the cores that it waits for. */
const kube = new KubeClient(connect(setting('E2E_KUBECONFIG')))
export const toolbox: Toolbox = { kubectl, image: setting('E2E_MEILISEARCH_IMAGE') }

/** install.yaml with the image under test. */
export function installYaml(): string {
  return readFileSync(new URL('../../../install.yaml', import.meta.url), 'utf8').replaceAll(
    operatorImage,
    setting('E2E_OPERATOR_IMAGE'),
  )
}

/** As README says; waits until it is there. Does nothing new where it is installed already. */
export async function installOperator(): Promise<void> {
  await kubectl.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: installYaml() })
  await scaleOperator(1)
}

export async function scaleOperator(replicas: 0 | 1): Promise<void> {
  await kubectl.run(['-n', operatorNamespace, 'scale', 'deployment/meili-operator', `--replicas=${replicas}`])
  if (replicas === 1)
    await kubectl.run(['-n', operatorNamespace, 'rollout', 'status', 'deployment/meili-operator', '--timeout=120s'])
  else
    await kubectl.run([
      '-n',
      operatorNamespace,
      'wait',
      '--for=delete',
      'pod',
      '-l',
      'app.kubernetes.io/component=operator',
      '--timeout=60s',
    ])
}

/** Everything that an install brings, its CRDs too; first what needs the operator to go. */
export async function removeOperator(): Promise<void> {
  if (
    (
      await kubectl.run([
        'get',
        'crd',
        'meiliinstances.meili-operator.dev',
        'meilisnapshots.meili-operator.dev',
        'meilisnapshotschedules.meili-operator.dev',
        '--ignore-not-found',
        '-o',
        'name',
      ])
    ).trim() !== ''
  ) {
    // Whichever install is there, of this version or another, by whatever way.
    const found = await kubectl.run([
      '-n',
      operatorNamespace,
      'get',
      'deployment',
      'meili-operator',
      '--ignore-not-found',
      '-o',
      'name',
    ])
    await (found.trim() === '' ? installOperator() : scaleOperator(1))
    await kubectl.run(
      ['delete', 'meilisnapshotschedules,meilirestores,meilisnapshots,meiliinstances', '-A', '--all', '--timeout=120s'],
      {
        timeoutMs: 130_000,
      },
    )
  }
  await kubectl.run(['delete', 'namespace', operatorNamespace, '--ignore-not-found'])
  await kubectl.run(['delete', 'crd,clusterrole,clusterrolebinding', '-l', 'app.kubernetes.io/name=meili-operator'])
}

/** A running server, with a connection to it. */
export class Server {
  readonly options: ServerOptions
  readonly api: MeilisearchApi
  readonly #forward: PortForward

  constructor(options: ServerOptions, forward: PortForward) {
    this.options = options
    this.#forward = forward
    this.api = new MeilisearchApi(forward.url, options.masterKey)
    putOnRecord(options.masterKey)
  }

  async load(documents: number, index = 'films'): Promise<void> {
    await this.api.load(index, filmLines(0, documents))
  }

  /** The same server with another key. */
  as(key: string): MeilisearchApi {
    putOnRecord(key)
    return new MeilisearchApi(this.#forward.url, key)
  }

  close(): void {
    this.#forward.close()
  }
}

export class World {
  readonly namespace: string
  readonly #servers: Server[] = []

  constructor() {
    this.namespace = `e2e-${randomBytes(4).toString('hex')}`
  }

  static async create(): Promise<World> {
    const world = await World.withoutNamespace()
    await world.createNamespace()
    return world
  }

  /** Its namespace is for the test to make. */
  static async withoutNamespace(): Promise<World> {
    await installOperator()
    return new World()
  }

  async createNamespace(): Promise<void> {
    await kubectl.run(['create', 'namespace', this.namespace])
  }

  async destroy(): Promise<void> {
    for (const server of this.#servers) server.close()
    await kubectl.run(['delete', 'namespace', this.namespace, '--wait=false'])
  }

  /** Starts a server with its MeiliInstance, about which `existing` says more, and waits until it answers. */
  async serve(name: string, options: Partial<ServerOptions> = {}, existing: object = {}): Promise<Server> {
    const whole: ServerOptions = {
      namespace: this.namespace,
      name,
      image: toolbox.image,
      masterKey: randomBytes(18).toString('base64url'),
      ...options,
    }
    await kubectl.apply(secretOf(whole), statefulSetOf(whole), instanceOf(whole, existing))
    return await this.#open(whole)
  }

  /** A new connection to a server whose pod is another one by now. */
  async reconnect(name: string): Promise<Server> {
    const known = this.#servers.find(({ options }) => options.name === name)
    if (known === undefined) throw new Error(`there is no server ${name}`)
    known.close()
    return await this.#open(known.options)
  }

  async #open(options: ServerOptions): Promise<Server> {
    await kubectl.run(['-n', this.namespace, 'rollout', 'status', `statefulset/${options.name}`, '--timeout=120s'])
    const server = new Server(options, await portForward(kubectl, this.namespace, `${options.name}-0:7700`))
    this.#servers.push(server)
    return server
  }

  /** Has the operator run a server, and waits until it is ready. */
  async run(name: string, managed: object = {}, spec: object = {}): Promise<Server> {
    await kubectl.apply(managedOf({ namespace: this.namespace, name }, managed, spec))
    await this.instanceReady(name)
    return await this.connectManaged(name)
  }

  /** A connection to the pod that runs now, with the master key as it is now. */
  async connectManaged(name: string): Promise<Server> {
    const masterKey = (await this.secret(`${name}-keys`))['MEILI_MASTER_KEY'] ?? ''
    const server = new Server(
      { namespace: this.namespace, name, image: toolbox.image, masterKey },
      await portForward(kubectl, this.namespace, `${name}-0:7700`),
    )
    this.#servers.push(server)
    // Those that the operator made for itself and for applications.
    const { results } = await server.api.call<{ results: { key: string }[] }>('/keys')
    putOnRecord(...results.map(({ key }) => key))
    return server
  }

  async secret(name: string): Promise<Record<string, string>> {
    const { data } = await kubectl.json<{ data: Record<string, string> }>(['-n', this.namespace, 'get', 'secret', name])
    const values = Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]),
    )
    putOnRecord(...Object.entries(values).flatMap(([key, value]) => (key === 'url' ? [] : [value])))
    return values
  }

  async instanceReady(name: string): Promise<MeiliInstance> {
    return await this.untilInstance(
      name,
      'to be ready, with everything in place',
      (instance) =>
        instance.status?.observedGeneration === instance.metadata.generation &&
        readyOf(instance)?.status === 'True' &&
        conditionOf(instance, 'Applied')?.status === 'True',
    )
  }

  /** The first state of the instance that `holds`. */
  async untilInstance(name: string, what: string, holds: (instance: MeiliInstance) => boolean): Promise<MeiliInstance> {
    try {
      return await eventually(
        `instance ${name}: ${what}`,
        async () => {
          const instance = await this.instance(name)
          return holds(instance) ? instance : undefined
        },
        { timeoutMs: 120_000, everyMs: 100 },
      )
    } catch (error) {
      throw new Error(
        `${error instanceof Error ? error.message : ''}; it is\n${await kubectl.run(['-n', this.namespace, 'describe', 'meiliinstance', name])}`,
        { cause: error },
      )
    }
  }

  async snapshot(name: string, from: { instance: string; claim?: object }, spec: object = {}): Promise<void> {
    await kubectl.apply(snapshotOf({ namespace: this.namespace, name, ...from }, spec))
  }

  async get(name: string): Promise<MeiliSnapshot> {
    return await kube.get<MeiliSnapshot>(meiliSnapshots, { namespace: this.namespace, name })
  }

  /** Of its movers, whatever they do. */
  async jobsOf({ metadata }: MeiliSnapshot): Promise<(V1Job & KubeObject)[]> {
    const labelSelector = `${snapshotUidLabel}=${metadata.uid}`
    return await kube.listAll<V1Job & KubeObject>(jobs, { namespace: this.namespace, labelSelector })
  }

  async instance(name: string): Promise<MeiliInstance> {
    return await kube.get<MeiliInstance>(meiliInstances, { namespace: this.namespace, name })
  }

  /** The first state of the snapshot that `holds`; a snapshot that fails instead ends the wait with its own words. */
  async until(name: string, what: string, holds: (snapshot: MeiliSnapshot) => boolean): Promise<MeiliSnapshot> {
    let last = ''
    try {
      return await eventually(
        `snapshot ${name}: ${what}`,
        async () => {
          const snapshot = await this.get(name)
          last = `${snapshot.status?.phase ?? 'no phase'}: ${readyOf(snapshot)?.reason ?? ''}: ${readyOf(snapshot)?.message ?? ''}`
          return holds(snapshot) ? snapshot : undefined
        },
        { timeoutMs: 120_000 },
      )
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : ''}; it was ${last}`, { cause: error })
    }
  }

  /** As README tells users to wait. */
  async waitForCompletion(name: string, timeoutSeconds = 180): Promise<MeiliSnapshot> {
    try {
      await kubectl.run(
        [
          '-n',
          this.namespace,
          'wait',
          `meilisnapshot/${name}`,
          '--for=condition=Complete',
          `--timeout=${timeoutSeconds}s`,
        ],
        { timeoutMs: (timeoutSeconds + 10) * 1000 },
      )
    } catch (error) {
      const description = await kubectl.run(['-n', this.namespace, 'describe', 'meilisnapshot', name])
      throw new Error(`snapshot ${name} did not complete:\n${description}`, { cause: error })
    }
    return await this.get(name)
  }
}

/** For all tests of the file or `describe` in which this stands: only hooks after it and tests may use it. It goes last. */
export function ownWorld(): World {
  const world = new World()
  beforeAll(async () => {
    await installOperator()
    await world.createNamespace()
  })
  afterAll(async () => {
    await world.destroy()
  })
  return world
}

export function conditionOf(
  object: MeiliSnapshot | MeiliInstance | MeiliSnapshotSchedule | MeiliRestore,
  type: string,
): { status: string; reason: string; message: string } | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type)
}

export function readyOf(object: MeiliSnapshot | MeiliInstance): ReturnType<typeof conditionOf> {
  return conditionOf(object, 'Ready')
}
