// /metrics of the operator's program on a real API server: what Prometheus' own judge says of it, and what a restart, a standby and a deletion change.
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { apiServer, namespaceOn } from '../../support/kubernetes/api-server.ts'
import { noPromtool, promtool, whyNoPromtool } from '../../support/prometheus/promtool.ts'
import { completedStatus, conditions } from '../cli/statuses.ts'
import { deployedEnvironment, OperatorProcess } from '../runtime/operator-process.ts'

const operatorNamespace = 'meili-operator-system'
const patience = { timeout: 20_000, interval: 100 }

const api = apiServer()
const namespace = namespaceOn(api)
let token: string

async function lay(resource: Resource, name: string, parts: { spec: object; status?: object }): Promise<void> {
  const { spec, status } = parts
  const object = {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: resource.kind,
    metadata: { namespace, name },
    spec,
  } as KubeObject
  const laid = await api.kube.create(resource, object)
  if (status !== undefined) await api.kube.updateStatus(resource, { ...laid, status } as KubeObject)
}

const ofMovies = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } }
const restored = {
  phase: 'Completed',
  observedGeneration: 1,
  startedAt: '2026-01-02T05:00:00Z',
  completedAt: '2026-01-02T05:10:00Z',
  fill: {
    attempt: 1,
    jobName: 'j',
    claimName: 'movies-data-2',
    completedAt: '2026-01-02T05:08:00Z',
    extractMs: 90_000,
  },
  switched: { to: { claimName: 'movies-data-2', generation: 2 }, at: '2026-01-02T05:09:00Z', downtimeMs: 4500 },
  conditions: conditions({
    Ready: ['True', 'Completed', 'It is back.'],
    Complete: ['True', 'Completed', 'It is back.'],
    Failed: ['False', 'Completed', 'It is back.'],
  }),
}
const failure = {
  phase: 'Failed',
  startedAt: '2026-01-02T04:00:00Z',
  completedAt: '2026-01-02T04:00:01Z',
  conditions: conditions({
    Stalled: ['True', 'ArchiveCorrupt', 'Bad.'],
    Ready: ['False', 'ArchiveCorrupt', 'Bad.'],
    Complete: ['False', 'ArchiveCorrupt', 'Bad.'],
    Failed: ['True', 'ArchiveCorrupt', 'Bad.'],
  }),
}

beforeAll(async () => {
  token = await api.token({ namespace: operatorNamespace, name: 'meili-operator' })
  await lay(meiliInstances, 'movies', { spec: { existing: { podSelector: { matchLabels: { app: 'movies' } } } } })
  for (const name of ['first', 'second'])
    await lay(meiliSnapshots, name, {
      spec: ofMovies,
      status: completedStatus({ destination: { freeBytes: 5_000_000_000, observedAt: '2026-01-02T03:04:46Z' } }),
    })
  await lay(meiliSnapshots, 'third', { spec: ofMovies, status: failure })
  await lay(meiliRestores, 'back', {
    spec: {
      source: { snapshotRef: { name: 'first' } },
      target: { inPlace: { instanceRef: { name: 'movies' } } },
      confirm: 'movies',
    },
    status: restored,
  })
  await lay(meiliSnapshotSchedules, 'leap-day', {
    spec: { schedule: '0 3 29 2 *', template: { spec: ofMovies } },
    status: {
      counts: { created: 31, skipped: 2, missed: 3, expired: 24 },
      lastSuccess: { name: 'gone', completedAt: '2026-01-01T03:04:46Z' },
    },
  })
})

function nextLeapDay(): number {
  const [next] = Array.from({ length: 9 }, (_, index) => new Date().getUTCFullYear() + index)
    .map((year) => new Date(Date.UTC(year, 1, 29, 3)))
    .filter((time) => time.getUTCMonth() === 1 && time.getTime() > Date.now())
  return next?.getTime() ?? NaN
}

/** With a lease for each test: one that is killed does not give it back. */
const operator = async (pod: string, lease: string): Promise<OperatorProcess> =>
  await OperatorProcess.start({
    ...deployedEnvironment({ name: pod, namespace: operatorNamespace }),
    LEASE_NAME: lease,
    KUBECONFIG: api.kubeconfig({ user: { token } }),
  })
const text = async (program: OperatorProcess): Promise<string> => (await program.ask('/metrics')).text

/** Lines that are derived from the objects. */
const derivedLines = (all: string): string[] =>
  all
    .split('\n')
    .filter((line) => /^meili_(?:instance|snapshot|schedule|restore|drill|artifact|destination)_/.test(line))

/** The lines, once it leads and has looked at the instance. */
async function waitForLines(program: OperatorProcess): Promise<string[]> {
  return await vi.waitFor(async () => {
    const { status } = await api.kube.get<MeiliInstance & KubeObject>(meiliInstances, { namespace, name: 'movies' })
    expect(status?.lastSnapshot).toBeDefined()
    const schedule = await api.kube.get<MeiliSnapshotSchedule & KubeObject>(meiliSnapshotSchedules, {
      namespace,
      name: 'leap-day',
    })
    expect(schedule.status?.nextSlot).toBeDefined()
    const lines = derivedLines(await text(program))
    expect(lines.length).toBeGreaterThan(0)
    return lines
  }, patience)
}

describe('the series of the objects', () => {
  test('are those of the leader, the same after a restart, and gone with the objects', async () => {
    await using first = await operator('operator-0', 'series')
    const before = await waitForLines(first)
    const place = `namespace="${namespace}",instance="movies"`
    const ofSchedule = `namespace="${namespace}",schedule="leap-day"`
    expect(before).toEqual(
      expect.arrayContaining([
        `meili_instance_ready{${place}} 0`,
        `meili_snapshot_phase{${place},phase="Completed"} 2`,
        `meili_snapshot_phase{${place},phase="Failed"} 1`,
        `meili_snapshot_total{${place},result="success",reason="Completed"} 2`,
        `meili_snapshot_total{${place},result="failure",reason="ArchiveCorrupt"} 1`,
        `meili_snapshot_total{${place},result="failure",reason="MoverFailed"} 0`,
        `meili_artifact_abandoned_total{${place}} 0`,
        `meili_snapshot_last_success_timestamp_seconds{${place}} ${Date.parse('2026-01-02T03:04:46Z') / 1000}`,
        `meili_snapshot_last_failure_timestamp_seconds{${place}} ${Date.parse('2026-01-02T04:00:01Z') / 1000}`,
        `meili_snapshot_size_bytes{${place}} 102865000`,
        `meili_destination_free_bytes{namespace="${namespace}",claim="backups"} 5000000000`,
        `meili_schedule_info{${ofSchedule},instance="movies",claim="backups"} 1`,
        `meili_schedule_ready{${ofSchedule}} 1`,
        `meili_schedule_suspended{${ofSchedule}} 0`,
        `meili_schedule_retention_held{${ofSchedule},reason=""} 0`,
        `meili_schedule_kept{${ofSchedule}} 0`,
        `meili_schedule_next_slot_timestamp_seconds{${ofSchedule}} ${nextLeapDay() / 1000}`,
        `meili_schedule_last_success_timestamp_seconds{${ofSchedule}} ${Date.parse('2026-01-01T03:04:46Z') / 1000}`,
        `meili_schedule_snapshots_created_total{${ofSchedule}} 31`,
        `meili_schedule_slots_skipped_total{${ofSchedule}} 2`,
        `meili_restore_phase{namespace="${namespace}",kind="InPlace",target="movies",phase="Completed"} 1`,
        `meili_restore_fill_seconds{namespace="${namespace}",kind="InPlace",target="movies"} 90`,
        `meili_restore_downtime_seconds{${place}} 4.5`,
      ]),
    )

    await using standby = await operator('operator-1', 'series')
    await vi.waitFor(async () => expect((await standby.ask('/readyz')).status).toBe(200), patience)
    expect(derivedLines(await text(standby))).toEqual([])
    await first.end('SIGTERM')
    expect(await waitForLines(standby)).toEqual(before)

    await api.kubectl.run(['-n', namespace, 'delete', 'msnap', 'first', 'second'])
    await vi.waitFor(async () => {
      const lines = derivedLines(await text(standby))
      expect(lines, 'deleted, and yet counted').toContain(
        `meili_snapshot_total{${place},result="success",reason="Completed"} 2`,
      )
      expect(lines).toContain(`meili_snapshot_phase{${place},phase="Completed"} 0`)
      expect(lines.filter((line) => line.startsWith('meili_destination'))).toEqual([])
    }, patience)
    await api.kubectl.run(['-n', namespace, 'delete', 'msnap', 'third'])
    await api.kubectl.run(['-n', namespace, 'delete', 'meiliinstance/movies', 'msched/leap-day', 'mrestore/back'])
    await vi.waitFor(async () => expect(derivedLines(await text(standby))).toEqual([]), patience)
  })
})

test.skipIf(noPromtool)(`promtool finds nothing to complain of${whyNoPromtool}`, async () => {
  await lay(meiliInstances, 'again', { spec: { existing: { podSelector: { matchLabels: { app: 'again' } } } } })
  await lay(meiliSnapshots, 'again', {
    spec: { ...ofMovies, source: { instanceRef: { name: 'again' } } },
    status: completedStatus({ destination: { freeBytes: 1, observedAt: '2026-01-02T03:04:46Z' } }),
  })
  await lay(meiliSnapshotSchedules, 'again', { spec: { schedule: '@daily', template: { spec: ofMovies } } })
  await using program = await operator('operator-0', 'judged')
  const all = await vi.waitFor(async () => {
    const served = await text(program)
    expect(derivedLines(served).length).toBeGreaterThan(0)
    return served
  }, patience)
  // Node's own are not ours to name.
  const ours = all.split('\n').filter((line) => /^(?:# (?:HELP|TYPE) )?meili_/.test(line))
  expect(await promtool(['check', 'metrics'], `${ours.join('\n')}\n`)).toEqual({ isGood: true, output: '' })
})
