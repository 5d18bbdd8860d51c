// Reads the stored file again, from the disk itself where the file system can do that, so that a block that never reached the disk is seen.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { DirectFile, pageAlignedBuffers } from '../io/direct.ts'
import { during } from '../failure.ts'
import type { RateLimit } from '../io/rate-limit.ts'

const blockBytes = 1024 * 1024

/** The file's bytes in blocks. A block is valid until the next-but-one is asked for: two buffers take turns, one is read ahead. */
export async function* readBack(path: string, rateLimit: RateLimit): AsyncGenerator<Buffer, void, undefined> {
  const doing = { side: 'destination', what: 'read back', path } as const
  const buffers = pageAlignedBuffers(2, blockBytes)
  const handle = await during(doing, () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW))
  const file = await during(doing, () => DirectFile.of(handle, 'read'))
  const block = async (index: number): Promise<Buffer> => {
    const buffer = buffers[index % 2] as Buffer
    await rateLimit.take(blockBytes)
    return buffer.subarray(0, await during(doing, () => file.read(buffer, index * blockBytes)))
  }
  const read = (index: number): Promise<Buffer> => {
    const reading = block(index)
    // It is awaited one round later; until then a rejection must not count as unhandled.
    reading.catch(() => undefined)
    return reading
  }
  try {
    let ahead = read(0)
    for (let index = 0; ; index++) {
      const now = await ahead
      if (now.length === blockBytes) ahead = read(index + 1)
      if (now.length > 0) yield now
      if (now.length < blockBytes) return
    }
  } finally {
    await file.close()
    await handle.close()
  }
}
