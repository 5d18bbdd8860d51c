// What a user asked of the API server in a span of time, from its audit log.
import { readFileSync } from 'node:fs'

export interface Requests {
  /** Of objects and status. */
  readonly writes: number
  readonly events: number
  readonly reads: number
  /** For example `update meilisnapshots/status`: 5. */
  readonly byVerb: Readonly<Record<string, number>>
}

interface Entry {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly requestReceivedTimestamp: string
  readonly objectRef?: { readonly resource: string; readonly subresource?: string }
}

const writing: readonly string[] = ['create', 'update', 'patch', 'delete', 'deletecollection']

/** Leases and watches that go on all the time are left out. */
export function requestsBy(auditLog: string, span: { user: string; sinceMs: number; untilMs: number }): Requests {
  const lines = readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"${span.user}"`))
  const entries = lines
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ user, verb, objectRef, requestReceivedTimestamp }) => {
      const at = Date.parse(requestReceivedTimestamp)
      return (
        user.username === span.user &&
        at >= span.sinceMs &&
        at <= span.untilMs &&
        objectRef?.resource !== 'leases' &&
        verb !== 'watch'
      )
    })
  const byVerb: Record<string, number> = {}
  for (const { verb, objectRef } of entries) {
    const name = `${verb} ${[objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join('/')}`
    byVerb[name] = (byVerb[name] ?? 0) + 1
  }
  const writes = entries.filter(({ verb }) => writing.includes(verb))
  const events = writes.filter(({ objectRef }) => objectRef?.resource === 'events').length
  return { writes: writes.length - events, events, reads: entries.length - writes.length, byVerb }
}
