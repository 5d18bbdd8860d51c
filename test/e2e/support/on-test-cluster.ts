// What an end-to-end test can do only where nodes, disks and processes of the cluster are this machine's: on the test cluster.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as breath } from 'node:timers/promises'
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import { persistentVolumeClaims, pods } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { artifactPath } from '../../../src/kinds/snapshot/job/artifact-path.ts'
import { snapshotUidLabel } from '../../../src/kinds/snapshot/job/template.ts'
import { runningCluster } from '../../cluster/cluster.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { isTerminating, podProcesses, signalAll } from '../../cluster/process/pod-processes.ts'
import { until } from '../../cluster/process/until.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'

const found = runningCluster()
const isOurs = found !== undefined && found.kubeconfig === process.env['E2E_KUBECONFIG']

/** For `describe.skipIf`, and for its title. */
export const elsewhere = !isOurs
export const whyElsewhere = isOurs ? '' : ' (left out: it needs the nodes, disks and processes of the test cluster)'

export function testCluster(): Cluster {
  if (found === undefined) throw new Error('There is no test cluster: this test should have been left out.')
  return found
}

const persistentVolumes: Resource = { group: '', version: 'v1', plural: 'persistentvolumes', kind: 'PersistentVolume' }

/** Where a path of the cluster's own mounts is for us. */
export const hostPathOf = (path: string): string => `/proc/${testCluster().namespacePid}/root${path}`

/** A mover's or a server's process, stopped in the middle of its work by SIGSTOP. */
export interface Held {
  readonly pod: V1Pod & KubeObject
  letGo(): void
  kill(): void
  /** Resolves when SIGTERM waits for it: let go then, it ends before it does anything else. */
  waitForSigterm(): Promise<void>
}

/** A mover that takes its time, so that it is caught in the middle. */
export const unhurried = { mover: { bandwidthLimit: '8Mi' } }

/** What tests know of the cluster besides what kubectl tells; quick enough to catch a mover at its work. */
export class NodeAccess {
  readonly kube = new KubeClient(connect(process.env['E2E_KUBECONFIG']))
  readonly #namespace: string
  readonly #caught = new Set<string>()

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  async close(): Promise<void> {
    await this.kube.close()
  }

  /** The directory of a bound claim, readable from here. */
  async directoryOf(claim: string): Promise<string> {
    return await eventually(
      `claim ${claim} to have a volume`,
      async () => {
        const { spec } = await this.kube.get<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, {
          namespace: this.#namespace,
          name: claim,
        })
        if (spec?.volumeName === undefined) return undefined
        const volume = await this.kube.get<V1PersistentVolume & KubeObject>(persistentVolumes, {
          name: spec.volumeName,
        })
        const path = volume.spec?.local?.path ?? volume.spec?.hostPath?.path
        return path === undefined ? undefined : hostPathOf(path)
      },
      { everyMs: 20 },
    )
  }

  async podsOf({ metadata }: MeiliSnapshot): Promise<(V1Pod & KubeObject)[]> {
    return await this.kube.listAll<V1Pod & KubeObject>(pods, {
      namespace: this.#namespace,
      labelSelector: `${snapshotUidLabel}=${metadata.uid}`,
    })
  }

  /** Stops a server in the middle of whatever it does: asked to end, its pod stays on its way out until it is let go. */
  async freezeServer(podName: string): Promise<Pick<Held, 'letGo'>> {
    const { metadata } = await this.kube.get<V1Pod & KubeObject>(pods, { namespace: this.#namespace, name: podName })
    const pids = podProcesses(metadata.uid ?? '', 'meilisearch')
    if (signalAll(pids, 'SIGSTOP') === 0) throw new Error(`pod ${podName} runs no Meilisearch`)
    return { letGo: () => void signalAll(pids, 'SIGCONT') }
  }

  /** Stops the next mover of this snapshot as soon as its partial copy has begun. Each mover is caught once. */
  async catchMover(snapshot: MeiliSnapshot): Promise<Held> {
    const what = `a mover of ${snapshot.metadata.name}`
    const pod = await eventually(
      what,
      async () =>
        (await this.podsOf(snapshot)).find(
          ({ metadata, status }) =>
            status?.phase !== 'Succeeded' && status?.phase !== 'Failed' && !this.#caught.has(metadata.uid ?? ''),
        ),
      { timeoutMs: 120_000, everyMs: 20 },
    )
    const uid = pod.metadata.uid ?? ''
    this.#caught.add(uid)
    const pids = await until({ what: `${what} to run`, withinMs: 60_000, everyMs: 1 }, () =>
      nonEmpty(podProcesses(uid, 'node')),
    )
    const { path, directory } = artifactPath(snapshot)
    const [, attempt = ''] = /-(\d+-\d+)$/.exec(pod.metadata.labels?.['job-name'] ?? '') ?? []
    const parent = join(await this.directoryOf(snapshot.spec.destination.claim.name), path)
    const isCopying = (): boolean =>
      namesIn(parent).some((name) => name.startsWith(`.${directory}.${attempt}-`) && name.endsWith('.partial'))
    const deadline = performance.now() + 60_000
    while (!isCopying()) {
      if (performance.now() > deadline) throw new Error(`${what} did not begin to copy within a minute`)
      await breath()
    }
    if (signalAll(pids, 'SIGSTOP') === 0 || !isCopying())
      throw new Error(`${what} was quicker than the test: give it a larger file`)
    return {
      pod,
      letGo: () => void signalAll(pids, 'SIGCONT'),
      kill: () => void signalAll(pids, 'SIGKILL'),
      waitForSigterm: async () =>
        void (await until({ what: `${what} to be asked to end`, withinMs: 60_000 }, () => pids.some(isTerminating))),
    }
  }
}

function nonEmpty(pids: readonly number[]): readonly number[] | undefined {
  return pids.length === 0 ? undefined : pids
}

/** None where the directory is not there (yet). */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
