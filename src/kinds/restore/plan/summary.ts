// Says a plan in sentences: what comes in place of what, what that costs, what is lost, and what would run. Pure.
import type { MeiliRestoreStatus } from '../../../api/restore.ts'
import { sizeText } from '../../../reconcile/format.ts'
import type { RestoreObservation } from '../observation.ts'

type Plan = NonNullable<MeiliRestoreStatus['plan']>

export function summaryOf(observation: RestoreObservation, plan: Plan): string {
  const { target } = observation.restore.spec
  const said = target.inPlace === undefined ? beside(observation, plan) : onServer(observation, plan)
  return said.filter((sentence) => sentence !== undefined).join(' ')
}

type Sentences = readonly (string | undefined)[]

function onServer({ restore, target }: RestoreObservation, plan: Plan): Sentences {
  const name = restore.spec.target.inPlace?.instanceRef.name ?? ''
  const { to, newClaim } = plan
  const there =
    to.claimName === undefined ? 'which has no data yet' : `in place of ${dataText(to)} on claim ${to.claimName}`
  const isStopped = to.claimName !== undefined && target.instance?.spec.managed?.suspend !== true
  return [
    `MeiliInstance ${name} gets ${sourceText(restore, plan)}, ${there}.`,
    `It is unpacked on claim ${newClaim?.claimName ?? ''}${sizeOf(plan)}${isStopped ? ' while the server serves; then the server is away for about as long as a restart of its pod takes' : ''}.`,
    to.claimName === undefined ? undefined : 'What was written since is lost.',
    keysText(plan),
    ...insideText(restore, plan),
    plan.upgrade === undefined
      ? undefined
      : `Meilisearch ${plan.upgrade.to} upgrades the database of ${plan.upgrade.from} when it starts.`,
    plan.safetySnapshot === true
      ? `A snapshot of the server is taken first, on claim ${restore.status?.resolved?.claimName ?? ''}.`
      : undefined,
    to.claimName === undefined ? undefined : `Claim ${to.claimName} is kept until it is cleaned up.`,
  ]
}

function beside({ restore }: RestoreObservation, plan: Plan): Sentences {
  const { claim } = restore.spec.target
  const source = sourceText(restore, plan)
  return [
    claim === undefined
      ? `A server is started on a copy of ${source}, asked, and thrown away.`
      : `Claim ${claim.name} gets ${source} in directory ${claim.directory}${sizeOf(plan)}, and nothing else.`,
    ...insideText(restore, plan),
  ]
}

function sourceText({ status }: RestoreObservation['restore'], { from }: Plan): string {
  const { name = '', isFile } = status?.resolved ?? {}
  const taken =
    from.takenAt === undefined ? '' : ` of ${from.takenAt}${from.age === undefined ? '' : `, ${from.age} ago`}`
  const version = from.version === undefined ? '' : ` (Meilisearch ${from.version})`
  return `${dataText(from)} of ${isFile === true ? 'file' : 'snapshot'} ${name}${taken}${version}`
}

function dataText({ documents, indexes }: { documents?: number | undefined; indexes?: number | undefined }): string {
  return documents === undefined ? 'the data' : `${documents} documents in ${indexes ?? 0} indexes`
}

const sizeOf = ({ neededBytes }: Plan): string =>
  neededBytes === undefined ? '' : `, which takes ${sizeText(neededBytes)},`

function keysText({ keysLost = [], keysLostCount = 0 }: Plan): string | undefined {
  if (keysLostCount === 0) return undefined
  const more = keysLostCount > keysLost.length ? ` and ${keysLostCount - keysLost.length} more` : ''
  return `API keys created since are lost: ${keysLost.join(', ')}${more}.`
}

/** What would run and be called, and what is taken out before. */
function insideText({ spec }: RestoreObservation['restore'], { tasksEnqueued }: Plan): Sentences {
  const { tasks, webhooks } = spec.sanitize
  const waits = tasksEnqueued === undefined ? 'All enqueued tasks' : `${tasksEnqueued} enqueued tasks`
  const runs =
    tasksEnqueued === undefined || tasksEnqueued === 0
      ? undefined
      : `${waits} in it run when a server starts on it${webhooks === 'Keep' ? ', and its webhooks are called' : ''}.`
  return [
    tasks === 'Discard' ? `${waits} in it are discarded: none of them runs.` : runs,
    webhooks === 'Remove' ? 'All webhooks in it are removed before a server starts on it.' : undefined,
  ]
}
