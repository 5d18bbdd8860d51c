// The examples that README and the quick start do not run, as they stand, on the real cluster: each comes to the end that its first line promises.
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { shellOnClaim } from '../support/artifact.ts'
import { kubectl, toolbox, World } from './world.ts'

const example = (name: string): string => join(import.meta.dirname, '../../examples', name)

describe('an example', () => {
  let world: World

  beforeEach(async () => {
    world = await World.create()
  })
  afterEach(async () => {
    await world.destroy()
  })

  const apply = async (...names: string[]): Promise<void> => {
    await kubectl.run(['-n', world.namespace, 'apply', ...names.flatMap((name) => ['-f', example(name)])])
  }

  test('existing.yaml finds a server that runs already, and snapshot.yaml stores its snapshot on a claim of its own making', async () => {
    await (await world.serve('movies')).load(100)
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'movies'])
    await apply('existing.yaml', 'snapshot.yaml')
    expect((await world.completed('first')).status?.artifact).toMatchObject({ claimName: 'backups', documents: 100 })
  })

  test('managed-shared-volume.yaml stores by a link, on the claim that the server writes its snapshots to', async () => {
    await apply('managed-shared-volume.yaml')
    const { status } = await world.completed('shared')
    const manifest = await shellOnClaim(toolbox, { namespace: world.namespace, claimName: 'movies-backups' }, `cat /backup/${status?.artifact?.path ?? ''}/manifest.json`)
    expect(manifest).toContain('"stored": "Linked"')
  })
})
