// Listens at every work queue: how long each key waited to be taken, which is how long nobody was free for it.
import { WorkQueue } from '../../../src/runtime/workqueue.ts'

// Called with the queue that it belongs to.
// oxlint-disable-next-line typescript/unbound-method
const { take } = WorkQueue.prototype

export class QueueWaits implements Disposable {
  /** How many passes were begun. */
  taken = 0
  /** By namespace. */
  readonly #longest = new Map<string, number>()

  constructor() {
    const heard = (key: string, waitedMs: number): void => {
      const namespace = key.split('/')[0] ?? ''
      this.taken++
      if (waitedMs > (this.#longest.get(namespace) ?? 0)) this.#longest.set(namespace, waitedMs)
    }
    WorkQueue.prototype.take = async function (this: WorkQueue): ReturnType<typeof take> {
      const taken = await take.call(this)
      if (taken !== undefined) heard(taken.key, taken.waitedMs)
      return taken
    }
  }

  longestMs(namespaces: ReadonlySet<string>): number {
    return Math.max(0, ...[...this.#longest].filter(([namespace]) => namespaces.has(namespace)).map(([, ms]) => ms))
  }

  [Symbol.dispose](): void {
    WorkQueue.prototype.take = take
  }
}
