// A logger that keeps its lines, so that a test can read what a user would.
import { pino } from 'pino'
import type { Logger } from '../../../src/telemetry/logger.ts'

export interface Line {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export function recordingLogger(level = 'info'): { readonly logger: Logger; readonly lines: readonly Line[] } {
  const lines: Line[] = []
  const logger = pino(
    { level, base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    { write: (text: string) => void lines.push(JSON.parse(text) as Line) },
  )
  return { logger, lines }
}
