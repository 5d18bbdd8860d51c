// Unpacks a snapshot file into a directory, in one pass with its sha256, the gzip's CRC and length, and the tar; or reads it through and keeps nothing.
import { createHash } from 'node:crypto'
import type { Surroundings } from '../artifact/fill.ts'
import { exitCodes } from '../contract.ts'
import { Failure } from '../failure.ts'
import type { ClaimFile } from '../source/claim-file.ts'
import { readArchive, type ArchiveRead, type Take } from '../verify/read-archive.ts'
import { ArchiveError } from '../verify/tar-header.ts'
import { Bounds } from './entry.ts'
import { DatabaseTree } from './tree.ts'

export interface Unpacking extends Pick<Surroundings, 'progress' | 'rateLimit' | 'signal'> {
  readonly file: ClaimFile
  /** What the file must be; undefined: whatever it is. */
  readonly sha256: string | undefined
  /** What VERSION must say; undefined: any version. */
  readonly version: string | undefined
  /** Of all files in it, unpacked. */
  readonly maxBytes: number
}

export interface Unpacked {
  readonly version: string
  readonly uncompressedBytes: number
  readonly sha256: string
}

/** Checks everything, makes nothing. */
export async function readThrough(unpacking: Unpacking): Promise<Unpacked> {
  const bounds = new Bounds(unpacking.maxBytes)
  return check(unpacking, (event) => {
    if (event.is === 'entry') bounds.add(event.entry)
  })
}

/** Unpacks into a directory that is there, empty, and nobody else's. All of it is right and on the disk when this resolves; if it rejects, something may be there. */
export async function unpackInto(directory: string, unpacking: Unpacking): Promise<Unpacked> {
  const bounds = new Bounds(unpacking.maxBytes)
  const tree = new DatabaseTree(directory, unpacking.progress)
  try {
    const unpacked = await check(unpacking, (event) => {
      if (event.is === 'entry') bounds.add(event.entry)
      return tree.take(event)
    })
    await tree.finish()
    return unpacked
  } catch (error) {
    await tree.abandon()
    throw error
  }
}

/** Throws `mismatch` where the file is not the one that is meant, else `archiveBad` where it is no good snapshot. */
async function check(unpacking: Unpacking, take: Take): Promise<Unpacked> {
  const { contents, sha256 } = await read(unpacking, take).catch(async (error: unknown) => {
    if (!(error instanceof ArchiveError)) throw error
    await requireFile(unpacking)
    throw bad(unpacking, error.message)
  })
  requireHash(unpacking, sha256)
  const { version, hasTaskDatabase, uncompressedBytes } = contents
  if (version === undefined || !/^\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,48}$/.test(version))
    throw bad(unpacking, version === undefined ? 'it has no entry VERSION' : 'its VERSION is no version')
  if (unpacking.version !== undefined && version !== unpacking.version)
    throw bad(unpacking, `it was written by Meilisearch ${version}, and ${unpacking.version} is on record`)
  if (!hasTaskDatabase) throw bad(unpacking, 'it has no tasks/data.mdb')
  return { version, uncompressedBytes, sha256 }
}

async function read({ file, rateLimit, ...rest }: Unpacking, take: Take): Promise<ArchiveRead> {
  return readArchive({ ...rest, sizeBytes: file.sizeBytes, blocks: () => file.blocks(rateLimit) }, take)
}

/** After damage was found: is it the file's own, or did it change since its hash was put on record? */
async function requireFile(unpacking: Unpacking): Promise<void> {
  const { file, rateLimit, signal, progress, sha256 } = unpacking
  if (sha256 === undefined) return
  const hash = createHash('sha256')
  for await (const block of file.blocks(rateLimit)) {
    signal.throwIfAborted()
    hash.update(block)
    progress.touch()
  }
  requireHash(unpacking, hash.digest('hex'))
}

function requireHash({ file, sha256 }: Unpacking, found: string): void {
  if (sha256 === undefined || found === sha256) return
  throw new Failure(
    exitCodes.mismatch,
    `${file.path} is not the file that is on record: its sha256 is ${found}, not ${sha256}; nothing was made of it.`,
  )
}

function bad({ file }: Unpacking, what: string): Failure {
  return new Failure(
    exitCodes.archiveBad,
    `${file.path} is no good snapshot: ${what}; nothing was made of it, restore another one.`,
  )
}
