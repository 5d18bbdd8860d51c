// Upgrades of managed instances with the one real binary: a database directory that says it is older is really upgraded by it.
import { expect, test } from 'vitest'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { conditionOf, kubectl, ownWorld, toolbox } from '../support/world.ts'

const world = ownWorld()

const patch = async (name: string, managed: object): Promise<string> =>
  await kubectl.run([
    '-n',
    world.namespace,
    'patch',
    'meiliinstance',
    name,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { managed } }),
  ])

/** The database as another version would have left it, while no server runs. */
async function age(name: string, version: string): Promise<void> {
  await shellOnClaim(
    toolbox,
    { namespace: world.namespace, claimName: `${name}-data`, writable: true },
    `echo -n ${version} > /backup/data.ms/VERSION && cat /backup/data.ms/VERSION`,
  )
  await kubectl.run([
    '-n',
    world.namespace,
    'annotate',
    'pvc',
    `${name}-data`,
    `meili-operator.dev/database-version=${version}`,
    '--overwrite',
  ])
}

/** MeiliSnapshots of `careful`, by name. */
async function snapshotNames(): Promise<string[]> {
  const { items } = await kubectl.json<{ items: { metadata: { name: string } }[] }>([
    '-n',
    world.namespace,
    'get',
    'meilisnapshots',
  ])
  return items.map(({ metadata }) => metadata.name).toSorted()
}

/** Files of this name on a claim. */
async function findFiles(claimName: string, fileName: string): Promise<string[]> {
  const found = await shellOnClaim(toolbox, { namespace: world.namespace, claimName }, `find /backup -name ${fileName}`)
  return found.split('\n').filter((line) => line !== '')
}

test('Direct: Meilisearch changes its database, and every step is on record; what is higher is refused before a pod starts', async () => {
  const server = await world.run('older', { upgrade: { strategy: 'Direct' } })
  await server.load(200)
  await patch('older', { suspend: true })
  await world.untilInstance(
    'older',
    'to be suspended',
    (instance) => conditionOf(instance, 'Ready')?.reason === 'Suspended',
  )
  await age('older', '1.12.0')
  await patch('older', { suspend: false })
  const { status } = await world.untilInstance(
    'older',
    'to be upgraded',
    (instance) => instance.status?.upgrade?.step === 'Done' && conditionOf(instance, 'Applied')?.status === 'True',
  )
  expect(status?.upgrade).toMatchObject({ from: '1.12.0', to: '1.21.0', step: 'Done', documents: 200, indexes: 1 })
  const { api } = await world.connectManaged('older')
  const { results } = await api.call<{ results: { status: string; details: object }[] }>('/tasks?types=upgradeDatabase')
  expect(results).toMatchObject([{ status: 'succeeded', details: { upgradeFrom: 'v1.12.0', upgradeTo: 'v1.21.0' } }])
  expect((await api.counts())['films']).toBe(200)

  await patch('older', { suspend: true })
  await world.untilInstance(
    'older',
    'to be suspended',
    (instance) => conditionOf(instance, 'Ready')?.reason === 'Suspended',
  )
  await age('older', '1.22.0')
  await patch('older', { suspend: false })
  const refused = await world.untilInstance(
    'older',
    'to be refused',
    (instance) => conditionOf(instance, 'Stalled')?.reason === 'DowngradeRefused',
  )
  expect(conditionOf(refused, 'Applied')?.message).toBe(
    'The database is of Meilisearch 1.22.0, which 1.21.0 cannot read; nothing was changed. Set version to 1.22.0 or higher, or restore a snapshot of 1.21.0 into another MeiliInstance.',
  )
  expect(await kubectl.find(world.namespace, 'pod', 'older-0')).toBeUndefined()
})

test('SnapshotFirst with nowhere safe for the snapshot is held before anything moves: the server serves on, each way out is named', async () => {
  const server = await world.run('careful')
  await server.load(300)
  const pod = (await world.instance('careful')).status?.pod
  await patch('careful', { version: '1.22.0' })
  const held = await world.untilInstance(
    'careful',
    'to be held',
    (instance) => conditionOf(instance, 'Stalled')?.reason === 'UpgradeHeld',
  )
  expect(conditionOf(held, 'Ready')?.status).toBe('True')
  expect(conditionOf(held, 'Applied')?.message).toBe(
    'From 1.21.0 to 1.22.0: held before anything was changed. A snapshot is to be taken first, and nothing says where to store it: the claim of the database is not safe. Set upgrade.destination.claim, or snapshots to a volume of its own; or set upgrade.strategy: Direct, which upgrades without a snapshot, or set version back to 1.21.0. It goes on as soon as one of these is done.',
  )
  expect(await snapshotNames()).toEqual([])
  expect((await server.api.counts())['films']).toBe(300)
  expect((await world.instance('careful')).status?.pod).toEqual(pod)
})

test('SnapshotFirst: a version that does not start stops it, with the snapshot and the way back; and back it goes', async () => {
  await patch('careful', {
    upgrade: {
      destination: {
        claim: { name: 'safe', path: 'upgrades', template: { resources: { requests: { storage: '1Gi' } } } },
      },
    },
  })
  const stopped = await world.untilInstance(
    'careful',
    'to have stopped',
    (instance) => conditionOf(instance, 'Stalled')?.reason === 'UpgradeFailed',
  )
  const { upgrade } = stopped.status ?? {}
  expect(upgrade).toMatchObject({ from: '1.21.0', to: '1.22.0', step: 'Start', indexes: 1, documents: 300 })
  expect(upgrade?.failure).toMatch(
    /Meilisearch 1\.22\.0 does not start: Pod careful-0 waits, (ErrImagePull|ImagePullBackOff).*MeiliSnapshot careful-before-1-22-0-[0-9a-f]{8}-\d+ holds everything as it was before\. Set version back to 1\.21\.0/s,
  )
  const kept = await world.get(upgrade?.snapshot ?? '')
  expect(kept.status).toMatchObject({ phase: 'Completed', artifact: { claimName: 'safe', documents: 300 } })
  expect(kept.metadata.labels).toMatchObject({
    'meili-operator.dev/upgrade-from': '1.21.0',
    'meili-operator.dev/upgrade-to': '1.22.0',
  })
  expect(await findFiles('careful-data', 'data.ms.snapshot')).toEqual(['/backup/snapshots/data.ms.snapshot'])

  await patch('careful', { version: '1.21.0' })
  await world.instanceReady('careful')
  expect((await (await world.connectManaged('careful')).api.counts())['films']).toBe(300)
})

test('once a later upgrade is done only its own snapshot is left, as an object and on the claim', async () => {
  const [first] = await snapshotNames()
  const { generation, uid } = (await world.instance('careful')).metadata
  // What the older server would have taken: there is no older binary.
  const last = `careful-before-1-21-0-${uid.slice(0, 8)}-${generation + 1}`
  await world.snapshot(last, { instance: 'careful', claim: { name: 'safe', path: 'upgrades' } })
  await world.waitForCompletion(last)
  expect(await snapshotNames()).toEqual([last, first])
  expect(await findFiles('safe', 'manifest.json')).toHaveLength(2)
  await patch('careful', { suspend: true })
  await world.untilInstance(
    'careful',
    'to be suspended',
    (instance) => conditionOf(instance, 'Ready')?.reason === 'Suspended',
  )
  await age('careful', '1.12.0')
  await world.untilInstance(
    'careful',
    'to have its snapshot',
    (instance) => instance.status?.upgrade?.snapshot === last && instance.status.upgrade.step === 'Start',
  )
  await patch('careful', { suspend: false })
  const { status } = await world.untilInstance(
    'careful',
    'to be upgraded',
    (instance) => instance.status?.upgrade?.step === 'Done' && conditionOf(instance, 'Applied')?.status === 'True',
  )
  expect(status?.upgrade).toMatchObject({
    from: '1.12.0',
    to: '1.21.0',
    snapshot: last,
    documents: 300,
    earlierSnapshots: [first],
  })
  await kubectl.run(['-n', world.namespace, 'wait', '--for=delete', `meilisnapshot/${first ?? ''}`, '--timeout=60s'], {
    timeoutMs: 70_000,
  })
  expect(await snapshotNames()).toEqual([last])
  expect(await findFiles('safe', 'manifest.json')).toEqual([
    expect.stringMatching(`^/backup/upgrades/${last}-[0-9a-f]{8}/manifest.json$`),
  ])
  const { items } = await kubectl.json<{ items: { message: string; count?: number }[] }>([
    '-n',
    world.namespace,
    'get',
    'events',
    '--field-selector=reason=UpgradeSnapshotDeleted',
  ])
  expect(items.map(({ message }) => message)).toEqual([
    `Deleting MeiliSnapshot ${first ?? ''} and its stored files: ${last} is newer and stays.`,
  ])
})

test('a downgrade is refused before anything moves, and the server goes on', async () => {
  await patch('careful', { version: '1.20.0' })
  const refused = await world.untilInstance(
    'careful',
    'to be refused',
    (instance) => conditionOf(instance, 'Stalled')?.reason === 'DowngradeRefused',
  )
  expect(conditionOf(refused, 'Ready')?.status).toBe('True')
  await patch('careful', { version: '1.21.0' })
  await world.instanceReady('careful')
})
