// All that a manager asks of an API server: one kind to list and watch, the Lease, and Events.
import type { WatchEvent, WatchOptions } from '../../../src/kube/reader.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { LeaseKeeper } from './election.ts'
import { FakeApiServer } from './fake-api-server.ts'
import type { VirtualTime } from './virtual-time.ts'

export class FakeCluster extends FakeApiServer {
  readonly keeper = new LeaseKeeper()
  readonly events: KubeObject[] = []
  /** How long each request for the Lease is under way. */
  leaseMs = 10
  readonly #time: VirtualTime

  constructor(time: VirtualTime) {
    super(time)
    this.#time = time
  }

  override async get<T extends KubeObject>(): Promise<T> {
    await this.#time.pause(this.leaseMs)
    return this.keeper.get() as unknown as T
  }

  override async create<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    await this.#time.pause(this.leaseMs)
    if (resource.plural === 'leases') return this.keeper.create(object) as unknown as T
    this.events.push(object)
    return object
  }

  override async update<T extends KubeObject>(_resource: Resource, object: T): Promise<T> {
    await this.#time.pause(this.leaseMs)
    return this.keeper.update(object) as unknown as T
  }

  override async *watch<T extends KubeObject>(
    resource: Resource,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    if (resource.plural !== 'leases') {
      yield* super.watch<T>(resource, options)
      return
    }
    for await (const lease of this.keeper.states(options.signal)) {
      await this.#time.pause(this.leaseMs)
      yield { type: 'MODIFIED', object: lease as unknown as T }
    }
  }
}
