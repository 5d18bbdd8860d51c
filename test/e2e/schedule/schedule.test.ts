// One real schedule, every minute for ten: the operator killed twice, one run failed by a quota, three kept; and beside it one that only says what it would delete,
// and one of drills.
// The operator is everybody's, so it is killed when no other test is left, or in the last minutes: others wait for a new leader as users would.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiVersion } from '../../../src/api/group.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import type { MeiliRestore } from '../../../src/api/restore.ts'
import { runNowAnnotation, scheduleLabel } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { namespaces } from '../../support/kubernetes/kube-api.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { restoresOf, toBackups } from '../support/restores.ts'
import { ScheduleHistory } from '../support/schedule-history.ts'
import type { SeenRun } from '../support/schedule-history.ts'
import { conditionOf, kubectl, operatorNamespace, ownWorld, toolbox } from '../support/world.ts'

const second = 1000
const minute = 60 * second
const slots = 10
const kept = 3
/** Of ten: from then on the operator is killed though others may need it. */
const latestKill = 6

const isEnded = ({ phase }: SeenRun): boolean => phase === 'Completed' || phase === 'Failed'
const isGood = ({ phase }: SeenRun): boolean => phase === 'Completed'
const slotsOf = (runs: readonly SeenRun[]): readonly string[] => runs.map(({ slot }) => slot)

/** `yyyymmddhhmm` as minutes since 1970. */
function minutesOf(slot: string): number {
  const [, year, month, day, hour, minutes] = /^(....)(..)(..)(..)(..)$/.exec(slot) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minutes}:00Z`) / minute
}

// The two side by side: each waits for the clock most of its time.
describe('a schedule for ten minutes', { concurrent: true }, () => {
  const world = ownWorld()
  const kube = new KubeClient(connect(process.env['E2E_KUBECONFIG']))
  const history = new ScheduleHistory(kube, world.namespace)
  const [enforcing, rehearsing] = ['enforcing', 'rehearsing']
  const both = [enforcing, rehearsing]

  const scheduleOf = (name: string, mode: 'Enforce' | 'DryRun'): object => ({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshotSchedule',
    metadata: { namespace: world.namespace, name },
    spec: {
      schedule: '* * * * *',
      startingDeadline: '5m',
      retention: { mode, keepLast: kept },
      template: {
        metadata: { labels: { 'example.test/by': name } },
        spec: {
          source: { instanceRef: { name: 'movies' } },
          destination: { claim: { name } },
          deadlines: { move: '20s' },
        },
      },
    },
  })

  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { namespace: world.namespace, name: 'no-jobs' },
    spec: { hard: { 'count/jobs.batch': '0' } },
  }

  beforeAll(async () => {
    await (await world.serve('movies')).load(500)
    await kubectl.apply(...both.map((name) => claimOf({ namespace: world.namespace, name })))
    await kubectl.apply(scheduleOf(enforcing, 'Enforce'), scheduleOf(rehearsing, 'DryRun'))
  })
  afterAll(async () => {
    await kube.close()
  })

  const endedOf = (name: string): readonly SeenRun[] => history.runsOf(name).filter(isEnded)
  const untilEnded = async (count: number): Promise<void> =>
    await history.until(
      `${count} snapshots of each schedule to end`,
      () => both.every((name) => endedOf(name).length >= count),
      count * minute + 3 * minute,
    )

  /** Both schedules have one, and no other: the quota is there from the end of the runs before until these two have failed. */
  async function failOneRun(): Promise<void> {
    await history.until(
      'a moment without a run',
      () => both.every((name) => history.runsOf(name).every(isEnded)),
      2 * minute,
    )
    await kubectl.apply(quota)
    await history.until(
      'a run of each schedule to fail',
      () => both.every((name) => endedOf(name).at(-1)?.phase === 'Failed'),
      3 * minute,
    )
    await kubectl.run(['-n', world.namespace, 'delete', 'resourcequota', quota.metadata.name])
  }

  async function isAlone(): Promise<boolean> {
    const others = (await kube.listAll(namespaces)).filter(
      ({ metadata }) => metadata.name.startsWith('e2e-') && metadata.name !== world.namespace,
    )
    return others.every(({ metadata }) => metadata.deletionTimestamp !== undefined)
  }

  /** By force: nobody gives the lease back. */
  async function killOperator(afterRuns: number): Promise<void> {
    await history.until(
      'a time to kill the operator',
      async () =>
        endedOf(enforcing).length >= afterRuns && (endedOf(enforcing).length >= latestKill || (await isAlone())),
      slots * minute,
    )
    const selector = ['-l', 'app.kubernetes.io/component=operator']
    await kubectl.run(['-n', operatorNamespace, 'delete', 'pod', ...selector, '--grace-period=0', '--force'])
    await kubectl.run(['-n', operatorNamespace, 'rollout', 'status', 'deployment/meili-operator', '--timeout=120s'])
  }

  const patch = async (name: string, spec: object): Promise<void> =>
    void (await kubectl.run([
      '-n',
      world.namespace,
      'patch',
      'meilisnapshotschedule',
      name,
      '--type=merge',
      '-p',
      JSON.stringify({ spec }),
    ]))

  /** No slot comes any more, and all that was to be deleted is gone. */
  async function settle(): Promise<Record<string, NonNullable<MeiliSnapshotSchedule['status']>>> {
    for (const name of both) await patch(name, { suspend: true })
    const statuses: Record<string, NonNullable<MeiliSnapshotSchedule['status']>> = {}
    await history.until(
      'both schedules to settle',
      async () => {
        for (const name of both) statuses[name] = (await history.schedule(name)).status ?? {}
        const isQuiet = both.every((name) => history.runsOf(name).every(isEnded))
        const { removing, expiring = [], observed } = statuses[enforcing] ?? {}
        return isQuiet && removing === undefined && expiring.length === 0 && observed?.suspended === true
      },
      4 * minute,
    )
    return statuses
  }

  const directoriesOn = async (claimName: string): Promise<readonly string[]> =>
    (await shellOnClaim(toolbox, { namespace: world.namespace, claimName }, 'ls -A /backup/movies || true'))
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .toSorted()

  test(
    'each slot runs once, the right three stay as objects and on the claim, and a dry run says the same of its own',
    { timeout: 25 * minute },
    async () => {
      await untilEnded(2)
      await failOneRun()
      await killOperator(4)
      await killOperator(7)
      await untilEnded(slots)
      const statuses = await settle()

      for (const name of both) {
        const all = history.runsOf(name)
        expect(new Set(slotsOf(all)).size, name).toBe(all.length)
        const minutes = slotsOf(all).map(minutesOf)
        const { created = 0, skipped = 0, missed = 0 } = statuses[name]?.counts ?? {}
        expect(created, name).toBe(all.length)
        // Each minute from the first to the last one was a slot, and each slot ran, or stands in the counts.
        expect((minutes.at(-1) ?? 0) - (minutes[0] ?? 0) + 1, name).toBe(created + skipped + missed)
        expect(all.filter(({ phase }) => phase === 'Failed').length, name).toBeGreaterThanOrEqual(1)
      }

      const [real, dry] = [history.runsOf(enforcing), history.runsOf(rehearsing)]
      const goodOnes = real.filter(isGood)
      const there = goodOnes.filter(({ isThere }) => isThere)
      expect(slotsOf(there)).toEqual(slotsOf(goodOnes).slice(-kept))
      expect(statuses[enforcing]?.counts?.expired).toBe(goodOnes.length - kept)
      expect(statuses[enforcing]?.kept?.count).toBe(kept)
      expect(await directoriesOn(enforcing)).toEqual(
        there.map(({ artifact }) => artifact?.split('/').at(-1) ?? '').toSorted(),
      )

      expect(dry.every(({ isThere }) => isThere)).toBe(true)
      expect(await directoriesOn(rehearsing)).toHaveLength(dry.filter(isGood).length)
      const wouldGo = (statuses[rehearsing]?.expiring ?? []).map(({ name }) => name.slice(-12)).toSorted()
      expect(wouldGo).toEqual(slotsOf(dry.filter(isGood)).slice(0, -kept))
      expect(wouldGo).toEqual(slotsOf(goodOnes.filter(({ isThere }) => !isThere)))
      const stays = (name: string): readonly string[] =>
        (statuses[name]?.kept?.rules ?? [])
          .filter(({ by }) => by.includes('last'))
          .map((rule) => rule.name.slice(-12))
          .toSorted()
      expect(stays(rehearsing)).toEqual(stays(enforcing))
      expect(stays(enforcing)).toEqual(slotsOf(there))
    },
  )
})

type Drill = MeiliRestore & KubeObject

describe('a schedule with a drill in each minute', { concurrent: true }, () => {
  const world = ownWorld()
  const { namespace } = world
  const restores = restoresOf(world)
  const kube = new KubeClient(connect(process.env['E2E_KUBECONFIG']))
  const history = new ScheduleHistory(kube, namespace)
  const name = 'yearly'
  const documents = 300

  const scheduleOf = (spec: object): object => ({
    apiVersion,
    kind: 'MeiliSnapshotSchedule',
    metadata: { namespace, name, annotations: { [runNowAnnotation]: 'first' } },
    spec: {
      schedule: '0 0 1 1 *',
      template: { spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: toBackups } } },
      ...spec,
    },
  })
  const drillOfSchedule = async (): Promise<NonNullable<NonNullable<MeiliSnapshotSchedule['status']>['drill']>> =>
    (await history.schedule(name)).status?.drill ?? {}

  beforeAll(async () => {
    await (await world.serve('movies')).load(documents)
    await kubectl.apply(scheduleOf({}))
    await history.until('the snapshot to end', () => history.runsOf(name).some(isEnded), 3 * minute)
    expect(history.runsOf(name)).toMatchObject([{ phase: 'Completed' }])
  })
  afterAll(async () => {
    await kube.close()
  })

  /** A drill of a person's, who gives it the name of the next slot's before that comes; a slot that comes first, or is skipped, is no matter: the next one. */
  async function takeNextName(): Promise<Drill> {
    return await eventually(
      'a slot whose name is taken',
      async () => {
        const slot = (await drillOfSchedule()).nextSlot ?? ''
        const taken = `${name}-drill-${slot.replaceAll(/\D/g, '').slice(0, 12)}`
        const mine = await kube.create(meiliRestores, {
          apiVersion,
          kind: meiliRestores.kind,
          metadata: { namespace, name: taken },
          spec: { source: { snapshotRef: { name: history.runsOf(name)[0]?.name } }, target: { scratch: {} } },
        })
        return await eventually(
          `slot ${slot}`,
          async () => {
            const { run, slotsAfter = '' } = await drillOfSchedule()
            if (run?.name === taken && run.reason === 'NameTaken') return mine as object as Drill
            if (slotsAfter > slot) throw new Error(`slot ${slot} had no drill`)
            return undefined
          },
          { timeoutMs: 2 * minute },
        )
      },
      { timeoutMs: 6 * minute },
    )
  }

  test(
    'says that a name is taken and leaves its owner alone; goes on at the next slot; the newest good drill stays, and the one before goes',
    { timeout: 15 * minute },
    async () => {
      await kubectl.apply(
        scheduleOf({ drill: { schedule: '* * * * *', queries: [{ index: 'films', q: '', minHits: documents }] } }),
      )
      const mine = await takeNextName()
      const taken = mine.metadata.name
      await eventually('the schedule to say so', async () => {
        const drilled = conditionOf(await history.schedule(name), 'DrillSucceeded')
        return drilled?.reason === 'DrillRefused' && drilled.message.includes(taken) ? true : undefined
      })

      const passed = new Map<string, Drill>()
      const ownDrills = async (): Promise<readonly Drill[]> =>
        await kube.listAll<Drill>(meiliRestores, { namespace, labelSelector: `${scheduleLabel}=${name}` })
      const there = await eventually(
        'a second good drill after it, and the record of the one before to go',
        async () => {
          const drills = await ownDrills()
          for (const drill of drills) if (drill.status?.phase === 'Completed') passed.set(drill.metadata.name, drill)
          const good = drills.filter(({ status }) => status?.phase === 'Completed')
          const after = [...passed.keys()].filter((each) => each > taken)
          return after.length > 1 && good.length === 1 ? good[0] : undefined
        },
        { timeoutMs: 6 * minute, everyMs: 500 },
      )
      expect(there.metadata.name).toBe([...passed.keys()].toSorted().at(-1))
      expect(there.status?.restored).toMatchObject({ documents, compared: 1 })
      const { status } = await history.schedule(name)
      expect(status?.drill?.lastSuccess).toMatchObject({ name: there.metadata.name })
      expect(status?.conditions?.find(({ type }) => type === 'DrillSucceeded')).toMatchObject({
        status: 'True',
        reason: 'DrillPassed',
      })
      // The person's is carried out as any other, is counted by nobody, and stays.
      const { metadata, spec } = await restores.ended(taken, 'Completed')
      expect(metadata).toMatchObject({ uid: mine.metadata.uid, generation: 1 })
      expect(spec).toEqual(mine.spec)
    },
  )
})
