// Names and labels of the objects that the operator makes. What a managed instance is made of is named without its UID: claims and keys outlive it. Pure.
import { createHash } from 'node:crypto'
import type { MeiliInstance } from '../../api/instance.ts'
import type { SecretKeyReference } from '../../api/meta.ts'

/** The name says it all: also of an instance that is gone. */
export interface Named {
  readonly metadata: { readonly name: string }
}

/** A StatefulSet's pod carries its name and ten characters of a hash in a label of at most 63. */
const longest = 52

/** Also the name of a Service: a letter first, then letters, digits and dashes. */
const plain = /^[a-z]([-a-z0-9]*[a-z0-9])?$/

/** The instance's name where all of its children can have it; else as much of it as they can, and eight characters of its hash. */
export function baseName({ metadata: { name } }: Named): string {
  if (name.length <= longest && plain.test(name)) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  const start = name.replaceAll('.', '-').replace(/^[^a-z]/, 'm-$&')
  return `${start.slice(0, longest - 9).replace(/-+$/, '')}-${hash}`
}

export type ClaimRole = 'data' | 'snapshots' | 'scratch'

/** The database of a managed server: a directory in the root of its data claim. */
export const databaseDirectory = 'data.ms'

export const claimNameOf = (instance: Named, role: ClaimRole): string => `${baseName(instance)}-${role}`
export const keySecretName = (instance: MeiliInstance): string => `${baseName(instance)}-keys`
export const connectionSecretName = (instance: MeiliInstance): string => `${baseName(instance)}-connection`

/** Key in the data of the Secret that we generate. */
export const masterKeyName = 'MEILI_MASTER_KEY'

export function masterKeyReference(instance: MeiliInstance): SecretKeyReference {
  return instance.spec.managed?.masterKeySecretRef ?? { name: keySecretName(instance), key: masterKeyName }
}

/** Where the databases' pods listen. */
export const serverPort = 7700
/** Of a container's port: at most 15 characters. Not the `http` of the official Helm chart, by whose name its Service would find it. */
export const serverPortName = 'meilisearch'
export const serverContainer = 'meilisearch'

/** On the children of all managed instances. */
export const childSharedLabels = {
  'app.kubernetes.io/managed-by': 'meili-operator',
  'app.kubernetes.io/component': 'server',
} as const

/** What the Service and the StatefulSet select: no chart makes a Service that goes by this label (decision 0024). */
export const instanceLabel = 'meili-operator.dev/instance'
export function instanceLabels(instance: Named): Record<string, string> {
  return { [instanceLabel]: baseName(instance) }
}

/** On every child. */
export function childLabels(instance: Named): Record<string, string> {
  return { 'app.kubernetes.io/name': 'meiliinstance', ...childSharedLabels, ...instanceLabels(instance) }
}

/** On each snapshot that was taken before an upgrade: whose it is, and from which version to which. */
export const upgradeLabels = {
  instanceUid: 'meili-operator.dev/instance-uid',
  from: 'meili-operator.dev/upgrade-from',
  to: 'meili-operator.dev/upgrade-to',
} as const

/** What their names begin with. With the UID: an earlier instance of this name counted its generations from one as well. */
export const upgradeSnapshotPrefix = (instance: MeiliInstance, to: string): string =>
  `${baseName(instance)}-before-${to.replaceAll('.', '-')}-${instance.metadata.uid.slice(0, 8)}-`

export const upgradeSnapshotName = (instance: MeiliInstance, to: string): string =>
  `${upgradeSnapshotPrefix(instance, to)}${instance.metadata.generation}`

/** On the Jobs and pods of all movers. The name is not the operator's own: no Service that selects operators is to find a mover. */
export const moverLabels = {
  'app.kubernetes.io/name': 'meilisnapshot',
  'app.kubernetes.io/managed-by': 'meili-operator',
  'app.kubernetes.io/component': 'mover',
} as const
/** Selects them. */
export const moverSelector = Object.entries(moverLabels)
  .map(([label, value]) => `${label}=${value}`)
  .join(',')

/** On the Jobs and pods of all restores. `moverSelector` does not find them: they take no snapshot's turn. */
export const restoreJobLabels = { ...moverLabels, 'app.kubernetes.io/name': 'meilirestore' } as const
/** Selects them. */
export const restoreJobSelector = Object.entries(restoreJobLabels)
  .map(([label, value]) => `${label}=${value}`)
  .join(',')

/** Selects the children of all managed instances. */
export const childSelector = Object.entries(childSharedLabels)
  .map(([label, value]) => `${label}=${value}`)
  .join(',')

/** Of which instance a child speaks, by its labels. */
export function isChildOf(instance: MeiliInstance, labels: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(childLabels(instance)).every(([label, value]) => labels?.[label] === value)
}

/** UIDs of the keys that we create, the same everywhere: a key's value depends on the master key and its uid alone. */
export const keyUids = {
  operator: '6a1c1f0e-5d0b-4c55-9d4f-0b7a52c1e9a4',
  application: 'c2f4d6b8-1e3a-4f57-8b9c-7d5e3f1a2b4c',
} as const
