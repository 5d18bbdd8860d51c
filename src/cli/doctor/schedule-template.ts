// Doctor's checks of what a schedule asks for: its server, its claim, its template, and that no other one asks for the same. Pure.
import { nicknames } from '../../kinds/schedule/slots/cron.ts'
import type { Instance, Schedule, Snapshot } from '../cluster.ts'
import { withoutStop } from '../terminal/format.ts'
import { operand, quote } from '../terminal/shell.ts'
import { instanceOf } from '../view/schedule.ts'
import { problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'

export interface ScheduleWorld {
  readonly schedules: readonly Schedule[]
  readonly instances: readonly Instance[]
  readonly snapshots: readonly Snapshot[]
  /** `namespace/name` of the claims that are known not to be there. */
  readonly absentClaims: ReadonlySet<string>
}

export type Check = (schedule: Schedule, world: ScheduleWorld, nowMs: number) => Finding | undefined

export const nameOf = ({ metadata }: Schedule): string => `schedule ${metadata.namespace}/${metadata.name}`
export const badly = (schedule: Schedule, message: string, remedy: string): Finding =>
  problem('schedule', `${nameOf(schedule)}: ${withoutStop(message)}`, remedy)
export const warn = (schedule: Schedule, message: string, remedy: string): Finding =>
  warning('schedule', `${nameOf(schedule)}: ${withoutStop(message)}`, remedy)

/** `kubectl meili -n shop schedule describe nightly` */
export const command = ({ metadata }: Schedule, verb: string): string =>
  `kubectl meili -n ${quote(metadata.namespace)} schedule ${verb} ${operand(metadata.name)}`
export const edit = ({ metadata }: Schedule): string =>
  `kubectl -n ${quote(metadata.namespace)} edit meilisnapshotschedule/${quote(metadata.name)}`

function checkInstance(schedule: Schedule, { instances }: ScheduleWorld): Finding | undefined {
  const { namespace } = schedule.metadata
  const name = instanceOf(schedule)
  if (instances.some(({ metadata }) => metadata.namespace === namespace && metadata.name === name)) return undefined
  return badly(
    schedule,
    `there is no MeiliInstance ${name}, so each of its snapshots fails`,
    `for a server that runs already: kubectl meili -n ${quote(namespace)} adopt; or name another one: ${edit(schedule)}`,
  )
}

function checkClaim(schedule: Schedule, { absentClaims }: ScheduleWorld): Finding | undefined {
  const { claim } = schedule.spec.template.spec.destination
  if (claim.template !== undefined || !absentClaims.has(`${schedule.metadata.namespace}/${claim.name}`))
    return undefined
  return badly(
    schedule,
    `claim ${claim.name} does not exist, and the schedule has no template to make it from`,
    `create it, or add spec.template.spec.destination.claim.template: ${edit(schedule)}`,
  )
}

/** Retention deletes the files of what it deletes without this; with it they also go with an object that is deleted by mistake. */
function checkDeletionPolicy(schedule: Schedule): Finding | undefined {
  return schedule.spec.template.spec.deletionPolicy === 'Delete'
    ? warn(
        schedule,
        'its snapshots have deletionPolicy: Delete, so whoever deletes such an object, or the namespace, deletes the files; retention does not need it',
        `remove it from spec.template.spec: ${edit(schedule)}`,
      )
    : undefined
}

/** What two schedules have in common that take the same snapshot twice. */
function slotsOf(schedule: Schedule): string {
  const { spec, metadata } = schedule
  const fields = (nicknames[spec.schedule] ?? spec.schedule).split(/ +/).map((field) => field.replace(/^0(?=\d)/, ''))
  return JSON.stringify([metadata.namespace, instanceOf(schedule), spec.timeZone, fields])
}

/** Said of the second one alone. */
function checkTwin(schedule: Schedule, { schedules }: ScheduleWorld): Finding | undefined {
  if (schedule.spec.suspend) return undefined
  const before = schedules.slice(0, schedules.indexOf(schedule))
  const twin = before.find((other) => !other.spec.suspend && slotsOf(other) === slotsOf(schedule))
  return (
    twin &&
    warn(
      schedule,
      `it takes snapshots of ${instanceOf(schedule)} at the same times as schedule ${twin.metadata.name}: the server makes each twice, one after the other`,
      `give it other times, or delete one of the two: ${edit(schedule)}`,
    )
  )
}

export const templateChecks: readonly Check[] = [checkInstance, checkClaim, checkDeletionPolicy, checkTwin]
