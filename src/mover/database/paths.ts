// Names of a database directory that is being filled, and what an earlier run of the same restore left beside it.
import { dirname } from 'node:path'
import { pathsFor, type ArtifactPaths } from '../artifact/paths.ts'
import { pathComponents } from '../config.ts'
import type { FillConfig } from '../contract.ts'

/** The partial directory, a new one for each run, is `.<directory>.<8 of the uid>.<attempt>-<random>.partial`: other restores' are never touched. */
export function databasePaths({ object, destination, attempt }: FillConfig): ArtifactPaths {
  const { root, directory } = destination
  const name = pathComponents(directory).at(-1) ?? ''
  return pathsFor({ root, path: dirname(directory), name, directory: `${name}.${object.uid.slice(0, 8)}`, attempt })
}
