// Stores the file without copying its bytes, where the file system can: as a clone that shares its blocks (reflink), or as a second name (hard link).
// Whatever stands in the way, the answer is only that it must be copied; real trouble shows up there again.
import { constants } from 'node:fs'
import { copyFile, link, lstat, open, unlink, type FileHandle } from 'node:fs/promises'
import process from 'node:process'
import { errnoOf } from '../failure.ts'
import type { OpenSourceFile } from './source-file.ts'

export interface ClonedOrLinked {
  readonly file: FileHandle
  readonly stored: 'Cloned' | 'Linked'
}

/**
 * A link only where the mover may (`mayLink` of the contract) and owns the file: its mode stays as it is, and another user's file in our directory
 * would be one that we cannot answer for.
 */
export function canLink({ uid }: OpenSourceFile, mayLink: boolean | undefined): boolean {
  return mayLink === true && uid === BigInt(process.getuid?.() ?? -1)
}

/** Puts the source at `path` without a byte being copied, and opens it there; undefined if that cannot be. A clone is of the open file, whatever its name leads to by now. */
export async function cloneOrLink(
  source: OpenSourceFile,
  path: string,
  mayLink: boolean | undefined,
): Promise<ClonedOrLinked | undefined> {
  if (canLink(source, mayLink) && (await isDone(() => linkSame(source, path))))
    return { file: await open(path, readOnly), stored: 'Linked' }
  const force = constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL
  if (await isDone(() => copyFile(`/proc/self/fd/${source.handle.fd}`, path, force)))
    return { file: await open(path, readOnly), stored: 'Cloned' }
  return undefined
}

const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW

/** By name, as link() knows no open files: a newer snapshot may have come to that name meanwhile, and its link goes again. */
async function linkSame({ path: from, dev, inode }: OpenSourceFile, path: string): Promise<boolean> {
  await link(from, path)
  const state = await lstat(path, { bigint: true })
  if (state.dev === dev && state.ino === inode) return true
  await unlink(path)
  return false
}

async function isDone(work: () => Promise<boolean | void>): Promise<boolean> {
  try {
    return (await work()) !== false
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
