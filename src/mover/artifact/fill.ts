// Fills a partial directory, verifies it and commits it (steps 5 to 7 of the copy protocol). However that ends, the partial directory is gone afterwards.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyArchive, verifyHash, type Verifying } from '../verify/archive.ts'
import { prepare, publish } from './commit.ts'
import type { Batch, StoreConfig, MoverResult } from '../contract.ts'
import type { Manifest } from './manifest-schema.ts'
import { during } from '../failure.ts'
import { buildManifest, type Copied } from './manifest.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import { discard, makePartial, type ArtifactPaths } from './paths.ts'
import { orAborted, type Progress } from '../io/progress.ts'
import { requireSpace } from '../io/space.ts'
import { Stopwatch } from '../io/stopwatch.ts'
import type { Source } from '../source/source.ts'

/** What a run needs from outside. An abort's reason is how the run ends. */
export interface Surroundings {
  readonly version: string
  readonly progress: Progress
  readonly rateLimit: RateLimit
  readonly signal: AbortSignal
  readonly warn: (line: string) => void
  /** Finds the file, once it is known that it has to be stored. */
  readonly open: () => Promise<Source>
}

export interface Run extends Surroundings {
  readonly config: StoreConfig
  readonly paths: ArtifactPaths
  readonly startedAt: string
}

export interface Found {
  readonly source: Source
  readonly batch: Batch
}

export interface Filled {
  /** False: another run of the same object was faster. */
  readonly stored: boolean
  readonly content: Manifest
  readonly seconds: NonNullable<MoverResult['seconds']>
}

/** Copies, verifies, commits. */
export async function fillPartial(run: Run, found: Found): Promise<Filled> {
  const { paths, signal, warn } = run
  await orAborted(signal, makePartial(paths))
  try {
    return await fill(run, found)
  } finally {
    await discard(paths, { path: paths.partial, warn })
  }
}

/** The file is closed before the rename: an SMB server renames no directory in which anything is open. */
async function fill(run: Run, found: Found): Promise<Filled> {
  const { content, seconds } = await buildArtifact(run, found)
  run.signal.throwIfAborted()
  return { stored: (await publish(run.paths)) === 'stored', content, seconds }
}

/** All but the rename: the file copied, verified and flushed, its manifest and checksums beside it, and nothing of it open any more. */
async function buildArtifact(run: Run, { source, batch }: Found): Promise<Omit<Filled, 'stored'>> {
  const { paths, config, progress, rateLimit, signal } = run
  const { inode, mtimeNs, sizeBytes, path: sourcePath } = source.file
  const clock = new Stopwatch()
  const path = join(paths.partial, config.source.fileName)
  progress.begin('copying', Number(sizeBytes))
  const { file, stored, sha256 } = await copyOrClone(run, source, path)
  try {
    const { replaced } = await orAborted(signal, source.confirm())
    const copying = clock.lap()
    const checked = await verify(run, {
      path,
      sourcePath,
      sizeBytes: Number(sizeBytes),
      sha256,
      rateLimit,
      progress,
      signal,
    })
    // What is linked is still the source: was it left alone while it was read?
    if (stored === 'Linked') await orAborted(signal, source.confirm())
    const verifying = clock.lap()
    // Every byte is there; what is left are flushes and a rename.
    progress.begin('committing', Number(sizeBytes), Number(sizeBytes))
    const content = contentOf(run, { inode, sizeBytes, mtimeNs, batch, replaced, stored, ...checked })
    await orAborted(signal, prepare(paths, { file, content, isLink: stored === 'Linked' }))
    return { content, seconds: { copying, verifying } }
  } finally {
    await close(run, file)
  }
}

interface CopiedFile {
  readonly file: FileHandle
  readonly stored: Copied['stored']
  /** Undefined where no byte was read. */
  readonly sha256: string | undefined
}

/** Puts the bytes at this path, as a clone or a link where that can be, and flushes them. */
async function copyOrClone(run: Run, source: Source, path: string): Promise<CopiedFile> {
  const { paths, signal } = run
  const clone = await orAborted(signal, source.cloneOrLink(path))
  if (clone !== undefined) {
    await orAborted(
      signal,
      during({ side: 'destination', what: 'flush', path }, () => clone.file.sync()),
    )
    return { ...clone, sha256: undefined }
  }
  if (source.canLink) await orAborted(signal, requireSpace(paths.root, source.file.sizeBytes))
  const file = await orAborted(signal, create(path))
  try {
    return { file, stored: 'Copied', sha256: await orAborted(signal, source.copyTo({ file, path })) }
  } catch (error) {
    await close(run, file)
    throw error
  }
}

/** What was copied without verification is not read again; what was not copied has to be read once, for its hash. */
async function verify(
  { config, progress, signal }: Run,
  verifying: Verifying,
): Promise<Pick<Copied, 'sha256' | 'verified' | 'uncompressedBytes'>> {
  if (config.verification === 'None' && verifying.sha256 !== undefined)
    return { sha256: verifying.sha256, verified: { mode: 'None' }, uncompressedBytes: undefined }
  progress.begin('verifying', verifying.sizeBytes)
  if (config.verification === 'None')
    return {
      sha256: await orAborted(signal, verifyHash(verifying)),
      verified: { mode: 'None' },
      uncompressedBytes: undefined,
    }
  const { version } = config.describes.meilisearch
  const { sha256, uncompressedBytes, ...found } = await orAborted(signal, verifyArchive({ ...verifying, version }))
  return { sha256, verified: { mode: 'Archive', ...found }, uncompressedBytes }
}

function contentOf({ config, startedAt, version }: Run, copied: Omit<Copied, 'mover'>): Manifest {
  return buildManifest(config, {
    ...copied,
    mover: { version, attempt: config.attempt, startedAt, finishedAt: new Date().toISOString() },
  })
}

async function create(path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  return during({ side: 'destination', what: 'create', path }, () => open(path, flags, 0o600))
}

/** After an abort I/O may hang in the kernel, and closing would wait for it. */
export async function close({ signal }: Run, handle: { close: () => Promise<void> }): Promise<void> {
  const closing = handle.close().catch(() => undefined)
  if (!signal.aborted) await closing
}
