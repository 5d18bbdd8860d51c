// What GitOps tools make of live objects: every version that the API server ever showed of each object, through every state that is cheap to bring about.
// With RECORD_GITOPS=1 (npm run record:gitops) one object of each state is written into examples/gitops, for those who run no cluster.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ObjectHistory } from '../../../gitops/object-history.ts'
import { expectedOf, kinds, stateOf } from '../../../gitops/states.ts'
import type { Kind } from '../../../gitops/states.ts'
import { recordExamples } from '../../../gitops/recorder.ts'
import { verdictsOf } from '../../../gitops/verdicts.ts'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { filmLines } from '../../../support/meilisearch/documents.ts'
import { claimOf, instanceOf, snapshotOf } from '../../../support/meilisearch/objects.ts'
import { managedOf } from '../../../support/meilisearch/managed-objects.ts'
import { restoresOf } from '../../support/restores.ts'
import { conditionOf, kubectl, ownWorld, scaleOperator } from '../../support/world.ts'
import type { Server } from '../../support/world.ts'

const world = ownWorld()
const restores = restoresOf(world)
let server: Server
let history: ObjectHistory
const patch = async (kind: string, name: string, body: object): Promise<string> =>
  await kubectl.run(['-n', world.namespace, 'patch', kind, name, '--type=merge', '-p', JSON.stringify(body)])

beforeAll(async () => {
  history = await ObjectHistory.begin(kubectl, world.namespace)
})
afterAll(async () => {
  history.end()
  if (process.env['RECORD_GITOPS'] === '1') await recordExamples(history.objects(), world.namespace)
  await scaleOperator(1)
})

/** It runs when it is told to, by an annotation: at its slot it is somebody else's birthday. */
const scheduleOf = (name: string, instance: string, spec: object = {}): object => ({
  apiVersion: 'meili-operator.dev/v1alpha1',
  kind: 'MeiliSnapshotSchedule',
  metadata: { namespace: world.namespace, name },
  spec: {
    schedule: '0 3 29 2 *',
    template: {
      spec: {
        source: { instanceRef: { name: instance } },
        destination: { claim: { name: 'backups' } },
        deadlines: instance === 'nobody' ? { start: '1s' } : undefined,
      },
    },
    ...spec,
  },
})
const runNow = async (name: string, value: string): Promise<string> =>
  await patch('msched', name, { metadata: { annotations: { 'meili-operator.dev/run-now': value } } })

/** Only states that the history must hold after the test that calls. */
const waitForStates = async (kind: Kind, ...states: string[]): Promise<void> => {
  for (const state of states)
    await history.until(`${kind} ${state}`, (object) => object.kind === kind && stateOf(object) === state)
}

describe('a life under the eyes of GitOps tools', () => {
  test('what the operator has not seen yet is in progress for everybody, never done', async () => {
    await scaleOperator(0)
    await kubectl.apply(
      managedOf({ namespace: world.namespace, name: 'movies' }),
      claimOf({ namespace: world.namespace, name: 'backups' }),
      snapshotOf({ namespace: world.namespace, name: 'first', instance: 'movies' }),
      scheduleOf('nightly', 'movies', { retention: { keepLast: 2 } }),
    )
    await restores.apply('plan', {
      source: { snapshotRef: { name: 'first' } },
      target: { inPlace: { instanceRef: { name: 'movies' } } },
      mode: 'DryRun',
    })
    for (const kind of kinds) await waitForStates(kind, 'unseen')
    await scaleOperator(1)
  })

  test('applied together, the snapshot waits for its server, and both are done in the end', async () => {
    await world.instanceReady('movies')
    await world.waitForCompletion('first')
    await waitForStates('MeiliInstance', 'not-ready', 'ready')
    await waitForStates('MeiliSnapshot', 'pending', 'completed')
    await waitForStates('MeiliSnapshotSchedule', 'scheduled')
    await waitForStates('MeiliRestore', 'pending', 'planned')
  })

  test('a snapshot that is asked for again is in progress until it is done; all phases are', async () => {
    server = await world.connectManaged('movies')
    await server.load(5000)
    // Enough that the task behind it is still to come when it is cancelled.
    const busy = await server.api.addDocuments('other', filmLines(0, 40_000))
    await world.snapshot(
      'again',
      { instance: 'movies' },
      { deletionPolicy: 'Delete', mover: { bandwidthLimit: '8Mi' } },
    )
    const { status } = await world.until(
      'again',
      'to have a task',
      (snapshot) => snapshot.status?.request?.taskUid !== undefined,
    )
    await server.api.call(`/tasks/cancel?uids=${status?.request?.taskUid ?? ''},${busy}`, { method: 'POST' })
    await world.waitForCompletion('again')
    await world.snapshot('slowly', { instance: 'movies' }, { mover: { bandwidthLimit: '8Mi' } })
    await world.waitForCompletion('slowly')
    await waitForStates('MeiliSnapshot', 'snapshotting', 'moving', 'retrying')
  })

  test('a snapshot that cannot be taken has failed', async () => {
    await world.snapshot('hopeless', { instance: 'nobody' }, { deadlines: { start: '1s' } })
    await world.until('hopeless', 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    await waitForStates('MeiliSnapshot', 'failed')
  })

  test('a snapshot whose files have expired is still good', async () => {
    await world.snapshot('passing', { instance: 'movies' }, { expiresAfter: '1s' })
    await world.waitForCompletion('passing')
    await world.until('passing', 'to expire', (snapshot) => snapshot.status?.phase === 'Expired')
    await waitForStates('MeiliSnapshot', 'expired')
  })

  test('a schedule is good while its snapshots fail and while retention waits for somebody; one that no clock can follow has failed', async () => {
    await kubectl.apply(
      scheduleOf('hopeless', 'nobody'),
      scheduleOf('never', 'movies', { schedule: '0 3 30 2 *' }),
      scheduleOf('paused', 'movies', { suspend: true }),
    )
    await runNow('hopeless', '1')
    await waitForStates('MeiliSnapshotSchedule', 'stalled', 'suspended', 'failing')
    await runNow('nightly', '1')
    const completed = async (count: number): Promise<unknown> =>
      await eventually(`${count} snapshots of the schedule to be complete`, async () => {
        const { items } = await kubectl.json<{ items: { status?: { phase?: string } }[] }>([
          '-n',
          world.namespace,
          'get',
          'msnap',
          '-l',
          'meili-operator.dev/schedule=nightly',
        ])
        return items.filter(({ status }) => status?.phase === 'Completed').length === count || undefined
      })
    await completed(1)
    await server.api.call('/indexes/other', { method: 'DELETE' })
    await runNow('nightly', '2')
    await completed(2)
    await waitForStates('MeiliSnapshotSchedule', 'held')
  })

  test('a restore in place is in progress until the data is back, and again until it is rolled back; one without a source has failed', async () => {
    const asked = { safety: { snapshot: 'Never' } }
    await restores.inPlace('hopeless', 'movies', { source: { snapshotRef: { name: 'hopeless' } }, ...asked })
    await restores.inPlace('back', 'movies', { source: { snapshotRef: { name: 'first' } }, ...asked })
    await restores.ended('back', 'Completed')
    await restores.patch('back', { rollback: true })
    await restores.ended('back', 'RolledBack')
    await waitForStates('MeiliRestore', 'filling', 'verifying', 'stopping', 'switching', 'starting', 'completed')
    await waitForStates('MeiliRestore', 'changed', 'rolled-back', 'failed')
    await world.instanceReady('movies')
  })

  test('a second MeiliInstance for the same pod is stalled; one whose snapshots go nowhere is good', async () => {
    const rival = instanceOf(
      { namespace: world.namespace, name: 'rival', image: '', masterKey: '' },
      {
        podSelector: { matchLabels: { 'meili-operator.dev/instance': 'movies' } },
        apiKeySecretRef: { name: 'movies-keys', key: 'MEILI_MASTER_KEY' },
      },
    )
    await kubectl.apply(rival)
    await waitForStates('MeiliInstance', 'stalled')
    await world.serve('volatile', { snapshotsOn: 'emptyDir' })
    await waitForStates('MeiliInstance', 'no-snapshots')
  })

  test('a change that is refused is a failure though the server serves; taken back, all is well', async () => {
    await patch('meiliinstance', 'movies', { spec: { managed: { version: '1.20.0' } } })
    await waitForStates('MeiliInstance', 'refused')
    await patch('meiliinstance', 'movies', { spec: { managed: { version: '1.21.0' } } })
    await world.instanceReady('movies')
  })

  test('a change that is on its way is in progress', async () => {
    await patch('meiliinstance', 'movies', { spec: { managed: { storage: { size: '2Gi' } } } })
    await waitForStates('MeiliInstance', 'applying')
    await world.instanceReady('movies')
  })

  test('an upgrade is in progress at each of its steps; one that does not start is a failure until it is taken back', async () => {
    await patch('meiliinstance', 'movies', {
      spec: {
        managed: { version: '1.22.0', upgrade: { destination: { claim: { name: 'backups', path: 'upgrades' } } } },
      },
    })
    await waitForStates('MeiliInstance', 'upgrading')
    await world.untilInstance(
      'movies',
      'to have stopped',
      (instance) => conditionOf(instance, 'Stalled')?.reason === 'UpgradeFailed',
    )
    await patch('meiliinstance', 'movies', { spec: { managed: { version: '1.21.0' } } })
    await world.instanceReady('movies')
  })

  test('changed or deleted while nobody looks, an object is not what it was; looked at again, it is, also where its life has ended', async () => {
    await scaleOperator(0)
    await patch('meilisnapshot', 'first', { spec: { deletionPolicy: 'Delete' } })
    await patch('meiliinstance', 'movies', { spec: { managed: { suspend: true } } })
    await kubectl.run(['-n', world.namespace, 'delete', 'meilisnapshot', 'again', '--wait=false'])
    await patch('msched', 'nightly', { spec: { suspend: true } })
    // They have no finalizer of ours: somebody else's shows what tools say then.
    const unheld = [
      ['msched', 'paused'],
      ['mrestore', 'plan'],
    ] as const
    for (const [kind, name] of unheld) {
      await patch(kind, name, { metadata: { finalizers: ['example.com/hold'] } })
      await kubectl.run(['-n', world.namespace, 'delete', kind, name, '--wait=false'])
    }
    await waitForStates('MeiliInstance', 'changed')
    await waitForStates('MeiliSnapshot', 'changed', 'deleting')
    await waitForStates('MeiliSnapshotSchedule', 'changed', 'deleting')
    await waitForStates('MeiliRestore', 'deleting')
    for (const [kind, name] of unheld) await patch(kind, name, { metadata: { finalizers: null } })
    await scaleOperator(1)
    await kubectl.run([
      '-n',
      world.namespace,
      'wait',
      'meilisnapshot/first',
      '--for=condition=Complete',
      '--timeout=30s',
    ])
    const { metadata, status } = await world.until(
      'first',
      'to be seen as it is now',
      (snapshot) => snapshot.status?.observedGeneration === snapshot.metadata.generation,
    )
    expect(metadata.generation).toBe(2)
    expect(status?.phase).toBe('Completed')
    await waitForStates('MeiliInstance', 'suspended')
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'movies', '--timeout=60s'])
    await waitForStates('MeiliInstance', 'deleting')
  })
})

describe('the verdicts', () => {
  test('on every version of every object are what the contract says', async () => {
    const objects = [...history.objects()]
    const verdicts = await verdictsOf(objects)
    const actual = objects.map((object, index) => {
      const { kstatus, argo, flux } = verdicts[index]!
      return {
        name: `${object.kind} ${object.metadata.name} at ${object.metadata.resourceVersion}: ${stateOf(object)}, ${conditionOf(object, 'Ready')?.reason ?? ''}`,
        kstatus: kstatus.status,
        argo: argo.status,
        flux: flux.status,
      }
    })
    expect(actual).toEqual(
      actual.map(({ name }, index) => ({ name, ...expectedOf(objects[index]!.kind, stateOf(objects[index]!)) })),
    )
    expect(objects.length).toBeGreaterThan(30)
  })
})
