// Shows MeiliRestores to people: a table of many, or everything known of one. Pure.
import type { Restore } from '../../cluster.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { ageText, countText } from '../../terminal/format.ts'
import { tableLines, withoutEmptyColumns } from '../../terminal/table.ts'
import { conditionSection, eventSection, factLines } from '../description.ts'
import type { Fact, KubeEvent } from '../description.ts'
import { canGoBack, cleanUpCommand, sourceText, undoCommand } from './names.ts'
import { targetText } from '../../../api/restore.ts'
import { planFacts } from './plan.ts'
import { isAtWork, oldDataText, restoreProgress } from './progress.ts'

const head = ['NAME', 'SOURCE', 'TARGET', 'PHASE', 'PROGRESS', 'DOCUMENTS', 'DOWNTIME', 'OLD DATA', 'AGE']

export function restoreTable(
  restores: readonly Restore[],
  { withNamespace, nowMs }: { withNamespace: boolean; nowMs: number },
): string[] {
  const rows = restores.map((restore) => {
    const { metadata, status } = restore
    const { phase, percent } = restoreProgress(restore)
    const own = [
      metadata.name,
      sourceText(restore),
      targetText(restore),
      phase,
      percent === undefined ? '' : `${percent} %`,
      status?.restored?.documents === undefined ? '' : countText(status.restored.documents),
      status?.switched?.downtime ?? '',
      status?.oldData === undefined ? '' : oldDataText(status.oldData),
      ageText(metadata.creationTimestamp, nowMs),
    ]
    return withNamespace ? [metadata.namespace, ...own] : own
  })
  const shown = withoutEmptyColumns([...(withNamespace ? ['NAMESPACE'] : []), ...head], rows)
  return tableLines(shown.head, shown.rows)
}

export interface RestoreContext {
  readonly events: readonly KubeEvent[]
  /** How a command begins. */
  readonly meili: string
}

/** Facts that are known, each on its line; the plan, conditions, Events. */
export function restoreDescription(restore: Restore, { events, meili }: RestoreContext, nowMs: number): string[] {
  const plan = planFacts(restore, meili, nowMs)
  return [
    ...factLines([...factsOf(restore, nowMs), ...resultFacts(restore, nowMs), ...commandFacts(restore, meili)]),
    ...(plan.length === 0 ? [] : ['', 'Plan:', ...plan]),
    ...conditionSection(restore.status?.conditions),
    ...eventSection(events, nowMs),
  ]
}

function factsOf(restore: Restore, nowMs: number): readonly Fact[] {
  const { metadata, spec, status } = restore
  const { phase, percent, about } = restoreProgress(restore)
  const { duration, completedAt, resolved } = status ?? {}
  return [
    ['Name', `${metadata.namespace}/${metadata.name}`],
    ['Source', sourceText(restore)],
    ['Target', targetText(restore)],
    ['Phase', duration === undefined ? phase : `${phase}, in ${duration}, ${ageText(completedAt, nowMs)} ago`],
    [
      'Now',
      isAtWork(restore)
        ? [percent === undefined ? '' : `${percent} %`, about].filter((part) => part !== '').join('  ')
        : undefined,
    ],
    ['Policies', `mode ${spec.mode}, version ${spec.version}, safety snapshot ${spec.safety.snapshot}`],
    ['Stored', resolved && storedText(resolved)],
    [
      'Where',
      resolved &&
        `claim ${resolved.claimName}, ${resolved.isFile === true ? resolved.path : `${resolved.path}/${resolved.fileName}`}`,
    ],
    ['SHA256', resolved?.sha256],
    ['Attempts', attemptsText(restore)],
  ]
}

type Status = NonNullable<Restore['status']>

function storedText({
  size,
  meilisearchVersion,
  indexes,
  documents,
  countsExact,
}: NonNullable<Status['resolved']>): string {
  const contents = indexes === undefined || documents === undefined ? '' : `, ${contentText({ indexes, documents })}`
  const about = contents === '' || countsExact === true ? '' : ' or so'
  return `${size}${meilisearchVersion === undefined ? '' : `, Meilisearch ${meilisearchVersion}`}${contents}${about}`
}

/** Only where the first one was not enough. */
function attemptsText({ status }: Restore): string | undefined {
  const { resolve, fill, sanitize, inspection } = status ?? {}
  const jobs = [
    ['look at the source', resolve] as const,
    ['unpack', fill] as const,
    ['sanitize', sanitize] as const,
    ['inspect', inspection] as const,
  ]
  const again = jobs.flatMap(([what, job]) =>
    job === undefined || job.attempt === 1 ? [] : [`${what} ${job.attempt}: ${job.failure ?? ''}`],
  )
  return again.length === 0 ? undefined : again.join('; ')
}

function resultFacts({ status = {} }: Restore, nowMs: number): readonly Fact[] {
  const { fill, safety, switched, restored, inspection, oldData, rollback } = status
  return [
    ['Safety', safety && safetyText(safety)],
    ['Filled', fill && filledText(fill)],
    ['Exchanged', switched && exchangeText(switched)],
    ['Restored', restored && restoredText(restored)],
    ['Inspected', inspection?.result === undefined ? undefined : `${inspection.result}: ${inspection.message ?? ''}`],
    ['Came back in', inspection?.restoreDuration && durationText(inspection.restoreDuration)],
    ['Old data', oldData && `${oldDataText(oldData)}, kept for ${ageText(oldData.keptSince, nowMs)}`],
    ['Rollback', rollback && `${rollback.cause}: ${rollback.message}`],
  ]
}

/** One that was begun and failed has both. */
function safetyText({ snapshot, skipped }: NonNullable<Status['safety']>): string {
  if (snapshot === undefined) return `no snapshot: ${skipped ?? ''}`
  return `snapshot ${snapshot}${skipped === undefined ? '' : `: ${skipped}`}`
}

function filledText({ claimName, completedAt, uncompressedBytes }: NonNullable<Status['fill']>): string | undefined {
  if (completedAt === undefined) return undefined
  return `claim ${claimName}${uncompressedBytes === undefined ? '' : `, ${sizeText(uncompressedBytes)}`}`
}

function exchangeText({ from, to, downtime }: NonNullable<Status['switched']>): string {
  const before = from === undefined ? '' : `claim ${from.claimName} (${from.generation}) → `
  return `${before}claim ${to.claimName} (${to.generation})${downtime === undefined ? '' : `, down for ${downtime}`}`
}

function restoredText({
  version,
  indexes,
  documents,
  compared,
  differences = [],
}: NonNullable<Status['restored']>): string {
  const parts = [
    ...(version === undefined ? [] : [`Meilisearch ${version}`]),
    // On a claim no server was started, so nobody has counted.
    ...(indexes === undefined || documents === undefined ? [] : [contentText({ indexes, documents })]),
    ...(compared === undefined || indexes === undefined ? [] : [`compared ${compared} of ${indexes}`]),
    ...differences.map(({ index, expected, found }) => `${index}: ${found ?? 'none'} for ${expected ?? 'none'}`),
  ]
  return parts.join(', ')
}

const contentText = ({ indexes, documents }: { indexes: number; documents: number }): string =>
  `${countText(indexes)} ${indexes === 1 ? 'index' : 'indexes'}, ${countText(documents)} documents`

type Duration = NonNullable<NonNullable<Status['inspection']>['restoreDuration']>

function durationText({ total, fetch, extract, open, firstSearch }: Duration): string {
  const steps = Object.entries({ read: fetch, unpack: extract, open, 'first search': firstSearch })
  const known = steps.flatMap(([name, span]) => (span === undefined ? [] : [`${name} ${span}`]))
  return known.length === 0 ? total : `${total} (${known.join(', ')})`
}

/** What a person may do with it now. */
function commandFacts(restore: Restore, meili: string): readonly Fact[] {
  const { oldData } = restore.status ?? {}
  return [
    ['Undo', canGoBack(restore) && oldData !== undefined ? undoCommand(restore, meili) : undefined],
    ['Clean up', oldData && cleanUpCommand(restore, meili)],
  ]
}
