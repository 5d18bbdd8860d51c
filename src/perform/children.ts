// Performs the effects on a managed instance's children. perform.ts decides when; this file knows how.
import { randomBytes } from 'node:crypto'
import type { KubeClient } from '../kube/client.ts'
import { persistentVolumeClaims, pods, secrets, services, statefulSets } from '../kube/resource.ts'
import type { FieldsOf, KubeObject, Resource } from '../kube/resource.ts'
import { applicationKey, operatorKey } from '../meilisearch/keys.ts'
import { explainRefusal } from './meilisearch-connections.ts'
import type { Connections } from './meilisearch-connections.ts'
import type { Child, Effect, Fact } from '../reconcile/decision.ts'
import { Conflict, NotFound } from '../errors.ts'
import { keyUids } from '../reconcile/names/objects.ts'

/** One name for all that we apply: fields of others stay theirs. */
const fieldManager = 'meili-operator'

const resources: Readonly<Record<Child['kind'], Resource>> = {
  PersistentVolumeClaim: persistentVolumeClaims,
  Secret: secrets,
  Service: services,
  StatefulSet: statefulSets,
}

type Of<Kind extends Effect['kind']> = Effect & { readonly kind: Kind }

export class Children {
  readonly #kube: KubeClient
  readonly #connections: Connections

  constructor(parts: { kube: KubeClient; connections: Connections }) {
    this.#kube = parts.kube
    this.#connections = parts.connections
  }

  /**
   * A new object is created, as no apply could tell that it is new: one of that name that came in between stays as it is.
   * @throws Conflict where the object is not, or no longer, the one that was seen
   */
  async apply({ child, uid, adopts = false }: Pick<Of<'Apply'>, 'child' | 'uid' | 'adopts'>): Promise<undefined> {
    const resource = resources[child.kind]
    if (uid === undefined) return await this.#own(resource, await this.#kube.create(resource, child, { fieldManager }))
    if (child.kind === 'Secret') {
      // Its key was created, never applied, and stays so.
      await explainRefusal(child.metadata, 'changed', async () => await this.#patch(child, uid))
      return undefined
    }
    if (adopts && !(await this.#adopt(child, uid))) return undefined
    return await this.#own(resource, await this.#patch(child, uid))
  }

  async #patch(child: Child, uid: string): Promise<KubeObject> {
    const { namespace, name } = child.metadata
    return await this.#kube.patch<KubeObject>(
      resources[child.kind],
      { namespace, name },
      { type: 'apply', fieldManager, force: true, body: { ...child, metadata: { ...child.metadata, uid } } },
    )
  }

  /**
   * Whoever brought it back no longer owns our fields: one with two owners would stay when it is no longer wanted.
   * Its owner comes after that, so that where we are cut off the next pass, which sees none, begins anew. False where it has to.
   */
  async #adopt({ metadata: { ownerReferences: _, ...metadata }, ...child }: Child, uid: string): Promise<boolean> {
    const object = await this.#patch({ ...child, metadata }, uid)
    const entries = object.metadata.managedFields ?? []
    const fields = entries.find(isApplied)?.fieldsV1 ?? {}
    const managedFields = entries.filter(
      (entry) => isApplied(entry) || !isOfObject(entry) || !haveCommonField(fields, entry.fieldsV1 ?? {}),
    )
    return (
      managedFields.length === entries.length || (await this.#setManagers(resources[child.kind], object, managedFields))
    )
  }

  /** What our create wrote becomes ours as if it had been applied: else a field that is no longer wanted would stay. Where that fails, the next pass sees it. */
  async #own(resource: Resource, object: KubeObject): Promise<undefined> {
    const entries = object.metadata.managedFields ?? []
    const created = entries.find(
      (entry) => entry.manager === fieldManager && entry.operation === 'Update' && isOfObject(entry),
    )
    if (created === undefined) return
    const applied = entries.some(isApplied) ? [] : [{ ...created, operation: 'Apply' }]
    await this.#setManagers(
      resource,
      object,
      entries.flatMap((entry) => (entry === created ? applied : [entry])),
    )
  }

  /** False where somebody else was quicker, as the cluster's own controllers are with a new object, or it is gone again. */
  async #setManagers(
    resource: Resource,
    { metadata: { namespace, name, resourceVersion } }: KubeObject,
    managedFields: readonly FieldsOf[],
  ): Promise<boolean> {
    try {
      // The resourceVersion as a field makes it a Conflict where the object changed; a failed "test" of a JSON patch would be a refusal (422).
      await this.#kube.patch(
        resource,
        { name, ...(namespace === undefined ? {} : { namespace }) },
        { type: 'merge', body: { metadata: { resourceVersion, managedFields } } },
      )
      return true
    } catch (error) {
      if (!(error instanceof Conflict || error instanceof NotFound)) throw error
      return false
    }
  }

  /** 32 bytes. A Secret that is there already is left alone, and looked at in the next pass. */
  async createMasterKey({ secret, key }: Of<'CreateMasterKey'>): Promise<undefined> {
    try {
      const { name, namespace, labels } = secret.metadata
      const data = { [key]: randomBytes(32).toString('base64url') }
      await this.#kube.create(secrets, {
        apiVersion: secret.apiVersion,
        kind: secret.kind,
        metadata: { name, namespace, labels },
        stringData: data,
      } as KubeObject)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
    }
  }

  async createKeys({ kind, server }: Of<'CreateKeys'>): Promise<Fact | undefined> {
    const connection = await this.#connections.open(server)
    if (connection.state !== 'Open')
      return { kind: 'Refused', effect: kind, message: connection.message, cause: connection.state }
    await connection.client.ensureKey(operatorKey(keyUids.operator))
    await connection.client.ensureKey(applicationKey(keyUids.application))
    return undefined
  }

  async applyConnection({ kind, secret, masterKey, url, uid }: Of<'ApplyConnection'>): Promise<Fact | undefined> {
    const data = await this.#connections.connectionData(secret.metadata.namespace, masterKey, url)
    if (data === undefined)
      return {
        kind: 'Refused',
        effect: kind,
        message: `Secret ${masterKey.name} has no key ${masterKey.key}`,
        cause: 'SecretMissing',
      }
    const encoded = Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]),
    )
    return await this.apply({ child: Object.assign({ data: encoded }, secret), uid })
  }

  async deletePod({ name, uid }: Of<'DeletePod'>, namespace: string): Promise<undefined> {
    try {
      await this.#kube.delete(pods, { namespace, name }, { uid })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }
}

const isApplied = ({ manager, operation }: FieldsOf): boolean => manager === fieldManager && operation === 'Apply'

/** Not of its status, or of another subresource. */
const isOfObject = ({ subresource = '' }: FieldsOf): boolean => subresource === ''

/** `.` says that somebody stands for a map's being there, and for nothing in it. */
function haveCommonField(one: object, other: object): boolean {
  const others = new Map<string, object>(Object.entries(other))
  return Object.entries(one as Readonly<Record<string, object>>).some(([field, below]) => {
    const same = others.get(field)
    if (same === undefined || field === '.') return false
    return Object.keys(below).length === 0 || Object.keys(same).length === 0 || haveCommonField(below, same)
  })
}
