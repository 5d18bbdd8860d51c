// The mover is killed, or the kernel says no, at every step: the end is always the same artifact, or none, and never a half.
import { execFileSync, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { snapshotEntries, tarOf } from '../../../support/mover/archive-writer.ts'
import { inject, killAt, stopAfter, moverPid } from '../../../support/mover/faults.ts'
import { isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'
import { emptyListing, storedListing, Workplace, type Ended } from '../../../support/mover/mover.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'
import { recordCalls, type Call } from '../../../support/mover/record/recorded-calls.ts'

vi.setConfig({ testTimeout: 240_000 })

const mebibyte = 1024 * 1024
const archiveOf = (mebibytes: number): Buffer =>
  gzipSync(tarOf(snapshotEntries('1.21.0', randomBytes(mebibytes * mebibyte))), { level: 1 })
/** Six blocks. */
const archive = archiveOf(5)
/** 18 blocks: there is a flush on the way, too. */
const large = archiveOf(17)

/** Where a final directory stands, it must be whole and true. */
async function expectWholeOrNothing(work: Workplace, bytes = archive): Promise<void> {
  if (!existsSync(work.final)) return
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: work.final })
  expect((await readFile(join(work.final, 'data.ms.snapshot'))).equals(bytes)).toBe(true)
}

async function expectStoredByNextRun(work: Workplace, bytes = archive): Promise<void> {
  const { code, result } = await work.run({ config: { attempt: '1-2' } })
  expect(code, result.message).toBe(0)
  expect(await work.listing()).toEqual(storedListing)
  await expectWholeOrNothing(work, bytes)
}

async function expectSameEndAfter({ name, nth, paths }: Call): Promise<void> {
  const work = await Workplace.create(quickDirectory)
  try {
    await work.lay(archive)
    const { signal, code } = await work.run(killAt(name, nth))
    // The main thread is woken by writes too, and not always by as many.
    if (name !== 'write') expect(signal ?? code, `${name} ${nth} ${paths.join(' ')}`).toBe('SIGKILL')
    await expectWholeOrNothing(work)
    await expectStoredByNextRun(work)
  } finally {
    await work.remove()
  }
}

describe.concurrent('killed', () => {
  test('at random moments: whole or nothing under the final name, and the next run ends it without leftovers', async ({
    work,
  }) => {
    await work.lay(archive)
    const begin = performance.now()
    await work.run()
    const wholeRunMs = performance.now() - begin
    let cutShort = 0
    for (let round = 0; round < 15; round++) {
      await rm(work.final, { recursive: true, force: true })
      const afterMs = wholeRunMs * (0.1 + 0.8 * Math.random())
      await work.run({ meanwhile: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs) })
      if (!existsSync(work.final)) cutShort++
      await expectWholeOrNothing(work)
    }
    expect(cutShort).toBeGreaterThan(0)
    await expectStoredByNextRun(work)
  })

  test('at any call that changes or flushes a file or directory: whole or nothing, and the next run ends it without leftovers', async ({
    work,
  }) => {
    await work.lay(archive)
    const { calls } = await recordCalls(work, { threads: 1 })
    const points = calls.filter(({ name, flags }) => name !== 'openat' || flags.includes('O_CREAT'))
    const found = Object.entries(Object.groupBy(points, ({ name }) => name)).map(
      ([name, { length }]) => `${name} ${length}`,
    )
    console.log(`mover killed at ${points.length} calls: ${found.join(', ')}`)
    expect(Object.fromEntries(found.map((each) => each.split(' ')))).toMatchObject({
      pwrite64: '6',
      ftruncate: '1',
      fdatasync: '1',
      fsync: '7',
      rename: '1',
    })
    const next = async (): Promise<void> => {
      for (let point = points.pop(); point !== undefined; point = points.pop()) await expectSameEndAfter(point)
    }
    await Promise.all([next(), next(), next()])
  })

  test('and nothing of it is lost if the source is gone after the rename', async ({ work }) => {
    await work.lay(archive)
    await work.run(killAt('fsync', 5))
    await work.lay(Buffer.from('something else'), 1_800_000_000)
    const { code, result } = await work.run()
    expect(code).toBe(0)
    expect(result.stored?.alreadyThere).toBe(true)
  })
})

describe.concurrent('terminated', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    'by %s while copying: the partial directory goes, exit 143',
    async (signal, { work }) => {
      await work.lay(large)
      const onceCopying = (child: ChildProcess): void =>
        void child.stdout?.once('data', () => process.kill(moverPid(child), signal))
      const { code, result } = await work.run({ ...inject('pwrite64', 'delay_enter=100000'), meanwhile: onceCopying })
      expect(code).toBe(exitCodes.terminated)
      expect(result.message).toContain(signal)
      expect(await work.listing()).toEqual(emptyListing)
    },
  )

  test('while verifying', async ({ work }) => {
    await work.lay(large)
    // Of the file's blocks 18 are read from the source, then as many from the copy.
    const { code, progress } = await work.run(
      stopAfter({ call: 'pread64', nth: 25 }, (mover) => process.kill(mover, 'SIGTERM')),
    )
    expect(progress.at(-1)?.step).toBe('verifying')
    expect(code).toBe(exitCodes.terminated)
    expect(await work.listing()).toEqual(emptyListing)
  })
})

describe.concurrent('too slow', () => {
  test('no byte for `stallSeconds`: exit 32 although a flush still hangs in the kernel, and the partial directory goes', async ({
    work,
  }) => {
    await work.lay(large)
    const { code, result } = await work.run({
      ...inject('fdatasync', 'delay_enter=4000000:when=1'),
      config: { stallSeconds: 1 },
    })
    expect(code).toBe(exitCodes.stalled)
    expect(result.message).toMatch(/Nothing moved for 1 s while copying, at \d+ of \d+ bytes/)
    expect(await work.listing()).toEqual(emptyListing)
  })

  test('over the own deadline: exit 32, the partial directory goes', async ({ work }) => {
    await work.lay(large)
    const { code, result } = await work.run({
      ...inject('pwrite64', 'delay_enter=500000'),
      config: { deadlineSeconds: 1 },
    })
    expect(code).toBe(exitCodes.stalled)
    expect(result.message).toContain('did not finish in 1 s')
    expect(await work.listing()).toEqual(emptyListing)
  })
})

describe.concurrent('an error of the kernel', () => {
  test.for([
    { when: 'reading the source', call: 'pread64', error: 'EIO', nth: 4, expected: exitCodes.inputOutput },
    { when: 'writing', call: 'pwrite64', error: 'EIO', nth: 3, expected: exitCodes.inputOutput },
    { when: 'writing on a full disk', call: 'pwrite64', error: 'ENOSPC', nth: 5, expected: exitCodes.noSpace },
    { when: 'writing over the quota', call: 'pwrite64', error: 'EDQUOT', nth: 5, expected: exitCodes.noSpace },
    { when: 'the first flush', call: 'fdatasync', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    { when: 'the last flush of the copy', call: 'fdatasync', error: 'ENOSPC', nth: 2, expected: exitCodes.noSpace },
    { when: 'the flush of the file', call: 'fsync', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    {
      when: 'the flush of the manifest on a full disk',
      call: 'fsync',
      error: 'ENOSPC',
      nth: 2,
      expected: exitCodes.noSpace,
    },
    { when: 'the flush of the sums', call: 'fsync', error: 'EIO', nth: 3, expected: exitCodes.inputOutput },
    {
      when: 'the flush of the partial directory',
      call: 'fsync',
      error: 'EIO',
      nth: 4,
      expected: exitCodes.inputOutput,
    },
    {
      when: 'the flush of the parent, after the rename',
      call: 'fsync',
      error: 'EIO',
      nth: 5,
      expected: exitCodes.inputOutput,
    },
    {
      when: 'the flush of the root, after the rename',
      call: 'fsync',
      error: 'ENOSPC',
      nth: 7,
      expected: exitCodes.noSpace,
    },
    { when: 'the rename', call: 'rename', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    {
      when: 'making the partial directory',
      call: 'mkdir',
      error: 'EROFS',
      nth: 3,
      expected: exitCodes.permissionDenied,
    },
    { when: 'making a directory of the path', call: 'mkdir', error: 'ENOSPC', nth: 2, expected: exitCodes.noSpace },
    { when: 'setting the mode', call: 'fchmod', error: 'EPERM', nth: 2, expected: exitCodes.permissionDenied },
  ])(
    'at $when ($call $error): the right exit code, one sentence, nothing stored, nothing left',
    async ({ call, error, nth, expected }, { work }) => {
      const bytes = call === 'fdatasync' ? large : archive
      await work.lay(bytes)
      const { code, result } = await work.run(inject(call, `error=${error}`, { nth }))
      expect(code, result.message).toBe(expected)
      expect(result.message).toContain(`(${error})`)
      if (expected === exitCodes.noSpace) expect(result.space?.neededBytes).toBe(bytes.length + 64 * mebibyte)
      expect((await work.listing()).filter((path) => !emptyListing.includes(path))).toEqual([])
      await expectStoredByNextRun(work, bytes)
    },
  )

  test.for([
    ['when they are opened', 'openat', undefined],
    ['at the first write', 'pwrite64', 1],
    ['at the last write', 'pwrite64', 6],
    ['when it is read back', 'pread64', 10],
  ] as const)(
    'a file system that refuses direct reads and writes %s will do',
    async ([_when, call, nth], { work, skip }) => {
      await work.lay(archive)
      const opened = await nthDirectOpen(work)
      skip(opened === undefined, 'this file system refuses by itself')
      const { code, result } = await work.run(inject(call, 'error=EINVAL', { nth: nth ?? opened ?? 0 }))
      expect(code, result.message).toBe(0)
      await expectWholeOrNothing(work)
      expect(await work.listing()).toEqual(storedListing)
    },
  )

  test('a file system that knows no flush of directories will do', async ({ work }) => {
    await work.lay(archive)
    const fsync = await work.run(inject('fsync', 'error=EINVAL', { nth: '4+' }))
    expect(fsync.code, fsync.result.message).toBe(0)
    expect(await work.listing()).toEqual(storedListing)
  })
})

/** Which open of the one thread in the pool is the one of the target for direct writes. */
async function nthDirectOpen(work: Workplace): Promise<number | undefined> {
  const { calls } = await recordCalls(work, { threads: 1 })
  await rm(work.parent, { recursive: true })
  return calls.find(({ name, flags }) => name === 'openat' && flags.includes('O_WRONLY|O_DIRECT'))?.nth
}

describe.concurrent('two movers of one object at once', () => {
  test('end with one whole artifact and nothing else, whoever is first', async ({ work }) => {
    await work.lay(archive)
    for (let round = 0; round < 4; round++) {
      const runs: Promise<Ended>[] = []
      for (const attempt of ['1-1', '1-1', '1-2']) {
        runs.push(work.run({ config: { attempt } }))
        await pause(Math.random() * 200)
      }
      const codes = (await Promise.all(runs)).map(({ code }) => code)
      expect(codes).toContain(0)
      await expectWholeOrNothing(work)
      expect((await work.run()).result.stored?.alreadyThere).toBe(true)
      expect(await work.listing()).toEqual(storedListing)
      await rm(work.final, { recursive: true })
    }
  })

  test('the one that is overtaken at the rename reports the artifact of the other', async ({ work }) => {
    await work.lay(archive)
    // The first stands still before its rename; meanwhile the second comes, with the first's partial hidden from it.
    const second = async (): Promise<void> => {
      const hidden = join(work.home, 'hidden')
      const partial = (await work.listing()).find((path) => path.endsWith('.partial/'))!
      execFileSync('mv', [join(work.destination, partial), hidden])
      expect((await work.run()).result.stored?.alreadyThere).toBe(false)
      execFileSync('mv', [hidden, join(work.destination, partial)])
    }
    const { code, result } = await work.run(stopAfter({ call: 'fsync', nth: 4 }, second))
    expect(code, result.message).toBe(0)
    expect(result.stored).toMatchObject({
      alreadyThere: true,
      sha256: createHash('sha256').update(archive).digest('hex'),
    })
    expect(await work.listing()).toEqual(storedListing)
  })
})

describe.runIf(isRoot).concurrent('a small disk (only as root: it is mounted)', () => {
  test('with too little space: noSpace with both numbers before anything is made', async ({ work }) => {
    await work.lay(archive)
    await withDisk(work.destination, 'size=40m', async () => {
      const { code, result } = await work.run()
      expect(code).toBe(exitCodes.noSpace)
      expect(result.space).toEqual({ neededBytes: archive.length + 64 * mebibyte, freeBytes: 40 * mebibyte })
      expect(await work.listing()).toEqual([])
    })
  })

  test('that fills up during the copy: noSpace, and an earlier artifact of another object stays', async ({ work }) => {
    await work.lay(large)
    await withDisk(work.destination, 'size=100m', async () => {
      const fill = (): Promise<void> => writeFile(join(work.destination, 'other'), Buffer.alloc(90 * mebibyte))
      const { code, result } = await work.run(stopAfter({ call: 'pwrite64', nth: 2 }, fill))
      expect(code, result.message).toBe(exitCodes.noSpace)
      expect(result.space?.freeBytes).toBeGreaterThan(9 * mebibyte)
      expect(result.space?.freeBytes).toBeLessThan(12 * mebibyte)
      expect(await work.listing()).toEqual([...emptyListing, 'other'])
    })
  })

  test('without inodes left: noSpace', async ({ work }) => {
    await work.lay(archive)
    await withDisk(work.destination, 'size=200m,nr_inodes=5', async () => {
      const { code, result } = await work.run()
      expect(code).toBe(exitCodes.noSpace)
      expect(result.message).toContain('inodes')
    })
  })

  test('that is mounted read-only: permissionDenied', async ({ work }) => {
    await work.lay(archive)
    await withDisk(work.destination, 'ro,size=200m', async () => {
      const { code, result } = await work.run()
      expect(code).toBe(exitCodes.permissionDenied)
      expect(result.message).toContain('read-only')
    })
  })
})

test('a leftover that holds a deep tree is removed too', async ({ work }) => {
  await work.lay(archive)
  await mkdir(join(work.parent, '.nightly-0a1b2c3d.0-1-00000000.partial/a/b/c'), { recursive: true })
  await expectStoredByNextRun(work)
})
