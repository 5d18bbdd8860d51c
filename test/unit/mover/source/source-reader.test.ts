// Where the source is read from follows where it lies. On a real disk: what the kernel fetched is counted by the kernel.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { DirectFile, pageAlignedBuffers } from '../../../../src/mover/io/direct.ts'
import { SourceReader } from '../../../../src/mover/source/source-reader.ts'
import { diskTest as test } from '../../../support/mover/test.ts'

const mebibyte = 1024 * 1024
const blocks = 80

/** How many blocks were read plainly. */
async function plainReads(path: string, isLimited = false): Promise<number> {
  await using handle = await open(path)
  const file = await DirectFile.of(handle, 'read')
  const ways: unknown[] = []
  const counting: Pick<DirectFile, 'read'> = {
    read: (buffer, at, way) => {
      ways.push(way)
      return file.read(buffer, at, way)
    },
  }
  const reader = new SourceReader(counting, isLimited)
  const [buffer] = pageAlignedBuffers(1, mebibyte)
  for (let block = 0; block < blocks; block++) expect(await reader.read(buffer!, block * mebibyte)).toBe(mebibyte)
  await file.close()
  return ways.filter((way) => way === 'plain').length
}

test('what is in the page cache is read from there, and what is not past it, but for a few blocks that ask again', async ({
  work,
  skip,
}) => {
  const path = join(work.home, 'large')
  await writeFile(path, randomBytes(blocks * mebibyte))
  execFileSync('sync', [path])
  expect(await plainReads(path)).toBe(blocks)
  execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none'])
  const before = process.resourceUsage().fsRead
  const plain = await plainReads(path)
  skip(process.resourceUsage().fsRead === before, 'this file system does not tell what it fetches')
  expect(plain).toBe(64 + 8)
  execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none'])
  expect(await plainReads(path, true)).toBe(blocks)
})
