// spec.expiresAfter on a real cluster: the files go, the object stays, and what is pinned keeps its files. Takes about four minutes.
import { beforeAll, describe, expect, test } from 'vitest'
import { keepAnnotation } from '../../../src/api/schedule.ts'
import { conditionNamed } from '../../../src/api/status/conditions.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { claimOf, snapshotOf } from '../../support/meilisearch/objects.ts'
import { kubectl, ownWorld, readyOf, toolbox } from '../support/world.ts'

describe('past expiresAfter', () => {
  const world = ownWorld()

  beforeAll(async () => {
    await (await world.serve('movies')).load(500)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })

  const listArtifacts = async (): Promise<string> =>
    await shellOnClaim(toolbox, { namespace: world.namespace, claimName: 'backups' }, 'ls -A /backup/movies || true')
  const directoryOf = ({ status }: MeiliSnapshot): string =>
    status?.artifact?.path.split('/').at(-1) ?? 'nothing stored'
  const annotate = async (name: string, value: string): Promise<string> =>
    await kubectl.run(['-n', world.namespace, 'annotate', 'msnap', name, `${keepAnnotation}=${value}`, '--overwrite'])
  const available = ({ status }: MeiliSnapshot): unknown => conditionNamed(status?.conditions, 'ArtifactAvailable')

  test('the files go and a tombstone stays, which takes no snapshot anew; one that is pinned keeps them', async () => {
    await world.snapshot('stays', { instance: 'movies' })
    await world.snapshot('pinned', { instance: 'movies' }, { expiresAfter: '1s' })
    await annotate('pinned', 'true')
    await world.snapshot('goes', { instance: 'movies' }, { expiresAfter: '10s' })
    const [stays, pinned, goes] = [
      await world.waitForCompletion('stays'),
      await world.waitForCompletion('pinned'),
      await world.waitForCompletion('goes'),
    ]
    const tombstone = await world.until('goes', 'to expire', ({ status }) => status?.phase === 'Expired')
    expect(tombstone.status?.expiry?.outcome).toBe('Removed')
    const { announcedAt = '', endedAt = '' } = tombstone.status?.expiry ?? {}
    expect(Date.parse(endedAt) - Date.parse(announcedAt)).toBeGreaterThanOrEqual(60_000)
    expect(readyOf(tombstone)).toMatchObject({ status: 'True', reason: 'Expired' })
    expect(available(tombstone)).toMatchObject({ status: 'False' })
    const left = await listArtifacts()
    expect(left).not.toContain(directoryOf(goes))
    expect(left).toContain(directoryOf(stays))
    expect(left).toContain(directoryOf(pinned))
    expect((await world.get('pinned')).status?.expiry).toBeUndefined()
    // As Git would: applied again, it stays what it is.
    await kubectl.apply(
      snapshotOf({ namespace: world.namespace, name: 'goes', instance: 'movies' }, { expiresAfter: '20s' }),
    )
    const again = await world.until(
      'goes',
      'to be seen again',
      ({ metadata, status }) => status?.observedGeneration === metadata.generation,
    )
    expect(again.status).toMatchObject({ phase: 'Expired', task: { uid: goes.status?.task?.uid } })
    await world.until('goes', 'to have no finalizer', ({ metadata }) => (metadata.finalizers ?? []).length === 0)
    expect(await world.jobsOf(again)).toEqual([])
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'goes', '--timeout=30s'])
  })

  test('a pin that is taken away lets it expire', async () => {
    await annotate('pinned', 'false')
    const { status } = await world.until('pinned', 'to expire', (snapshot) => snapshot.status?.phase === 'Expired')
    expect(status?.expiry?.outcome).toBe('Removed')
  })

  test('a deletion while it expires waits for the end of that, and leaves nothing', async () => {
    await world.snapshot('deleted', { instance: 'movies' }, { expiresAfter: '1s' })
    const completed = await world.waitForCompletion('deleted')
    await world.until('deleted', 'to be removed', ({ status }) => status?.deleteArtifact?.startedAt !== undefined)
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'deleted', '--timeout=90s'])
    expect(await listArtifacts()).not.toContain(directoryOf(completed))
  })
})
