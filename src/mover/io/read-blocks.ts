// Reads a file from its first byte to its last in blocks of 1 MiB, one ahead of the one that is worked on.
import { during, type Doing } from '../failure.ts'
import { pageAlignedBuffers } from './direct.ts'
import type { RateLimit } from './rate-limit.ts'

const blockBytes = 1024 * 1024

export interface BlockSource {
  readonly doing: Doing
  /** Fills the buffer with the bytes from `at` on; fewer only at the end of the file. */
  readonly read: (buffer: Buffer, at: number) => Promise<number>
}

/** A block is valid until the next-but-one is asked for: two buffers take turns. */
export async function* readBlocks(
  { doing, read: readAt }: BlockSource,
  rateLimit: RateLimit,
): AsyncGenerator<Buffer, void, undefined> {
  const buffers = pageAlignedBuffers(2, blockBytes)
  const block = async (index: number): Promise<Buffer> => {
    const buffer = buffers[index % 2] as Buffer
    await rateLimit.take(blockBytes)
    return buffer.subarray(0, await during(doing, () => readAt(buffer, index * blockBytes)))
  }
  const read = (index: number): Promise<Buffer> => {
    const reading = block(index)
    // It is awaited one round later; until then a rejection must not count as unhandled.
    reading.catch(() => undefined)
    return reading
  }
  let ahead = read(0)
  try {
    for (let index = 0; ; index++) {
      const now = await ahead
      if (now.length === blockBytes) ahead = read(index + 1)
      if (now.length > 0) yield now
      if (now.length < blockBytes) return
    }
  } finally {
    // The caller closes the file: nothing may be read from it any more.
    await ahead.catch(() => undefined)
  }
}
