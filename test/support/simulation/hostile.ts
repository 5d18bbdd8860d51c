// A tenant who means harm, or whose part of the cluster is broken: of its servers each fifth has one trouble, and all their snapshots have no deadline to speak of.
import type { Stored } from './cluster/object-store.ts'
import type { Fate } from './cluster/workloads.ts'
import type { Simulation } from './simulation.ts'
import type { TenantServer } from './tenants.ts'

/** What its movers, servers and objects do. */
export const troubles = ['NoNode', 'NoImage', 'QuotaExceeded', 'Silent', 'Rewritten'] as const
export type Trouble = (typeof troubles)[number]

/** As long as the schema allows. */
export const endless = { deadlines: { start: '999999h', task: '999999h', move: '999999h' } } as const

const rewriteEveryMs = 1000

/** The tenant's servers answer until this is called, and its movers run. @param chosen all, unless a test is about some */
export function beHostile(
  simulation: Simulation,
  servers: readonly TenantServer[],
  chosen: readonly Trouble[] = troubles,
): void {
  const troubleOf = new Map(servers.map((server, index) => [nameOf(server), chosen[index % chosen.length]!]))
  const namespaces = new Set(servers.map(({ namespace }) => namespace))
  const troubleOfJob = ({ metadata }: Pick<Stored, 'metadata'>): Trouble | undefined =>
    namespaces.has(metadata.namespace ?? '')
      ? troubleOf.get(`${metadata.namespace}/${metadata.name.slice(0, 'search-00'.length)}`)
      : undefined

  simulation.fateOf = (job): Fate => {
    const trouble = troubleOfJob(job)
    return trouble === 'NoNode' || trouble === 'NoImage' ? trouble : 'Runs'
  }
  simulation.api.admit = (plural, object) =>
    plural === 'jobs' && troubleOfJob(object as Stored) === 'QuotaExceeded'
      ? {
          status: 403,
          reason: 'Forbidden',
          message: `jobs.batch "${object.metadata.name}" is forbidden: exceeded quota: jobs`,
        }
      : undefined
  const silent = servers.filter((server) => troubleOf.get(nameOf(server)) === 'Silent')
  for (const [index, server] of silent.entries()) fallSilent(simulation, server, index)
  const rewritten = new Set(
    servers.filter((server) => troubleOf.get(nameOf(server)) === 'Rewritten').map(({ name }) => name),
  )
  if (rewritten.size > 0) rewrite(simulation, [...namespaces][0] ?? '', rewritten)
}

const nameOf = ({ namespace, name }: TenantServer): string => `${namespace}/${name}`

/** Half of them cannot be reached from now on; the others swallow what they are sent once they have been asked for a snapshot. */
function fallSilent({ byName }: Simulation, server: TenantServer, index: number): void {
  const meilisearch = byName.get(nameOf(server))
  if (meilisearch === undefined) return
  if (index % 2 === 0) meilisearch.mood = 'NoConnection'
  else meilisearch.onPost = () => (meilisearch.mood = 'NoReply')
}

/** Somebody changes an annotation of these objects all the time, so that what the operator writes may come too late. */
function rewrite({ api, time }: Simulation, namespace: string, names: ReadonlySet<string>): void {
  let turn = 0
  const again = (): void => {
    turn++
    for (const plural of ['meiliinstances', 'meilisnapshots']) {
      for (const object of api.store.list(plural, namespace)) {
        if (!names.has(object.metadata.name.slice(0, 'search-00'.length))) continue
        const annotations = { ...object.metadata.annotations, 'example.test/turn': String(turn) }
        api.store.put(plural, { ...object, metadata: { ...object.metadata, annotations } })
      }
    }
    time.setTimeout(again, rewriteEveryMs)
  }
  time.setTimeout(again, rewriteEveryMs)
}
