// A real Meilisearch on a copy of a real snapshot, asked by `inspect`: good, documents and indexes missing, and bytes of an index's data damaged.
// The bytes are damaged in what the filler made: as if in the archive, with gzip and tar put right, as the filler copies what it finds.
import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitCodes } from '../../../src/mover/contract.ts'
import type { InspectConfig } from '../../../src/mover/contract.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'
import type { MeilisearchProcess } from '../../support/meilisearch/process.ts'
import { Workplace } from '../../support/mover/mover.ts'
import type { Ended } from '../../support/mover/mover.ts'

const counts = { products: 3000, shops: 200 }
const servers = meilisearches()
const source = serverWithDocuments(servers, {
  masterKey: 'the-master-key-of-this-test',
  documents: Object.fromEntries(
    Object.entries(counts).map(([index, count]) => [
      index,
      Array.from({ length: count }, (_, id) =>
        JSON.stringify({ id, title: `Thing ${id}`, text: `Words about ${(id * 2654435761).toString(36)}` }),
      ).join('\n'),
    ]),
  ),
})

let work: Workplace
/** What the filler made: never started on, only copied. */
let pristine: string
beforeAll(async () => {
  work = await Workplace.create()
  const { taskUid } = await source.api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })
  await source.api.waitForTask(taskUid)
  copyFileSync(source.snapshotFile, work.file)
  const { code, result } = await work.perform(work.fillConfig())
  expect(code, result.message).toBe(0)
  pristine = join(work.destination, 'data.ms')
})
afterAll(async () => {
  await work.remove()
})

const copy: MeilisearchProcess = servers.add()

function layCopy(damage?: (database: string) => void): void {
  mkdirSync(copy.home, { recursive: true })
  const database = join(copy.home, 'data.ms')
  rmSync(database, { recursive: true, force: true })
  cpSync(pristine, database, { recursive: true })
  damage?.(database)
}

interface Record {
  readonly indexes?: Readonly<{ [index: string]: number }>
  readonly countsExact?: boolean
  readonly tasksEnqueued?: number
}

async function inspect(record: Record, changes: Partial<InspectConfig> = {}): Promise<Ended> {
  const { indexes = counts, countsExact = true, tasksEnqueued = 0 } = record
  const directory = join(work.destination, 'movies/nightly')
  mkdirSync(directory, { recursive: true })
  const listed = Object.entries(indexes).map(([uid, documents]) => ({ uid, documents }))
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ indexes: listed, countsExact, tasksEnqueued }))
  const { object } = work.fillConfig()
  return await work.perform({
    command: 'inspect',
    object,
    endpoint: copy.endpoint,
    artifact: { root: work.destination, claim: 'backups', path: 'movies/nightly' },
    queries: [],
    deadlineSeconds: 30,
    ...changes,
  })
}

async function inspectCopy(record: Record = {}, changes: Partial<InspectConfig> = {}): Promise<Ended> {
  layCopy()
  await copy.launch()
  try {
    return await inspect(record, changes)
  } finally {
    await copy.kill()
  }
}

test('a good copy passes, with what it serves and how long it took', async () => {
  const ended = await inspectCopy({}, { queries: [{ index: 'products', q: 'Thing 17', minHits: 1 }] })
  expect(ended.result, ended.stderr).toMatchObject({
    exitCode: exitCodes.done,
    inspected: { result: 'Passed', version: '1.21.0', indexes: 2, documents: 3200, compared: 2, differences: [] },
  })
  expect(ended.result.inspected?.firstSearchMs).toBeGreaterThanOrEqual(0)
  expect(ended.progress.map(({ step }) => step)).toEqual(expect.arrayContaining(['opening', 'searching']))
  expect(Buffer.byteLength(ended.terminationMessage)).toBeLessThan(1024)
})

test('documents that are missing fail it, by index, where the counts are exact', async () => {
  const { result } = await inspectCopy({ indexes: { products: 3001, shops: 200 } })
  expect(result).toMatchObject({
    exitCode: exitCodes.inspectionFailed,
    message: 'Index products has 3000 documents, 3001 are on record.',
    inspected: { result: 'Failed', compared: 1, differences: [{ index: 'products', expected: 3001, found: 3000 }] },
  })
})

test('where the counts are not exact a difference is named, and one index that agrees is enough', async () => {
  const close = await inspectCopy({ indexes: { products: 3001, shops: 200 }, countsExact: false })
  expect(close.result).toMatchObject({ exitCode: 0, inspected: { compared: 1 } })
  expect(close.result.message).toContain('compared 1 of 2')
  const none = await inspectCopy({ indexes: { products: 3001, shops: 201 }, tasksEnqueued: 1 })
  expect(none.result).toMatchObject({ exitCode: exitCodes.inspectionFailed, inspected: { compared: 0 } })
})

test('an index that is missing, and one that is not on record, fail it', async () => {
  const { result } = await inspectCopy({ indexes: { products: 3000, movies: 5 } })
  expect(result.inspected?.differences).toEqual([
    { index: 'movies', expected: 5 },
    { index: 'shops', found: 200 },
  ])
  expect(result.exitCode).toBe(exitCodes.inspectionFailed)
  const listedInPart = await inspectCopy({ indexes: { products: 3000 } }, { indexes: 2 })
  expect(listedInPart.result, 'one that the manifest does not have is not compared').toMatchObject({
    exitCode: 0,
    inspected: { compared: 1, differences: [] },
  })
})

test('a query that finds nothing, and a record of nothing, fail it', async () => {
  const asked = await inspectCopy({}, { queries: [{ index: 'products', q: 'zebra', minHits: 1 }] })
  expect(asked.result.message).toContain('The search for "zebra" in products found 0')
  const empty = await inspectCopy({ indexes: {} }, { indexes: 5 })
  expect(empty.result).toMatchObject({
    exitCode: exitCodes.inspectionFailed,
    message: 'Nothing was compared: no index is on record.',
  })
})

test('a server that never answers ends it at its deadline, and says so', async () => {
  const { result } = await inspect({}, { endpoint: 'http://127.0.0.1:9', deadlineSeconds: 1 })
  expect(result).toMatchObject({ exitCode: exitCodes.stalled })
  expect(result.message).toContain('did not answer at /health within 1 s')
})

/** The file of the larger index. */
function dataOf(database: string): { path: string; bytes: Buffer } {
  const paths = readdirSync(join(database, 'indexes')).map((uuid) => join(database, 'indexes', uuid, 'data.mdb'))
  const [largest] = paths
    .map((path) => ({ path, bytes: readFileSync(path) }))
    .toSorted((a, b) => b.bytes.length - a.bytes.length)
  if (largest === undefined) throw new Error('there is no index')
  return largest
}

function flip(database: string, offsetOf: (bytes: Buffer) => number): void {
  const { path, bytes } = dataOf(database)
  const at = offsetOf(bytes)
  bytes[at] = (bytes[at] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
}

/** `unfound`: it passed. A server that cannot be started, or answers an error, has found it. */
async function tryDamaged(damage: (database: string) => void): Promise<'found' | 'unfound'> {
  layCopy(damage)
  try {
    await copy.launch()
    const { result } = await inspect({}, { deadlineSeconds: 10 })
    return result.exitCode === 0 ? 'unfound' : 'found'
  } catch {
    return 'found'
  } finally {
    await copy.kill()
  }
}

test('a byte of the header of an index is found by the engine', async () => {
  // The first of the two meta pages, and the second: both name LMDB's magic.
  const damage = (database: string): void => {
    for (const page of [0, 4096]) flip(database, () => page + 16)
  }
  expect(await tryDamaged(damage)).toBe('found')
})

test('a byte in the text of a document is not found: the engine keeps no checksums, and the archive check does that', async () => {
  expect(await tryDamaged((database) => flip(database, (bytes) => bytes.indexOf('Words about') + 2))).toBe('unfound')
})

test.runIf(process.env['MEASURE_DAMAGE'] !== undefined)(
  'how many damaged bytes of an index are found',
  async () => {
    const tries = Number(process.env['MEASURE_DAMAGE'])
    const size = dataOf(pristine).bytes.length
    let found = 0
    for (let each = 0; each < tries; each++) {
      const at = Math.floor(((each + 0.5) * size) / tries)
      if ((await tryDamaged((database) => flip(database, () => at))) === 'found') found++
    }
    console.log(`one byte damaged in each of ${tries} places of ${size}: ${found} found`)
    expect(found).toBeLessThanOrEqual(tries)
  },
  900_000,
)
