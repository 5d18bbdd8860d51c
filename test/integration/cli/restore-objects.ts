// MeiliRestores in a namespace with a managed instance and a stored snapshot of it, and the statuses that the operator would write.
import { expect } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import type { MeiliRestore } from '../../../src/api/restore.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import type { KubeApi } from '../../support/kubernetes/kube-api.ts'
import { completedStatus, conditions } from './statuses.ts'

export type Restore = MeiliRestore & KubeObject

const at = '2026-01-02T03:04:05Z'
export const ready = (status: 'True' | 'False', reason: string, message: string): object =>
  conditions({ Ready: [status, reason, message] })
export const plannedStatus = {
  observedGeneration: 1,
  phase: 'Planned',
  conditions: ready('True', 'Planned', 'The plan stands.'),
  plan: {
    from: { version: '1.21.0', indexes: 1, documents: 50_000, takenAt: at },
    to: { version: '1.21.0', indexes: 1, documents: 12, claimName: 'movies-data', generation: 1 },
    newClaim: { claimName: 'movies-data-2', generation: 2 },
    madeAt: at,
  },
}
const oldData = { claimName: 'movies-data', generation: 1, capacityBytes: 2 ** 30, keptSince: at }
export const completed = (observedGeneration = 1): object => ({
  observedGeneration,
  phase: 'Completed',
  conditions: ready('True', 'Completed', '50,000 documents are back.'),
  completedAt: at,
  duration: '41s',
  oldData,
  switched: { to: { claimName: 'movies-data-2', generation: 2 }, downtime: '9s' },
})
export const rolledBack = {
  ...completed(2),
  phase: 'RolledBack',
  conditions: ready('False', 'RolledBack', 'movies has the data on claim movies-data again.'),
}

export const inPlace = {
  source: { snapshotRef: { name: 'nightly' } },
  target: { inPlace: { instanceRef: { name: 'movies' } } },
  confirm: 'movies',
}

export interface Made {
  readonly spec: object
  readonly status?: object
}

/** What a test does with the objects of its namespace. */
export class RestoreObjects {
  readonly #api: KubeApi
  readonly #here: { readonly namespace: string }

  constructor(api: KubeApi, here: { readonly namespace: string }) {
    this.#api = api
    this.#here = here
  }

  async create(kind: Resource, name: string, { spec, status }: Made): Promise<void> {
    const metadata = { namespace: this.#here.namespace, name }
    const object = { apiVersion: 'meili-operator.dev/v1alpha1', kind: kind.kind, metadata, spec }
    const created = await this.#api.kube.create(kind, object)
    if (status !== undefined) await this.#api.kube.updateStatus(kind, { ...created, status } as KubeObject)
  }

  /** A managed instance, and a snapshot of it. */
  async createMovies(): Promise<void> {
    await this.create(meiliInstances, 'movies', { spec: { managed: { version: '1.21.0', storage: { size: '20Gi' } } } })
    const spec = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } }
    await this.create(meiliSnapshots, 'nightly', { spec, status: completedStatus() })
  }

  async restores(): Promise<Restore[]> {
    return await this.#api.kube.listAll<Restore>(meiliRestores, { namespace: this.#here.namespace })
  }

  async only(): Promise<Restore> {
    const [first, ...others] = await this.restores()
    expect(others).toEqual([])
    return first!
  }

  async settle(status: object): Promise<void> {
    await this.#api.kube.updateStatus(meiliRestores, { ...(await this.only()), status } as KubeObject)
  }

  /** Once the text is shown, the operator has got so far. */
  answer(shown: string, status: object): { onOutput: (out: string) => void; done: () => Promise<void> } {
    let written: Promise<void> | undefined
    return {
      onOutput: (out) => {
        if (written === undefined && out.includes(shown)) written = this.settle(status)
      },
      done: async () => await written,
    }
  }
}
