// Builders of what observe sees of an instance: by default one healthy server whose snapshot directory is on a claim.
import type { MeiliInstance, MeiliInstanceStatus } from '../../../src/api/instance.ts'
import { conditionTypes } from '../../../src/api/meta.ts'
import { decideInstance } from '../../../src/kinds/instance/decide.ts'
import type { InstanceObservation, ServerSeen } from '../../../src/kinds/instance/observation.ts'
import { aClaim, anInstance, aTarget, conditionsIn, now } from './observations.ts'

/** A MeiliInstance with exactly this status; by default one that nobody has looked at. */
export function instanceWith(
  status: MeiliInstanceStatus = { observedGeneration: -1 },
  parts: Parameters<typeof anInstance>[0] = {},
): MeiliInstance {
  return { ...anInstance(parts), status }
}

export const healthy: ServerSeen = {
  state: 'Answered',
  version: '1.21.0',
  database: {
    sizeBytes: 5 * 1024 * 1024,
    usedBytes: 3 * 1024 * 1024,
    indexes: 2,
    documents: 7,
    lastUpdate: '2026-03-01T11:00:00.123456789Z',
  },
}

type Located = Exclude<NonNullable<InstanceObservation['located']>, { unknown: string }>

export function aLocation(volume: object = {}, more: Partial<Pick<Located, 'readOnly' | 's3'>> = {}): Located {
  const onClaim = {
    kind: 'PersistentVolumeClaim',
    claimName: 'search-data',
    subPath: 'snapshots',
    directory: '/meili_data/snapshots',
    fileName: 'data.ms.snapshot',
    container: 'meilisearch',
  }
  return { readOnly: false, s3: false, volume: { ...onClaim, ...volume }, ...more }
}

export function anInstanceObservation(changes: Partial<InstanceObservation> = {}): InstanceObservation {
  return {
    instance: instanceWith(),
    pods: [aTarget()],
    podsRefused: undefined,
    rival: undefined,
    endpoint: 'http://10.1.2.3:7700',
    server: healthy,
    located: aLocation(),
    databaseClaims: [{ claimName: 'search-data', subPath: 'data.ms' }],
    claim: aClaim({ metadata: { name: 'search-data' } }),
    lastSnapshot: undefined,
    pollMs: 60_000,
    streaming: false,
    managed: undefined,
    ...changes,
  }
}

/** What is seen where no pod matches. */
export const nothingThere: Partial<InstanceObservation> = {
  pods: [],
  endpoint: undefined,
  server: { state: 'NotAsked' },
  located: undefined,
  databaseClaims: undefined,
  claim: undefined,
}

export interface InstanceVerdict {
  /** Of the condition Ready. */
  readonly ready: string | undefined
  readonly reason: string | undefined
  readonly message: string
  /** Every condition as `Type=Status`, in order. */
  readonly conditions: readonly string[]
  /** Every condition but Ready as `Type: Reason`, where it is not True. */
  readonly troubles: readonly string[]
  readonly status: MeiliInstanceStatus
  readonly requeueAfterMs: number | undefined
}

export function instanceVerdict(changes: Partial<InstanceObservation> = {}, atMs = now): InstanceVerdict {
  const { status, requeueAfterMs } = decideInstance(anInstanceObservation(changes), atMs)
  const all = status.conditions ?? []
  const judged = all.find(({ type }) => type === conditionTypes.Ready)
  return {
    ready: judged?.status,
    reason: judged?.reason,
    message: judged?.message ?? '',
    conditions: conditionsIn(status),
    troubles: all
      .filter((condition) => condition.type !== conditionTypes.Ready && condition.status !== 'True')
      .map(({ type, reason }) => `${type}: ${reason}`),
    status,
    requeueAfterMs,
  }
}

/** The sentence of one condition. */
export function messageOf({ status }: InstanceVerdict, type: string): string {
  return status.conditions?.find((condition) => condition.type === type)?.message ?? ''
}
