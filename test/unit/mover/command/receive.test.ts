// A file that is sent: it may be cut off anywhere, come twice, come damaged, or be another one midway. What is stored is whole and true.
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { manifest } from '../../../../src/mover/artifact/manifest-schema.ts'
import type { FileIdentity, MoverResult, ReceiveConfig } from '../../../../src/mover/contract.ts'
import { resultOf } from '../../../../src/mover/io/report.ts'
import { RateLimit } from '../../../../src/mover/io/rate-limit.ts'
import { Progress } from '../../../../src/mover/io/progress.ts'
import { receive } from '../../../../src/mover/command/receive.ts'
import { snapshotEntries, tarOf } from '../../../support/mover/archive-writer.ts'
import { moverTest as test } from '../../../support/mover/test.ts'
import { emptyListing, storedListing } from '../../../support/mover/mover.ts'
import type { Workplace } from '../../../support/mover/mover.ts'
import { Cut, send, Sender } from '../../../support/mover/stream-sender.ts'

vi.setConfig({ testTimeout: 240_000 })

const archive = gzipSync(tarOf(snapshotEntries('1.21.0', randomBytes(300_000))))
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const file: FileIdentity = { inode: '4711', sizeBytes: archive.length, modifiedAt: '2023-11-14T22:13:50.500000000Z' }
const whole = { bytes: archive, file, segmentBytes: 40_000 }

/** The mover in this process: as `main` runs it. */
async function receiveHere(
  config: ReceiveConfig,
  stop: AbortSignal = new AbortController().signal,
): Promise<MoverResult> {
  const progress = new Progress(() => undefined, true)
  const rateLimit = new RateLimit({ bytesPerSecond: undefined, progress, signal: stop })
  return await receive(config, { version: '0.1.0', progress, rateLimit, signal: stop, warn: () => undefined }).catch(
    resultOf,
  )
}

async function expectStored(work: Workplace): Promise<void> {
  expect(await work.listing()).toEqual(storedListing)
  expect((await readFile(join(work.final, 'data.ms.snapshot'))).equals(archive)).toBe(true)
}

describe.concurrent('what is sent', () => {
  test('is stored with the same manifest as what is copied', async ({ work }) => {
    const config = work.receiveConfig()
    const [result, how] = await Promise.all([receiveHere(config), send(config, whole)])
    expect(how).toBe('sent')
    expect(result).toMatchObject({
      exitCode: 0,
      stored: {
        ...file,
        sha256: sha256(archive),
        taskUid: 7,
        batchUid: 5,
        alreadyThere: false,
        replacedDuringCopy: false,
      },
    })
    await expectStored(work)
    const content = manifest.parse(JSON.parse(await readFile(join(work.final, 'manifest.json'), 'utf8')))
    expect(content).toMatchObject({
      file: { sha256: sha256(archive), modifiedAt: file.modifiedAt },
      source: { inode: '4711' },
      verified: { mode: 'Archive' },
    })
  })

  test('may be cut off at any byte, as often as it likes: it goes on, and the same is stored', async ({ work }) => {
    const cuts = fc.array(
      fc.record({
        cutAfter: fc.nat(archive.length + 1000),
        segmentBytes: fc.integer({ min: 1 + Math.floor(archive.length / 40), max: archive.length }),
      }),
      { maxLength: 12 },
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(cuts, async (attempts) => {
        run += 1
        const config = work.receiveConfig({
          destination: { ...work.config().destination, directory: `run-${run}` },
          attempt: `1-${run}`,
        })
        const ended = receiveHere(config)
        for (const attempt of attempts) await send(config, { bytes: archive, file, ...attempt })
        await Promise.race([send(config, whole), ended])
        const result = await ended
        expect(result, result.message).toMatchObject({ exitCode: 0, stored: { sha256: sha256(archive) } })
        expect(sha256(await readFile(join(work.parent, `run-${run}`, 'data.ms.snapshot')))).toBe(sha256(archive))
      }),
      { numRuns: 60 },
    )
    expect((await work.listing()).filter((name) => name.includes('.partial'))).toEqual([])
  })

  test('is found again by the next mover, without anybody who sends', async ({ work }) => {
    const config = work.receiveConfig()
    await Promise.all([receiveHere(config), send(config, whole)])
    expect(await receiveHere(work.receiveConfig({ attempt: '2-1' }))).toMatchObject({
      exitCode: 0,
      stored: { alreadyThere: true },
    })
  })
})

describe.concurrent('a segment', () => {
  async function withMover(work: Workplace, body: (config: ReceiveConfig) => Promise<void>): Promise<void> {
    const config = work.receiveConfig()
    const ended = receiveHere(config)
    await body(config)
    await Promise.all([send(config, whole), ended])
    expect((await ended).exitCode).toBe(0)
    await expectStored(work)
  }

  async function beginSending(config: ReceiveConfig): Promise<Sender> {
    const sender = await Sender.open(config)
    await sender.say({ is: 'file', file })
    await sender.listen()
    return sender
  }

  test('with a wrong seal does not count, and ends the conversation', async ({ work }) => {
    await withMover(work, async (config) => {
      using sender = await beginSending(config)
      await expect(sender.segment(archive, 1000, '0'.repeat(64))).rejects.toThrow(Cut)
      using next = await Sender.open(config)
      expect(next.state).toMatchObject({ at: 0, file })
    })
  })

  test('that has come already, or leaves a gap, is not taken', async ({ work }) => {
    await withMover(work, async (config) => {
      using sender = await beginSending(config)
      await sender.segment(archive, 1000)
      expect(sender.state.at).toBe(1000)
      for (const at of [0, 999, 1001]) {
        using other = await beginSending(config)
        await other.say({ is: 'segment', at, bytes: 10 })
        await expect(other.listen()).rejects.toThrow(Cut)
      }
      using last = await Sender.open(config)
      expect(last.state.at).toBe(1000)
    })
  })

  test('beyond the end of the file is not taken, and neither is an end before it', async ({ work }) => {
    await withMover(work, async (config) => {
      for (const frame of [
        { is: 'segment', at: 0, bytes: archive.length + 1 },
        { is: 'end', replaced: false },
      ] as const) {
        using sender = await beginSending(config)
        await sender.say(frame)
        await expect(sender.listen()).rejects.toThrow(Cut)
      }
    })
  })

  test('of another file than the one that was begun is not taken', async ({ work }) => {
    await withMover(work, async (config) => {
      using sender = await beginSending(config)
      await sender.segment(archive, 1000)
      using other = await Sender.open(config)
      await other.say({ is: 'file', file: { ...file, inode: '4712' } })
      await expect(other.listen()).rejects.toThrow(Cut)
    })
  })

  test('before the file has a name is not taken, and neither is noise', async ({ work }) => {
    await withMover(work, async (config) => {
      for (const noise of ['{"is":"segment","at":0,"bytes":5}\nhello', 'no JSON\n', 'x'.repeat(70_000)]) {
        using sender = await Sender.open(config)
        await sender.write(Buffer.from(noise))
        await expect(sender.listen()).rejects.toThrow(Cut)
      }
    })
  })

  test('of a sender that fell silent does not keep the next sender out', async ({ work }) => {
    await withMover(work, async (config) => {
      using silent = await beginSending(config)
      await silent.say({ is: 'segment', at: 0, bytes: 2000 })
      await silent.write(archive.subarray(0, 1500))
      using next = await beginSending(config)
      expect(next.state.at).toBe(0)
      await next.segment(archive, 2000)
      await expect(silent.listen()).rejects.toThrow(Cut)
    })
  })
})

describe.concurrent('what cannot be stored ends the mover, in words, and leaves nothing', () => {
  const receiveRefused = async (
    work: Workplace,
    changes: Partial<FileIdentity>,
    config: Partial<ReceiveConfig> = {},
  ): Promise<MoverResult> => {
    const whichever = work.receiveConfig(config)
    const [result] = await Promise.all([
      receiveHere(whichever),
      send(whichever, { ...whole, file: { ...file, ...changes } }),
    ])
    expect((await work.listing()).filter((name) => !emptyListing.includes(name))).toEqual([])
    return result
  }

  test('too large', async ({ work }) => {
    const result = await receiveRefused(work, {}, { maxSizeBytes: archive.length - 1 })
    expect(result).toMatchObject({
      exitCode: exitCodes.tooLarge,
      message: expect.stringContaining('spec.mover.stream.maxSize') as string,
    })
  })

  test('empty', async ({ work }) => {
    expect(await receiveRefused(work, { sizeBytes: 0 })).toMatchObject({
      exitCode: exitCodes.sourceMissing,
      modifiedAt: file.modifiedAt,
    })
  })

  test.for([
    ['newer than every batch', '2023-11-14T22:20:00Z', exitCodes.superseded],
    ['older than every batch', '2023-11-14T22:00:00Z', exitCodes.sourceMissing],
  ] as const)('%s', async ([, modifiedAt, exitCode], { work }) => {
    expect(await receiveRefused(work, { modifiedAt })).toMatchObject({
      exitCode,
      modifiedAt: modifiedAt.replace('Z', '.000000000Z'),
    })
  })

  test('no archive', async ({ work }) => {
    const bytes = Buffer.from('no archive at all')
    const config = work.receiveConfig()
    const [result] = await Promise.all([
      receiveHere(config),
      send(config, { bytes, file: { ...file, sizeBytes: bytes.length }, segmentBytes: 5 }),
    ])
    expect(result.exitCode).toBe(exitCodes.archiveBad)
    expect(await work.listing()).toEqual(emptyListing)
  })

  test('what the sender cannot send, in its own words', async ({ work }) => {
    const config = work.receiveConfig()
    const ended = receiveHere(config)
    using sender = await Sender.open(config)
    await sender.say({ is: 'refusal', exitCode: exitCodes.toolsMissing, message: 'Container search has no dd.' })
    expect(await ended).toEqual({ exitCode: exitCodes.toolsMissing, message: 'Container search has no dd.' })
  })
})
