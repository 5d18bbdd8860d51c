// Meilisearch's own file is removed only if it is the very file that was stored; whoever is killed when, a newer one is never lost.
import { execFileSync } from 'node:child_process'
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { exitCodes, type FileIdentity } from '../../../../src/mover/contract.ts'
import { formatTime } from '../../../../src/mover/source/rfc3339.ts'
import { snapshotArchive } from '../../../support/mover/archive-writer.ts'
import { also, inject, killAt, stopAfter } from '../../../support/mover/faults.ts'
import { isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'
import type { Ended, How, Workplace } from '../../../support/mover/mover.ts'

vi.setConfig({ testTimeout: 240_000 })

const archive = snapshotArchive()

async function identityOf(path: string): Promise<FileIdentity> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true })
  return { inode: String(ino), sizeBytes: Number(size), modifiedAt: formatTime(mtimeNs) }
}

/** A snapshot directory as Meilisearch leaves it, with files of others in it. */
async function laySource(work: Workplace): Promise<FileIdentity> {
  await work.lay(archive)
  for (const name of strangers) await writeFile(join(work.source, name), name)
  return identityOf(work.file)
}

const strangers = [
  '.removing-0a1b2c3d-1111-4222-8333-444455556666',
  '.removing-0a1b2c3d-1111-4222-8333-444455556666-00000000.old',
  '.removing-ffffffff-1111-4222-8333-444455556666-00000000',
  '.tmpAbCdEf',
  'other.snapshot',
]

/** As Meilisearch does it: a temporary file, renamed over whatever is there. */
async function persistNewer(work: Workplace, text = 'newer'): Promise<void> {
  const temporary = join(work.source, '.tmpNewer')
  await writeFile(temporary, text)
  await rename(temporary, work.file)
}

async function removeSource(work: Workplace, identity: FileIdentity, how?: How): Promise<Ended> {
  return work.perform(work.removeSourceConfig(identity), how)
}

async function expectDirectory(work: Workplace, file: 'gone' | 'newer'): Promise<void> {
  expect((await readdir(work.source)).toSorted()).toEqual(
    file === 'gone' ? strangers : [...strangers, 'data.ms.snapshot'].toSorted(),
  )
  for (const name of strangers) expect(await readFile(join(work.source, name), 'utf8')).toBe(name)
  if (file === 'newer') expect(await readFile(work.file, 'utf8')).toBe('newer')
}

describe.concurrent('the stored file', () => {
  test('is removed as the mover had recorded it, and nothing else; a second run finds it absent', async ({ work }) => {
    await laySource(work)
    const { result: moved } = await work.run()
    expect(moved.stored).toMatchObject(await identityOf(work.file))
    const { code, result } = await removeSource(work, moved.stored!)
    expect(code, result.message).toBe(0)
    expect(result).toMatchObject({
      sourceOutcome: 'removed',
      message: expect.stringContaining(`Removed ${work.file}`) as string,
    })
    await expectDirectory(work, 'gone')
    const again = await removeSource(work, moved.stored!)
    expect(again.code).toBe(0)
    expect(again.result.sourceOutcome).toBe('absent')
    await expectDirectory(work, 'gone')
  })

  test.runIf(isRoot)(
    'is removed by an ordinary user who owns it, even unreadable (only as root: it runs as another user)',
    async ({ work }) => {
      const identity = await laySource(work)
      await work.giveTo(65_532, 65_532)
      await chown(work.file, 65_532, 65_532)
      await chmod(work.file, 0)
      const { result } = await removeSource(work, identity, { as: { uid: 65_532, gid: 65_532 } })
      expect(result.sourceOutcome, result.message).toBe('removed')
      await expectDirectory(work, 'gone')
    },
  )

  test.for<[string, string, number]>([
    ['before a second name is tried', 'link', 1],
    ['before the second name is taken back', 'unlink', 1],
    ['before it is moved aside', 'rename', 1],
    ['before it is removed', 'unlink', 2],
    ['before the directory is flushed', 'fsync', 1],
  ])('is gone after the next run when the first is killed %s', async ([_when, call, nth], { work }) => {
    const identity = await laySource(work)
    const { code, signal } = await removeSource(work, identity, killAt(call, nth))
    expect(signal ?? code).toBe('SIGKILL')
    const { code: next, result } = await removeSource(work, identity)
    expect(next, result.message).toBe(0)
    expect(result.sourceOutcome).toBe(call === 'fsync' ? 'absent' : 'removed')
    await expectDirectory(work, 'gone')
  })

  test('takes no more of these calls than those of which each was tried', async ({ work }) => {
    const identity = await laySource(work)
    for (const [call, nth] of [
      ['link', 2],
      ['unlink', 3],
      ['rename', 2],
      ['fsync', 2],
    ] as const) {
      expect((await removeSource(work, identity, killAt(call, nth))).code).toBe(0)
      await work.lay(archive)
      Object.assign(identity, await identityOf(work.file))
    }
  })

  test.for<[string, string, number, number]>([
    ['link', 'EPERM', 1, exitCodes.permissionDenied],
    ['link', 'EROFS', 1, exitCodes.permissionDenied],
    ['link', 'EOPNOTSUPP', 1, exitCodes.permissionDenied],
    ['link', 'EIO', 1, exitCodes.inputOutput],
    ['rename', 'EACCES', 1, exitCodes.permissionDenied],
    ['rename', 'EIO', 1, exitCodes.inputOutput],
    ['unlink', 'EIO', 1, exitCodes.inputOutput],
    ['unlink', 'EIO', 2, exitCodes.inputOutput],
    ['fsync', 'EIO', 1, exitCodes.inputOutput],
  ])(
    'survives, or is gone after the next run, where %s fails with %s (call %i)',
    async ([call, error, nth, expected], { work }) => {
      const identity = await laySource(work)
      const { code, result } = await removeSource(work, identity, inject(call, `error=${error}`, { nth }))
      expect(code, result.message).toBe(expected)
      expect(result.message).toContain(`(${error.replace('EOPNOTSUPP', 'ENOTSUP')})`)
      expect((await removeSource(work, identity)).code).toBe(0)
      await expectDirectory(work, 'gone')
    },
  )

  test('is removed on a file system that knows no flush of directories', async ({ work }) => {
    const { result } = await removeSource(work, await laySource(work), inject('fsync', 'error=EINVAL', { nth: 1 }))
    expect(result.sourceOutcome).toBe('removed')
  })
})

describe.concurrent('what is not the stored file', () => {
  test.for<[string, (work: Workplace) => Promise<unknown>]>([
    ['a newer snapshot', async (work) => persistNewer(work)],
    [
      'a copy with the same size and time',
      async (work) => {
        await copyFile(work.file, `${work.file}.new`)
        await utimes(`${work.file}.new`, 1_700_000_030.5, 1_700_000_030.5)
        await rename(`${work.file}.new`, work.file)
      },
    ],
    ['the same inode with another time', async (work) => utimes(work.file, 1_700_000_030.5, 1_700_000_030.501)],
    [
      'the same inode with another size',
      async (work) => {
        await chmod(work.file, 0o644)
        await truncate(work.file, archive.length - 1)
        await utimes(work.file, 1_700_000_030.5, 1_700_000_030.5)
      },
    ],
    [
      'a symbolic link to the stored file',
      async (work) => {
        await rename(work.file, join(work.home, 'elsewhere'))
        await symlink(join(work.home, 'elsewhere'), work.file)
      },
    ],
    [
      'a directory',
      async (work) => {
        await rm(work.file)
        await mkdir(work.file)
      },
    ],
    [
      'a FIFO',
      async (work) => {
        await rm(work.file)
        execFileSync('mkfifo', [work.file])
      },
    ],
  ])('%s is left alone: replaced', async ([_what, change], { work }) => {
    const identity = await laySource(work)
    await change(work)
    const before = await stat(work.file, { bigint: true })
    const { code, result } = await removeSource(work, identity)
    expect(code, result.message).toBe(0)
    expect(result).toMatchObject({
      sourceOutcome: 'replaced',
      message: expect.stringContaining('left alone') as string,
    })
    const after = await stat(work.file, { bigint: true })
    expect([after.ino, after.mtimeNs, after.ctimeNs, after.nlink]).toEqual([
      before.ino,
      before.mtimeNs,
      before.ctimeNs,
      before.nlink,
    ])
    expect((await readdir(work.source)).toSorted()).toEqual([...strangers, 'data.ms.snapshot'].toSorted())
  })

  test.for<[string, (work: Workplace) => Promise<unknown>]>([
    ['is not there', async (work) => rm(work.source, { recursive: true })],
    [
      'is a symbolic link',
      async (work) => {
        await rename(work.source, join(work.home, 'elsewhere'))
        await symlink(join(work.home, 'elsewhere'), work.source)
      },
    ],
  ])('is not looked for where the snapshot directory %s: sourceMissing', async ([_what, change], { work }) => {
    const identity = await laySource(work)
    await change(work)
    const { code, result } = await removeSource(work, identity)
    expect(code).toBe(exitCodes.sourceMissing)
    expect(result.message).toContain(work.source)
  })
})

/** The newer snapshot comes between the look at the file and the rename: while its second name is tried, or right after. */
function comes(work: Workplace, after: 'link' | 'unlink' = 'unlink', text?: string): How {
  return stopAfter({ call: after, nth: 1 }, () => persistNewer(work, text))
}

describe.concurrent('a newer snapshot that comes in the middle', () => {
  test('right before the name is moved aside is caught and put back as it was', async ({ work }) => {
    const identity = await laySource(work)
    const { code, result } = await removeSource(work, identity, comes(work))
    expect(code, result.message).toBe(0)
    expect(result.sourceOutcome).toBe('replaced')
    await expectDirectory(work, 'newer')
  })

  test('right after the stored file was moved aside stays', async ({ work }) => {
    const identity = await laySource(work)
    const { result } = await removeSource(
      work,
      identity,
      stopAfter({ call: 'rename', nth: 1 }, () => persistNewer(work)),
    )
    expect(result.sourceOutcome).toBe('removed')
    await expectDirectory(work, 'newer')
  })

  test.for<[string, string, number]>([
    ['moved aside', 'rename', 1],
    ['put back', 'link', 2],
    ['flushed', 'fsync', 1],
    ['freed of its second name', 'unlink', 2],
    ['flushed at the end', 'fsync', 2],
  ])(
    'is under its name after the next run when this one is killed before it is %s',
    async ([_when, call, nth], { work }) => {
      const identity = await laySource(work)
      const how = comes(work, call === 'unlink' ? 'link' : 'unlink')
      const { code, signal } = await removeSource(work, identity, also(how, call, `signal=SIGKILL:when=${nth}`))
      expect(signal ?? code).toBe('SIGKILL')
      const { result } = await removeSource(work, identity)
      expect(result.sourceOutcome, result.message).toBe('replaced')
      await expectDirectory(work, 'newer')
    },
  )

  test('and cannot be put back is named in the message, and is put back by the next run', async ({ work }) => {
    const identity = await laySource(work)
    const { code, result } = await removeSource(work, identity, also(comes(work), 'link', 'error=EIO:when=2'))
    expect(code).toBe(exitCodes.inputOutput)
    expect(result.message).toMatch(
      /A newer snapshot .* lies at .*\/\.removing-0a1b2c3d-.* could not be put back \(EIO\); run this again, or rename it to data\.ms\.snapshot/,
    )
    expect((await removeSource(work, identity)).result.sourceOutcome).toBe('replaced')
    await expectDirectory(work, 'newer')
  })

  test('gives way to a still newer one, which Meilisearch would have put over it', async ({ work }) => {
    const identity = await laySource(work)
    await removeSource(work, identity, also(comes(work, 'unlink', 'second'), 'link', 'signal=SIGKILL:when=2'))
    await persistNewer(work)
    expect((await removeSource(work, identity)).result.sourceOutcome).toBe('replaced')
    await expectDirectory(work, 'newer')
  })

  test('is kept beside one that is dated earlier: then nobody knows which one is needed', async ({ work }) => {
    const identity = await laySource(work)
    await removeSource(work, identity, also(comes(work), 'link', 'signal=SIGKILL:when=2'))
    await work.lay(Buffer.from('of a clock gone wrong'))
    const { code, result } = await removeSource(work, identity)
    expect(code).toBe(0)
    expect(result.sourceOutcome).toBe('replaced')
    const aside = (await readdir(work.source)).find(
      (name) => !strangers.includes(name) && name.startsWith('.removing-'),
    )!
    expect(result.message).toContain(join(work.source, aside))
    expect(await readFile(join(work.source, aside), 'utf8')).toBe('newer')
    expect(await readFile(work.file, 'utf8')).toBe('of a clock gone wrong')
  })
})

describe.concurrent('two runs at once', () => {
  test('end with the file gone: one finishes what the other has begun', async ({ work }) => {
    const identity = await laySource(work)
    const others: Ended[] = []
    const first = await removeSource(
      work,
      identity,
      stopAfter({ call: 'rename', nth: 1 }, async () => void others.push(await removeSource(work, identity))),
    )
    expect([first.code, others[0]?.code]).toEqual([0, 0])
    expect(others[0]?.result.sourceOutcome).toBe('removed')
    expect(first.result.sourceOutcome).toBe('absent')
    await expectDirectory(work, 'gone')
  })

  test('lose no newer snapshot that one of them has caught', async ({ work }) => {
    const identity = await laySource(work)
    const others: Ended[] = []
    const caught = stopAfter(
      { call: 'rename', nth: 1 },
      async () => void others.push(await removeSource(work, identity)),
    )
    // Both are between their look and their rename when the newer one comes; the second to move aside catches it.
    const first = removeSource(
      work,
      identity,
      stopAfter({ call: 'unlink', nth: 1 }, async () => {
        await persistNewer(work)
        others.push(await removeSource(work, identity, caught))
      }),
    )
    expect((await first).result.sourceOutcome).toBe('replaced')
    expect(others.map(({ code }) => code)).toEqual([0])
    await expectDirectory(work, 'newer')
  })
})

describe.concurrent('a run that may not', () => {
  test.runIf(isRoot)(
    'remove what belongs to another user says so and touches nothing (only as root: it runs as another user)',
    async ({ work }) => {
      const identity = await laySource(work)
      await chown(work.source, 0, 65_532)
      await chmod(work.source, 0o770)
      const { code, result } = await removeSource(work, identity, { as: { uid: 65_532, gid: 65_532 } })
      expect(code).toBe(exitCodes.permissionDenied)
      expect(result.message).toMatch(
        /Cannot remove .* \(EPERM\): user 65532, .*let the mover run with the user that owns Meilisearch's snapshot directory and the file/,
      )
      expect((await readdir(work.source)).toSorted()).toEqual([...strangers, 'data.ms.snapshot'].toSorted())
    },
  )

  test.runIf(isRoot)(
    'write says that the volume must be mounted writable (only as root: it is mounted)',
    async ({ work }) => {
      await withDisk(work.source, 'size=10m', async () => {
        const identity = await laySource(work)
        execFileSync('mount', ['-o', 'remount,ro', work.source])
        const { code, result } = await removeSource(work, identity)
        expect(code).toBe(exitCodes.permissionDenied)
        expect(result.message).toContain('(EROFS): the file system is read-only; mount the snapshot volume writable.')
      })
    },
  )

  test('wait for a directory that does not answer ends at its deadline', async ({ work }) => {
    const config = { ...work.removeSourceConfig(await laySource(work)), deadlineSeconds: 1 }
    expect((await work.perform(config, inject('getdents64', 'delay_enter=2500000'))).code).toBe(exitCodes.stalled)
  })

  test.for<[string, object]>([
    ['an inode that is none', { stored: { inode: '-1', sizeBytes: 1, modifiedAt: '2026-01-01T00:00:00Z' } }],
    ['a time that is none', { stored: { inode: '1', sizeBytes: 1, modifiedAt: 'soon' } }],
    ['a file name that is a path', { source: { directory: '/source', fileName: '../data.ms.snapshot' } }],
    ['a uid that is a path', { object: { uid: '../x', namespace: 'shop', name: 'nightly' } }],
  ])('take %s: badConfiguration', async ([_what, change], { work }) => {
    const config = { ...work.removeSourceConfig(await laySource(work)), ...change }
    expect((await work.perform(config)).code).toBe(exitCodes.badConfiguration)
    expect(await readFile(work.file)).toEqual(archive)
  })
})
