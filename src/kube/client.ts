// The whole Kubernetes client: the reader (kube/reader.ts), the calls that write, and commands in containers.
import type { Connection } from './connection.ts'
import { Execution } from './exec/exec.ts'
import type { ExecCall } from './exec/exec.ts'
import { requestRoute } from './route.ts'
import type { Route } from './route.ts'
import { collectionPath, objectPath } from './paths.ts'
import { KubeReader } from './reader.ts'
import { Transport } from './transport.ts'
import type { Observer } from './transport.ts'
import type { KubeObject, Ref, Resource } from './resource.ts'

export interface PatchOptions {
  readonly type: 'merge' | 'apply'
  readonly fieldManager?: string
  readonly force?: boolean
  readonly subresource?: 'status'
  readonly dryRun?: boolean
}

const patchTypes = { merge: 'application/merge-patch+json', apply: 'application/apply-patch+yaml' } as const

export class KubeClient extends KubeReader {
  readonly #execute: (call: ExecCall) => Promise<Execution>

  constructor(connection: Connection, observe: Observer = () => undefined, route: Route = requestRoute) {
    super(new Transport(connection, observe, route))
    this.#execute = (call) => Execution.open(connection, call, observe)
  }

  /** @throws Conflict where it exists */
  async create<T extends KubeObject>(
    resource: Resource,
    object: T,
    options: { dryRun?: boolean; fieldManager?: string } = {},
  ): Promise<T> {
    const { path } = collectionPath(resource, object.metadata.namespace, 'POST')
    const { what } = objectPath(resource, object.metadata, 'POST')
    return (await this.transport.json({
      verb: 'create',
      method: 'POST',
      resource,
      path,
      what,
      query: { fieldManager: options.fieldManager, ...dryRun(options) },
      body: object,
    })) as T
  }

  /** Replaces the object's spec or data. @throws Conflict where it changed since it was read */
  async update<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    return (await this.transport.json({
      verb: 'update',
      method: 'PUT',
      resource,
      ...objectPath(resource, object.metadata, 'PUT'),
      body: object,
    })) as T
  }

  /** @throws Conflict where the object changed since its resourceVersion */
  async updateStatus<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    const { path, what } = objectPath(resource, object.metadata, 'PUT')
    return (await this.transport.json({
      verb: 'update',
      method: 'PUT',
      resource,
      path: `${path}/status`,
      what: `${what}/status`,
      body: object,
    })) as T
  }

  async patch<T extends KubeObject>(
    resource: Resource,
    ref: Ref,
    patch: { readonly body: unknown } & PatchOptions,
  ): Promise<T> {
    const { path, what } = objectPath(resource, ref, 'PATCH')
    const query = { fieldManager: patch.fieldManager, force: patch.force, ...dryRun(patch) }
    const suffix = patch.subresource === undefined ? '' : `/${patch.subresource}`
    return (await this.transport.json({
      verb: 'patch',
      method: 'PATCH',
      resource,
      path: `${path}${suffix}`,
      what: `${what}${suffix}`,
      query,
      body: patch.body,
      contentType: patchTypes[patch.type],
    })) as T
  }

  /** @throws NotFound where it is gone already; Conflict where uid or resourceVersion is another one */
  async delete(
    resource: Resource,
    ref: Ref,
    options: {
      propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
      uid?: string
      resourceVersion?: string
    } = {},
  ): Promise<void> {
    const { propagationPolicy, ...preconditions } = options
    await this.transport.json({
      verb: 'delete',
      method: 'DELETE',
      resource,
      ...objectPath(resource, ref, 'DELETE'),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions },
    })
  }

  /** Starts a command in a container. @throws NotFound where there is no such pod; TerminalError where that is not allowed */
  exec(call: ExecCall): Promise<Execution> {
    return this.#execute(call)
  }

  close(): Promise<void> {
    return this.transport.close()
  }
}

const dryRun = (options: { readonly dryRun?: boolean }): { dryRun?: string } =>
  options.dryRun === true ? { dryRun: 'All' } : {}
