// A place for one life after the other: a namespace with a server, a lease and an operator of its own, and doors before both of its servers.
// Lanes know nothing of each other, so several go side by side.
import { randomBytes } from 'node:crypto'
import type { V1Pod } from '@kubernetes/client-node'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { jobs, leases, pods } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { NotFound } from '../../../src/errors.ts'
import { moverSelector } from '../../../src/reconcile/names.ts'
import { filmLines } from '../../support/meilisearch/documents.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { MeilisearchApi } from '../../support/meilisearch/api.ts'
import { secretOf, statefulSetOf } from '../../support/meilisearch/objects.ts'
import type { ServerOptions } from '../../support/meilisearch/objects.ts'
import { operatorNamespace } from './bed.ts'
import type { Bed } from './bed.ts'
import { Bell } from './bell.ts'
import { Door } from './door.ts'
import type { Guard } from './door.ts'
import { Life, isPassKey } from '../record/life.ts'
import type { Mischief } from '../faults/mischief.ts'
import { Operator } from './operator.ts'
import type { Weather } from '../faults/weather.ts'

/** Enough that Meilisearch is still at work when the operator asks for the first time. */
const documents = 4000
const serverName = 'movies'

/** On the way to the API server, and to Meilisearch. */
export interface LaneWeather {
  readonly api?: Weather
  readonly engine?: Weather
}

export class Lane {
  readonly bed: Bed
  readonly namespace: string
  readonly bell = new Bell()
  readonly #lease: string
  readonly #options: ServerOptions
  readonly #end = new AbortController()
  readonly #operators: Operator[] = []
  #server: MeilisearchApi | undefined
  #apiPort = 0
  #doors: readonly Door[] = []
  #weather: LaneWeather = {}
  #life: Life | undefined
  #revival: Promise<void> | undefined
  #serial = 0

  private constructor(bed: Bed, name: string) {
    this.bed = bed
    this.namespace = name
    this.#lease = name
    this.#options = {
      namespace: name,
      name: serverName,
      image: bed.images.meilisearch,
      masterKey: randomBytes(18).toString('base64url'),
    }
  }

  /** Ready when its server holds documents and its operator leads. */
  static async open(bed: Bed, number: number): Promise<Lane> {
    const lane = new Lane(bed, `crash-${number}-${randomBytes(3).toString('hex')}`)
    await lane.#serve()
    await lane.#openDoors()
    void lane.#follow()
    lane.employ()
    return lane
  }

  async #serve(): Promise<void> {
    const { kubectl } = this.bed
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace, labels } })
    await kubectl.apply(secretOf(this.#options), statefulSetOf(this.#options))
    await kubectl.run(['-n', this.namespace, 'rollout', 'status', `statefulset/${serverName}`, '--timeout=120s'])
    this.#server = new MeilisearchApi(`http://${await this.#address()}:7700`, this.#options.masterKey)
    await this.#server.finished(await this.#server.addDocuments('films', filmLines(0, documents)))
  }

  async #address(): Promise<string> {
    const pod = await this.bed.kube.get<V1Pod & KubeObject>(pods, {
      namespace: this.namespace,
      name: `${serverName}-0`,
    })
    return pod.status?.podIP ?? ''
  }

  async #openDoors(): Promise<void> {
    const address = await this.#address()
    const api = await Door.open(
      this.bed.apiServer,
      this.#guard(
        'api',
        async (call, forward) => await (this.#life === undefined ? forward() : this.#life.atApi(call, forward)),
      ),
    )
    const passport = (authorization: string): string =>
      isPassKey(authorization) ? `Bearer ${this.#options.masterKey}` : authorization
    const engine = await Door.open(
      { origin: `http://${address}:7700`, passport },
      this.#guard(
        'engine',
        async (call, forward) => await (this.#life === undefined ? forward() : this.#life.atEngine(call, forward)),
      ),
    )
    await this.bed.redirect(address, engine.port)
    this.#apiPort = api.port
    this.#doors = [api, engine]
  }

  #guard(side: keyof LaneWeather, guard: Guard): Guard {
    return async (call, forward) => await (this.#weather[side]?.around(guard) ?? guard)(call, forward)
  }

  /** From now on. The watches of an operator that runs meet it, too. */
  set weather(weather: LaneWeather) {
    this.#weather = weather
    const [api] = this.#doors
    if (api === undefined) return
    api.streamGuard = weather.api?.watch
    if (weather.api !== undefined) api.dropStreams()
  }

  /** Every state of every snapshot here, from a watch of the test's own. */
  async #follow(): Promise<void> {
    const { signal } = this.#end
    const { metadata: from } = await this.bed.kube.list(meiliSnapshots, { namespace: this.namespace })
    const watch = this.bed.kube.watch<MeiliSnapshot>(meiliSnapshots, {
      namespace: this.namespace,
      resourceVersion: from.resourceVersion,
      timeoutSeconds: 3600,
      signal,
    })
    for await (const { type, object } of watch) {
      if (type === 'BOOKMARK' || type === 'ERROR' || object.metadata.name !== this.#life?.name) continue
      this.#life.witness.see(type, object)
      this.bell.ring()
    }
  }

  /** Begins a life: its steps go through the mischief from now on. */
  begin(plan: { readonly mischief: Mischief; readonly tasks: number }): Life {
    this.#serial += 1
    const secret = { name: `${serverName}-keys`, key: 'MEILI_MASTER_KEY' }
    this.#life = new Life(`life-${this.#serial}`, plan, {
      kube: this.bed.kube,
      bell: this.bell,
      namespace: this.namespace,
      server: this.server,
      secret,
    })
    return this.#life
  }

  /** The one that was begun last. */
  get life(): Life {
    if (this.#life === undefined) throw new Error(`nothing lives on lane ${this.namespace}`)
    return this.#life
  }

  /** Straight to the server, past the door. */
  get server(): MeilisearchApi {
    if (this.#server === undefined) throw new Error(`lane ${this.namespace} has no server yet`)
    return this.#server
  }

  /** What a MeiliInstance for this server says. */
  get options(): ServerOptions {
    return this.#options
  }

  /** The operator that was started last. */
  get operator(): Operator {
    const last = this.#operators.at(-1)
    if (last === undefined) throw new Error(`lane ${this.namespace} has no operator yet`)
    return last
  }

  /** Starts another operator; those that live compete with it for the lease. */
  employ(): Operator {
    const name = `${this.namespace}-${this.#operators.length + 1}`
    const operator = Operator.start(this.bed, {
      name,
      lease: this.#lease,
      namespace: this.namespace,
      apiPort: this.#apiPort,
    })
    this.#operators.push(operator)
    return operator
  }

  /**
   * Kills the operator and starts the next. The lease of the dead one is taken away, so that the next need not wait for its end: the
   * 15 s of a lease protect from a holder that may still live, and this one has been seen dead. Nothing else in recovery rests on that time.
   */
  async crash(options: { readonly leavesLease: boolean }): Promise<void> {
    await this.operator.kill()
    this.#life?.operatorDied()
    this.#revival = this.#revive(options.leavesLease)
  }

  async #revive(leavesLease: boolean): Promise<void> {
    if (!leavesLease) await this.takeLease()
    this.employ()
  }

  /** Resolves when a killed operator has its successor. */
  async revived(): Promise<void> {
    await this.#revival
  }

  async takeLease(): Promise<void> {
    try {
      await this.bed.kube.delete(leases, { namespace: operatorNamespace, name: this.#lease })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }

  /** To somebody whom nobody ever sees again: the holder loses it at once, and the next may have it after a second. */
  async giveLeaseAway(): Promise<void> {
    const spec = { holderIdentity: 'nobody', leaseDurationSeconds: 1 }
    await this.bed.kube.patch(
      leases,
      { namespace: operatorNamespace, name: this.#lease },
      { type: 'merge', body: { spec } },
    )
  }

  async leaseHolder(): Promise<string | undefined> {
    const lease = await this.bed.kube.get<KubeObject & { spec?: { holderIdentity?: string } }>(leases, {
      namespace: operatorNamespace,
      name: this.#lease,
    })
    return lease.spec?.holderIdentity
  }

  /** Lines of the operators' logs that tell of an error nobody foresaw. */
  unexpected(): string[] {
    return this.#operators.flatMap(({ log }) => log.split('\n').filter((line) => line.includes('"unexpected error"')))
  }

  get logs(): string[] {
    return this.#operators.slice(-2).map(({ name }) => `${this.bed.directory}/${name}.log`)
  }

  /** After a life that did not end as it should: nothing of it must reach the next one. */
  async recover(): Promise<void> {
    const { kubectl } = this.bed
    this.#life = undefined
    await Promise.all(this.#operators.map(async (operator) => await operator.kill()))
    await this.takeLease()
    const names = (await kubectl.run(['-n', this.namespace, 'get', 'meilisnapshots', '-o', 'name']))
      .split('\n')
      .filter((name) => name !== '')
    for (const name of names)
      await kubectl.run([
        '-n',
        this.namespace,
        'patch',
        name,
        '--type=merge',
        '--patch={"metadata":{"finalizers":null}}',
      ])
    await kubectl.run(['-n', this.namespace, 'delete', 'meilisnapshots,meiliinstances,jobs', '--all', '--timeout=60s'])
    this.employ()
  }

  /** Movers go with their snapshots: when all of them are deleted, none is left. */
  async close(): Promise<void> {
    this.#life = undefined
    await Promise.all(this.#operators.map(async (operator) => await operator.kill()))
    this.#end.abort()
    for (const door of this.#doors) await door.close()
    await eventually(`the movers in ${this.namespace} to go with their snapshots`, async () => {
      const left = await Promise.all(
        [jobs, pods].map(
          async (resource) =>
            await this.bed.kube.listAll(resource, { namespace: this.namespace, labelSelector: moverSelector }),
        ),
      )
      return left.flat().length === 0 ? true : undefined
    })
    await this.takeLease()
    await this.bed.kubectl.run(['delete', 'namespace', this.namespace, '--wait=false'])
  }
}
