// Opens Meilisearch's snapshot file for reading, and never for anything else. A newer snapshot may replace it by a rename at any moment:
// the open file stays the old one, whole.
import { constants } from 'node:fs'
import { lstat, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ownerOf } from './batch-window.ts'
import { exitCodes, type Batch, type MoveConfig, type StoreConfig } from '../contract.ts'
import { during, Failure } from '../failure.ts'
import { formatTime } from './rfc3339.ts'

/** Which file it is, in its own directory. */
export interface SourceFile {
  readonly path: string
  readonly inode: bigint
  readonly sizeBytes: bigint
  readonly mtimeNs: bigint
}

/** The open file and what it was when it was opened. */
export interface OpenSourceFile extends SourceFile {
  readonly handle: FileHandle
  readonly dev: bigint
  readonly uid: bigint
}

/** Opens the file; anything but a regular file with content is `sourceMissing`. The caller closes `handle`. */
export async function openSourceFile({ directory, fileName }: MoveConfig['source']): Promise<OpenSourceFile> {
  const path = join(directory, fileName)
  const opening = { side: 'source', what: 'open the snapshot file', path } as const
  // O_NONBLOCK: opening a FIFO would else wait for ever; it changes nothing for a regular file.
  const handle = await during(opening, () =>
    open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  )
  try {
    const state = await during(opening, () => handle.stat({ bigint: true }))
    if (!state.isFile())
      throw new Failure(
        exitCodes.sourceMissing,
        `${path} is not a regular file; Meilisearch writes its snapshot as one.`,
      )
    if (state.size === 0n) throw new Failure(exitCodes.sourceMissing, `${path} is empty; a new snapshot is needed.`)
    return {
      path,
      handle,
      dev: state.dev,
      inode: state.ino,
      uid: state.uid,
      sizeBytes: state.size,
      mtimeNs: state.mtimeNs,
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The batch that wrote the file, or the Failure that says what lies there instead. */
export function requireBatch(source: SourceFile, { batches, allowedSkewMs }: StoreConfig): Batch {
  const owner = ownerOf(source.mtimeNs, batches, allowedSkewMs)
  if (owner.is === 'owned') return owner.batch
  const modifiedAt = formatTime(source.mtimeNs)
  const known = `the known batches (${batches[0]?.startedAt} to ${batches.at(-1)?.finishedAt})`
  switch (owner.is) {
    case 'newer':
      throw new Failure(
        exitCodes.superseded,
        `${source.path} was written at ${modifiedAt}, after ${known}; the batch that wrote it must be found.`,
        { modifiedAt },
      )
    case 'older':
      throw new Failure(
        exitCodes.sourceMissing,
        `${source.path} was written at ${modifiedAt}, before ${known}; a new snapshot is needed.`,
        { modifiedAt },
      )
    case 'between':
      throw new Failure(
        exitCodes.sourceMissing,
        `${source.path} was written at ${modifiedAt}, and no single one of ${known} did that; a new snapshot is needed.`,
        { modifiedAt },
      )
  }
}

/**
 * After the copy: is the open file still what was opened? If not, the copy is worthless (`mismatch`).
 * Returns whether the name now leads to another file, that is, whether a newer snapshot came during the copy.
 */
export async function confirmUnchanged(source: OpenSourceFile): Promise<{ replaced: boolean }> {
  const state = await during({ side: 'source', what: 'look again at', path: source.path }, () =>
    source.handle.stat({ bigint: true }),
  )
  if (
    state.size !== source.sizeBytes ||
    state.mtimeNs !== source.mtimeNs ||
    state.ino !== source.inode ||
    state.dev !== source.dev
  ) {
    throw new Failure(
      exitCodes.mismatch,
      `${source.path} was changed while it was copied; the copy is discarded and can be tried again.`,
    )
  }
  return { replaced: state.nlink === 0n || (await inodeAt(source.path)) !== source.inode }
}

/** A network file system keeps the old file under another name instead of dropping its link count: ask the name, too. */
async function inodeAt(path: string): Promise<bigint | undefined> {
  try {
    return (await lstat(path, { bigint: true })).ino
  } catch {
    return undefined
  }
}
