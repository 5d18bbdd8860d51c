// Upgrades of managed instances with the one real binary: a database directory that says it is older is really upgraded by it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shellOnClaim } from '../support/artifact.ts'
import { conditionOf, kubectl, toolbox, World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await World.create()
})
afterAll(async () => {
  await world.destroy()
})

const patch = async (name: string, managed: object): Promise<string> => await kubectl.run(['-n', world.namespace, 'patch', 'meiliinstance', name, '--type=merge', '-p', JSON.stringify({ spec: { managed } })])

/** The database as another version would have left it, while no server runs. */
async function age(name: string, version: string): Promise<void> {
  await shellOnClaim(toolbox, { namespace: world.namespace, claimName: `${name}-data`, writable: true }, `echo -n ${version} > /backup/data.ms/VERSION && cat /backup/data.ms/VERSION`)
  await kubectl.run(['-n', world.namespace, 'annotate', 'pvc', `${name}-data`, `meili-operator.dev/database-version=${version}`, '--overwrite'])
}

test('Direct: Meilisearch changes its database, and every step is on record; what is higher is refused before a pod starts', async () => {
  const server = await world.run('older', { upgrade: { strategy: 'Direct' } })
  await server.load(200)
  await patch('older', { suspend: true })
  await world.untilInstance('older', 'to be suspended', (instance) => conditionOf(instance, 'Ready')?.reason === 'Suspended')
  await age('older', '1.12.0')
  await patch('older', { suspend: false })
  const { status } = await world.untilInstance('older', 'to be upgraded', (instance) => instance.status?.upgrade?.step === 'Done' && conditionOf(instance, 'Applied')?.status === 'True')
  expect(status?.upgrade).toMatchObject({ from: '1.12.0', to: '1.21.0', step: 'Done', documents: 200, indexes: 1 })
  const { api } = await world.managedDoor('older')
  const { results } = await api.call<{ results: { status: string; details: object }[] }>('/tasks?types=upgradeDatabase')
  expect(results).toMatchObject([{ status: 'succeeded', details: { upgradeFrom: 'v1.12.0', upgradeTo: 'v1.21.0' } }])
  expect((await api.counts())['films']).toBe(200)

  await patch('older', { suspend: true })
  await world.untilInstance('older', 'to be suspended', (instance) => conditionOf(instance, 'Ready')?.reason === 'Suspended')
  await age('older', '1.22.0')
  await patch('older', { suspend: false })
  const refused = await world.untilInstance('older', 'to be refused', (instance) => conditionOf(instance, 'Stalled')?.reason === 'DowngradeRefused')
  expect(conditionOf(refused, 'Applied')?.message).toBe('The database is of Meilisearch 1.22.0, which 1.21.0 cannot read; nothing was changed. Set version to 1.22.0 or higher, or restore a snapshot of 1.21.0 into another MeiliInstance.')
  expect(await kubectl.find(world.namespace, 'pod', 'older-0')).toBeUndefined()
})

test('SnapshotFirst: a version that does not start stops it, with the snapshot and the way back; and back it goes', async () => {
  const server = await world.run('careful')
  await server.load(300)
  await patch('careful', { version: '1.22.0' })
  const stopped = await world.untilInstance('careful', 'to have stopped', (instance) => conditionOf(instance, 'Stalled')?.reason === 'UpgradeFailed')
  const { upgrade } = stopped.status ?? {}
  expect(upgrade).toMatchObject({ from: '1.21.0', to: '1.22.0', step: 'Start', indexes: 1, documents: 300 })
  expect(upgrade?.failure).toMatch(/Meilisearch 1\.22\.0 does not start: Pod careful-0 waits, (ErrImagePull|ImagePullBackOff).*MeiliSnapshot careful-before-1-22-0-\d+ holds everything as it was before\. Set version back to 1\.21\.0/s)
  const kept = await world.get(upgrade?.snapshot ?? '')
  expect(kept.status).toMatchObject({ phase: 'Completed', artifact: { claimName: 'careful-data', documents: 300 } })
  expect(kept.metadata.labels).toMatchObject({ 'meili-operator.dev/upgrade-from': '1.21.0', 'meili-operator.dev/upgrade-to': '1.22.0' })

  await patch('careful', { version: '1.21.0' })
  await world.instanceReady('careful')
  expect((await (await world.managedDoor('careful')).api.counts())['films']).toBe(300)
})

test('a downgrade is refused before anything moves, and the server goes on', async () => {
  await patch('careful', { version: '1.20.0' })
  const refused = await world.untilInstance('careful', 'to be refused', (instance) => conditionOf(instance, 'Stalled')?.reason === 'DowngradeRefused')
  expect(conditionOf(refused, 'Ready')?.status).toBe('True')
  await patch('careful', { version: '1.21.0' })
  await world.instanceReady('careful')
})
