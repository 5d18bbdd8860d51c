// Holds a directory open. Its entries are reached through the open directory itself (as with openat and its kin, which Node lacks),
// so no symbolic link on its path, not even one put there in the middle of the work, leads anywhere else.
import { constants, fsyncSync, type Dirent } from 'node:fs'
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { during, duringSync, errnoOf, type Side } from '../failure.ts'

interface Named {
  readonly path: string
  readonly side: Side
}

export class HeldDirectory {
  /** Where it was found, for messages. */
  readonly path: string
  readonly #side: Side
  readonly #handle: FileHandle

  private constructor({ path, side }: Named, handle: FileHandle) {
    this.path = path
    this.#side = side
    this.#handle = handle
  }

  /** Must be a real directory itself; the path that leads to it is the caller's business. `through` reaches it where that is not its `path`. */
  static async open(named: Named, through = named.path): Promise<HeldDirectory> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
    return new HeldDirectory(named, await during({ ...named, what: 'open the directory' }, () => open(through, flags)))
  }

  /** A directory in this one; `other` for anything else under that name, a symbolic link included. */
  async child(name: string): Promise<HeldDirectory | 'absent' | 'other'> {
    try {
      return await HeldDirectory.open({ path: join(this.path, name), side: this.#side }, this.at(name))
    } catch (error) {
      const code = errnoOf((error as Error).cause)
      if (code === 'ENOENT') return 'absent'
      if (code === 'ENOTDIR' || code === 'ELOOP') return 'other'
      throw error
    }
  }

  /** The path to give to the kernel for an entry. It is no path for people. */
  at(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`
  }

  async entries(): Promise<Dirent[]> {
    return this.doing('list', '', () => readdir(this.at(''), { withFileTypes: true }))
  }

  /** Flushes the names in it, so that they outlive a power cut. A file system that knows no such flush has nothing more to give. */
  async flush(): Promise<void> {
    await this.doing('flush the directory', '', () => this.#handle.sync().catch(unlessUnknown))
  }

  flushSync(): void {
    this.doingSync('flush the directory', '', () => {
      try {
        fsyncSync(this.#handle.fd)
      } catch (error) {
        unlessUnknown(error)
      }
    })
  }

  /** Work on an entry: an error of the kernel comes out as a Failure that names it. */
  async doing<T>(what: string, name: string, work: () => Promise<T>): Promise<T> {
    return during({ side: this.#side, what, path: join(this.path, name) }, work)
  }

  doingSync<T>(what: string, name: string, work: () => T): T {
    return duringSync({ side: this.#side, what, path: join(this.path, name) }, work)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

function unlessUnknown(error: unknown): void {
  if (!['EINVAL', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error
}
