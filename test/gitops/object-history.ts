// Every version that the API server shows of objects in one namespace, ours unless others are asked for, as a watch brings them.
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { meiliInstances } from '../../src/api/instance.ts'
import { meiliRestores } from '../../src/api/restore.ts'
import { meiliSnapshotSchedules } from '../../src/api/schedule.ts'
import { meiliSnapshots } from '../../src/api/snapshot.ts'
import type { Resource } from '../../src/kube/resource.ts'
import { eventually } from '../support/kubernetes/eventually.ts'
import type { Kubectl } from '../support/kubernetes/kubectl.ts'
import type { Judged } from './states.ts'

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR'
  readonly object: Judged
}

export class ObjectHistory {
  readonly #objects: Judged[] = []
  readonly #watches: ChildProcess[] = []

  /** Where the namespace has none of our objects yet, nothing is missed. */
  static async begin(
    kubectl: Kubectl,
    namespace: string,
    kinds: readonly Pick<Resource, 'group' | 'version' | 'plural'>[] = [
      meiliInstances,
      meiliSnapshots,
      meiliSnapshotSchedules,
      meiliRestores,
    ],
  ): Promise<ObjectHistory> {
    const history = new ObjectHistory()
    for (const { group, version, plural } of kinds) {
      const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`
      const { metadata } = JSON.parse(await kubectl.run(['get', '--raw', path])) as {
        metadata: { resourceVersion: string }
      }
      history.#follow(
        kubectl.spawn([
          'get',
          '--raw',
          `${path}?watch=true&timeoutSeconds=3600&resourceVersion=${metadata.resourceVersion}`,
        ]),
      )
    }
    return history
  }

  #follow(watch: ChildProcess): void {
    this.#watches.push(watch)
    if (watch.stdout === null) throw new Error('kubectl has no output')
    createInterface({ input: watch.stdout }).on('line', (line) => {
      const { type, object } = JSON.parse(line) as WatchEvent
      if (type === 'ADDED' || type === 'MODIFIED') this.#objects.push(object)
    })
  }

  /** In the order in which they came. */
  objects(): readonly Judged[] {
    return this.#objects
  }

  async until(what: string, holds: (object: Judged) => boolean): Promise<void> {
    await eventually(
      `the watch to show ${what}`,
      async () => await Promise.resolve(this.#objects.some(holds) ? true : undefined),
      { timeoutMs: 90_000, everyMs: 50 },
    )
  }

  end(): void {
    for (const watch of this.#watches) watch.kill('SIGKILL')
  }
}
