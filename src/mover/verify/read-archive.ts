// Reads a snapshot archive from its first byte to its last: hashes it, unpacks the gzip with its CRC and length, walks through the tar.
// What is done with the entries is the caller's business.
import { createHash, type Hash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGunzip, type Gunzip, type ZlibOptions } from 'node:zlib'
import type { Progress } from '../io/progress.ts'
import type { Contents } from './tar-contents.ts'
import { ArchiveError } from './tar-header.ts'
import { TarReader, type TarEvent } from './tar.ts'

const unpackedChunkBytes = 256 * 1024

export interface Reading {
  /** All of the file. A block is valid until the next-but-one is asked for. */
  readonly blocks: () => AsyncIterable<Buffer>
  readonly sizeBytes: number
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Bytes of an event are valid until it settles. */
export type Take = (event: TarEvent) => Promise<void> | void

export interface ArchiveRead {
  readonly contents: Contents
  readonly sha256: string
}

/** A high-water mark of one byte: the next block is asked for only when the last is used up, so its buffer is free again. */
const gunzipOptions: ZlibOptions & { writableHighWaterMark: number } = {
  chunkSize: unpackedChunkBytes,
  writableHighWaterMark: 1,
}

/** Unpacks all of it. Rejects with an ArchiveError that says what is wrong with it. */
export async function readArchive(reading: Reading, take?: Take): Promise<ArchiveRead> {
  const hash = createHash('sha256')
  const last = new LastBytes()
  const memory = new UsedMemory()
  const gunzip = createGunzip(gunzipOptions)
  const tar = new TarReader()
  let tarBytes = 0
  try {
    await pipeline(
      () => blocks(reading, { hash, last }),
      gunzip,
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          memory.add(piece)
          for (const event of tar.walk(piece)) await take?.(event)
          tarBytes += piece.length
          reading.progress.touch()
        }
      },
      { signal: reading.signal },
    )
  } catch (error) {
    throw gzipError(error)
  }
  requireOneMember(gunzip, { sizeBytes: reading.sizeBytes, tarBytes, statedBytes: last.asLength() })
  return { contents: tar.finish(), sha256: hash.digest('hex') }
}

async function* blocks(
  reading: Reading,
  seen: { hash: Hash; last: LastBytes },
): AsyncGenerator<Buffer, void, undefined> {
  for await (const block of reading.blocks()) {
    seen.hash.update(block)
    seen.last.push(block)
    yield block
    reading.progress.advance(block.length)
  }
}

/**
 * Meilisearch's reader stops after the first gzip member and never looks behind it. So there must be exactly one, and nothing after it:
 * all bytes are used up, and the length in the last four is that of everything unpacked.
 */
function requireOneMember(
  gunzip: Gunzip,
  { sizeBytes, tarBytes, statedBytes }: { sizeBytes: number; tarBytes: number; statedBytes: number },
): void {
  if (gunzip.bytesWritten !== sizeBytes)
    throw new ArchiveError(`${sizeBytes - gunzip.bytesWritten} bytes follow the end of the gzip`)
  if (tarBytes % 2 ** 32 !== statedBytes) throw new ArchiveError('the gzip has more than one member')
}

/** zlib's own errors (`Z_DATA_ERROR`, `Z_BUF_ERROR`) are damage of the archive; `Z_MEM_ERROR` is not. */
function gzipError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string }
  return code?.startsWith('Z_') === true && code !== 'Z_MEM_ERROR' ? new ArchiveError(`gzip: ${message}`) : error
}

/** The last four bytes of a stream of blocks: gzip keeps there the unpacked length modulo 2^32. */
class LastBytes {
  #tail: Buffer = Buffer.alloc(0)

  push(block: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, block.subarray(-4)]).subarray(-4)
  }

  asLength(): number {
    return this.#tail.length === 4 ? this.#tail.readUInt32LE(0) : Number.NaN
  }
}

/**
 * gunzip fills one new buffer after the other, gigabytes of them, and the garbage collector sees no hurry. So each is given back by hand,
 * but only when a piece of the next has come: until then gunzip may still write into it.
 */
class UsedMemory {
  #current: ArrayBufferLike | undefined

  add({ buffer }: Buffer): void {
    if (this.#current === buffer) return
    const finished = this.#current
    this.#current = buffer
    // Only a whole buffer of gunzip's own, never the pool that Node shares out.
    if (finished instanceof ArrayBuffer && finished.byteLength === unpackedChunkBytes) finished.transfer(0)
  }
}
