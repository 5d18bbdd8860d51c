// Makes the directories and files of a database in a directory of its own, and has all of them on the disk in the end.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { flushDirectory } from '../artifact/paths.ts'
import { during, errnoOf } from '../failure.ts'
import type { Progress } from '../io/progress.ts'
import { realSizeOf } from '../verify/tar-contents.ts'
import { ArchiveError } from '../verify/tar-header.ts'
import type { TarEvent } from '../verify/tar.ts'
import { locateEntry } from './entry.ts'
import { Blocks, FileWriter } from './file-writer.ts'

const directoryMode = 0o770
/** Files that are flushed while the next ones are written: file systems commit several at once. */
const maxFinishing = 8

/** Feed it each event in turn, then `finish` once; or `abandon` it. */
export class DatabaseTree {
  readonly #root: string
  readonly #progress: Progress
  readonly #blocks = new Blocks()
  readonly #directories = new Set<string>([''])
  #current: FileWriter | undefined
  readonly #finishing = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  /** @param root a directory that is there, empty, and nobody else's */
  constructor(root: string, progress: Progress) {
    this.#root = root
    this.#progress = progress
  }

  async take(event: TarEvent): Promise<void> {
    switch (event.is) {
      case 'entry': {
        const located = locateEntry(event.entry)
        if (located?.is === 'directory') await this.#makeDirectories(located.path)
        else if (located?.is === 'file') await this.#begin(located.path)
        return
      }
      case 'bytes':
        return this.#current?.add(event.at, event.bytes)
      case 'end':
        return this.#end(realSizeOf(event.entry))
    }
  }

  /** Every file and every directory is on the disk after this. */
  async finish(): Promise<void> {
    await Promise.all(this.#finishing)
    this.#throwFailure()
    // Deepest first, the root last.
    for (const path of [...this.#directories].toSorted((one, other) => other.length - one.length)) {
      await flushDirectory(join(this.#root, path))
      this.#progress.touch()
    }
  }

  /** Nothing is being written any more when it settles. */
  async abandon(): Promise<void> {
    await Promise.allSettled([...this.#finishing, this.#current?.close()])
  }

  async #begin(path: readonly string[]): Promise<void> {
    await this.#makeDirectories(path.slice(0, -1))
    this.#throwFailure()
    this.#current = await FileWriter.create({
      path: join(this.#root, ...path),
      blocks: this.#blocks,
      progress: this.#progress,
    })
  }

  async #end(sizeBytes: number): Promise<void> {
    const file = this.#current
    if (file === undefined) return
    this.#current = undefined
    const finishing: Promise<void> = file
      .finish(sizeBytes)
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#finishing.delete(finishing))
    this.#finishing.add(finishing)
    if (this.#finishing.size >= maxFinishing) await Promise.race(this.#finishing)
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #makeDirectories(components: readonly string[]): Promise<void> {
    for (let depth = 1; depth <= components.length; depth++) {
      const path = components.slice(0, depth).join('/')
      if (this.#directories.has(path)) continue
      await this.#makeDirectory(join(this.#root, path))
      this.#directories.add(path)
    }
  }

  async #makeDirectory(path: string): Promise<void> {
    await during({ side: 'destination', what: 'create the directory', path }, async () => {
      try {
        await mkdir(path, { mode: directoryMode })
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
        throw new ArchiveError('it holds a file and a directory of the same name')
      }
    })
  }
}
