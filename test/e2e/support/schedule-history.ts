// All that ever was of some schedules in a namespace: each of their snapshots as it was seen last, also those that are gone by now.
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import { meiliSnapshotSchedules, scheduleLabel } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'

export interface SeenRun {
  readonly name: string
  readonly uid: string
  /** `yyyymmddhhmm` in UTC; empty for a run that was asked for by hand. */
  readonly slot: string
  readonly phase: string
  readonly artifact: string | undefined
  readonly isThere: boolean
}

type Snapshot = MeiliSnapshot & KubeObject

export class ScheduleHistory {
  readonly #kube: KubeClient
  readonly #namespace: string
  readonly #seen = new Map<string, Snapshot>()
  #there: ReadonlySet<string> = new Set()

  constructor(kube: KubeClient, namespace: string) {
    this.#kube = kube
    this.#namespace = namespace
  }

  async schedule(name: string): Promise<MeiliSnapshotSchedule> {
    return await this.#kube.get<MeiliSnapshotSchedule>(meiliSnapshotSchedules, { namespace: this.#namespace, name })
  }

  /** In the order of their slots. */
  runsOf(schedule: string): readonly SeenRun[] {
    return [...this.#seen.values()]
      .filter(({ metadata }) => metadata.labels?.[scheduleLabel] === schedule)
      .map(({ metadata, status }) => ({
        name: metadata.name,
        uid: metadata.uid,
        slot: /-(\d{12})$/.exec(metadata.name)?.[1] ?? '',
        phase: status?.phase ?? 'Pending',
        artifact: status?.artifact?.path,
        isThere: this.#there.has(metadata.uid),
      }))
      .toSorted((one, other) => (one.slot < other.slot ? -1 : 1))
  }

  async look(): Promise<void> {
    const found = await this.#kube.listAll<Snapshot>(meiliSnapshots, { namespace: this.#namespace })
    for (const snapshot of found) this.#seen.set(snapshot.metadata.uid, snapshot)
    this.#there = new Set(found.map(({ metadata }) => metadata.uid))
  }

  /** Looks twice a second, so that nothing which is there for longer is missed. */
  async until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
    await eventually(
      what,
      async () => {
        await this.look()
        return (await holds()) ? true : undefined
      },
      { timeoutMs, everyMs: 500 },
    ).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : ''}; these were seen:\n${this.#table()}`, {
        cause: error,
      })
    })
  }

  #table(): string {
    const schedules = new Set([...this.#seen.values()].map(({ metadata }) => metadata.labels?.[scheduleLabel] ?? ''))
    return [...schedules]
      .flatMap((schedule) => this.runsOf(schedule))
      .map(({ name, phase, isThere }) => `${name} ${phase}${isThere ? '' : ', gone'}`)
      .join('\n')
  }
}
