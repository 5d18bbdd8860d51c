// One schedule's life under watch: a run by hand, the run of a slot, and the removal of the older of the two. Each write of the operator for it passes here.
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { meiliSnapshotSchedules, scheduleLabel } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import type { Fault } from '../faults/fault.ts'
import type { ChangeSignal } from '../fixture/change-signal.ts'
import type { Call, Forward, Reply } from '../fixture/http-proxy.ts'
import type { Watched } from '../record/life.ts'
import type { Step } from '../record/step-names.ts'

type Status = NonNullable<MeiliSnapshotSchedule['status']>

/** What is on record, as far as it distinguishes one write from the next: figures and sentences do not. */
function stageOf({ counts, run, active = [], expiring = [], removing, lastRunName }: Status): string {
  const { created = 0, expired = 0 } = counts ?? {}
  const parts = [
    `${created} created`,
    run === undefined ? '' : 'run on record',
    lastRunName === undefined ? '' : 'slot done',
    active.length === 0 ? '' : `${active.length} active`,
    expiring.length === 0 ? '' : `${expiring.length} expiring`,
    removing === undefined ? '' : 'removal on record',
    expired === 0 ? '' : `${expired} expired`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

export class ScheduleLife implements Watched {
  readonly name: string
  readonly fault: Fault
  /** In order, with repeats. */
  readonly steps: Step[] = []
  /** Every snapshot of the schedule that ever was, as it was seen last. */
  readonly runs = new Map<string, MeiliSnapshot>()
  readonly gone = new Set<string>()
  readonly violations: string[] = []
  readonly #changes: ChangeSignal
  #created = 0
  #isOver = false

  constructor(name: string, fault: Fault, changes: ChangeSignal) {
    this.name = name
    this.fault = fault
    this.#changes = changes
  }

  /** Those that are there. */
  get there(): readonly MeiliSnapshot[] {
    return [...this.runs.values()].filter(({ metadata }) => !this.gone.has(metadata.uid))
  }

  get completed(): readonly MeiliSnapshot[] {
    return this.there.filter(
      ({ metadata, status }) => status?.phase === 'Completed' && metadata.deletionTimestamp === undefined,
    )
  }

  /** What is wrong at any time: a good one must stay once there was one, and the newest of them. */
  see(type: 'ADDED' | 'MODIFIED' | 'DELETED', snapshot: MeiliSnapshot): void {
    const { uid, name, labels } = snapshot.metadata
    if (labels?.[scheduleLabel] !== this.name) return
    const hadGood = this.completed.length > 0
    if (type === 'DELETED') this.gone.add(uid)
    else this.runs.set(uid, snapshot)
    if (hadGood && this.completed.length === 0 && !this.#isOver)
      this.violations.push(`no good one is left without ${name}`)
    if (this.runs.size > 2) this.violations.push(`${this.runs.size} snapshots were made, ${name} among them`)
  }

  /** From here on snapshots go as whoever lived through it deletes them. */
  end(): void {
    this.#isOver = true
  }

  operatorDied(): void {
    // The next one comes to the same end; nothing is to be counted.
  }

  async atApi(call: Call, forward: Forward): Promise<Reply | undefined> {
    const step = this.#stepOf(call)
    if (step === undefined) return await forward()
    this.steps.push(step)
    try {
      return await this.fault.at(step, async () => {
        const reply = await forward()
        if (step.audited === 'create meilisnapshots' && reply.status < 300) this.#created += 1
        return reply
      })
    } finally {
      this.#changes.notify()
    }
  }

  async atEngine(_call: Call, forward: Forward): Promise<Reply | undefined> {
    return await forward()
  }

  /** Undefined: a read, or a write that another kind's life consists of. */
  #stepOf({ method, path, body }: Call): Step | undefined {
    const { pathname } = new URL(path, 'http://api')
    const write = (name: string, audited: string): Step => ({ kind: 'write', name: `schedule: ${name}`, audited })
    if (method === 'PUT' && pathname.endsWith(`/${meiliSnapshotSchedules.plural}/${this.name}/status`)) {
      const { status = {} } = JSON.parse(body) as MeiliSnapshotSchedule
      return write(stageOf(status), 'update meilisnapshotschedules/status')
    }
    if (method === 'POST' && pathname.endsWith(`/${meiliSnapshots.plural}`))
      return write(`snapshot ${this.#created + 1} created`, 'create meilisnapshots')
    if (!pathname.includes(`/${meiliSnapshots.plural}/${this.name}-`)) return undefined
    if (method === 'DELETE') return write('snapshot deleted', 'delete meilisnapshots')
    const policy =
      method === 'PATCH' ? (JSON.parse(body) as { spec?: { deletionPolicy?: string } }).spec?.deletionPolicy : undefined
    return policy === undefined ? undefined : write(`deletionPolicy ${policy}`, 'patch meilisnapshots')
  }
}
