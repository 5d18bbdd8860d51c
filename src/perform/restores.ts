// Performs the effect that makes a MeiliRestore for a server that the operator runs. perform.ts decides when; this file knows how.
import { meiliRestores } from '../api/restore.ts'
import { Conflict } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/resource.ts'
import type { Effect, Fact } from '../reconcile/decision.ts'
import type { Subject } from '../reconcile/kind.ts'
import { passLease } from './fence.ts'
import type { Fence } from './fence.ts'

export class Restores {
  readonly #kube: KubeClient
  readonly #fence: Fence

  constructor({ kube, ...fence }: { readonly kube: KubeClient } & Fence) {
    this.#kube = kube
    this.#fence = fence
  }

  /** One of that name that belongs to the same object is the one that was asked for. @throws the Conflict where what caused it has gone since */
  async create(
    { restore }: Effect & { readonly kind: 'CreateRestore' },
    { object }: Subject,
  ): Promise<Fact | undefined> {
    passLease('POST of the MeiliRestore', this.#fence)
    const { name, namespace } = restore.metadata
    try {
      await this.#kube.create(meiliRestores, restore)
      return undefined
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      const there = await this.#kube.find<KubeObject>(meiliRestores, { namespace, name })
      if (there === undefined) throw error
      const owner = there.metadata.ownerReferences?.find(({ controller }) => controller === true)
      if (owner?.uid === object.metadata.uid) return undefined
      return {
        kind: 'Refused',
        effect: 'CreateRestore',
        cause: 'NameTaken',
        message: `MeiliRestore ${name} exists and was not made for this ${object.kind ?? 'object'}. Delete it.`,
      }
    }
  }
}
