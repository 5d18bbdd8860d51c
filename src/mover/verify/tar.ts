// Walks through a tar in pieces of any size: says what comes by, and keeps only what the check needs, never an entry's content.
import {
  ArchiveError,
  extendSparse,
  isZeroBlock,
  parseHeader,
  tarBlockBytes,
  type SparseMap,
  type TarHeader,
} from './tar-header.ts'
import { ContentsNote, type Contents } from './tar-contents.ts'
import { metadataOf, metadataTypes } from './tar-records.ts'

/** What comes by. The bytes of an entry come in the order of their places; what lies between two is a hole. */
export type TarEvent =
  | { readonly is: 'entry'; readonly entry: TarHeader }
  | { readonly is: 'bytes'; readonly at: number; readonly bytes: Buffer }
  | { readonly is: 'end'; readonly entry: TarHeader }

/** Long names, pax records and VERSION are kept while they pass by; none of them is ever large. */
const maxKeptBytes = 64 * 1024
type State = 'header' | 'sparse map' | 'body' | 'padding' | 'end'

/** Invariant: `#missing` bytes are still to come before `#state` is left. Use `push` or `walk` for each piece, then `finish` once. */
export class TarReader {
  #state: State = 'header'
  #missing = tarBlockBytes
  #offset = 0
  readonly #block = Buffer.alloc(tarBlockBytes)
  #entry: TarHeader | undefined
  #kept: Buffer[] | undefined
  #override: { name?: string; size?: number } = {}
  #zeroBlocks = 0
  readonly #contents = new ContentsNote()
  #segment = { index: 0, used: 0 }

  /** Takes the next bytes of the tar. Throws ArchiveError as soon as they cannot be right. */
  push(piece: Buffer): void {
    for (const _ of this.walk(piece)) void _
  }

  /** The same, and says what is in them. It goes on when the next event is asked for; ask until there is none. */
  *walk(piece: Buffer): Generator<TarEvent, void, undefined> {
    let rest = piece
    while (rest.length > 0) {
      const part = rest.subarray(0, this.#missing)
      if (this.#state === 'body' && !this.#isMetadata()) yield* this.#locateBytes(part)
      this.#take(part)
      this.#offset += part.length
      this.#missing -= part.length
      rest = rest.subarray(part.length)
      while (this.#missing === 0) {
        const event = this.#advance()
        if (event !== undefined) yield event
      }
    }
  }

  /** At the end of all bytes: was the archive ended as it must be? */
  finish(): Contents {
    if (this.#state !== 'end')
      throw new ArchiveError(`the tar breaks off after ${this.#offset} bytes, without its end mark`)
    return this.#contents.all()
  }

  /** The next stored bytes of the entry, with their place in its file. */
  *#locateBytes(part: Buffer): Generator<TarEvent, void, undefined> {
    const { sparse, storedBytes } = this.#current()
    if (sparse === undefined) return yield { is: 'bytes', at: storedBytes - this.#missing, bytes: part }
    for (let rest = part; rest.length > 0;) {
      const [start = 0, length = 0] = sparse.segments.slice(this.#segment.index, this.#segment.index + 2)
      const bytes = rest.subarray(0, length - this.#segment.used)
      if (bytes.length > 0) yield { is: 'bytes', at: start + this.#segment.used, bytes }
      rest = rest.subarray(bytes.length)
      const used = this.#segment.used + bytes.length
      this.#segment = used < length ? { ...this.#segment, used } : { index: this.#segment.index + 2, used: 0 }
    }
  }

  #take(part: Buffer): void {
    switch (this.#state) {
      case 'header':
      case 'sparse map':
        part.copy(this.#block, tarBlockBytes - this.#missing)
        return
      case 'body':
        this.#kept?.push(Buffer.from(part))
        return
      case 'padding':
        return
      case 'end':
        if (!part.every((byte) => byte === 0))
          throw new ArchiveError(`bytes follow the end mark of the tar, at byte ${this.#offset}`)
    }
  }

  /** A state has all its bytes: what comes next? */
  #advance(): TarEvent | undefined {
    switch (this.#state) {
      case 'header':
        return this.#headerRead()
      case 'sparse map':
        return this.#sparseMapRead()
      case 'body':
        return this.#bodyRead()
      case 'padding':
        return this.#expect('header', tarBlockBytes)
      case 'end':
        return this.#expect('end', Number.POSITIVE_INFINITY)
    }
  }

  #expect(state: State, bytes: number): undefined {
    this.#state = state
    this.#missing = bytes
  }

  #headerRead(): TarEvent | undefined {
    if (isZeroBlock(this.#block)) {
      this.#zeroBlocks++
      return this.#zeroBlocks === 2
        ? this.#expect('end', Number.POSITIVE_INFINITY)
        : this.#expect('header', tarBlockBytes)
    }
    if (this.#zeroBlocks > 0)
      throw new ArchiveError(`a single zero block stands inside the tar, at byte ${this.#offset - tarBlockBytes}`)
    this.#entry = this.#withRealName(parseHeader(this.#block, this.#offset - tarBlockBytes))
    if (this.#entry.sparse?.more === true) return this.#expect('sparse map', tarBlockBytes)
    return this.#startBody(this.#entry)
  }

  /** What long-name entries and pax records before this header said about it. */
  #withRealName(header: TarHeader): TarHeader {
    if (metadataTypes.includes(header.type)) return header
    const { name = header.name, size = header.storedBytes } = this.#override
    this.#override = {}
    return { ...header, name: name.replace(/^(\.\/)+/, ''), storedBytes: size }
  }

  #sparseMapRead(): TarEvent | undefined {
    const entry = this.#current()
    const sparse = extendSparse(entry.sparse as SparseMap, this.#block)
    this.#entry = { ...entry, sparse }
    if (sparse.more) return this.#expect('sparse map', tarBlockBytes)
    return this.#startBody(this.#entry)
  }

  #startBody(entry: TarHeader): TarEvent | undefined {
    const { sparse, storedBytes, type, name } = entry
    if (sparse !== undefined && sparse.mappedBytes !== storedBytes)
      throw new ArchiveError(`the map of the sparse entry ${name} does not fit its size`)
    const keeps = metadataTypes.includes(type) || (type === '0' && name === 'VERSION')
    if (keeps && storedBytes > maxKeptBytes) throw new ArchiveError(`the entry ${name} of the tar is far too long`)
    this.#kept = keeps ? [] : undefined
    this.#segment = { index: 0, used: 0 }
    this.#expect('body', storedBytes)
    return this.#isMetadata() ? undefined : { is: 'entry', entry }
  }

  #bodyRead(): TarEvent | undefined {
    const entry = this.#current()
    const kept = this.#kept === undefined ? undefined : Buffer.concat(this.#kept)
    const isMetadata = this.#isMetadata()
    if (kept !== undefined && isMetadata) this.#override = { ...this.#override, ...metadataOf(entry.type, kept) }
    else this.#contents.note(entry, kept)
    this.#kept = undefined
    this.#expect('padding', (tarBlockBytes - (entry.storedBytes % tarBlockBytes)) % tarBlockBytes)
    return isMetadata ? undefined : { is: 'end', entry }
  }

  /** Of the entry after it, that is. */
  #isMetadata(): boolean {
    return metadataTypes.includes(this.#current().type)
  }

  #current(): TarHeader {
    if (this.#entry === undefined) throw new Error('a tar body without a header')
    return this.#entry
  }
}
