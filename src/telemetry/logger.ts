// Writes structured logs: one JSON object a line on stdout. Fields that could hold a key are blotted out, should one ever get here.
import { pino } from 'pino'
import type { Logger } from 'pino'

export type { Logger } from 'pino'

const secretFields = ['authorization', 'apiKey', 'masterKey', 'token', 'password', 'secret']
const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])

export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths, censor: '[secret]' },
  })
}
