// One object's artifact is removed, whole and nothing but that, however often the removal is interrupted.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { snapshotArchive } from '../../../support/mover/archive-writer.ts'
import { inject, killAt, stopAfter } from '../../../support/mover/faults.ts'
import { isRoot, moverTest as test } from '../../../support/mover/test.ts'
import type { Ended } from '../../../support/mover/mover.ts'
import { expectGone, layNeighbours, deleteArtifact, rewriteManifest, layArtifact, whole } from './stored-artifact.ts'

vi.setConfig({ testTimeout: 240_000 })

describe.concurrent('an artifact', () => {
  test('goes, and nothing else, not even the empty directories above; a second run finds it absent', async ({
    work,
  }) => {
    await work.lay(snapshotArchive())
    const moved = await work.run()
    expect(moved.code, moved.result.message).toBe(0)
    await layNeighbours(work)
    const { code, result } = await deleteArtifact(work)
    expect(code, result.message).toBe(0)
    expect(result).toEqual({ exitCode: 0, artifactOutcome: 'removed', message: `Removed ${work.final}.` })
    await expectGone(work)
    const again = await deleteArtifact(work)
    expect(again.code).toBe(0)
    expect(again.result).toMatchObject({
      artifactOutcome: 'absent',
      message: expect.stringContaining(`Nothing lies at ${work.final}`) as string,
    })
    await expectGone(work)
  })

  test('that was never stored is absent, also where not even its path is there', async ({ work }) => {
    const { code, result } = await deleteArtifact(work)
    expect(code, result.message).toBe(0)
    expect(result.artifactOutcome).toBe('absent')
    expect(await work.listing()).toEqual([])
  })

  test('stays where only what interrupted movers left is to go', async ({ work }) => {
    await layArtifact(work)
    const before = await work.listing()
    await mkdir(join(work.parent, '.nightly-0a1b2c3d.1-3-aabbccdd.partial'))
    const { code, result } = await deleteArtifact(work, undefined, { extent: 'Partials' })
    expect(code, result.message).toBe(0)
    expect(result).toEqual({
      exitCode: 0,
      message: `Partial directories of interrupted movers beside ${work.final} that were removed: 1.`,
    })
    expect(await work.listing()).toEqual(before)
  })

  test('goes with what interrupted movers of the same object left, of which nothing is followed', async ({ work }) => {
    await layArtifact(work)
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
    const { result } = await deleteArtifact(work)
    expect(result.artifactOutcome, result.message).toBe('removed')
    expect(result.message).toContain('interrupted movers went, too: 3.')
    await expectGone(work)
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious')
  })

  test('of a later schema goes, too: it says whose it is', async ({ work }) => {
    await layArtifact(work)
    await rewriteManifest(work, (content) => ({ schema: 2, object: content['object'], file: content['file'] }))
    expect((await deleteArtifact(work)).result.artifactOutcome).toBe('removed')
    await expectGone(work)
  })

  test.runIf(isRoot)(
    'goes by an ordinary user of its group (only as root: it runs as another user)',
    async ({ work }) => {
      await layArtifact(work)
      execFileSync('chown', ['-R', '1000:65532', work.destination])
      execFileSync('chmod', ['-R', 'g+w', work.destination])
      const { result } = await deleteArtifact(work, { as: { uid: 65_532, gid: 65_532 } })
      expect(result.artifactOutcome, result.message).toBe('removed')
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
      await layArtifact(work)
      const { code, signal } = await deleteArtifact(work, killAt(call, nth))
      expect(signal ?? code).toBe('SIGKILL')
      if (existsSync(work.final)) expect(await work.listing()).toEqual(whole)
      const { code: next, result } = await deleteArtifact(work)
      expect(next, result.message).toBe(0)
      expect(result.artifactOutcome).toBe(call === 'fsync' && nth === 3 ? 'absent' : 'removed')
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
      const { code, signal } = await deleteArtifact(work, killAt(call, nth))
      expect(signal ?? code).toBe('SIGKILL')
      expect((await deleteArtifact(work)).result.artifactOutcome).toBe('absent')
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
      await layArtifact(work)
      expect((await deleteArtifact(work, killAt(call, nth))).code).toBe(0)
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
      await layArtifact(work)
      const { code, result } = await deleteArtifact(work, inject(call, `error=${error}`, { nth }))
      expect(code, result.message).toBe(expected)
      expect(result.message).toContain(`(${error})`)
      if (existsSync(work.final)) expect(await work.listing()).toEqual(whole)
      expect((await deleteArtifact(work)).code).toBe(0)
      await expectGone(work)
    },
  )

  test('by its deadline, because the storage does not answer: stalled, and the next run ends it', async ({ work }) => {
    await layArtifact(work)
    expect((await deleteArtifact(work, inject('rmdir', 'delay_enter=2500000'), { deadlineSeconds: 1 })).code).toBe(
      exitCodes.stalled,
    )
    expect((await deleteArtifact(work)).code).toBe(0)
    await expectGone(work)
  })

  test('by SIGTERM: terminated, and the next run ends it', async ({ work }) => {
    await layArtifact(work)
    const { code, result } = await deleteArtifact(
      work,
      stopAfter({ call: 'rename', nth: 1 }, (mover) => process.kill(mover, 'SIGTERM')),
    )
    expect(code, result.message).toBe(exitCodes.terminated)
    expect((await deleteArtifact(work)).result.artifactOutcome).toBe('removed')
    await expectGone(work)
  })

  test('by another run of the same object: both end well', async ({ work }) => {
    for (const [, call, nth] of points) {
      await rm(join(work.destination, 'backups'), { recursive: true, force: true })
      await layArtifact(work)
      const others: Ended[] = []
      const first = await deleteArtifact(
        work,
        stopAfter({ call, nth }, async () => void others.push(await deleteArtifact(work))),
      )
      expect(
        [first.code, others[0]?.code],
        `${call} ${nth}: ${first.result.message} ${others[0]?.result.message}`,
      ).toEqual([0, 0])
      await expectGone(work)
    }
  })
})
