// The interface of a file to be stored, with the ways to get its bytes, and its form for a mounted directory.
import type { FileHandle } from 'node:fs/promises'
import type { MoveConfig } from '../contract.ts'
import { copy } from './copy.ts'
import type { RateLimit } from '../io/rate-limit.ts'
import type { Progress } from '../io/progress.ts'
import { canLink, cloneOrLink, type ClonedOrLinked } from './clone-or-link.ts'
import { confirmUnchanged, openSourceFile, type SourceFile } from './source-file.ts'

export interface Target {
  readonly file: FileHandle
  readonly path: string
}

export interface Source {
  readonly file: SourceFile
  /** True where it will probably not be copied: then no space is needed for it. */
  readonly canLink: boolean
  /** Puts it at this path without copying a byte, and opens it; undefined where that cannot be. */
  cloneOrLink(path: string): Promise<ClonedOrLinked | undefined>
  /** Brings all bytes and flushes them. Returns their sha256, in hex. */
  copyTo(target: Target): Promise<string>
  /** Ends the run where the file was changed since it was opened. `replaced`: its name leads to another file now. */
  confirm(): Promise<{ readonly replaced: boolean }>
  close(): Promise<void>
}

/** The file as it lies in a mounted directory. */
export async function openMountedSource(
  config: MoveConfig,
  how: { rateLimit: RateLimit; progress: Progress; signal: AbortSignal },
): Promise<Source> {
  const file = await openSourceFile(config.source)
  return {
    file,
    canLink: canLink(file, config.mayLink),
    cloneOrLink: (path) => cloneOrLink(file, path, config.mayLink),
    copyTo: ({ file: target, path }) => copy({ source: file, target, targetPath: path, ...how }),
    confirm: () => confirmUnchanged(file),
    close: () => file.handle.close(),
  }
}
