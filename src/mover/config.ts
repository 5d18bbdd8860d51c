// The text in MOVER_CONFIG → a checked configuration. Pure. Names that could leave their directory are refused here, once, for all files.
import { z } from 'zod'
import { exitCodes, moverConfig, type MoverConfig } from './contract.ts'
import { Failure } from './failure.ts'
import { parseTime } from './rfc3339.ts'

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
  if (!parsed.success) throw refuse(`MOVER_CONFIG does not fit: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ')}`)
  const wrong = wrongField(parsed.data)
  if (wrong !== undefined) throw refuse(`MOVER_CONFIG does not fit: ${wrong}`)
  return parsed.data
}

function refuse(what: string): Failure {
  return new Failure(exitCodes.badConfiguration, `${what}; operator and mover must be of the same version.`)
}

function wrongField(config: MoverConfig): string | undefined {
  const { source, destination, batches, attempt } = config
  const times = batches.flatMap((batch) => [batch.startedAt, batch.finishedAt])
  const checks: readonly [boolean, string][] = [
    [isFileName(source.fileName), 'source.fileName must be one name without a path'],
    [!ownFileNames.has(source.fileName), `source.fileName must not be ${[...ownFileNames].join(' or ')}`],
    [isFileName(destination.directory), 'destination.directory must be one name without a path'],
    [destination.root.startsWith('/') && source.directory.startsWith('/'), 'destination.root and source.directory must be absolute'],
    [pathComponents(destination.path).every(isFileName), 'destination.path must stay inside the claim'],
    [/^[A-Za-z0-9_-]{1,64}$/.test(attempt), 'attempt must be letters, digits, - and _ only'],
    [config.allowedSkewMs >= 0, 'allowedSkewMs must not be negative'],
    [times.every((time) => parseTime(time) !== undefined), 'the times of batches must be RFC 3339'],
  ]
  return checks.find(([holds]) => !holds)?.[1]
}

const ownFileNames: ReadonlySet<string> = new Set(['manifest.json', 'SHA256SUMS'])

/** The directories of a path inside the claim, outermost first; empty parts and `.` do not count. */
export function pathComponents(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/** One component of a path: no separator, not `.` or `..`, nothing that SHA256SUMS would have to escape. */
function isFileName(name: string): boolean {
  return /^[^/\\\p{Cc}]{1,255}$/u.test(name) && name !== '.' && name !== '..'
}
