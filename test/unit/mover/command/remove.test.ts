// One object's artifact is removed, whole and nothing but that; what another put there, or nobody knows who, stays as it is.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { exitCodes, type RemoveConfig } from '../../../../src/mover/contract.ts'
import { buildManifest, manifestText } from '../../../../src/mover/artifact/manifest.ts'
import { snapshotArchive } from '../../../support/mover/archive-writer.ts'
import { inject, killAt, stopAfter } from '../../../support/mover/faults.ts'
import { isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'
import { emptyListing, storedListing, type Ended, type How, type Workplace } from '../../../support/mover/mover.ts'

vi.setConfig({ testTimeout: 60_000 })

/** An artifact as the mover leaves it, with what others have beside it. */
async function stored(work: Workplace): Promise<void> {
  const config = work.config()
  const mover = { version: '0.1.0', attempt: '1-1', startedAt: '', finishedAt: '' }
  const content = buildManifest(config, {
    inode: 1n,
    sizeBytes: 4n,
    mtimeNs: 0n,
    sha256: '',
    batch: config.batches[0]!,
    replaced: false,
    stored: 'Copied',
    verified: { mode: 'None' },
    mover,
  })
  await mkdir(work.final, { recursive: true })
  await writeFile(join(work.final, 'data.ms.snapshot'), 'data', { mode: 0o440 })
  await writeFile(join(work.final, 'manifest.json'), manifestText(content), { mode: 0o440 })
  await writeFile(join(work.final, 'SHA256SUMS'), 'sums', { mode: 0o440 })
  await layNeighbours(work)
}

async function layNeighbours(work: Workplace): Promise<void> {
  for (const name of neighbours) {
    await mkdir(join(work.parent, name))
    await writeFile(join(work.parent, name, 'manifest.json'), 'theirs')
  }
}

const neighbours = [
  '.nightly-0a1b2c3d.00000000.deleted',
  '.nightly-0a1b2c3d.b-ffffffff.00000000.deleting',
  '.nightly-0a1b2c3d.deleting',
  '.nightly-ffffffff.00000000.deleting',
  'nightly-0a1b2c3d.old',
  'nightly-ffffffff',
]
const beside = [
  ...emptyListing,
  ...neighbours.flatMap((name) => [`backups/products/${name}/`, `backups/products/${name}/manifest.json`]),
].toSorted()
const whole = [...new Set([...storedListing, ...beside])].toSorted()

async function remove(work: Workplace, how?: How, changes?: Partial<RemoveConfig>): Promise<Ended> {
  return work.perform(work.removeConfig(changes), how)
}

async function expectGone(work: Workplace): Promise<void> {
  expect(await work.listing()).toEqual(beside)
}

describe.concurrent('an artifact', () => {
  test('goes, and nothing else, not even the empty directories above; a second run finds it absent', async ({
    work,
  }) => {
    await work.lay(snapshotArchive())
    const moved = await work.run()
    expect(moved.code, moved.result.message).toBe(0)
    await layNeighbours(work)
    const { code, result } = await remove(work)
    expect(code, result.message).toBe(0)
    expect(result).toEqual({ exitCode: 0, removed: 'removed', message: `Removed ${work.final}.` })
    await expectGone(work)
    const again = await remove(work)
    expect(again.code).toBe(0)
    expect(again.result).toMatchObject({
      removed: 'absent',
      message: expect.stringContaining(`Nothing lies at ${work.final}`) as string,
    })
    await expectGone(work)
  })

  test('that was never stored is absent, also where not even its path is there', async ({ work }) => {
    const { code, result } = await remove(work)
    expect(code, result.message).toBe(0)
    expect(result.removed).toBe('absent')
    expect(await work.listing()).toEqual([])
  })

  test('stays where only what interrupted movers left is to go', async ({ work }) => {
    await stored(work)
    const before = await work.listing()
    await mkdir(join(work.parent, '.nightly-0a1b2c3d.1-3-aabbccdd.partial'))
    const { code, result } = await remove(work, undefined, { extent: 'Partials' })
    expect(code, result.message).toBe(0)
    expect(result).toEqual({
      exitCode: 0,
      message: `Partial directories of interrupted movers beside ${work.final} that were removed: 1.`,
    })
    expect(await work.listing()).toEqual(before)
  })

  test('goes with what interrupted movers of the same object left, of which nothing is followed', async ({ work }) => {
    await stored(work)
    const outside = join(work.home, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, 'precious'), 'precious')
    for (const label of ['1-1-aabbccdd', 'discarded-00112233']) {
      const partial = join(work.parent, `.nightly-0a1b2c3d.${label}.partial`)
      await mkdir(join(partial, 'deep/er'), { recursive: true })
      await writeFile(join(partial, 'data.ms.snapshot'), 'half')
      await symlink(outside, join(partial, 'link'))
    }
    await symlink(outside, join(work.parent, '.nightly-0a1b2c3d.1-2-aabbccdd.partial'))
    const { result } = await remove(work)
    expect(result.removed, result.message).toBe('removed')
    expect(result.message).toContain('interrupted movers went, too: 3.')
    await expectGone(work)
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious')
  })

  test('of a later schema goes, too: it says whose it is', async ({ work }) => {
    await stored(work)
    await rewriteManifest(work, (content) => ({ schema: 2, object: content['object'], file: content['file'] }))
    expect((await remove(work)).result.removed).toBe('removed')
    await expectGone(work)
  })

  test.runIf(isRoot)(
    'goes by an ordinary user of its group (only as root: it runs as another user)',
    async ({ work }) => {
      await stored(work)
      execFileSync('chown', ['-R', '1000:65532', work.destination])
      execFileSync('chmod', ['-R', 'g+w', work.destination])
      const { result } = await remove(work, { as: { uid: 65_532, gid: 65_532 } })
      expect(result.removed, result.message).toBe('removed')
      await expectGone(work)
    },
  )
})

/** Each call that changes something, in order; what follows the kill is done by the next run. */
const points: readonly [string, string, number][] = [
  ['the rename to a hidden name', 'rename', 1],
  ['the flush of that name', 'fsync', 1],
  ['the removal of the file', 'unlink', 1],
  ['the removal of the sums', 'unlink', 2],
  ['the flush of these', 'fsync', 2],
  ['the removal of the manifest', 'unlink', 3],
  ['the removal of the directory', 'rmdir', 1],
  ['the flush of the parent', 'fsync', 3],
]

describe.concurrent('interrupted', () => {
  test.for(points)(
    'by a kill before %s: nothing half lies under the final name, and the next run ends it',
    async ([_when, call, nth], { work }) => {
      await stored(work)
      const { code, signal } = await remove(work, killAt(call, nth))
      expect(signal ?? code).toBe('SIGKILL')
      if (existsSync(work.final)) expect(await work.listing()).toEqual(whole)
      const { code: next, result } = await remove(work)
      expect(next, result.message).toBe(0)
      expect(result.removed).toBe(call === 'fsync' && nth === 3 ? 'absent' : 'removed')
      await expectGone(work)
    },
  )

  test.for([
    ['rename', 1],
    ['unlink', 1],
    ['unlink', 2],
    ['rmdir', 1],
    ['rmdir', 2],
    ['fsync', 1],
  ] as const)(
    'by a kill among what an interrupted mover left (%s %i): the next run ends it',
    async ([call, nth], { work }) => {
      const partial = join(work.parent, '.nightly-0a1b2c3d.1-1-aabbccdd.partial')
      await mkdir(partial, { recursive: true })
      for (const name of ['data.ms.snapshot', 'manifest.json']) await writeFile(join(partial, name), 'half')
      await layNeighbours(work)
      const { code, signal } = await remove(work, killAt(call, nth))
      expect(signal ?? code).toBe('SIGKILL')
      expect((await remove(work)).result.removed).toBe('absent')
      await expectGone(work)
    },
  )

  test('at no other such call', async ({ work }) => {
    for (const [call, nth] of [
      ['rename', 2],
      ['fsync', 4],
      ['unlink', 4],
      ['rmdir', 2],
    ] as const) {
      await rm(join(work.destination, 'backups'), { recursive: true, force: true })
      await stored(work)
      expect((await remove(work, killAt(call, nth))).code).toBe(0)
    }
  })

  test.for(
    points.flatMap(([when, call, nth]) => [
      [when, call, nth, 'EIO', exitCodes.inputOutput] as const,
      ...(call === 'fsync' ? [] : [[when, call, nth, 'EACCES', exitCodes.permissionDenied] as const]),
    ]),
  )(
    'by an error at %s (%s %i, %s): its exit code, and the next run ends it',
    async ([_when, call, nth, error, expected], { work }) => {
      await stored(work)
      const { code, result } = await remove(work, inject(call, `error=${error}`, { nth }))
      expect(code, result.message).toBe(expected)
      expect(result.message).toContain(`(${error})`)
      if (existsSync(work.final)) expect(await work.listing()).toEqual(whole)
      expect((await remove(work)).code).toBe(0)
      await expectGone(work)
    },
  )

  test('by its deadline, because the storage does not answer: stalled, and the next run ends it', async ({ work }) => {
    await stored(work)
    expect((await remove(work, inject('rmdir', 'delay_enter=2500000'), { deadlineSeconds: 1 })).code).toBe(
      exitCodes.stalled,
    )
    expect((await remove(work)).code).toBe(0)
    await expectGone(work)
  })

  test('by SIGTERM: terminated, and the next run ends it', async ({ work }) => {
    await stored(work)
    const { code, result } = await remove(
      work,
      stopAfter({ call: 'rename', nth: 1 }, (mover) => process.kill(mover, 'SIGTERM')),
    )
    expect(code, result.message).toBe(exitCodes.terminated)
    expect((await remove(work)).result.removed).toBe('removed')
    await expectGone(work)
  })

  test('by another run of the same object: both end well', async ({ work }) => {
    for (const [, call, nth] of points) {
      await rm(join(work.destination, 'backups'), { recursive: true, force: true })
      await stored(work)
      const others: Ended[] = []
      const first = await remove(
        work,
        stopAfter({ call, nth }, async () => void others.push(await remove(work))),
      )
      expect(
        [first.code, others[0]?.code],
        `${call} ${nth}: ${first.result.message} ${others[0]?.result.message}`,
      ).toEqual([0, 0])
      await expectGone(work)
    }
  })
})

async function rewriteManifest(work: Workplace, change: (content: Record<string, unknown>) => unknown): Promise<void> {
  const path = join(work.final, 'manifest.json')
  const content = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await rm(path)
  await writeFile(path, JSON.stringify(change(content)))
}

/** Ways in which what lies under the final name is not ours to remove, and the words for it. */
const objections: readonly [string, string, (work: Workplace) => Promise<unknown>][] = [
  [
    'of another object',
    'belongs to another object, shop/nightly (uid ffffffff',
    async (work) =>
      rewriteManifest(work, (content) => ({
        ...content,
        object: { uid: 'ffffffff-1111-4222-8333-444455556666', namespace: 'shop', name: 'nightly' },
      })),
  ],
  ['without a manifest', 'has no readable manifest.json', async (work) => rm(join(work.final, 'manifest.json'))],
  ['with a manifest that is none', 'has no readable manifest.json', async (work) => rewriteManifest(work, () => 'x')],
  [
    'whose manifest names a file elsewhere',
    'has no readable manifest.json',
    async (work) =>
      rewriteManifest(work, (content) => ({ ...content, file: { name: '../nightly-ffffffff/manifest.json' } })),
  ],
  [
    'whose manifest is a symbolic link',
    'has no readable manifest.json',
    async (work) => {
      await rename(join(work.final, 'manifest.json'), join(work.home, 'manifest.json'))
      await symlink(join(work.home, 'manifest.json'), join(work.final, 'manifest.json'))
    },
  ],
  [
    'with files of others in it',
    '(b, c, d, 1 more)',
    async (work) => {
      for (const name of ['e', 'd', 'c', 'b']) await writeFile(join(work.final, name), name)
    },
  ],
  ['with a directory in it', '(notes)', async (work) => mkdir(join(work.final, 'notes'))],
  [
    'with a symbolic link in place of its file',
    '(data.ms.snapshot)',
    async (work) => {
      await rename(join(work.final, 'data.ms.snapshot'), join(work.home, 'data'))
      await symlink(join(work.home, 'data'), join(work.final, 'data.ms.snapshot'))
    },
  ],
  [
    'that is a file',
    'is a symbolic link or no directory',
    async (work) => {
      await rm(work.final, { recursive: true })
      await writeFile(work.final, 'mine')
    },
  ],
  [
    'that is an empty directory',
    'has no readable manifest.json',
    async (work) => {
      await rm(work.final, { recursive: true })
      await mkdir(work.final)
    },
  ],
  [
    'that is a symbolic link to an artifact of ours',
    'is a symbolic link or no directory',
    async (work) => {
      await rename(work.final, join(work.home, 'elsewhere'))
      await symlink(join(work.home, 'elsewhere'), work.final)
    },
  ],
]

function picture(work: Workplace): string {
  return execFileSync(
    'find',
    [work.home, '-not', '-name', 'termination-*', '-not', '-path', work.home, '-printf', '%P %i %y %m %s %T@ %C@ %l\n'],
    { encoding: 'utf8' },
  )
}

describe.concurrent('what is not ours to remove', () => {
  test.for(objections)(
    'an artifact %s: destinationConflict, and nothing at all is touched',
    async ([_what, words, change], { work }) => {
      await stored(work)
      await change(work)
      await mkdir(join(work.parent, '.nightly-0a1b2c3d.1-1-aabbccdd.partial'))
      const before = picture(work)
      const { code, result } = await remove(work)
      expect(code, result.message).toBe(exitCodes.destinationConflict)
      expect(result.message).toContain(
        `${work.final} ${words.startsWith('(') ? 'also holds what no mover put there ' : ''}${words}`,
      )
      expect(result.message).toContain('Look at it, and move away or remove by hand what is not needed.')
      expect(picture(work)).toBe(before)
    },
  )

  test('a path that leads through a symbolic link: destinationConflict, and nothing is touched behind it', async ({
    work,
  }) => {
    await stored(work)
    await rename(join(work.destination, 'backups'), join(work.home, 'elsewhere'))
    await symlink(join(work.home, 'elsewhere'), join(work.destination, 'backups'))
    const before = picture(work)
    const { code, result } = await remove(work)
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain(`${join(work.destination, 'backups')} is a symbolic link or no directory`)
    expect(picture(work)).toBe(before)
  })

  test('a path that becomes a symbolic link in the middle is not followed either', async ({ work }) => {
    await stored(work)
    const moved = join(work.home, 'moved')
    const trap = join(work.home, 'trap')
    const swap = async (): Promise<void> => {
      execFileSync('cp', ['-a', join(work.destination, 'backups'), trap])
      await rename(join(work.destination, 'backups'), moved)
      await symlink(trap, join(work.destination, 'backups'))
    }
    const { code, result } = await remove(work, stopAfter({ call: 'rename', nth: 1 }, swap))
    expect(code, result.message).toBe(0)
    expect(await readdir(join(moved, 'products'))).toEqual(neighbours)
    const [hidden] = (await readdir(join(trap, 'products'))).filter((name) => !neighbours.includes(name))
    expect(await readdir(join(trap, 'products', hidden!))).toEqual(['SHA256SUMS', 'data.ms.snapshot', 'manifest.json'])
  })

  test('a file that comes right after the look goes back with the artifact', async ({ work }) => {
    await stored(work)
    const hiddenName = async (): Promise<string> =>
      (await readdir(work.parent)).find((name) => name.endsWith('.deleting') && !neighbours.includes(name))!
    const { code, result } = await remove(
      work,
      stopAfter({ call: 'rename', nth: 1 }, async () =>
        writeFile(join(work.parent, await hiddenName(), 'notes'), 'mine'),
      ),
    )
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain(`${work.final} also holds what no mover put there (notes)`)
    expect(await work.listing()).toEqual([...whole, 'backups/products/nightly-0a1b2c3d/notes'].toSorted())
  })

  test('what a run that was killed left, and someone put a file into: it stays under its hidden name', async ({
    work,
  }) => {
    await stored(work)
    await remove(work, killAt('unlink', 2))
    const hidden = (await readdir(work.parent)).find(
      (name) => name.endsWith('.deleting') && !neighbours.includes(name),
    )!
    await writeFile(join(work.parent, hidden, 'notes'), 'mine')
    const { code, result } = await remove(work)
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain(`${join(work.parent, hidden)} also holds what no mover put there (notes)`)
    await rm(join(work.parent, hidden, 'notes'))
    expect((await remove(work)).result.removed).toBe('removed')
    await expectGone(work)
  })

  test.runIf(isRoot)(
    'what another user may not remove: permissionDenied, and it stays (only as root: it runs as another user)',
    async ({ work }) => {
      await stored(work)
      await chown(work.parent, 0, 65_532)
      for (const path of [join(work.destination, 'backups'), work.parent, work.final]) await chmod(path, 0o755)
      await chmod(join(work.final, 'manifest.json'), 0o444)
      const { code, result } = await remove(work, { as: { uid: 65_532, gid: 65_532 } })
      expect(code).toBe(exitCodes.permissionDenied)
      expect(result.message).toMatch(/may not write there; make the claim writable/)
      expect(await work.listing()).toEqual(whole)
    },
  )

  test.runIf(isRoot)(
    'what lies on a claim that is mounted read-only: permissionDenied (only as root: it is mounted)',
    async ({ work }) => {
      await withDisk(work.destination, 'size=100m', async () => {
        await stored(work)
        execFileSync('mount', ['-o', 'remount,ro', work.destination])
        const { code, result } = await remove(work)
        expect(code).toBe(exitCodes.permissionDenied)
        expect(result.message).toContain('(EROFS): the file system is read-only; mount the destination claim writable.')
      })
    },
  )

  test.for<[string, (config: RemoveConfig) => object]>([
    ['a directory that is a path', (config) => ({ destination: { ...config.destination, directory: '../nightly' } })],
    ['no directory', (config) => ({ destination: { ...config.destination, directory: '' } })],
    ['a path that climbs out', (config) => ({ destination: { ...config.destination, path: '../..' } })],
  ])('what is told by %s: badConfiguration', async ([_what, change], { work }) => {
    const config = work.removeConfig()
    expect((await work.perform({ ...config, ...change(config) })).code).toBe(exitCodes.badConfiguration)
  })
})
