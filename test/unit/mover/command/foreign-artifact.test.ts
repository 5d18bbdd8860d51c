// What `remove` must not touch, as another put it there, or nobody knows who: it stays as it is, and the words say why.
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { exitCodes, type DeleteArtifactConfig } from '../../../../src/mover/contract.ts'
import { killAt, stopAfter } from '../../../support/mover/faults.ts'
import { isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'
import type { Workplace } from '../../../support/mover/mover.ts'
import { expectGone, neighbours, deleteArtifact, rewriteManifest, layArtifact, whole } from './stored-artifact.ts'

vi.setConfig({ testTimeout: 240_000 })

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
      await layArtifact(work)
      await change(work)
      await mkdir(join(work.parent, '.nightly-0a1b2c3d.1-1-aabbccdd.partial'))
      const before = picture(work)
      const { code, result } = await deleteArtifact(work)
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
    await layArtifact(work)
    await rename(join(work.destination, 'backups'), join(work.home, 'elsewhere'))
    await symlink(join(work.home, 'elsewhere'), join(work.destination, 'backups'))
    const before = picture(work)
    const { code, result } = await deleteArtifact(work)
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain(`${join(work.destination, 'backups')} is a symbolic link or no directory`)
    expect(picture(work)).toBe(before)
  })

  test('a path that becomes a symbolic link in the middle is not followed either', async ({ work }) => {
    await layArtifact(work)
    const moved = join(work.home, 'moved')
    const trap = join(work.home, 'trap')
    const swap = async (): Promise<void> => {
      execFileSync('cp', ['-a', join(work.destination, 'backups'), trap])
      await rename(join(work.destination, 'backups'), moved)
      await symlink(trap, join(work.destination, 'backups'))
    }
    const { code, result } = await deleteArtifact(work, stopAfter({ call: 'rename', nth: 1 }, swap))
    expect(code, result.message).toBe(0)
    expect(await readdir(join(moved, 'products'))).toEqual(neighbours)
    const [hidden] = (await readdir(join(trap, 'products'))).filter((name) => !neighbours.includes(name))
    expect(await readdir(join(trap, 'products', hidden!))).toEqual(['SHA256SUMS', 'data.ms.snapshot', 'manifest.json'])
  })

  test('a file that comes right after the look goes back with the artifact', async ({ work }) => {
    await layArtifact(work)
    const hiddenName = async (): Promise<string> =>
      (await readdir(work.parent)).find((name) => name.endsWith('.deleting') && !neighbours.includes(name))!
    const { code, result } = await deleteArtifact(
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
    await layArtifact(work)
    await deleteArtifact(work, killAt('unlink', 2))
    const hidden = (await readdir(work.parent)).find(
      (name) => name.endsWith('.deleting') && !neighbours.includes(name),
    )!
    await writeFile(join(work.parent, hidden, 'notes'), 'mine')
    const { code, result } = await deleteArtifact(work)
    expect(code).toBe(exitCodes.destinationConflict)
    expect(result.message).toContain(`${join(work.parent, hidden)} also holds what no mover put there (notes)`)
    await rm(join(work.parent, hidden, 'notes'))
    expect((await deleteArtifact(work)).result.artifactOutcome).toBe('removed')
    await expectGone(work)
  })

  test.runIf(isRoot)(
    'what another user may not remove: permissionDenied, and it stays (only as root: it runs as another user)',
    async ({ work }) => {
      await layArtifact(work)
      await chown(work.parent, 0, 65_532)
      for (const path of [join(work.destination, 'backups'), work.parent, work.final]) await chmod(path, 0o755)
      await chmod(join(work.final, 'manifest.json'), 0o444)
      const { code, result } = await deleteArtifact(work, { as: { uid: 65_532, gid: 65_532 } })
      expect(code).toBe(exitCodes.permissionDenied)
      expect(result.message).toMatch(/may not write there; make the claim writable/)
      expect(await work.listing()).toEqual(whole)
    },
  )

  test.runIf(isRoot)(
    'what lies on a claim that is mounted read-only: permissionDenied (only as root: it is mounted)',
    async ({ work }) => {
      await withDisk(work.destination, 'size=100m', async () => {
        await layArtifact(work)
        execFileSync('mount', ['-o', 'remount,ro', work.destination])
        const { code, result } = await deleteArtifact(work)
        expect(code).toBe(exitCodes.permissionDenied)
        expect(result.message).toContain('(EROFS): the file system is read-only; mount the destination claim writable.')
      })
    },
  )

  test.for<[string, (config: DeleteArtifactConfig) => object]>([
    ['a directory that is a path', (config) => ({ destination: { ...config.destination, directory: '../nightly' } })],
    ['no directory', (config) => ({ destination: { ...config.destination, directory: '' } })],
    ['a path that climbs out', (config) => ({ destination: { ...config.destination, path: '../..' } })],
  ])('what is configured as %s: badConfiguration', async ([_what, change], { work }) => {
    const config = work.deleteArtifactConfig()
    expect((await work.perform({ ...config, ...change(config) })).code).toBe(exitCodes.badConfiguration)
  })
})
