// An SMB server renames no directory in which a file is open, and answers "access denied". So nothing is open below a directory when the mover renames it.
import { createHash } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { snapshotArchive } from '../../../support/mover/archive-writer.ts'
import { directoryRenames, type DirectoryRename } from '../../../support/mover/record/directory-renames.ts'
import { moverTest as test } from '../../../support/mover/test.ts'
import { send } from '../../../support/mover/stream-sender.ts'

vi.setConfig({ testTimeout: 240_000 })

const archive = snapshotArchive()
const partial = expect.stringMatching(/\/\.nightly-0a1b2c3d\.[-\w]+\.partial$/) as string
const hidden = expect.stringMatching(/\/\.nightly-0a1b2c3d\.[0-9a-f]{8}\.deleting$/) as string
const closedRename = (from: string, to: string): DirectoryRename => ({ from, to, open: [] })

describe.concurrent('nothing is open in a directory that is renamed', () => {
  test.for(['Archive', 'None'] as const)(
    'when a copy is put into its place (verification %s)',
    async (verification, { work }) => {
      await work.lay(archive)
      const { ended, renames } = await directoryRenames(work, work.config({ verification }))
      expect(ended.code, ended.result.message).toBe(0)
      expect(renames[0]).toEqual(closedRename(partial, work.final))
    },
  )

  test('when a link is put into its place', async ({ work }) => {
    const directory = join(work.destination, 'snapshots')
    await mkdir(directory)
    await writeFile(join(directory, 'data.ms.snapshot'), archive, { mode: 0o444 })
    await utimes(join(directory, 'data.ms.snapshot'), 1_700_000_030.5, 1_700_000_030.5)
    const { ended, renames } = await directoryRenames(
      work,
      work.config({ source: { directory, fileName: 'data.ms.snapshot' }, mayLink: true }),
    )
    expect(ended.result.message).toContain('Stored by a link')
    expect(renames[0]).toEqual(closedRename(partial, work.final))
  })

  test('when what was streamed is put into its place', async ({ work }) => {
    const config = work.receiveConfig()
    const file = { inode: '4711', sizeBytes: archive.length, modifiedAt: '2023-11-14T22:13:50.500000000Z' }
    const { ended, renames } = await directoryRenames(work, config, () =>
      send(config, { bytes: archive, file, segmentBytes: 40_000 }),
    )
    expect(ended.code, ended.result.message).toBe(0)
    expect(ended.result.stored?.sha256).toBe(createHash('sha256').update(archive).digest('hex'))
    expect(renames[0]).toEqual(closedRename(partial, work.final))
  })

  test('when a copy is discarded because its archive is damaged', async ({ work }) => {
    await work.lay(Buffer.from('no archive at all'))
    const { ended, renames } = await directoryRenames(work, work.config())
    expect(ended.code, ended.result.message).toBe(exitCodes.archiveBad)
    expect(renames).toEqual([closedRename(partial, partial)])
  })

  test('when an artifact and the leftovers beside it are removed', async ({ work }) => {
    await work.lay(archive)
    const moved = await work.run()
    expect(moved.code, moved.result.message).toBe(0)
    await mkdir(join(work.parent, '.nightly-0a1b2c3d.1-1-0a0b0c0d.partial'))
    await writeFile(join(work.parent, '.nightly-0a1b2c3d.1-1-0a0b0c0d.partial/data.ms.snapshot'), 'half')
    const { ended, renames } = await directoryRenames(work, work.deleteArtifactConfig())
    expect(ended.code, ended.result.message).toBe(0)
    expect(renames).toEqual([closedRename(work.final, hidden), closedRename(partial, partial)])
  })
})
