// A waiting mover is killed, or the kernel says no, at every step: what stands under the final name is whole, and the next mover comes to the same end.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import type { FileIdentity, ReceiveConfig } from '../../../../src/mover/contract.ts'
import { snapshotEntries, tarOf } from '../../../support/mover/archive-writer.ts'
import { inject, killAt } from '../../../support/mover/faults.ts'
import { moverTest as test } from '../../../support/mover/test.ts'
import { emptyListing, storedListing } from '../../../support/mover/mover.ts'
import type { Ended, How, Workplace } from '../../../support/mover/mover.ts'
import { send, Sender } from '../../../support/mover/stream-sender.ts'

vi.setConfig({ testTimeout: 240_000 })

const mebibyte = 1024 * 1024
const archive = gzipSync(tarOf(snapshotEntries('1.21.0', randomBytes(5 * mebibyte))), { level: 1 })
const file: FileIdentity = { inode: '4711', sizeBytes: archive.length, modifiedAt: '2023-11-14T22:13:50.500000000Z' }

/** One mover, and somebody who sends to it until it has ended. */
async function streamUntilEnd(work: Workplace, how: How = {}, changes: Partial<ReceiveConfig> = {}): Promise<Ended> {
  const config = work.receiveConfig(changes)
  const over = new AbortController()
  const ends = work.perform(config, how).finally(() => over.abort())
  const sending = (async () => {
    while (!over.signal.aborted)
      await Promise.race([send(config, { bytes: archive, file, segmentBytes: mebibyte }), ends]).catch(() => undefined)
  })()
  const ended = await ends
  await sending
  return ended
}

async function expectWholeOrNothing(work: Workplace): Promise<void> {
  if (!existsSync(work.final)) return
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: work.final })
  expect((await readFile(join(work.final, 'data.ms.snapshot'))).equals(archive)).toBe(true)
}

async function expectStoredByNext(work: Workplace): Promise<void> {
  const { code, result } = await streamUntilEnd(work, {}, { attempt: `2-${work.receiveConfig().attempt}` })
  expect(code, result.message).toBe(0)
  expect(await work.listing()).toEqual(storedListing)
  await expectWholeOrNothing(work)
}

describe.concurrent('killed', () => {
  test.for([
    ['at the first write', 'pwrite64', 1],
    ['in the middle of the writes', 'pwrite64', 20],
    ['at the flush of the copy', 'fdatasync', 1],
    ['at the flush of the file', 'fsync', 1],
    ['at the flush of the manifest', 'fsync', 2],
    ['at the flush of the sums', 'fsync', 3],
    ['at the flush of the partial directory', 'fsync', 4],
    ['at the final rename', 'rename', 1],
    ['after the rename, at the flush of its parent', 'fsync', 5],
    ['after the rename, at the flush of the root', 'fsync', 7],
  ] as const)('%s', async ([, call, nth], { work }) => {
    const { signal, code } = await streamUntilEnd(work, killAt(call, nth))
    expect(signal ?? code).toBe('SIGKILL')
    await expectWholeOrNothing(work)
    await expectStoredByNext(work)
  })
})

describe.concurrent('an error of the kernel', () => {
  test.for([
    ['writing', 'pwrite64', 'EIO', 3, exitCodes.inputOutput],
    ['writing on a full disk', 'pwrite64', 'ENOSPC', 5, exitCodes.noSpace],
    ['the flush of the copy', 'fdatasync', 'EIO', 1, exitCodes.inputOutput],
    ['the rename', 'rename', 'EIO', 1, exitCodes.inputOutput],
  ] as const)(
    'at %s (%s %s): the right exit code, nothing stored, nothing left',
    async ([, call, error, nth, expected], { work }) => {
      const { code, result } = await streamUntilEnd(work, inject(call, `error=${error}`, { nth }))
      expect(code, result.message).toBe(expected)
      expect(result.message).toContain(`(${error})`)
      expect((await work.listing()).filter((path) => !emptyListing.includes(path))).toEqual([])
      await expectStoredByNext(work)
    },
  )
})

describe.concurrent('while it waits', () => {
  test('SIGTERM ends it: the partial directory goes, exit 143', async ({ work }) => {
    const config = work.receiveConfig()
    const move = work.perform(config, {
      meanwhile: (child) =>
        void (async () => {
          using sender = await Sender.open(config)
          await sender.say({ is: 'file', file })
          await sender.listen()
          await sender.segment(archive, mebibyte)
          // The sender stays: it is the signal that ends the mover.
          const ended = once(child, 'exit')
          child.kill('SIGTERM')
          await ended
        })(),
    })
    const { code, progress } = await move
    expect(code).toBe(exitCodes.terminated)
    expect(progress[0]).toEqual({ step: 'copying', bytesDone: 0, bytesTotal: archive.length })
    expect(await work.listing()).toEqual(emptyListing)
  })

  test.for([
    ['at all', false],
    ['any more', true],
  ] as const)('nothing comes %s: exit 33 after stallSeconds, with what to look at', async ([, begun], { work }) => {
    const config = work.receiveConfig({ stallSeconds: 1 })
    const meanwhile = (): void => {
      if (begun) void send(config, { bytes: archive, file, segmentBytes: mebibyte, cutAfter: 2 * mebibyte })
    }
    const { code, result } = await work.perform(config, { meanwhile })
    expect(code).toBe(exitCodes.streamBroken)
    expect(result.message).toMatch(
      /^Nothing came for 1 s, at \d+ of \d+ bytes; is the operator running, and may it execute commands in pods/,
    )
    expect((await work.listing()).filter((path) => !emptyListing.includes(path))).toEqual([])
  })
})
