// Causes that may pass: the snapshot goes on by itself, and the reason is on record.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { filmLines } from '../../support/meilisearch/documents.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { kubectl, ownWorld, scaleOperator, toolbox } from '../support/world.ts'
import type { Server } from '../support/world.ts'

describe('what may pass', () => {
  const world = ownWorld()
  let server: Server

  beforeAll(async () => {
    server = await world.serve('movies')
    await server.load(5000)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })
  afterAll(async () => {
    await scaleOperator(1)
  })

  test('a task that somebody cancels is asked for again, with a new baseline and the reason on record', async () => {
    const busy = await server.api.addDocuments('other', filmLines(0, 40_000))
    await world.snapshot('cancelled', { instance: 'movies' })
    const asked = await world.until(
      'cancelled',
      'to have a task',
      ({ status }) => status?.request?.taskUid !== undefined,
    )
    await server.api.call(`/tasks/cancel?uids=${asked.status?.request?.taskUid ?? ''}`, { method: 'POST' })
    const again = await world.until('cancelled', 'to ask again', ({ status }) => status?.request?.attempt === 2)
    expect(again.status?.request?.failure).toMatch(/^Task \d+ was cancelled by somebody\./)
    const { status } = await world.waitForCompletion('cancelled')
    expect(status?.request).toMatchObject({ attempt: 2, posts: 1 })
    expect(status?.task?.uid).toBeGreaterThan(asked.status?.request?.taskUid ?? Number.POSITIVE_INFINITY)
    await server.api.waitForTask(busy)
  })

  test('a newer snapshot that lies there before the copy is moved with its own label', async () => {
    // Its task waits behind this: the operator must be gone before it ends, or the mover is quicker than the newer snapshot.
    await server.api.addDocuments('other', filmLines(0, 40_000))
    await world.snapshot('replaced', { instance: 'movies' })
    await world.until('replaced', 'to have a task', ({ status }) => status?.request?.taskUid !== undefined)
    await scaleOperator(0)
    await eventually('Meilisearch to finish', async () =>
      (await server.api.snapshotTasks()).every(({ status }) => status === 'succeeded' || status === 'canceled')
        ? true
        : undefined,
    )
    const { taskUid } = await server.api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })
    await server.api.waitForTask(taskUid)
    await scaleOperator(1)
    const { status } = await world.waitForCompletion('replaced')
    expect(status?.task?.uid).toBe(taskUid)
    const manifest = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'backups' },
      `cat /backup/${status?.artifact?.path ?? ''}/manifest.json`,
    )
    expect(JSON.parse(manifest)).toMatchObject({ task: { uid: taskUid } })
  })
})
