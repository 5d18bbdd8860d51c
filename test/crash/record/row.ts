// One row of the matrix: a life with one fault in it, and what is different at its end from a life without.
import type { CoreV1Event } from '@kubernetes/client-node'
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { events, jobs, persistentVolumeClaims, pods } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { snapshotUidLabel } from '../../../src/kinds/snapshot/job/template.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { instanceOf, snapshotOf } from '../../support/meilisearch/objects.ts'
import { proxyPort } from '../fixture/shared-cluster.ts'
import type { OperatorFixture } from '../fixture/operator-fixture.ts'
import type { Life } from './life.ts'
import type { Fault } from '../faults/fault.ts'
import { directoryOf, storedDifferences } from './stored-files.ts'

/** What may be different from row to row; everything else is the same in all. */
export interface Expected {
  /** Snapshot tasks on the server, and POSTs that it got. */
  readonly tasks: number
  /** Posts on record that no living operator sent, beside those that a kill cut off. */
  readonly unsent: number
  /** Movers that ran; more than one only where a second snapshot replaced the file. */
  readonly maxMovers: number
}

export const ordinary: Expected = { tasks: 1, unsent: 0, maxMovers: 1 }

/** Of a life of any kind. */
export interface End {
  /** Empty: the same end as the undisturbed life. */
  readonly differences: readonly string[]
  readonly seconds: number
}

export interface Outcome extends End {
  readonly life: Life
}

const pendingWithinMs = 90_000
const overWithinMs = 150_000
const goneWithinMs = 60_000

/** The whole life: the snapshot is applied before its instance, which makes the order of events the same each time. */
async function liveThrough(fixture: OperatorFixture, life: Life): Promise<void> {
  const { namespace, changes } = fixture
  const { kube } = fixture.cluster
  const { name, invariants } = life
  const claim = { name, template: { resources: { requests: { storage: '1Gi' } } } }
  const readyMessage = (): string =>
    JSON.stringify(
      invariants.snapshot?.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? 'nothing on record',
    )
  await kube.create(meiliSnapshots, snapshotOf({ namespace, name, instance: name, claim }) as KubeObject)
  await changes.until(
    () => `${name} to be looked at`,
    () => invariants.snapshot?.status?.phase,
    pendingWithinMs,
  )
  await kube.create(meiliInstances, instanceAt(fixture, name))
  await changes.until(
    () => `${name} to end; it says: ${readyMessage()}; last step: ${life.steps.at(-1)?.name}`,
    () => (life.isOver ? true : undefined),
    overWithinMs,
  )
  await fixture.waitForRestart()
}

export function instanceAt({ options }: OperatorFixture, name: string): KubeObject {
  const existing = { port: proxyPort, container: 'meilisearch' }
  const { metadata, ...rest } = instanceOf(options, existing) as KubeObject
  return { ...rest, metadata: { ...metadata, name } }
}

/** Exactly one mover ran, as the Job controller's Events tell, and nothing is left of it. */
async function moverDifferences(
  { cluster, namespace }: OperatorFixture,
  { metadata }: MeiliSnapshot,
  maxMovers: number,
): Promise<string[]> {
  const { kube } = cluster
  const labelSelector = `${snapshotUidLabel}=${metadata.uid}`
  await eventually('every mover Job, and its pod, to be removed', async () => {
    const left = await Promise.all([jobs, pods].map((resource) => kube.listAll(resource, { namespace, labelSelector })))
    return left.flat().length === 0 ? true : undefined
  })
  const fieldSelector = 'reason=SuccessfulCreate,involvedObject.kind=Job'
  const made = (await kube.listAll<CoreV1Event & KubeObject>(events, { namespace, fieldSelector })).filter(
    ({ involvedObject }) => involvedObject.name?.includes(`-${metadata.uid.slice(0, 8)}-`),
  )
  const count = new Set(made.map(({ involvedObject }) => involvedObject.uid)).size
  const podCount = made.reduce((sum, event) => sum + (event.count ?? 1), 0)
  return [
    ...(count >= 1 && count <= maxMovers ? [] : [`${count} mover Jobs were made`]),
    ...(podCount === count ? [] : [`${podCount} mover pods were made for ${count} Jobs`]),
  ]
}

async function serverDifferences(
  { server }: OperatorFixture,
  { invariants, postsCutOff }: Life,
  { before, expected }: { before: number; expected: Expected },
): Promise<string[]> {
  const tasks = (await server.snapshotTasks()).filter(({ uid }) => uid > before)
  const cancelations = await server.call<{ total: number }>('/tasks?types=taskCancelation&limit=1')
  const { status } = invariants.snapshot ?? {}
  const pairs = [
    ['snapshot tasks on the server', tasks.length, expected.tasks],
    ['POSTs that reached the server', invariants.posts, expected.tasks],
    ['posts on record', status?.request?.posts, expected.tasks + expected.unsent + postsCutOff],
    ['tasks that cancel something', cancelations.total, 0],
    [
      'the adopted task among them',
      tasks.some(({ uid, status: is }) => uid === status?.task?.uid && is === 'succeeded'),
      true,
    ],
  ] as const
  return pairs
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => `${what}: ${found} instead of ${wanted}`)
}

async function endDifferences(
  fixture: OperatorFixture,
  life: Life,
  measure: { before: number; expected: Expected },
): Promise<string[]> {
  const { kube } = fixture.cluster
  const { namespace } = fixture
  const { snapshot } = life.invariants
  if (snapshot?.status?.phase !== 'Completed')
    return [
      `it ended as ${snapshot?.status?.phase}: ${snapshot?.status?.conditions?.find(({ type }) => type === 'Failed')?.message}`,
    ]
  const all = await kube.listAll(meiliSnapshots, { namespace })
  const root = await directoryOf(kube, { namespace, name: life.name })
  return [
    ...(all.length === 1 ? [] : [`${all.length} MeiliSnapshots exist`]),
    ...(root === undefined ? ['the claim is bound to no volume'] : await storedDifferences(root, snapshot)),
    ...(await serverDifferences(fixture, life, measure)),
    ...(await moverDifferences(fixture, snapshot, measure.expected.maxMovers)),
    ...(await deletionDifferences(fixture, life, snapshot)),
  ]
}

/** Deleting the object succeeds, and leaves the stored files. */
async function deletionDifferences(
  { cluster, changes, namespace }: OperatorFixture,
  { name, invariants }: Life,
  snapshot: MeiliSnapshot,
): Promise<string[]> {
  const { kube } = cluster
  const root = await directoryOf(kube, { namespace, name })
  await kube.delete(meiliInstances, { namespace, name })
  await kube.delete(meiliSnapshots, { namespace, name }, { propagationPolicy: 'Background' })
  await changes.until(
    () => `${name} to be gone after its deletion`,
    () => (invariants.isGone ? true : undefined),
    goneWithinMs,
  )
  const left =
    root === undefined
      ? []
      : (await storedDifferences(root, snapshot)).map((difference) => `after the deletion: ${difference}`)
  await kube.delete(persistentVolumeClaims, { namespace, name })
  return left
}

/** Lives through one life. A row that does not even end is a difference like any other; the fixture is good for the next one in any case. */
export async function rowOf(fixture: OperatorFixture, fault: Fault, expected: Expected): Promise<Outcome> {
  const started = performance.now()
  const before = Math.max(-1, ...(await fixture.server.snapshotTasks()).map(({ uid }) => uid))
  const errorsBefore = fixture.unexpectedErrors().length
  const life = fixture.begin({ fault, tasks: expected.tasks })
  const differences: string[] = []
  try {
    await liveThrough(fixture, life)
    differences.push(...(await endDifferences(fixture, life, { before, expected })))
  } catch (error) {
    differences.push(error instanceof Error ? error.message : String(error))
  }
  differences.push(...life.invariants.violations, ...fixture.unexpectedErrors().slice(errorsBefore))
  if (differences.length > 0) await fixture.recover()
  return { differences, life, seconds: (performance.now() - started) / 1000 }
}
