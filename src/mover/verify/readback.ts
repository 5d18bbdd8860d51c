// Reads the stored file again, from the disk itself where the file system can do that, so that a block that never reached the disk is seen.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { DirectFile } from '../io/direct.ts'
import { during } from '../failure.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import { readBlocks } from '../io/read-blocks.ts'

/** The file's bytes in blocks. A block is valid until the next-but-one is asked for. */
export async function* readBack(path: string, rateLimit: RateLimit): AsyncGenerator<Buffer, void, undefined> {
  const doing = { side: 'destination', what: 'read back', path } as const
  const handle = await during(doing, () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW))
  const file = await during(doing, () => DirectFile.of(handle, 'read'))
  try {
    yield* readBlocks({ doing, read: (buffer, at) => file.read(buffer, at) }, rateLimit)
  } finally {
    await file.close()
    await handle.close()
  }
}
