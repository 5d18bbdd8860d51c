// Tells whether a name in the snapshot directory is the very file that was stored, another one, or absent. Synchronous, because the caller
// acts on the answer before anything else can happen; changes nothing.
import { closeSync, constants, fstatSync, lstatSync, openSync, type BigIntStats } from 'node:fs'
import type { FileIdentity } from '../contract.ts'
import { errnoOf } from '../failure.ts'
import type { HeldDirectory } from '../io/directory.ts'
import { parseTime } from './rfc3339.ts'

export type Found = 'stored' | 'other' | 'absent'

/**
 * Opened and asked there, not by name: a network file system answers for a name from its memory, but not for what it opens. What cannot be
 * opened (a symbolic link, a socket, a file that only its owner may read) is asked by name.
 */
export function lookAt(held: HeldDirectory, name: string, stored: FileIdentity): Found {
  const state = held.doingSync('look at', name, () => openState(held.at(name)))
  if (state === undefined) return 'absent'
  return isStored(state, stored) ? 'stored' : 'other'
}

function openState(path: string): BigIntStats | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO', 'ENODEV', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return stateOf(path)
    throw error
  }
  try {
    return fstatSync(file, { bigint: true })
  } finally {
    closeSync(file)
  }
}

/** The mode says nothing: Meilisearch sets it after its rename. */
function isStored(state: BigIntStats, stored: FileIdentity): boolean {
  return (
    state.isFile() &&
    state.ino === BigInt(stored.inode) &&
    state.size === BigInt(stored.sizeBytes) &&
    state.mtimeNs === parseTime(stored.modifiedAt)
  )
}

/** By name; undefined where there is none. */
export function stateOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })
}
