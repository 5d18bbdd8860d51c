// The stored copy, read again from the disk itself: O_DIRECT goes round the page cache, so a block that never reached the disk is seen.
// Where a file system cannot do that (EINVAL), the plain read is what remains.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { during, errnoOf } from './failure.ts'

const blockBytes = 1024 * 1024
const wasmPageBytes = 64 * 1024
const alignmentBytes = 4096

/** The file's bytes in blocks. A block is valid until the next-but-one is asked for: two buffers take turns, one is read ahead. */
export async function* readBack(path: string): AsyncGenerator<Buffer, void, undefined> {
  const doing = { side: 'destination', what: 'read back', path } as const
  const buffers = pageAligned()
  const handle = await during(doing, () => openDirect(path, buffers[0] as Buffer))
  const read = (index: number): Promise<Buffer> => {
    const buffer = buffers[index % 2] as Buffer
    const reading = during(doing, () => readBlock(handle, buffer, index * blockBytes))
    // It is awaited one round later; until then a rejection must not count as unhandled.
    reading.catch(() => undefined)
    return reading
  }
  try {
    let ahead = read(0)
    for (let index = 0; ; index++) {
      const block = await ahead
      if (block.length === blockBytes) ahead = read(index + 1)
      if (block.length > 0) yield block
      if (block.length < blockBytes) return
    }
  } finally {
    await handle.close()
  }
}

/** Opens for direct reads, and reads once: some file systems refuse only then. */
async function openDirect(path: string, buffer: Buffer): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  let handle: FileHandle | undefined
  try {
    handle = await open(path, flags | constants.O_DIRECT)
    await handle.read(buffer, 0, blockBytes, 0)
    return handle
  } catch (error) {
    await handle?.close()
    if (!refusals.has(errnoOf(error) ?? '')) throw error
    return open(path, flags)
  }
}

const refusals: ReadonlySet<string> = new Set(['EINVAL', 'EOPNOTSUPP', 'ENOTSUP'])

/** A block is short only at the end of the file. After an uneven piece there is nothing more, and asking on would not be aligned. */
async function readBlock(handle: FileHandle, buffer: Buffer, at: number): Promise<Buffer> {
  let done = 0
  while (done < blockBytes && done % alignmentBytes === 0) {
    const { bytesRead } = await handle.read(buffer, done, blockBytes - done, at + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return buffer.subarray(0, done)
}

/** The types for Node leave WebAssembly to the ones for browsers. */
interface Engine {
  readonly WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } }
}

/** Direct reads need memory that starts at a page. WebAssembly's does; without it (no address space left) plain reads serve. */
function pageAligned(): Buffer[] {
  try {
    const { buffer } = new (globalThis as unknown as Engine).WebAssembly.Memory({ initial: (2 * blockBytes) / wasmPageBytes })
    return [Buffer.from(buffer, 0, blockBytes), Buffer.from(buffer, blockBytes, blockBytes)]
  } catch {
    return [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)]
  }
}
