// What is said of a snapshot's content, on the real Meilisearch; how many tasks wait in it, beside what a server does that is started on that very snapshot.
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { readContents } from '../../../src/kinds/snapshot/observe/contents.ts'
import type { EngineAnswer } from '../../../src/kinds/snapshot/observation.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { filmLines } from '../../support/meilisearch/documents.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'

const masterKey = 'the-master-key-of-this-test'
const servers = meilisearches()
const server = serverWithDocuments(servers, { masterKey, documents: { films: filmLines(0, 3000) } })
let client: MeilisearchClient
/** Uid of the newest task before each test. */
let before: number

beforeAll(() => {
  client = new MeilisearchClient({ endpoint: server.endpoint, key: masterKey })
})
beforeEach(async () => {
  before = (await client.newestTask()).results[0]!.uid
})

const look = async (): Promise<Pick<EngineAnswer, 'indexes' | 'facts'>> =>
  await readContents(client, await client.snapshotTasksFrom(before + 1))

async function begun(uid: number): Promise<void> {
  const isBegun = async (): Promise<true | undefined> =>
    (await client.task(uid)).status === 'enqueued' ? undefined : true
  await eventually(`task ${uid} to begin`, isBegun, { everyMs: 5 })
}

async function takeSnapshot(): Promise<void> {
  await server.api.waitForTask((await client.createSnapshot()).taskUid)
}

/** Uids of the tasks that a server does, or is about to, when it is started on the snapshot. */
async function tasksDoneAgain(): Promise<readonly number[]> {
  const since = new Date()
  const copy = await servers.start({ masterKey, args: ['--import-snapshot', server.snapshotFile] })
  const { results } = await copy.api.call<{ results: { uid: number; startedAt: string | null }[] }>('/tasks?limit=100')
  await copy.kill()
  return results
    .filter(({ startedAt }) => startedAt === null || Date.parse(startedAt) > since.getTime())
    .map(({ uid }) => uid)
    .toSorted((one, other) => one - other)
}

test('of a quiet server, all of it is known: counts as in the snapshot, and nothing waits', async () => {
  await takeSnapshot()
  const { indexes, facts } = await look()
  expect(facts).toEqual({ batchUid: expect.any(Number), countsExact: true, tasksEnqueued: 0 })
  expect(indexes.listed).toEqual([{ uid: 'films', documents: 3000 }])
  expect(await tasksDoneAgain()).toEqual([])
}, 120_000)

test('documents that came after it are not in it: the counts are not exact, and still nothing waits', async () => {
  await takeSnapshot()
  await server.api.load('later', filmLines(0, 5))
  const { indexes, facts } = await look()
  expect(facts).toMatchObject({ countsExact: false, tasksEnqueued: 0 })
  expect(indexes.count).toBe(2)
  expect(await tasksDoneAgain()).toEqual([])
}, 120_000)

test('another snapshot after it changes nothing: the counts of both are exact', async () => {
  await takeSnapshot()
  await takeSnapshot()
  expect((await look()).facts).toMatchObject({ countsExact: true, tasksEnqueued: 0 })
}, 120_000)

test('tasks that waited while it was made wait in it, and a server that is started on it does them', async () => {
  const long = await server.api.addDocuments('long', filmLines(0, 12_000))
  await begun(long)
  const waits = [await server.api.addDocuments('one', filmLines(0, 5))]
  const { taskUid } = await client.createSnapshot()
  waits.push(await server.api.addDocuments('two', filmLines(0, 5)))
  expect((await client.task(taskUid)).status, 'the first batch was too short for this test').toBe('enqueued')
  for (const uid of [taskUid, ...waits]) await server.api.waitForTask(uid)
  expect((await look()).facts).toMatchObject({ countsExact: false, tasksEnqueued: 2 })
  expect(await tasksDoneAgain()).toEqual(waits)
}, 300_000)

test('a task that came while it was made is in it or not: then it is not known what waits', async () => {
  const { taskUid } = await client.createSnapshot()
  await begun(taskUid)
  const during = await server.api.addDocuments('during', filmLines(0, 5))
  expect((await client.task(taskUid)).status, 'the snapshot was too short for this test').toBe('processing')
  for (const uid of [taskUid, during]) await server.api.waitForTask(uid)
  expect((await look()).facts).toMatchObject({ countsExact: false })
  expect((await look()).facts?.tasksEnqueued).toBeUndefined()
}, 120_000)

test('of a server whose records of tasks were deleted since, nobody says that nothing waited', async () => {
  await takeSnapshot()
  const { taskUid } = await server.api.call<{ taskUid: number }>('/tasks?statuses=failed', { method: 'DELETE' })
  await server.api.waitForTask(taskUid)
  const { facts } = await look()
  expect(facts).toMatchObject({ countsExact: true })
  expect(facts?.tasksEnqueued).toBeUndefined()
}, 120_000)
