// npm run bench:caches [-- --json]: what finished snapshots cost an operator: memory in its cache, time of a pass, of a scrape and of the queue.
// The peers are the same objects as the API server gives them, and the same work with a hundredth of them. No cluster. The last line is one JSON object.
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { MeiliSnapshot } from '../src/api/snapshot.ts'
import { decideSnapshot } from '../src/kinds/snapshot/decide.ts'
import { snapshotMovedBy } from '../src/kinds/snapshot/controller.ts'
import { snapshotUidLabel } from '../src/kinds/snapshot/job/template.ts'
import { keepJob, keepPod } from '../src/kinds/snapshot/observe/kept.ts'
import type { KeptJob, KeptPod } from '../src/kinds/snapshot/observe/kept.ts'
import { Store } from '../src/runtime/cache/store.ts'
import { WorkQueue } from '../src/runtime/workqueue.ts'
import { Metrics } from '../src/telemetry/metrics.ts'
import { SnapshotTotals } from '../src/telemetry/samples/snapshot-totals.ts'
import { stateFamilies } from '../src/telemetry/families/state.ts'
import { stateOf } from '../src/telemetry/samples/state.ts'
import { SnapshotCache } from '../test/support/builders/caches.ts'
import { aSnapshot, movingStatus, now } from '../test/support/builders/observations.ts'
import { observe } from '../test/unit/kinds/snapshot/observe/one-look.ts'
import { finishedMover, finishedSnapshot } from './objects/finished-snapshot.ts'
import { median, toHundredths } from './measure/figures.ts'

const many = 100_000
const few = 1000
/** A tenth of all are of the server whose snapshot is looked at. */
const instances = 10
const rounds = 5

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run it with node --expose-gc')
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

/** What `fill` leaves in memory for each of `count`. */
function heapKibOf(count: number, fill: () => unknown): number {
  const before = heapBytes()
  const kept = fill()
  const bytes = heapBytes() - before
  if (kept === undefined) throw new Error('nothing is there to be measured')
  return toHundredths(bytes / count / 1024)
}

/** Milliseconds of the processor, as others may be at work on it; the median of some rounds. */
async function msOf(repeats: number, work: () => unknown): Promise<number> {
  const taken: number[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const begun = process.threadCpuUsage()
    for (let repeat = 0; repeat < repeats; repeat += 1) await work()
    const { user, system } = process.threadCpuUsage(begun)
    // The first one warms up.
    if (round > 0) taken.push((user + system) / 1000 / repeats)
  }
  return median(taken)
}

const moving = aSnapshot({ metadata: { uid: 'moving' }, status: movingStatus() })
const instanceOf = (index: number): string => (index % instances === 0 ? 'search' : `i${index % few}`)
const parsed = (index: number): MeiliSnapshot =>
  JSON.parse(finishedSnapshot(`s${index}`, instanceOf(index))) as MeiliSnapshot

function cacheOf(count: number): SnapshotCache {
  const snapshots = new SnapshotCache([moving])
  for (let index = 0; index < count; index += 1) snapshots.set(parsed(index))
  return snapshots
}

async function queueMs(count: number): Promise<number> {
  return await msOf(1, async () => {
    const queue = new WorkQueue()
    for (let index = 0; index < count; index += 1) queue.add(`shop/s${index}`)
    for (let index = 0; index < count; index += 1) queue.finish((await queue.take())?.key ?? '')
  })
}

interface Costs {
  readonly passMs: number
  readonly wakeMs: number
  readonly scrapeMs: number
  readonly series: number
}

async function costsOf({ cache, index }: SnapshotCache): Promise<Costs> {
  const metrics = new Metrics('0')
  const totals = new SnapshotTotals()
  for (const current of cache.store.list()) totals.count({ previous: undefined, current })
  metrics.derive(stateFamilies, () => {
    const { samples, instances: named } = stateOf([], index)
    return [...samples, ...totals.samples(named)]
  })
  const mover = { metadata: { name: 'm', namespace: 'shop', labels: { [snapshotUidLabel]: 'moving' } } }
  const text = await metrics.text()
  return {
    passMs: await msOf(200, async () => decideSnapshot(await observe(moving, { snapshots: index }), now)),
    wakeMs: await msOf(100_000, () => snapshotMovedBy(index)(mover)),
    scrapeMs: await msOf(2, () => metrics.text()),
    series: text.split('\n').filter((line) => line.startsWith('meili_')).length,
  }
}

/** A mover's Job and its pod, each in its cache. */
function moversOf(count: number, keep: { job: (job: KeptJob) => KeptJob; pod: (pod: KeptPod) => KeptPod }): unknown {
  const [jobs, pods] = [new Store<KeptJob>(), new Store<KeptPod>()]
  for (let index = 0; index < count; index += 1) {
    const { job, pod } = finishedMover(parsed(index))
    jobs.set(keep.job(JSON.parse(job) as KeptJob))
    pods.set(keep.pod(JSON.parse(pod) as KeptPod))
  }
  return [jobs, pods]
}

const wholeKib = heapKibOf(many, () => Array.from({ length: many }, (_, index) => parsed(index)))
let all: SnapshotCache | undefined
const keptKib = heapKibOf(many, () => (all = cacheOf(many)))
const movers = {
  keptKib: heapKibOf(many / 10, () => moversOf(many / 10, { job: keepJob, pod: keepPod })),
  wholeKib: heapKibOf(many / 10, () => moversOf(many / 10, { job: (job) => job, pod: (pod) => pod })),
}
const large = await costsOf(all ?? cacheOf(many))
const small = await costsOf(cacheOf(few))
const queue = { small: await queueMs(many / 10), large: await queueMs(many) }

const ratio = (of: keyof Costs): number => toHundredths(large[of] / small[of])
const ms = (value: number): string => `${value.toPrecision(2)} ms`
const result = {
  finished: many,
  keptKib,
  wholeKib,
  moverKeptKib: movers.keptKib,
  moverWholeKib: movers.wholeKib,
  ...large,
  ratios: {
    memory: toHundredths(keptKib / wholeKib),
    pass: ratio('passMs'),
    wake: ratio('wakeMs'),
    scrape: ratio('scrapeMs'),
    queue: toHundredths(queue.large / queue.small / 10),
  },
}
say(
  ` heap for each of ${many} finished snapshots      ${keptKib} KiB   goal: at most 2; as the API server gives them ${wholeKib} KiB`,
)
say(
  ` heap for each finished Job with its pod               ${movers.keptKib} KiB   as the API server gives them ${movers.wholeKib} KiB`,
)
say(`                                     with ${few}      with ${many}    ratio`)
const row = (label: string, of: keyof Costs, goal: string): void =>
  say(` ${label}   ${ms(small[of]).padEnd(12)}   ${ms(large[of]).padEnd(12)}   ${ratio(of)}   ${goal}`)
row('a pass of one at work            ', 'passMs', 'goal: at most 1.5')
row('a mover wakes its snapshot       ', 'wakeMs', 'goal: at most 1.5')
row('a scrape, of 1,000 instances     ', 'scrapeMs', `goal: at most 1.5; ${large.series} series`)
say(` the queue, a key of 100,000 to a key of 10,000     ${result.ratios.queue}   goal: at most 1.5`)
process.stdout.write(`${JSON.stringify(result)}\n`)
