// Commits an artifact: flushes everything, then makes it appear whole under its final name by one rename.
// A failed fsync is final: the kernel may have dropped the pages, and says so only once. The copy is discarded, never flushed again.
import { constants } from 'node:fs'
import { open, rename, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from './manifest-schema.ts'
import { during, errnoOf } from '../failure.ts'
import { manifestName, manifestText, sumsName, sumsText } from './manifest.ts'
import { flushDirectory, flushParents, type ArtifactPaths } from './paths.ts'

const fileMode = 0o440

export interface Filled {
  readonly file: FileHandle
  readonly content: Manifest
  /** Meilisearch's own file under a second name: its mode is not ours to set. */
  readonly isLink: boolean
}

/** Flushes the file and writes its manifest and checksums beside it. After this the partial directory is whole and on disk. */
export async function prepare(paths: ArtifactPaths, { file, content, isLink }: Filled): Promise<void> {
  const { partial } = paths
  await during({ side: 'destination', what: 'flush', path: join(partial, content.file.name) }, async () => {
    if (!isLink) await file.chmod(fileMode)
    await file.sync()
  })
  const text = manifestText(content)
  await writeFlushed(join(partial, manifestName), text)
  await writeFlushed(join(partial, sumsName), sumsText(content, text))
  await flushDirectory(partial)
}

export async function writeFlushed(path: string, text: string): Promise<void> {
  await during({ side: 'destination', what: 'write', path }, async () => {
    const handle = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    )
    try {
      await handle.writeFile(text)
      await handle.chmod(fileMode)
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/**
 * Renames into place and flushes the names. `taken`: something stands under the final name already. Must not be given up half-way: from
 * the rename on the artifact is there, and if the flush after it fails it is taken back under its partial name.
 */
export async function publish(paths: ArtifactPaths): Promise<'stored' | 'taken'> {
  try {
    await rename(paths.partial, paths.final)
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return 'taken'
    return during({ side: 'destination', what: 'rename to', path: paths.final }, () => Promise.reject(error as Error))
  }
  try {
    await flushParents(paths)
  } catch (error) {
    await during({ side: 'destination', what: 'take back', path: paths.final }, () =>
      rename(paths.final, paths.partial),
    )
    throw error
  }
  return 'stored'
}
