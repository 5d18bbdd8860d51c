// What the operator was denied and which of its rights it never used, from the API server's audit log of a whole run.
import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

interface Entry {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: { readonly apiGroup?: string; readonly resource: string; readonly subresource?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

export interface RightsFindings {
  /** Asked for and not granted by any rule of install.yaml. */
  readonly denied: readonly string[]
  /** Granted, and not asked for once. */
  readonly unused: readonly string[]
}

const account = 'system:serviceaccount:meili-operator-system:meili-operator'

/** Rights that the audit log of a good run does not show, each with the reason. */
const neverSeen: readonly RegExp[] = [
  // The cluster itself asks for it when we write an ownerReference (OpenShift does, the test cluster does not).
  /^update meili-operator\.dev\/meili\w+\/finalizers$/,
  // Only when a Job of that name is there already: after a kill at that moment, which the crash matrix makes with a user of its own.
  /^get batch\/jobs$/,
  // A WebSocket opens by GET, and is audited as that; from 1.35 on the right to create is checked behind it.
  /^create core\/pods\/exec$/,
]

const rightOf = (verb: string, group: string, resource: string): string =>
  `${verb} ${group === '' ? 'core' : group}/${resource}`

type Labels = Readonly<Record<string, string>>

/** Part of the cluster's own roles view, edit and admin: nothing that the operator has. */
const isForPeople = (labels: Labels = {}): boolean =>
  Object.keys(labels).some((label) => label.startsWith('rbac.authorization.k8s.io/aggregate-to-'))

/** `verb group/resource` of every right in the roles of a manifest. */
export function grantedRights(manifest: string): readonly string[] {
  const objects = parseAllDocuments(manifest).map(
    (document) => document.toJS() as { kind: string; metadata?: { labels?: Labels }; rules?: readonly Rule[] },
  )
  const rules = objects
    .filter(({ kind, metadata }) => (kind === 'Role' || kind === 'ClusterRole') && !isForPeople(metadata?.labels))
    .flatMap(({ rules: own = [] }) => own)
  return [
    ...new Set(
      rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => rightOf(verb, group, resource))),
        ),
      ),
    ),
  ]
}

/** @param log one JSON object a line; one that is still being written is left out */
export function rightsFindings(log: string, manifest: string): RightsFindings {
  const granted = grantedRights(manifest)
  const asked = log
    .split('\n')
    .filter((line) => line.includes(account) && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ user, objectRef }) => user.username === account && objectRef !== undefined)
    .map(({ verb, objectRef, annotations }) => ({
      right: rightOf(
        verb,
        objectRef?.apiGroup ?? '',
        [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join('/'),
      ),
      isForbidden: annotations?.['authorization.k8s.io/decision'] === 'forbid',
    }))
  const used = new Set(asked.filter(({ isForbidden }) => !isForbidden).map(({ right }) => right))
  // A right that install.yaml grants was taken away by a test.
  const denied = new Set(
    asked.filter(({ right, isForbidden }) => isForbidden && !granted.includes(right)).map(({ right }) => right),
  )
  return {
    denied: [...denied],
    unused: granted.filter((right) => !used.has(right) && !neverSeen.some((pattern) => pattern.test(right))),
  }
}

const manifestsOf = (paths: readonly string[]): string =>
  paths.map((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).join('\n---\n')

/** The whole suite switches streaming on as well. */
export const readRights = (auditLog: string): RightsFindings =>
  rightsFindings(readFileSync(auditLog, 'utf8'), manifestsOf(['install.yaml', 'install-streaming.yaml']))
