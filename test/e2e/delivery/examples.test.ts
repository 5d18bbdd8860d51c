// The examples that README and the quick start do not run, as they stand, on the real cluster: each comes to the end that its first line promises.
// And a restore on its way: cut short, and without the backups.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { kubectl, toolbox, World } from '../support/world.ts'

interface Pods {
  readonly items: readonly {
    readonly status: { readonly phase: string }
    readonly spec: { readonly volumes: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[] }
  }[]
}

const repository = join(import.meta.dirname, '../../..')
const example = (name: string): string => join(repository, 'examples', name)

/** The block of yaml on that page that holds this text. */
const yamlOn = (page: string, holding: string): string => {
  const block = readFileSync(join(repository, page), 'utf8')
    .split('```')
    .find((each) => each.startsWith('yaml\n') && each.includes(holding))
  if (block === undefined) throw new Error(`${page} shows no yaml with ${holding}`)
  return block.slice('yaml\n'.length)
}

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
    expect((await world.waitForCompletion('first')).status?.artifact).toMatchObject({
      claimName: 'backups',
      documents: 100,
    })
  })

  test('managed-shared-volume.yaml stores by a link, on the claim that the server writes its snapshots to', async () => {
    await apply('managed-shared-volume.yaml')
    const { status } = await world.waitForCompletion('shared')
    const manifest = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'movies-backups' },
      `cat /backup/${status?.artifact?.path ?? ''}/manifest.json`,
    )
    expect(manifest).toContain('"stored": "Linked"')
  })

  test('restore/by-hand.yaml makes a database that needs nothing of the backups any more', async () => {
    const { namespace } = world
    const server = await world.serve('movies')
    await server.load(100)
    await apply('snapshot.yaml')
    const path = (await world.waitForCompletion('first')).status?.artifact?.path ?? ''
    const job = readFileSync(example('restore/by-hand.yaml'), 'utf8').replaceAll('movies/first-00000000', path)
    const restore = async (text = job): Promise<void> => {
      await kubectl.run(['-n', namespace, 'delete', 'job', 'restore', '--ignore-not-found', '--cascade=foreground'])
      await kubectl.run(['-n', namespace, 'apply', '-f', '-'], { input: text })
    }
    const pods = async (): Promise<Pods['items']> => (await kubectl.json<Pods>(['-n', namespace, 'get', 'pods'])).items
    const stats = async (): Promise<string> =>
      await kubectl.run([
        '-n',
        namespace,
        'exec',
        'restored-0',
        '-c',
        'meilisearch',
        '--',
        'wget',
        '-q',
        '-O',
        '-',
        '--header',
        `Authorization: Bearer ${server.options.masterKey}`,
        'localhost:7700/stats',
      ])
    // Killed when all is unpacked and nothing has its name yet.
    const killed = job.replace('              mv -T', '              kill -9 0; mv -T')
    expect(killed).not.toBe(job)
    await restore(killed.replace('backoffLimit: 2', 'backoffLimit: 0'))
    await kubectl.run(['-n', namespace, 'wait', '--for=condition=Failed', 'job/restore', '--timeout=100s'])
    expect(await kubectl.run(['-n', namespace, 'logs', 'job/restore'])).toContain('data.ms.snapshot: OK')
    await shellOnClaim(toolbox, { namespace, claimName: 'restored-data' }, 'test ! -e /backup/data.ms')

    await restore()
    await kubectl.run(['-n', namespace, 'wait', '--for=condition=Complete', 'job/restore', '--timeout=100s'])
    const mounting = (await pods()).filter(
      ({ status, spec }) =>
        status.phase === 'Running' &&
        spec.volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === 'backups'),
    )
    expect(mounting).toEqual([])

    await shellOnClaim(
      toolbox,
      { namespace, claimName: 'backups', writable: true },
      `rm -r /backup/${path} && test ! -e /backup/${path}`,
    )
    await restore()
    await kubectl.run(['-n', namespace, 'wait', '--for=condition=Complete', 'job/restore', '--timeout=100s'])
    expect(await kubectl.run(['-n', namespace, 'logs', 'job/restore'])).toContain('is there already: nothing was done')

    await kubectl.run(['-n', namespace, 'apply', '-f', '-'], {
      input: yamlOn('docs/operations.md', 'claimName: restored-data'),
    })
    await world.instanceReady('restored')
    expect(await stats()).toContain('"films":{"numberOfDocuments":100,')
  })
})
