// Compares what the server says once it serves with what is on record of the snapshot. Exact figures are judged, all others reported. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../api/restore.ts'
import { instant } from '../../../api/status/conditions.ts'
import type { ServerSeen } from '../observation.ts'
import { startedMs } from './server-trouble.ts'

type Answered = ServerSeen & { readonly is: 'answered' }

export interface Comparison {
  readonly restored: NonNullable<MeiliRestoreStatus['restored']>
  /** A sentence on what was compared, and with what. */
  readonly text: string
  /** It is other data than it should be. */
  readonly differs: boolean
}

export function compare(
  restore: MeiliRestore,
  server: Answered,
  { pod, nowMs }: { pod: V1Pod; nowMs: number },
): Comparison {
  const { version, indexes, documents } = server
  const restored = { version, indexes, documents, at: instant(nowMs) }
  const expected = restore.status?.fill?.version ?? restore.status?.resolved?.meilisearchVersion
  if (restore.spec.version === 'Exact' && expected !== undefined && expected !== version)
    return { restored, differs: true, text: `Meilisearch ${version} answers, and the snapshot is of ${expected}.` }
  const found = `${countText(documents, 'document')} in ${countText(indexes, 'index')}`
  const why = whyNotJudged(restore, server, pod)
  const { resolved } = restore.status ?? {}
  if (why !== undefined)
    return { restored: { ...restored, compared: 0 }, differs: false, text: `It has ${found}; ${why}.` }
  const isSame = resolved?.indexes === indexes && resolved.documents === documents
  return isSame
    ? { restored: { ...restored, compared: indexes }, differs: false, text: `It has ${found}, as the snapshot had.` }
    : {
        restored: { ...restored, compared: indexes },
        differs: true,
        text: `It has ${found}, and the snapshot had ${countText(resolved?.documents ?? 0, 'document')} in ${countText(resolved?.indexes ?? 0, 'index')}.`,
      }
}

/** Undefined where the figures are exact on both sides. Whoever has written since it serves must not be taken for damage. */
function whyNotJudged({ status, spec }: MeiliRestore, server: Answered, pod: V1Pod): string | undefined {
  const { countsExact, tasksEnqueued, indexes, documents, meilisearchVersion } = status?.resolved ?? {}
  if (indexes === undefined || documents === undefined) return 'how many the snapshot had is not on record'
  const had = `the snapshot's record says ${countText(documents, 'document')} in ${countText(indexes, 'index')}`
  if (countsExact !== true) return `${had}, counted beside it, so the two are not compared`
  if (tasksEnqueued !== 0 && spec.sanitize.tasks === 'Keep')
    return `${had}, and tasks that waited in it run now, so the two are not compared`
  if (spec.version === 'AllowUpgrade' && meilisearchVersion !== server.version)
    return `${had}, before the database was upgraded, so the two are not compared`
  const updatedMs = server.lastUpdate === undefined ? Number.NaN : Date.parse(server.lastUpdate)
  return updatedMs > startedMs(pod) ? `${had}, and somebody has written since it serves` : undefined
}

const countText = (count: number, noun: 'document' | 'index'): string =>
  `${count} ${count === 1 ? noun : noun === 'index' ? 'indexes' : 'documents'}`
