// A thousand MeiliSnapshotSchedules with the same minute, and as their peer a thousand CronJobs: how much each costs who runs them, from that minute on until all have run.
// Their instance does not exist and the Jobs are suspended, so that nothing but the schedules is at work. The snapshots that wait are the snapshot kind's affair, and counted apart.
import { setTimeout as pause } from 'node:timers/promises'
import { meiliSnapshots } from '../../src/api/snapshot.ts'
import { meiliSnapshotSchedules } from '../../src/api/schedule.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { jobs } from '../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../src/kube/resource.ts'
import { eventually } from '../../test/support/kubernetes/eventually.ts'
import { requestsBy } from '../measure/api-requests.ts'
import type { Requests } from '../measure/api-requests.ts'
import { toHundredths } from '../measure/figures.ts'
import { cpuSeconds, residentBytes } from '../measure/process-memory.ts'

const cronJobs: Resource = { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob' }

const abreast = 16
const jitterSeconds = 120
/** After the last one has run, for what follows from it. */
const restMs = 15_000
const minuteMs = 60_000
/** So long after they are made they run: caches are filled by then, and nothing else is left to do. */
const leadMinutes = 3

export interface RunCost {
  readonly count: number
  /** Of objects and their status, by resource, for one run. */
  readonly writes: Readonly<Record<string, number>>
  readonly writesEach: number
  readonly readsEach: number
  readonly eventsEach: number
  /** Processor, for one run, beside what the process takes when idle. */
  readonly cpuMsEach: number
  readonly residentMiBBefore: number
  readonly residentMiBAfter: number
  /** From the first to the last one. */
  readonly spreadSeconds: number
}

export interface Contender {
  /** Of the process that runs them, on this machine. */
  readonly pid: number
  /** As the audit log names it. */
  readonly user: string
  readonly auditLog: string
}

interface Made {
  readonly resource: Resource
  readonly made: Resource
  /** Resources whose writes a run costs. */
  readonly counted: readonly string[]
  readonly object: (index: number, slot: Date) => object
}

export async function schedulesCost(
  kube: KubeClient,
  who: Contender,
  { namespace, count }: { readonly namespace: string; readonly count: number },
): Promise<RunCost> {
  return await cost(kube, who, { namespace, count, kind: schedulesOf(namespace) })
}

export async function cronJobsCost(
  kube: KubeClient,
  who: Contender,
  { namespace, count }: { readonly namespace: string; readonly count: number },
): Promise<RunCost> {
  return await cost(kube, who, { namespace, count, kind: cronJobsOf(namespace) })
}

const cronOf = (slot: Date): string => `${slot.getUTCMinutes()} ${slot.getUTCHours()} * * *`
const nameOf = (index: number): string => `at-once-${String(index).padStart(4, '0')}`

const schedulesOf = (namespace: string): Made => ({
  resource: meiliSnapshotSchedules,
  made: meiliSnapshots,
  counted: ['meilisnapshotschedules', 'create meilisnapshots'],
  object: (index, slot) => ({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshotSchedule',
    metadata: { namespace, name: nameOf(index) },
    spec: {
      schedule: cronOf(slot),
      jitter: `${jitterSeconds}s`,
      retention: { keepLast: 3 },
      template: { spec: { source: { instanceRef: { name: 'nowhere' } }, destination: { claim: { name: 'nowhere' } } } },
    },
  }),
})

const cronJobsOf = (namespace: string): Made => ({
  resource: cronJobs,
  made: jobs,
  counted: ['cronjobs', 'create jobs'],
  object: (index, slot) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { namespace, name: nameOf(index) },
    spec: {
      schedule: cronOf(slot),
      timeZone: 'Etc/UTC',
      jobTemplate: {
        spec: {
          suspend: true,
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'nowhere.test/none' }] } },
        },
      },
    },
  }),
})

interface Round {
  readonly namespace: string
  readonly count: number
  readonly kind: Made
}

async function cost(kube: KubeClient, who: Contender, { namespace, count, kind }: Round): Promise<RunCost> {
  const before = (await kube.listAll(kind.made, { namespace })).length
  const slot = new Date((Math.ceil(Date.now() / minuteMs) + leadMinutes) * minuteMs)
  await create(kube, count, (index) => [kind.resource, kind.object(index, slot)])
  if (Date.now() > slot.getTime() - minuteMs / 2)
    throw new Error(`${count} ${kind.resource.plural} took too long to be made`)
  await pause(slot.getTime() - restMs - Date.now())
  const idleSeconds = await idleShare(who.pid)
  const begun = { atMs: Date.now(), cpu: cpuSeconds(who.pid), resident: residentBytes(who.pid) }
  const made = await eventually(
    `${count} ${kind.made.plural} to be made`,
    async () => {
      const all = await kube.listAll(kind.made, { namespace })
      return all.length - before >= count ? all.slice(-count) : undefined
    },
    { timeoutMs: (jitterSeconds + 300) * 1000, everyMs: 2000 },
  )
  await pause(restMs)
  const [endMs, cpu] = [Date.now(), cpuSeconds(who.pid) - begun.cpu]
  const requests = requestsBy(who.auditLog, { user: who.user, sinceMs: begun.atMs, untilMs: endMs })
  return {
    count,
    ...each(requests, kind.counted, count),
    cpuMsEach: toHundredths(((cpu - idleSeconds * ((endMs - begun.atMs) / 1000)) * 1000) / count),
    residentMiBBefore: toHundredths(begun.resident / 2 ** 20),
    residentMiBAfter: toHundredths(residentBytes(who.pid) / 2 ** 20),
    spreadSeconds: spreadOf(made),
  }
}

/** Seconds of the processor in each second while nothing is to be done. */
async function idleShare(pid: number): Promise<number> {
  const before = cpuSeconds(pid)
  await pause(restMs - 3000)
  return (cpuSeconds(pid) - before) / ((restMs - 3000) / 1000)
}

function each(
  { byVerb, reads, events }: Requests,
  counted: readonly string[],
  count: number,
): Pick<RunCost, 'writes' | 'writesEach' | 'readsEach' | 'eventsEach'> {
  const isRead = (name: string): boolean => /^(get|list|watch) /.test(name)
  const ours = Object.entries(byVerb).filter(
    ([name]) =>
      !isRead(name) && counted.some((part) => (part.includes(' ') ? name === part : name.includes(` ${part}`))),
  )
  return {
    writes: Object.fromEntries(ours.map(([name, times]) => [name, toHundredths(times / count)])),
    writesEach: toHundredths(ours.reduce((sum, [, times]) => sum + times, 0) / count),
    readsEach: toHundredths(reads / count),
    eventsEach: toHundredths(events / count),
  }
}

function spreadOf(made: readonly KubeObject[]): number {
  const times = made.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''))
  return (Math.max(...times) - Math.min(...times)) / 1000
}

async function create(
  kube: KubeClient,
  count: number,
  objectOf: (index: number) => readonly [Resource, object],
): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) {
      const [resource, object] = objectOf(next++)
      await kube.create(resource, object as KubeObject)
    }
  }
  await Promise.all(Array.from({ length: abreast }, one))
}
