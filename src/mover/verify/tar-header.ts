// Parses one 512-byte header of a tar archive (POSIX ustar, GNU), and the extension blocks of GNU sparse entries. Pure.
// It is our own because the archive is the only proof of a good snapshot: each field that can be checked is checked.

export const tarBlockBytes = 512

/** They are kept in memory. A database file is written from its beginning to its end, and has hardly any hole. */
const maxSegments = 1_000_000

/** The archive is damaged or is not what Meilisearch writes. The message says where. */
export class ArchiveError extends Error {}

export interface TarHeader {
  readonly name: string
  /** `0` regular, `5` directory, `S` GNU sparse, `L`/`K` long name, `x`/`g` pax records; a NUL counts as `0`. */
  readonly type: string
  /** Bytes of the body that follow in the archive, without padding. */
  readonly storedBytes: number
  /** Only of type `S`. */
  readonly sparse?: SparseMap
}

/** Where a sparse entry's stored bytes belong; `more` says that an extension block follows. */
export interface SparseMap {
  readonly realBytes: number
  /** Start and length of each stored part, in turn. Extension blocks add to this very array. */
  readonly segments: number[]
  readonly mappedBytes: number
  readonly mappedEnd: number
  readonly more: boolean
}

/** Is this one of the zero blocks that end an archive? */
export function isZeroBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0)
}

/** Parses a header; a wrong checksum or an impossible field is an ArchiveError. `offset` is only for its message. */
export function parseHeader(block: Buffer, offset: number): TarHeader {
  if (checksumOf(block) !== numberAt(block, 148, 8))
    throw new ArchiveError(`the header checksum at byte ${offset} of the tar is wrong`)
  const typeByte = block[156] ?? 0
  const type = typeByte === 0 ? '0' : String.fromCharCode(typeByte)
  const header = { name: nameOf(block), type, storedBytes: sizeAt(block, 124) }
  if (type !== 'S') return header
  return {
    ...header,
    sparse: addSegments(
      { realBytes: sizeAt(block, 483), segments: [], mappedBytes: 0, mappedEnd: 0, more: false },
      { block, at: 386, count: 4 },
    ),
  }
}

/** Adds an extension block (21 segments) to the map of a sparse entry. */
export function extendSparse(map: SparseMap, block: Buffer): SparseMap {
  return addSegments(map, { block, at: 0, count: 21 })
}

/** Segments must be in order, must not overlap, and must lie inside the file; a zero length at its end is allowed. */
function addSegments(map: SparseMap, { block, at, count }: { block: Buffer; at: number; count: number }): SparseMap {
  let { mappedBytes, mappedEnd } = map
  for (let index = 0; index < count; index++) {
    const field = at + index * 24
    if (block[field] === 0) break
    const start = sizeAt(block, field)
    const length = sizeAt(block, field + 12)
    if (start < mappedEnd || start + length > map.realBytes)
      throw new ArchiveError('a sparse entry of the tar has an impossible map')
    map.segments.push(start, length)
    mappedBytes += length
    mappedEnd = start + length
  }
  if (map.segments.length > 2 * maxSegments)
    throw new ArchiveError('a sparse entry of the tar is in far too many pieces')
  return { ...map, mappedBytes, mappedEnd, more: block[at + count * 24] === 1 }
}

/** Sum of all bytes with the checksum field itself read as spaces. */
function checksumOf(block: Buffer): number {
  let sum = 0
  for (let index = 0; index < tarBlockBytes; index++) sum += index >= 148 && index < 156 ? 32 : (block[index] ?? 0)
  return sum
}

function nameOf(block: Buffer): string {
  const name = textAt(block, 0, 100)
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isUstar ? textAt(block, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function textAt(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? length : end)
}

function sizeAt(block: Buffer, at: number): number {
  return numberAt(block, at, 12)
}

/** Octal text, or GNU base-256 where the top bit is set. Negative and unsafe numbers are damage. */
function numberAt(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0
  const value =
    first & 0x80 ? base256(block.subarray(at, at + length)) : octal(block.toString('latin1', at, at + length))
  if (!Number.isSafeInteger(value) || value < 0)
    throw new ArchiveError('a header of the tar holds an impossible number')
  return value
}

function base256(field: Buffer): number {
  if (field[0] !== 0x80) return Number.NaN
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0)
}

function octal(text: string): number {
  const digits = /^ *([0-7]*)[\0 ]*$/.exec(text)?.[1]
  return digits === undefined ? Number.NaN : Number.parseInt(digits === '' ? '0' : digits, 8)
}
