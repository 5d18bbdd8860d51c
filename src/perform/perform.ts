// Performs effects: the only place that changes the world. decision.ts lists what an effect may do; children.ts changes children.
import { isDeepStrictEqual } from 'node:util'
import type { V1Job } from '@kubernetes/client-node'
import type { KubeClient } from '../kube/client.ts'
import { jobs, persistentVolumeClaims } from '../kube/resource.ts'
import type { KubeObject, Resource } from '../kube/resource.ts'
import type { Connections } from './meilisearch-connections.ts'
import type { Effect, Fact } from '../reconcile/decision.ts'
import type { Loop, Subject } from '../reconcile/kind.ts'
import { Conflict, NotFound, TerminalError } from '../errors.ts'
import type { Clocks } from '../runtime/clocks.ts'
import { Streamer } from './stream.ts'
import { Children } from './children.ts'
import { DataClaims } from './data-claims.ts'
import { passFence } from './fence.ts'
import { Restores } from './restores.ts'
import { Snapshots } from './snapshots.ts'

interface PerformerParts {
  readonly kube: KubeClient
  readonly connections: Connections
  readonly isLeader: () => boolean
  readonly record: Loop<KubeObject>['record']
  /** Of the fence; tests give their own. */
  readonly clocks?: Clocks
}

export class Performer {
  readonly #kube: KubeClient
  readonly #connections: Connections
  readonly #fence: Pick<PerformerParts, 'isLeader' | 'clocks'>
  readonly #record: PerformerParts['record']
  readonly #streamer: Streamer
  readonly #children: Children
  readonly #snapshots: Snapshots
  readonly #restores: Restores
  readonly #dataClaims: DataClaims

  constructor(parts: PerformerParts) {
    this.#kube = parts.kube
    this.#connections = parts.connections
    this.#fence = parts
    this.#record = parts.record
    this.#streamer = new Streamer({ exec: (call) => parts.kube.exec(call), isLeader: parts.isLeader })
    this.#children = new Children(parts)
    this.#snapshots = new Snapshots(parts)
    this.#restores = new Restores(parts)
    this.#dataClaims = new DataClaims(parts)
  }

  /**
   * Gives what the world answered, where that is to be applied at once. A 404 to a write is a refusal, too: nothing was done.
   * @throws Conflict, TransientError: the pass ends here and the next one looks again
   */
  async perform(effect: Effect, subject: Subject): Promise<Fact | undefined> {
    try {
      return await this.#interpret(effect, subject)
    } catch (error) {
      if (error instanceof TerminalError || error instanceof NotFound)
        return { kind: 'Refused', effect: effect.kind, message: error.message, cause: error.refusal }
      throw error
    }
  }

  async #interpret(effect: Effect, subject: Subject): Promise<Fact | undefined> {
    switch (effect.kind) {
      case 'AddFinalizer':
        return await this.#setFinalizers(subject, [...(subject.object.metadata.finalizers ?? []), effect.finalizer])
      case 'RemoveFinalizer':
        return await this.#setFinalizers(
          subject,
          (subject.object.metadata.finalizers ?? []).filter((name) => name !== effect.finalizer),
        )
      case 'CreateClaim':
        return await this.#create(persistentVolumeClaims, effect.claim as unknown as KubeObject)
      case 'CreateJob':
        return await this.#createJob(effect.job, subject)
      case 'DeleteJob':
        return await this.#deleteJob(effect, subject)
      case 'RequestSnapshot':
        return await this.#requestSnapshot(effect, subject)
      case 'CancelTask':
        return await this.#cancelTask(effect)
      case 'StreamSegments':
        return await this.#streamer.send(effect)
      case 'RemovePin':
        await this.#streamer.unpin(effect.source)
        return { kind: 'PinRemoved' }
      case 'Apply':
        return await this.#children.apply(effect)
      case 'CreateMasterKey':
        return await this.#children.createMasterKey(effect)
      case 'CreateKeys':
        return await this.#children.createKeys(effect)
      case 'ApplyConnection':
        return await this.#children.applyConnection(effect)
      case 'DeletePod':
        return await this.#children.deletePod(effect, subject.object.metadata.namespace ?? '')
      case 'CreateSnapshot':
      case 'PatchSnapshot':
      case 'DeleteSnapshot':
        return await this.#snapshots.perform(effect, subject)
      case 'CreateRestore':
      case 'CreateDrill':
      case 'DeleteDrill':
        return await this.#restores.perform(effect, subject)
      case 'SwitchData':
        return await this.#dataClaims.switch(effect, subject)
      case 'DeleteClaim':
        return await this.#dataClaims.delete(effect.claim, subject.object.metadata.namespace ?? '')
      case 'RecordEvent':
        this.#record(effect.about, effect.event)
        return undefined
    }
  }

  /** With the resourceVersion, so that nobody else's finalizer is lost. */
  async #setFinalizers({ resource, object }: Subject, finalizers: readonly string[]): Promise<undefined> {
    const { namespace, name, resourceVersion } = object.metadata
    try {
      await this.#kube.patch(
        resource,
        { name, ...(namespace === undefined ? {} : { namespace }) },
        { type: 'merge', body: { metadata: { resourceVersion, finalizers } } },
      )
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }

  /** Somebody else may have been quicker: the next pass sees whose it is. */
  async #create(resource: Resource, object: KubeObject): Promise<undefined> {
    try {
      await this.#kube.create(resource, object)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
    }
  }

  async #createJob(job: V1Job, subject: Subject): Promise<Fact | undefined> {
    const ref = { namespace: job.metadata?.namespace ?? '', name: job.metadata?.name ?? '' }
    try {
      await this.#kube.create(jobs, job as unknown as KubeObject)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      const there = await this.#there(ref, error)
      const owner = there.metadata.ownerReferences?.find(({ controller }) => controller === true)
      if (
        owner === undefined
          ? isDeepStrictEqual(there.metadata.labels, job.metadata?.labels)
          : owner.uid === subject.object.metadata.uid
      )
        return undefined
      return {
        kind: 'Refused',
        effect: 'CreateJob',
        cause: 'NameTaken',
        message: `Job ${ref.name} exists and belongs to ${owner === undefined ? 'nobody' : `${owner.kind} ${owner.name}`}. Delete it, and the snapshot goes on.`,
      }
    }
    return undefined
  }

  /** @throws the Conflict where the Job that caused it has gone since */
  async #there(ref: { namespace: string; name: string }, conflict: Conflict): Promise<KubeObject> {
    try {
      return await this.#kube.get(jobs, ref)
    } catch (error) {
      throw error instanceof NotFound ? conflict : error
    }
  }

  async #deleteJob(effect: Effect & { kind: 'DeleteJob' }, { object }: Subject): Promise<undefined> {
    const ref = { namespace: object.metadata.namespace ?? '', name: effect.name }
    try {
      await this.#kube.delete(jobs, ref, { propagationPolicy: 'Foreground', uid: effect.uid })
    } catch (error) {
      if (!(error instanceof NotFound)) throw error
    }
  }

  /** The fence: only the winner of a status write just now, only the leader, and never twice. */
  async #requestSnapshot(effect: Effect & { kind: 'RequestSnapshot' }, subject: Subject): Promise<Fact> {
    const connection = await this.#connections.open(effect.server)
    if (connection.state !== 'Open')
      return { kind: 'Refused', effect: effect.kind, message: connection.message, cause: connection.state }
    passFence('POST /snapshots', subject, this.#fence)
    const { taskUid } = await connection.client.createSnapshot()
    return { kind: 'TaskEnqueued', taskUid }
  }

  async #cancelTask(effect: Effect & { kind: 'CancelTask' }): Promise<Fact> {
    const connection = await this.#connections.open(effect.server)
    if (connection.state !== 'Open')
      return { kind: 'Refused', effect: effect.kind, message: connection.message, cause: connection.state }
    const { taskUid } = await connection.client.cancelTask(effect.taskUid)
    return { kind: 'CancelAccepted', taskUid }
  }
}
