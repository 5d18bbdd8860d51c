// Reads and writes an open file past the page cache (O_DIRECT) where its file system can do that, and the plain way where it cannot.
// Gigabytes in the cache would push out what Meilisearch reads; and under a memory limit the kernel would slow us down.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { errnoOf } from '../failure.ts'

/** Of offsets and lengths in the file, and of memory. Devices ask for 512 or 4096. */
const alignmentBytes = 4096
const wasmPageBytes = 64 * 1024

type Way = 'direct' | 'plain'

export class DirectFile {
  readonly #plain: FileHandle
  readonly #direct: FileHandle | undefined
  #refused: boolean

  private constructor(plain: FileHandle, direct: FileHandle | undefined) {
    this.#plain = plain
    this.#direct = direct
    this.#refused = direct === undefined
  }

  /** The very file that `plain` has open, for the same kind of access. The caller closes `plain`. */
  static async of(plain: FileHandle, access: 'read' | 'write'): Promise<DirectFile> {
    const flags = constants.O_DIRECT | (access === 'read' ? constants.O_RDONLY : constants.O_WRONLY)
    try {
      return new DirectFile(plain, await open(`/proc/self/fd/${plain.fd}`, flags))
    } catch (error) {
      if (!isRefusal(error)) throw error
      return new DirectFile(plain, undefined)
    }
  }

  /** Fills the buffer with the bytes from `at` on and says how many there were: fewer only at the end of the file. */
  async read(buffer: Buffer, at: number, way: Way = 'direct'): Promise<number> {
    let done = 0
    while (done < buffer.length) {
      const { bytesRead } = await this.#do(at + done, way, (handle) =>
        handle.read(buffer, done, buffer.length - done, at + done),
      )
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done
  }

  /**
   * Writes the first `length` bytes of the buffer at `at`. Behind an uneven end there may be some bytes more than that: whoever writes the last
   * block has to cut the file to its size afterwards.
   */
  async write(buffer: Buffer, { length, at }: { length: number; at: number }): Promise<void> {
    for (let done = 0; done < length;) {
      const { bytesWritten } = await this.#do(at + done, 'direct', (handle) => {
        const end = handle === this.#direct ? Math.min(buffer.length, padToAlignment(length)) : length
        return handle.write(buffer, done, end - done, at + done)
      })
      done += bytesWritten
    }
  }

  async close(): Promise<void> {
    await this.#direct?.close()
  }

  /** A file system may refuse at the first read or write only. One refusal is enough, and the plain way serves from then on. */
  async #do<T>(at: number, way: Way, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    if (this.#direct === undefined || this.#refused || way === 'plain' || at % alignmentBytes !== 0)
      return work(this.#plain)
    try {
      return await work(this.#direct)
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#refused = true
      return work(this.#plain)
    }
  }
}

function padToAlignment(bytes: number): number {
  return Math.ceil(bytes / alignmentBytes) * alignmentBytes
}

function isRefusal(error: unknown): boolean {
  return ['EINVAL', 'EOPNOTSUPP', 'ENOTSUP'].includes(errnoOf(error) ?? '')
}

/** The types for Node leave WebAssembly to the ones for browsers. */
interface Engine {
  readonly WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } }
}

/** Memory that starts at a page, as direct reads and writes need it. WebAssembly's does; without it (no address space left) the plain way serves. */
export function pageAlignedBuffers(count: number, bytes: number): Buffer[] {
  const memory = allocateAligned(count * bytes)
  return Array.from({ length: count }, (_, index) => Buffer.from(memory, index * bytes, bytes))
}

function allocateAligned(bytes: number): ArrayBuffer {
  try {
    return new (globalThis as unknown as Engine).WebAssembly.Memory({ initial: Math.ceil(bytes / wasmPageBytes) })
      .buffer
  } catch {
    return new ArrayBuffer(bytes)
  }
}
