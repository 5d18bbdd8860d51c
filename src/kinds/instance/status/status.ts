// Builds an instance's status without its conditions: what was seen now, or else what was seen last. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../api/instance.ts'
import { instant } from '../../../api/status/conditions.ts'
import { sizeText } from '../../../reconcile/format.ts'
import { connectionSecretName } from '../../../reconcile/names/objects.ts'
import type { ClaimRole } from '../../../reconcile/names/objects.ts'
import { databaseClaimsOf, managedDatabases } from '../../../reconcile/server-reference.ts'
import type { DatabaseClaim } from '../../../reconcile/server-reference.ts'
import { bootstrapStatus } from '../children/bootstrap.ts'
import { managedOf } from '../children/managed.ts'
import type { InstanceObservation, ManagedSeen } from '../observation.ts'
import { sizeBytes } from '../../../api/fields/quantity.ts'

/** What status has room for. */
const mostDatabases = 255

/** What was seen now; what could not be seen now stays as it was seen last. */
export function statusOf(
  observation: InstanceObservation,
  nowMs: number,
): Omit<MeiliInstanceStatus, 'conditions' | 'observedGeneration'> {
  const { instance, pods, server, endpoint, lastSnapshot } = observation
  const pod = pods.length === 1 ? pods[0] : undefined
  const answered =
    server.state === 'Answered'
      ? { version: server.version, database: { ...server.database, size: sizeText(server.database.sizeBytes) } }
      : {}
  const { version, database } = { ...instance.status, ...answered }
  return {
    version,
    database,
    pod: pod && { name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '', node: pod.spec?.nodeName },
    endpoint,
    snapshotVolume: snapshotVolumeOf(observation, nowMs),
    databaseClaims: databaseClaimsIn(observation),
    lastSnapshot: lastSnapshot ?? instance.status?.lastSnapshot,
    ...ofManaged(observation, database),
  }
}

/** Without a pod the database stays where it is. */
function databaseClaimsIn(observation: InstanceObservation): MeiliInstanceStatus['databaseClaims'] {
  const { instance, databaseClaims, managed } = observation
  const seen = managed?.isSwitchedOn === true ? databasesOfManaged(instance, managed) : databaseClaims
  const known = seen ?? databaseClaimsOf(instance)
  return known === undefined ? undefined : [...known]
}

/** Of every generation, so that nothing is ever stored beside what a restore may go back to; and what is not a database yet. */
function databasesOfManaged(
  instance: MeiliInstance,
  { claims: { data }, earlierData, filling }: ManagedSeen,
): readonly DatabaseClaim[] {
  const claims = [...(data === undefined ? [] : [data]), ...earlierData.map(({ claim }) => claim), ...filling]
  return managedDatabases(
    instance,
    claims.slice(0, mostDatabases).map(({ metadata }) => metadata?.name ?? ''),
  )
}

function snapshotVolumeOf(
  { instance, located, claim }: InstanceObservation,
  nowMs: number,
): MeiliInstanceStatus['snapshotVolume'] {
  if (located === undefined || 'unknown' in located) return undefined
  const seen = {
    ...located.volume,
    ...(claim === undefined
      ? {}
      : {
          volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
          accessModes: claim.status?.accessModes ?? claim.spec?.accessModes ?? [],
        }),
  }
  const before = instance.status?.snapshotVolume
  const unchanged =
    before !== undefined &&
    Object.entries(seen).every(
      ([member, value]) => JSON.stringify(before[member as keyof typeof before]) === JSON.stringify(value),
    )
  return { ...seen, observedAt: unchanged ? before.observedAt : instant(nowMs) }
}

function ofManaged(
  observation: InstanceObservation,
  database: MeiliInstanceStatus['database'],
): Pick<MeiliInstanceStatus, 'storage' | 'connectionSecretName' | 'bootstrap'> {
  const managed = managedOf(observation)
  if (managed === undefined) return {}
  const roles: readonly ClaimRole[] = ['data', 'snapshots', 'scratch']
  return {
    storage: roles.flatMap((role) => {
      const claim = managed.seen.claims[role]
      return claim === undefined ? [] : [storageOf(role, claim, role === 'data' ? database?.sizeBytes : undefined)]
    }),
    bootstrap: bootstrapStatus(managed),
    connectionSecretName: managed.seen.connection === undefined ? undefined : connectionSecretName(managed.instance),
  }
}

type Storage = NonNullable<MeiliInstanceStatus['storage']>[number]

function storageOf(
  role: ClaimRole,
  { metadata, spec, status }: V1PersistentVolumeClaim,
  usedBytes: number | undefined,
): Storage {
  const requestedBytes = sizeBytes(spec?.resources?.requests?.['storage'] ?? 0)
  const capacity = status?.capacity?.['storage']
  const capacityBytes = capacity === undefined ? undefined : sizeBytes(capacity)
  const of = capacityBytes ?? requestedBytes
  return {
    role,
    claimName: metadata?.name ?? '',
    requestedBytes,
    ...(capacityBytes === undefined ? {} : { capacityBytes, capacity: sizeText(capacityBytes) }),
    ...(usedBytes === undefined
      ? {}
      : { usedBytes, ...(of === 0 ? {} : { usedPercent: Math.round((100 * usedBytes) / of) }) }),
  }
}
