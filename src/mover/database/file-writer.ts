// Writes one file of a database: each block of 1 MiB once, at its place, past the page cache, several at a time. When it is finished it is on the disk.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { during, errnoOf } from '../failure.ts'
import { DirectFile, pageAlignedBuffers } from '../io/direct.ts'
import type { Progress } from '../io/progress.ts'
import { ArchiveError } from '../verify/tar-header.ts'

const blockBytes = 1024 * 1024
const blockCount = 8
/** Direct writes end at such borders; what lies behind the end of the file is cut off. */
const alignmentBytes = 4096
/** As the copy of `move` does: a flush goes along behind the writes, and they never get far ahead of it. */
const flushEveryBytes = 16 * blockBytes
const maxUnflushedBytes = 64 * blockBytes
/** As the umask allows: user and group, so that a server with the same fsGroup can use it. */
const fileMode = 0o660

/** The buffers of all files together. */
export class Blocks {
  readonly #free: Buffer[] = pageAlignedBuffers(blockCount, blockBytes)
  readonly #waiting: ((block: Buffer) => void)[] = []

  async take(): Promise<Buffer> {
    return this.#free.pop() ?? new Promise((resolve) => void this.#waiting.push(resolve))
  }

  give(block: Buffer): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(block)
    else next(block)
  }
}

export interface Target {
  readonly path: string
  readonly blocks: Blocks
  readonly progress: Pick<Progress, 'touch'>
}

/** Invariant: `#block` holds the bytes of the file from `#base` on, `#used` of them so far; holes are zeros. Blocks before it were written or are being. */
export class FileWriter {
  readonly #target: Target
  readonly #handle: FileHandle
  readonly #file: DirectFile
  #block: Buffer | undefined
  #base = 0
  #used = 0
  readonly #writes = new Set<Promise<void>>()
  #unflushed = 0
  #flushing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  private constructor(target: Target, handle: FileHandle, file: DirectFile) {
    this.#target = target
    this.#handle = handle
    this.#file = file
  }

  /** Nothing may stand there. */
  static async create(target: Target): Promise<FileWriter> {
    const { path } = target
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const handle = await during({ side: 'destination', what: 'create', path }, async () => {
      try {
        return await open(path, flags, fileMode)
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
        throw new ArchiveError('it holds two entries of the same name')
      }
    })
    try {
      const file = await during({ side: 'destination', what: 'open', path }, () => DirectFile.of(handle, 'write'))
      return new FileWriter(target, handle, file)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** The next bytes; `at` never goes back. */
  async add(at: number, bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const place = at + done
      const base = place - (place % blockBytes)
      const block = await this.#blockAt(base)
      block.fill(0, this.#used, place - base)
      const copied = bytes.copy(block, place - base, done)
      this.#used = place - base + copied
      done += copied
    }
  }

  /** After the last byte. Every byte of it is on the disk then, and it is closed. */
  async finish(sizeBytes: number): Promise<void> {
    const { path } = this.#target
    try {
      this.#writeBlock()
      await this.#waitForWrites()
      await during({ side: 'destination', what: 'cut to its size', path }, () => this.#handle.truncate(sizeBytes))
      await during({ side: 'destination', what: 'flush', path }, () => this.#handle.sync())
      this.#target.progress.touch()
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#writes, this.#flushing])
    await this.#file.close()
    await this.#handle.close()
  }

  async #blockAt(base: number): Promise<Buffer> {
    if (this.#block !== undefined && this.#base === base) return this.#block
    this.#writeBlock()
    if (this.#unflushed >= maxUnflushedBytes) await this.#flushing
    const block = await this.#target.blocks.take()
    if (this.#failure !== undefined) throw this.#failure.error
    this.#base = base
    this.#used = 0
    this.#block = block
    return block
  }

  /** Begins to write what the block holds, if there is one. */
  #writeBlock(): void {
    const block = this.#block
    if (block === undefined) return
    this.#block = undefined
    const writing: Promise<void> = this.#write(block, { length: this.#used, at: this.#base })
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#writes.delete(writing))
    this.#writes.add(writing)
  }

  async #write(block: Buffer, where: { length: number; at: number }): Promise<void> {
    const { path, blocks, progress } = this.#target
    try {
      block.fill(0, where.length, Math.min(block.length, where.length + alignmentBytes))
      await during({ side: 'destination', what: 'write', path }, () => this.#file.write(block, where))
    } finally {
      blocks.give(block)
    }
    progress.touch()
    this.#unflushed += where.length
    if (this.#unflushed >= flushEveryBytes) this.#flushing ??= this.#flushBehind()
  }

  /** One flush at a time. */
  #flushBehind(): Promise<void> {
    const { path, progress } = this.#target
    this.#unflushed = 0
    return during({ side: 'destination', what: 'flush', path }, () => this.#handle.datasync()).then(
      () => {
        this.#flushing = undefined
        progress.touch()
      },
      (error: unknown) => {
        this.#failure ??= { error }
      },
    )
  }

  async #waitForWrites(): Promise<void> {
    await Promise.all(this.#writes)
    await this.#flushing
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
