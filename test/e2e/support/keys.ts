// The keys that end-to-end tests use, put on record, so that the run can search all that was said for them at its end.
import { appendFileSync } from 'node:fs'

/** Does nothing on somebody else's cluster, whose logs are not searched. */
export function putOnRecord(...keys: readonly string[]): void {
  const path = process.env['E2E_KEYS']
  if (path !== undefined && path !== '') appendFileSync(path, keys.map((key) => `${key}\n`).join(''))
}
