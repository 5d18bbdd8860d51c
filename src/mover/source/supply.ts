// A file to be stored, and the ways to its bytes.
import type { FileHandle } from 'node:fs/promises'
import type { MoveConfig } from '../contract.ts'
import { copy } from './copy.ts'
import type { Pace } from '../io/pace.ts'
import type { Progress } from '../io/progress.ts'
import { canLink, share, type Shared } from './share.ts'
import { confirmUnchanged, openSource, type SourceFile } from './source.ts'

export interface Target {
  readonly file: FileHandle
  readonly path: string
}

export interface Supply {
  readonly source: SourceFile
  /** True where it will probably not be copied: then no room is needed for it. */
  readonly canLink: boolean
  /** Puts it at this path without copying a byte, and opens it; undefined where that cannot be. */
  share(path: string): Promise<Shared | undefined>
  /** Brings all bytes and flushes them. Returns their sha256, in hex. */
  copyTo(target: Target): Promise<string>
  /** Ends the run where the file was changed since it was opened. `replaced`: its name leads to another file now. */
  confirm(): Promise<{ readonly replaced: boolean }>
  close(): Promise<void>
}

/** The file as it lies in a mounted directory. */
export async function mounted(
  config: MoveConfig,
  how: { pace: Pace; progress: Progress; signal: AbortSignal },
): Promise<Supply> {
  const source = await openSource(config.source)
  return {
    source,
    canLink: canLink(source, config.mayLink),
    share: (path) => share(source, path, config.mayLink),
    copyTo: ({ file, path }) => copy({ source, target: file, targetPath: path, ...how }),
    confirm: () => confirmUnchanged(source),
    close: () => source.handle.close(),
  }
}
