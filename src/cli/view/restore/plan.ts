// Shows the plan of a restore: what comes, what is there now, what is lost, what runs, what it needs, and how to go on and back. Pure.
import { sizeText } from '../../../reconcile/format.ts'
import type { Restore } from '../../cluster.ts'
import { ageText, countText } from '../../terminal/format.ts'
import { printable } from '../../terminal/printable.ts'
import { tableLines } from '../../terminal/table.ts'
import { applyCommand, confirmText, instanceIn, sourceText, undoCommand } from './names.ts'

type Plan = NonNullable<NonNullable<Restore['status']>['plan']>

/** With the commands. Nothing where there is no plan yet. */
export function planLines(restore: Restore, meili: string, nowMs: number): string[] {
  const apply = applyCommand(restore, meili)
  const lines = planFacts(restore, meili, nowMs)
  if (lines.length === 0) return []
  return [
    `plan for ${confirmText(restore) ?? 'a drill'} (nothing is changed)`,
    ...lines,
    ...(apply === undefined ? [] : [`apply it:  ${apply}`]),
  ]
}

/** Each part that is known, on its line. */
export function planFacts(restore: Restore, meili: string, nowMs: number): string[] {
  const { plan } = restore.status ?? {}
  if (plan === undefined) return []
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['lost', lostText(plan)],
    ['runs', runsText(restore, plan)],
    ['taken', sanitizedText(restore)],
    ['first', safetyText(restore, plan)],
    ['needs', needsText(plan)],
    ['start', upgradeText(plan)],
    // Of a server, the lines above and below say the same.
    ['note', instanceIn(restore) === undefined ? plan.summary : undefined],
    ['undo', instanceIn(restore) === undefined ? undefined : undoCommand(restore, meili)],
  ]
  const known = facts.flatMap(([label, text]) => (text === undefined ? [] : [`  ${label.padEnd(7)}${text}`]))
  return [...heads(restore, plan, nowMs).map((line) => `  ${line}`), ...known]
}

/** What comes, and below it what is there now. */
function heads(restore: Restore, { from, to }: Plan, nowMs: number): string[] {
  const taken = from.takenAt === undefined ? '' : `taken ${ageText(from.takenAt, nowMs)} ago`
  const now = confirmText(restore) ?? ''
  const isThere = to.version !== undefined || to.documents !== undefined || to.claimName !== undefined
  const rows = [
    ['from', sourceText(restore), versionText(from.version), contentText(from), taken],
    ...(isThere ? [['now', now, versionText(to.version), contentText(to), differenceText(from, to)]] : []),
  ]
  const [first = [], ...others] = rows
  return tableLines(first, others)
}

const versionText = (version: string | undefined): string =>
  version === undefined ? 'version not known' : `Meilisearch ${version}`

function contentText({ indexes, documents }: Plan['from']): string {
  const known = [
    ...(indexes === undefined ? [] : [`${countText(indexes)} ${indexes === 1 ? 'index' : 'indexes'}`]),
    ...(documents === undefined ? [] : [`${countText(documents)} documents`]),
  ]
  return known.length === 0 ? 'contents not known' : known.join(', ')
}

function differenceText({ documents: after }: Plan['from'], { documents: before }: Plan['to']): string {
  if (after === undefined || before === undefined) return ''
  if (after === before) return '← as many'
  return `← ${countText(Math.abs(after - before))} ${before < after ? 'fewer' : 'more'}`
}

function lostText({ keysLost = [], keysLostCount = keysLost.length, to }: Plan): string | undefined {
  if (to.claimName === undefined) return undefined
  const documents = 'documents and settings written since'
  if (keysLostCount === 0) return documents
  const more = keysLostCount - keysLost.length
  // An API key's name is anybody's text.
  const names = [
    ...keysLost.map((name) => `"${printable(name, 64)}"`),
    ...(more > 0 ? [`${countText(more)} more`] : []),
  ]
  return `${documents} · ${countText(keysLostCount)} API ${keysLostCount === 1 ? 'key' : 'keys'} created since: ${names.join(', ')}`
}

/** Out of the data, before a server starts on it. */
function sanitizedText({ spec: { sanitize } }: Restore): string | undefined {
  const parts = [
    ...(sanitize.tasks === 'Discard' ? ['enqueued tasks'] : []),
    ...(sanitize.webhooks === 'Remove' ? ['webhooks'] : []),
  ]
  return parts.length === 0 ? undefined : `out of the data before a server starts on it: ${parts.join(' and ')}`
}

function runsText({ spec }: Restore, { tasksEnqueued }: Plan): string | undefined {
  if (spec.sanitize.tasks === 'Discard' || tasksEnqueued === undefined || tasksEnqueued === 0) return undefined
  return `${countText(tasksEnqueued)} enqueued ${tasksEnqueued === 1 ? 'task that is' : 'tasks that are'} in the snapshot`
}

function safetyText(restore: Restore, { safetySnapshot }: Plan): string | undefined {
  const instance = instanceIn(restore)
  if (safetySnapshot === undefined || instance === undefined) return undefined
  if (safetySnapshot) return `a snapshot of ${instance} as it is`
  const { skipped } = restore.status?.safety ?? {}
  return `no snapshot of ${instance} as it is${skipped === undefined ? '' : `: ${skipped}`}`
}

function needsText({ neededBytes, freeBytes, newClaim, to }: Plan): string | undefined {
  const size = neededBytes === undefined ? 'space' : sizeText(neededBytes)
  const parts = [
    ...(newClaim === undefined ? [] : [`${size} on a new claim, ${newClaim.claimName}`]),
    ...(newClaim === undefined && neededBytes !== undefined ? [size] : []),
    ...(freeBytes === undefined ? [] : [`${sizeText(freeBytes)} free`]),
    ...(newClaim === undefined || to.claimName === undefined
      ? []
      : [`the data from before stays on claim ${to.claimName}`]),
  ]
  return parts.length === 0 ? undefined : parts.join(' · ')
}

const upgradeText = ({ upgrade }: Plan): string | undefined =>
  upgrade && `Meilisearch upgrades the database from ${upgrade.from} to ${upgrade.to}`
