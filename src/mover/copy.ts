// One pass over the source: every byte is read once, hashed in order, and written at its own position.
// Four buffers of 1 MiB go round; reads and writes run in the thread pool while the main thread hashes.
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { exitCodes } from './contract.ts'
import { during, Failure } from './failure.ts'
import type { Progress } from './progress.ts'
import type { Source } from './source.ts'

const blockBytes = 1024 * 1024
const laneCount = 4
/** A flush goes along behind the writes, so that little is left for the end. Waiting for each one would cost a quarter of the speed. */
const flushEveryBytes = 16 * blockBytes
/** But never further ahead of it than this: under a memory limit the kernel would stop us for seconds at a time. */
const maxUnflushedBytes = 64 * blockBytes

export interface Copying {
  readonly source: Source
  readonly target: FileHandle
  readonly targetPath: string
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Copies all bytes and flushes them. Returns the sha256 of what was read, in hex. When it settles, no read or write is under way any more. */
export async function copy(copying: Copying): Promise<string> {
  const pass = new Pass(copying)
  const lanes = Array.from({ length: laneCount }, () => pass.lane())
  await Promise.allSettled(lanes)
  await Promise.all(lanes)
  return pass.finish()
}

/** Shared by the lanes. Invariant: blocks are hashed in the order in which they were claimed, which is the order of the file. */
class Pass {
  readonly #copying: Copying
  readonly #hash = createHash('sha256')
  readonly #size: number
  #claimed = 0
  #hashed: Promise<void> = Promise.resolve()
  #unflushed = 0
  #flushing: Promise<void> | undefined
  #broken = false

  constructor(copying: Copying) {
    this.#copying = copying
    this.#size = Number(copying.source.sizeBytes)
  }

  /** Takes block after block with one buffer of its own until none is left or a lane has failed. */
  async lane(): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(blockBytes, this.#size))
    while (!this.#broken && this.#claimed < this.#size) {
      const at = this.#claimed
      const block = buffer.subarray(0, Math.min(blockBytes, this.#size - at))
      this.#claimed += block.length
      const earlier = this.#hashed
      const turn = Promise.withResolvers<void>()
      this.#hashed = turn.promise
      try {
        this.#copying.signal.throwIfAborted()
        await this.#read(block, at)
        await earlier
        this.#hash.update(block)
        turn.resolve()
        await this.#write(block, at)
      } catch (error) {
        this.#broken = true
        throw error
      } finally {
        turn.resolve()
      }
    }
  }

  async finish(): Promise<string> {
    await this.#flushing
    await this.#flush()
    return this.#hash.digest('hex')
  }

  async #read(block: Buffer, at: number): Promise<void> {
    const { handle, path } = this.#copying.source
    for (let done = 0; done < block.length; ) {
      const { bytesRead } = await during({ side: 'source', what: 'read', path }, () => handle.read(block, done, block.length - done, at + done))
      if (bytesRead === 0) throw new Failure(exitCodes.mismatch, `${path} ended at ${at + done} of ${this.#size} bytes; the copy is discarded and can be tried again.`)
      done += bytesRead
    }
  }

  async #write(block: Buffer, at: number): Promise<void> {
    const { target, targetPath, progress } = this.#copying
    for (let done = 0; done < block.length; ) {
      const { bytesWritten } = await during({ side: 'destination', what: 'write', path: targetPath }, () => target.write(block, done, block.length - done, at + done))
      done += bytesWritten
    }
    progress.advance(block.length)
    this.#unflushed += block.length
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
    progress.moved()
  }
}
