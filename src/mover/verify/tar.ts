// Walks through a tar in pieces of any size, and keeps only what the check needs: never an entry's content.
import {
  ArchiveError,
  extendSparse,
  isZeroBlock,
  parseHeader,
  tarBlockBytes,
  type SparseMap,
  type TarHeader,
} from './tar-header.ts'

/** What the archive of a snapshot was found to hold. */
export interface Contents {
  readonly entries: number
  /** Text of the entry `VERSION`, trimmed. */
  readonly version: string | undefined
  /** Is there a `tasks/data.mdb` with content? */
  readonly hasTaskDatabase: boolean
}

/** Long names, pax records and VERSION are kept while they pass by; none of them is ever large. */
const maxKeptBytes = 64 * 1024
const metadataTypes = 'LKxg'
type State = 'header' | 'sparse map' | 'body' | 'padding' | 'end'

/** Invariant: `#missing` bytes are still to come before `#state` is left. Use `push` for each piece, then `finish` once. */
export class TarReader {
  #state: State = 'header'
  #missing = tarBlockBytes
  #offset = 0
  readonly #block = Buffer.alloc(tarBlockBytes)
  #entry: TarHeader | undefined
  #kept: Buffer[] | undefined
  #override: { name?: string; size?: number } = {}
  #zeroBlocks = 0
  #entries = 0
  #version: string | undefined
  #hasTaskDatabase = false

  /** Takes the next bytes of the tar. Throws ArchiveError as soon as they cannot be right. */
  push(piece: Buffer): void {
    let rest = piece
    while (rest.length > 0) {
      const part = rest.subarray(0, this.#missing)
      this.#take(part)
      this.#offset += part.length
      this.#missing -= part.length
      rest = rest.subarray(part.length)
      while (this.#missing === 0) this.#advance()
    }
  }

  /** At the end of all bytes: was the archive ended as it must be? */
  finish(): Contents {
    if (this.#state !== 'end')
      throw new ArchiveError(`the tar breaks off after ${this.#offset} bytes, without its end mark`)
    return { entries: this.#entries, version: this.#version, hasTaskDatabase: this.#hasTaskDatabase }
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
  #advance(): void {
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

  #expect(state: State, bytes: number): void {
    this.#state = state
    this.#missing = bytes
  }

  #headerRead(): void {
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
    this.#startBody(this.#entry)
  }

  /** What long-name entries and pax records before this header said about it. */
  #withRealName(header: TarHeader): TarHeader {
    if (metadataTypes.includes(header.type)) return header
    const { name = header.name, size = header.storedBytes } = this.#override
    this.#override = {}
    return { ...header, name: name.replace(/^(\.\/)+/, ''), storedBytes: size }
  }

  #sparseMapRead(): void {
    const entry = this.#current()
    const sparse = extendSparse(entry.sparse as SparseMap, this.#block)
    this.#entry = { ...entry, sparse }
    if (sparse.more) return this.#expect('sparse map', tarBlockBytes)
    this.#startBody(this.#entry)
  }

  #startBody(entry: TarHeader): void {
    const { sparse, storedBytes, type, name } = entry
    if (sparse !== undefined && sparse.mappedBytes !== storedBytes)
      throw new ArchiveError(`the map of the sparse entry ${name} does not fit its size`)
    const keeps = metadataTypes.includes(type) || (type === '0' && name === 'VERSION')
    if (keeps && storedBytes > maxKeptBytes) throw new ArchiveError(`the entry ${name} of the tar is far too long`)
    this.#kept = keeps ? [] : undefined
    this.#expect('body', storedBytes)
  }

  #bodyRead(): void {
    const entry = this.#current()
    const kept = this.#kept === undefined ? undefined : Buffer.concat(this.#kept)
    if (kept !== undefined && metadataTypes.includes(entry.type))
      this.#override = { ...this.#override, ...metadataOf(entry.type, kept) }
    else this.#noteEntry(entry, kept)
    this.#kept = undefined
    this.#expect('padding', (tarBlockBytes - (entry.storedBytes % tarBlockBytes)) % tarBlockBytes)
  }

  #noteEntry(entry: TarHeader, kept: Buffer | undefined): void {
    this.#entries++
    if (kept !== undefined) this.#version = kept.toString('utf8').trim()
    const realBytes = entry.sparse?.realBytes ?? entry.storedBytes
    if (entry.name === 'tasks/data.mdb' && '0S'.includes(entry.type) && realBytes > 0) this.#hasTaskDatabase = true
  }

  #current(): TarHeader {
    if (this.#entry === undefined) throw new Error('a tar body without a header')
    return this.#entry
  }
}

/** Of what follows, a metadata entry may give the name and the size. A long link target and global records say nothing we need. */
function metadataOf(type: string, body: Buffer): { name?: string; size?: number } {
  if (type === 'L') return { name: body.toString('utf8').replace(/\0+$/, '') }
  if (type !== 'x') return {}
  const records = paxRecords(body)
  const path = records.get('path')
  const size = records.get('size')
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw new ArchiveError('a pax record of the tar holds an impossible size')
  return { ...(path === undefined ? {} : { name: path }), ...(size === undefined ? {} : { size: Number(size) }) }
}

/** Records are `<length> <key>=<value>\n`, where length counts the whole record. */
function paxRecords(body: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length;) {
    const head = /^(\d{1,6}) /.exec(body.toString('latin1', at, at + 7))
    const end = at + Number(head?.[1] ?? 0)
    const record = body.toString('utf8', at + (head?.[0].length ?? 0), end - 1)
    const equals = record.indexOf('=')
    if (head === null || end > body.length || body[end - 1] !== 0x0a || equals === -1)
      throw new ArchiveError('a pax record of the tar is damaged')
    records.set(record.slice(0, equals), record.slice(equals + 1))
    at = end
  }
  return records
}
