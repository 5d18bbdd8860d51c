// The operator's half of streaming: its shell lines run by real shells, its bytes taken by a real mover that waits.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../src/mover/contract.ts'
import type { ReceiveConfig } from '../../../src/mover/contract.ts'
import type { Fact, PinnedFile } from '../../../src/reconcile/decision.ts'
import { Streamer } from '../../../src/perform/stream.ts'
import { localExec } from '../../support/mover/local-exec.ts'
import type { LocalCluster } from '../../support/mover/local-exec.ts'
import { moverTest as test } from '../../support/mover/test.ts'
import type { Ended, Workplace } from '../../support/mover/mover.ts'

vi.setConfig({ testTimeout: 240_000 })

const mebibyte = 1024 * 1024
const shells = [
  ['dash', ['/bin/sh', '-c']],
  ['busybox', ['/bin/busybox', 'sh', '-c']],
] as const
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const receiver = { pod: 'nightly-mover', container: 'mover' }

class StreamFixture {
  readonly work: Workplace
  readonly config: ReceiveConfig
  readonly cluster: LocalCluster
  readonly source: PinnedFile
  bytes = randomBytes(3 * mebibyte + 12_345)

  constructor(work: Workplace, { attempt, ...more }: Partial<LocalCluster> & { attempt?: string } = {}) {
    this.work = work
    this.config = work.receiveConfig({
      verification: 'None',
      stallSeconds: 20,
      ...(attempt === undefined ? {} : { attempt }),
    })
    this.cluster = {
      shell: shells[0][1],
      path: process.env['PATH'] ?? '',
      config: this.config,
      cutAfter: Number.POSITIVE_INFINITY,
      ...more,
    }
    this.source = {
      namespace: 'shop',
      pod: 'search-0',
      container: 'search',
      directory: work.source,
      fileName: 'data.ms.snapshot',
      pin: '0a1b2c3d-2',
    }
  }

  mover(): Promise<Ended> {
    return this.work.perform(this.config)
  }

  send(isLeader = (): boolean => true): Promise<Fact | undefined> {
    return new Streamer({ exec: localExec(this.cluster), isLeader }).send({
      kind: 'StreamSegments',
      source: this.source,
      receiver,
    })
  }

  /** Passes, one after the other, until the mover has ended. */
  async sendAll(): Promise<{ ended: Ended; facts: (Fact | undefined)[] }> {
    const facts: (Fact | undefined)[] = []
    const mover = { ended: undefined as Ended | undefined }
    const ends = this.mover().then((ended) => (mover.ended = ended))
    while (mover.ended === undefined) {
      const sent = this.send()
      await Promise.race([sent, ends])
      // The last word may cross with the mover's end; one that looks for a mover that is gone is not waited for.
      facts.push(await Promise.race([sent, ends.then(async () => await pause(500, undefined))]))
    }
    return { ended: await ends, facts }
  }

  async storedHash(): Promise<string> {
    return sha256(await readFile(join(this.work.final, 'data.ms.snapshot')))
  }

  async beside(): Promise<string[]> {
    return (await readdir(this.work.source)).toSorted()
  }
}

const isRead = (command: readonly string[]): boolean => command.some((word) => word.includes('exec 3<'))
const interruptions = (facts: readonly (Fact | undefined)[]): string[] =>
  facts.flatMap((fact) => (fact?.kind === 'StreamInterrupted' ? [fact.message] : []))

describe.concurrent('a file is sent', () => {
  test.for(shells)('by %s: which one it is, its bytes, and its pin goes', async ([, shell], { work }) => {
    const fixture = new StreamFixture(work, { shell })
    await work.lay(fixture.bytes)
    const { ended, facts } = await fixture.sendAll()
    const inode = String((await stat(work.file, { bigint: true })).ino)
    expect(ended.result, ended.result.message).toMatchObject({
      exitCode: 0,
      stored: {
        inode,
        sizeBytes: fixture.bytes.length,
        modifiedAt: '2023-11-14T22:13:50.500000000Z',
        replacedDuringCopy: false,
      },
    })
    expect(facts).toContainEqual({ kind: 'PinRemoved' })
    expect(await fixture.storedHash()).toBe(sha256(fixture.bytes))
    expect(await fixture.beside()).toEqual(['data.ms.snapshot'])
  })

  test('though its connections are cut anywhere', async ({ work }) => {
    const bytes = randomBytes(1.5 * mebibyte)
    await work.lay(bytes)
    let cutsSeen = 0
    /** Chance may cut only behind the end: these three come before it. */
    const early: [number[], string] = [[1, bytes.length / 4, bytes.length / 2], randomUUID()]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(4 * bytes.length), { minLength: 1, maxLength: 3 }),
        fc.uuid(),
        async (cuts, attempt) => {
          await rm(work.final, { recursive: true, force: true })
          const fixture = new StreamFixture(work, { attempt })
          const left = [...cuts]
          fixture.cluster.before = () => {
            if (fixture.cluster.cutAfter === Number.POSITIVE_INFINITY)
              fixture.cluster.cutAfter = left.shift() ?? Number.POSITIVE_INFINITY
          }
          const { ended, facts } = await fixture.sendAll()
          cutsSeen += interruptions(facts).length
          expect(ended.code, ended.result.message).toBe(0)
          expect(await fixture.storedHash()).toBe(sha256(bytes))
          expect(await fixture.beside()).toEqual(['data.ms.snapshot'])
        },
      ),
      { numRuns: 15, endOnFailure: true, examples: [early, early] },
    )
    expect(cutsSeen, 'at least those of the two early ones').toBeGreaterThan(5)
  })

  test('whole, though a newer one takes its name: the pin keeps it', async ({ work }) => {
    const fixture = new StreamFixture(work)
    await work.lay(fixture.bytes)
    fixture.cluster.before = async ({ command }) => {
      if (!isRead(command)) return
      await writeFile(`${work.file}.new`, 'newer')
      await rename(`${work.file}.new`, work.file)
    }
    const { ended } = await fixture.sendAll()
    expect(ended.result, ended.result.message).toMatchObject({ exitCode: 0, stored: { replacedDuringCopy: true } })
    expect(await fixture.storedHash()).toBe(sha256(fixture.bytes))
    expect(await fixture.beside()).toEqual(['data.ms.snapshot'])
  })

  test('without a pin where no link can be made, and a newer one is distinguished from it', async ({ work }) => {
    const tools = join(work.home, 'tools')
    await mkdir(tools)
    await writeFile(join(tools, 'ln'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const fixture = new StreamFixture(work, { path: `${tools}:${process.env['PATH'] ?? ''}` })
    await work.lay(fixture.bytes)
    let reads = 0
    fixture.cluster.before = async ({ command }) => {
      if (!isRead(command) || ++reads > 1) return
      await work.lay(randomBytes(fixture.bytes.length), 1_700_000_040)
    }
    const { ended, facts } = await fixture.sendAll()
    expect(interruptions(facts)).toContainEqual(expect.stringContaining('the file was changed or replaced meanwhile'))
    expect(ended.result).toMatchObject({ exitCode: exitCodes.superseded, modifiedAt: '2023-11-14T22:14:00.000000000Z' })
    expect((await work.listing()).filter((name) => name.includes('nightly'))).toEqual([])
  })

  test('only by the leader', async ({ work }) => {
    const fixture = new StreamFixture(work)
    await work.lay(fixture.bytes)
    const mover = fixture.mover()
    expect(await fixture.send(() => false)).toEqual({
      kind: 'StreamInterrupted',
      message: expect.stringContaining('the lease is no longer held') as string,
    })
    expect(await fixture.send()).toEqual({ kind: 'PinRemoved' })
    expect((await mover).code).toBe(0)
  })

  test('and pins of others that were left behind go first', async ({ work }) => {
    const fixture = new StreamFixture(work)
    await work.lay(fixture.bytes)
    await writeFile(join(work.source, '.meili-operator-stream-deadbeef-1'), 'old')
    await writeFile(join(work.source, '.removing-something'), 'not a pin')
    expect((await fixture.sendAll()).ended.code).toBe(0)
    expect(await fixture.beside()).toEqual(['.removing-something', 'data.ms.snapshot'])
  })
})

describe.concurrent('a pin', () => {
  test('goes with those of the same owner, whatever became of them; those of others stay', async ({ work }) => {
    const fixture = new StreamFixture(work)
    await work.lay(fixture.bytes)
    for (const name of ['0a1b2c3d-1', '0a1b2c3d-2', 'deadbeef-1'])
      await writeFile(join(work.source, `.meili-operator-stream-${name}`), 'old')
    const streamer = new Streamer({ exec: localExec(fixture.cluster), isLeader: () => true })
    expect(await streamer.unpin(fixture.source)).toBe(String((await stat(work.file)).ino))
    expect(await fixture.beside()).toEqual(['.meili-operator-stream-deadbeef-1', 'data.ms.snapshot'])
  })

  test.for([
    ['a directory that is gone', { directory: '/nowhere' }],
    ['a container without a shell', {}],
  ] as const)('is of no consequence in %s', async ([what, source], { work }) => {
    const fixture = new StreamFixture(work, what.includes('shell') ? { shell: undefined } : {})
    const streamer = new Streamer({ exec: localExec(fixture.cluster), isLeader: () => true })
    expect(await streamer.unpin({ ...fixture.source, ...source })).toBe('')
  })
})

describe.concurrent('what cannot be sent ends the mover with the reason', () => {
  const sendResult = async (fixture: StreamFixture): Promise<Ended['result']> => (await fixture.sendAll()).ended.result

  test('no shell', async ({ work }) => {
    const fixture = new StreamFixture(work, { shell: undefined })
    expect(await sendResult(fixture)).toMatchObject({
      exitCode: exitCodes.toolsMissing,
      message: expect.stringMatching(/^Container search of Pod search-0 has no sh, which streaming needs\./) as string,
    })
  })

  test('no dd', async ({ work }) => {
    const tools = join(work.home, 'tools')
    await mkdir(tools)
    for (const tool of ['stat', 'ln', 'rm']) await symlink('/bin/busybox', join(tools, tool))
    const fixture = new StreamFixture(work, { path: tools })
    await work.lay(fixture.bytes)
    expect(await sendResult(fixture)).toMatchObject({
      exitCode: exitCodes.toolsMissing,
      message: expect.stringContaining('has no dd, which') as string,
    })
  })

  test('no file', async ({ work }) => {
    expect(await sendResult(new StreamFixture(work))).toMatchObject({
      exitCode: exitCodes.sourceMissing,
      message: expect.stringContaining('There is no ') as string,
    })
  })

  test('a symbolic link', async ({ work }) => {
    await symlink('/etc/hostname', work.file)
    expect(await sendResult(new StreamFixture(work))).toMatchObject({
      exitCode: exitCodes.sourceMissing,
      message: expect.stringContaining('not a regular file') as string,
    })
  })

  test('a file that vanished midway: another snapshot may be asked for', async ({ work }) => {
    const fixture = new StreamFixture(work)
    await work.lay(fixture.bytes)
    let reads = 0
    fixture.cluster.before = async ({ command }) => {
      if (!isRead(command) || ++reads > 1) return
      for (const name of await readdir(work.source)) await rm(join(work.source, name))
    }
    expect(await sendResult(fixture)).toMatchObject({
      exitCode: exitCodes.sourceMissing,
      modifiedAt: '2023-11-14T22:13:50.500000000Z',
    })
  })
})

describe.concurrent('paths', () => {
  test('are never part of a shell line', async ({ work }) => {
    const fixture = new StreamFixture(work)
    const directory = join(work.source, `it's "$(touch owned)" -n`)
    await mkdir(directory)
    await work.lay(fixture.bytes)
    await rename(work.file, join(directory, '-data $x.snapshot'))
    await utimes(directory, 1, 1)
    Object.assign(fixture.source, { directory, fileName: '-data $x.snapshot' })
    expect((await fixture.sendAll()).ended.code).toBe(0)
    for (const folder of [directory, work.source, process.cwd()]) expect(await readdir(folder)).not.toContain('owned')
  })
})
