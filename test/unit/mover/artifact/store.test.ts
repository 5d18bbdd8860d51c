import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { manifest } from '../../../../src/mover/artifact/manifest-schema.ts'
import { snapshotArchive } from '../../../support/mover/archive-writer.ts'
import { stopAfter } from '../../../support/mover/faults.ts'
import { diskTest, isRoot, moverTest as test } from '../../../support/mover/test.ts'
import { emptyListing, storedListing, type Workplace } from '../../../support/mover/mover.ts'

vi.setConfig({ testTimeout: 240_000 })

const archive = snapshotArchive()
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe.concurrent('a good snapshot', () => {
  diskTest('is stored with its manifest and its sums, and nothing else remains', async ({ work }) => {
    await work.lay(archive)
    const inode = String((await stat(work.file, { bigint: true })).ino)
    const modifiedAt = '2023-11-14T22:13:50.500000000Z'
    const { code, result, progress, terminationMessage, stdout } = await work.run()
    expect(code, result.message).toBe(0)
    expect(result).toMatchObject({
      exitCode: 0,
      stored: {
        inode,
        sizeBytes: archive.length,
        modifiedAt,
        sha256: sha256(archive),
        taskUid: 7,
        batchUid: 5,
        alreadyThere: false,
        replacedDuringCopy: false,
      },
    })
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(terminationMessage)
    expect(progress.map(({ step }) => step)).toEqual(['copying', 'verifying', 'committing'])
    expect(progress.at(-1), 'no byte is left to be brought').toEqual({
      step: 'committing',
      bytesDone: archive.length,
      bytesTotal: archive.length,
    })
    expect(await work.listing()).toEqual(storedListing)
    expect(await readFile(join(work.final, 'data.ms.snapshot'))).toEqual(archive)
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: work.final, encoding: 'utf8' })).toBe(
      'data.ms.snapshot: OK\nmanifest.json: OK\n',
    )
    for (const name of ['data.ms.snapshot', 'manifest.json', 'SHA256SUMS'])
      expect(await work.modeOf(join(work.final, name))).toBe('440')
    const content = manifest.parse(JSON.parse(await readFile(join(work.final, 'manifest.json'), 'utf8')))
    expect(content).toMatchObject({
      ...work.config().describes,
      task: { uid: 7, batchUid: 5 },
      file: {
        name: 'data.ms.snapshot',
        sizeBytes: String(archive.length),
        sha256: sha256(archive),
        modifiedAt,
        uncompressedBytes: String(6 + 13 + 8192 + 3000),
      },
      source: { claim: 'search-data', path: 'snapshots', inode, replacedDuringCopy: false },
      mover: { version: '0.1.0', attempt: '1-1' },
      verified: { mode: 'Archive', archiveVersion: '1.21.0', entries: 6 },
    })
  })

  diskTest(
    'says of its content what is known of its own batch, and nothing that is known of another one',
    async ({ work }) => {
      await work.lay(archive)
      const { describes, destination } = work.config()
      const storeWith = async (directory: string, facts: typeof describes.facts): Promise<unknown> => {
        const { code } = await work.run({
          config: { describes: { ...describes, facts }, destination: { ...destination, directory } },
        })
        expect(code).toBe(0)
        const at = join(dirname(work.final), directory, 'manifest.json')
        const {
          countsExact,
          tasksEnqueued,
          facts: none,
        } = JSON.parse(await readFile(at, 'utf8')) as Record<string, unknown>
        return { countsExact, tasksEnqueued, none }
      }
      expect(await storeWith('known-0a1b2c3d', { batchUid: 5, countsExact: true, tasksEnqueued: 3 })).toEqual({
        countsExact: true,
        tasksEnqueued: 3,
      })
      expect(await storeWith('half-0a1b2c3d', { batchUid: 5, countsExact: false })).toEqual({ countsExact: false })
      expect(await storeWith('other-0a1b2c3d', { batchUid: 6, countsExact: true, tasksEnqueued: 0 })).toEqual({
        countsExact: false,
      })
      expect(await storeWith('silent-0a1b2c3d', undefined)).toEqual({})
    },
  )

  diskTest('is found by a second run, which says the same again and touches nothing', async ({ work }) => {
    await work.lay(archive)
    const first = await work.run()
    const written = await readFile(join(work.final, 'manifest.json'), 'utf8')
    await rm(work.file)
    const second = await work.run({ config: { attempt: '1-2' } })
    expect(second.code).toBe(0)
    expect(second.result.stored).toEqual({ ...first.result.stored, alreadyThere: true })
    expect(await readFile(join(work.final, 'manifest.json'), 'utf8')).toBe(written)
    expect(await work.listing()).toEqual(storedListing)
  })

  diskTest('is stored without a look into it when no verification is asked for', async ({ work }) => {
    await work.lay(Buffer.from('no archive at all'))
    const { code, progress } = await work.run({ config: { verification: 'None' } })
    expect(code).toBe(0)
    expect(progress.map(({ step }) => step)).toEqual(['copying', 'committing'])
    expect(JSON.parse(await readFile(join(work.final, 'manifest.json'), 'utf8'))).toMatchObject({
      verified: { mode: 'None' },
    })
  })

  diskTest('of any size around the borders of blocks and flushes is copied byte for byte', async ({ work }) => {
    const mebibyte = 1024 * 1024
    const sizes = [
      1,
      511,
      4096,
      mebibyte - 1,
      mebibyte,
      mebibyte + 1,
      4 * mebibyte - 1,
      4 * mebibyte + 1,
      5 * mebibyte,
      16 * mebibyte,
      16 * mebibyte + 7,
      33 * mebibyte + 12_345,
    ]
    for (const size of sizes) {
      const bytes = randomBytes(size)
      await work.lay(bytes)
      const { code, result } = await work.run({ config: { verification: 'None' } })
      expect(code, `${size} bytes: ${result.message}`).toBe(0)
      expect(result.stored).toMatchObject({ sizeBytes: size, sha256: sha256(bytes) })
      expect(execFileSync('sha256sum', [join(work.final, 'data.ms.snapshot')], { encoding: 'utf8' }).slice(0, 64)).toBe(
        sha256(bytes),
      )
      await rm(work.final, { recursive: true })
    }
  })

  diskTest('that is replaced by a newer one during the copy is stored whole, with a note', async ({ work }) => {
    const bytes = randomBytes(8 * 1024 * 1024)
    await work.lay(bytes)
    const newer = async (): Promise<void> => {
      await writeFile(`${work.file}.new`, 'newer')
      await rename(`${work.file}.new`, work.file)
    }
    const { code, result } = await work.run({
      ...stopAfter({ call: 'pwrite64', nth: 1 }, newer),
      config: { verification: 'None' },
    })
    expect(code, result.message).toBe(0)
    expect(result.stored).toMatchObject({ sha256: sha256(bytes), replacedDuringCopy: true })
  })

  diskTest('that is written to during the copy is a mismatch', async ({ work }) => {
    await work.lay(randomBytes(8 * 1024 * 1024))
    await chmod(work.file, 0o644)
    const write = async (): Promise<void> => writeFile(work.file, 'x', { flag: 'r+' })
    const { code } = await work.run({
      ...stopAfter({ call: 'pwrite64', nth: 1 }, write),
      config: { verification: 'None' },
    })
    expect(code).toBe(exitCodes.mismatch)
    expect(await work.listing()).toEqual(emptyListing)
  })
})

describe.concurrent('a source that will not do', () => {
  test.for<[string, (work: Workplace) => unknown]>([
    ['is absent', () => undefined],
    ['is empty', (work) => work.lay(Buffer.alloc(0))],
    ['is a symbolic link', (work) => symlink(work.home, work.file)],
    ['is a FIFO', (work) => execFileSync('mkfifo', [work.file])],
    ['is a directory', (work) => mkdir(work.file)],
    ['lies in a directory that is not there', (work) => rm(work.source, { recursive: true })],
  ])('%s: sourceMissing, and nothing is made', async ([_how, prepare], { work }) => {
    await prepare(work)
    const { code, result } = await work.run()
    expect(code).toBe(exitCodes.sourceMissing)
    expect(result.message).toContain(work.file)
    expect(result.modifiedAt).toBeUndefined()
    expect(await work.listing()).toEqual([])
  })

  test('is older than every batch: sourceMissing with its time', async ({ work }) => {
    await work.lay(archive, 1_699_999_000)
    const { code, result } = await work.run()
    expect(code).toBe(exitCodes.sourceMissing)
    expect(result.modifiedAt).toBe('2023-11-14T21:56:40.000000000Z')
  })

  test('is newer than every batch: superseded with its time', async ({ work }) => {
    await work.lay(archive, 1_700_001_000)
    const { code, result } = await work.run()
    expect(code).toBe(exitCodes.superseded)
    expect(result.modifiedAt).toBe('2023-11-14T22:30:00.000000000Z')
    expect(await work.listing()).toEqual([])
  })

  test('is a bad archive: nothing is stored and nothing remains', async ({ work }) => {
    await work.lay(archive.subarray(0, -1))
    const { code, result } = await work.run()
    expect(code).toBe(exitCodes.archiveBad)
    expect(result.message).toContain('unexpected end of file')
    expect(await work.listing()).toEqual(emptyListing)
  })

  test.runIf(isRoot)(
    'may not be read (only as root: it runs as another user): permissionDenied with the remedy',
    async ({ work }) => {
      await work.giveTo(65_532, 65_532)
      await work.lay(archive)
      await chmod(work.file, 0o400)
      const { code, result } = await work.run({ as: { uid: 65_532, gid: 65_532 } })
      expect(code).toBe(exitCodes.permissionDenied)
      expect(result.message).toMatch(/user 65532, .*may not read it; let the mover run with the user or group/)
    },
  )
})

describe.concurrent('a destination that will not do', () => {
  test.runIf(isRoot)(
    'may not be written (only as root: it runs as another user): permissionDenied with the remedy',
    async ({ work }) => {
      await work.lay(archive)
      const { code, result } = await work.run({ as: { uid: 65_532, gid: 65_532 } })
      expect(code).toBe(exitCodes.permissionDenied)
      expect(result.message).toMatch(/may not write there; make the claim writable/)
      expect(await work.listing()).toEqual([])
    },
  )

  test.runIf(isRoot)(
    'an ordinary user who may write there is enough (only as root: it runs as another user)',
    async ({ work }) => {
      await work.giveTo(65_532, 65_532)
      await work.lay(archive)
      const { code, result } = await work.run({ as: { uid: 65_532, gid: 65_532 } })
      expect(code, result.message).toBe(0)
      expect(await work.listing()).toEqual(storedListing)
    },
  )

  test('leads through a symbolic link: destinationConflict, and nothing is written behind it', async ({ work }) => {
    await work.lay(archive)
    const outside = join(work.home, 'outside')
    await mkdir(outside)
    await symlink(outside, join(work.destination, 'backups'))
    const { code, result } = await work.run()
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain('symbolic link')
    expect(execFileSync('ls', ['-A', outside], { encoding: 'utf8' })).toBe('')
  })

  test.for<[string, (text: string) => string, string]>([
    ['of another object', (text) => text.replace('0a1b2c3d-1111', 'ffffffff-1111'), 'belongs to another object'],
    ['of a task that may not serve', (text) => text.replace('"batchUid": 5', '"batchUid": 4'), 'none of the tasks'],
    ['without a valid manifest', () => '{}', 'no stored snapshot'],
    [
      'whose file has another size',
      (text) => text.replace(/"sizeBytes": "\d+"/, '"sizeBytes": "1"'),
      'does not match its manifest',
    ],
    ['whose sums are wrong', (text) => text.replace('"node-a"', '"node-b"'), 'SHA256SUMS'],
  ])('holds an artifact %s: destinationConflict, and it stays as it is', async ([_what, change, words], { work }) => {
    await work.lay(archive)
    await work.run()
    const path = join(work.final, 'manifest.json')
    const text = change(await readFile(path, 'utf8'))
    await rm(path)
    await writeFile(path, text)
    const { code, result } = await work.run()
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain(words)
    expect(await readFile(path, 'utf8')).toBe(text)
    expect(await work.listing()).toEqual(storedListing)
  })

  test.for<[string, (work: Workplace) => Promise<unknown>]>([
    ['a file', async (work) => writeFile(work.final, 'mine')],
    ['an empty directory', async (work) => mkdir(work.final)],
    ['a symbolic link to nothing', async (work) => symlink('/nowhere', work.final)],
  ])('has %s under the final name: destinationConflict', async ([_what, prepare], { work }) => {
    await work.lay(archive)
    await mkdir(work.parent, { recursive: true })
    await prepare(work)
    const before = await work.listing()
    expect((await work.run()).code).toBe(exitCodes.destinationConflict)
    expect(await work.listing()).toEqual(before)
  })
})

describe.concurrent('leftovers', () => {
  test('only our own partial directories are removed', async ({ work }) => {
    await work.lay(archive)
    const others = [
      '.nightly-0a1b2c3d.partial',
      '.nightly-0a1b2c3d.1.x.partial',
      '.nightly-0a1b2c3d.b-ffffffff.1-1-aa.partial',
      '.nightly-ffffffff.1-1-aa.partial',
      'nightly-0a1b2c3d.1-1.partial',
      '.nightly-0a1b2c3d.1-1-aa.partial.old',
    ]
    for (const name of [...others, '.nightly-0a1b2c3d.1-1-aabbccdd.partial', '.nightly-0a1b2c3d.old.partial']) {
      await mkdir(join(work.parent, name), { recursive: true })
      await writeFile(join(work.parent, name, 'data.ms.snapshot'), 'x')
    }
    expect((await work.run()).code).toBe(0)
    const left = (await work.listing())
      .filter((path) => /^backups\/products\/[^/]+\/$/.test(path))
      .map((path) => path.split('/')[2])
    expect(new Set(left)).toEqual(new Set([...others, 'nightly-0a1b2c3d']))
  })
})

describe.concurrent('a configuration that will not do', () => {
  type Config = ReturnType<Workplace['config']>
  test.for<[string, (config: Config) => string]>([
    ['no JSON', () => '{'],
    ['nothing', () => ''],
    ['no command', (config) => JSON.stringify({ ...config, command: undefined })],
    ['a command that nobody knows', (config) => JSON.stringify({ ...config, command: 'copy' })],
    ['a missing field', (config) => JSON.stringify({ ...config, batches: undefined })],
    [
      'a path that climbs out',
      (config) => JSON.stringify({ ...config, destination: { ...config.destination, path: 'a/../..' } }),
    ],
    [
      'a directory that is a path',
      (config) => JSON.stringify({ ...config, destination: { ...config.destination, directory: 'a/b' } }),
    ],
    ['an attempt with a dot', (config) => JSON.stringify({ ...config, attempt: '1.1' })],
    ['an attempt that is too long', (config) => JSON.stringify({ ...config, attempt: '1'.repeat(65) })],
    [
      'a time that is none',
      (config) => JSON.stringify({ ...config, batches: [{ ...config.batches[0], startedAt: 'soon' }] }),
    ],
  ])('%s: badConfiguration', async ([_what, text], { work }) => {
    const { code, result } = await work.run({ environment: { MOVER_CONFIG: text(work.config()) } })
    expect(code).toBe(exitCodes.badConfiguration)
    expect(result.message).toContain('MOVER_CONFIG')
    expect(await work.listing()).toEqual([])
  })

  test('a termination message stays under 1 KiB', async ({ work }) => {
    const { terminationMessage, result } = await work.run({
      config: { source: { directory: `/${'täglich/'.repeat(400)}`, fileName: 'x' } },
    })
    expect(Buffer.byteLength(terminationMessage)).toBeLessThan(1024)
    expect(Buffer.byteLength(terminationMessage)).toBeGreaterThan(900)
    expect(result.message.endsWith('…')).toBe(true)
  })
})

test('the file of a coarse clock, some milliseconds before its batch, is stored', async ({ work }) => {
  await work.lay(archive)
  await utimes(work.file, 1_700_000_020, 1_700_000_020.12)
  expect((await work.run()).code).toBe(0)
})
