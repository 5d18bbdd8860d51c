import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { realSizeOf, type Contents } from '../../../../src/mover/verify/tar-contents.ts'
import { TarReader } from '../../../../src/mover/verify/tar.ts'
import { entryBytes, seal, snapshotEntries, tarOf, type Entry } from '../../../support/mover/archive-writer.ts'

function read(tar: Buffer, pieceBytes: () => number = () => tar.length): Contents {
  const reader = new TarReader()
  for (let at = 0; at < tar.length;) {
    const next = at + Math.max(1, pieceBytes())
    reader.push(tar.subarray(at, next))
    at = next
  }
  return reader.finish()
}

/** What comes out of an entry. */
function contentOf({ body = Buffer.alloc(0), sparse: map }: Entry): Buffer {
  if (map === undefined) return body
  const content = Buffer.alloc(map.realBytes)
  for (const { at, bytes } of map.segments) bytes.copy(content, at)
  return content
}

/** What a reader that keeps everything makes of it. */
function unpack(tar: Buffer, pieceBytes: () => number): [string, Buffer][] {
  const reader = new TarReader()
  const found: [string, Buffer][] = []
  let current = Buffer.alloc(0)
  for (let at = 0; at < tar.length;) {
    const next = at + Math.max(1, pieceBytes())
    for (const event of reader.walk(tar.subarray(at, next))) {
      if (event.is === 'entry') current = Buffer.alloc(realSizeOf(event.entry))
      if (event.is === 'bytes') event.bytes.copy(current, event.at)
      if (event.is === 'end') found.push([event.entry.name, current])
    }
    at = next
  }
  reader.finish()
  return found
}

const names = fc
  .oneof(fc.stringMatching(/^[a-z0-9]{1,20}(\/[a-z0-9]{1,20}){0,3}$/), fc.stringMatching(/^[a-z0-9]{120,300}$/))
  .filter((name) => name !== 'VERSION' && name !== 'tasks/data.mdb')
const bodies = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))
const plain = fc.record({ name: names, body: bodies, base256: fc.boolean() })
const sparse = fc
  .record({
    name: names,
    parts: fc.array(fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 700 })), { maxLength: 60 }),
    tail: fc.nat(20_000),
    base256: fc.boolean(),
  })
  .map(({ name, parts, tail, base256 }): Entry => {
    let at = 0
    const segments = parts.map(([gap, length]) => {
      const segment = { at: at + gap, bytes: Buffer.alloc(length, 7) }
      at = segment.at + length
      return segment
    })
    return {
      name,
      base256,
      sparse: { realBytes: at + tail, segments: [...segments, { at: at + tail, bytes: Buffer.alloc(0) }] },
    }
  })
const entries = fc.array(fc.oneof(plain, sparse), { maxLength: 8 })

describe('any archive', () => {
  test('of plain, sparse, base-256 and long-named entries is read, in pieces of any size', () => {
    fc.assert(
      fc.property(
        entries,
        fc.infiniteStream(fc.integer({ min: 1, max: 3000 })),
        fc.integer({ min: 2, max: 20 }),
        (extra, sizes, endBlocks) => {
          const all = [...extra, ...snapshotEntries()]
          expect(read(tarOf(all, endBlocks), () => sizes.next().value as number)).toEqual({
            entries: all.length,
            version: '1.21.0',
            hasTaskDatabase: true,
            uncompressedBytes: all.reduce((bytes, entry) => bytes + contentOf(entry).length, 0),
          })
        },
      ),
      { numRuns: 200 },
    )
  })

  test('is said entry by entry, with each byte at its place, in pieces of any size', () => {
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.integer({ min: 1, max: 3000 })), (extra, sizes) => {
        const all = [...extra, ...snapshotEntries()]
        const expected = all.map((entry): [string, Buffer] => [entry.name.replace(/^\.\//, ''), contentOf(entry)])
        expect(unpack(tarOf(all), () => sizes.next().value as number)).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  test('that is cut anywhere before its end mark is refused', () => {
    const tar = tarOf(snapshotEntries())
    fc.assert(
      fc.property(fc.nat(tar.length - 1), (length) => {
        expect(() => read(tar.subarray(0, length))).toThrow('breaks off')
      }),
    )
  })

  test('with one changed byte in a header is refused', () => {
    const header = entryBytes({ name: 'VERSION', body: Buffer.alloc(0) })
    fc.assert(
      fc.property(fc.nat(511), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const tar = Buffer.concat([header, tarOf(snapshotEntries())])
        tar[at]! ^= change
        // In the checksum's own field a change may write the same number in another way.
        if (at >= 148 && at < 156) return
        expect(() => read(tar)).toThrow(/checksum|impossible/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the reader refuses', () => {
  test('bytes after the end mark', () => {
    expect(() => read(Buffer.concat([tarOf(snapshotEntries()), Buffer.from('x')]))).toThrow('follow the end mark')
  })

  test('a zero block between entries', () => {
    const [first, ...rest] = snapshotEntries()
    expect(() => read(Buffer.concat([entryBytes(first!), Buffer.alloc(512), tarOf(rest)]))).toThrow('single zero block')
  })

  test('a negative or gigantic base-256 size', () => {
    for (const first of [0xff, 0x81]) {
      const header = entryBytes({ name: 'x', base256: true })
      header[124] = first
      expect(() => read(Buffer.concat([seal(header), tarOf([])]))).toThrow('impossible number')
    }
  })

  test('a sparse map that overlaps, leaves the file, or does not fit the stored size', () => {
    const segment = (at: number): { at: number; bytes: Buffer } => ({ at, bytes: Buffer.alloc(100) })
    const overlapping = { name: 's', sparse: { realBytes: 1000, segments: [segment(0), segment(50)] } }
    const outside = { name: 's', sparse: { realBytes: 1000, segments: [segment(950)] } }
    for (const entry of [overlapping, outside]) expect(() => read(tarOf([entry]))).toThrow('impossible map')
    const misfit = entryBytes({ name: 's', sparse: { realBytes: 1000, segments: [segment(0)] } })
    misfit.write('00000000143\0', 398)
    expect(() =>
      read(Buffer.concat([seal(misfit.subarray(0, 512)), misfit.subarray(512), Buffer.alloc(1024)])),
    ).toThrow('does not fit its size')
  })

  test('a VERSION that is far too long', () => {
    expect(() => read(tarOf([{ name: 'VERSION', body: Buffer.alloc(100_000) }]))).toThrow('far too long')
  })

  test('damaged pax records', () => {
    expect(() => read(tarOf([{ name: 'pax', type: 'x', body: Buffer.from('99 path=a\n') }, { name: 'b' }]))).toThrow(
      'pax record',
    )
  })
})

describe('the reader tolerates', () => {
  test('pax records, and takes the name and the size from them', () => {
    const record = (text: string): string => `${text.length + 3} ${text}`
    const pax: Entry = { name: 'pax', type: 'x', body: Buffer.from(record('path=tasks/data.mdb\n')) }
    expect(
      read(
        tarOf([
          { name: 'global', type: 'g', body: Buffer.from('11 comment=\n') },
          pax,
          { name: 'short', body: Buffer.from('x') },
        ]),
      ),
    ).toMatchObject({ entries: 1, hasTaskDatabase: true })
    const size: Entry = { name: 'pax', type: 'x', body: Buffer.from(record('size=700\n')) }
    const body = Buffer.concat([entryBytes({ name: 'a' }), Buffer.alloc(1024, 1)])
    expect(read(Buffer.concat([entryBytes(size), body, tarOf(snapshotEntries())]))).toMatchObject({ version: '1.21.0' })
  })

  test('names that begin with ./ and long link targets', () => {
    const all = [
      { name: './VERSION', body: Buffer.from('1.50.0\n') },
      { name: 'link', type: 'K', body: Buffer.from('target\0') },
      { name: './tasks/data.mdb', body: Buffer.from('x') },
    ]
    expect(read(tarOf(all))).toEqual({ entries: 2, version: '1.50.0', hasTaskDatabase: true, uncompressedBytes: 8 })
  })

  test('an entry of 9 GiB, without keeping it', () => {
    const header = entryBytes({ name: 'indexes/a/data.mdb', base256: true })
    header.writeBigUInt64BE(9n * 1024n ** 3n, 128)
    const reader = new TarReader()
    reader.push(seal(header))
    const piece = Buffer.alloc(16 * 1024 * 1024)
    for (let done = 0; done < 9 * 1024 ** 3; done += piece.length) reader.push(piece)
    reader.push(tarOf(snapshotEntries()))
    expect(reader.finish()).toMatchObject({ version: '1.21.0', hasTaskDatabase: true })
  })
})

describe('what the archive is said to hold', () => {
  test('an empty task database does not count', () => {
    expect(read(tarOf([{ name: 'tasks/data.mdb' }, { name: 'VERSION', body: Buffer.from('1') }])).hasTaskDatabase).toBe(
      false,
    )
  })
})
