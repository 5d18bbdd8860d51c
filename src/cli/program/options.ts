// The flags and help that several commands share, and how a command gets its cluster.
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { duration, durationMs } from '../../api/meta.ts'
import type { Cluster, ConnectionFlags } from '../cluster.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { Format } from '../terminal/print.ts'

export interface Flags extends ConnectionFlags {
  readonly allNamespaces?: true
  readonly output?: Format
  readonly timeout?: number
  readonly wait?: true
  readonly dryRun?: true
  readonly name?: string
  /** A schedule's name. */
  readonly from?: string
  readonly undo?: true
  readonly filename?: string
  readonly query?: readonly Query[]
}

/** Of a drill. */
export interface Query {
  readonly index: string
  readonly q: string
}

export type Work<Arguments extends unknown[]> = (
  cluster: Cluster,
  flags: Flags,
  ...words: Arguments
) => Promise<ExitCode>

export const exits =
  'Exit codes: 0 done, 1 failed or a problem found, 2 timed out, 3 not possible (no cluster, no right, no such object), 64 wrong usage.'
export const examples = (...lines: readonly (readonly [string, string])[]): string =>
  `\nExamples:\n${lines.map(([what, line]) => `  # ${what}\n  ${line}\n`).join('\n')}`

export const output = (...choices: readonly string[]): Option =>
  new Option('-o, --output <format>', 'for machines, instead of text').choices(choices)
export const everywhere = (): Option => new Option('-A, --all-namespaces', 'in all namespaces')
export const timeout = (): Option =>
  new Option('--timeout <duration>', 'how long to wait, such as 90s, 10m or 1h30m (default: until it ends)').argParser(
    milliseconds,
  )

export const dryRun = (): Option => new Option('--dry-run', 'let the API server check it, and change nothing')

function milliseconds(text: string): number {
  const parsed = duration.safeParse(text)
  if (!parsed.success || durationMs(text) === 0)
    throw new InvalidArgumentError(
      'A duration is whole hours, minutes and seconds: write for example 90s, 10m or 1h30m.',
    )
  return durationMs(text)
}

/** Makes a commander action of it. */
export type Within = <Arguments extends unknown[]>(
  work: Work<Arguments>,
) => (...given: [...Arguments, unknown, Command]) => Promise<void>
