// Reads for doctor what a cluster has of the operator. What this user may not read is returned as refused, not thrown.
import type { Kind } from '../../api/group.ts'
import { accessReviews, customResourceDefinitions, deployments, leases, ownAccessReviews } from '../../kube/resource.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { TerminalError } from '../../errors.ts'
import type { Cluster } from '../cluster.ts'
import type { InstalledDefinition } from './crds.ts'
import { servedBy, variableOf } from './operator.ts'
import type { DeniedRight, Leadership, OperatorDeployment } from './operator.ts'
import type { Observed } from './finding.ts'
import operatorRights from './operator-rights.json' with { type: 'json' }
import { abortAfter } from '../../runtime/timers.ts'

interface Lease extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string; readonly acquireTime?: string }
}

interface Review extends KubeObject {
  readonly status?: { readonly allowed: boolean }
}

interface Question {
  readonly namespace: string
  readonly group: string
  readonly resource: string
  readonly verb: string
  /** Of one object; all where it is absent. */
  readonly name?: string | undefined
}

/** Renewed every two seconds by whoever leads. */
const renewalMs = 6000
/** Written by the chart where its value rbac.secretNames narrows the rights on Secrets that exist. */
const secretNamesAnnotation = 'meili-operator.dev/secret-names'
const defaultNamespace = 'meili-operator-system'

/** @throws what is no refusal */
export async function observe<T>(read: Promise<T>): Promise<Observed<T>> {
  try {
    return { value: await read }
  } catch (error) {
    if (error instanceof TerminalError && error.status === 403)
      return { refused: error.message.replace(/^.*? answered 403[^:]*: /s, '') }
    throw error
  }
}

export async function observeDefinition(
  { kube }: Cluster,
  kind: Kind,
): Promise<Observed<InstalledDefinition | undefined>> {
  return await observe(
    kube.find<InstalledDefinition>(customResourceDefinitions, { name: `${kind.plural}.${kind.group}` }),
  )
}

/** In all namespaces; where that may not be listed, in the one of install.yaml, which says nothing of the others if there is none in it. */
export async function observeDeployments({ kube }: Cluster): Promise<Observed<readonly OperatorDeployment[]>> {
  const labelSelector = 'app.kubernetes.io/name=meili-operator,app.kubernetes.io/component=operator'
  const everywhere = await observe(kube.listAll<OperatorDeployment>(deployments, { labelSelector }))
  if ('value' in everywhere) return everywhere
  const there = await observe(
    kube.listAll<OperatorDeployment>(deployments, { namespace: defaultNamespace, labelSelector }),
  )
  return 'value' in there && there.value.length === 0 ? everywhere : there
}

export async function observeLeadership(
  { kube }: Cluster,
  deployment: OperatorDeployment,
): Promise<Observed<Leadership | undefined>> {
  const { namespace = defaultNamespace } = deployment.metadata
  const name = variableOf(deployment, 'LEASE_NAME') ?? 'meili-operator'
  const first = await observe(kube.find<Lease>(leases, { namespace, name }))
  if ('refused' in first || first.value === undefined) return first as Observed<undefined>
  const { spec = {}, metadata } = first.value
  const watch = kube.watch<Lease>(leases, {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: metadata.resourceVersion ?? '',
    timeoutSeconds: renewalMs / 1000,
    signal: abortAfter(renewalMs),
  })
  const next = await observe(firstRenewal(watch, spec.renewTime))
  if ('refused' in next) return next
  const lease = next.value ?? spec
  return {
    value: {
      holder: lease.holderIdentity ?? '',
      acquireTime: lease.acquireTime,
      isRenewed: next.value !== undefined && (next.value.holderIdentity ?? '') !== '',
    },
  }
}

async function firstRenewal(
  watch: AsyncGenerator<{ type: string; object: Lease }>,
  before: string | undefined,
): Promise<Lease['spec']> {
  for await (const { type, object } of watch)
    if (type === 'MODIFIED' && object.spec?.renewTime !== before) return object.spec
  return undefined
}

export interface Account {
  readonly namespace: string
  readonly name: string
}

export function accountOf(deployment: OperatorDeployment): Account {
  return {
    namespace: deployment.metadata.namespace ?? defaultNamespace,
    name: deployment.spec?.template.spec?.serviceAccountName ?? 'default',
  }
}

/** Roles that are needed only where the operator is configured to use them. */
function isNeeded(role: string, deployment: OperatorDeployment): boolean {
  if (role === 'meili-operator-managed') return variableOf(deployment, 'MANAGED_INSTANCES') === 'true'
  return role !== 'meili-operator-streaming' || Number(variableOf(deployment, 'MAX_STREAMS') ?? 0) > 0
}

/** Each right of install.yaml that it needs, asked of the API server's own authorizer, in the namespaces that this operator serves. */
export async function reviewOperatorRights(
  cluster: Cluster,
  deployment: OperatorDeployment,
): Promise<Observed<readonly DeniedRight[]>> {
  const account = accountOf(deployment)
  const secretNames = deployment.metadata.annotations?.[secretNamesAnnotation]?.split(',')
  const needed = operatorRights.filter(({ role }) => isNeeded(role, deployment))
  const questions = needed.flatMap(({ kind, group, resource, verbs }) =>
    verbs.flatMap((verb) => {
      // A new object has no name yet when this is asked: create is bound to none.
      const names = resource === 'secrets' && verb !== 'create' ? secretNames : undefined
      return (kind === 'Role' ? [account.namespace] : servedBy(deployment)).flatMap((namespace) =>
        (names ?? [undefined]).map((name) => ({ namespace, group, resource, verb, name })),
      )
    }),
  )
  const subject = {
    user: `system:serviceaccount:${account.namespace}:${account.name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'],
  }
  return await observe(
    reviewRights(questions, (attributes) =>
      cluster.kube.create<Review>(
        accessReviews,
        review('SubjectAccessReview', { ...subject, resourceAttributes: attributes }),
      ),
    ),
  )
}

const kinds = { group: 'meili-operator.dev' } as const
const own: readonly Omit<Question, 'namespace'>[] = [
  ...['get', 'list', 'watch', 'create', 'patch'].map((verb) => ({ ...kinds, resource: 'meilisnapshots', verb })),
  ...['get', 'list', 'patch'].map((verb) => ({ ...kinds, resource: 'meilisnapshotschedules', verb })),
  ...['get', 'list', 'watch', 'create', 'patch'].map((verb) => ({ ...kinds, resource: 'meilirestores', verb })),
  ...['get', 'list'].map((verb) => ({ ...kinds, resource: 'meiliinstances', verb })),
  { group: '', resource: 'events', verb: 'list' },
  { group: '', resource: 'pods', verb: 'list' },
]

/** @param namespace empty for all */
export async function reviewOwnRights({ kube }: Cluster, namespace: string): Promise<Observed<readonly DeniedRight[]>> {
  const questions = own.map((question) => ({ ...question, namespace }))
  return await observe(
    reviewRights(questions, (attributes) =>
      kube.create<Review>(ownAccessReviews, review('SelfSubjectAccessReview', { resourceAttributes: attributes })),
    ),
  )
}

/** A review is answered, not stored: it has no name. */
const review = (kind: string, spec: object): Review =>
  ({ apiVersion: 'authorization.k8s.io/v1', kind, metadata: { name: '' }, spec }) as Review

async function reviewRights(
  questions: readonly Question[],
  ask: (attributes: object) => Promise<Review>,
): Promise<readonly DeniedRight[]> {
  const answers = await Promise.all(
    questions.map(async ({ namespace, group, resource: path, verb, name }) => {
      const [resource, subresource] = path.split('/')
      const { status } = await ask({ namespace, group, verb, resource, subresource, name })
      const whole = group === '' ? path : `${path}.${group}`
      return status?.allowed === true
        ? []
        : [{ verb, resource: name === undefined ? whole : `${whole} ${name}`, namespace }]
    }),
  )
  return answers.flat()
}
