// Performs the effects on MeiliSnapshots that the operator takes itself. perform.ts decides when; this file knows how.
import { scheduleLabel } from '../api/schedule.ts'
import { meiliSnapshots } from '../api/snapshot.ts'
import { NotFound } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Effect, Fact } from '../reconcile/decision.ts'
import type { Subject } from '../reconcile/kind.ts'
import { createOnce } from './create-once.ts'
import { passFence, passLease } from './fence.ts'
import type { Fence } from './fence.ts'

type Of<Kind extends Effect['kind']> = Effect & { readonly kind: Kind }

export class Snapshots {
  readonly #kube: KubeClient
  readonly #fence: Fence

  constructor({ kube, ...fence }: { readonly kube: KubeClient } & Fence) {
    this.#kube = kube
    this.#fence = fence
  }

  async perform(
    effect: Of<'CreateSnapshot'> | Of<'PatchSnapshot'> | Of<'DeleteSnapshot'>,
    subject: Subject,
  ): Promise<Fact | undefined> {
    const namespace = subject.object.metadata.namespace ?? ''
    if (effect.kind === 'CreateSnapshot') return await this.#create(effect, subject)
    return effect.kind === 'PatchSnapshot'
      ? await this.#patch(effect, namespace)
      : await this.#delete(effect, namespace)
  }

  /** One that is there under this name is the one that was asked for; where it is the run of a slot, only if its label says so. */
  async #create({ snapshot, schedule }: Of<'CreateSnapshot'>, subject: Subject): Promise<Fact | undefined> {
    if (schedule !== undefined) passFence('POST of the MeiliSnapshot', subject, this.#fence)
    const { name } = snapshot.metadata
    const made = await createOnce(
      this.#kube,
      { resource: meiliSnapshots, object: snapshot },
      ({ metadata }) => schedule === undefined || metadata.labels?.[scheduleLabel] === schedule,
    )
    if (made === 'Taken')
      return {
        kind: 'Refused',
        effect: 'CreateSnapshot',
        cause: 'NameTaken',
        message: `MeiliSnapshot ${name} exists and does not belong to this schedule.`,
      }
    return schedule === undefined ? undefined : { kind: 'SnapshotCreated', name }
  }

  /** @throws Conflict where it is another one, or somebody changed it */
  async #patch(
    { name, uid, resourceVersion, deletionPolicy }: Of<'PatchSnapshot'>,
    namespace: string,
  ): Promise<undefined> {
    passLease('PATCH of the MeiliSnapshot', this.#fence)
    try {
      await this.#kube.patch(
        meiliSnapshots,
        { namespace, name },
        { type: 'merge', body: { metadata: { uid, resourceVersion }, spec: { deletionPolicy } } },
      )
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }

  /** @throws Conflict where it is another one, or somebody changed it: to keep it, it may be */
  async #delete({ name, uid, resourceVersion }: Of<'DeleteSnapshot'>, namespace: string): Promise<undefined> {
    passLease('DELETE of the MeiliSnapshot', this.#fence)
    try {
      await this.#kube.delete(meiliSnapshots, { namespace, name }, { uid, resourceVersion })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }
}
