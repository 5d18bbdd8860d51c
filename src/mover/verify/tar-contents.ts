// What of a tar's entries counts for a snapshot: is it whole, of which version, how large. Pure.
import type { TarHeader } from './tar-header.ts'

/** What the archive of a snapshot was found to hold. */
export interface Contents {
  readonly entries: number
  /** Text of the entry `VERSION`, trimmed. */
  readonly version: string | undefined
  /** Is there a `tasks/data.mdb` with content? */
  readonly hasTaskDatabase: boolean
  /** Sizes of all files together, holes included: the room that the database takes. */
  readonly uncompressedBytes: number
}

export class ContentsNote {
  #entries = 0
  #version: string | undefined
  #hasTaskDatabase = false
  #uncompressedBytes = 0

  /** @param kept the text of `VERSION`, of no other entry */
  note(entry: TarHeader, kept: Buffer | undefined): void {
    const realBytes = realSizeOf(entry)
    this.#entries++
    this.#uncompressedBytes += realBytes
    if (kept !== undefined) this.#version = kept.toString('utf8').trim()
    if (entry.name === 'tasks/data.mdb' && '0S'.includes(entry.type) && realBytes > 0) this.#hasTaskDatabase = true
  }

  all(): Contents {
    return {
      entries: this.#entries,
      version: this.#version,
      hasTaskDatabase: this.#hasTaskDatabase,
      uncompressedBytes: this.#uncompressedBytes,
    }
  }
}

/** Of the file that comes out of an entry, holes included. */
export function realSizeOf({ sparse, storedBytes }: TarHeader): number {
  return sparse?.realBytes ?? storedBytes
}
