// Doctor's judgements, where a real cluster would take long to be brought there; test/integration/cli/doctor.test.ts breaks the real things.
import { describe, expect, test } from 'vitest'
import { customResourceDefinition } from '../../../src/api/crd/crd.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { Instance, Schedule, Snapshot } from '../../../src/cli/cluster.ts'
import { diagnoseDestinations, diagnoseInstance } from '../../../src/cli/doctor/instances.ts'
import { diagnoseKinds } from '../../../src/cli/doctor/crds.ts'
import type { InstalledDefinition } from '../../../src/cli/doctor/crds.ts'
import { diagnoseInstallations, diagnoseOperator, diagnoseOwnRights } from '../../../src/cli/doctor/operator.ts'
import type { OperatorDeployment } from '../../../src/cli/doctor/operator.ts'

const nowMs = Date.parse('2026-01-20T00:00:00Z')
const setsKey = (name: string, key: string): string =>
  `paste this, then the key, and press Enter: head -n 1 | tr -d '\\n' | kubectl create secret generic --from-file=${key}=/dev/stdin --dry-run=client -o json ${name} | kubectl -n shop patch secret/${name} --patch-file=/dev/stdin`
const makesKey = (name: string, key: string): string =>
  setsKey(name, key).replace('head ', `kubectl -n shop create secret generic ${name}; head `)

describe('a CRD', () => {
  const known = customResourceDefinition(meiliSnapshots)
  const installedDefinition = (changes: object = {}, status = 'True'): InstalledDefinition => ({
    ...known,
    spec: { ...known.spec, ...changes },
    status: {
      conditions: [
        { type: 'Established', status },
        ...(status === 'True' ? [] : [{ type: 'NamesAccepted', status: 'False', message: 'the name is taken' }]),
      ],
    },
  })
  const findingsOf = (value: InstalledDefinition | undefined): string =>
    diagnoseKinds([[meiliSnapshots, { value }]], '1.0.0')
      .map(({ level, message }) => `${level}: ${message}`)
      .join('\n')

  test('as the plugin knows it is well', () =>
    expect(findingsOf(installedDefinition())).toBe('ok: CRDs present, as this plugin (1.0.0) knows them'))
  test('that serves another version is none', () =>
    expect(findingsOf(installedDefinition({ versions: [{ ...known.spec.versions[0], served: false }] }))).toMatch(
      /^problem: .* does not serve v1alpha1/,
    ))
  test('that is not established says why', () =>
    expect(findingsOf(installedDefinition({}, 'False'))).toMatch(/^problem: .* is not established: the name is taken/))
  test('that lacks a field inside a list and a whole object names both, and nothing twice', () => {
    const schema = structuredClone(known.spec.versions[0]!.schema.openAPIV3Schema) as {
      properties: {
        spec: { properties: Record<string, unknown> }
        status: { properties: { conditions: { items: { properties: Record<string, unknown> } } } }
      }
    }
    delete schema.properties.spec.properties['mover']
    delete schema.properties.status.properties.conditions.items.properties['reason']
    expect(
      findingsOf(
        installedDefinition({ versions: [{ name: 'v1alpha1', served: true, schema: { openAPIV3Schema: schema } }] }),
      ),
    ).toMatch(/is old: it lacks spec\.mover, status\.conditions\[\]\.reason, and/)
  })
})

describe('the operator', () => {
  const deployment = (name: string, { readyReplicas = 1, serves = '' } = {}): OperatorDeployment =>
    ({
      metadata: { namespace: 'ops', name },
      spec: {
        replicas: 1,
        template: { spec: { containers: [{ name: 'operator', env: [{ name: 'WATCH_NAMESPACES', value: serves }] }] } },
      },
      status: { readyReplicas },
    }) as unknown as OperatorDeployment
  const installationMessages = (...scopes: readonly string[]): string[] =>
    diagnoseInstallations({ value: scopes.map((serves, index) => deployment('abc'[index] ?? '', { serves })) }).map(
      ({ message }) => message,
    )
  test('installed twice is a problem, unless each has its own namespaces', () => {
    const twice = (...who: string[]): string[] => [
      `The operator is installed more than once for the same objects: ${who.join(', ')}`,
    ]
    expect(installationMessages('', '')).toEqual(twice('ops/a', 'ops/b'))
    expect(installationMessages('shop', '')).toEqual(twice('ops/a', 'ops/b'))
    expect(installationMessages('shop,blog', 'news', 'news, blog')).toEqual(twice('ops/a', 'ops/b', 'ops/c'))
    expect(installationMessages('shop', 'blog', 'shop')).toEqual(twice('ops/a', 'ops/c'))
    expect(installationMessages('shop', 'blog,news')).toEqual([])
    expect(installationMessages('')).toEqual([])
  })
  test('not installed is one', () =>
    expect(installationMessages()).toEqual([
      'The operator is not installed: there is no Deployment with label app.kubernetes.io/name=meili-operator',
    ]))
  test('that renews its lease runs', () =>
    expect(
      diagnoseOperator(
        deployment('a'),
        {
          value: {
            holder: 'a-1_9b2d7a3e-0000-4000-8000-000000000000',
            acquireTime: '2026-01-19T21:00:00.000000Z',
            isRenewed: true,
          },
        },
        nowMs,
      ),
    ).toMatchObject({ level: 'ok', message: 'operator running: a-1 (leader since 3h)' }))
  test('whose lease may not be read could not be checked, which is no fault of its own', () =>
    expect(diagnoseOperator(deployment('a'), { refused: 'leases is forbidden' }, nowMs)).toMatchObject({
      level: 'warning',
      message: 'Whether the operator leads could not be checked: leases is forbidden',
    }))
  test('that never led says so', () =>
    expect(diagnoseOperator(deployment('a', { readyReplicas: 0 }), { value: undefined }, nowMs)).toMatchObject({
      level: 'problem',
      message: expect.stringContaining(
        '0 of 1 pods of Deployment ops/a are ready, and nobody holds its lease',
      ) as unknown,
    }))
})

test('rights that lack are put together by namespace and resource', () => {
  const denied = [
    { verb: 'get', resource: 'pods', namespace: 'a' },
    { verb: 'list', resource: 'pods', namespace: 'a' },
    { verb: 'create', resource: 'jobs.batch', namespace: '' },
  ]
  expect(diagnoseOwnRights({ value: denied }).message).toBe(
    'You may not get/list pods in namespace a; create jobs.batch in all namespaces',
  )
})

describe('an instance', () => {
  const nothingElse = { snapshots: [], schedules: undefined }
  const instance = (status: object): Instance =>
    ({
      metadata: { namespace: 'shop', name: 'movies', generation: 2 },
      spec: { existing: {} },
      status,
    }) as unknown as Instance
  const good = {
    observedGeneration: 2,
    version: '1.21.0',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'SnapshotVolumeReady', status: 'True' },
    ],
  }
  const storedSnapshot = (completedAt: string): Snapshot =>
    ({
      metadata: { namespace: 'shop', name: 's' },
      spec: { source: { instanceRef: { name: 'movies' } } },
      status: { phase: 'Completed', completedAt },
    }) as unknown as Snapshot
  const findingsOf = (status: object, snapshots: readonly Snapshot[] = [], schedules?: readonly Schedule[]): string[] =>
    diagnoseInstance(instance(status), { snapshots, schedules }, nowMs).map(
      ({ level, message }) => `${level}: ${message}`,
    )

  test('changed since it was looked at is nobody’s yet', () =>
    expect(findingsOf({ ...good, observedGeneration: 1 })).toEqual([
      expect.stringMatching(/^problem: .* has not looked at it since its last change/),
    ]))
  test('without a snapshot, or with one of long ago, is warned of', () => {
    expect(findingsOf(good)[1]).toBe('warning: instance shop/movies: no snapshot of it is known to be stored')
    expect(findingsOf(good, [storedSnapshot('2026-01-11T00:00:00Z')])[1]).toBe(
      'warning: instance shop/movies: no snapshot for 9 days',
    )
    expect(findingsOf(good, [storedSnapshot('2026-01-19T00:00:00Z')])).toHaveLength(1)
  })
  test('whose pod a Service of somebody else selects is warned of, whether it is well or not', () => {
    const foreign = { type: 'ForeignService', status: 'True', reason: 'ForeignService', message: 'They are: edge.' }
    const warning = 'warning: instance shop/movies: ForeignService: They are: edge'
    expect(findingsOf({ ...good, conditions: [...good.conditions, foreign] })).toContain(warning)
    expect(
      findingsOf({
        ...good,
        conditions: [{ type: 'Ready', status: 'False', reason: 'Unreachable', message: 'x' }, foreign],
      }),
    ).toContain(warning)
  })
  test('that runs without a key where one is needed comes with the command that makes one', () => {
    const [finding] = diagnoseInstance(
      instance({ ...good, conditions: [{ type: 'Ready', status: 'False', reason: 'KeyRefused', message: 'No key.' }] }),
      nothingElse,
      nowMs,
    )
    expect(finding).toMatchObject({
      message: 'instance shop/movies: KeyRefused: No key',
      remedy: `name this Secret in spec.existing.apiKeySecretRef, ${makesKey('movies-keys', 'MEILI_MASTER_KEY')}`,
    })
  })
  test('whose key is missing or refused comes with the command that writes it, which asks for it', () => {
    const existing = { apiKeySecretRef: { name: 'keys', key: 'a-key' } }
    for (const reason of ['KeyMissing', 'KeyRefused', 'KeyTooWeak']) {
      const broken = {
        ...instance({ ...good, conditions: [{ type: 'Ready', status: 'False', reason, message: 'No key.' }] }),
        spec: { existing },
      } as unknown as Instance
      expect(diagnoseInstance(broken, nothingElse, nowMs)).toMatchObject([
        { level: 'problem', remedy: (reason === 'KeyMissing' ? makesKey : setsKey)('keys', 'a-key') },
      ])
    }
  })

  describe('is said to be well only where it was seen to be:', () => {
    const withConditions = (...conditions: object[]): string | undefined => findingsOf({ ...good, conditions })[0]
    const ready = { type: 'Ready', status: 'True', reason: 'Ready' }
    test('suspended, nothing runs that could be', () => {
      const status = {
        observedGeneration: 2,
        conditions: [
          { type: 'Ready', status: 'True', reason: 'Suspended' },
          { type: 'SnapshotVolumeReady', status: 'Unknown', reason: 'NotChecked' },
        ],
      }
      const [finding] = diagnoseInstance(
        { ...instance(status), spec: { managed: { suspend: true } } } as unknown as Instance,
        nothingElse,
        nowMs,
      )
      expect(finding).toEqual({
        level: 'warning',
        check: 'instance',
        message:
          'instance shop/movies is suspended: no server runs, so neither its key nor its snapshots could be checked',
        remedy: expect.stringContaining(
          `kubectl -n shop patch meiliinstance/movies --type=merge -p '{"spec":{"managed":{"suspend":false}}}'`,
        ) as unknown,
      })
    })
    test('with a volume that was not looked at', () =>
      expect(
        withConditions(ready, {
          type: 'SnapshotVolumeReady',
          status: 'Unknown',
          reason: 'NotChecked',
          message: 'There is no single pod to look at.',
        }),
      ).toBe('warning: instance shop/movies: SnapshotVolumeReady is Unknown: There is no single pod to look at'))
    test('with conditions that nobody has written', () =>
      expect(withConditions(ready)).toBe(
        'warning: instance shop/movies: SnapshotVolumeReady is not known: the operator has not written it yet',
      ))
    test('without a key, and streamed alone', () =>
      expect(withConditions(ready, { type: 'SnapshotVolumeReady', status: 'True', reason: 'StreamOnly' })).toBe(
        'ok: instance shop/movies: Meilisearch 1.21.0 answers, it asks for no key, its snapshots can be streamed, where a MeiliSnapshot allows it (spec.mover.stream.mode: IfNeeded)',
      ))
  })

  test('whose last snapshot has lost its object is judged by what the instance remembers', () => {
    expect(findingsOf({ ...good, lastSnapshot: { name: 'gone', completedAt: '2026-01-19T00:00:00Z' } })).toHaveLength(1)
  })
})

test('a claim is judged by the newest figure, wherever it stands', () => {
  const at = (observedAt: string, freeBytes: number, sizeBytes = 100 * 1024 ** 2): Snapshot =>
    ({
      metadata: { namespace: 'shop', name: 's' },
      spec: { destination: { claim: { name: 'backups' } } },
      status: {
        phase: 'Completed',
        completedAt: observedAt,
        destination: { freeBytes, observedAt },
        artifact: { sizeBytes },
      },
    }) as unknown as Snapshot
  const [finding] = diagnoseDestinations([at('2026-01-19T00:00:00Z', 10 ** 10), at('2026-01-18T00:00:00Z', 1)], nowMs)
  expect(finding).toEqual({
    level: 'ok',
    check: 'destination',
    message: 'claim shop/backups: 9.3 GiB free 1d ago, space for about 94 more',
  })
  expect(diagnoseDestinations([at('2026-01-19T00:00:00Z', 10 ** 10, 3400)], nowMs)).toMatchObject([
    { level: 'ok', message: 'claim shop/backups: 9.3 GiB free 1d ago, space for more than 10,000 more' },
  ])
})
