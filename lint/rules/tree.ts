// Where a linted file stands in the project, and which file speaks for a folder: what is wrong with a folder is said once.
import { readdirSync } from 'node:fs'
import type { Dirent } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'

const root = dirname(dirname(import.meta.dirname))
/** Folders that hold source; what else there is, is not looked into. */
const tops = new Set(['src', 'test', 'bench', 'lint', 'release', 'crds'])
/** Counts where it stands; nobody reads its files as source. */
const opaque = 'testdata'

const listings = new Map<string, readonly Dirent[]>()

/** `src/kube/client.ts`; undefined outside of the folders that hold source. */
export function sourcePath(filename: string): string | undefined {
  const path = relative(root, filename).split(sep).join('/')
  const folders = path.split('/').slice(0, -1)
  return tops.has(folders[0] ?? '') && !folders.includes(opaque) ? path : undefined
}

/** The folders above a file, the nearest first: `src/kube`, `src`. */
export function foldersAbove(path: string): readonly string[] {
  const folder = posix.dirname(path)
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)]
}

/** Files and folders together, in the order of their names. Read once for each folder. */
export function entriesOf(folder: string): readonly Dirent[] {
  const known = listings.get(folder)
  if (known !== undefined) return known
  const listing = readdirSync(join(root, folder), { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )
  listings.set(folder, listing)
  return listing
}

/** The source file that stands first in a folder or, where it has none, below it. */
export function speakerOf(folder: string): string | undefined {
  const entries = entriesOf(folder)
  const own = entries.find((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  if (own !== undefined) return `${folder}/${own.name}`
  for (const entry of entries) {
    const inner = entry.isDirectory() && entry.name !== opaque ? speakerOf(`${folder}/${entry.name}`) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}
