// How much space there is: asked of a real file system, answered by the rule that the copy goes by, and nothing is made for it.
import { rm, statfs } from 'node:fs/promises'
import { describe, expect } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { inject } from '../../../support/mover/faults.ts'
import { isRoot, moverTest as test, withDisk } from '../../../support/mover/test.ts'

const mebibyte = 1024 * 1024

describe.concurrent('a probe', () => {
  test('of a claim with space says what is free and what is needed, and makes nothing', async ({ work }) => {
    const { code, result } = await work.perform(work.probeConfig(10 * mebibyte))
    expect(code, result.message).toBe(0)
    expect(result.space?.neededBytes).toBe(74 * mebibyte)
    const { bavail, bsize } = await statfs(work.destination)
    expect(Math.abs(result.space!.freeBytes - bavail * bsize)).toBeLessThan(1024 * mebibyte)
    expect(result.message).toContain('Claim backups has enough space below backups/products')
    expect(await work.listing()).toEqual([])
  })

  test('counts 1 % as reserve where that is more than 64 MiB', async ({ work }) => {
    const { result } = await work.perform(work.probeConfig(10_000 * mebibyte))
    expect(result.space?.neededBytes).toBe(10_100 * mebibyte)
  })

  test('needs no source', async ({ work }) => {
    await rm(work.source, { recursive: true })
    expect((await work.perform(work.probeConfig(1))).code).toBe(0)
  })

  test('of more than there can be: noSpace with both numbers', async ({ work }) => {
    const { code, result } = await work.perform(work.probeConfig(2 ** 52))
    expect(code).toBe(exitCodes.noSpace)
    expect(result.space?.neededBytes).toBe(2 ** 52 + Math.floor(2 ** 52 / 100))
    expect(result.message).toMatch(/has \d+ bytes free .* needs \d+; free some space there or enlarge it/)
    expect(await work.listing()).toEqual([])
  })

  test('over its deadline, while the storage does not answer: stalled', async ({ work }) => {
    const { code, result } = await work.perform(
      { ...work.probeConfig(1), deadlineSeconds: 1 },
      inject('statfs', 'delay_enter=2500000'),
    )
    expect(code).toBe(exitCodes.stalled)
    expect(result.message).toContain('did not finish in 1 s')
  })

  test.for([
    ['EACCES', exitCodes.permissionDenied],
    ['EIO', exitCodes.inputOutput],
  ] as const)('that the kernel refuses with %s ends with its exit code', async ([error, expected], { work }) => {
    const { code, result } = await work.perform(work.probeConfig(1), inject('statfs', `error=${error}`))
    expect(code).toBe(expected)
    expect(result.message).toContain(`Cannot measure the free space of ${work.destination} (${error})`)
  })

  test('without a size: badConfiguration', async ({ work }) => {
    const { code } = await work.perform({ ...work.probeConfig(1), sizeBytes: -1 })
    expect(code).toBe(exitCodes.badConfiguration)
  })
})

describe.runIf(isRoot).concurrent('a probe of a small disk (only as root: it is mounted)', () => {
  test('turns at exactly the byte where the copy would not fit', async ({ work }) => {
    await withDisk(work.destination, 'size=100m', async () => {
      const fits = await work.perform(work.probeConfig(36 * mebibyte))
      expect(fits.code, fits.result.message).toBe(0)
      expect(fits.result.space).toEqual({ neededBytes: 100 * mebibyte, freeBytes: 100 * mebibyte })
      const tooLarge = await work.perform(work.probeConfig(36 * mebibyte + 1))
      expect(tooLarge.code).toBe(exitCodes.noSpace)
      expect(tooLarge.result.space).toEqual({ neededBytes: 100 * mebibyte + 1, freeBytes: 100 * mebibyte })
    })
  })

  test('without inodes left: noSpace, however many bytes are free', async ({ work }) => {
    await withDisk(work.destination, 'size=200m,nr_inodes=5', async () => {
      const { code, result } = await work.perform(work.probeConfig(1))
      expect(code).toBe(exitCodes.noSpace)
      expect(result.message).toContain('inodes')
    })
  })

  test('mounted read-only answers all the same', async ({ work }) => {
    await withDisk(work.destination, 'ro,size=200m', async () => {
      expect((await work.perform(work.probeConfig(1))).code).toBe(0)
    })
  })
})
