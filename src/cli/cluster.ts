// Connects to the cluster that the flags and the kubeconfig name, and reads our kinds from it.
import { meiliInstances } from '../api/instance.ts'
import type { MeiliInstance } from '../api/instance.ts'
import { meiliRestores } from '../api/restore.ts'
import type { MeiliRestore } from '../api/restore.ts'
import { meiliSnapshotSchedules } from '../api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../api/schedule.ts'
import { meiliSnapshots } from '../api/snapshot.ts'
import type { MeiliSnapshot } from '../api/snapshot.ts'
import { KubeClient } from '../kube/client.ts'
import { connect, NowhereToConnect } from '../kube/connection.ts'
import type { Connection } from '../kube/connection.ts'
import type { Environment } from '../kube/proxy.ts'
import type { KubeObject } from '../kube/resource.ts'
import { NotFound, TerminalError } from '../errors.ts'
import { UserError, isKindMissing } from './errors.ts'

/** The flags that every command has. */
export interface ConnectionFlags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
}

export type Instance = MeiliInstance & KubeObject
export type Snapshot = MeiliSnapshot & KubeObject
export type Schedule = MeiliSnapshotSchedule & KubeObject
export type Restore = MeiliRestore & KubeObject

export class Cluster {
  readonly kube: KubeClient
  readonly server: string
  /** The flag's, else the context's, else `default`. */
  readonly namespace: string
  /** The flag's alone: what a command that is printed must name, too. */
  readonly namedNamespace: string | undefined

  constructor(flags: ConnectionFlags, environment: Environment) {
    const connection = connectionOf(flags, environment)
    this.kube = new KubeClient(connection)
    this.server = connection.server
    this.namespace = flags.namespace ?? connection.namespace ?? 'default'
    this.namedNamespace = flags.namespace
  }

  async instances(namespace: string | undefined): Promise<Instance[]> {
    return await this.kube.listAll<Instance>(meiliInstances, within(namespace))
  }

  async snapshots(namespace: string | undefined): Promise<Snapshot[]> {
    return await this.kube.listAll<Snapshot>(meiliSnapshots, within(namespace))
  }

  async schedules(namespace: string | undefined): Promise<Schedule[]> {
    return await this.kube.listAll<Schedule>(meiliSnapshotSchedules, within(namespace))
  }

  async restores(namespace: string | undefined): Promise<Restore[]> {
    return await this.kube.listAll<Restore>(meiliRestores, within(namespace))
  }

  /** For what is about other objects: undefined where this user may not list schedules, or the cluster does not know the kind. */
  async knownSchedules(namespace: string | undefined): Promise<Schedule[] | undefined> {
    return await ifKnown(this.schedules(namespace))
  }

  /** The same of restores. */
  async knownRestores(namespace: string | undefined): Promise<Restore[] | undefined> {
    return await ifKnown(this.restores(namespace))
  }

  /** @throws UserError that names those that there are */
  async instance(name: string): Promise<Instance> {
    try {
      return await this.kube.get<Instance>(meiliInstances, { namespace: this.namespace, name })
    } catch (error) {
      throw await this.#orNamed(error, `MeiliInstance ${name}`, async () => await this.instances(this.namespace))
    }
  }

  /** @throws UserError that names some of those that there are */
  async snapshot(name: string): Promise<Snapshot> {
    try {
      return await this.kube.get<Snapshot>(meiliSnapshots, { namespace: this.namespace, name })
    } catch (error) {
      throw await this.#orNamed(error, `MeiliSnapshot ${name}`, async () => await this.snapshots(this.namespace))
    }
  }

  /** @throws UserError that names some of those that there are */
  async schedule(name: string): Promise<Schedule> {
    try {
      return await this.kube.get<Schedule>(meiliSnapshotSchedules, { namespace: this.namespace, name })
    } catch (error) {
      throw await this.#orNamed(
        error,
        `MeiliSnapshotSchedule ${name}`,
        async () => await this.schedules(this.namespace),
      )
    }
  }

  /** @throws UserError that names some of those that there are */
  async restore(name: string): Promise<Restore> {
    try {
      return await this.kube.get<Restore>(meiliRestores, { namespace: this.namespace, name })
    } catch (error) {
      throw await this.#orNamed(error, `MeiliRestore ${name}`, async () => await this.restores(this.namespace))
    }
  }

  async #orNamed(error: unknown, what: string, all: () => Promise<readonly KubeObject[]>): Promise<unknown> {
    if (!(error instanceof NotFound) || isKindMissing(error)) return error
    const names = (await all()).map(({ metadata }) => metadata.name)
    const others =
      names.length === 0
        ? 'There is none in it; -n names another one.'
        : `There ${names.length === 1 ? 'is' : 'are'}: ${names.slice(-8).join(', ')}${names.length > 8 ? ', …' : ''}.`
    return new UserError(`There is no ${what} in namespace ${this.namespace}. ${others}`)
  }

  async close(): Promise<void> {
    await this.kube.close()
  }
}

const within = (namespace: string | undefined): { namespace?: string } => (namespace === undefined ? {} : { namespace })

async function ifKnown<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof NotFound || (error instanceof TerminalError && error.status === 403)) return undefined
    throw error
  }
}

function connectionOf({ kubeconfig, context }: ConnectionFlags, environment: Environment): Connection {
  try {
    return connect(kubeconfig, context, environment)
  } catch (error) {
    if (error instanceof NowhereToConnect) throw new UserError(error.message)
    // The lines after the first show where in the file.
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new UserError(`The kubeconfig cannot be read: ${message}. Name another one with --kubeconfig or KUBECONFIG.`)
  }
}
