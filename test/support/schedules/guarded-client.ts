// The operator's client with a guard before each write, which may cut the process off there: before the write arrives, or before its reply does.
import { KubeClient } from '../../../src/kube/client.ts'
import type { PatchOptions } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import type { KubeObject, Ref, Resource } from '../../../src/kube/resource.ts'
import type { Write, WriteGuard } from '../simulation/schedules/direct-client.ts'

/** What a pass gets from the moment on in which its process was killed; nobody hears of it. */
export class Killed extends Error {
  override name = 'Killed'
}

type DeleteOptions = {
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  uid?: string
  resourceVersion?: string
}

export class GuardedClient extends KubeClient {
  /** Set anew for each life of the process. */
  guard: WriteGuard = () => 'sent'

  constructor(kubeconfig: string) {
    super(connect(kubeconfig))
  }

  override async create<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    return await this.#through(
      { method: 'POST', plural: resource.plural, name: object.metadata.name, subresource: undefined, body: object },
      async () => await super.create<T>(resource, object),
    )
  }

  override async updateStatus<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    return await this.#through(
      { method: 'PUT', plural: resource.plural, name: object.metadata.name, subresource: 'status', body: object },
      async () => await super.updateStatus<T>(resource, object),
    )
  }

  override async patch<T extends KubeObject>(
    resource: Resource,
    ref: Ref,
    patch: { readonly body: unknown } & PatchOptions,
  ): Promise<T> {
    return await this.#through(
      { method: 'PATCH', plural: resource.plural, name: ref.name, subresource: undefined, body: patch.body },
      async () => await super.patch<T>(resource, ref, patch),
    )
  }

  override async delete(resource: Resource, ref: Ref, options: DeleteOptions = {}): Promise<void> {
    await this.#through(
      { method: 'DELETE', plural: resource.plural, name: ref.name, subresource: undefined, body: options },
      async () => await super.delete(resource, ref, options),
    )
  }

  async #through<T>(write: Write, send: () => Promise<T>): Promise<T> {
    const fate = this.guard(write)
    if (fate === 'cut') throw new Killed(`before ${write.method} ${write.plural}/${write.name}`)
    const reply = await send()
    if (fate === 'lost') throw new Killed(`after ${write.method} ${write.plural}/${write.name}`)
    return reply
  }
}
