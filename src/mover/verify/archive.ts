// Verifies that the stored copy is a snapshot that Meilisearch can start from: reads it back from the disk and unpacks it to the end, keeping nothing.
// Meilisearch itself checks neither the gzip's CRC nor its length on import, so this is the only place where damage is seen.
import { createHash, type Hash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGunzip, type Gunzip, type ZlibOptions } from 'node:zlib'
import { exitCodes } from '../contract.ts'
import { Failure } from '../failure.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import type { Progress } from '../io/progress.ts'
import { readBack } from './readback.ts'
import { ArchiveError } from './tar-header.ts'
import { TarReader, type Contents } from './tar.ts'

const unpackedChunkBytes = 256 * 1024

export interface Verifying {
  readonly path: string
  /** Only for what is said about a bad archive: the copy is gone by then. */
  readonly sourcePath: string
  readonly sizeBytes: number
  /** Of the source, as it was read while copying; undefined where nothing was copied: then what the disk gives is all there is. */
  readonly sha256: string | undefined
  readonly rateLimit: RateLimit
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface VerifyingArchive extends Verifying {
  /** What VERSION in the archive must say. */
  readonly version: string
}

interface Unpacked {
  readonly contents: Contents
  readonly sha256: string
}

/**
 * Checks the copy: its hash, the gzip with CRC and length, the tar's structure, VERSION, and the task database.
 * Throws `mismatch` where the disk gives other bytes than were copied (another copy may help), else `archiveBad`.
 */
export async function verifyArchive(
  verifying: VerifyingArchive,
): Promise<{ sha256: string; archiveVersion: string; entries: number }> {
  const { contents, sha256 } = await unpack(verifying).catch(async (error: unknown) => {
    if (!(error instanceof ArchiveError)) throw error
    await verifyHash(verifying)
    throw bad(verifying, error.message)
  })
  if (contents.version === undefined) throw bad(verifying, 'it has no entry VERSION')
  if (contents.version !== verifying.version) {
    throw bad(verifying, `it was written by Meilisearch ${contents.version}, but the server is ${verifying.version}`)
  }
  if (!contents.hasTaskDatabase) throw bad(verifying, 'it has no tasks/data.mdb')
  return { sha256, archiveVersion: contents.version, entries: contents.entries }
}

function bad({ sourcePath }: Verifying, what: string): Failure {
  return new Failure(
    exitCodes.archiveBad,
    `The archive ${sourcePath} is no good snapshot: ${what}; nothing was stored, a new snapshot is needed.`,
  )
}

/** A high-water mark of one byte: the next block is asked for only when the last is used up, so its buffer is free again. */
const gunzipOptions: ZlibOptions & { writableHighWaterMark: number } = {
  chunkSize: unpackedChunkBytes,
  writableHighWaterMark: 1,
}

/** Unpacks all of it. An ArchiveError says what is wrong; a good archive of other bytes than the source's is `mismatch` at once. */
async function unpack(verifying: Verifying): Promise<Unpacked> {
  const hash = createHash('sha256')
  const last = new LastBytes()
  const memory = new UsedMemory()
  const gunzip = createGunzip(gunzipOptions)
  const tar = new TarReader()
  let tarBytes = 0
  try {
    await pipeline(
      () => blocks(verifying, { hash, last }),
      gunzip,
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          tar.push(piece)
          memory.add(piece)
          tarBytes += piece.length
          verifying.progress.touch()
        }
      },
      { signal: verifying.signal },
    )
  } catch (error) {
    throw gzipError(error)
  }
  const sha256 = requireHash(verifying, hash)
  requireOneMember(gunzip, { sizeBytes: verifying.sizeBytes, tarBytes, statedBytes: last.asLength() })
  return { contents: tar.finish(), sha256 }
}

async function* blocks(
  { path, rateLimit, progress }: Verifying,
  seen: { hash: Hash; last: LastBytes },
): AsyncGenerator<Buffer, void, undefined> {
  for await (const block of readBack(path, rateLimit)) {
    seen.hash.update(block)
    seen.last.push(block)
    yield block
    progress.advance(block.length)
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

function requireHash({ path, sha256 }: Verifying, hash: Hash): string {
  const found = hash.digest('hex')
  if (sha256 !== undefined && found !== sha256) {
    throw new Failure(
      exitCodes.mismatch,
      `${path} reads back other bytes than were written; the copy is discarded, look at the destination's storage.`,
    )
  }
  return found
}

/** The hash alone, read back as the rest. Also tells, after damage was found: is it the archive's own, or only the copy's? */
export async function verifyHash(verifying: Verifying): Promise<string> {
  const hash = createHash('sha256')
  for await (const block of readBack(verifying.path, verifying.rateLimit)) {
    verifying.signal.throwIfAborted()
    hash.update(block)
    verifying.progress.advance(block.length)
  }
  return requireHash(verifying, hash)
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
