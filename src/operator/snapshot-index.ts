// How snapshots are found without a look at all of them: those that have not ended, and of those that have the newest of each instance and claim.
import { hasSucceeded, isFinished, snapshotConditions } from '../api/snapshot.ts'
import type { MeiliSnapshot, SnapshotPhase } from '../api/snapshot.ts'
import { isWhole } from '../api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../api/status/settled-snapshot.ts'
import { isTrue } from '../api/status/conditions.ts'
import { scheduleOfSnapshot } from '../kinds/schedule/controller.ts'
import { upgradeLabels } from '../reconcile/names/objects.ts'
import type { Cache } from '../runtime/cache/cache.ts'
import { Newest } from '../runtime/cache/newest.ts'
import { keyOf as storeKeyOf } from '../runtime/cache/store.ts'
import type { Index } from '../runtime/cache/store.ts'
import { instanceKeyOf, keyOf } from '../telemetry/samples/labels.ts'

type SnapshotIndexName = 'instance' | 'unfinished' | 'upgrade' | 'claim' | 'phase' | 'overdue' | 'schedule'

const phaseKeyOf = (instanceKey: string, phase: SnapshotPhase): string => `${instanceKey}/${phase}`

/** An object without a phase has not been looked at yet: it waits. */
const phaseOf = ({ status }: KnownSnapshot): SnapshotPhase => status?.phase ?? 'Pending'

/** Of the cache of snapshots. No namespace holds a slash, and none is empty. */
export const snapshotIndexes: Readonly<Record<SnapshotIndexName, Index<KnownSnapshot>>> = {
  instance: (snapshot) => [instanceKeyOf(snapshot)],
  /** Of all, of a namespace, of an instance. */
  unfinished: (snapshot) => (isFinished(snapshot) ? [] : ['', snapshot.metadata.namespace, instanceKeyOf(snapshot)]),
  upgrade: (snapshot) => (snapshot.metadata.labels?.[upgradeLabels.to] === undefined ? [] : [instanceKeyOf(snapshot)]),
  /** Of those that know what was free there. */
  claim: ({ metadata, spec, status }) =>
    status?.destination === undefined ? [] : [keyOf(metadata.namespace, spec.destination.claim.name)],
  phase: (snapshot) => [phaseKeyOf(instanceKeyOf(snapshot), phaseOf(snapshot))],
  overdue: (snapshot) =>
    isTrue(snapshot.status?.conditions, snapshotConditions.Overdue) ? [instanceKeyOf(snapshot)] : [],
  schedule: scheduleOfSnapshot,
}

type TimeOf = (snapshot: KnownSnapshot) => number | undefined

const endOf =
  (isEnd: (snapshot: KnownSnapshot) => boolean): TimeOf =>
  (snapshot) => {
    const completedAt = snapshot.status?.completedAt
    return isEnd(snapshot) && completedAt !== undefined ? Date.parse(completedAt) : undefined
  }

const hasAnswered = (verification: { readonly result?: string | undefined } | undefined): boolean =>
  verification?.result === 'Passed' || verification?.result === 'Failed'

/** An instance is named by `namespace/name`, a claim as well. No call costs more than what it gives. */
export class SnapshotIndex {
  readonly #store: Cache<KnownSnapshot>['store']
  /** No index: a group for each of a hundred thousand is as large as what is kept of it. */
  readonly #keysByUid = new Map<string, string>()
  readonly #completed: Newest<KnownSnapshot>
  readonly #failed: Newest<KnownSnapshot>
  readonly #booted: Newest<KnownSnapshot>
  readonly #begun: Newest<KnownSnapshot>
  readonly #stored: Newest<KnownSnapshot>

  /** @param cache with `snapshotIndexes`, and nothing in it yet */
  constructor(cache: Cache<KnownSnapshot>) {
    this.#store = cache.store
    cache.onChange(({ previous, current }) => {
      if (previous !== undefined) this.#keysByUid.delete(previous.metadata.uid)
      if (current !== undefined) this.#keysByUid.set(current.metadata.uid, storeKeyOf(current))
    })
    const newest = (index: SnapshotIndexName, timeOf: TimeOf): Newest<KnownSnapshot> => {
      const members = (group: string): Iterable<KnownSnapshot> => this.#find(index, group)
      const kept = new Newest<KnownSnapshot>({ groupsOf: snapshotIndexes[index], members, timeOf })
      cache.onChange((change) => kept.change(change))
      return kept
    }
    this.#completed = newest('instance', endOf(hasSucceeded))
    this.#failed = newest(
      'instance',
      endOf(({ status }) => status?.phase === 'Failed'),
    )
    this.#booted = newest('instance', ({ status }) =>
      hasAnswered(status?.verification) ? Date.parse(status?.verification?.at ?? '') : undefined,
    )
    this.#begun = newest('instance', ({ status }) => Date.parse(status?.startedAt ?? ''))
    this.#stored = newest('claim', ({ status }) => Date.parse(status?.destination?.observedAt ?? ''))
  }

  get(key: string): KnownSnapshot | undefined {
    return this.#store.get(key)
  }

  /** Undefined where it is gone, and where nothing is left to do with it. */
  getWhole(key: string): MeiliSnapshot | undefined {
    const snapshot = this.#store.get(key)
    return snapshot !== undefined && isWhole(snapshot) ? snapshot : undefined
  }

  /** Of those with which something may be left to do. */
  wholeKeys(): readonly string[] {
    return this.#store.list().filter(isWhole).map(storeKeyOf)
  }

  /** Of all namespaces, of one, or of one instance. */
  listUnfinished(where = ''): Iterable<MeiliSnapshot> {
    return this.#findWhole('unfinished', where)
  }

  withUid(uid: string): KnownSnapshot | undefined {
    const key = this.#keysByUid.get(uid)
    return key === undefined ? undefined : this.#store.get(key)
  }

  /** Those before an upgrade of that instance. */
  beforeUpgrades(instance: string): Iterable<MeiliSnapshot> {
    return this.#findWhole('upgrade', instance)
  }

  /** All that carry its label. @param schedule by `namespace/label` */
  ofSchedule(schedule: string): Iterable<KnownSnapshot> {
    return this.#find('schedule', schedule)
  }

  lastCompleted(instance: string): KnownSnapshot | undefined {
    return this.#completed.of(instance)
  }

  lastFailed(instance: string): KnownSnapshot | undefined {
    return this.#failed.of(instance)
  }

  /** On which a server was started that said whether it serves. */
  lastBooted(instance: string): KnownSnapshot | undefined {
    return this.#booted.of(instance)
  }

  /** On which work began last. */
  lastBegun(instance: string): KnownSnapshot | undefined {
    return this.#begun.of(instance)
  }

  /** Whose mover saw last what is free on the claim. */
  lastOnClaim(claim: string): KnownSnapshot | undefined {
    return this.#stored.of(claim)
  }

  /** How many there are in a phase. */
  inPhase(instance: string, phase: SnapshotPhase): number {
    return this.#store.byIndex('phase', phaseKeyOf(instance, phase)).size
  }

  overdue(instance: string): number {
    return this.#store.byIndex('overdue', instance).size
  }

  /** All instances that a snapshot names. */
  instances(): Iterable<string> {
    return this.#store.values('instance')
  }

  /** All claims of which a mover said what is free. */
  claims(): Iterable<string> {
    return this.#store.values('claim')
  }

  /** In these two every one is whole. */
  #findWhole(index: 'unfinished' | 'upgrade', value: string): Iterable<MeiliSnapshot> {
    return [...this.#find(index, value)].filter(isWhole)
  }

  #find(index: SnapshotIndexName, value: string): Iterable<KnownSnapshot> {
    return this.#store.byIndex(index, value).values()
  }
}
