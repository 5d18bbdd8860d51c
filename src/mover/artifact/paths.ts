// Names, makes and removes the artifact's directories on the claim.
// It follows no symbolic link inside the claim, and removes nothing but this object's own partial directories.
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathComponents } from '../config.ts'
import { exitCodes, type StoreConfig } from '../contract.ts'
import { HeldDirectory } from '../io/directory.ts'
import { during, errnoOf, Failure } from '../failure.ts'

/** Group write as far as the umask allows: movers with other users, but the same fsGroup, share the directories of a claim. */
const directoryMode = 0o770

/** The paths of one run. `partial` is new for each run: two runs of one object never write into the same directory. */
export interface ArtifactPaths {
  readonly root: string
  /** From the claim's root down to the artifact's parent, root first. */
  readonly parents: readonly string[]
  readonly parent: string
  /** With which the names of partial directories begin. */
  readonly directory: string
  readonly final: string
  readonly partial: string
}

export function pathsOf({ destination, attempt }: StoreConfig): ArtifactPaths {
  return pathsFor({ ...destination, name: destination.directory, attempt })
}

interface Naming {
  readonly root: string
  readonly path: string
  /** Under which it appears in the end. */
  readonly name: string
  /** With which the names of partial directories begin: one object's alone. */
  readonly directory: string
  readonly attempt: string
}

export function pathsFor({ root, path, name, directory, attempt }: Naming): ArtifactPaths {
  const parents = [root]
  for (const component of pathComponents(path)) parents.push(join(parents.at(-1) ?? root, component))
  const parent = parents.at(-1) ?? root
  return {
    root,
    parents,
    parent,
    directory,
    final: join(parent, name),
    partial: join(parent, partialName(directory, attempt)),
  }
}

function partialName(directory: string, label: string): string {
  return `.${directory}.${label}-${randomBytes(4).toString('hex')}.partial`
}

/** Only this object's: another object's name may begin like ours, but what stands between the dots is never one with a dot in it. */
export function isOwnPartial(name: string, directory: string): boolean {
  const start = `.${directory}.`
  const end = '.partial'
  return name.startsWith(start) && name.endsWith(end) && /^[A-Za-z0-9_-]+$/.test(name.slice(start.length, -end.length))
}

/** Ends the run if a directory of the path is something else, e.g. a symbolic link that could lead out of the claim. */
export async function refuseDetours({ parents }: ArtifactPaths): Promise<void> {
  for (const path of parents.slice(1)) {
    const state = await during({ side: 'destination', what: 'look at', path }, () => lstatIfThere(path))
    if (state === undefined) return
    if (!state.isDirectory()) {
      const what = state.isSymbolicLink() ? 'a symbolic link' : 'not a directory'
      throw new Failure(
        exitCodes.destinationConflict,
        `${path} is ${what}; the destination's path must be made of real directories. Move it away or choose another path.`,
      )
    }
  }
}

/** Makes the missing directories of the path. They are flushed later, with the rename. */
export async function makeParents(paths: ArtifactPaths): Promise<void> {
  for (const path of paths.parents.slice(1)) await makeDirectory(path)
  await refuseDetours(paths)
}

async function makeDirectory(path: string): Promise<void> {
  await during({ side: 'destination', what: 'create the directory', path }, async () => {
    try {
      await mkdir(path, { mode: directoryMode })
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  })
}

export async function makePartial({ partial }: ArtifactPaths): Promise<void> {
  await during({ side: 'destination', what: 'create the directory', path: partial }, () =>
    mkdir(partial, { mode: directoryMode }),
  )
}

/** What earlier runs of this object left when they were killed. What cannot be removed stays, and is only logged: it harms nothing. */
export async function removeLeftovers(paths: ArtifactPaths, warn: (line: string) => void): Promise<void> {
  for (const name of await namesIn(paths.parent)) {
    if (isOwnPartial(name, paths.directory)) await discard(paths, { path: join(paths.parent, name), warn })
  }
}

/** Removes a partial directory; what cannot be removed is only logged. */
export async function discard(
  paths: ArtifactPaths,
  { path, warn }: { path: string; warn: (line: string) => void },
): Promise<void> {
  try {
    await removePartial(path, paths)
  } catch (error) {
    warn(`Cannot remove ${path}: ${String(error)}`)
  }
}

/**
 * It gets a new name first: another run that still writes there, or is just about to rename it to its final name, then fails
 * as a whole; a final directory that lacks a file cannot come about.
 */
export async function removePartial(
  path: string,
  { parent, directory }: Pick<ArtifactPaths, 'parent' | 'directory'>,
): Promise<void> {
  const discarded = join(parent, partialName(directory, 'discarded'))
  try {
    await rename(path, discarded)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw error
  }
  await rm(discarded, { recursive: true, force: true })
}

async function namesIn(path: string): Promise<string[]> {
  return during({ side: 'destination', what: 'list', path }, async () => {
    try {
      return await readdir(path)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return []
      throw error
    }
  })
}

/** What stands under a name, itself and not what it may point to; undefined for nothing. */
export async function lstatIfThere(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Flushes the names in a directory. */
export async function flushDirectory(path: string): Promise<void> {
  await using directory = await HeldDirectory.open({ path, side: 'destination' })
  await directory.flush()
}

/** From the artifact's parent up to the claim's root: each of them may be freshly made, by us or by a run that was killed. */
export async function flushParents({ parents }: ArtifactPaths): Promise<void> {
  for (const path of parents.toReversed()) await flushDirectory(path)
}
