// What holds for whatever is seen: decide never throws, its status is one that the API server takes, and it settles at once.
import type { V1Container, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instanceReasons, meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliInstanceStatus } from '../../../../src/api/instance.ts'
import { decideInstance } from '../../../../src/kinds/instance/decide.ts'
import type { InstanceObservation, ServerSeen } from '../../../../src/kinds/instance/observation.ts'
import { launchOf } from '../../../../src/kinds/instance/locate/launch.ts'
import {
  containerOf,
  distinct,
  locateDatabase,
  locateSnapshots,
  mountedClaims,
} from '../../../../src/kinds/instance/locate/snapshot-volume.ts'
import { anInstance, now } from '../../../support/builders/observations.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
const words = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', minLength: 1900, maxLength: 2600 }))
const path = fc.oneof(
  fc.constantFrom(
    '/meili_data',
    '/meili_data/snapshots',
    'snapshots',
    '/',
    '',
    '/a/../b/',
    '/meili_data/data.ms',
    '/x'.repeat(2100),
    `/${'n'.repeat(300)}`,
    '$(A)/x',
    '$(B)',
    '$$(A)',
  ),
  fc.string({ maxLength: 30 }),
)
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const variable = fc.constantFrom(
  'MEILI_SNAPSHOT_DIR',
  'MEILI_DB_PATH',
  'MEILI_S3_BUCKET_NAME',
  'MEILI_CONFIG_FILE_PATH',
  'A',
  'B',
)
const entry = fc.oneof(
  fc.record({ name: variable, value: optional(path) }),
  fc.record({
    name: variable,
    valueFrom: fc.constantFrom(
      { secretKeyRef: { name: 's', key: 'k' } },
      { fieldRef: { fieldPath: 'metadata.name' } },
      { configMapKeyRef: { name: 'settings', key: 'A' } },
      { configMapKeyRef: { name: 'none', key: 'A', optional: true } },
    ),
  }),
)
const word = fc.oneof(
  path,
  fc.constantFrom(
    'sh',
    '-c',
    '--snapshot-dir',
    '--db-path',
    '--db-path=/db',
    'exec meilisearch --snapshot-dir $X',
    'MEILI_DB_PATH=/y meilisearch',
  ),
)
const mount = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    mountPath: path,
    readOnly: optional(fc.boolean()),
    subPath: optional(path),
    subPathExpr: optional(path),
  },
  { requiredKeys: ['name', 'mountPath'] },
)
const volume = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    persistentVolumeClaim: optional(fc.record({ claimName: name })),
    ephemeral: optional(fc.constant({})),
    emptyDir: optional(fc.constant({})),
    hostPath: optional(fc.constant({})),
  },
  { requiredKeys: ['name'] },
)
const list = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[] | undefined> =>
  optional(fc.array(arbitrary, { maxLength: 4 }))
const container = fc.record({
  name,
  workingDir: optional(path),
  command: list(word),
  args: list(word),
  env: list(entry),
  envFrom: list(fc.constantFrom({ configMapRef: { name: 'settings' } }, { secretRef: { name: 's' } })),
  volumeMounts: list(mount),
  ports: list(fc.record({ containerPort: fc.constantFrom(7700, 9090) })),
}) as fc.Arbitrary<V1Container>

const pod = fc.record({
  metadata: fc.record({ name, namespace: fc.constant('shop'), uid: fc.uuid() }),
  spec: fc.record({
    nodeName: optional(name),
    containers: fc.array(container, { minLength: 1, maxLength: 3 }),
    volumes: list(volume),
  }),
  status: fc.record({ phase: fc.constantFrom('Pending', 'Running', 'Unknown'), podIP: optional(fc.ipV4()) }),
}) as unknown as fc.Arbitrary<V1Pod>

const count = fc.maxSafeNat()
const server: fc.Arbitrary<ServerSeen> = fc.oneof(
  fc.constant({ state: 'NotAsked' as const }),
  fc.constant({ state: 'KeyScoped' as const }),
  fc.record({
    state: fc.constantFrom(
      'SecretMissing' as const,
      'Unreachable' as const,
      'CertificateRejected' as const,
      'KeyRefused' as const,
    ),
    message: words,
  }),
  fc.record({
    state: fc.constant('KeyTooWeak' as const),
    missing: fc.subarray(['tasks.get', 'version'], { minLength: 1 }),
  }),
  fc.record({
    state: fc.constant('Answered' as const),
    version: fc.oneof(fc.constantFrom('1.21.0', '1.11.9', ''), fc.string({ maxLength: 64 })),
    database: fc.record({
      sizeBytes: count,
      usedBytes: optional(count),
      indexes: count,
      documents: count,
      lastUpdate: optional(fc.string({ maxLength: 64 })),
    }),
  }),
)

const claim = fc.record({
  metadata: fc.record({ name }),
  spec: optional(
    fc.record({
      accessModes: list(fc.constantFrom('ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod')),
      volumeMode: fc.constantFrom('Filesystem', 'Block', undefined),
    }),
  ),
  status: optional(
    fc.record({
      phase: fc.constantFrom('Bound', 'Pending', 'Lost', undefined),
      accessModes: list(fc.constantFrom('ReadWriteOnce')),
    }),
  ),
}) as unknown as fc.Arbitrary<V1PersistentVolumeClaim>

const configMaps = new Map([['settings', { A: '/a', MEILI_SNAPSHOT_DIR: '/from/a/map' }]])

/** As observe.ts puts it together from a pod. */
function locateIn(pods: readonly V1Pod[], override: string | undefined): InstanceObservation['located'] {
  const only = pods.length === 1 ? pods[0] : undefined
  const chosen = only === undefined ? undefined : containerOf(only, undefined, 7700)
  if (only === undefined || chosen === undefined) return undefined
  const launch = launchOf(chosen, configMaps)
  return { ...locateSnapshots({ pod: only, container: chosen, launch, override }), s3: launch.s3 }
}

function databaseIn(pods: readonly V1Pod[]): InstanceObservation['databaseClaims'] {
  if (pods.length === 0) return undefined
  return distinct(
    pods.flatMap((each) => {
      const chosen = containerOf(each, undefined, 7700)
      return chosen === undefined
        ? mountedClaims(each, each.spec?.containers ?? [])
        : locateDatabase({ pod: each, container: chosen, launch: launchOf(chosen, configMaps) })
    }),
  )
}

const seen = fc
  .record({
    pods: fc.array(pod, { maxLength: 3 }),
    podsRefused: optional(words),
    override: optional(fc.constantFrom('/meili_data/snapshots', '/x/', '/')),
    rival: optional(name),
    server,
    claim: optional(claim),
    endpoint: optional(fc.constant('http://10.1.2.3:7700')),
    lastSnapshot: optional(fc.constant({ name: 'n', completedAt: '2026-03-01T11:00:00Z' })),
    pollMs: fc.integer({ min: 30_000, max: 300_000 }),
    streaming: fc.boolean(),
    managed: fc.constant(undefined),
  })
  .map(({ override, ...rest }) => ({
    ...rest,
    located: locateIn(rest.pods, override),
    databaseClaims: databaseIn(rest.pods),
  }))

const decide = (
  observation: Omit<InstanceObservation, 'instance'>,
  status: MeiliInstanceStatus,
  atMs = now,
): ReturnType<typeof decideInstance> => decideInstance({ ...observation, instance: { ...anInstance(), status } }, atMs)
/** As it comes back from the API server. */
const roundTrip = (status: MeiliInstanceStatus): MeiliInstanceStatus =>
  JSON.parse(JSON.stringify(status)) as MeiliInstanceStatus

describe('for whatever is seen', () => {
  test('the status is one that the schema takes, with reasons of the list', () => {
    fc.assert(
      fc.property(seen, (observation) => {
        const { status } = decide(observation, {})
        expect(meiliInstances.status.strict().parse(roundTrip(status))).toEqual(roundTrip(status))
        expect(status.conditions!.every(({ reason }) => Object.keys(instanceReasons).includes(reason))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('the next pass over the same world changes nothing', () => {
    fc.assert(
      fc.property(seen, seen, (before, observation) => {
        const first = roundTrip(decide(observation, roundTrip(decide(before, {}, now - 1000).status)).status)
        expect(roundTrip(decide(observation, first).status)).toEqual(first)
        expect(roundTrip(decide(observation, first, now + 60_000).status)).toEqual(first)
      }),
      { numRuns: 150 },
    )
  })

  test('the conditions obey the status contract', () => {
    fc.assert(
      fc.property(seen, fc.integer({ min: 0, max: 3_600_000 }), (observation, laterMs) => {
        const { status, requeueAfterMs } = decide(observation, decide(observation, {}).status, now + laterMs)
        const types = status.conditions!.map(({ type }) => type)
        const ready = status.conditions!.find(({ type }) => type === 'Ready')!
        const abnormal = types.filter((type) => type === 'Reconciling' || type === 'Stalled')
        expect(new Set(types).size).toBe(types.length)
        expect(types.indexOf('Ready')).toBe(abnormal.length)
        expect(abnormal).toHaveLength(ready.status === 'True' ? 0 : 1)
        expect(ready.status).not.toBe('Unknown')
        expect(requeueAfterMs).toBeGreaterThanOrEqual(2000)
        expect(requeueAfterMs).toBeLessThanOrEqual(330_000)
      }),
      { numRuns: 150 },
    )
  })
})
