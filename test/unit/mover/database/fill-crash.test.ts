// The filler is killed, or the kernel says no, at every step: the end is always the same database, or none, and never a half.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { snapshotEntries, tarOf, type Entry } from '../../../support/mover/archive-writer.ts'
import { inject, killAt, stopAfter } from '../../../support/mover/faults.ts'
import { diskTest, isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'
import { Workplace, type Ended } from '../../../support/mover/mover.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'
import { recordCalls, type Call } from '../../../support/mover/record/recorded-calls.ts'

vi.setConfig({ testTimeout: 240_000 })

const mebibyte = 1024 * 1024
const entriesOf = (mebibytes: number): Entry[] => snapshotEntries('1.21.0', randomBytes(mebibytes * mebibyte))
/** Three blocks of the large file. */
const entries = entriesOf(3)
const archive = gzipSync(tarOf(entries), { level: 1 })
/** There is a flush on the way, too. */
const largeEntries = entriesOf(34)
const large = gzipSync(tarOf(largeEntries), { level: 1 })

const listing = [
  'data.ms/',
  'data.ms/VERSION',
  'data.ms/indexes/',
  'data.ms/indexes/0b6f2c1e-0000-4000-8000-000000000000/',
  'data.ms/indexes/0b6f2c1e-0000-4000-8000-000000000000/data.mdb',
  'data.ms/restored-from.json',
  'data.ms/tasks/',
  'data.ms/tasks/data.mdb',
]

/** Where a database stands, it must be whole and true. */
async function expectWholeOrNothing(work: Workplace, expected = entries): Promise<void> {
  if (!existsSync(join(work.destination, 'data.ms'))) return
  expect((await work.listing()).filter((path) => path.startsWith('data.ms/'))).toEqual(listing)
  for (const { name, body } of expected.filter((entry) => entry.body !== undefined))
    expect((await readFile(join(work.destination, 'data.ms', name))).equals(body!), name).toBe(true)
  const note = JSON.parse(await readFile(join(work.destination, 'data.ms/restored-from.json'), 'utf8')) as object
  expect(note).toMatchObject({ restoreUid: work.fillConfig().object.uid })
}

const fill = (work: Workplace, attempt = '1'): ReturnType<Workplace['fillConfig']> => work.fillConfig({ attempt })

async function expectFilledByNextRun(work: Workplace, expected = entries): Promise<void> {
  const { code, result } = await work.perform(fill(work, '2'))
  expect(code, result.message).toBe(0)
  expect(await work.listing()).toEqual(listing)
  await expectWholeOrNothing(work, expected)
}

/** What a run that was killed leaves, of which the removal has steps, too. */
async function layLeftover(work: Workplace): Promise<void> {
  const partial = join(work.destination, '.data.ms.0a1b2c3d.0-00000000.partial/tasks')
  await mkdir(partial, { recursive: true })
  await writeFile(join(partial, 'data.mdb'), 'half')
}

async function expectSameEndAfter({ name, nth, paths }: Call): Promise<void> {
  const work = await Workplace.create(quickDirectory)
  try {
    await work.lay(archive)
    await layLeftover(work)
    const { signal, code } = await work.perform(fill(work), killAt(name, nth))
    // The main thread is woken by writes too, and not always by as many.
    if (name !== 'write') expect(signal ?? code, `${name} ${nth} ${paths.join(' ')}`).toBe('SIGKILL')
    await expectWholeOrNothing(work)
    await expectFilledByNextRun(work)
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
    await work.perform(fill(work))
    const wholeRunMs = performance.now() - begin
    let cutShort = 0
    for (let round = 0; round < 15; round++) {
      await rm(join(work.destination, 'data.ms'), { recursive: true, force: true })
      const afterMs = wholeRunMs * (0.1 + 0.8 * Math.random())
      await work.perform(fill(work), { meanwhile: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs) })
      if (!existsSync(join(work.destination, 'data.ms'))) cutShort++
      await expectWholeOrNothing(work)
    }
    expect(cutShort).toBeGreaterThan(0)
    await expectFilledByNextRun(work)
  })

  test('at any call that changes or flushes a file or directory, the removal of leftovers included', async ({
    work,
  }) => {
    await work.lay(archive)
    await layLeftover(work)
    const { calls } = await recordCalls(work, { config: fill(work), threads: 1 })
    const points = calls.filter(({ name, flags }) => name !== 'openat' || flags.includes('O_CREAT'))
    const counts = Object.entries(Object.groupBy(points, ({ name }) => name)).map(
      ([name, { length }]) => [name, length] as const,
    )
    console.log(`filler killed at ${points.length} calls: ${counts.map((each) => each.join(' ')).join(', ')}`)
    // Files and directories; the partial directory twice, and the destination.
    expect(Object.fromEntries(counts)).toMatchObject({
      mkdir: 4,
      openat: 4,
      pwrite64: 5,
      ftruncate: 3,
      fsync: 10,
      rename: 2,
      unlink: 1,
      rmdir: 2,
    })
    const next = async (): Promise<void> => {
      for (let point = points.pop(); point !== undefined; point = points.pop()) await expectSameEndAfter(point)
    }
    await Promise.all([next(), next(), next()])
  })

  test('after the rename: the next run finds the database, also when the source is gone', async ({ work }) => {
    await work.lay(archive)
    const config = fill(work)
    const { calls } = await recordCalls(work, { config, threads: 1 })
    await rm(join(work.destination, 'data.ms'), { recursive: true })
    await work.perform(config, killAt('fsync', calls.findLast(({ name }) => name === 'fsync')?.nth ?? 0))
    expect(existsSync(join(work.destination, 'data.ms'))).toBe(true)
    await rm(work.file)
    const { code, result } = await work.perform({ ...config, attempt: '2' })
    expect(code, result.message).toBe(0)
    expect(result.filled?.alreadyThere).toBe(true)
  })
})

describe.concurrent('ended from outside', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    'by %s while it unpacks: the partial directory goes, exit 143',
    async (signal, { work }) => {
      await work.lay(large)
      const { code, result, progress } = await work.perform(
        fill(work),
        stopAfter({ call: 'pwrite64', nth: 3 }, (mover) => process.kill(mover, signal)),
      )
      expect(code, result.message).toBe(exitCodes.terminated)
      expect(progress.at(-1)?.step).toBe('unpacking')
      expect(result.message).toContain(signal)
      expect(await work.listing()).toEqual([])
    },
  )

  test('as no byte moved for `stallSeconds`: exit 32 although a flush still hangs in the kernel, and the partial directory goes', async ({
    work,
  }) => {
    await work.lay(large)
    const config = { ...fill(work), stallSeconds: 3 }
    const { code, result } = await work.perform(config, inject('fdatasync', 'delay_enter=9000000:when=1'))
    expect(code, result.message).toBe(exitCodes.stalled)
    expect(result.message).toMatch(/Nothing moved for 3 s while unpacking, at \d+ of \d+ bytes/)
    expect(await work.listing()).toEqual([])
  })

  test('over the own deadline: exit 32, the partial directory goes', async ({ work }) => {
    await work.lay(large)
    const config = { ...fill(work), deadlineSeconds: 1 }
    const { code, result } = await work.perform(config, inject('pwrite64', 'delay_enter=500000'))
    expect(code, result.message).toBe(exitCodes.stalled)
    expect(result.message).toContain('did not finish in 1 s')
    expect(await work.listing()).toEqual([])
  })
})

describe.concurrent('an error of the kernel', () => {
  test.for([
    { when: 'reading the snapshot', call: 'pread64', error: 'EIO', nth: 4, expected: exitCodes.inputOutput },
    { when: 'writing', call: 'pwrite64', error: 'EIO', nth: 3, expected: exitCodes.inputOutput },
    { when: 'writing on a full disk', call: 'pwrite64', error: 'ENOSPC', nth: 2, expected: exitCodes.noSpace },
    { when: 'writing over the quota', call: 'pwrite64', error: 'EDQUOT', nth: 5, expected: exitCodes.noSpace },
    { when: 'cutting a file', call: 'ftruncate', error: 'EIO', nth: 2, expected: exitCodes.inputOutput },
    { when: 'the flush of the first file', call: 'fsync', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    { when: 'the flush of the last file', call: 'fsync', error: 'ENOSPC', nth: 3, expected: exitCodes.noSpace },
    { when: 'the flush of a directory', call: 'fsync', error: 'EIO', nth: 4, expected: exitCodes.inputOutput },
    { when: 'the flush of the note', call: 'fsync', error: 'EIO', nth: 8, expected: exitCodes.inputOutput },
    { when: 'the flush of the partial', call: 'fsync', error: 'EIO', nth: 9, expected: exitCodes.inputOutput },
    { when: 'the flush after the rename', call: 'fsync', error: 'EIO', nth: 10, expected: exitCodes.inputOutput },
    { when: 'the rename', call: 'rename', error: 'EIO', nth: 1, expected: exitCodes.inputOutput },
    { when: 'making the partial', call: 'mkdir', error: 'EROFS', nth: 1, expected: exitCodes.permissionDenied },
    { when: 'making a directory', call: 'mkdir', error: 'ENOSPC', nth: 3, expected: exitCodes.noSpace },
  ])(
    'at $when ($call $error): the right exit code, one sentence, no database, nothing left',
    async ({ call, error, nth, expected }, { work }) => {
      await work.lay(archive)
      const { code, result } = await work.perform(fill(work), inject(call, `error=${error}`, { nth }))
      expect(code, result.message).toBe(expected)
      expect(result.message).toContain(`(${error})`)
      if (expected === exitCodes.noSpace) expect(result.space?.neededBytes).toBeGreaterThan(67 * mebibyte)
      expect(await work.listing()).toEqual([])
      await expectFilledByNextRun(work)
    },
  )

  test('at the flush that goes along behind the writes of a large file', async ({ work }) => {
    await work.lay(large)
    const { code, result } = await work.perform(fill(work), inject('fdatasync', 'error=EIO', { nth: 1 }))
    expect(code, result.message).toBe(exitCodes.inputOutput)
    expect(await work.listing()).toEqual([])
    await expectFilledByNextRun(work, largeEntries)
  })

  diskTest('a file system that refuses direct writes will do', async ({ work, skip }) => {
    await work.lay(archive)
    const { calls } = await recordCalls(work, { config: fill(work), threads: 1 })
    skip(!calls.some(({ flags }) => flags.includes('O_WRONLY|O_DIRECT')), 'this file system refuses by itself')
    await rm(join(work.destination, 'data.ms'), { recursive: true })
    const { code, result } = await work.perform(fill(work), inject('pwrite64', 'error=EINVAL', { nth: 1 }))
    expect(code, result.message).toBe(0)
    expect(await work.listing()).toEqual(listing)
    await expectWholeOrNothing(work)
  })
})

test('two fillers of one restore at once end with one whole database and nothing else, whoever is first', async ({
  work,
}) => {
  await work.lay(archive)
  for (let round = 0; round < 4; round++) {
    const runs: Promise<Ended>[] = []
    for (const attempt of ['1', '1', '2']) {
      runs.push(work.perform(fill(work, attempt)))
      await pause(Math.random() * 200)
    }
    expect((await Promise.all(runs)).map(({ code }) => code)).toContain(0)
    await expectWholeOrNothing(work)
    expect((await work.perform(fill(work))).result.filled?.alreadyThere).toBe(true)
    expect(await work.listing()).toEqual(listing)
    await rm(join(work.destination, 'data.ms'), { recursive: true })
  }
})

test('a directory that comes under the final name meanwhile is left as it is', async ({ work }) => {
  await work.lay(archive)
  const { calls } = await recordCalls(work, { config: fill(work), threads: 1 })
  await rm(join(work.destination, 'data.ms'), { recursive: true })
  const come = async (): Promise<void> => {
    await mkdir(join(work.destination, 'data.ms'))
    await writeFile(join(work.destination, 'data.ms/VERSION'), 'a server of somebody else')
  }
  const last = calls.filter(({ name }) => name === 'fsync').at(-2)?.nth ?? 0
  const { code, result } = await work.perform(fill(work), stopAfter({ call: 'fsync', nth: last }, come))
  expect(code, result.message).toBe(exitCodes.destinationConflict)
  expect(await work.listing()).toEqual(['data.ms/', 'data.ms/VERSION'])
})

describe.runIf(isRoot)('a disk that fills up on the way (only as root: it is mounted)', () => {
  test('noSpace with what is free then, and nothing left', async ({ work }) => {
    await work.lay(large)
    await withDisk(work.destination, 'size=120m', async () => {
      const takeSpace = (): Promise<void> => writeFile(join(work.destination, 'other'), Buffer.alloc(110 * mebibyte))
      const { code, result } = await work.perform(fill(work), stopAfter({ call: 'pwrite64', nth: 2 }, takeSpace))
      expect(code, result.message).toBe(exitCodes.noSpace)
      expect(result.space?.freeBytes).toBeLessThan(12 * mebibyte)
      expect(await work.listing()).toEqual(['other'])
    })
  })
})
