// A real Prometheus scrapes the real operator: every query of the dashboard and every alert finds data, and what is the matter is what fires.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { meiliRestores } from '../../../src/api/restore.ts'
import { meiliSnapshotSchedules, runNowAnnotation } from '../../../src/api/schedule.ts'
import { dashboardAt } from '../../support/prometheus/dashboard.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { portForward } from '../../support/kubernetes/port-forward.ts'
import type { PortForward } from '../../support/kubernetes/port-forward.ts'
import { noPrometheus, Prometheus, whyNoPrometheus } from '../../support/prometheus/prometheus.ts'
import { kubectl, operatorNamespace, World } from '../support/world.ts'

const files = new URL('../../../charts/meili-operator/files/', import.meta.url)
const queries = dashboardAt(new URL('dashboard.json', files)).panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
)

/** A schedule of which no slot comes meanwhile, and as many of its snapshots as a forecast needs. Gives the name of the last one. */
async function takeFour({ namespace }: World): Promise<string> {
  await kubectl.apply({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: meiliSnapshotSchedules.kind,
    metadata: { namespace, name: 'leap-day' },
    spec: {
      schedule: '0 3 29 2 *',
      retention: { keepLast: 10 },
      template: { spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } } },
    },
  })
  const schedule = ['-n', namespace, 'get', 'msched', 'leap-day', '-o']
  for (const count of [1, 2, 3, 4]) {
    await kubectl.run([
      '-n',
      namespace,
      'annotate',
      'msched',
      'leap-day',
      '--overwrite',
      `${runNowAnnotation}=${count}`,
    ])
    await eventually(
      `snapshot ${count} of the schedule`,
      async () =>
        (await kubectl.run([...schedule, 'jsonpath={.status.kept.count}'])).trim() === String(count) ? true : undefined,
      { timeoutMs: 120_000 },
    )
  }
  return (await kubectl.run([...schedule, 'jsonpath={.status.lastSuccess.name}'])).trim()
}

const condition = (type: string, status: 'True' | 'False'): object => ({
  type,
  status,
  reason: 'Completed',
  message: 'It is back.',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-02T03:04:05Z',
})
const ended = {
  phase: 'Completed',
  observedGeneration: 1,
  waitingFor: null,
  completedAt: '2026-01-02T03:04:05Z',
  conditions: [condition('Ready', 'True'), condition('Complete', 'True'), condition('Failed', 'False')],
}

/** As if a server had been started on what it stored. */
const startedOn = JSON.stringify({
  status: {
    verification: {
      mode: 'Boot',
      result: 'Failed',
      attempt: 1,
      jobName: 'job',
      at: '2026-01-02T03:04:05Z',
      restoreDuration: { total: '1m', totalMs: 60_000 },
    },
  },
})

/** A drill and a restore in place, written as if they had ended so: what they do themselves is tried elsewhere. */
async function layRestores({ namespace }: World): Promise<void> {
  const lay = async (name: string, target: object, status: object): Promise<void> => {
    await kubectl.apply({
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: meiliRestores.kind,
      metadata: { namespace, name },
      spec: { source: { snapshotRef: { name: 'absent' } }, target, mode: 'DryRun' },
    })
    const patch = JSON.stringify({ status: { ...ended, ...status } })
    const words = ['-n', namespace, 'patch', 'mrestore', name, '--subresource=status', '--type=merge', '-p', patch]
    await kubectl.run(words)
  }
  const claim = { claimName: 'movies-data-2' }
  const job = { attempt: 1, jobName: 'job' }
  await lay(
    'drilled',
    { scratch: {} },
    { inspection: { ...job, result: 'Passed', restoreDuration: { total: '1m', totalMs: 60_000 } } },
  )
  await lay(
    'restored',
    { inPlace: { instanceRef: { name: 'movies' } } },
    {
      fill: { ...job, ...claim, completedAt: ended.completedAt, extractMs: 5000 },
      switched: { to: { ...claim, generation: 2 }, at: ended.completedAt, downtimeMs: 4000 },
    },
  )
}

describe.skipIf(noPrometheus)(
  `a server with a schedule, a good snapshot, a failed one, one that waits, and restores${whyNoPrometheus}`,
  () => {
    let world: World
    /** The newest good one. */
    let newest: string
    let forward: PortForward
    let prometheus: Prometheus

    beforeAll(async () => {
      world = await World.create()
      const { namespace } = world
      const server = await world.serve('movies')
      await server.load(200)
      await kubectl.apply(
        claimOf({ namespace, name: 'backups' }),
        claimOf({ namespace, name: 'read-only', accessModes: ['ReadOnlyMany'] }),
      )
      await world.snapshot('good', { instance: 'movies' })
      await world.waitForCompletion('good')
      newest = await takeFour(world)
      await layRestores(world)
      const { completedAt = '' } = (await world.get(newest)).status ?? {}
      // Times of a status are whole seconds, and a failure in the same second as a success is not one that came after it.
      await eventually('the next second', () =>
        Promise.resolve(Date.now() >= Date.parse(completedAt) + 1000 || undefined),
      )
      await world.snapshot('bad', { instance: 'movies', claim: { name: 'read-only' } })
      await kubectl.run(['-n', namespace, 'wait', 'msnap/bad', '--for=condition=Failed', '--timeout=60s'])
      const bad = ['-n', namespace, 'patch', 'msnap', 'bad', '--subresource=status', '--type=merge', '-p', startedOn]
      await kubectl.run(bad)
      await world.snapshot('waits', { instance: 'movies', claim: { name: 'absent' } })
      const pod = (
        await kubectl.run([
          '-n',
          operatorNamespace,
          'get',
          'pods',
          '-l',
          'app.kubernetes.io/component=operator',
          '--field-selector=status.phase=Running',
          '-o',
          'jsonpath={.items[0].metadata.name}',
        ])
      ).trim()
      forward = await portForward(kubectl, operatorNamespace, `${pod}:8080`)
      prometheus = await Prometheus.start({
        rules: new URL('alerts.yaml', files).pathname,
        scraped: [{ address: new URL(forward.url).host, labels: { namespace: operatorNamespace, pod } }],
      })
    })
    afterAll(async () => {
      await prometheus?.[Symbol.asyncDispose]()
      forward?.close()
      await world?.destroy()
    })

    test.each(queries)('%s: %s', async (_, expression) => {
      const whole = expression
        .replaceAll('$namespace', world.namespace)
        .replaceAll('$instance', '.*')
        .replaceAll('$__rate_interval', '1m')
      expect(
        await eventually(`data for ${whole}`, async () =>
          (await prometheus.query(whole)).length > 0 ? true : undefined,
        ),
      ).toBe(true)
    })

    test('figures are those of the objects', async () => {
      const { status } = await world.get(newest)
      const value = async (name: string, labels = ''): Promise<number> =>
        Number((await prometheus.query(`${name}{namespace="${world.namespace}"${labels}}`))[0]?.value[1])
      expect(await value('meili_snapshot_size_bytes', ',instance="movies"')).toBe(status?.artifact?.sizeBytes)
      expect(await value('meili_snapshot_last_success_timestamp_seconds', ',instance="movies"')).toBe(
        Date.parse(status?.completedAt ?? '') / 1000,
      )
      expect(await value('meili_destination_free_bytes', ',claim="backups"')).toBe(status?.destination?.freeBytes)
      expect(
        await value('meili_snapshot_total', ',instance="movies",reason="DestinationUnusable",result="failure"'),
      ).toBe(1)
      expect(await value('meili_snapshot_total', ',instance="movies",reason="Completed",result="success"')).toBe(5)
      expect(await value('meili_schedule_kept', ',schedule="leap-day"')).toBe(4)
      expect(await value('meili_schedule_snapshots_created_total', ',schedule="leap-day"')).toBe(4)
      expect(await value('meili_snapshot_phase', ',instance="movies",phase="Pending"')).toBe(1)
      expect(await value('meili_restore_downtime_seconds', ',instance="movies"')).toBe(4)
      expect(await value('meili_drill_duration_seconds')).toBe(60)
      expect(await value('meili_snapshot_boot_passed', ',instance="movies"')).toBe(0)
    })

    test('each alert can be evaluated; the failed snapshot fires, and nothing about the operator does', async () => {
      const failed = await eventually('the alert on the failed snapshot', async () => {
        const alert = (await prometheus.rules()).find(({ name }) => name === 'MeiliSnapshotFailed')
        return alert?.alerts.find(({ state, labels }) => state === 'firing' && labels['namespace'] === world.namespace)
      })
      expect(failed.labels).toMatchObject({ instance: 'movies', severity: 'warning' })
      expect(failed.annotations['summary']).toBe(`The last snapshot of ${world.namespace}/movies failed.`)
      const rules = await prometheus.rules()
      expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
      expect(rules.filter(({ name, state }) => name.startsWith('MeiliOperator') && state === 'firing')).toEqual([])
    })
  },
)
