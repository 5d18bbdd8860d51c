// kubectl meili doctor: checks everything between a MeiliSnapshot and its file, and says of each fault what to do.
import { kinds } from '../../api/kinds.ts'
import { persistentVolumeClaims } from '../../kube/resource.ts'
import { NotFound } from '../../errors.ts'
import { version } from '../../telemetry/version.ts'
import type { Cluster, Schedule } from '../cluster.ts'
import { isKindMissing } from '../errors.ts'
import { diagnoseDestinations, diagnoseInstance } from '../doctor/instances.ts'
import type { ScheduleWorld } from '../doctor/schedule-template.ts'
import { diagnoseRestores } from '../doctor/restores.ts'
import { diagnoseSchedules } from '../doctor/schedules.ts'
import { diagnoseKinds } from '../doctor/crds.ts'
import {
  diagnoseInstallations,
  diagnoseOperator,
  diagnoseOperatorRights,
  diagnoseOwnRights,
} from '../doctor/operator.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { uncheckedFinding, warning } from '../doctor/finding.ts'
import type { Finding, Observed } from '../doctor/finding.ts'
import {
  accountOf,
  reviewOperatorRights,
  reviewOwnRights,
  observe,
  observeDefinition,
  observeDeployments,
  observeLeadership,
} from '../doctor/observe.ts'
import { claimOf } from '../view/schedule.ts'
import { formatValue } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface DoctorFlags {
  readonly allNamespaces: boolean
  readonly format: 'json' | 'yaml' | undefined
}

export async function runDoctor(
  cluster: Cluster,
  terminal: Terminal,
  { allNamespaces, format }: DoctorFlags,
): Promise<ExitCode> {
  const namespace = allNamespaces ? undefined : cluster.namespace
  const groups = await Promise.all([
    lookAtKinds(cluster),
    lookAtOperator(cluster),
    lookAtOwnRights(cluster, namespace),
    lookAtObjects(cluster, namespace),
  ])
  const findings = groups.flat()
  if (format === undefined) show(terminal, findings)
  else terminal.document(formatValue({ findings }, format))
  return findings.some(({ level }) => level === 'problem') ? exitCodes.failed : exitCodes.done
}

async function lookAtKinds(cluster: Cluster): Promise<Finding[]> {
  return diagnoseKinds(
    await Promise.all(kinds.map(async (kind) => [kind, await observeDefinition(cluster, kind)] as const)),
    version,
  )
}

async function lookAtOperator(cluster: Cluster): Promise<Finding[]> {
  const deployments = await observeDeployments(cluster)
  const each = ('value' in deployments ? deployments.value : []).map(async (deployment) => {
    const { namespace, name } = accountOf(deployment)
    const [leadership, denied] = await Promise.all([
      observeLeadership(cluster, deployment),
      reviewOperatorRights(cluster, deployment),
    ])
    return [
      diagnoseOperator(deployment, leadership, Date.now()),
      diagnoseOperatorRights(deployment, `${namespace}/${name}`, denied),
    ]
  })
  return [...diagnoseInstallations(deployments), ...(await Promise.all(each)).flat()]
}

async function lookAtOwnRights(cluster: Cluster, namespace: string | undefined): Promise<Finding[]> {
  return [diagnoseOwnRights(await reviewOwnRights(cluster, namespace ?? ''))]
}

/** Without the CRDs there is nothing to look at: that is found where the kinds are. */
async function lookAtObjects(cluster: Cluster, namespace: string | undefined): Promise<Finding[]> {
  const [instances, snapshots, schedules, restores] = await Promise.all([
    ofKnownKind(observe(cluster.instances(namespace))),
    ofKnownKind(observe(cluster.snapshots(namespace))),
    ofKnownKind(observe(cluster.schedules(namespace))),
    ofKnownKind(observe(cluster.restores(namespace))),
  ])
  if (instances === undefined || snapshots === undefined) return []
  if ('refused' in instances) return [uncheckedFinding('instance', 'Instances', instances.refused)]
  if ('refused' in snapshots) return [uncheckedFinding('destination', 'Snapshots', snapshots.refused)]
  const seen = {
    instances: instances.value,
    snapshots: snapshots.value,
    schedules: valueOf(schedules),
    restores: valueOf(restores),
  }
  return [
    ...(seen.instances.length > 0 ? [] : [noInstance(namespace)]),
    ...seen.instances.flatMap((instance) => diagnoseInstance(instance, seen, Date.now())),
    ...refusal('schedule', 'Schedules', schedules),
    ...(await lookAtSchedules(cluster, seen)),
    ...refusal('restore', 'Restores', restores),
    ...diagnoseRestores({ ...seen, schedules: seen.schedules ?? [], restores: seen.restores ?? [] }, Date.now()),
    ...diagnoseDestinations(seen.snapshots, Date.now()),
  ]
}

const valueOf = <T>(seen: Observed<T> | undefined): T | undefined =>
  seen !== undefined && 'value' in seen ? seen.value : undefined

/** What may not be read is said, and nothing about the objects themselves. */
const refusal = (check: Finding['check'], what: string, seen: Observed<unknown> | undefined): Finding[] =>
  seen !== undefined && 'refused' in seen ? [uncheckedFinding(check, what, seen.refused)] : []

async function ofKnownKind<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof NotFound && isKindMissing(error)) return undefined
    throw error
  }
}

const noInstance = (namespace: string | undefined): Finding =>
  warning(
    'instance',
    `There is no MeiliInstance in ${namespace === undefined ? 'any namespace' : `namespace ${namespace}`}`,
    'kubectl meili adopt, or -A for all namespaces',
  )

async function lookAtSchedules(
  cluster: Cluster,
  {
    schedules,
    ...seen
  }: Omit<ScheduleWorld, 'schedules' | 'absentClaims'> & { schedules: readonly Schedule[] | undefined },
): Promise<Finding[]> {
  if (schedules === undefined) return []
  const absentClaims = await observeAbsentClaims(cluster, schedules)
  return diagnoseSchedules({ ...seen, schedules, absentClaims }, Date.now())
}

/** @returns `namespace/name` of the claims that schedules name and that are not there; those that may not be read are not among them */
async function observeAbsentClaims({ kube }: Cluster, schedules: readonly Schedule[]): Promise<ReadonlySet<string>> {
  const claims = new Map(
    schedules.map((schedule) => {
      const [namespace, name] = [schedule.metadata.namespace, claimOf(schedule)]
      return [`${namespace}/${name}`, { namespace, name }] as const
    }),
  )
  const absent = await Promise.all(
    [...claims].map(async ([key, claim]) => {
      const seen = await observe(kube.find(persistentVolumeClaims, claim))
      return 'value' in seen && seen.value === undefined ? [key] : []
    }),
  )
  return new Set(absent.flat())
}

const marks = { ok: ['green', '✓'], warning: ['yellow', '!'], problem: ['red', '✗'] } as const

function show(terminal: Terminal, findings: readonly Finding[]): void {
  for (const { level, message, remedy } of findings) {
    const [style, mark] = marks[level]
    terminal.mark(style, mark, message)
    if (remedy !== undefined) terminal.line(`    → ${remedy}`)
  }
  const count = (wanted: Finding['level'], word: string): string => {
    const number = findings.filter(({ level }) => level === wanted).length
    return `${number} ${word}${number === 1 ? '' : 's'}`
  }
  terminal.line(`${count('problem', 'problem')}, ${count('warning', 'warning')}`)
}
