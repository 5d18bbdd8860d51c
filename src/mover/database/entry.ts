// Which entries of a snapshot archive become part of a database, and under which path: whatever could lead out of its directory is refused. Pure.
import { isFileName } from '../config.ts'
import { realSizeOf } from '../verify/tar-contents.ts'
import { ArchiveError, type TarHeader } from '../verify/tar-header.ts'
import { restoredFromName } from './restored-from.ts'

/** A database has a directory for each index, and a file for each task that waits. */
const maxEntries = 250_000
const maxDepth = 8
const maxPathBytes = 1024
/** What Linux takes as one name. */
const maxNameBytes = 255

export interface Located {
  readonly is: 'file' | 'directory'
  /** Components of its path in the database's directory. */
  readonly path: readonly string[]
}

/** Where an entry belongs; undefined where it is left out. Anything else than a file or a directory inside is an ArchiveError. */
export function locateEntry(entry: TarHeader): Located | undefined {
  const is = entry.type === '5' ? 'directory' : 'file'
  if (!'05S'.includes(entry.type))
    throw new ArchiveError(`its entry ${cut(entry.name)} is neither a file nor a directory (type ${cut(entry.type)})`)
  const path = componentsOf(entry.name, is)
  return path.length === 0 || isLeftOut(path) ? undefined : { is, path }
}

/**
 * The lock files of LMDB are state of the process that had the database open: LMDB makes them anew. And what an earlier restore said of a
 * database that was packed by hand is not true of this one.
 */
function isLeftOut(path: readonly string[]): boolean {
  return path.at(-1) === 'lock.mdb' || (path.length === 1 && path[0] === restoredFromName)
}

function componentsOf(name: string, is: Located['is']): string[] {
  const bare = is === 'directory' ? name.replace(/\/$/, '') : name
  const path = bare === '' && is === 'directory' ? [] : bare.split('/')
  const isGood =
    path.length <= maxDepth &&
    Buffer.byteLength(bare) <= maxPathBytes &&
    path.every((part) => isFileName(part) && !part.includes('\uFFFD') && Buffer.byteLength(part) <= maxNameBytes)
  if (!isGood) throw new ArchiveError(`its entry ${cut(name)} has a name that leads out of the database, or is none`)
  return path
}

/** A name of a stranger, for a message. */
function cut(name: string): string {
  const text = JSON.stringify(name)
  return text.length > 80 ? `${text.slice(0, 80)}…"` : text
}

/** Counts what is in an archive, before anything of it is written. */
export class Bounds {
  readonly #maxBytes: number
  #bytes = 0
  #entries = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(entry: TarHeader): void {
    this.#bytes += realSizeOf(entry)
    this.#entries++
    if (this.#bytes > this.#maxBytes)
      throw new ArchiveError(`it holds more than ${this.#maxBytes} bytes, which is all that it may`)
    if (this.#entries > maxEntries) throw new ArchiveError(`it holds more than ${maxEntries} entries`)
  }
}

/** Pages of a database shrink to a half or a fifth, those of an empty one to a fiftieth. */
const maxRatio = 100
/** So much a small one may hold, whatever its ratio: many empty indexes are hardly anything else than zeros. */
const freeBytes = 1024 ** 3

/** Where no manifest says how much a snapshot of this size may hold. Whether it fits is checked besides; this ends what only wastes time. */
export function maxBytesWithoutManifest(sizeBytes: number): number {
  return Math.max(freeBytes, sizeBytes * maxRatio)
}
