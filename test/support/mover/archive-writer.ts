// Writes tar and gzip archives of every kind that the mover must be able to read, byte by byte, so that tests can also write them wrong.
import { gzipSync } from 'node:zlib'

export interface Segment {
  readonly at: number
  readonly bytes: Buffer
}

export interface Entry {
  readonly name: string
  readonly type?: string
  readonly body?: Buffer
  /** A GNU sparse entry: only these parts are stored, of `realBytes` in all. */
  readonly sparse?: { readonly realBytes: number; readonly segments: readonly Segment[] }
  /** Write sizes in base-256, as GNU does above 8 GiB. */
  readonly base256?: boolean
}

const blockBytes = 512

export function tarOf(entries: readonly Entry[], endBlocks = 2): Buffer {
  return Buffer.concat([...entries.map(entryBytes), Buffer.alloc(endBlocks * blockBytes)])
}

export function entryBytes(entry: Entry): Buffer {
  if (Buffer.byteLength(entry.name) > 100) {
    const body = Buffer.from(`${entry.name}\0`)
    return Buffer.concat([
      entryBytes({ name: '././@LongLink', type: 'L', body }),
      entryBytes({ ...entry, name: entry.name.slice(0, 50) }),
    ])
  }
  const { sparse } = entry
  const stored =
    sparse === undefined
      ? (entry.body ?? Buffer.alloc(0))
      : Buffer.concat(sparse.segments.map((segment) => segment.bytes))
  const header = Buffer.alloc(blockBytes)
  header.write(entry.name, 0)
  header.write('0000644\0', 100)
  header.write('0001750\0', 108)
  header.write('0001750\0', 116)
  writeNumber(header, { at: 124, value: stored.length, base256: entry.base256 ?? false })
  header.write('14721512345\0', 136)
  header.write(sparse === undefined ? (entry.type ?? '0') : 'S', 156)
  header.write('ustar  \0', 257)
  const extensions = sparse === undefined ? [] : writeSparse(header, { ...sparse, base256: entry.base256 ?? false })
  return Buffer.concat([
    seal(header),
    ...extensions,
    stored,
    Buffer.alloc((blockBytes - (stored.length % blockBytes)) % blockBytes),
  ])
}

/** Sets the checksum of a header; a test that changes one afterwards must seal it again. */
export function seal(header: Buffer): Buffer {
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

function writeSparse(
  header: Buffer,
  { realBytes, segments, base256 }: { realBytes: number; segments: readonly Segment[]; base256: boolean },
): Buffer[] {
  writeNumber(header, { at: 483, value: realBytes, base256 })
  const extensions: Buffer[] = []
  let block = header
  let field = { at: 386, left: 4, more: 482 }
  for (const { at, bytes } of segments) {
    if (field.left === 0) {
      block[field.more] = 1
      block = Buffer.alloc(blockBytes)
      extensions.push(block)
      field = { at: 0, left: 21, more: 504 }
    }
    writeNumber(block, { at: field.at, value: at, base256 })
    writeNumber(block, { at: field.at + 12, value: bytes.length, base256 })
    field = { ...field, at: field.at + 24, left: field.left - 1 }
  }
  return extensions
}

function writeNumber(block: Buffer, { at, value, base256 }: { at: number; value: number; base256: boolean }): void {
  if (!base256) return void block.write(`${value.toString(8).padStart(11, '0')}\0`, at)
  block[at] = 0x80
  block.writeBigUInt64BE(BigInt(value), at + 4)
}

/** A small archive as Meilisearch writes it: VERSION, a task database, a sparse lock file, an index. */
export function snapshotEntries(version = '1.21.0', content: Buffer = Buffer.from('task database')): Entry[] {
  return [
    { name: './', type: '5' },
    { name: 'VERSION', body: Buffer.from(version) },
    { name: 'tasks/', type: '5' },
    { name: 'tasks/data.mdb', body: content },
    {
      name: 'tasks/lock.mdb',
      sparse: {
        realBytes: 8192,
        segments: [
          { at: 0, bytes: Buffer.alloc(100, 1) },
          { at: 8192, bytes: Buffer.alloc(0) },
        ],
      },
    },
    { name: 'indexes/0b6f2c1e-0000-4000-8000-000000000000/data.mdb', body: Buffer.alloc(3000, 'index ') },
  ]
}

export function snapshotArchive(version?: string, content?: Buffer): Buffer {
  return gzipSync(tarOf(snapshotEntries(version, content)))
}
