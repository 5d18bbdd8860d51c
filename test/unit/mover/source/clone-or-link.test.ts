// Stored without copying: by a link where one mount holds both ends, by a clone where the file system shares blocks.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, vi } from 'vitest'
import { exitCodes, type MoveConfig } from '../../../../src/mover/contract.ts'
import { manifest, type Manifest } from '../../../../src/mover/artifact/manifest-schema.ts'
import { snapshotEntries, tarOf } from '../../../support/mover/archive-writer.ts'
import { inject, killAt, stopAfter } from '../../../support/mover/faults.ts'
import { isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'
import { emptyListing, storedListing, type Workplace } from '../../../support/mover/mover.ts'

vi.setConfig({ testTimeout: 240_000 })

const mebibyte = 1024 * 1024
const archive = gzipSync(tarOf(snapshotEntries('1.21.0', randomBytes(5 * mebibyte))), { level: 1 })
const name = 'data.ms.snapshot'

/** The snapshot directory is one of the claim's own, as on a claim that holds snapshots only. */
async function inOneMount(work: Workplace, bytes = archive): Promise<{ file: string; config: Partial<MoveConfig> }> {
  const directory = join(work.destination, 'snapshots')
  const file = join(directory, name)
  await mkdir(directory, { recursive: true })
  await writeFile(file, bytes, { mode: 0o444 })
  await utimes(file, 1_700_000_030.5, 1_700_000_030.5)
  return { file, config: { source: { directory, fileName: name }, mayLink: true } }
}

const withSource = (listing: readonly string[]): string[] => [...listing, 'snapshots/', `snapshots/${name}`]
const papersOf = async (work: Workplace): Promise<Manifest> =>
  manifest.parse(JSON.parse(await readFile(join(work.final, 'manifest.json'), 'utf8')))
const proven = (work: Workplace): string =>
  execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: work.final, encoding: 'utf8' })

describe.concurrent('in one mount', () => {
  test.for(['Archive', 'None'] as const)(
    'the file is linked, and hashed as it lies on the disk (verification %s)',
    async (verification, { work }) => {
      const { file, config } = await inOneMount(work)
      const { code, result } = await work.run({ config: { ...config, verification } })
      expect(code, result.message).toBe(0)
      expect(result.message).toBe(`Stored by a link: ${name}, ${archive.length} bytes, of task 7.`)
      expect(result.stored).toMatchObject({
        sha256: createHash('sha256').update(archive).digest('hex'),
        sizeBytes: archive.length,
        replacedDuringCopy: false,
      })
      expect((await stat(join(work.final, name))).ino).toBe((await stat(file)).ino)
      expect(await papersOf(work)).toMatchObject({ file: { stored: 'Linked' }, verified: { mode: verification } })
      expect(proven(work)).toBe(`${name}: OK\nmanifest.json: OK\n`)
      expect(await work.listing()).toEqual(withSource(storedListing))
    },
  )

  test("Meilisearch's own file keeps its mode, and its next snapshot leaves the stored one as it is", async ({
    work,
  }) => {
    const { file, config } = await inOneMount(work)
    await work.run({ config })
    expect(await work.modeOf(file)).toBe('444')
    await writeFile(`${file}.tmp`, 'the next one')
    await rename(`${file}.tmp`, file)
    expect(proven(work)).toContain(`${name}: OK`)
    expect((await work.run({ config })).result.stored?.alreadyThere).toBe(true)
  })

  test('what was stored is still the stored file for removeSource, which leaves the artifact whole', async ({
    work,
  }) => {
    const { file, config } = await inOneMount(work)
    const { result } = await work.run({ config })
    const removal = await work.perform({ ...work.removeSourceConfig(result.stored!), source: config.source! })
    expect(removal.result.sourceOutcome, removal.result.message).toBe('removed')
    expect(existsSync(file)).toBe(false)
    expect(proven(work)).toContain(`${name}: OK`)
  })

  test('a damaged file is not stored, and stays where it is', async ({ work }) => {
    const damaged = Buffer.from(archive)
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 6) ^ 1, damaged.length - 6)
    const { file, config } = await inOneMount(work, damaged)
    expect((await work.run({ config })).code).toBe(exitCodes.archiveBad)
    expect(await work.listing()).toEqual(withSource(emptyListing))
    expect((await stat(file)).nlink).toBe(1)
  })

  test('a file that is changed while it is read is not stored', async ({ work }) => {
    const { file, config } = await inOneMount(work)
    const { code, result } = await work.run({
      ...stopAfter({ call: 'pread64', nth: 3 }, () => utimes(file, 1, 1)),
      config,
    })
    expect(code, result.message).toBe(exitCodes.mismatch)
    expect(await work.listing()).toEqual(withSource(emptyListing))
  })

  test.for([
    ['at the link', 'link', 1],
    ['at the flush of the linked file', 'fsync', 1],
    ['at the flush of the partial directory', 'fsync', 5],
    ['at the rename', 'rename', 1],
    ['after the rename', 'fsync', 6],
  ] as const)('killed %s: whole or nothing, and the next run ends it', async ([_when, call, nth], { work }) => {
    const { file, config } = await inOneMount(work)
    const killed = await work.run({ ...killAt(call, nth), config })
    expect(killed.signal ?? killed.code).toBe('SIGKILL')
    if (existsSync(work.final)) expect(proven(work)).toContain(`${name}: OK`)
    expect((await work.run({ config: { ...config, attempt: '1-2' } })).code).toBe(0)
    expect(proven(work)).toContain(`${name}: OK`)
    expect(await work.listing()).toEqual(withSource(storedListing))
    expect((await stat(file)).nlink).toBe(2)
  })

  test.for(['EXDEV', 'EPERM', 'EMLINK', 'EOPNOTSUPP'])(
    'is copied where a link is refused (%s)',
    async (error, { work }) => {
      const { file, config } = await inOneMount(work)
      const { code, result } = await work.run({ ...inject('link', `error=${error}`), config })
      expect(code, result.message).toBe(0)
      expect((await stat(file)).nlink).toBe(1)
      expect(await papersOf(work)).toMatchObject({ file: { stored: 'Copied' } })
      expect(proven(work)).toContain(`${name}: OK`)
    },
  )

  test('is copied where nobody allowed a link', async ({ work }) => {
    const { file, config } = await inOneMount(work)
    await work.run({ config: { ...config, mayLink: false } })
    expect((await stat(file)).nlink).toBe(1)
  })
})

describe.runIf(isRoot).concurrent('in one mount (only as root)', () => {
  test("another user's file is copied: its mode is not ours to answer for", async ({ work }) => {
    const { file, config } = await inOneMount(work)
    await chown(file, 1234, 1234)
    expect((await work.run({ config })).code).toBe(0)
    expect((await stat(file)).nlink).toBe(1)
    expect(await papersOf(work)).toMatchObject({ file: { stored: 'Copied' } })
  })

  test('a link needs no space but the reserve', async ({ work }) => {
    await withDisk(work.destination, 'size=72m', async () => {
      const { config } = await inOneMount(work)
      expect((await work.run({ config: { ...config, mayLink: false } })).code).toBe(exitCodes.noSpace)
      const { code, result } = await work.run({ config })
      expect(code, result.message).toBe(0)
    })
  })

  test('and where a link then turns out impossible, the space for a copy is checked', async ({ work }) => {
    await withDisk(work.destination, 'size=72m', async () => {
      const { config } = await inOneMount(work)
      const { code, result } = await work.run({ ...inject('link', 'error=EMLINK'), config })
      expect(code, result.message).toBe(exitCodes.noSpace)
      expect(await work.listing()).toEqual(withSource(emptyListing))
    })
  })
})

/** File systems that share blocks, if their tools are here; the kernel may know them or not. */
const makers = ['mkfs.btrfs', 'mkfs.xfs'].filter((program) =>
  ['/usr/sbin', '/sbin'].some((directory) => existsSync(join(directory, program))),
)

async function withCloning(work: Workplace, maker: string, body: () => Promise<void>): Promise<void> {
  const image = join(work.home, 'image')
  execFileSync('truncate', ['--size', '400M', image])
  execFileSync(maker, ['-q', '-f', image])
  execFileSync('mount', ['-o', 'loop', image, work.destination])
  try {
    await body()
  } finally {
    execFileSync('umount', [work.destination])
  }
}

describe.runIf(isRoot).for(makers)('on a file system that shares blocks (only as root, with %s)', (maker) => {
  test('the file is cloned, hashed as it lies on the disk, and a file of its own', async ({ work }) => {
    await withCloning(work, maker, async () => {
      const { file, config } = await inOneMount(work)
      const { code, result } = await work.run({ config: { ...config, mayLink: false } })
      expect(code, result.message).toBe(0)
      expect(await papersOf(work)).toMatchObject({ file: { stored: 'Cloned' }, verified: { mode: 'Archive' } })
      expect((await stat(join(work.final, name))).ino).not.toBe((await stat(file)).ino)
      expect(await work.modeOf(join(work.final, name))).toBe('440')
      expect(await work.modeOf(file)).toBe('444')
      expect(proven(work)).toBe(`${name}: OK\nmanifest.json: OK\n`)
    })
  })
})
