// The command `fill` on real files: a database comes of a good snapshot, nothing of any other, and what stands there already is left as it is.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { snapshotEntries, tarOf, type Entry } from '../../../support/mover/archive-writer.ts'
import { diskTest, isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'
import type { Workplace } from '../../../support/mover/mover.ts'

vi.setConfig({ testTimeout: 240_000 })

const mebibyte = 1024 * 1024
const archiveOf = (entries: readonly Entry[]): Buffer => gzipSync(tarOf(entries), { level: 1 })
/** Holes at both sides of a block's border, and one that is longer than a block. */
const holes: Entry = {
  name: 'indexes/holes/data.mdb',
  sparse: {
    realBytes: 5 * mebibyte + 77,
    segments: [
      { at: 4096, bytes: Buffer.alloc(5000, 'a') },
      { at: mebibyte - 10, bytes: Buffer.alloc(20, 'b') },
      { at: 4 * mebibyte + 512, bytes: Buffer.alloc(700, 'c') },
      { at: 5 * mebibyte + 77, bytes: Buffer.alloc(0) },
    ],
  },
}
const tasks = randomBytes(3 * mebibyte + 123)
const entries = [...snapshotEntries('1.21.0', tasks), { name: 'update_files/', type: '5' }, holes]
const archive = archiveOf(entries)
const index = 'indexes/0b6f2c1e-0000-4000-8000-000000000000/data.mdb'

const listing = [
  'data.ms/',
  'data.ms/VERSION',
  'data.ms/indexes/',
  'data.ms/indexes/0b6f2c1e-0000-4000-8000-000000000000/',
  `data.ms/${index}`,
  'data.ms/indexes/holes/',
  'data.ms/indexes/holes/data.mdb',
  'data.ms/restored-from.json',
  'data.ms/tasks/',
  'data.ms/tasks/data.mdb',
  'data.ms/update_files/',
]

function contentOf({ sparse, body = Buffer.alloc(0) }: Entry): Buffer {
  if (sparse === undefined) return body
  const content = Buffer.alloc(sparse.realBytes)
  for (const { at, bytes } of sparse.segments) bytes.copy(content, at)
  return content
}

async function expectDatabase(work: Workplace): Promise<void> {
  expect(await work.listing()).toEqual(listing)
  for (const entry of entries.filter(({ name }) => !name.endsWith('/') && !name.endsWith('lock.mdb'))) {
    const found = await readFile(join(work.destination, 'data.ms', entry.name))
    expect(found.equals(contentOf(entry)), entry.name).toBe(true)
  }
}

const uncompressedBytes = entries.reduce((sum, entry) => sum + contentOf(entry).length, 0)

describe.concurrent('a good snapshot', () => {
  for (const [where, on] of [
    ['in memory', test],
    ['on a disk', diskTest],
  ] as const)
    on(
      `becomes a database, ${where}: every file as it was, holes too, without lock files, and with a note of where it came from`,
      async ({ work }) => {
        await work.lay(archive)
        const config = work.fillConfig()
        const { code, result, progress } = await work.perform(config)
        expect(code, result.message).toBe(0)
        await expectDatabase(work)
        const { sizeBytes, sha256 } = config.source
        expect(result.filled).toEqual({ version: '1.21.0', uncompressedBytes, sizeBytes, sha256, alreadyThere: false })
        const note = JSON.parse(await readFile(join(work.destination, 'data.ms/restored-from.json'), 'utf8')) as object
        expect(note).toMatchObject({
          ...config.describes,
          sizeBytes,
          uncompressedBytes,
          at: expect.stringMatching(/Z$/),
        })
        expect(progress.map(({ step }) => step)).toEqual(expect.arrayContaining(['reading', 'unpacking', 'committing']))
      },
    )

  test('of which is known how much it holds is read once', async ({ work }) => {
    await work.lay(archive)
    const { code, result, progress } = await work.perform(work.fillConfig({ uncompressedBytes }))
    expect(code, result.message).toBe(0)
    expect(progress.map(({ step }) => step)).not.toContain('reading')
    expect(result.seconds?.fetch).toBeLessThan(0.1)
    await expectDatabase(work)
  })

  test('can be used by the user and the group, and by nobody else', async ({ work }) => {
    await work.lay(archive)
    await work.perform(work.fillConfig())
    for (const path of ['data.ms', 'data.ms/tasks']) expect(await work.modeOf(join(work.destination, path))).toBe('770')
    expect(await work.modeOf(join(work.destination, 'data.ms/tasks/data.mdb'))).toBe('660')
  })

  test('in an artifact’s directory is found there', async ({ work }) => {
    await work.lay(archive)
    await mkdir(join(work.source, 'daily/one'), { recursive: true })
    await writeFile(join(work.source, 'daily/one/data.ms.snapshot'), archive)
    const config = work.fillConfig()
    const { code, result } = await work.perform({ ...config, source: { ...config.source, path: 'daily/one' } })
    expect(code, result.message).toBe(0)
    await expectDatabase(work)
  })

  test('goes to a directory below others, which are made', async ({ work }) => {
    await work.lay(archive)
    const destination = { ...work.fillConfig().destination, directory: 'servers/a/data.ms' }
    const { code, result } = await work.perform(work.fillConfig({ destination }))
    expect(code, result.message).toBe(0)
    expect(await work.listing()).toEqual(['servers/', 'servers/a/', ...listing.map((path) => `servers/a/${path}`)])
  })

  test('that says it was packed by hand from a restored database brings no note of its own', async ({ work }) => {
    await work.lay(archiveOf([...entries, { name: 'restored-from.json', body: Buffer.from('{}') }]))
    const config = work.fillConfig()
    expect((await work.perform(config)).code).toBe(0)
    const note = JSON.parse(await readFile(join(work.destination, 'data.ms/restored-from.json'), 'utf8')) as object
    expect(note).toMatchObject({ restoreUid: config.object.uid })
  })
})

describe.concurrent('run again', () => {
  test('by the same restore: it says that it is there already, and touches nothing, also when the source is gone', async ({
    work,
  }) => {
    await work.lay(archive)
    const config = work.fillConfig()
    await work.perform(config)
    await writeFile(join(work.destination, 'data.ms/tasks/data.mdb'), 'what a server wrote since')
    await work.lay(Buffer.from('something else'))
    const { code, result } = await work.perform({ ...config, attempt: '2' })
    expect(code, result.message).toBe(0)
    expect(result.filled).toMatchObject({ alreadyThere: true, version: '1.21.0', uncompressedBytes })
    expect(await work.listing()).toEqual(listing)
    expect(await readFile(join(work.destination, 'data.ms/tasks/data.mdb'), 'utf8')).toBe('what a server wrote since')
  })

  test('what it left when it was killed goes, what other restores are about stays', async ({ work }) => {
    await work.lay(archive)
    const own = '.data.ms.0a1b2c3d.1-00000000.partial'
    const other = '.data.ms.ffffffff.1-00000000.partial'
    for (const name of [own, other]) await mkdir(join(work.destination, name, 'indexes/deep'), { recursive: true })
    expect((await work.perform(work.fillConfig())).code).toBe(0)
    expect(await readdir(work.destination)).toEqual([other, 'data.ms'])
  })
})

describe.concurrent('what stands there already is left untouched', () => {
  test.for([
    ['a database that nobody restored', { VERSION: '1.21.0' }, 'no restore made it'],
    ['an empty directory', {}, 'no restore made it'],
    ['a note that is none', { 'restored-from.json': '{' }, 'no restore made it'],
  ] as const)('%s', async ([_, files, says], { work }) => {
    await work.lay(archive)
    await mkdir(join(work.destination, 'data.ms'))
    for (const [name, text] of Object.entries(files)) await writeFile(join(work.destination, 'data.ms', name), text)
    const { code, result } = await work.perform(work.fillConfig())
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain(says)
    expect(await work.listing()).toEqual(['data.ms/', ...Object.keys(files).map((name) => `data.ms/${name}`)])
  })

  test('another restore’s database, and this one’s from another snapshot', async ({ work }) => {
    await work.lay(archive)
    const config = work.fillConfig()
    await work.perform(config)
    const uid = 'ffffffff-1111-4222-8333-444455556666'
    const other = await work.perform({
      ...config,
      object: { ...config.object, uid },
      describes: { ...config.describes, restoreUid: uid },
    })
    expect(other.code).toBe(exitCodes.destinationConflict)
    expect(other.result.message).toContain('another restore, nightly (uid 0a1b2c3d-')
    await work.lay(archiveOf(snapshotEntries()))
    const later = await work.perform(work.fillConfig())
    expect(later.code).toBe(exitCodes.destinationConflict)
    expect(later.result.message).toContain('from another snapshot')
    expect(await work.listing()).toEqual(listing)
  })

  test('a file, and a symbolic link, which is not followed', async ({ work }) => {
    await work.lay(archive)
    await mkdir(join(work.home, 'elsewhere'))
    await symlink(join(work.home, 'elsewhere'), join(work.destination, 'data.ms'))
    expect((await work.perform(work.fillConfig())).code).toBe(exitCodes.destinationConflict)
    const destination = { ...work.fillConfig().destination, directory: 'data.ms/below' }
    expect((await work.perform(work.fillConfig({ destination }))).code).toBe(exitCodes.destinationConflict)
    expect(await readdir(join(work.home, 'elsewhere'))).toEqual([])
  })
})

describe.concurrent('nothing comes of', () => {
  const expectNothing = async (work: Workplace): Promise<void> => expect(await work.listing()).toEqual([])

  test('a file with another hash than the one on record', async ({ work }) => {
    await work.lay(archive)
    const config = work.fillConfig({ uncompressedBytes })
    const sha256 = createHash('sha256').update('another').digest('hex')
    const wrong = { ...config, source: { ...config.source, sha256 }, describes: { ...config.describes, sha256 } }
    const { code, result } = await work.perform(wrong)
    expect(code, result.message).toBe(exitCodes.mismatch)
    expect(result.message).toContain('is not the file that is on record')
    await expectNothing(work)
  })

  test('a file that was damaged since it was stored: it is not called a bad snapshot', async ({ work }) => {
    await work.lay(archive)
    const config = work.fillConfig({ uncompressedBytes })
    const damaged = Buffer.from(archive)
    damaged[damaged.length >> 1]! ^= 1
    await work.lay(damaged)
    expect((await work.perform(config)).code).toBe(exitCodes.mismatch)
    await work.lay(damaged.subarray(0, -1))
    expect((await work.perform(config)).code).toBe(exitCodes.mismatch)
    await expectNothing(work)
  })

  test('a snapshot that holds more than its manifest says: it ends before that is written', async ({ work }) => {
    await work.lay(archive)
    const { code, result } = await work.perform(work.fillConfig({ uncompressedBytes: uncompressedBytes - 1 }))
    expect(code).toBe(exitCodes.archiveBad)
    expect(result.message).toContain(`more than ${uncompressedBytes - 1} bytes`)
    await expectNothing(work)
  })

  test('a snapshot of another version than the one on record', async ({ work }) => {
    await work.lay(archiveOf(snapshotEntries('1.20.0')))
    const { code, result } = await work.perform(work.fillConfig())
    expect(code).toBe(exitCodes.archiveBad)
    expect(result.message).toContain('it was written by Meilisearch 1.20.0, and 1.21.0 is on record')
    await expectNothing(work)
  })

  test('what is not there, is empty, or is reached through a link', async ({ work }) => {
    await work.lay(archive)
    const config = work.fillConfig()
    await writeFile(join(work.source, 'empty'), '')
    await symlink(work.file, join(work.source, 'link'))
    await symlink(work.source, join(work.source, 'directory'))
    for (const path of ['absent/x', 'absent', 'empty', 'link', 'directory/data.ms.snapshot']) {
      const { code, result } = await work.perform({ ...config, source: { ...config.source, path } })
      expect(code, `${path}: ${result.message}`).toBe(exitCodes.sourceMissing)
    }
    await expectNothing(work)
  })
})

describe.runIf(isRoot).concurrent('a small disk (only as root: it is mounted)', () => {
  test('on which it has no room: noSpace with both numbers before anything is made', async ({ work }) => {
    await work.lay(archive)
    await withDisk(work.destination, 'size=40m', async () => {
      const { code, result } = await work.perform(work.fillConfig())
      expect(code).toBe(exitCodes.noSpace)
      expect(result.space).toEqual({ neededBytes: uncompressedBytes + 64 * mebibyte, freeBytes: 40 * mebibyte })
      expect(await work.listing()).toEqual([])
    })
  })

  test('with too few inodes left for its files', async ({ work }) => {
    const many = Array.from({ length: 300 }, (_, id) => ({ name: `update_files/${id}`, body: Buffer.from('x') }))
    await work.lay(archiveOf([...snapshotEntries(), ...many]))
    await withDisk(work.destination, 'size=200m,nr_inodes=100', async () => {
      const { code, result } = await work.perform(work.fillConfig())
      expect(code, result.message).toBe(exitCodes.noSpace)
      expect(await work.listing()).toEqual([])
    })
  })
})

test('a server’s user that may not read the snapshot is told which user it is', async ({ work, skip }) => {
  skip(!isRoot, 'only as root')
  await work.lay(archive)
  await work.giveTo(1234, 1234)
  const config = work.fillConfig()
  const { chmod } = await import('node:fs/promises')
  await chmod(work.file, 0o400)
  const { code, result } = await work.perform(config, { as: { uid: 4321, gid: 1234 } })
  expect(code, result.message).toBe(exitCodes.permissionDenied)
  expect(result.message).toContain('user 4321')
  expect((await stat(work.destination)).isDirectory() && existsSync(join(work.destination, 'data.ms'))).toBe(false)
})
