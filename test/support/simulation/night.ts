// One night in a cluster of many tenants: all their snapshots wait at the same time. Gives what became of them, and what it cost.
import type { MeiliSnapshotStatus } from '../../../src/api/snapshot.ts'
import { beHostile, endless } from './hostile.ts'
import type { Trouble } from './hostile.ts'
import type { Stored } from './cluster/object-store.ts'
import { QueueWaits } from './queue-waits.ts'
import { Simulation } from './simulation.ts'
import type { Operator, Parts } from './simulation.ts'
import { putSnapshot } from './tenants.ts'
import type { TenantServer } from './tenants.ts'

export interface NightParts extends Parts {
  /** How many tenants; the last one is hostile, or not there at all. */
  readonly tenants: number
  readonly serversEach: number
  readonly snapshotsEach: number
  readonly hostile: 'present' | 'absent'
  /** Of the hostile one; without it: one of each in turn. */
  readonly troubles?: readonly Trouble[]
  readonly withinMs: number
  /** Called once all snapshots wait. */
  readonly meanwhile?: (simulation: Simulation, operator: Operator) => void
}

export interface Rate {
  readonly mean: number
  readonly peak: number
}

export interface Night {
  /** From when all snapshots were made until those of the others were finished. */
  readonly doneAfterMs: number
  readonly completed: number
  /** `namespace/name: message`. */
  readonly failed: readonly string[]
  /** POST /snapshots for each server of the others. */
  readonly posts: readonly number[]
  readonly api: Rate
  readonly writes: Rate
  readonly meilisearch: Rate
  readonly conflicts: number
  readonly passes: number
  readonly longestWaitMs: number
  readonly mostMovers: number
  /** Warnings and errors of the log, by their message. */
  readonly complaints: Readonly<Record<string, number>>
}

type Finished = Map<string, MeiliSnapshotStatus>

export async function runNight(parts: NightParts): Promise<Night> {
  using waits = new QueueWaits()
  using simulation = new Simulation(parts)
  const tenants = Array.from({ length: parts.tenants - (parts.hostile === 'absent' ? 1 : 0) }, (_, index) =>
    simulation.addTenant(index + 1, parts.serversEach),
  )
  const hostile = parts.hostile === 'present' ? (tenants.pop() ?? []) : []
  const others = tenants.flat()
  const operator = simulation.startOperator()
  await simulation.until(
    () => 'all servers are ready',
    () => allReady(simulation),
    600_000,
  )

  const finished: Finished = new Map()
  const namespaces = new Set(others.map(({ namespace }) => namespace))
  simulation.api.store.follow('meilisnapshots', simulation.api.store.version, ({ object }) => {
    const status = object.status as MeiliSnapshotStatus | undefined
    const isOver = status?.phase === 'Completed' || status?.phase === 'Failed'
    if (isOver && namespaces.has(object.metadata.namespace ?? '')) finished.set(nameOf(object), status)
  })
  const beginMs = simulation.time.now()
  if (hostile.length > 0) beHostile(simulation, hostile, parts.troubles)
  putSnapshots(simulation, others, { each: parts.snapshotsEach })
  putSnapshots(simulation, hostile, { each: parts.snapshotsEach, spec: endless })
  parts.meanwhile?.(simulation, operator)
  const all = others.length * parts.snapshotsEach
  await simulation.until(
    () => `${finished.size} of ${all} snapshots are finished`,
    () => finished.size === all,
    parts.withinMs,
  )
  const endMs = simulation.time.now()

  const { api, servers, workloads } = simulation
  return {
    doneAfterMs: endMs - beginMs,
    completed: [...finished.values()].filter(({ phase }) => phase === 'Completed').length,
    failed: [...finished].flatMap(([name, { phase, conditions }]) =>
      phase === 'Failed' ? [`${name}: ${conditions?.[0]?.message ?? ''}`] : [],
    ),
    posts: others.map(({ namespace, name }) => simulation.byName.get(`${namespace}/${name}`)?.posts ?? 0),
    api: api.traffic.rates(beginMs, endMs),
    writes: api.writes.rates(beginMs, endMs),
    meilisearch: servers.traffic.rates(beginMs, endMs),
    conflicts: api.conflicts,
    passes: waits.taken,
    longestWaitMs: waits.longestMs(namespaces),
    mostMovers: workloads.mostRunning,
    complaints: countBy(simulation.lines.map(({ msg }) => msg)),
  }
}

const nameOf = ({ metadata }: Stored): string => `${metadata.namespace}/${metadata.name}`

function allReady(simulation: Simulation): boolean {
  return simulation
    .instances()
    .every(({ status }) =>
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    )
}

function putSnapshots(
  { api }: Simulation,
  servers: readonly TenantServer[],
  { each, spec = {} }: { readonly each: number; readonly spec?: object },
): void {
  for (let round = 0; round < each; round++)
    for (const server of servers) putSnapshot(api, { server, name: `${server.name}-${round}`, spec })
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** One line of figures for a test's output. */
export function figuresOf(title: string, night: Night): string {
  const rate = ({ mean, peak }: Rate): string => `${mean.toFixed(0)}/s (peak ${peak.toFixed(0)}/s)`
  return [
    `${title}: done after ${(night.doneAfterMs / 60_000).toFixed(1)} min, ${night.completed} completed, ${night.failed.length} failed`,
    `API ${rate(night.api)}, of these writes ${rate(night.writes)}, ${night.conflicts} conflicts`,
    `Meilisearch ${rate(night.meilisearch)}`,
    `${night.passes} passes, longest wait in the queue ${(night.longestWaitMs / 1000).toFixed(1)} s, at most ${night.mostMovers} movers`,
    JSON.stringify(night.complaints),
  ].join('\n  ')
}
