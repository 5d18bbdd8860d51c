// Builds a managed instance's children: claims, Secrets, Service, StatefulSet. Sets only the fields that the operator owns. Pure.
import { createHash } from 'node:crypto'
import type {
  V1OwnerReference,
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimSpec,
  V1ServiceSpec,
  V1StatefulSetSpec,
} from '@kubernetes/client-node'
import { databaseVersionAnnotation, meiliInstances } from '../../../api/instance.ts'
import type { ManagedServer, MeiliInstance } from '../../../api/instance.ts'
import { withoutUndefined } from '../../../api/json.ts'
import { dataGenerationAnnotation, stoppedForAnnotation } from '../../../api/restore.ts'
import type { Child } from '../../../reconcile/decision.ts'
import {
  baseName,
  childLabels,
  claimNameOf,
  connectionSecretName,
  keySecretName,
  serverPortName,
  instanceLabels,
} from '../../../reconcile/names/objects.ts'
import type { ClaimRole } from '../../../reconcile/names/objects.ts'
import { hasSnapshotVolume, serverTemplate } from './server-pod.ts'
import type { Run } from './server-pod.ts'

/** On every child: of what we applied. The same hash and other fields: somebody else changed them. */
export const appliedAnnotation = 'meili-operator.dev/applied'

export function ownerOf({ metadata: { name, uid } }: MeiliInstance): V1OwnerReference {
  return {
    apiVersion: `${meiliInstances.group}/${meiliInstances.version}`,
    kind: meiliInstances.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

interface Desired {
  readonly name: string
  readonly kind: Child['kind']
  readonly spec?: V1PersistentVolumeClaimSpec | V1ServiceSpec | V1StatefulSetSpec
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** It goes with the instance. */
  readonly owned: boolean
}

function child(instance: MeiliInstance, { name, kind, spec, owned, annotations = {} }: Desired): Child {
  const metadata = {
    name,
    namespace: instance.metadata.namespace,
    labels: childLabels(instance),
    ...(owned ? { ownerReferences: [ownerOf(instance)] } : {}),
  }
  const applied = createHash('sha256')
    .update(JSON.stringify([metadata, annotations, spec]))
    .digest('hex')
    .slice(0, 16)
  return {
    apiVersion: kind === 'StatefulSet' ? 'apps/v1' : 'v1',
    kind,
    metadata: { ...metadata, annotations: { ...annotations, [appliedAnnotation]: applied } },
    ...(spec === undefined ? {} : { spec }),
  }
}

export function statefulSet(instance: MeiliInstance, managed: ManagedServer, run: Run): Child {
  const name = baseName(instance)
  const spec: V1StatefulSetSpec = {
    replicas: run.replicas,
    serviceName: name,
    selector: { matchLabels: instanceLabels(instance) },
    // We say when: never in the middle of a snapshot or an upgrade.
    updateStrategy: { type: 'OnDelete' },
    template: serverTemplate(instance, managed, run),
  }
  const { generation } = run.data ?? {}
  const annotations = withoutUndefined<Record<string, string>>({
    [dataGenerationAnnotation]: generation === undefined ? undefined : String(generation),
    [stoppedForAnnotation]: run.stoppedFor,
  })
  return child(instance, { kind: 'StatefulSet', name, annotations, spec, owned: true })
}

export function service(instance: MeiliInstance, { service: { type, port, annotations } }: ManagedServer): Child {
  // A mesh reads the protocol from the name of a Service's port.
  const spec: V1ServiceSpec = {
    type,
    selector: instanceLabels(instance),
    ports: [{ name: 'http', port, targetPort: serverPortName, protocol: 'TCP' }],
  }
  return child(instance, { kind: 'Service', name: baseName(instance), annotations, spec, owned: true })
}

/** Where applications find the server. */
export function serviceUrl(instance: MeiliInstance, { service: { port } }: ManagedServer): string {
  return `http://${baseName(instance)}.${instance.metadata.namespace}.svc:${port}`
}

/** Which claim has the data, where there is one; a new one has its first name. */
export interface Data {
  readonly claimName?: string | undefined
  readonly databaseVersion?: string | undefined
  /** What it asks for where that is more than spec says, as a restore needed more. */
  readonly largerSize?: string | undefined
}

/** The claims that we make; those that `claimName` names are their user's. */
export function claims(instance: MeiliInstance, managed: ManagedServer, data: Data = {}): Child[] {
  const { storage, snapshots, scratch } = managed
  const made: Child[] = []
  if (storage.size !== undefined)
    made.push(claim(instance, 'data', { ...storage, size: data.largerSize ?? storage.size, ...data }))
  if (snapshots?.size !== undefined && hasSnapshotVolume(managed))
    made.push(claim(instance, 'snapshots', { ...snapshots, size: snapshots.size }))
  if (scratch?.size !== undefined) made.push(claim(instance, 'scratch', { ...scratch, size: scratch.size }))
  return made
}

interface DesiredClaim extends Data {
  readonly size: string | number
  readonly storageClassName?: string | undefined
  readonly accessModes?: readonly string[] | undefined
}

function claim(
  instance: MeiliInstance,
  role: ClaimRole,
  { size, storageClassName, accessModes, claimName, databaseVersion }: DesiredClaim,
): Child {
  const spec: V1PersistentVolumeClaimSpec = {
    accessModes: [...(accessModes ?? ['ReadWriteOnce'])],
    resources: { requests: { storage: String(size) } },
    ...(storageClassName === undefined ? {} : { storageClassName }),
  }
  const annotations = databaseVersion === undefined ? {} : { [databaseVersionAnnotation]: databaseVersion }
  return child(instance, {
    kind: 'PersistentVolumeClaim',
    name: claimName ?? claimNameOf(instance, role),
    annotations,
    spec,
    owned: role === 'scratch' || isOwned(instance),
  })
}

/** Of another generation: only whose it is may change. */
export function claimAsItIs(instance: MeiliInstance, { metadata, spec }: V1PersistentVolumeClaim): Child {
  return claim(instance, 'data', {
    claimName: metadata?.name,
    databaseVersion: metadata?.annotations?.[databaseVersionAnnotation],
    size: spec?.resources?.requests?.['storage'] ?? '0',
    storageClassName: spec?.storageClassName,
    accessModes: spec?.accessModes,
  })
}

const isOwned = ({ spec }: MeiliInstance): boolean => spec.deletionPolicy === 'Delete'

/** The generated master key's Secret, without the key: whoever applies this changes whose it is, and nothing else. */
export function keySecret(instance: MeiliInstance): Child {
  return child(instance, { kind: 'Secret', name: keySecretName(instance), owned: isOwned(instance) })
}

export function connectionSecret(instance: MeiliInstance): Child {
  return child(instance, { kind: 'Secret', name: connectionSecretName(instance), owned: true })
}
