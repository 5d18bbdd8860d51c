// Flushes what another process has written below a directory: every file, then every directory.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { flushDirectory } from '../artifact/paths.ts'
import { during } from '../failure.ts'

/** One directory at a time: of a database with thousands of indexes no list of all files is made. */
export async function flushTree(directory: string, signal: AbortSignal): Promise<void> {
  const what = { side: 'destination', what: 'flush', path: directory } as const
  const entries = await during(what, () => readdir(directory, { withFileTypes: true }))
  for (const entry of entries) {
    signal.throwIfAborted()
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await flushTree(path, signal)
    else if (entry.isFile()) await during({ ...what, path }, () => flushFile(path))
  }
  await flushDirectory(directory)
}

/** Also what others wrote to it: a flush is of the file, not of who has it open. */
async function flushFile(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}
