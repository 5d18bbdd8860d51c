// A whole modelled cluster with the operator as it is composed in src/operator: engine, queue and reconcilers are real, time is virtual.
// It needs a mock in the test's file: vi.mock('undici', async () => (await import('…/network/undici.ts')).undici)
import type { MeiliInstance } from '../../../src/api/instance.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import type { Connection, Credentials } from '../../../src/kube/connection.ts'
import { compose } from '../../../src/operator/compose.ts'
import { configFrom } from '../../../src/operator/config.ts'
import { recordingLogger } from '../runtime/log.ts'
import type { Line } from '../runtime/log.ts'
import { VirtualTime } from '../runtime/virtual-time.ts'
import { ApiServer } from './cluster/api-server.ts'
import { ruleAllClocks } from './network/clock.ts'
import { Meilisearch } from './meilisearch/server.ts'
import { runMover } from './cluster/mover-run.ts'
import type { Artifacts } from './cluster/mover-run.ts'
import { openNetwork, processes, undici } from './network/undici.ts'
import type { Process } from './network/undici.ts'
import type { Stored } from './cluster/object-store.ts'
import { Servers } from './meilisearch/servers.ts'
import { putDestination, putServer, serversOf } from './tenants.ts'
import type { TenantServer } from './tenants.ts'
import { Workloads } from './cluster/workloads.ts'
import type { Fate } from './cluster/workloads.ts'

export interface Parts {
  readonly seed?: number
  /** How long Meilisearch works on a snapshot, and a mover on its file. */
  readonly taskMs?: number
  readonly moveMs?: number
  readonly settings?: Readonly<Record<string, string>>
}

/** One operator process. */
export interface Operator extends Process {
  readonly lines: readonly Line[]
  /** Undefined while it runs. */
  ended: 'well' | Error | undefined
  stop(): void
}

const second = 1000

export class Simulation implements Disposable {
  readonly time: VirtualTime
  readonly api: ApiServer
  readonly servers = new Servers()
  readonly workloads: Workloads
  /** By `namespace/name` of their MeiliInstances. */
  readonly byName = new Map<string, Meilisearch>()
  /** By the Job of its mover. */
  fateOf: (job: Stored) => Fate = () => 'Runs'
  readonly #parts: Parts
  readonly #artifacts: Artifacts = new Map()
  readonly #held = new DisposableStack()
  readonly #operators: Operator[] = []

  constructor(parts: Parts = {}) {
    this.#parts = parts
    this.time = new VirtualTime(parts.seed ?? 1)
    this.#held.use(ruleAllClocks(this.time))
    this.api = new ApiServer(this.time)
    this.#held.use(openNetwork({ time: this.time, hosts: [this.api, this.servers] }))
    this.workloads = new Workloads({
      store: this.api.store,
      time: this.time,
      fateOf: (job) => this.fateOf(job),
      run: (config, { metadata }) => {
        const server =
          'batches' in config ? this.byName.get(`${metadata.namespace}/${config.describes.instance.name}`) : undefined
        return runMover(config, { artifacts: this.#artifacts, server }, parts.moveMs ?? 20 * second)
      },
    })
    this.api.logs = (_, pod) => this.workloads.logs(pod)
  }

  addTenant(tenant: number, servers: number): readonly TenantServer[] {
    const added = serversOf(tenant, servers)
    for (const server of added) {
      const meilisearch = new Meilisearch(this.time, { taskMs: this.#parts.taskMs ?? 20 * second })
      this.byName.set(`${server.namespace}/${server.name}`, meilisearch)
      this.servers.add(server.address, meilisearch)
      putServer(this.api, server)
    }
    for (const namespace of new Set(added.map((server) => server.namespace))) putDestination(this.api, namespace)
    return added
  }

  startOperator(): Operator {
    const config = configFrom({
      MOVER_IMAGE: 'example.test/meili-operator:1',
      POD_NAME: `operator-${this.#operators.length}`,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      ...this.#parts.settings,
    })
    const { logger, lines } = recordingLogger('warn')
    const stop = new AbortController()
    const operator: Operator = { isAlive: true, lines, ended: undefined, stop: () => stop.abort() }
    this.#operators.push(operator)
    processes.run(operator, () => {
      compose(config, { connection, logger })
        .run(stop.signal)
        .then(
          () => (operator.ended = 'well'),
          (error: unknown) => (operator.ended = error as Error),
        )
    })
    return operator
  }

  /** Without a word, as by SIGKILL or a dead node. */
  kill(operator: Operator): void {
    operator.isAlive = false
  }

  /** What all operators logged, from warnings on. */
  get lines(): readonly Line[] {
    return this.#operators.flatMap(({ lines }) => lines)
  }

  snapshots(): readonly (MeiliSnapshot & Stored)[] {
    return this.api.store.list('meilisnapshots') as readonly (MeiliSnapshot & Stored)[]
  }

  instances(): readonly (MeiliInstance & Stored)[] {
    return this.api.store.list('meiliinstances') as readonly (MeiliInstance & Stored)[]
  }

  /** Until it holds, looked at each virtual second. */
  async until(what: () => string, holds: () => boolean, withinMs: number): Promise<void> {
    const end = this.time.now() + withinMs
    while (!holds()) {
      const dead = this.#operators.find(({ ended, isAlive }) => isAlive && ended instanceof Error)
      if (dead !== undefined) throw dead.ended as Error
      if (this.time.now() >= end) throw new Error(`after ${withinMs / second} s it was not so: ${what()}`)
      await this.time.advance(second)
    }
  }

  [Symbol.dispose](): void {
    this.#held.dispose()
  }
}

const agent = new undici.Agent()
const connection: Connection = {
  server: `https://${ApiServer.address}`,
  // Whatever pools there are: each leads to the model.
  credentials: () =>
    Promise.resolve({ headers: {}, pools: new Proxy({}, { get: () => agent }) as Credentials['pools'] }),
  close: () => Promise.resolve(),
}
