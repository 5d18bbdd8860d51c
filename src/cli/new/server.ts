// Builds the MeiliInstance that `restore --to` makes: a server like the one that the snapshot is of, which starts from the snapshot. Pure.
import { apiVersion } from '../../api/group.ts'
import type { Sanitize } from '../../api/fields/restore.ts'
import type { ManagedServer } from '../../api/instance.ts'
import type { MeiliRestoreSpec } from '../../api/restore.ts'
import type { KubeObject } from '../../kube/resource.ts'
import type { Instance } from '../cluster.ts'
import { UserError } from '../errors.ts'

export interface ServerParts {
  readonly name: string
  readonly source: MeiliRestoreSpec['source']
  /** Of the snapshot, where it is known. */
  readonly version: string | undefined
  readonly allowUpgrade: boolean
  readonly size?: string | undefined
  readonly storageClass?: string | undefined
  readonly sanitize?: Partial<Sanitize> | undefined
}

export interface NewServer {
  readonly object: KubeObject
  /** What is another one than the original's, for people. */
  readonly notes: readonly string[]
}

/** Nothing of it is shared with the original: no claim, and nothing that brings the original's traffic. */
export function newServer(original: Instance, parts: ServerParts): NewServer {
  const { namespace, name: originalName } = original.metadata
  const { managed } = original.spec
  if (managed === undefined)
    throw new UserError(
      `MeiliInstance ${originalName} is a server that somebody else runs, so there is nothing to make another one by. Write a MeiliInstance with spec.managed.bootstrap (examples/), or restore on the claim of its server: --claim CLAIM.`,
    )
  const { storage, snapshots, service, podLabels, ...rest } = managed
  const { suspend: _, bootstrap: __, ...settings } = rest as typeof rest & { readonly bootstrap?: unknown }
  const { annotations, ...plainService } = service
  const ownSnapshots = snapshots?.claimName === undefined ? snapshots : undefined
  const object = {
    apiVersion,
    kind: 'MeiliInstance',
    metadata: { namespace, name: parts.name },
    spec: {
      managed: {
        ...settings,
        ...(parts.allowUpgrade || parts.version === undefined ? {} : { version: parts.version }),
        storage: storageOf(originalName, storage, parts),
        ...(ownSnapshots === undefined ? {} : { snapshots: ownSnapshots }),
        service: plainService,
        bootstrap: bootstrapOf(parts),
      },
    },
  }
  const left = [
    ...(annotations === undefined ? [] : ['service.annotations']),
    ...(podLabels === undefined ? [] : ['podLabels']),
    ...(ownSnapshots === snapshots ? [] : ['snapshots.claimName']),
  ]
  return { object, notes: [...leftText(originalName, left), ...keyText(managed, originalName, parts.name)] }
}

const bootstrapOf = ({ source, allowUpgrade, sanitize }: ServerParts): object => ({
  from: source,
  ...(allowUpgrade ? { version: 'AllowUpgrade' } : {}),
  ...(sanitize === undefined ? {} : { sanitize }),
})

function storageOf(
  originalName: string,
  { size, claimName: _, ...storage }: ManagedServer['storage'],
  parts: ServerParts,
): object {
  const wanted = parts.size ?? size
  if (wanted === undefined)
    throw new UserError(
      `The database of ${originalName} is on a claim that somebody made, so it is not known how large another one is: --size 20Gi.`,
    )
  return {
    ...storage,
    size: wanted,
    ...(parts.storageClass === undefined ? {} : { storageClassName: parts.storageClass }),
  }
}

function leftText(originalName: string, left: readonly string[]): string[] {
  return left.length === 0
    ? []
    : [`Not taken over from ${originalName}, as it would be shared with it: ${left.join(', ')}.`]
}

function keyText({ masterKeySecretRef }: ManagedServer, originalName: string, name: string): string[] {
  return masterKeySecretRef === undefined
    ? [
        `${name} gets a master key of its own, so the API keys of ${originalName} have other values there. To keep them, name the Secret of ${originalName} in spec.managed.masterKeySecretRef before it is made.`,
      ]
    : []
}
