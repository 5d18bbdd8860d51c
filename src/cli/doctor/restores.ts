// Doctor's checks of restores and drills: which are at work, which failed, and what old data costs until it is given up. Pure.
import { cleanUpAnnotation, cleanUpWord, targetText } from '../../api/restore.ts'
import { conditionTypes } from '../../api/meta.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import type { Restore } from '../cluster.ts'
import { ageText } from '../terminal/format.ts'
import { meiliIn, operand, quote } from '../terminal/shell.ts'
import { isAtWork, keptText, oldDataText, restoreText } from '../view/restore/progress.ts'
import { failureText, isBootstrap, isDrill, lastEnded, restoresByInstance, whatItIs } from '../view/restore/subject.ts'
import type { RestoreWorld } from '../view/restore/subject.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'

export function diagnoseRestores(world: RestoreWorld, nowMs: number): Finding[] {
  const groups = [...restoresByInstance(world).values()]
  return [
    ...world.restores.filter(isAtWork).map(atWork),
    ...groups.flatMap((group) => lastEnded(group).flatMap((last) => diagnoseEnd(last, nowMs))),
    ...world.restores.flatMap((restore) => keptData(restore, nowMs)),
  ]
}

const nameOf = (restore: Restore): string =>
  `${whatItIs(restore)} ${restore.metadata.namespace}/${restore.metadata.name}`

const commandOf = ({ metadata: { namespace, name } }: Restore, command: string): string =>
  `${meiliIn(namespace)} restore ${command} ${operand(name)}`

/** What holds an instance for a while is no fault; what nobody looks at is. */
function atWork(restore: Restore): Finding {
  const { metadata, status } = restore
  if (status?.observedGeneration !== metadata.generation)
    return problem(
      'restore',
      `${nameOf(restore)}: the operator has not looked at it since its last change`,
      'see whether the operator runs, above; it may serve other namespaces (WATCH_NAMESPACES)',
    )
  const what = isDrill(restore) ? nameOf(restore) : `${nameOf(restore)} to ${targetText(restore)}`
  return ok('restore', `${what}: ${restoreText(restore)}`)
}

function diagnoseEnd(restore: Restore, nowMs: number): Finding[] {
  const failure = failureText(restore)
  const { metadata, status } = restore
  if (failure === undefined) return isDrill(restore) ? [passedDrill(restore, nowMs)] : []
  // What its own instance lacks is found where the instance is.
  if (isBootstrap(restore)) return []
  const reason = conditionNamed(status?.conditions, conditionTypes.Ready)?.reason ?? ''
  return [
    problem(
      'restore',
      `${nameOf(restore)} ${failure}`,
      `docs/failures.md, ${quote(reason)}; ${commandOf(restore, 'describe')}; when it is settled: kubectl -n ${quote(metadata.namespace)} delete meilirestore/${quote(metadata.name)}`,
    ),
  ]
}

function passedDrill(restore: Restore, nowMs: number): Finding {
  const { completedAt, inspection } = restore.status ?? {}
  const span = inspection?.restoreDuration?.total
  return ok(
    'restore',
    `${nameOf(restore)}: passed ${ageText(completedAt, nowMs)} ago${span === undefined ? '' : `, back in ${span}`}`,
  )
}

function keptData(restore: Restore, nowMs: number): Finding[] {
  const { metadata, status } = restore
  const { oldData } = status ?? {}
  if (oldData === undefined) return []
  const { namespace } = metadata
  const kept = `${nameOf(restore)}: ${keptText(restore)} is kept for ${ageText(oldData.keptSince, nowMs)}: ${oldDataText(oldData)}`
  const isAsked = metadata.annotations?.[cleanUpAnnotation] === cleanUpWord(restore)
  const instance = restore.spec.target.inPlace?.instanceRef.name ?? ''
  const first = `${meiliIn(namespace)} snapshot create ${operand(instance)}`
  if (isAsked)
    return [
      oldData.removable === true
        ? ok('restore', `${kept}; it is being deleted`)
        : warning('restore', `${kept}; it goes once a snapshot of the restored data has completed`, first),
    ]
  return [
    warning(
      'restore',
      kept,
      `when it is not needed any more: ${commandOf(restore, 'cleanup')}${oldData.removable === true ? '' : `; before that it wants a snapshot of the restored data: ${first}`}`,
    ),
  ]
}
