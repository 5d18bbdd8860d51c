// The effects on what a managed instance is made of. perform.ts decides when; this file knows how.
import { randomBytes } from 'node:crypto'
import { meiliSnapshots } from '../api/snapshot.ts'
import type { KubeClient } from '../kube/client.ts'
import { persistentVolumeClaims, pods, secrets, services, statefulSets } from '../kube/resource.ts'
import type { KubeObject, Resource } from '../kube/resource.ts'
import { applicationKey, operatorKey } from '../meilisearch/keys.ts'
import type { Connections } from './connection.ts'
import type { Child, Effect, Fact } from './decision.ts'
import { Conflict, NotFound } from './errors.ts'
import { keyUids } from './names.ts'

/** One name for all that we apply: fields of others stay theirs. */
const fieldManager = 'meili-operator'

const resources: Readonly<Record<Child['kind'], Resource>> = { PersistentVolumeClaim: persistentVolumeClaims, Secret: secrets, Service: services, StatefulSet: statefulSets }

type Of<Kind extends Effect['kind']> = Effect & { readonly kind: Kind }

export class Children {
  readonly #kube: KubeClient
  readonly #connections: Connections

  constructor(parts: { kube: KubeClient; connections: Connections }) {
    this.#kube = parts.kube
    this.#connections = parts.connections
  }

  /**
   * A new object is applied without force: one of that name that came in between has other fields, and keeps them.
   * @throws Conflict where the object is not, or no longer, the one that was seen
   */
  async apply({ child, uid }: Pick<Of<'Apply'>, 'child' | 'uid'>): Promise<undefined> {
    const { namespace, name } = child.metadata
    const body = uid === undefined ? child : { ...child, metadata: { ...child.metadata, uid } }
    await this.#kube.patch(resources[child.kind], { namespace, name }, { type: 'apply', fieldManager, force: uid !== undefined, body })
  }

  /** 32 bytes. A Secret that is there already is left alone, and looked at in the next pass. */
  async createMasterKey({ secret, key }: Of<'CreateMasterKey'>): Promise<undefined> {
    try {
      await this.#kube.create(secrets, { ...secret, stringData: { [key]: randomBytes(32).toString('base64url') } } as KubeObject)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
    }
  }

  async createKeys({ kind, server }: Of<'CreateKeys'>): Promise<Fact | undefined> {
    const connection = await this.#connections.open(server)
    if (connection.state !== 'Open') return { kind: 'Refused', effect: kind, message: connection.message }
    await connection.client.ensureKey(operatorKey(keyUids.operator))
    await connection.client.ensureKey(applicationKey(keyUids.application))
    return undefined
  }

  async applyConnection({ kind, secret, masterKey, url, uid }: Of<'ApplyConnection'>): Promise<Fact | undefined> {
    const data = await this.#connections.connectionData(secret.metadata.namespace, masterKey, url)
    if (data === undefined) return { kind: 'Refused', effect: kind, message: `Secret ${masterKey.name} has no key ${masterKey.key}` }
    const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]))
    return await this.apply({ child: Object.assign({ data: encoded }, secret), uid })
  }

  async deletePod({ name, uid }: Of<'DeletePod'>, namespace: string): Promise<undefined> {
    try {
      await this.#kube.delete(pods, { namespace, name }, { uid })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }

  /** Under a name of its own: one that is there is the one that was asked for. */
  async createSnapshot({ snapshot }: Of<'CreateSnapshot'>): Promise<undefined> {
    try {
      await this.#kube.create(meiliSnapshots, snapshot as unknown as KubeObject)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
    }
  }
}
