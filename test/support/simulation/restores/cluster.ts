// The cluster in which a modelled restore lives: claims with data in them, one StatefulSet and its pod. It notes what must never happen.
import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import type { Effect } from '../../../../src/reconcile/decision.ts'
import { dataClaims, generationOf } from '../../../../src/reconcile/names/data-claim.ts'
import { nowMs as begin } from '../../builders/exchanges.ts'
import { serverPod, storedChild, withChanges } from '../../builders/managed-observations.ts'

/** What lies on a claim: the engine starts on all but Bad; Short has fewer documents than the snapshot had. */
export type Content = 'Old' | 'New' | 'Short' | 'Bad'
export const named = { metadata: { name: 'movies' } }

export class Cluster {
  nowMs = begin
  readonly claims = new Map<string, V1PersistentVolumeClaim>()
  readonly contents = new Map<string, Content>()
  statefulSet: V1StatefulSet
  pod: (V1Pod & { claimName: string }) | undefined
  /** What happened, and must not. */
  readonly wrongs: string[] = []
  protected isHanging = false
  #version = 100
  #uids = 0

  constructor(statefulSet: V1StatefulSet) {
    this.statefulSet = statefulSet
  }

  protected nextUid(): number {
    this.#uids += 1
    return this.#uids
  }

  protected annotate(name: string, annotations: Record<string, string>): void {
    const claim = this.claims.get(name)!
    this.#mark(claim, { annotations: { ...claim.metadata?.annotations, ...annotations } })
  }

  protected deleteClaim(name: string): void {
    const [data] = dataClaims(named, [...this.claims.values()])
    if (data?.claim.metadata?.name === name) this.wrongs.push(`claim ${name} is the data, and was deleted`)
    if (this.pod?.claimName === name) this.wrongs.push(`claim ${name} was deleted under its pod`)
    this.claims.delete(name)
  }

  protected apply({ child, uid }: Effect & { kind: 'Apply' }): void {
    if (child.kind === 'StatefulSet') {
      const generation = (this.statefulSet.metadata?.generation ?? 0) + 1
      const { status } = this.statefulSet
      this.statefulSet = storedChild<V1StatefulSet>(child, { metadata: { generation }, status: status as object })
    }
    if (child.kind !== 'PersistentVolumeClaim') return
    const there = this.claims.get(child.metadata.name)
    // With the uid of one that is gone the API server makes none.
    if (there === undefined && uid !== undefined) return
    if (there === undefined) {
      this.lay(storedChild<V1PersistentVolumeClaim>(child, { status: { phase: 'Bound' } }), 'Old')
      this.wrongs.push(`an empty claim ${child.metadata.name} was made`)
    } else {
      const labels = { ...there.metadata?.labels, ...child.metadata.labels }
      this.#mark(there, { labels })
      this.annotate(child.metadata.name, child.metadata.annotations)
    }
  }

  #mark(claim: V1PersistentVolumeClaim, metadata: object): void {
    this.lay(withChanges(claim, { metadata: withChanges(claim.metadata, metadata) }))
  }

  protected lay(claim: V1PersistentVolumeClaim, content?: Content): void {
    const name = claim.metadata?.name ?? ''
    this.#version += 1
    const metadata = withChanges(claim.metadata, { resourceVersion: String(this.#version) })
    this.claims.set(name, withChanges(claim, { metadata }))
    if (content !== undefined) this.contents.set(name, content)
  }

  /** The StatefulSet's controller. */
  control(): void {
    const { metadata, spec } = this.statefulSet
    if (spec?.replicas === 0 && this.pod !== undefined) this.endPod()
    else if (spec?.replicas === 1 && this.pod === undefined) this.startPod()
    this.statefulSet = withChanges(this.statefulSet, {
      status: withChanges(this.statefulSet.status, {
        observedGeneration: metadata?.generation ?? 1,
        replicas: this.pod === undefined ? 0 : 1,
        updateRevision: this.#revision(),
      }),
    })
  }

  #claimName(): string {
    const volume = this.statefulSet.spec?.template.spec?.volumes?.find(({ name }) => name === 'data')
    return volume?.persistentVolumeClaim?.claimName ?? ''
  }

  #revision(): string {
    return JSON.stringify(this.statefulSet.spec?.template).length.toString() + this.#claimName()
  }

  protected startPod(): void {
    const claimName = this.#claimName()
    const claim = this.claims.get(claimName)
    if (claim === undefined) return
    if (generationOf(named, claim) === undefined)
      this.wrongs.push(`a server was started on ${claimName}, which nobody has said is the data`)
    const [data] = dataClaims(named, [...this.claims.values()])
    if (data?.claim.metadata?.name !== claimName)
      this.wrongs.push(`a server was started on ${claimName}, which is not the data`)
    const pod = serverPod({
      metadata: { uid: `pod-${this.nextUid()}`, labels: { 'controller-revision-hash': this.#revision() } },
      spec: withChanges(this.statefulSet.spec?.template.spec, {}),
      status: { conditions: [{ type: 'Ready', status: 'False' }], startTime: new Date(this.nowMs) },
    })
    this.pod = Object.assign(pod, { claimName })
  }

  /** It is told to end. */
  endPod(): void {
    if (this.pod?.metadata !== undefined && this.pod.metadata.deletionTimestamp === undefined)
      this.pod = withChanges(this.pod, {
        metadata: withChanges(this.pod.metadata, { deletionTimestamp: new Date(this.nowMs) }),
      })
  }

  /** The kubelet: what ends is gone, what starts is ready, or crashes. */
  kubelet(): void {
    if (this.pod === undefined) return
    if (this.pod.metadata?.deletionTimestamp !== undefined) {
      if (!this.isHanging) this.pod = undefined
      return
    }
    const [container] = this.pod.status?.containerStatuses ?? []
    const isBad = this.contents.get(this.pod.claimName) === 'Bad'
    const restartCount = (container?.restartCount ?? 0) + (isBad ? 1 : 0)
    const lastState = { terminated: { exitCode: 1, message: 'corrupt' } }
    this.pod = withChanges(this.pod, {
      status: withChanges(this.pod.status, {
        conditions: [{ type: 'Ready', status: isBad ? 'False' : 'True' }],
        containerStatuses: [withChanges(container, { ready: !isBad, restartCount, ...(isBad ? { lastState } : {}) })],
      }),
    })
  }

  /** A node is lost: its pod does not end. */
  hang(): void {
    this.isHanging = true
  }

  protected isReady(): boolean {
    return this.pod?.status?.conditions?.[0]?.status === 'True'
  }

  /** The data that a server serves in the end, or why none does. */
  served(): string {
    const [data] = dataClaims(named, [...this.claims.values()])
    const name = data?.claim.metadata?.name
    if (this.pod === undefined) return 'no pod'
    if (this.pod.claimName !== name) return `its pod has ${this.pod.claimName}, and the data is ${name ?? 'nowhere'}`
    if (!this.isReady()) return 'its pod is not ready'
    return this.contents.get(name) ?? 'nothing'
  }
}
