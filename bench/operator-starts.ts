// Starts the operator in the three ways in which it comes to lead. How long each took is read in its own log, and from a watch of the lease.
import process from 'node:process'
import type { KubeClient } from '../src/kube/client.ts'
import { leases } from '../src/kube/resource.ts'
import type { Lease } from '../src/runtime/lease.ts'
import { eventually } from '../test/support/kubernetes/eventually.ts'
import type { Kubectl } from '../test/support/kubernetes/kubectl.ts'
import { processId } from './measure/process-memory.ts'

const namespace = 'meili-operator-system'
const lease = { namespace, name: 'meili-operator' }
const deployment = 'deployment/meili-operator'
const pods = ['pod', '-l', 'app.kubernetes.io/component=operator']
/** A killed leader's lease expires after 15 s. */
const patience = { timeoutMs: 120_000, everyMs: 50 }

export interface Start {
  /** From the start of the process until its caches are filled, and until it leads as well. */
  readonly syncedMs: number
  readonly leaderMs: number
}

export interface Succession extends Start {
  /** From when the old leader gave the lease back, or was killed, until the new one held it. */
  readonly leaderlessMs: number
}

interface Holding {
  /** Empty: nobody. */
  readonly holder: string
  readonly at: number
}

export class OperatorStarts {
  readonly #kubectl: Kubectl
  readonly #kube: KubeClient

  constructor(kubectl: Kubectl, kube: KubeClient) {
    this.#kubectl = kubectl
    this.#kube = kube
  }

  /** None runs, and there is no lease. */
  async stop(): Promise<void> {
    await this.#run('scale', deployment, '--replicas=0')
    await this.#run('wait', '--for=delete', ...pods, '--timeout=60s')
    await this.#run('delete', 'lease', lease.name, '--ignore-not-found')
  }

  /** After `stop`. */
  async fresh(): Promise<Start> {
    await this.#run('scale', deployment, '--replicas=1')
    return await this.#start(await eventually('somebody to lead', () => this.#holder(), patience))
  }

  /** The new pod is ready before the old one is asked to stop. */
  async rollOut(): Promise<Succession> {
    return await this.#succession(async () => {
      await this.#run('rollout', 'restart', deployment)
      return undefined
    })
  }

  /** By SIGKILL: nobody gives the lease back. */
  async killLeader(): Promise<Succession> {
    return await this.#succession(async () => {
      process.kill(await this.pid(), 'SIGKILL')
      return performance.now()
    })
  }

  /** Of the leader. */
  async pid(): Promise<number> {
    return processId('/app/operator.js', `POD_NAME=${podOf((await this.#holder()) ?? '')}`)
  }

  /** @param act gives when it ended the old leader; undefined where that one gives the lease back itself */
  async #succession(act: () => Promise<number | undefined>): Promise<Succession> {
    const seen: Holding[] = []
    const stop = new AbortController()
    const watching = this.#observe(seen, stop.signal)
    const old = (await eventually('the lease to be seen', () => Promise.resolve(seen[0]), patience)).holder
    const ended = await act()
    const next = await eventually(
      'another one to lead',
      () => Promise.resolve(seen.find(({ holder }) => holder !== '' && holder !== old)),
      patience,
    )
    stop.abort()
    await watching
    const free = ended ?? seen.find(({ holder }) => holder === '')?.at ?? next.at
    return { ...(await this.#start(next.holder)), leaderlessMs: Math.round(next.at - free) }
  }

  async #observe(seen: Holding[], signal: AbortSignal): Promise<void> {
    const scope = { namespace, fieldSelector: `metadata.name=${lease.name}`, timeoutSeconds: 300, signal }
    for await (const { type, object } of this.#kube.watch<Lease>(leases, scope))
      if (type !== 'BOOKMARK') seen.push({ holder: object.spec?.holderIdentity ?? '', at: performance.now() })
  }

  async #holder(): Promise<string | undefined> {
    const holder = (await this.#kube.find<Lease>(leases, lease))?.spec?.holderIdentity ?? ''
    return holder === '' ? undefined : holder
  }

  async #start(holder: string): Promise<Start> {
    return await eventually('the operator to say that it leads', async () => {
      const lines = (await this.#run('logs', podOf(holder))).split('\n')
      const since = (words: string): number | undefined =>
        lines.flatMap((line) =>
          line.includes(`"${words}"`) ? [(JSON.parse(line) as { sinceStartMs: number }).sinceStartMs] : [],
        )[0]
      const [syncedMs, leaderMs] = [since('the caches are filled'), since('leading')]
      return syncedMs === undefined || leaderMs === undefined ? undefined : { syncedMs, leaderMs }
    })
  }

  async #run(...args: readonly string[]): Promise<string> {
    return await this.#kubectl.run(['-n', namespace, ...args])
  }
}

/** The identity of a candidate begins with its pod. */
const podOf = (holder: string): string => holder.split('_')[0] ?? ''
