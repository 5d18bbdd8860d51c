// Opens a file below a claim's root for reading, and nothing else. No symbolic link on the way is followed.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pathComponents } from '../config.ts'
import { exitCodes } from '../contract.ts'
import { Failure } from '../failure.ts'
import { DirectFile } from '../io/direct.ts'
import { HeldDirectory } from '../io/directory.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import { readBlocks } from '../io/read-blocks.ts'
import { SourceReader } from './source-reader.ts'

export interface ClaimPath {
  readonly root: string
  readonly claim: string
  /** From the root. */
  readonly path: string
}

/** Where a path leads: to a directory, or (with a `name`) to something else in one. The caller closes `directory`. */
export interface Reached {
  readonly directory: HeldDirectory
  readonly name?: string
}

/** From the claim's root down, each directory opened through the one above it. What is not there is `sourceMissing`. */
export async function reach({ root, claim, path }: ClaimPath): Promise<Reached> {
  const components = pathComponents(path)
  let held = await HeldDirectory.open({ path: root, side: 'artifact' })
  for (const [index, name] of components.entries()) {
    const above = held
    const next = await above.child(name)
    if (next === 'other' && index === components.length - 1) return { directory: above, name }
    await above[Symbol.asyncDispose]()
    if (next === 'absent')
      throw missing(
        `${path} leads nowhere on claim ${claim}: there is no "${components.slice(0, index + 1).join('/')}"`,
      )
    if (next === 'other')
      throw missing(`${join(above.path, name)} is a symbolic link or no directory, and is not followed`)
    held = next
  }
  return { directory: held }
}

export class ClaimFile implements AsyncDisposable {
  readonly path: string
  readonly sizeBytes: number
  readonly mtimeNs: bigint
  readonly #handle: FileHandle
  readonly #direct: DirectFile

  private constructor(
    named: { path: string; sizeBytes: number; mtimeNs: bigint },
    handle: FileHandle,
    direct: DirectFile,
  ) {
    this.path = named.path
    this.sizeBytes = named.sizeBytes
    this.mtimeNs = named.mtimeNs
    this.#handle = handle
    this.#direct = direct
  }

  /** Anything but a regular file with content is `sourceMissing`. */
  static async open(directory: HeldDirectory, name: string): Promise<ClaimFile> {
    const path = join(directory.path, name)
    // O_NONBLOCK: opening a FIFO would else wait for ever; it changes nothing for a regular file.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const handle = await directory.doing('open', name, () => open(directory.at(name), flags))
    try {
      const state = await directory.doing('look at', name, () => handle.stat({ bigint: true }))
      if (!state.isFile()) throw missing(`${path} is not a regular file`)
      if (state.size === 0n) throw missing(`${path} is empty`)
      const direct = await directory.doing('open', name, () => DirectFile.of(handle, 'read'))
      return new ClaimFile({ path, sizeBytes: Number(state.size), mtimeNs: state.mtimeNs }, handle, direct)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** From its first byte to its last, again for each call. */
  blocks(rateLimit: RateLimit): AsyncGenerator<Buffer, void, undefined> {
    const reader = new SourceReader(this.#direct)
    return readBlocks(
      { doing: { side: 'artifact', what: 'read', path: this.path }, read: (buffer, at) => reader.read(buffer, at) },
      rateLimit,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#direct.close()
    await this.#handle.close()
  }
}

function missing(what: string): Failure {
  return new Failure(exitCodes.sourceMissing, `${what}; restore from another path, or bring the snapshot there.`)
}
