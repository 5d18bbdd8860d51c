// Performs the effects on MeiliRestores that the operator makes itself: for a server that it runs, and for a schedule's drills. perform.ts decides when; this file knows how.
import { meiliRestores } from '../api/restore.ts'
import { scheduleLabel } from '../api/schedule.ts'
import { NotFound } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Effect, Fact } from '../reconcile/decision.ts'
import type { Subject } from '../reconcile/kind.ts'
import { createOnce } from './create-once.ts'
import { passFence, passLease } from './fence.ts'
import type { Fence } from './fence.ts'

type Of<Kind extends Effect['kind']> = Effect & { readonly kind: Kind }

export class Restores {
  readonly #kube: KubeClient
  readonly #fence: Fence

  constructor({ kube, ...fence }: { readonly kube: KubeClient } & Fence) {
    this.#kube = kube
    this.#fence = fence
  }

  async perform(
    effect: Of<'CreateRestore'> | Of<'CreateDrill'> | Of<'DeleteDrill'>,
    subject: Subject,
  ): Promise<Fact | undefined> {
    if (effect.kind === 'CreateRestore') return await this.#create(effect, subject)
    return effect.kind === 'CreateDrill'
      ? await this.#createDrill(effect, subject)
      : await this.#deleteDrill(effect, subject.object.metadata.namespace ?? '')
  }

  /** One of that name that belongs to the same object is the one that was asked for. */
  async #create({ restore }: Of<'CreateRestore'>, { object }: Subject): Promise<Fact | undefined> {
    passLease('POST of the MeiliRestore', this.#fence)
    const made = await createOnce(
      this.#kube,
      { resource: meiliRestores, object: restore },
      ({ metadata }) =>
        metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid === object.metadata.uid,
    )
    if (made === 'There') return undefined
    return {
      kind: 'Refused',
      effect: 'CreateRestore',
      cause: 'NameTaken',
      message: `MeiliRestore ${restore.metadata.name} exists and was not made for this ${object.kind ?? 'object'}. Delete it.`,
    }
  }

  /** One that is there under this name is the one of that slot, if its label says so. */
  async #createDrill({ drill, schedule }: Of<'CreateDrill'>, subject: Subject): Promise<Fact> {
    passFence('POST of the MeiliRestore', subject, this.#fence)
    const { name } = drill.metadata
    const made = await createOnce(
      this.#kube,
      { resource: meiliRestores, object: drill },
      ({ metadata }) => metadata.labels?.[scheduleLabel] === schedule,
    )
    return made === 'There'
      ? { kind: 'DrillCreated', name }
      : {
          kind: 'Refused',
          effect: 'CreateDrill',
          cause: 'NameTaken',
          message: `MeiliRestore ${name} exists and does not belong to this schedule.`,
        }
  }

  /** @throws Conflict where it is another one, or somebody changed it */
  async #deleteDrill({ name, uid, resourceVersion }: Of<'DeleteDrill'>, namespace: string): Promise<undefined> {
    passLease('DELETE of the MeiliRestore', this.#fence)
    try {
      await this.#kube.delete(meiliRestores, { namespace, name }, { uid, resourceVersion })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }
}
