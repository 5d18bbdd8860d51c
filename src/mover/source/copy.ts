// Copies the source in one pass: every byte is read once, hashed in order, and written at its own position.
// Eight buffers of 1 MiB take turns; reads and writes run in the thread pool while the main thread hashes.
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { exitCodes } from '../contract.ts'
import { DirectFile, pageAlignedBuffers } from '../io/direct.ts'
import { during, Failure } from '../failure.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import type { Progress } from '../io/progress.ts'
import { SourceReader } from './source-reader.ts'
import type { OpenSourceFile } from './source-file.ts'

const blockBytes = 1024 * 1024
const workerCount = 8
/** A flush goes along behind the writes, so that little is left for the end. Waiting for each one would cost a quarter of the speed. */
const flushEveryBytes = 16 * blockBytes
/** But never further ahead of it than this: under a memory limit the kernel would stop us for seconds at a time. */
const maxUnflushedBytes = 64 * blockBytes

export interface Copying {
  readonly source: OpenSourceFile
  readonly target: FileHandle
  readonly targetPath: string
  readonly rateLimit: RateLimit
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Copies all bytes and flushes them. Returns the sha256 of what was read, in hex. When it settles, no read or write is under way any more. */
export async function copy(copying: Copying): Promise<string> {
  const { source, target, targetPath } = copying
  const from = await during({ side: 'source', what: 'open', path: source.path }, () =>
    DirectFile.of(source.handle, 'read'),
  )
  const to = await during({ side: 'destination', what: 'open', path: targetPath }, () => DirectFile.of(target, 'write'))
  try {
    const pass = new Pass(copying, { from, to })
    const workers = pageAlignedBuffers(workerCount, blockBytes).map((buffer) => pass.worker(buffer))
    await Promise.allSettled(workers)
    await Promise.all(workers)
    return await pass.finish()
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

/** Shared by the workers. Invariant: blocks are hashed in the order in which they were claimed, which is the order of the file. */
class Pass {
  readonly #copying: Copying
  readonly #from: SourceReader
  readonly #to: DirectFile
  readonly #hash = createHash('sha256')
  readonly #size: number
  #claimed = 0
  #hashed: Promise<void> = Promise.resolve()
  #unflushed = 0
  #flushing: Promise<void> | undefined
  #broken = false

  constructor(copying: Copying, { from, to }: { from: DirectFile; to: DirectFile }) {
    this.#copying = copying
    this.#from = new SourceReader(from)
    this.#to = to
    this.#size = Number(copying.source.sizeBytes)
  }

  /** Takes block after block with one buffer of its own until none is left or a worker has failed. */
  async worker(buffer: Buffer): Promise<void> {
    while (!this.#broken && this.#claimed < this.#size) {
      const at = this.#claimed
      const length = Math.min(blockBytes, this.#size - at)
      this.#claimed += length
      const earlier = this.#hashed
      const turn = Promise.withResolvers<void>()
      this.#hashed = turn.promise
      try {
        this.#copying.signal.throwIfAborted()
        await this.#read(buffer, { length, at })
        await earlier
        this.#hash.update(buffer.subarray(0, length))
        turn.resolve()
        await this.#write(buffer, { length, at })
      } catch (error) {
        this.#broken = true
        throw error
      } finally {
        turn.resolve()
      }
    }
  }

  async finish(): Promise<string> {
    const { target, targetPath } = this.#copying
    await this.#flushing
    await during({ side: 'destination', what: 'cut to its size', path: targetPath }, () => target.truncate(this.#size))
    await this.#flush()
    return this.#hash.digest('hex')
  }

  async #read(buffer: Buffer, { length, at }: { length: number; at: number }): Promise<void> {
    const { source, rateLimit } = this.#copying
    await rateLimit.take(length)
    const read = await during({ side: 'source', what: 'read', path: source.path }, () => this.#from.read(buffer, at))
    if (read < length)
      throw new Failure(
        exitCodes.mismatch,
        `${source.path} ended at ${at + read} of ${this.#size} bytes; the copy is discarded and can be tried again.`,
      )
  }

  async #write(buffer: Buffer, { length, at }: { length: number; at: number }): Promise<void> {
    const { targetPath, progress } = this.#copying
    await during({ side: 'destination', what: 'write', path: targetPath }, () => this.#to.write(buffer, { length, at }))
    progress.advance(length)
    this.#unflushed += length
    if (this.#unflushed >= flushEveryBytes) this.#flushing ??= this.#flushBehind()
    if (this.#unflushed >= maxUnflushedBytes) await this.#flushing
  }

  /** One flush at a time. One that failed stays where it is, so that it is seen: by `finish` at the latest. */
  #flushBehind(): Promise<void> {
    this.#unflushed = 0
    const flushing = this.#flush().then(() => {
      this.#flushing = undefined
    })
    flushing.catch(() => {
      this.#broken = true
    })
    return flushing
  }

  async #flush(): Promise<void> {
    const { target, targetPath, progress } = this.#copying
    await during({ side: 'destination', what: 'flush', path: targetPath }, () => target.datasync())
    progress.touch()
  }
}
