// The filler on archives that were damaged, or made to do harm: nothing comes of them, in the database's directory or anywhere else.
import fc from 'fast-check'
import { mkdir, readdir, rm, symlink, writeFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { fill } from '../../../../src/mover/command/fill.ts'
import { exitCodes, type MoverResult } from '../../../../src/mover/contract.ts'
import { Bounds, maxBytesWithoutManifest } from '../../../../src/mover/database/entry.ts'
import { resultOf } from '../../../../src/mover/io/report.ts'
import { Progress } from '../../../../src/mover/io/progress.ts'
import { RateLimit } from '../../../../src/mover/io/rate-limit.ts'
import { entryBytes, seal, snapshotEntries, tarOf, type Entry } from '../../../support/mover/archive-writer.ts'
import { Workplace } from '../../../support/mover/mover.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'

vi.setConfig({ testTimeout: 120_000 })

let work: Workplace
beforeAll(async () => {
  work = await Workplace.create(quickDirectory)
})
afterAll(async () => {
  await work.remove()
})
beforeEach(empty)

async function empty(): Promise<void> {
  await rm(work.destination, { recursive: true })
  await mkdir(work.destination)
}

/** In this process, as hundreds of them are tried. Whatever the file is, its hash is the one on record. */
async function fillFrom(bytes: Buffer): Promise<MoverResult> {
  await work.lay(bytes)
  const { signal } = new AbortController()
  const progress = new Progress(() => undefined)
  const rateLimit = new RateLimit({ bytesPerSecond: undefined, progress, signal })
  const warn = (line: string): void => expect.fail(line)
  return fill(work.fillConfig(), { version: '0', progress, rateLimit, signal, warn }).catch(resultOf)
}

const good = snapshotEntries('1.21.0', Buffer.alloc(6000, 'tasks'))
const archive = gzipSync(tarOf(good))

async function expectNothing(result: MoverResult): Promise<void> {
  expect(result.exitCode, result.message).toBe(exitCodes.archiveBad)
  expect(await work.listing()).toEqual([])
  expect((await readdir(work.home)).toSorted()).toEqual(['destination', 'source'])
}

/** Refused, or the very same database. */
async function expectNothingOrTheSame(bytes: Buffer): Promise<void> {
  const result = await fillFrom(bytes)
  if (result.exitCode !== exitCodes.done) return expectNothing(result)
  for (const { name, body } of good.filter((entry) => entry.body !== undefined))
    expect((await readFile(join(work.destination, 'data.ms', name))).equals(body!), name).toBe(true)
  await empty()
}

describe('any damage', () => {
  test('of one byte of the archive: nothing comes of it, or the very same database', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(archive)
        bytes[at]! ^= change
        await expectNothingOrTheSame(bytes)
      }),
      { numRuns: 300 },
    )
  })

  test('of the tar inside a perfect gzip: nothing comes of it, or a database, and nothing beside it', async () => {
    const tar = tarOf(good)
    await fc.assert(
      fc.asyncProperty(fc.nat(tar.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(tar)
        bytes[at]! ^= change
        const { exitCode, filled } = await fillFrom(gzipSync(bytes, { level: 1 }))
        expect([exitCodes.done, exitCodes.archiveBad]).toContain(exitCode)
        const names = (await work.listing()).map((path) => path.split('/')[0])
        expect(new Set(names)).toEqual(new Set(filled === undefined ? [] : ['data.ms']))
        await empty()
      }),
      { numRuns: 200 },
    )
  })

  test('by a cut at any point, and by whatever follows the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: archive.length - 1 }), (length) =>
        fillFrom(archive.subarray(0, length)).then(expectNothing),
      ),
      { numRuns: 100 },
    )
    for (const tail of [Buffer.alloc(1), Buffer.alloc(512), archive, gzipSync(Buffer.alloc(1024))])
      await expectNothing(await fillFrom(Buffer.concat([archive, tail])))
  })

  test('by any bytes at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (bytes) => {
        await expectNothing(await fillFrom(Buffer.from(bytes)))
        await expectNothing(await fillFrom(gzipSync(bytes)))
      }),
      { numRuns: 60 },
    )
  })
})

const link = (name: string, target: string, type: string): Buffer => {
  const header = entryBytes({ name, type })
  header.write(target, 157)
  return seal(header)
}
const pax = (text: string): Entry => ({ name: 'pax', type: 'x', body: Buffer.from(`${text.length + 4} ${text}\n`) })
const body = Buffer.from('harm')

describe('an archive that was made to do harm', () => {
  const hostile: Readonly<Record<string, readonly (Entry | Buffer)[]>> = {
    'a symbolic link': [link('indexes', '/etc', '2')],
    'a hard link': [link('auth', '/etc/passwd', '1')],
    'a character device': [{ name: 'null', type: '3' }],
    'a block device': [{ name: 'disk', type: '4' }],
    'a named pipe': [{ name: 'pipe', type: '6' }],
    'a contiguous file, or any other type': [{ name: 'x', type: '7', body }],
    'an absolute path': [{ name: '/tmp/harm', body }],
    'an absolute path behind ./': [{ name: './/tmp/harm', body }],
    'a path that leads up': [{ name: '../harm', body }],
    'a path that leads up in the middle': [{ name: 'indexes/../../harm', body }],
    'a directory that leads up': [{ name: '../', type: '5' }],
    'a long name that leads up': [{ name: `${'a/'.repeat(60)}../../harm`, body }],
    'a name from pax that leads up': [pax('path=../harm'), { name: 'x', body }],
    'a sparse entry in the form of pax': [pax('GNU.sparse.major=1'), { name: 'x', body }],
    'a path with an empty part': [{ name: 'indexes//x', body }],
    'a path with a dot in the middle': [{ name: 'indexes/./x', body }],
    'a file without a name': [{ name: '', body }],
    'a file that is named like a directory': [{ name: 'indexes/', body }],
    'a name with a control character': [{ name: 'indexes/\u0007', body }],
    'a name with a backslash': [{ name: '..\\harm', body }],
    'a name that is no UTF-8': [Buffer.from(seal(Object.assign(entryBytes({ name: 'xx' }), { 0: 0xff })))],
    'a name that is too long': [{ name: 'x'.repeat(300), body }],
    'a path that is too deep': [{ name: 'a/b/c/d/e/f/g/h/i', body }],
    'the same file twice': [{ name: 'VERSION', body: Buffer.from('1.21.0') }],
    'a file in the place of a directory': [{ name: 'tasks', body }],
    'a directory in the place of a file': [{ name: 'VERSION/', type: '5' }],
    'a file below a file': [{ name: 'VERSION/x', body }],
    'a file that says it is of 8 EiB': [
      {
        name: 'huge',
        sparse: { realBytes: 2 ** 52, segments: [{ at: 2 ** 52, bytes: Buffer.alloc(0) }] },
        base256: true,
      },
    ],
  }
  test.for(Object.entries(hostile))('with %s: nothing is made, here or elsewhere', async ([_, extra]) => {
    const bytes = extra.map((entry) => (Buffer.isBuffer(entry) ? entry : entryBytes(entry)))
    await expectNothing(await fillFrom(gzipSync(Buffer.concat([...bytes, tarOf(good)]))))
    const atTheEnd = Buffer.concat([...good.map(entryBytes), ...bytes, Buffer.alloc(1024)])
    await expectNothing(await fillFrom(gzipSync(atTheEnd)))
  })

  test('that says it unpacks to more than it may: it ends before that is written', async () => {
    const bomb: Entry = { name: 'bomb', sparse: { realBytes: 2 ** 31, segments: [] } }
    const result = await fillFrom(gzipSync(tarOf([...good, bomb])))
    await expectNothing(result)
    expect(result.message).toContain(`more than ${1024 ** 3} bytes`)
  })

  test('with no end of entries', () => {
    const bounds = new Bounds(Number.MAX_SAFE_INTEGER)
    const entry = { name: 'x', type: '0', storedBytes: 0 }
    expect(() => {
      for (let count = 0; count < 300_000; count++) bounds.add(entry)
    }).toThrow('more than 250000 entries')
  })
})

test('without a manifest a snapshot may hold a hundred times its size, and a small one a gibibyte', () => {
  expect(maxBytesWithoutManifest(1000)).toBe(1024 ** 3)
  expect(maxBytesWithoutManifest(10 * 1024 ** 3)).toBe(1000 * 1024 ** 3)
})

test.each([
  ['without VERSION', good.filter(({ name }) => name !== 'VERSION'), 'no entry VERSION'],
  ['without a task database', good.filter(({ name }) => name !== 'tasks/data.mdb'), 'no tasks/data.mdb'],
  ['with a VERSION that is none', snapshotEntries('one dot two'), 'VERSION is no version'],
])('an archive %s is no snapshot', async (_, entries, says) => {
  const result = await fillFrom(gzipSync(tarOf(entries)))
  await expectNothing(result)
  expect(result.message).toContain(says)
})

test('a partial directory that somebody has laid as a link is not written through', async () => {
  const elsewhere = join(work.source, 'elsewhere')
  await mkdir(elsewhere, { recursive: true })
  await writeFile(join(elsewhere, 'kept'), 'x')
  await symlink(elsewhere, join(work.destination, '.data.ms.0a1b2c3d.1-00000000.partial'))
  expect((await fillFrom(archive)).exitCode).toBe(exitCodes.done)
  expect(await readdir(elsewhere)).toEqual(['kept'])
  expect(await readdir(work.destination)).toEqual(['data.ms'])
})
