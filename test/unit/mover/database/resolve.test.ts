// The command `resolve`: which snapshot a path means, and what it holds; or why there is none.
import { createHash } from 'node:crypto'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { exitCodes, type ResolveConfig } from '../../../../src/mover/contract.ts'
import { snapshotArchive, snapshotEntries } from '../../../support/mover/archive-writer.ts'
import { moverTest as test } from '../../../support/mover/test.ts'
import type { Ended, Workplace } from '../../../support/mover/mover.ts'

vi.setConfig({ testTimeout: 240_000 })

const archive = snapshotArchive()
const sha256 = createHash('sha256').update(archive).digest('hex')

/** A manifest as the mover writes it. */
const manifest = (finishedAt: string, file: object = {}): string =>
  JSON.stringify({
    schema: 1,
    object: { uid: 'uid', namespace: 'shop', name: 'nightly' },
    instance: { name: 'search', pod: 'search-0', podUid: 'pod-uid', node: 'node-a' },
    meilisearch: { version: '1.21.0', commit: 'unknown' },
    indexes: [
      { uid: 'products', documents: 3 },
      { uid: 'shops', documents: 4 },
    ],
    databaseSizeBytes: '123456',
    task: { uid: 7, batchUid: 5, enqueuedAt: finishedAt, startedAt: finishedAt, finishedAt },
    file: {
      name: 'data.ms.snapshot',
      sizeBytes: String(archive.length),
      sha256,
      modifiedAt: finishedAt,
      uncompressedBytes: '11211',
      ...file,
    },
    countsExact: true,
    tasksEnqueued: 2,
    source: { claim: 'search-data', path: 'snapshots', inode: '1', replacedDuringCopy: false },
    mover: { version: '0', attempt: '1-1', startedAt: finishedAt, finishedAt },
    verified: { mode: 'Archive' },
  })

async function store(work: Workplace, path: string, text: string): Promise<void> {
  await mkdir(join(work.source, path), { recursive: true })
  await writeFile(join(work.source, path, 'manifest.json'), text)
  await writeFile(join(work.source, path, 'data.ms.snapshot'), archive)
}

const resolve = (work: Workplace, source: Partial<ResolveConfig['source']>): Promise<Ended> =>
  work.perform(work.resolveConfig({ kind: 'Artifact', ...source }))

describe.concurrent('an artifact', () => {
  test('is found by its directory, with what its manifest says of it', async ({ work }) => {
    await store(work, 'daily/one', manifest('2026-11-01T03:00:00Z'))
    const { code, result } = await resolve(work, { path: 'daily/one' })
    expect(code, result.message).toBe(0)
    expect(result.resolved).toEqual({
      path: 'daily/one',
      fileName: 'data.ms.snapshot',
      sizeBytes: archive.length,
      sha256,
      meilisearchVersion: '1.21.0',
      uncompressedBytes: 11211,
      indexes: 2,
      documents: 7,
      countsExact: true,
      tasksEnqueued: 2,
      takenAt: '2026-11-01T03:00:00Z',
    })
  })

  test('is the newest good one of several: by when it was taken, not by its name, and its file must be there', async ({
    work,
  }) => {
    await store(work, 'daily/c', manifest('2026-11-01T03:00:00Z'))
    await store(work, 'daily/a', manifest('2026-11-03T03:00:00.5Z'))
    await store(work, 'daily/b', manifest('2026-11-03T03:00:00Z'))
    await store(work, 'daily/cut', manifest('2026-11-04T03:00:00Z'))
    await writeFile(join(work.source, 'daily/cut/data.ms.snapshot'), archive.subarray(1))
    await store(work, 'daily/gone', manifest('2026-11-05T03:00:00Z'))
    await rm(join(work.source, 'daily/gone/data.ms.snapshot'))
    await store(work, 'daily/.d.partial', manifest('2026-11-06T03:00:00Z'))
    await store(work, 'daily/broken', '{')
    await store(work, 'elsewhere', manifest('2026-11-07T03:00:00Z'))
    await symlink(join(work.source, 'elsewhere'), join(work.source, 'daily/link'))
    const { code, result } = await resolve(work, { path: 'daily' })
    expect(code, result.message).toBe(0)
    expect(result.resolved).toMatchObject({ path: 'daily/a', takenAt: '2026-11-03T03:00:00.5Z' })
  })

  test('is the one with the hash that is asked for', async ({ work }) => {
    await store(work, 'daily/a', manifest('2026-11-01T03:00:00Z'))
    await store(work, 'daily/b', manifest('2026-11-02T03:00:00Z', { sha256: '0'.repeat(64) }))
    expect((await resolve(work, { path: 'daily', sha256 })).result.resolved?.path).toBe('daily/a')
    const other = await resolve(work, { path: 'daily', sha256: '1'.repeat(64) })
    expect(other.code, other.result.message).toBe(exitCodes.sourceMissing)
    const named = await resolve(work, { path: 'daily/b', sha256 })
    expect(named.code, named.result.message).toBe(exitCodes.mismatch)
  })

  test('that says nothing of use is none: the reason is in the message, cut to what fits', async ({ work }) => {
    const bad = ['{', '{}', manifest('yesterday'), manifest('2026-11-01T03:00:00Z', { name: '../x' })]
    for (const [index, text] of bad.entries()) await store(work, `daily/${index}${'x'.repeat(200)}`, text)
    const { code, result, terminationMessage } = await resolve(work, { path: 'daily' })
    expect(code).toBe(exitCodes.sourceMissing)
    expect(result.message).toMatch(
      /holds no good snapshot \(.*has a manifest\.json that says nothing of use.*and 2 more/,
    )
    expect(Buffer.byteLength(terminationMessage)).toBeLessThan(1024)
    expect((await resolve(work, { path: `daily/0${'x'.repeat(200)}` })).code).toBe(exitCodes.sourceMissing)
  })

  test('is looked for nowhere else: a path that is not there, a file, a link', async ({ work }) => {
    await work.lay(archive)
    await store(work, 'real', manifest('2026-11-01T03:00:00Z'))
    await symlink(join(work.source, 'real'), join(work.source, 'link'))
    for (const path of ['absent', 'link', 'data.ms.snapshot', 'data.ms.snapshot/x']) {
      const { code, result } = await resolve(work, { path })
      expect(code, `${path}: ${result.message}`).toBe(exitCodes.sourceMissing)
    }
  })

  test('with a long path is still said whole', async ({ work }) => {
    const path = Array.from({ length: 5 }, () => 'ü'.repeat(100)).join('/')
    await store(work, path, manifest('2026-11-01T03:00:00Z'))
    const { result, terminationMessage } = await resolve(work, { path })
    expect(result.resolved?.path).toBe(path)
    expect(Buffer.byteLength(terminationMessage)).toBeLessThan(4096)
  })
})

describe.concurrent('a bare file', () => {
  test('is read through: version, size, hash, and when it was written', async ({ work }) => {
    await work.lay(archive)
    const { code, result, progress } = await resolve(work, { path: 'data.ms.snapshot', kind: 'File' })
    expect(code, result.message).toBe(0)
    const bytes = snapshotEntries().reduce((sum, { body, sparse }) => sum + (sparse?.realBytes ?? body?.length ?? 0), 0)
    expect(result.resolved).toEqual({
      path: 'data.ms.snapshot',
      fileName: 'data.ms.snapshot',
      sizeBytes: archive.length,
      sha256,
      meilisearchVersion: '1.21.0',
      uncompressedBytes: bytes,
      takenAt: '2023-11-14T22:13:50.500000000Z',
    })
    expect(progress.map(({ step }) => step)).toContain('reading')
  })

  test('with another hash, or that is no snapshot, is refused', async ({ work }) => {
    await work.lay(archive)
    const path = 'data.ms.snapshot'
    expect((await resolve(work, { path, kind: 'File', sha256: '0'.repeat(64) })).code).toBe(exitCodes.mismatch)
    await work.lay(archive.subarray(0, -1))
    expect((await resolve(work, { path, kind: 'File' })).code).toBe(exitCodes.archiveBad)
    expect((await resolve(work, { path, kind: 'File', sha256 })).code).toBe(exitCodes.mismatch)
    expect((await resolve(work, { path: 'absent', kind: 'File' })).code).toBe(exitCodes.sourceMissing)
    await mkdir(join(work.source, 'directory'))
    expect((await resolve(work, { path: 'directory', kind: 'File' })).code).toBe(exitCodes.sourceMissing)
  })
})

test('a path that leads out of the claim is a wrong configuration', async ({ work }) => {
  for (const path of ['../x', 'a/../../x', 'a\\b'])
    expect((await resolve(work, { path })).code).toBe(exitCodes.badConfiguration)
})
