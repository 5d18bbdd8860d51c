// What a managed instance is made of, as it is applied: names, labels, owners, pod. Builders, so what comes out is compared as it is.
import type { V1PodTemplateSpec, V1StatefulSetSpec } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import type { MeiliInstance } from '../../../../../src/api/instance.ts'
import {
  claims,
  connectionSecret,
  keySecret,
  service,
  serviceUrl,
  statefulSet,
} from '../../../../../src/kinds/instance/children/children.ts'
import { configMapNames, launchOf } from '../../../../../src/kinds/instance/locate/launch.ts'
import { locateDatabase, locateSnapshots } from '../../../../../src/kinds/instance/locate/snapshot-volume.ts'
import type { Child } from '../../../../../src/reconcile/decision.ts'
import { baseName, isChildOf } from '../../../../../src/reconcile/names/objects.ts'
import { databaseClaimsOf } from '../../../../../src/reconcile/server-reference.ts'
import { aManagedInstance, run, serverPod } from '../../../../support/builders/managed-observations.ts'

const managedSpec = (instance: MeiliInstance): NonNullable<MeiliInstance['spec']['managed']> => instance.spec.managed!
const claimsOf = (parts: object, spec: object = {}): readonly Child[] => {
  const instance = aManagedInstance({ managed: parts, spec })
  return claims(instance, managedSpec(instance))
}
const templateOf = (parts: object = {}, how: object = {}): V1PodTemplateSpec => {
  const instance = aManagedInstance({ managed: parts })
  return (statefulSet(instance, managedSpec(instance), { ...run, ...how }).spec as V1StatefulSetSpec).template
}
const containerOf = (...from: Parameters<typeof templateOf>): NonNullable<V1PodTemplateSpec['spec']>['containers'][0] =>
  templateOf(...from).spec!.containers[0]!
const variable = (name: string, ...from: Parameters<typeof templateOf>): string | undefined =>
  containerOf(...from).env?.find((one) => one.name === name)?.value

describe('names', () => {
  test.each([
    ['movies', 'movies'],
    ['a'.repeat(52), 'a'.repeat(52)],
  ])('%s is kept', (name, kept) => {
    expect(baseName(aManagedInstance({ name }))).toBe(kept)
  })

  test.each(['a'.repeat(53), 'a'.repeat(63), 'movies.v2', '2movies', `${'a'.repeat(42)}-.b`])(
    '%s becomes one that every child can have',
    (name) => {
      const base = baseName(aManagedInstance({ name }))
      expect(base).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?-[0-9a-f]{8}$/)
      expect(base.length).toBeLessThanOrEqual(52)
      expect(base).not.toBe(baseName(aManagedInstance({ name: `${name}x` })))
    },
  )

  test('labels tell whose a child is, and not whose else', () => {
    const instance = aManagedInstance()
    const { metadata } = service(instance, managedSpec(instance))
    expect(isChildOf(instance, { ...metadata.labels, theirs: 'too' })).toBe(true)
    expect(isChildOf(aManagedInstance({ name: 'shows' }), metadata.labels)).toBe(false)
    expect(isChildOf(instance, undefined)).toBe(false)
  })

  test('no child has a label by which charts select, or by which Argo CD takes objects for its own', () => {
    const instance = aManagedInstance()
    const children = [
      ...claimsOf({}),
      service(instance, managedSpec(instance)),
      statefulSet(instance, managedSpec(instance), run),
      keySecret(instance),
      connectionSecret(instance),
    ]
    for (const { metadata } of [...children, templateOf()]) {
      expect(metadata?.labels).toMatchObject({
        'app.kubernetes.io/name': 'meiliinstance',
        'meili-operator.dev/instance': 'movies',
      })
      expect(metadata?.labels).not.toHaveProperty('app.kubernetes.io/instance')
    }
  })

  test.each(['movies', 'a'.repeat(52), 'a'.repeat(253), '2movies.v2'])(
    'Service and StatefulSet of %s select by a label of ours alone, which has a value that is allowed',
    (name) => {
      const instance = aManagedInstance({ name })
      const selected = { 'meili-operator.dev/instance': baseName(instance) }
      expect(Object.values(selected)).toEqual([expect.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)])
      expect(service(instance, managedSpec(instance)).spec).toMatchObject({ selector: selected })
      expect((statefulSet(instance, managedSpec(instance), run).spec as V1StatefulSetSpec).selector).toEqual({
        matchLabels: selected,
      })
    },
  )
})

describe('claims', () => {
  test('one for the database; more where they are asked for; none that is named', () => {
    expect(claimsOf({}).map(({ metadata }) => metadata.name)).toEqual(['movies-data'])
    expect(
      claimsOf({ snapshots: { size: '5Gi' }, scratch: { size: '5Gi' } }).map(({ metadata }) => metadata.name),
    ).toEqual(['movies-data', 'movies-snapshots', 'movies-scratch'])
    expect(
      claimsOf({ storage: { claimName: 'theirs' }, snapshots: { claimName: 'backups' }, scratch: { memory: '1Gi' } }),
    ).toEqual([])
  })

  test("as they were asked for; what was not said is the cluster's", () => {
    expect(
      claimsOf({ storage: { size: 1024, storageClassName: 'fast', accessModes: ['ReadWriteOncePod'] } })[0]?.spec,
    ).toEqual({
      accessModes: ['ReadWriteOncePod'],
      resources: { requests: { storage: '1024' } },
      storageClassName: 'fast',
    })
    expect(claimsOf({})[0]?.spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '20Gi' } },
    })
  })

  test('Retain: they belong to nobody. Delete: to the instance. Scratch always does', () => {
    const areOwned = (parts: object, spec: object): boolean[] =>
      claimsOf(parts, spec).map(({ metadata }) => metadata.ownerReferences !== undefined)
    expect(areOwned({ scratch: { size: '1Gi' } }, {})).toEqual([false, true])
    expect(areOwned({ snapshots: { size: '1Gi' } }, { deletionPolicy: 'Delete' })).toEqual([true, true])
  })
})

describe('Secrets', () => {
  test('hold nothing when they are built; the key goes with the instance only with Delete', () => {
    expect(keySecret(aManagedInstance())).not.toHaveProperty('data')
    expect(keySecret(aManagedInstance()).metadata).not.toHaveProperty('ownerReferences')
    expect(keySecret(aManagedInstance({ spec: { deletionPolicy: 'Delete' } })).metadata.ownerReferences).toMatchObject([
      { kind: 'MeiliInstance', name: 'movies', uid: 'movies-uid', controller: true },
    ])
    expect(connectionSecret(aManagedInstance()).metadata).toMatchObject({
      name: 'movies-connection',
      ownerReferences: [{ uid: 'movies-uid' }],
    })
  })
})

test("the Service has the port that was asked for, and leads to the pod's", () => {
  const instance = aManagedInstance({
    managed: { service: { type: 'LoadBalancer', port: 80, annotations: { a: 'b' } } },
  })
  expect(service(instance, managedSpec(instance))).toMatchObject({
    metadata: { annotations: { a: 'b' } },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, targetPort: 'meilisearch' }] },
  })
  expect(containerOf().ports).toEqual([{ name: 'meilisearch', containerPort: 7700, protocol: 'TCP' }])
  expect(serviceUrl(instance, managedSpec(instance))).toBe('http://movies.shop.svc:80')
})

describe('the StatefulSet', () => {
  test('of one, replaced when we say so', () => {
    const instance = aManagedInstance()
    expect(statefulSet(instance, managedSpec(instance), run).spec).toMatchObject({
      replicas: 1,
      updateStrategy: { type: 'OnDelete' },
      serviceName: 'movies',
    })
    expect(statefulSet(instance, managedSpec(instance), { ...run, replicas: 0 }).spec).toMatchObject({ replicas: 0 })
  })

  test('the mark of what was applied changes with every change, and with nothing else', () => {
    const mark = (parts: object = {}, how: object = {}): string | undefined => {
      const instance = aManagedInstance({ managed: parts })
      return statefulSet(instance, managedSpec(instance), { ...run, ...how }).metadata.annotations[
        'meili-operator.dev/applied'
      ]
    }
    expect(mark()).toBe(mark())
    const others = [
      mark({ image: { repository: 'mirror/meilisearch' } }),
      mark({}, { keyFingerprint: 'other' }),
      mark({}, { version: '1.22.0' }),
      mark({}, { replicas: 0 }),
    ]
    expect(new Set([mark(), ...others]).size).toBe(5)
  })
})

describe('the pod', () => {
  test('listens on the family of its address, and one that serves on IPv4 is never restarted for that', () => {
    expect(variable('MEILI_HTTP_ADDR')).toBe('0.0.0.0:7700')
    expect(variable('MEILI_HTTP_ADDR', {}, { ipv6: true })).toBe('[::]:7700')
  })

  test("keeps the image's entry point, and removes what killed snapshots left before Meilisearch starts", () => {
    const { image, args, ...rest } = containerOf({ extraArgs: ['--log-level=WARN'] })
    expect(image).toBe('getmeili/meilisearch:v1.21.0')
    expect(rest).not.toHaveProperty('command')
    expect(args).toEqual([
      '/bin/sh',
      '-c',
      expect.stringMatching(/^set -e; mkdir -p .*; rm -rf "\$TMPDIR"\/\.tmp\*; exec \/bin\/meilisearch "\$@"$/),
      'meilisearch',
      '--log-level=WARN',
    ])
  })

  test('is never ended by a probe while it imports, upgrades or compacts', () => {
    const { startupProbe, livenessProbe, readinessProbe } = containerOf()
    expect((startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0)).toBe(24 * 3600)
    expect(livenessProbe).toMatchObject({ tcpSocket: { port: 'meilisearch' } })
    expect(livenessProbe?.httpGet, '/health says mustRestart with a 500').toBeUndefined()
    expect(readinessProbe).toMatchObject({ httpGet: { path: '/health' } })
  })

  test('has no token, and stays restricted whatever its user says', () => {
    const { spec } = templateOf({
      serviceAccountName: 'search',
      podSecurityContext: { runAsUser: 4000, fsGroup: 4000 },
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      serviceAccountName: 'search',
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 4000,
        runAsGroup: 1000,
        fsGroup: 4000,
        fsGroupChangePolicy: 'OnRootMismatch',
      },
    })
    expect(spec?.containers[0]?.securityContext).toEqual({
      seccompProfile: { type: 'RuntimeDefault' },
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('our labels and the mark of the key win over what its user adds', () => {
    const { metadata } = templateOf({
      podLabels: { team: 'search', 'app.kubernetes.io/name': 'meilisearch', 'meili-operator.dev/instance': 'other' },
      podAnnotations: { 'meili-operator.dev/master-key': 'x', a: 'b' },
    })
    expect(metadata?.labels).toMatchObject({
      team: 'search',
      'app.kubernetes.io/name': 'meiliinstance',
      'meili-operator.dev/instance': 'movies',
    })
    expect(metadata?.annotations).toEqual({ 'meili-operator.dev/master-key': run.keyFingerprint, a: 'b' })
  })

  test('a constraint without a selector spreads all servers of the operator', () => {
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }
    expect(templateOf({ topologySpreadConstraints: [constraint] }).spec?.topologySpreadConstraints).toEqual([
      {
        ...constraint,
        labelSelector: {
          matchLabels: { 'app.kubernetes.io/managed-by': 'meili-operator', 'app.kubernetes.io/component': 'server' },
        },
      },
    ])
  })

  type Location = readonly [string, object, Record<string, string>, readonly (string | undefined)[]]
  test.each<Location>([
    [
      'all on the storage',
      {},
      { MEILI_SNAPSHOT_DIR: '/meili_data/snapshots', TMPDIR: '/meili_data/tmp' },
      ['movies-data'],
    ],
    [
      'a claim for snapshots',
      { snapshots: { size: '1Gi' } },
      { MEILI_SNAPSHOT_DIR: '/snapshots/meilisearch/movies', TMPDIR: '/meili_data/tmp' },
      ['movies-data', 'movies-snapshots'],
    ],
    [
      'snapshots on a claim that is named',
      { snapshots: { claimName: 'backups' } },
      { MEILI_SNAPSHOT_DIR: '/snapshots/meilisearch/movies', TMPDIR: '/meili_data/tmp' },
      ['movies-data', 'backups'],
    ],
    [
      'the same claim for both',
      { storage: { claimName: 'all' }, snapshots: { claimName: 'all' } },
      { MEILI_SNAPSHOT_DIR: '/meili_data/snapshots', TMPDIR: '/meili_data/tmp' },
      ['all'],
    ],
    [
      'scratch of its own',
      { scratch: { size: '1Gi' } },
      { MEILI_SNAPSHOT_DIR: '/meili_data/snapshots', TMPDIR: '/scratch' },
      ['movies-data', 'movies-scratch'],
    ],
    [
      'scratch in memory',
      { scratch: { memory: '1Gi' } },
      { MEILI_SNAPSHOT_DIR: '/meili_data/snapshots', TMPDIR: '/scratch' },
      ['movies-data', undefined],
    ],
  ])('volumes and directories: %s', (_, ...[parts, variables, volumes]) => {
    for (const [name, value] of Object.entries(variables)) expect(variable(name, parts)).toBe(value)
    expect(
      templateOf(parts).spec?.volumes?.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName),
    ).toEqual(volumes)
  })

  test('the database is below its mount, never at it', () => {
    expect(variable('MEILI_DB_PATH')).toBe('/meili_data/data.ms')
    expect(containerOf().volumeMounts).toContainEqual({ name: 'data', mountPath: '/meili_data' })
  })

  test.each([
    {},
    { storage: { claimName: 'old' } },
    { storage: { claimName: 'old' }, snapshots: { claimName: 'old' } },
  ] as const)('its database is where spec says it before there is a pod: %j', (parts) => {
    const instance = aManagedInstance({ managed: parts })
    const { spec } = templateOf(parts)
    const pod = serverPod({ spec: spec ?? {} })
    const container = pod.spec!.containers[0]!
    expect(databaseClaimsOf(instance)).toEqual(
      locateDatabase({ pod, container, launch: launchOf(container, new Map()) }),
    )
  })

  test.each([{}, { snapshots: { claimName: 'backups' } }])(
    'a snapshot finds its file in it as in any other pod: %j',
    (parts) => {
      const { spec } = templateOf(parts)
      const pod = serverPod({ spec: spec ?? {} })
      const container = pod.spec!.containers[0]!
      expect(configMapNames(container)).toEqual([])
      const located = locateSnapshots({ pod, container, launch: launchOf(container, new Map()), override: undefined })
      expect(located).toMatchObject({
        readOnly: false,
        volume:
          'snapshots' in parts
            ? { claimName: 'backups', subPath: 'meilisearch/movies' }
            : { claimName: 'movies-data', subPath: 'snapshots' },
      })
    },
  )
})

describe('settings', () => {
  test('the database may only be changed where an upgrade says so', () => {
    expect(variable('MEILI_UPGRADE_DB')).toBeUndefined()
    expect([
      variable('MEILI_UPGRADE_DB', {}, { upgrade: true }),
      variable('MEILI_EXPERIMENTAL_DUMPLESS_UPGRADE', {}, { upgrade: true }),
    ]).toEqual(['true', 'true'])
  })

  test('the key comes from its Secret, ours or the one that is named', () => {
    const reference = (parts: object): unknown =>
      containerOf(parts).env?.find(({ name }) => name === 'MEILI_MASTER_KEY')?.valueFrom
    expect(reference({})).toEqual({ secretKeyRef: { name: 'movies-keys', key: 'MEILI_MASTER_KEY' } })
    expect(reference({ masterKeySecretRef: { name: 'mine', key: 'k' } })).toEqual({
      secretKeyRef: { name: 'mine', key: 'k' },
    })
  })

  test('analytics are off unless they are asked for', () => {
    expect(variable('MEILI_NO_ANALYTICS')).toBe('true')
    expect(variable('MEILI_NO_ANALYTICS', { env: [{ name: 'MEILI_NO_ANALYTICS', value: 'false' }] })).toBe('false')
  })

  test.each([
    [
      ['--db-path', '/x', '--log-level', 'WARN'],
      ['--log-level', 'WARN'],
    ],
    [['--db-path=/x', 'word'], ['word']],
    [['--master-key', '--log-level=WARN'], ['--log-level=WARN']],
    [['--config-file-path', '/c.toml'], []],
    [['--upgrade-db', '--log-level=WARN'], ['--log-level=WARN']],
    [['--max-indexing-memory=1Gb'], ['--max-indexing-memory=1Gb']],
  ])('flags %j leave %j', (extraArgs, left) => {
    expect(containerOf({ extraArgs }).args?.slice(4)).toEqual(left)
  })
})
