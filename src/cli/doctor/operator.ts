// Doctor's look at the operator: is it installed, does it run, may it do its work, and may you? Pure.
import type { V1Deployment } from '@kubernetes/client-node'
import type { KubeObject } from '../../kube/resource.ts'
import { install } from '../complaint.ts'
import { ok, problem, unchecked } from './finding.ts'
import type { Finding, Seen } from './finding.ts'
import { operand, quoted } from '../terminal/shell.ts'
import { ageText } from '../terminal/words.ts'

export type OperatorDeployment = V1Deployment & KubeObject

/** What the lease told while it was watched. */
export interface Leadership {
  readonly holder: string
  readonly acquireTime: string | undefined
  /** Somebody renewed it while we looked: no clock of ours has a say. */
  readonly isRenewed: boolean
}

/** One thing that an account may not do. */
export interface Denied {
  readonly verb: string
  /** `jobs.batch`, `pods/log`. */
  readonly resource: string
  /** Empty for all namespaces. */
  readonly namespace: string
}

const labels = 'app.kubernetes.io/name=meili-operator'

export const variableOf = (deployment: OperatorDeployment, wanted: string): string | undefined =>
  deployment.spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === wanted)?.value

/** Namespaces; one that is empty stands for all. */
export const servedBy = (deployment: OperatorDeployment): readonly string[] =>
  (variableOf(deployment, 'WATCH_NAMESPACES') ?? '').split(',').map((name) => name.trim())

/** Is there one, and does no second one serve the same objects? */
export function diagnoseInstallations(deployments: Seen<readonly OperatorDeployment[]>): Finding[] {
  if ('refused' in deployments) return [unchecked('operator', 'Whether the operator runs', deployments.refused)]
  const { value: all } = deployments
  if (all.length === 0)
    return [problem('operator', `The operator is not installed: there is no Deployment with label ${labels}`, install)]
  const rivals = all.filter((deployment) =>
    all.some((other) => other !== deployment && meet(servedBy(deployment), servedBy(other))),
  )
  return rivals.length === 0
    ? []
    : [
        problem(
          'operator',
          `The operator is installed more than once for the same objects: ${rivals.map(placeOf).join(', ')}`,
          'uninstall all but one, or give each its own namespaces (WATCH_NAMESPACES; watchNamespaces in the chart)',
        ),
      ]
}

const meet = (some: readonly string[], others: readonly string[]): boolean =>
  some.includes('') || others.includes('') || some.some((name) => others.includes(name))

const placeOf = ({ metadata }: OperatorDeployment): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** @param leadership undefined inside where nobody ever led */
export function diagnoseOperator(
  deployment: OperatorDeployment,
  leadership: Seen<Leadership | undefined>,
  nowMs: number,
): Finding {
  if ('refused' in leadership) return unchecked('operator', 'Whether the operator leads', leadership.refused)
  const { value: lease } = leadership
  if (lease?.isRenewed === true)
    return ok(
      'operator',
      `operator running: ${lease.holder.replace(/_[0-9a-f-]{36}$/, '')} (leader since ${ageText(lease.acquireTime, nowMs)})`,
    )
  const { namespace = '', name } = deployment.metadata
  const { replicas } = deployment.spec ?? {}
  const led =
    lease === undefined || lease.holder === ''
      ? 'nobody holds its lease'
      : `${lease.holder.replace(/_[0-9a-f-]{36}$/, '')} held its lease and does not renew it`
  if (replicas === 0)
    return problem(
      'operator',
      `The operator is not running: Deployment ${placeOf(deployment)} is scaled to 0, and ${led}`,
      `kubectl -n ${quoted(namespace)} scale deployment/${quoted(name)} --replicas=1`,
    )
  const ready = deployment.status?.readyReplicas ?? 0
  return problem(
    'operator',
    `The operator is not running: ${ready} of ${replicas ?? 1} pods of Deployment ${placeOf(deployment)} are ready, and ${led}`,
    `kubectl -n ${quoted(namespace)} describe pods -l ${labels}; kubectl -n ${quoted(namespace)} logs deployment/${quoted(name)}`,
  )
}

/** @param account of the Deployment's pods, as `namespace/name` */
export function diagnoseOperatorRights(
  deployment: OperatorDeployment,
  account: string,
  denied: Seen<readonly Denied[]>,
): Finding {
  if ('refused' in denied) return unchecked('rights', `What ${account} may do`, denied.refused)
  if (denied.value.length === 0) return ok('rights', `rights of ${account}: all that it needs`)
  return problem(
    'rights',
    `The operator (${account}) may not ${deniedText(denied.value)}`,
    `its roles and bindings come with the installation: ${installationOf(deployment)}`,
  )
}

/** The way in which it was installed: the chart's release says so itself. */
function installationOf({ metadata: { annotations = {}, namespace = '' } }: OperatorDeployment): string {
  const release = annotations['meta.helm.sh/release-name']
  return release === undefined
    ? install
    : `helm -n ${quoted(annotations['meta.helm.sh/release-namespace'] ?? namespace)} upgrade ${operand(release)} charts/meili-operator --reset-then-reuse-values`
}

export function diagnoseOwnRights(denied: Seen<readonly Denied[]>): Finding {
  if ('refused' in denied) return unchecked('rights', 'What you may do', denied.refused)
  if (denied.value.length === 0) return ok('rights', 'your rights: all that this plugin needs')
  return {
    level: 'warning',
    check: 'rights',
    message: `You may not ${deniedText(denied.value)}`,
    remedy: 'ask whoever runs the cluster for a Role with these rights (docs/kubectl-meili.md, "Rights")',
  }
}

/** `get secrets and create jobs.batch in all namespaces`. */
function deniedText(denied: readonly Denied[]): string {
  const byNamespace = Map.groupBy(denied, ({ namespace }) => namespace)
  const places = [...byNamespace].map(([namespace, list]) => {
    const byResource = Map.groupBy(list, ({ resource }) => resource)
    const acts = [...byResource].map(([resource, verbs]) => `${verbs.map(({ verb }) => verb).join('/')} ${resource}`)
    return `${acts.join(', ')} in ${namespace === '' ? 'all namespaces' : `namespace ${namespace}`}`
  })
  return places.join('; ')
}
