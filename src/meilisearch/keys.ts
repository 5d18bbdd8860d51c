// The rights that an API key needs, and keys whose value can be computed: Meilisearch derives it from the master key and the key's uid.
import { createHmac } from 'node:crypto'

/** Actions a key needs, in the order of the docs. */
export const neededActions = ['snapshots.create', 'tasks.get', 'tasks.cancel', 'version', 'stats.get'] as const
export type Action = (typeof neededActions)[number]

/** hex(HMAC-SHA256(master key, uid)), as in Meilisearch's `meilisearch-auth/src/store.rs`. */
export function derivedKey(masterKey: string, uid: string): string {
  return createHmac('sha256', masterKey).update(uid).digest('hex')
}

/** What no client can send of a key, or Meilisearch not read: a header is one line of ASCII. Undefined where all of it is well. */
export function flawOf(key: string): string | undefined {
  if (/[\r\n]/.test(key)) return 'a line break'
  if (/\p{Cc}/u.test(key)) return 'a control character'
  return /[^ -~]/.test(key) ? 'a letter or sign beyond ASCII' : undefined
}

/** A key as POST /keys takes it. */
export interface KeyRequest {
  readonly uid: string
  readonly name: string
  readonly description: string
  readonly actions: readonly string[]
  readonly indexes: readonly string[]
  readonly expiresAt: null
}

const everywhere = { indexes: ['*'], expiresAt: null } as const

export const operatorKey = (uid: string): KeyRequest => ({
  uid,
  name: 'meili-operator',
  description: 'Of the operator: snapshots and statistics, nothing else. Its value is stored nowhere.',
  actions: neededActions,
  ...everywhere,
})

export const applicationKey = (uid: string): KeyRequest => ({
  uid,
  name: 'applications',
  description: 'For applications: search in all indexes. Made by the operator.',
  actions: ['search'],
  ...everywhere,
})
