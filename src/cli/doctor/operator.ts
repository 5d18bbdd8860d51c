// Doctor's checks of the operator: is it installed, does it run, may it do its work, and may you? Pure.
import type { V1Deployment } from '@kubernetes/client-node'
import type { KubeObject } from '../../kube/resource.ts'
import { install } from '../errors.ts'
import { ok, problem, uncheckedFinding } from './finding.ts'
import type { Finding, Observed } from './finding.ts'
import { operand, quote } from '../terminal/shell.ts'
import { ageText } from '../terminal/format.ts'

export type OperatorDeployment = V1Deployment & KubeObject

/** What the lease showed while it was watched. */
export interface Leadership {
  readonly holder: string
  readonly acquireTime: string | undefined
  /** Somebody renewed it while we looked: our own clock has no say. */
  readonly isRenewed: boolean
}

/** One thing that an account may not do. */
export interface DeniedRight {
  readonly verb: string
  /** `jobs.batch`, `pods/log`. */
  readonly resource: string
  /** Empty for all namespaces. */
  readonly namespace: string
}

/** In the chart's Deployment. */
const operatorContainer = 'operator'
const labels = 'app.kubernetes.io/name=meili-operator'

export const variableOf = (deployment: OperatorDeployment, wanted: string): string | undefined =>
  deployment.spec?.template.spec?.containers
    .find(({ name }) => name === operatorContainer)
    ?.env?.find(({ name }) => name === wanted)?.value

/** Namespaces; one that is empty stands for all. */
export const servedBy = (deployment: OperatorDeployment): readonly string[] =>
  (variableOf(deployment, 'WATCH_NAMESPACES') ?? '').split(',').map((name) => name.trim())

/** Is there one, and does no second one serve the same objects? */
export function diagnoseInstallations(deployments: Observed<readonly OperatorDeployment[]>): Finding[] {
  if ('refused' in deployments) return [uncheckedFinding('operator', 'Whether the operator runs', deployments.refused)]
  const { value: all } = deployments
  if (all.length === 0)
    return [problem('operator', `The operator is not installed: there is no Deployment with label ${labels}`, install)]
  const rivals = all.filter((deployment) =>
    all.some((other) => other !== deployment && overlap(servedBy(deployment), servedBy(other))),
  )
  return rivals.length === 0
    ? []
    : [
        problem(
          'operator',
          `The operator is installed more than once for the same objects: ${rivals.map(fullNameOf).join(', ')}`,
          'uninstall all but one, or give each its own namespaces (WATCH_NAMESPACES; watchNamespaces in the chart)',
        ),
      ]
}

const overlap = (some: readonly string[], others: readonly string[]): boolean =>
  some.includes('') || others.includes('') || some.some((name) => others.includes(name))

const fullNameOf = ({ metadata }: OperatorDeployment): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** @param leadership undefined inside where nobody ever led */
export function diagnoseOperator(
  deployment: OperatorDeployment,
  leadership: Observed<Leadership | undefined>,
  nowMs: number,
): Finding {
  if ('refused' in leadership) return uncheckedFinding('operator', 'Whether the operator leads', leadership.refused)
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
      `The operator is not running: Deployment ${fullNameOf(deployment)} is scaled to 0, and ${led}`,
      `kubectl -n ${quote(namespace)} scale deployment/${quote(name)} --replicas=1`,
    )
  const ready = deployment.status?.readyReplicas ?? 0
  return problem(
    'operator',
    `The operator is not running: ${ready} of ${replicas ?? 1} pods of Deployment ${fullNameOf(deployment)} are ready, and ${led}`,
    `kubectl -n ${quote(namespace)} describe pods -l ${labels}; kubectl -n ${quote(namespace)} logs deployment/${quote(name)}`,
  )
}

/** @param account of the Deployment's pods, as `namespace/name` */
export function diagnoseOperatorRights(
  deployment: OperatorDeployment,
  account: string,
  denied: Observed<readonly DeniedRight[]>,
): Finding {
  if ('refused' in denied) return uncheckedFinding('rights', `What ${account} may do`, denied.refused)
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
    : `helm -n ${quote(annotations['meta.helm.sh/release-namespace'] ?? namespace)} upgrade ${operand(release)} charts/meili-operator --reset-then-reuse-values`
}

export function diagnoseOwnRights(denied: Observed<readonly DeniedRight[]>): Finding {
  if ('refused' in denied) return uncheckedFinding('rights', 'What you may do', denied.refused)
  if (denied.value.length === 0) return ok('rights', 'your rights: all that this plugin needs')
  return {
    level: 'warning',
    check: 'rights',
    message: `You may not ${deniedText(denied.value)}`,
    remedy: 'ask whoever runs the cluster for a Role with these rights (docs/kubectl-meili.md, "Rights")',
  }
}

/** `get secrets and create jobs.batch in all namespaces`. */
function deniedText(denied: readonly DeniedRight[]): string {
  const byNamespace = Map.groupBy(denied, ({ namespace }) => namespace)
  const denials = [...byNamespace].map(([namespace, list]) => {
    const byResource = Map.groupBy(list, ({ resource }) => resource)
    const acts = [...byResource].map(([resource, verbs]) => `${verbs.map(({ verb }) => verb).join('/')} ${resource}`)
    return `${acts.join(', ')} in ${namespace === '' ? 'all namespaces' : `namespace ${namespace}`}`
  })
  return denials.join('; ')
}
