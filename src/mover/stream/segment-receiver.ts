// Receives a file in segments: each is checked before it counts, so the bytes up to a known offset are always right.
// A sender may be cut off anywhere, come twice, or be another one: a segment is taken only where the last one ended.
import { createHash, type Hash } from 'node:crypto'
import { exitCodes, type FileIdentity, type ReceiveConfig } from '../contract.ts'
import { during, Failure } from '../failure.ts'
import { frame, frameLine, segmentUnitBytes, type Frame } from './frames.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import type { Progress } from '../io/progress.ts'
import { parseTime } from '../source/rfc3339.ts'
import type { Source, Target } from '../source/source.ts'
import type { LineReader } from './line-reader.ts'

/** Flushed now and then, so that little is left for the end. */
const flushEveryBytes = 64 * 1024 * 1024

export interface Sender {
  readonly reader: LineReader
  readonly say: (line: string) => void
}

type Sent<Is extends Frame['is']> = Extract<Frame, { is: Is }>

export class SegmentReceiver {
  readonly #config: ReceiveConfig
  readonly #progress: Progress
  readonly #rateLimit: RateLimit
  readonly #known = Promise.withResolvers<FileIdentity>()
  readonly #target = Promise.withResolvers<Target>()
  readonly #complete = Promise.withResolvers<string>()
  readonly #ended = Promise.withResolvers<{ replaced: boolean }>()
  #file: FileIdentity | undefined
  #at = 0
  #flushedAt = 0
  #hash = createHash('sha256')
  #done = false

  constructor(config: ReceiveConfig, { progress, rateLimit }: { progress: Progress; rateLimit: RateLimit }) {
    this.#config = config
    this.#progress = progress
    this.#rateLimit = rateLimit
    // Some are never asked for: a failure comes through the one that is.
    for (const { promise } of [this.#known, this.#complete, this.#ended]) promise.catch(() => undefined)
  }

  /** Once somebody has said which file it is. */
  async source(): Promise<Source> {
    const { inode, sizeBytes, modifiedAt } = await this.#known.promise
    const { directory, fileName } = this.#config.source
    return {
      file: {
        path: `${directory}/${fileName}`,
        inode: BigInt(inode),
        sizeBytes: BigInt(sizeBytes),
        mtimeNs: parseTime(modifiedAt) ?? 0n,
      },
      canLink: false,
      cloneOrLink: () => Promise.resolve(undefined),
      copyTo: (target) => {
        this.#target.resolve(target)
        return this.#complete.promise
      },
      confirm: () => this.#ended.promise,
      close: () => Promise.resolve(),
    }
  }

  /** Listens to one sender until it ends or errs; the next one goes on where this one ended. */
  async receiveFrom(sender: Sender): Promise<void> {
    const { reader } = sender
    let named = false
    this.#say(sender)
    for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
      const content = frame.parse(JSON.parse(line))
      named ||= content.is === 'file'
      if (!named && content.is !== 'refusal') throw new Error(`${content.is} came before the file was named`)
      await this.#take(content, sender)
      this.#say(sender)
    }
  }

  #say({ say }: Sender, came = 0): void {
    say(frameLine({ at: this.#at, came, ...(this.#file === undefined ? {} : { file: this.#file }), done: this.#done }))
  }

  async #take(content: Frame, sender: Sender): Promise<void> {
    switch (content.is) {
      case 'file':
        return this.#name(content)
      case 'segment':
        return this.#segment(content, sender)
      case 'end':
        return this.#end(content)
      case 'refusal':
        return this.#fail(
          new Failure(
            content.exitCode,
            content.message,
            content.modifiedAt === undefined ? {} : { modifiedAt: content.modifiedAt },
          ),
        )
      case 'seal':
        throw new Error('a seal came without its segment')
    }
  }

  #name({ file }: Sent<'file'>): void {
    const { maxSizeBytes } = this.#config
    this.#file ??= file
    if (JSON.stringify(file) !== JSON.stringify(this.#file))
      throw new Error('it is another file than the one that was begun')
    if (file.sizeBytes > maxSizeBytes)
      return this.#fail(
        new Failure(
          exitCodes.tooLarge,
          `The snapshot has ${file.sizeBytes} bytes, and spec.mover.stream.maxSize allows ${maxSizeBytes}; raise it, or put the snapshot directory on a claim that a mover can mount.`,
        ),
      )
    if (file.sizeBytes === 0)
      return this.#fail(
        new Failure(exitCodes.sourceMissing, 'The snapshot file is empty; a new snapshot is needed.', {
          modifiedAt: file.modifiedAt,
        }),
      )
    this.#known.resolve(file)
  }

  /** Written as it comes, at the offset where it belongs; counted only when it is whole and its seal is right. */
  async #segment(head: Sent<'segment'>, sender: Sender): Promise<void> {
    const { sizeBytes } = await this.#known.promise
    const target = await this.#target.promise
    if (head.at !== this.#at || head.at + head.bytes > sizeBytes)
      throw new Error(`a segment of ${head.bytes} bytes for ${head.at} came, but ${this.#at} of ${sizeBytes} are here`)
    const hashes = { own: createHash('sha256'), all: this.#hash.copy() }
    await this.#writing(async () => this.#write(sender, { ...head, target, hashes }))
    const seal = frame.parse(JSON.parse((await sender.reader.line()) ?? '{}'))
    if (seal.is !== 'seal' || seal.sha256 !== hashes.own.digest('hex'))
      throw new Error(`the segment for ${head.at} came damaged`)
    this.#at += head.bytes
    this.#hash = hashes.all
    this.#progress.advance(head.bytes)
    if (this.#at === sizeBytes || this.#at - this.#flushedAt >= flushEveryBytes)
      await this.#writing(async () => this.#flush(target))
    if (this.#at === sizeBytes) this.#complete.resolve(this.#hash.digest('hex'))
  }

  async #write(
    sender: Sender,
    {
      at,
      bytes,
      target: { file, path },
      hashes,
    }: Sent<'segment'> & { target: Target; hashes: { own: Hash; all: Hash } },
  ): Promise<void> {
    let position = at
    let said = at
    for await (const piece of sender.reader.bytes(bytes)) {
      await this.#rateLimit.take(piece.length)
      hashes.own.update(piece)
      hashes.all.update(piece)
      for (let done = 0; done < piece.length;) {
        const { bytesWritten } = await during({ side: 'destination', what: 'write', path }, () =>
          file.write(piece, done, piece.length - done, position + done),
        )
        done += bytesWritten
      }
      position += piece.length
      this.#progress.touch()
      if (position - said < segmentUnitBytes) continue
      this.#say(sender, position - at)
      said = position
    }
  }

  async #flush({ file, path }: Target): Promise<void> {
    await during({ side: 'destination', what: 'flush', path }, () => file.datasync())
    this.#flushedAt = this.#at
  }

  /** What the disk refuses ends the run; what the sender does ends the conversation. */
  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (error instanceof Failure) this.#fail(error)
      throw error
    }
  }

  #end({ replaced }: Sent<'end'>): void {
    if (this.#file === undefined || this.#at !== this.#file.sizeBytes) throw new Error(`the end came at ${this.#at}`)
    this.#done = true
    this.#ended.resolve({ replaced })
  }

  #fail(failure: Failure): void {
    this.#done = true
    for (const { reject } of [this.#known, this.#complete, this.#ended]) reject(failure)
  }
}
