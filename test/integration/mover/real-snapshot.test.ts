// The whole way with the real Meilisearch: index, snapshot, store with the mover, start another server from the stored file.
import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes, type Batch } from '../../../src/mover/contract.ts'
import { manifest } from '../../../src/mover/artifact/manifest-schema.ts'
import { TarReader } from '../../../src/mover/verify/tar.ts'
import { stopAfter } from '../../support/mover/faults.ts'
import { Workplace } from '../../support/mover/mover.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'
import type { MeilisearchProcess } from '../../support/meilisearch/process.ts'

const documentCount = 4000
const servers = meilisearches()
const masterKey = 'the-master-key-of-this-test'
const server = serverWithDocuments(servers, {
  masterKey,
  documents: {
    products: Array.from({ length: documentCount }, (_, id) =>
      JSON.stringify({ id, title: `Product ${id}`, text: `Words about ${(id * 2654435761).toString(36)}` }),
    ).join('\n'),
  },
})

interface Task {
  readonly uid: number
  readonly batchUid: number
  readonly enqueuedAt: string
  readonly startedAt: string
  readonly finishedAt: string
}

const requestSnapshot = async (): Promise<number> =>
  (await server.api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })).taskUid

async function finished(taskUid: number): Promise<Task> {
  await server.api.waitForTask(taskUid)
  return await server.api.call<Task>(`/tasks/${taskUid}`)
}

const takeSnapshot = async (): Promise<Task> => await finished(await requestSnapshot())

async function documents({ api }: MeilisearchProcess): Promise<unknown[]> {
  const { results } = await api.call<{ results: { id: number }[] }>(
    `/indexes/products/documents?limit=${documentCount * 2}`,
  )
  return results.toSorted((one, other) => one.id - other.id)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

const batchOf = ({ uid, batchUid, enqueuedAt, startedAt, finishedAt }: Task): Batch => ({
  taskUid: uid,
  batchUid,
  enqueuedAt,
  startedAt,
  finishedAt,
})

describe('a snapshot of the real Meilisearch', () => {
  let work: Workplace
  const source = (): { directory: string; fileName: string } => ({
    directory: dirname(server.snapshotFile),
    fileName: 'data.ms.snapshot',
  })

  beforeAll(async () => {
    work = await Workplace.create()
  })
  afterAll(async () => {
    await work.remove()
  })

  test('is stored, proves itself to sha256sum, and another server starts from it with the same documents', async () => {
    const task = await takeSnapshot()
    const { code, result } = await work.run({
      config: { source: source(), batches: [batchOf(task)], allowedSkewMs: 2000 },
    })
    expect(code, result.message).toBe(0)
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: work.final, encoding: 'utf8' })).toContain(
      'data.ms.snapshot: OK',
    )
    const stored = manifest.parse(JSON.parse(await readFile(join(work.final, 'manifest.json'), 'utf8')))
    expect(stored).toMatchObject({
      task: { uid: task.uid, batchUid: task.batchUid },
      verified: { mode: 'Archive', archiveVersion: '1.21.0' },
    })
    const listed = execFileSync('tar', ['-tzf', join(work.final, 'data.ms.snapshot')], { encoding: 'utf8' })
      .trim()
      .split('\n')
    expect(stored.verified.entries).toBe(listed.length)
    const sizes = execFileSync('tar', ['-tvzf', join(work.final, 'data.ms.snapshot')], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => Number(line.split(/ +/)[2]))
    const unpacked = sizes.reduce((sum, size) => sum + size, 0)
    expect(stored.file.uncompressedBytes).toBe(String(unpacked))
    expect(result.stored?.uncompressedBytes).toBe(unpacked)

    const second = await servers.start({ masterKey, args: ['--import-snapshot', join(work.final, 'data.ms.snapshot')] })
    const restored = await documents(second)
    expect(restored).toHaveLength(documentCount)
    expect(restored).toEqual(await documents(server))
  }, 120_000)

  test('is superseded once a newer one lies there, and the newer batch then owns the file', async () => {
    const older = batchOf(await takeSnapshot())
    await pause(100)
    const newer = batchOf(await takeSnapshot())
    const destination = { ...work.config().destination, directory: 'other-99999999' }
    const alone = await work.run({ config: { source: source(), destination, batches: [older], allowedSkewMs: 0 } })
    expect(alone.code, alone.result.message).toBe(exitCodes.superseded)
    const both = await work.run({
      config: { source: source(), destination, batches: [older, newer], allowedSkewMs: 0 },
    })
    expect(both.code, both.result.message).toBe(0)
    expect(both.result.stored).toMatchObject({ taskUid: newer.taskUid, batchUid: newer.batchUid })
  }, 120_000)

  test('is removed: its file goes, and the next one of the server comes to the same place and stays', async () => {
    const { directory, fileName } = source()
    const task = await takeSnapshot()
    const destination = { ...work.config().destination, directory: 'removed-99999999' }
    const { result } = await work.run({ config: { source: source(), destination, batches: [batchOf(task)] } })
    const config = { ...work.removeSourceConfig(result.stored!), source: source() }
    const removal = await work.perform(config)
    expect(removal.result.sourceOutcome, removal.result.message).toBe('removed')
    expect(await readdir(directory)).toEqual([])
    await takeSnapshot()
    const again = await work.perform(config)
    expect(again.result.sourceOutcome, again.result.message).toBe('replaced')
    expect(await readdir(directory)).toEqual([fileName])
  }, 120_000)

  test('that comes while an earlier one is being removed is the same file afterwards, and can be moved', async () => {
    const { directory, fileName } = source()
    const path = join(directory, fileName)
    const older = await takeSnapshot()
    const destination = { ...work.config().destination, directory: 'older-99999999' }
    const { result } = await work.run({
      config: { source: source(), destination, batches: [batchOf(older)], allowedSkewMs: 0 },
    })
    let newer: Task | undefined
    let inode = 0
    // The mover has looked and is about to move the name aside.
    const comes = stopAfter({ call: 'unlink', nth: 1 }, async () => {
      newer = await takeSnapshot()
      inode = (await stat(path)).ino
    })
    const removal = await work.perform({ ...work.removeSourceConfig(result.stored!), source: source() }, comes)
    expect(removal.result.sourceOutcome, removal.result.message).toBe('replaced')
    expect(await readdir(directory)).toEqual([fileName])
    expect((await stat(path)).ino).toBe(inode)
    const moved = await work.run({
      config: {
        source: source(),
        destination: { ...destination, directory: 'newer-99999999' },
        batches: [batchOf(newer!)],
      },
    })
    expect(moved.code, moved.result.message).toBe(0)
  }, 120_000)

  test('whose trailer is damaged is refused, although the server itself would import it', async () => {
    const task = await takeSnapshot()
    const bytes = await readFile(join(source().directory, 'data.ms.snapshot'))
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 6) ^ 1, bytes.length - 6)
    await work.lay(bytes, (Date.parse(task.startedAt) + 1) / 1000)
    const destination = { ...work.config().destination, directory: 'damaged-99999999' }
    const { code, result } = await work.run({ config: { destination, batches: [batchOf(task)] } })
    expect(code, result.message).toBe(exitCodes.archiveBad)
    const third = await servers.start({ masterKey, args: ['--import-snapshot', work.file] })
    expect(await documents(third)).toHaveLength(documentCount)
  }, 120_000)

  test('is one our own reader of tar understands to the last entry', async () => {
    const tar = new TarReader()
    await pipeline(
      createReadStream(join(source().directory, 'data.ms.snapshot')),
      createGunzip(),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) tar.push(piece)
      },
    )
    expect(tar.finish()).toMatchObject({ version: '1.21.0', hasTaskDatabase: true })
    expect((await stat(join(source().directory, 'data.ms.snapshot'))).mode & 0o777).toBe(0o444)
  })
})
