// A snapshot archive of any size in seconds: real gzip of a real tar, whose large entry repeats one compressed piece again and again.
import { createCipheriv } from 'node:crypto'
import { open } from 'node:fs/promises'
import { constants, crc32, deflateRawSync } from 'node:zlib'
import { entryBytes, seal } from '../../test/support/mover/archive-writer.ts'

/** About half of it can be compressed, as in a database; large enough to lie outside of any window. */
const pieceBytes = 8 * 1024 * 1024

const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
/** Ends at a byte and refers to nothing before it, so that it can be repeated. */
const compress = (bytes: Buffer): Buffer => deflateRawSync(bytes, { level: 1, finishFlush: constants.Z_FULL_FLUSH })

function headerOf(name: string, sizeBytes: number): Buffer {
  const header = entryBytes({ name })
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124)
  return seal(header)
}

/** Writes at least `sizeBytes`, flushed, and the same in each run. Returns the size of the large entry. */
export async function writeArchive(path: string, sizeBytes: number, version: string): Promise<number> {
  // Its key stream looks as random as any other bytes.
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16))
  const piece = Buffer.concat(
    Array.from({ length: pieceBytes / 8192 }, () =>
      Buffer.concat([cipher.update(Buffer.alloc(4096)), Buffer.alloc(4096, 'a row of a table ')]),
    ),
  )
  const packed = compress(piece)
  const count = Math.ceil(sizeBytes / packed.length)
  const entries = [
    entryBytes({ name: './', type: '5' }),
    entryBytes({ name: 'VERSION', body: Buffer.from(version) }),
    entryBytes({ name: 'tasks/', type: '5' }),
  ]
  const head = Buffer.concat([...entries, headerOf('tasks/data.mdb', count * piece.length)])
  const tail = Buffer.alloc(1024)
  let crc = crc32(head)
  await using file = await open(path, 'wx', 0o444)
  await file.write(Buffer.concat([gzipHeader, compress(head)]))
  for (let index = 0; index < count; index++) {
    crc = crc32(piece, crc)
    await file.write(packed)
  }
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(tail, crc), 0)
  trailer.writeUInt32LE((head.length + count * piece.length + tail.length) % 2 ** 32, 4)
  await file.write(Buffer.concat([deflateRawSync(tail), trailer]))
  await file.sync()
  return count * piece.length
}
