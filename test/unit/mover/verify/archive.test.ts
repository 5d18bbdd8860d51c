import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { verifyArchive } from '../../../../src/mover/verify/archive.ts'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { Failure } from '../../../../src/mover/failure.ts'
import { RateLimit } from '../../../../src/mover/io/rate-limit.ts'
import { Progress } from '../../../../src/mover/io/progress.ts'
import { snapshotArchive, snapshotEntries, tarOf } from '../../../support/mover/archive-writer.ts'
import { Workplace } from '../../../support/mover/mover.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'

vi.setConfig({ testTimeout: 240_000 })

let disk: Workplace
let memory: Workplace
beforeAll(async () => {
  disk = await Workplace.create()
  memory = await Workplace.create(quickDirectory)
})
afterAll(async () => {
  await disk.remove()
  await memory.remove()
})

interface How {
  /** What the copy pass is said to have read; else what is there. */
  readonly sha256?: string
  readonly where?: Workplace
}

let files = 0
/** Verifies these bytes as a stored copy. */
async function verify(
  bytes: Buffer,
  { sha256 = createHash('sha256').update(bytes).digest('hex'), where = disk }: How = {},
): Promise<Awaited<ReturnType<typeof verifyArchive>>> {
  const path = join(where.home, `copy-${files++}`)
  await writeFile(path, bytes)
  const { signal } = new AbortController()
  const progress = new Progress(() => undefined)
  const rateLimit = new RateLimit({ bytesPerSecond: undefined, progress, signal })
  try {
    return await verifyArchive({
      path,
      sourcePath: '/source/data.ms.snapshot',
      sizeBytes: bytes.length,
      sha256,
      version: '1.21.0',
      rateLimit,
      progress,
      signal,
    })
  } finally {
    await rm(path)
  }
}

async function refusal(bytes: Buffer, how?: How): Promise<Failure> {
  const ended = await verify(bytes, how).catch((error: unknown) => error)
  expect(ended).toBeInstanceOf(Failure)
  return ended as Failure
}

/** Whatever bytes zlib cannot shrink: the gzip is about as long as this. */
const noise = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 2654435761) >>> 24))

describe('a good archive', () => {
  test('is verified', async () => {
    const bytes = snapshotArchive()
    expect(await verify(bytes)).toEqual({
      sha256: createHash('sha256').update(bytes).digest('hex'),
      archiveVersion: '1.21.0',
      entries: 6,
      uncompressedBytes: 6 + 13 + 8192 + 3000,
    })
  })

  test('is verified at every length around the borders of the 1 MiB blocks', async () => {
    const mebibyte = 1024 * 1024
    const name = (length: number): Buffer => {
      // A gzip may carry a file name: it makes the archive exactly as long as we want.
      const plain = snapshotArchive(undefined, noise(1_040_000))
      const padding = length - plain.length - 1
      const named = Buffer.concat([
        plain.subarray(0, 10),
        Buffer.alloc(padding, 'n'),
        Buffer.alloc(1),
        plain.subarray(10),
      ])
      named[3]! |= 8
      return named
    }
    for (const length of [mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte - 4096, 2 * mebibyte, 2 * mebibyte + 3]) {
      const archive = name(length)
      expect(archive.length).toBe(length)
      expect(await verify(archive)).toMatchObject({ archiveVersion: '1.21.0', entries: 6 })
    }
  })
})

describe('any damage', () => {
  const archive = snapshotArchive('1.21.0', noise(3000))
  const content = gunzipSync(archive)

  /** Bytes 4 to 9 of a gzip are a time, a hint and a system: they mean nothing for the content, and nothing covers them. */
  test('of one byte is found, or the content is still the very same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(archive)
        damaged[at]! ^= change
        const ended = await verify(damaged, { where: memory }).catch((error: unknown) => error)
        if (ended instanceof Error) expect(ended).toMatchObject({ name: 'Failure', exitCode: exitCodes.archiveBad })
        else expect(gunzipSync(damaged).equals(content)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('of each byte of the magic, the method and the trailer is found', async () => {
    const covered = [0, 1, 2, ...Array.from({ length: 8 }, (_, index) => archive.length - 8 + index)]
    for (const at of covered) {
      const damaged = Buffer.from(archive)
      damaged[at]! ^= 0x10
      expect((await refusal(damaged)).exitCode, `byte ${at}`).toBe(exitCodes.archiveBad)
    }
  })

  test('by a cut at any place is found', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 2), async (length) => {
        expect((await refusal(archive.subarray(0, length + 1), { where: memory })).exitCode).toBe(exitCodes.archiveBad)
      }),
      { numRuns: 100 },
    )
  })

  test('by bytes behind the end is found, also by zeros and also across a block border', async () => {
    const long = snapshotArchive('1.21.0', noise(1_040_000))
    for (const tail of [
      Buffer.from([0]),
      Buffer.alloc(512),
      Buffer.from('garbage'),
      Buffer.from([0x1f, 0x8b]),
      Buffer.alloc(1_100_000),
      Buffer.alloc(1_100_000, 1),
    ]) {
      for (const good of [archive, long])
        expect((await refusal(Buffer.concat([good, tail]))).exitCode).toBe(exitCodes.archiveBad)
    }
  })

  test('by a second gzip member is found: Meilisearch would stop reading after the first', async () => {
    const tar = tarOf(snapshotEntries())
    const split = Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))])
    expect(gunzipSync(split).equals(tar)).toBe(true)
    expect((await refusal(split)).message).toContain('more than one member')
  })

  test('of the copy only, not of the source, is a mismatch and not a bad archive', async () => {
    const sha256 = createHash('sha256').update(archive).digest('hex')
    const damaged = Buffer.from(archive)
    damaged[1000]! ^= 1
    expect((await refusal(damaged, { sha256 })).exitCode).toBe(exitCodes.mismatch)
    const harmless = Buffer.from(archive)
    harmless[4]! ^= 1
    expect((await refusal(harmless, { sha256 })).exitCode).toBe(exitCodes.mismatch)
  })
})

describe('an archive of something else', () => {
  test.each([
    ['of another version', snapshotArchive('1.50.0'), 'Meilisearch 1.50.0, but the server is 1.21.0'],
    ['without VERSION', gzipSync(tarOf([{ name: 'tasks/data.mdb', body: Buffer.from('x') }])), 'no entry VERSION'],
    [
      'without a task database',
      gzipSync(tarOf([{ name: 'VERSION', body: Buffer.from('1.21.0') }])),
      'no tasks/data.mdb',
    ],
    ['without end blocks', gzipSync(tarOf(snapshotEntries(), 0)), 'breaks off'],
    ['that is no tar', gzipSync(Buffer.from('hello '.repeat(500))), 'tar'],
    ['that is no gzip', Buffer.from('hello '.repeat(500)), 'gzip'],
    ['of one byte', Buffer.from([0x1f]), 'gzip'],
  ])('%s is refused in plain words', async (_name, bytes, words) => {
    const failure = await refusal(bytes)
    expect(failure.exitCode).toBe(exitCodes.archiveBad)
    expect(failure.message).toContain(words)
    expect(failure.message).toContain('/source/data.ms.snapshot')
  })
})
