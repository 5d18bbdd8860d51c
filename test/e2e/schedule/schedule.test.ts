// One real schedule, every minute for ten: the operator killed twice, one run failed by a quota, three kept; and beside it one that only says what it would delete.
// The operator is everybody's, so it is killed when no other test is left, or in the last minutes: others wait for a new leader as users would.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import { namespaces } from '../../support/kubernetes/kube-api.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { ScheduleHistory } from '../support/schedule-history.ts'
import type { SeenRun } from '../support/schedule-history.ts'
import { kubectl, operatorNamespace, ownWorld, toolbox } from '../support/world.ts'

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

describe('a schedule for ten minutes', () => {
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
