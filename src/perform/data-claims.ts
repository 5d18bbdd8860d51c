// Performs the effects on the claims with a server's data: which one is the data, and the end of one that is it no more. perform.ts decides when; this file knows how.
import { databaseVersionAnnotation } from '../api/instance.ts'
import { withoutUndefined } from '../api/json.ts'
import { dataGenerationAnnotation, restoredFromAnnotation } from '../api/restore.ts'
import { NotFound } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import { persistentVolumeClaims } from '../kube/resource.ts'
import type { ClaimSeen, DataSwitch, Fact } from '../reconcile/decision.ts'
import type { Subject } from '../reconcile/kind.ts'
import { passFence, passLease } from './fence.ts'
import type { Fence } from './fence.ts'

export class DataClaims {
  readonly #kube: KubeClient
  readonly #fence: Fence

  constructor({ kube, ...fence }: { readonly kube: KubeClient } & Fence) {
    this.#kube = kube
    this.#fence = fence
  }

  /**
   * One write, so that there is nothing between the data of before and the data of after. Behind the fence: a leader that stood still
   * must not exchange the data of a server that another leader has started again meanwhile.
   * @throws Conflict where it is another claim, or somebody changed it; NotFound where it is gone
   */
  async switch({ claim, generation, restoredFrom, databaseVersion }: DataSwitch, subject: Subject): Promise<Fact> {
    passFence('PATCH of the PersistentVolumeClaim', subject, this.#fence)
    const { name, uid, resourceVersion } = claim
    const annotations = withoutUndefined<Record<string, string>>({
      [dataGenerationAnnotation]: String(generation),
      [restoredFromAnnotation]: restoredFrom,
      [databaseVersionAnnotation]: databaseVersion,
    })
    await this.#kube.patch(
      persistentVolumeClaims,
      { namespace: subject.object.metadata.namespace ?? '', name },
      { type: 'merge', body: { metadata: { uid, resourceVersion, annotations } } },
    )
    return { kind: 'DataSwitched', claimName: name, generation }
  }

  /** @throws Conflict where it is another claim, or somebody changed it: to make it the data again, it may be */
  async delete({ name, uid, resourceVersion }: ClaimSeen, namespace: string): Promise<undefined> {
    passLease('DELETE of the PersistentVolumeClaim', this.#fence)
    try {
      await this.#kube.delete(persistentVolumeClaims, { namespace, name }, { uid, resourceVersion })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }
}
