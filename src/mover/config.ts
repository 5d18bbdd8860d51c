// Parses MOVER_CONFIG and refuses here, once for all files, names that could leave their directory. Pure.
import { z } from 'zod'
import {
  exitCodes,
  moverConfig,
  type FillConfig,
  type InspectConfig,
  type MoverConfig,
  type SanitizeConfig,
  type StoreConfig,
} from './contract.ts'
import { Failure } from './failure.ts'
import { parseTime } from './source/rfc3339.ts'

/** Reads MOVER_CONFIG. Whatever is wrong with it ends the run with `badConfiguration`, naming the field. */
export function parseConfig(text: string | undefined): MoverConfig {
  if (text === undefined || text === '') throw refuse('MOVER_CONFIG is not set')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refuse('MOVER_CONFIG is no JSON')
  }
  const parsed = moverConfig.safeParse(value)
  if (!parsed.success)
    throw refuse(`MOVER_CONFIG does not fit: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ')}`)
  const wrong = wrongField(parsed.data)
  if (wrong !== undefined) throw refuse(`MOVER_CONFIG does not fit: ${wrong}`)
  return parsed.data
}

function refuse(what: string): Failure {
  return new Failure(exitCodes.badConfiguration, `${what}; operator and mover must be of the same version.`)
}

type Check = readonly [holds: boolean, otherwise: string]

/** What the schema cannot say. */
function wrongField(config: MoverConfig): string | undefined {
  return checksOf(config).find(([holds]) => !holds)?.[1]
}

function checksOf(config: MoverConfig): Check[] {
  switch (config.command) {
    case 'move':
    case 'receive':
      return [...sourceChecks(config), ...destinationChecks(config), ...directoryChecks(config), ...batchChecks(config)]
    case 'probe':
      return destinationChecks(config)
    case 'deleteArtifact':
      return [...destinationChecks(config), ...directoryChecks(config)]
    case 'inspect':
      return artifactChecks(config)
    case 'sanitize':
      return databaseChecks(config)
    case 'removeSource':
      return [
        ...sourceChecks(config),
        [parseTime(config.stored.modifiedAt) !== undefined, 'stored.modifiedAt must be RFC 3339'],
      ]
    case 'resolve':
      return mountedSourceChecks(config)
    case 'fill':
      return [...mountedSourceChecks(config), ...fillChecks(config)]
  }
}

function sourceChecks({ source }: { source: { directory: string; fileName: string } }): Check[] {
  return [
    [isFileName(source.fileName), 'source.fileName must be one name without a path'],
    [!ownFileNames.has(source.fileName), `source.fileName must not be ${[...ownFileNames].join(' or ')}`],
    [source.directory.startsWith('/'), 'source.directory must be absolute'],
  ]
}

function destinationChecks({ destination }: { destination: { root: string; path: string } }): Check[] {
  return [
    [destination.root.startsWith('/'), 'destination.root must be absolute'],
    [pathComponents(destination.path).every(isFileName), 'destination.path must stay inside the claim'],
  ]
}

function artifactChecks({ artifact }: InspectConfig): Check[] {
  if (artifact === undefined) return []
  return [
    [artifact.root.startsWith('/'), 'artifact.root must be absolute'],
    [pathComponents(artifact.path).every(isFileName), 'artifact.path must stay inside the claim'],
  ]
}

function databaseChecks({ database }: SanitizeConfig): Check[] {
  const components = pathComponents(database.directory)
  return [
    [database.root.startsWith('/'), 'database.root must be absolute'],
    [components.length > 0 && components.every(isFileName), 'database.directory must lie inside the claim'],
  ]
}

function directoryChecks({ destination }: { destination: { directory: string } }): Check[] {
  return [[isFileName(destination.directory), 'destination.directory must be one name without a path']]
}

function mountedSourceChecks({ source }: { source: { root: string; path: string } }): Check[] {
  return [
    [source.root.startsWith('/'), 'source.root must be absolute'],
    [pathComponents(source.path).every(isFileName), 'source.path must stay inside the claim'],
    [Buffer.byteLength(source.path) <= maxPathBytes, `source.path must be no longer than ${maxPathBytes} bytes`],
  ]
}

function fillChecks({ source, destination, describes }: FillConfig): Check[] {
  const components = pathComponents(destination.directory)
  return [
    [isFileName(source.fileName), 'source.fileName must be one name without a path'],
    [source.sha256 === describes.sha256, 'describes.sha256 must be that of the source'],
    [destination.root.startsWith('/'), 'destination.root must be absolute'],
    [components.length > 0 && components.every(isFileName), 'destination.directory must lie inside the claim'],
    [Buffer.byteLength(components.at(-1) ?? '') <= 128, 'the last part of destination.directory is too long'],
  ]
}

function batchChecks({ batches }: StoreConfig): Check[] {
  const times = batches.flatMap((batch) => [batch.startedAt, batch.finishedAt])
  return [[times.every((time) => parseTime(time) !== undefined), 'the times of batches must be RFC 3339']]
}

/** A result that names it has to fit into a termination message. */
const maxPathBytes = 2048

const ownFileNames: ReadonlySet<string> = new Set(['manifest.json', 'SHA256SUMS'])

/** The directories of a path inside the claim, outermost first; empty parts and `.` do not count. */
export function pathComponents(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/** One component of a path: no separator, not `.` or `..`, nothing that SHA256SUMS would have to escape. */
export function isFileName(name: string): boolean {
  return /^[^/\\\p{Cc}]{1,255}$/u.test(name) && name !== '.' && name !== '..'
}
