// What becomes of files afterwards: of Meilisearch's own (sourcePolicy), and of the stored ones when the object goes (deletionPolicy).
import { beforeAll, describe, expect, test } from 'vitest'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { kubectl, ownWorld, readyOf, toolbox, World } from '../support/world.ts'

interface DeletingJob {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } }
}

interface Container {
  readonly name: string
  readonly volumeMounts: readonly object[]
}

describe('what becomes of the files', () => {
  const world = ownWorld()

  beforeAll(async () => {
    await (await world.serve('movies')).load(500)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })

  const listDirectory = async (claimName: string, directory: string): Promise<string[]> =>
    (await shellOnClaim(toolbox, { namespace: world.namespace, claimName }, `ls -A /backup/${directory} || true`))
      .trim()
      .split('\n')
      .filter((line) => line !== '')

  const directoryOf = (path: string | undefined): string => path?.split('/').at(-1) ?? ''

  test("sourcePolicy Remove: Meilisearch's own file is gone, the stored one is whole", async () => {
    await world.snapshot('moved', { instance: 'movies' }, { sourcePolicy: 'Remove' })
    const snapshot = await world.waitForCompletion('moved')
    expect(snapshot.status?.removeSource).toMatchObject({ attempt: 1, outcome: 'Removed' })
    expect(readyOf(snapshot)?.message).toContain("Meilisearch's own file was removed.")
    expect(await listDirectory('data-movies-0', 'snapshots')).toEqual([])
    const output = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'backups' },
      `cd /backup/${snapshot.status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS`,
    )
    expect(output).toContain('data.ms.snapshot: OK')
  })

  test('sourcePolicy Remove is refused where the server runs as root, before anything is asked of it', async () => {
    const server = await world.serve('rooted', { asRoot: true })
    await world.snapshot('rooted', { instance: 'rooted' }, { sourcePolicy: 'Remove' })
    const failed = await world.until('rooted', 'to fail', ({ status }) => status?.phase === 'Failed')
    expect(readyOf(failed)).toMatchObject({ reason: 'SourceNotRemovable' })
    expect(await server.api.snapshotTasks()).toHaveLength(0)
  })

  test('deletionPolicy Delete: exactly its own directory goes with the object', async () => {
    await world.snapshot('stays', { instance: 'movies' })
    await world.snapshot('goes', { instance: 'movies' }, { deletionPolicy: 'Delete' })
    const stays = await world.waitForCompletion('stays')
    const goes = await world.waitForCompletion('goes')
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'goes', 'stays', '--timeout=90s'])
    const left = await listDirectory('backups', 'movies')
    expect(left).toContain(directoryOf(stays.status?.artifact?.path))
    expect(left).not.toContain(directoryOf(goes.status?.artifact?.path))
  })

  test('deletionPolicy may be changed afterwards, and a deletion in the foreground does not keep the deletion of the artifact from running', async () => {
    await world.snapshot('changed', { instance: 'movies' })
    const { status } = await world.waitForCompletion('changed')
    await kubectl.run([
      '-n',
      world.namespace,
      'patch',
      'msnap',
      'changed',
      '--type=merge',
      '-p',
      '{"spec":{"deletionPolicy":"Delete"}}',
    ])
    await world.until('changed', 'to be kept by its finalizer', ({ metadata }) => metadata.finalizers?.length === 1)
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'changed', '--cascade=foreground', '--timeout=90s'])
    expect(await listDirectory('backups', 'movies')).not.toContain(directoryOf(status?.artifact?.path))
  })

  test('an object whose claim is gone goes all the same', async () => {
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'short-lived' }))
    await world.snapshot('orphan', { instance: 'movies', claim: { name: 'short-lived' } }, { deletionPolicy: 'Delete' })
    const { metadata } = await world.waitForCompletion('orphan')
    await kubectl.run([
      '-n',
      world.namespace,
      'delete',
      'jobs',
      '-l',
      `meili-operator.dev/snapshot-uid=${metadata.uid}`,
      '--timeout=60s',
    ])
    await kubectl.run(['-n', world.namespace, 'delete', 'pvc', 'short-lived', '--timeout=60s'])
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'orphan', '--timeout=60s'])
    const readEvents = async (): Promise<string> =>
      await kubectl.run(['-n', world.namespace, 'get', 'events', '--field-selector=reason=DeleteArtifactAbandoned'])
    await eventually('the Event of it, which comes on a way of its own', async () =>
      /on claim short-lived was not removed: Claim short-lived is gone\./.test(await readEvents()) ? true : undefined,
    )
  })

  test('deletionPolicy Delete on a claim that was given to another server: its own directory goes, and the database is not even mounted', async () => {
    const claimName = 'handed-on'
    await kubectl.apply(claimOf({ namespace: world.namespace, name: claimName }))
    await world.snapshot('inherited', { instance: 'movies', claim: { name: claimName } }, { deletionPolicy: 'Delete' })
    const { metadata, status } = await world.waitForCompletion('inherited')
    const heir = await world.run('heir', { storage: { claimName } })
    await heir.load(100)
    expect((await world.instance('heir')).status?.databaseClaims).toEqual([{ claimName, subPath: 'data.ms' }])
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'inherited', '--wait=false'])
    const readJob = async (): Promise<DeletingJob | undefined> =>
      (
        await kubectl.json<{ items: DeletingJob[] }>([
          '-n',
          world.namespace,
          'get',
          'jobs',
          '-l',
          `meili-operator.dev/snapshot-uid=${metadata.uid}`,
        ])
      ).items.find(({ metadata: { name } }) => name.endsWith('-delete-artifact-1'))
    const job = await eventually('the Job that deletes it, which goes once it is done', readJob, { everyMs: 100 })
    await kubectl.run(['-n', world.namespace, 'wait', '--for=delete', 'msnap/inherited', '--timeout=90s'])
    expect(job.spec.template.spec.containers.find(({ name }) => name === 'mover')?.volumeMounts).toEqual([
      { name: 'destination', mountPath: '/destination/movies', subPath: 'movies' },
    ])
    expect(await listDirectory(claimName, '')).toEqual(expect.arrayContaining(['data.ms', 'movies']))
    expect(await listDirectory(claimName, 'movies'), directoryOf(status?.artifact?.path)).toEqual([])
    expect(await heir.api.counts()).toEqual({ films: 100 })
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'heir', '--timeout=60s'])
  })

  test('a namespace with finished, waiting and running snapshots is deleted without a hang', async () => {
    const other = await World.create()
    await (await other.serve('movies')).load(2000)
    await kubectl.apply(claimOf({ namespace: other.namespace, name: 'backups' }))
    await other.snapshot('done', { instance: 'movies' }, { deletionPolicy: 'Delete' })
    await other.waitForCompletion('done')
    await other.snapshot('waits', { instance: 'nowhere' }, { deletionPolicy: 'Delete' })
    await other.snapshot('runs', { instance: 'movies' }, { deletionPolicy: 'Delete' })
    await other.until('runs', 'to have a task', ({ status }) => status?.request?.taskUid !== undefined)
    await other.destroy()
    await kubectl.run(['wait', `namespace/${other.namespace}`, '--for=delete', '--timeout=120s'], {
      timeoutMs: 130_000,
    })
  })
})
