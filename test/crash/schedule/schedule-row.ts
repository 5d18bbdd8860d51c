// One row about a schedule: its life with one fault in it, and what is different at its end from a life without.
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import { meiliSnapshotSchedules, runNowAnnotation } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import { persistentVolumeClaims } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import type { Fault } from '../faults/fault.ts'
import type { OperatorFixture } from '../fixture/operator-fixture.ts'
import { instanceAt } from '../record/row.ts'
import type { End } from '../record/row.ts'
import { directoryOf, storedDifferences } from '../record/stored-files.ts'
import { ScheduleLife } from './schedule-life.ts'

export interface ScheduleOutcome extends End {
  readonly life: ScheduleLife
}

const runWithinMs = 120_000
const slotWithinMs = 180_000
/** What goes is announced a minute before. */
const removalWithinMs = 180_000
/** So long before its slot a schedule is changed, at least. */
const leadMs = 8000
const minuteMs = 60_000

const scheduleAt = (fixture: OperatorFixture, name: string): KubeObject =>
  ({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshotSchedule',
    metadata: { namespace: fixture.namespace, name, annotations: { [runNowAnnotation]: 'first' } },
    spec: {
      // Not today: the first one is made by hand.
      schedule: `0 0 ${new Date(Date.now() + 15 * 24 * 60 * minuteMs).getUTCDate()} * *`,
      retention: { keepLast: 1 },
      template: { spec: { source: { instanceRef: { name } }, destination: { claim: { name } } } },
    },
  }) as unknown as KubeObject

/** The next whole minute that is far enough away. */
function nextMinute(): string {
  const at = new Date(Math.ceil((Date.now() + leadMs) / minuteMs) * minuteMs)
  return `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`
}

async function liveThrough(fixture: OperatorFixture, life: ScheduleLife): Promise<void> {
  const { namespace, changes } = fixture
  const { kube } = fixture.cluster
  const { name } = life
  const lastStep = (): string => life.steps.at(-1)?.name ?? 'no step'
  await kube.create(persistentVolumeClaims, claimOf({ namespace, name }) as KubeObject)
  await kube.create(meiliInstances, instanceAt(fixture, name))
  await kube.create(meiliSnapshotSchedules, scheduleAt(fixture, name))
  await changes.until(
    () => `the run by hand to complete; last step: ${lastStep()}`,
    () => life.completed[0],
    runWithinMs,
  )
  await kube.patch(
    meiliSnapshotSchedules,
    { namespace, name },
    { type: 'merge', body: { spec: { schedule: nextMinute() } } },
  )
  await changes.until(
    () => `the run of the slot to complete; last step: ${lastStep()}`,
    () =>
      life.runs.size === 2 && life.completed.some(({ metadata }) => /-\d{12}$/.test(metadata.name)) ? true : undefined,
    slotWithinMs,
  )
  await changes.until(
    () => `the older one to be gone; last step: ${lastStep()}`,
    () => (life.gone.size === 1 ? true : undefined),
    removalWithinMs,
  )
  await eventually('the removal to be counted', async () => {
    const { status } = await kube.get<MeiliSnapshotSchedule>(meiliSnapshotSchedules, { namespace, name })
    return status?.removing === undefined && status?.counts?.expired === 1 ? true : undefined
  })
  await fixture.waitForRestart()
}

async function endDifferences(fixture: OperatorFixture, life: ScheduleLife, tasksBefore: number): Promise<string[]> {
  const { kube } = fixture.cluster
  const { namespace } = fixture
  const { name } = life
  const [left, ...more] = life.completed
  if (left === undefined || more.length > 0) return [`${life.completed.length} snapshots are left`]
  const root = await directoryOf(kube, { namespace, name })
  const { status } = await kube.get<MeiliSnapshotSchedule>(meiliSnapshotSchedules, { namespace, name })
  const tasks = (await fixture.server.snapshotTasks()).length - tasksBefore
  const pairs = [
    ['the one that is left', /-\d{12}$/.test(left.metadata.name), true],
    ['its deletionPolicy', left.spec.deletionPolicy, 'Retain'],
    ['snapshot tasks on the server', tasks, 2],
    ['snapshots created, by status', status?.counts?.created, 2],
    ['snapshots expired, by status', status?.counts?.expired, 1],
    ['snapshots kept, by status', status?.kept?.count, 1],
    ['a run on record', status?.run, undefined],
    ['lastRunName', status?.lastRunName, left.metadata.name],
  ] as const
  return [
    ...pairs
      .filter(([, found, wanted]) => found !== wanted)
      .map(([what, found, wanted]) => `${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`),
    // Its one directory, whole, and nothing beside it: the files of the older one are gone.
    ...(root === undefined ? ['the claim is bound to no volume'] : await storedDifferences(root, left)),
  ]
}

/** The schedule first, so that it makes no more. */
async function clear({ cluster, changes, namespace }: OperatorFixture, life: ScheduleLife): Promise<void> {
  const { kube } = cluster
  const { name } = life
  await kube.delete(meiliSnapshotSchedules, { namespace, name })
  for (const { metadata } of life.there)
    await kube.delete(meiliSnapshots, { namespace, name: metadata.name }, { propagationPolicy: 'Background' })
  await kube.delete(meiliInstances, { namespace, name })
  await changes.until(
    () => `the snapshots of ${name} to be gone`,
    () => (life.there.length === 0 ? true : undefined),
    runWithinMs,
  )
  await kube.delete(persistentVolumeClaims, { namespace, name })
}

/** Lives through one life. A row that does not even end is a difference like any other; the fixture is good for the next one in any case. */
export async function scheduleRowOf(fixture: OperatorFixture, fault: Fault): Promise<ScheduleOutcome> {
  const started = performance.now()
  const before = (await fixture.server.snapshotTasks()).length
  const errorsBefore = fixture.unexpectedErrors().length
  const life = fixture.beginAs((name) => new ScheduleLife(name, fault, fixture.changes))
  const differences: string[] = []
  try {
    await liveThrough(fixture, life)
    differences.push(...(await endDifferences(fixture, life, before)))
    life.end()
    await clear(fixture, life)
  } catch (error) {
    differences.push(error instanceof Error ? error.message : String(error))
  }
  differences.push(...life.violations, ...fixture.unexpectedErrors().slice(errorsBefore))
  if (differences.length > 0) await fixture.recover()
  return { differences, life, seconds: (performance.now() - started) / 1000 }
}
