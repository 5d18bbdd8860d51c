// Names the API keys that a server has now, and did not have when the snapshot was taken. Pure.
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { redact } from '../../../api/status/text.ts'
import type { RestoreObservation } from '../observation.ts'

type Keys = Pick<NonNullable<MeiliRestoreStatus['plan']>, 'keysLost' | 'keysLostCount'>

/** As many as the schema takes. */
const maxNames = 20
const maxNameLength = 250

/** Both times are the engine's. Absent where nobody can say: the server does not answer, or it is not on record when the snapshot was taken. Keys of then have the same values again. */
export function keysLost({ restore, server }: RestoreObservation): Keys {
  const takenMs = Date.parse(restore.status?.resolved?.takenAt ?? '')
  if (server.is !== 'answered' || server.keys === undefined || Number.isNaN(takenMs)) return {}
  const names = server.keys
    .filter(({ createdAt }) => Date.parse(createdAt) > takenMs)
    .map(({ name }) => redact(name.replaceAll(/\p{Cc}+/gu, ' '), maxNameLength))
  return { keysLost: names.slice(0, maxNames), keysLostCount: names.length }
}
