// Verifies that the stored copy is a snapshot that Meilisearch can start from: reads it back from the disk and unpacks it to the end, keeping nothing.
// Meilisearch itself checks neither the gzip's CRC nor its length on import, so this is the only place where damage is seen.
import { createHash } from 'node:crypto'
import { exitCodes } from '../contract.ts'
import { Failure } from '../failure.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import type { Progress } from '../io/progress.ts'
import { readArchive } from './read-archive.ts'
import { readBack } from './readback.ts'
import { ArchiveError } from './tar-header.ts'

export interface Verifying {
  readonly path: string
  /** Only for what is said about a bad archive: the copy is gone by then. */
  readonly sourcePath: string
  readonly sizeBytes: number
  /** Of the source, as it was read while copying; undefined where nothing was copied: then what the disk gives is all there is. */
  readonly sha256: string | undefined
  readonly rateLimit: RateLimit
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface VerifyingArchive extends Verifying {
  /** What VERSION in the archive must say. */
  readonly version: string
}

interface VerifiedArchive {
  readonly sha256: string
  readonly archiveVersion: string
  readonly entries: number
  /** Of the files in it, holes included. */
  readonly uncompressedBytes: number
}

/**
 * Checks the copy: its hash, the gzip with CRC and length, the tar's structure, VERSION, and the task database.
 * Throws `mismatch` where the disk gives other bytes than were copied (another copy may help), else `archiveBad`.
 */
export async function verifyArchive(verifying: VerifyingArchive): Promise<VerifiedArchive> {
  const { contents, sha256 } = await readArchive({
    ...verifying,
    blocks: () => readBack(verifying.path, verifying.rateLimit),
  }).catch(async (error: unknown) => {
    if (!(error instanceof ArchiveError)) throw error
    await verifyHash(verifying)
    throw bad(verifying, error.message)
  })
  requireHash(verifying, sha256)
  if (contents.version === undefined) throw bad(verifying, 'it has no entry VERSION')
  if (contents.version !== verifying.version) {
    throw bad(verifying, `it was written by Meilisearch ${contents.version}, but the server is ${verifying.version}`)
  }
  if (!contents.hasTaskDatabase) throw bad(verifying, 'it has no tasks/data.mdb')
  const { version: archiveVersion, entries, uncompressedBytes } = contents
  return { sha256, archiveVersion, entries, uncompressedBytes }
}

function bad({ sourcePath }: Verifying, what: string): Failure {
  return new Failure(
    exitCodes.archiveBad,
    `The archive ${sourcePath} is no good snapshot: ${what}; nothing was stored, a new snapshot is needed.`,
  )
}

function requireHash({ path, sha256 }: Verifying, found: string): string {
  if (sha256 !== undefined && found !== sha256) {
    throw new Failure(
      exitCodes.mismatch,
      `${path} reads back other bytes than were written; the copy is discarded, look at the destination's storage.`,
    )
  }
  return found
}

/** The hash alone, read back as the rest. Also tells, after damage was found: is it the archive's own, or only the copy's? */
export async function verifyHash(verifying: Verifying): Promise<string> {
  const hash = createHash('sha256')
  for await (const block of readBack(verifying.path, verifying.rateLimit)) {
    verifying.signal.throwIfAborted()
    hash.update(block)
    verifying.progress.advance(block.length)
  }
  return requireHash(verifying, hash.digest('hex'))
}
