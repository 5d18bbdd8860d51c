// A schedule in each of its states on a real API server, by the operator itself, and what each tool says of every version of it. No snapshot is taken
// here: those that a schedule counts are written as if they had ended. With RECORD_GITOPS=1 (npm run record:gitops:schedules) one of each state is written into examples/gitops.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { ObjectHistory } from '../../gitops/object-history.ts'
import { recordExamples } from '../../gitops/recorder.ts'
import { contract, expectedOf, stateOf } from '../../gitops/states.ts'
import { verdictsOf } from '../../gitops/verdicts.ts'
import { apiServer } from '../../support/kubernetes/api-server.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { deployedEnvironment, OperatorProcess } from '../runtime/operator-process.ts'

const operatorNamespace = 'meili-operator-system'
const api = apiServer()
let namespace: string
let operator: OperatorProcess | undefined
let history: ObjectHistory

async function startOperator(): Promise<void> {
  const token = await api.token({ namespace: operatorNamespace, name: 'meili-operator' })
  operator = await OperatorProcess.start({
    ...deployedEnvironment({ name: 'operator-0', namespace: operatorNamespace }),
    KUBECONFIG: api.kubeconfig({ user: { token } }),
  })
}
const stopOperator = async (): Promise<void> => {
  await operator?.end('SIGTERM')
}

beforeAll(async () => {
  namespace = await api.namespace()
  history = await ObjectHistory.begin(api.kubectl, namespace, [meiliSnapshotSchedules])
})
afterAll(async () => {
  history.end()
  await stopOperator()
  if (process.env['RECORD_GITOPS'] === '1') await recordExamples(history.objects(), namespace)
})

const at = (agoMinutes: number): string => `${new Date(Date.now() - agoMinutes * 60_000).toISOString().slice(0, 19)}Z`
const seen = async (state: string): Promise<void> => await history.until(state, (object) => stateOf(object) === state)

/** Its next slot is years away. */
async function schedule(name: string, spec: object = {}): Promise<void> {
  await api.kubectl.apply({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshotSchedule',
    metadata: { namespace, name },
    spec: {
      schedule: '0 3 29 2 *',
      template: { spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } } },
      ...spec,
    },
  })
}
const patch = async (name: string, body: object): Promise<string> =>
  await api.kubectl.run(['-n', namespace, 'patch', 'msched', name, '--type=merge', '-p', JSON.stringify(body)])

/** One of the schedule's, as it is when it has ended so. */
async function ended(scheduleName: string, name: string, status: Partial<MeiliSnapshot['status']>): Promise<void> {
  const { metadata } = await api.kube.get<MeiliSnapshotSchedule>(meiliSnapshotSchedules, {
    namespace,
    name: scheduleName,
  })
  await api.kubectl.apply({
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: {
      namespace,
      name,
      labels: { 'meili-operator.dev/schedule': scheduleName, 'meili-operator.dev/schedule-uid': metadata.uid },
    },
    spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } },
  })
  await eventually(`snapshot ${name} to be written to`, async () => {
    const snapshot = await api.kube.get<MeiliSnapshot>(meiliSnapshots, { namespace, name })
    const written = { ...snapshot, status: { observedGeneration: 1, ...status } } as MeiliSnapshot
    return await api.kube.updateStatus(meiliSnapshots, written).then(
      () => true,
      () => undefined,
    )
  })
}

const completed = (agoMinutes: number, indexes: number): Partial<MeiliSnapshot['status']> => ({
  phase: 'Completed',
  startedAt: at(agoMinutes + 1),
  completedAt: at(agoMinutes),
  task: { uid: agoMinutes, status: 'succeeded', enqueuedAt: at(agoMinutes + 1), startedAt: at(agoMinutes + 1) },
  artifact: {
    claimName: 'backups',
    path: `movies/taken-${agoMinutes}`,
    fileName: 'data.ms.snapshot',
    sizeBytes: 2 ** 20,
    size: '1.0 MiB',
    sha256: '0'.repeat(64),
    meilisearchVersion: '1.21.0',
    verification: 'Archive',
    indexes,
    documents: 1000,
  },
})

test('what the operator has not seen yet is unseen; followed it is scheduled; suspended it says so', async () => {
  await schedule('nightly', { timeZone: 'Europe/Berlin', retention: { keepLast: 2 } })
  await seen('unseen')
  await startOperator()
  await seen('scheduled')
  await schedule('paused', { suspend: true })
  await seen('suspended')
})

test('one that no clock can follow is stalled', async () => {
  await schedule('never', { schedule: '0 3 30 2 *' })
  await seen('stalled')
})

test('one whose snapshot the API server refuses is tried again', async () => {
  const hard = { 'count/meilisnapshots.meili-operator.dev': '0' }
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace, name: 'none' }, spec: { hard } }
  const used = JSON.stringify({ status: { hard, used: hard } })
  await api.kubectl.apply(quota)
  // No controller counts here.
  await api.kubectl.run(['-n', namespace, 'patch', 'quota', 'none', '--subresource=status', '--type=merge', '-p', used])
  await schedule('refused')
  await api.kubectl.run(['-n', namespace, 'annotate', 'msched', 'refused', 'meili-operator.dev/run-now=1'])
  await seen('refused')
  await api.kubectl.run(['-n', namespace, 'delete', 'quota', 'none'])
})

test('one whose last snapshot failed goes on', async () => {
  await schedule('unlucky')
  await ended('unlucky', 'unlucky-1', {
    phase: 'Failed',
    startedAt: at(2),
    completedAt: at(1),
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'StartDeadlineExceeded',
        message: 'MeiliInstance movies was not there.',
        lastTransitionTime: at(1),
        observedGeneration: 1,
      },
    ],
  })
  await seen('failing')
})

test('one whose index has vanished holds its retention', async () => {
  await ended('nightly', 'nightly-1', completed(20, 2))
  await ended('nightly', 'nightly-2', completed(10, 2))
  await ended('nightly', 'nightly-3', completed(1, 1))
  await seen('held')
})

test('changed or deleted while nobody looks, it is not what it was', async () => {
  await stopOperator()
  await patch('nightly', { spec: { suspend: true } })
  // It has no finalizer of ours: somebody else's shows what tools say then.
  await patch('paused', { metadata: { finalizers: ['example.com/hold'] } })
  await api.kubectl.run(['-n', namespace, 'delete', 'msched', 'paused', '--wait=false'])
  await seen('changed')
  await seen('deleting')
})

test('each tool says of every version of each what the contract says', async () => {
  const objects = history.objects()
  expect(new Set(objects.map(stateOf))).toEqual(new Set(Object.keys(contract.MeiliSnapshotSchedule)))
  const verdicts = await verdictsOf(objects)
  expect(
    verdicts.map(({ kstatus, argo, flux }) => ({
      kstatus: kstatus.status,
      argo: argo.status,
      flux: flux.status,
    })),
    objects.map((object) => `${object.metadata.name}: ${stateOf(object)}`).join('\n'),
  ).toEqual(objects.map((object) => expectedOf(object.kind, stateOf(object))))
})
