// The mover is killed, or the kernel says no, at every step: the end is always the same artifact, or none, and never a half.
import { execFileSync, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { exitCodes } from '../../../src/mover/contract.ts'
import { snapshotEntries, tarOf } from '../../support/archive-writer.ts'
import { emptyListing, storedListing, Workplace, type Ended } from '../../support/mover.ts'

vi.setConfig({ testTimeout: 60_000 })

let work: Workplace
beforeEach(async () => void (work = await Workplace.create()))
afterEach(() => work.remove())

/** 24 MiB: more than one flush on the way. */
const archive = gzipSync(tarOf(snapshotEntries('1.21.0', randomBytes(24 * 1024 * 1024))), { level: 1 })

/** strace counts the calls of each thread apart: with one thread in the pool the nth call is the nth of all. */
const oneThread = { UV_THREADPOOL_SIZE: '1' }

/** Runs the mover so that the kernel, at the nth such call, does what `action` says. */
function inject(calls: string, action: string): string[] {
  return ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:${action}`]
}

/** Where a final directory stands, it must be whole and true. */
async function expectWholeOrNothing(): Promise<void> {
  if (!existsSync(work.final)) return
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: work.final })
  expect((await readFile(join(work.final, 'data.ms.snapshot'))).equals(archive)).toBe(true)
}

async function expectStoredByNextRun(): Promise<void> {
  const { code, result } = await work.run({ config: { attempt: '1-2' } })
  expect(code, result.message).toBe(0)
  expect(await work.listing()).toEqual(storedListing)
  await expectWholeOrNothing()
}

describe('killed', () => {
  test('at random moments: whole or nothing under the final name, and the next run ends it without leftovers', async () => {
    await work.lay(archive)
    for (let round = 0; round < 15; round++) {
      const afterMs = 150 + Math.random() * 600
      await work.run({ meanwhile: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs) })
      await expectWholeOrNothing()
    }
    await expectStoredByNextRun()
  })

  test.each([
    ['at the final rename', 'rename', 1],
    ['at the first flush of the copy', 'fdatasync', 1],
    ['at the second flush of the copy', 'fdatasync', 2],
    ['at the flush of the file', 'fsync', 1],
    ['at the flush of the manifest', 'fsync', 2],
    ['at the flush of the sums', 'fsync', 3],
    ['at the flush of the partial directory', 'fsync', 4],
    ['after the rename, at the flush of its parent', 'fsync', 5],
    ['after the rename, at the flush of the root', 'fsync', 7],
  ])('%s', async (_when, call, nth) => {
    await work.lay(archive)
    const { signal, code } = await work.run({ prefix: inject(call, `signal=SIGKILL:when=${nth}`), environment: oneThread })
    expect(signal ?? code).toBe('SIGKILL')
    await expectWholeOrNothing()
    await expectStoredByNextRun()
  })

  test('and nothing of it is lost if the source is gone after the rename', async () => {
    await work.lay(archive)
    await work.run({ prefix: inject('fsync', 'signal=SIGKILL:when=5'), environment: oneThread })
    await work.lay(Buffer.from('something else'), 1_800_000_000)
    const { code, result } = await work.run()
    expect(code).toBe(0)
    expect(result.stored?.alreadyThere).toBe(true)
  })
})

describe('terminated', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s while copying: the partial directory goes, exit 143', async (signal) => {
    await work.lay(archive)
    const onceCopying = (child: ChildProcess): void => void child.stdout?.once('data', () => process.kill(traced(child), signal))
    const { code, result } = await work.run({ prefix: inject('pwrite64', 'delay_enter=100000'), meanwhile: onceCopying })
    expect(code).toBe(exitCodes.terminated)
    expect(result.message).toContain(signal)
    expect(await work.listing()).toEqual(emptyListing)
  })

  test('while verifying', async () => {
    await work.lay(archive)
    const kill = (child: ChildProcess): void => void child.stdout?.on('data', (text: Buffer) => text.includes('verifying') && child.kill('SIGTERM'))
    const { code } = await work.run({ meanwhile: kill })
    expect(code).toBe(exitCodes.terminated)
    expect(await work.listing()).toEqual(emptyListing)
  })
})

/** strace's child is the mover. */
function traced(strace: ChildProcess): number {
  return Number(execFileSync('pgrep', ['-P', String(strace.pid)], { encoding: 'utf8' }).trim().split('\n')[0])
}

describe('too slow', () => {
  test('no byte for `stallSeconds`: exit 32 although a flush still hangs in the kernel, and the partial directory goes', async () => {
    await work.lay(archive)
    const { code, result } = await work.run({ prefix: inject('fdatasync', 'delay_enter=6000000:when=1'), config: { stallSeconds: 1 } })
    expect(code).toBe(exitCodes.stalled)
    expect(result.message).toMatch(/Nothing moved for 1 s while copying, at \d+ of \d+ bytes/)
    expect(await work.listing()).toEqual(emptyListing)
  })

  test('over the own deadline: exit 32, the partial directory goes', async () => {
    await work.lay(archive)
    const { code, result } = await work.run({ prefix: inject('pwrite64', 'delay_enter=200000'), config: { deadlineSeconds: 1 } })
    expect(code).toBe(exitCodes.stalled)
    expect(result.message).toContain('did not finish in 1 s')
    expect(await work.listing()).toEqual(emptyListing)
  })
})

describe('an error of the kernel', () => {
  test.each([
    { when: 'reading the source', call: 'pread64', error: 'EIO', nth: 20, expected: exitCodes.inputOutput },
    { when: 'writing', call: 'pwrite64', error: 'EIO', nth: 3, expected: exitCodes.inputOutput },
    { when: 'writing on a full disk', call: 'pwrite64', error: 'ENOSPC', nth: 5, expected: exitCodes.noSpace },
    { when: 'writing over the quota', call: 'pwrite64', error: 'EDQUOT', nth: 5, expected: exitCodes.noSpace },
    { when: 'the first flush', call: 'fdatasync', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    { when: 'the last flush of the copy', call: 'fdatasync', error: 'ENOSPC', nth: 2, expected: exitCodes.noSpace },
    { when: 'the flush of the file', call: 'fsync', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    { when: 'the flush of the manifest on a full disk', call: 'fsync', error: 'ENOSPC', nth: 2, expected: exitCodes.noSpace },
    { when: 'the flush of the sums', call: 'fsync', error: 'EIO', nth: 3, expected: exitCodes.inputOutput },
    { when: 'the flush of the partial directory', call: 'fsync', error: 'EIO', nth: 4, expected: exitCodes.inputOutput },
    { when: 'the flush of the parent, after the rename', call: 'fsync', error: 'EIO', nth: 5, expected: exitCodes.inputOutput },
    { when: 'the flush of the root, after the rename', call: 'fsync', error: 'ENOSPC', nth: 7, expected: exitCodes.noSpace },
    { when: 'the rename', call: 'rename', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    { when: 'making the partial directory', call: 'mkdir', error: 'EROFS', nth: 3, expected: exitCodes.permissionDenied },
    { when: 'making a directory of the path', call: 'mkdir', error: 'ENOSPC', nth: 2, expected: exitCodes.noSpace },
    { when: 'setting the mode', call: 'fchmod', error: 'EPERM', nth: 1, expected: exitCodes.permissionDenied },
  ])('at $when ($call $error): the right exit code, one sentence, nothing stored, nothing left', async ({ call, error, nth, expected }) => {
    await work.lay(archive)
    const { code, result } = await work.run({ prefix: inject(call, `error=${error}:when=${nth}`), environment: oneThread })
    expect(code, result.message).toBe(expected)
    expect(result.message).toContain(`(${error})`)
    if (expected === exitCodes.noSpace) expect(result.space?.neededBytes).toBe(archive.length + 64 * 1024 * 1024)
    expect((await work.listing()).filter((path) => !emptyListing.includes(path))).toEqual([])
    await expectStoredByNextRun()
  })

  test('a file system that knows no direct reads and no flush of directories will do', async () => {
    await work.lay(archive)
    const fsync = await work.run({ prefix: inject('fsync', 'error=EINVAL:when=4+'), environment: oneThread })
    expect(fsync.code, fsync.result.message).toBe(0)
    expect(await work.listing()).toEqual(storedListing)
  })
})

describe('two movers of one object at once', () => {
  test('end with one whole artifact and nothing else, whoever is first', async () => {
    await work.lay(archive)
    for (let round = 0; round < 4; round++) {
      const runs: Promise<Ended>[] = []
      for (const attempt of ['1-1', '1-1', '1-2']) {
        runs.push(work.run({ config: { attempt } }))
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 300))
      }
      const codes = (await Promise.all(runs)).map(({ code }) => code)
      expect(codes).toContain(0)
      await expectWholeOrNothing()
      expect((await work.run()).result.stored?.alreadyThere).toBe(true)
      expect(await work.listing()).toEqual(storedListing)
      execFileSync('rm', ['-r', work.final])
    }
  })

  test('the one that is overtaken at the rename reports the artifact of the other', async () => {
    await work.lay(archive)
    // The first waits before its rename; meanwhile the second comes with the first's partial hidden from it.
    const first = work.run({ prefix: inject('rename', 'delay_enter=4000000:when=1') })
    const hidden = join(work.home, 'hidden')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(existsSync(work.final)).toBe(false)
    const partial = (await work.listing()).find((path) => path.endsWith('.partial/'))!
    execFileSync('mv', [join(work.destination, partial), hidden])
    expect((await work.run()).result.stored?.alreadyThere).toBe(false)
    execFileSync('mv', [hidden, join(work.destination, partial)])
    const { code, result } = await first
    expect(code, result.message).toBe(0)
    expect(result.stored).toMatchObject({ alreadyThere: true, sha256: createHash('sha256').update(archive).digest('hex') })
    expect(await work.listing()).toEqual(storedListing)
  })
})

describe.runIf(process.getuid?.() === 0)('a small disk', () => {
  function withDisk(size: string, body: () => Promise<void>): Promise<void> {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', work.destination])
    return body().finally(() => execFileSync('umount', [work.destination]))
  }

  test('with too little room: noSpace with both numbers before anything is made', async () => {
    await work.lay(archive)
    await withDisk('40m', async () => {
      const { code, result } = await work.run()
      expect(code).toBe(exitCodes.noSpace)
      expect(result.space).toEqual({ neededBytes: archive.length + 64 * 1024 * 1024, freeBytes: 40 * 1024 * 1024 })
      expect(await work.listing()).toEqual([])
    })
  })

  test('that fills up during the copy: noSpace, and an earlier artifact of another object stays', async () => {
    await work.lay(archive)
    await withDisk('100m', async () => {
      const fill = (): Promise<void> => writeFile(join(work.destination, 'other'), Buffer.alloc(90 * 1024 * 1024))
      const { code, result } = await work.run({ prefix: inject('pwrite64', 'delay_enter=200000'), meanwhile: (child) => void child.stdout?.once('data', () => void fill()) })
      expect(code, result.message).toBe(exitCodes.noSpace)
      expect(result.space?.freeBytes).toBeGreaterThan(9 * 1024 * 1024)
      expect(result.space?.freeBytes).toBeLessThan(12 * 1024 * 1024)
      expect(await work.listing()).toEqual([...emptyListing, 'other'])
    })
  })

  test('without inodes left: noSpace', async () => {
    await work.lay(archive)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,nr_inodes=5', 'tmpfs', work.destination])
    try {
      const { code, result } = await work.run()
      expect(code).toBe(exitCodes.noSpace)
      expect(result.message).toContain('inodes')
    } finally {
      execFileSync('umount', [work.destination])
    }
  })

  test('that is mounted read-only: permissionDenied', async () => {
    await work.lay(archive)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=200m', 'tmpfs', work.destination])
    try {
      const { code, result } = await work.run()
      expect(code).toBe(exitCodes.permissionDenied)
      expect(result.message).toContain('read-only')
    } finally {
      execFileSync('umount', [work.destination])
    }
  })
})

test('a leftover that holds a deep tree is removed too', async () => {
  await work.lay(archive)
  await mkdir(join(work.parent, '.nightly-0a1b2c3d.0-1-00000000.partial/a/b/c'), { recursive: true })
  await expectStoredByNextRun()
})
