// Drills: a real server is started on a copy of a stored snapshot, asked, and thrown away, by hand and by a schedule; the server that it is of notices nothing.
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { restrictedWorld, managedServers } from '../support/managed-servers.ts'
import { kubectl } from '../support/world.ts'
import { readyText, restoresOf, toBackups } from '../support/restores.ts'

const world = restrictedWorld()
const restores = restoresOf(world)
const servers = managedServers(world)
const documents = 500
const source = { snapshotRef: { name: 'good' } }

describe('a drill', { concurrent: false }, () => {
  beforeAll(async () => {
    const server = await world.run('movies', { storage: { size: '1Gi' } })
    await server.load(documents)
    await world.snapshot('good', { instance: 'movies', claim: toBackups })
    await world.waitForCompletion('good')
  })

  test('of a quiet server knows exactly what is in its snapshot', async () => {
    const { status } = await world.waitForCompletion('good')
    expect(status?.artifact).toMatchObject({ countsExact: true, tasksEnqueued: 0, documents })
    expect(status?.artifact?.uncompressedBytes).toBeGreaterThan(status?.artifact?.sizeBytes ?? Infinity)
  })

  test('passes, says what it counted and how long it took to come back, and leaves nothing behind', async () => {
    const pod = await servers.pod('movies')
    await restores.apply('passes', {
      source,
      target: { scratch: { queries: [{ index: 'films', q: '', minHits: documents }] } },
    })
    const { status } = await restores.ended('passes', 'Completed')
    expect(status?.restored).toMatchObject({ version: '1.21.0', indexes: 1, documents, compared: 1 })
    expect(status?.inspection?.result).toBe('Passed')
    expect(status?.inspection?.restoreDuration?.totalMs).toBeGreaterThan(0)
    expect((await servers.pod('movies'))?.metadata.uid).toBe(pod?.metadata.uid)
    await eventually('the Job and its volume to be gone', async () => {
      const { items } = await kubectl.json<{ items: { metadata: { name: string } }[] }>([
        '-n',
        world.namespace,
        'get',
        'jobs,pods,persistentvolumeclaims',
      ])
      return items.some(({ metadata }) => metadata.name.startsWith('passes-')) ? undefined : true
    })
  })

  test('fails where a search finds less than was asked for, and says so', async () => {
    const queries = [{ index: 'films', q: '', minHits: documents + 1 }]
    await restores.apply('fails', { source, target: { scratch: { queries } } })
    const failed = await restores.ended('fails', 'Failed')
    expect(readyText(failed)).toContain('DrillFailed')
    expect(failed.status?.inspection?.result).toBe('Failed')
  })

  test('fails where the snapshot is older than was asked for', async () => {
    await restores.apply('too-old', { source, target: { scratch: { maxAge: '1s' } } })
    expect(readyText(await restores.ended('too-old', 'Failed'))).toContain('SourceTooOld')
  })
})
