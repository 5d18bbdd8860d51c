// Whatever others wrote in the cluster, the plugin prints it as text: one line is one line, YAML is one object, a remedy runs only what we wrote.
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { candidateLines } from '../../../src/cli/candidates.ts'
import type { Cluster, Instance, Snapshot } from '../../../src/cli/cluster.ts'
import { diagnoseDestinations, diagnoseInstance } from '../../../src/cli/doctor/instances.ts'
import { diagnoseOperator, diagnoseOperatorRights } from '../../../src/cli/doctor/operator.ts'
import type { OperatorDeployment } from '../../../src/cli/doctor/operator.ts'
import { printed } from '../../../src/cli/terminal/print.ts'
import { programFor } from '../../../src/cli/program.ts'
import { runAdopt } from '../../../src/cli/command/adopt.ts'
import { runDoctor } from '../../../src/cli/command/doctor.ts'
import { runDescribe, runList } from '../../../src/cli/command/snapshot.ts'
import { runStatus } from '../../../src/cli/command/status.ts'
import { followToEnd } from '../../../src/cli/command/wait.ts'
import { clusterOf, commandsIn, control, nasty, printing, spoilt } from './hostile.ts'
import type { Printed, World } from './hostile.ts'

const nowMs = Date.parse('2026-01-20T00:00:00Z')
const condition = (type: string, status: string, reason: string): object => ({
  type,
  status,
  reason,
  message: 'A message.',
})

const pod = {
  metadata: {
    namespace: 'shop',
    name: 'books-0',
    uid: 'u',
    labels: { app: 'books' },
    ownerReferences: [{ kind: 'StatefulSet', name: 'books', uid: 's' }],
  },
  spec: {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-books-0' } }],
    containers: [
      { name: 'proxy', image: 'envoy' },
      {
        name: 'engine',
        image: 'getmeili/meilisearch:v1.21.0',
        command: ['meilisearch'],
        args: ['--master-key', '$(KEY)'],
        env: [
          { name: 'MEILI_SNAPSHOT_DIR', value: '/meili_data/snapshots' },
          { name: 'MEILI_HTTP_ADDR', value: '0.0.0.0:7701' },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'books-keys', key: 'key' } } },
        ],
        envFrom: [
          { prefix: 'MEILI_', secretRef: { name: 'books-more' } },
          { configMapRef: { name: 'books-settings' } },
        ],
        volumeMounts: [{ name: 'data', mountPath: '/meili_data' }],
        ports: [{ containerPort: 7700 }],
      },
    ],
  },
  status: { phase: 'Running', podIP: '10.0.0.1' },
}
const settings = {
  metadata: { name: 'books-settings' },
  data: { MEILI_ENV: 'production', MEILI_SSL_CERT_PATH: '/tls' },
}
const claim = {
  metadata: { name: 'data-books-0' },
  spec: { accessModes: ['ReadWriteOnce'] },
  status: { phase: 'Bound' },
}
const statefulSet = { metadata: { name: 'books', uid: 's' }, spec: { selector: { matchLabels: { app: 'books' } } } }

const instance = {
  apiVersion: 'meili-operator.dev/v1alpha1',
  kind: 'MeiliInstance',
  metadata: { namespace: 'shop', name: 'books', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    existing: { podSelector: { matchLabels: { app: 'books' } }, apiKeySecretRef: { name: 'books-keys', key: 'key' } },
  },
  status: {
    observedGeneration: 1,
    version: '1.21.0',
    pod: { name: 'books-0' },
    conditions: [condition('Ready', 'False', 'KeyRefused'), condition('SnapshotVolumeReady', 'True', 'Ready')],
    lastSnapshot: { name: 'x', completedAt: '2026-01-01T00:00:00Z' },
  },
}
const snapshot = {
  kind: 'MeiliSnapshot',
  metadata: { namespace: 'shop', name: 'first', uid: 'u', creationTimestamp: '2026-01-02T03:00:00Z' },
  spec: {
    source: { instanceRef: { name: 'books' } },
    destination: { claim: { name: 'backups' } },
    sourcePolicy: 'Keep',
    deletionPolicy: 'Retain',
    verification: { mode: 'Archive' },
  },
  status: {
    phase: 'Moving',
    conditions: [condition('Ready', 'False', 'InsufficientSpace'), condition('Overdue', 'True', 'Overdue')],
    request: { attempt: 2, failure: 'no' },
    move: { attempt: 3, failure: 'no' },
    task: { uid: 9, status: 'enqueued', error: { code: 'internal', message: 'no' } },
    waitingFor: 'batch 8',
    progress: { percent: 5, estimatedCompletion: '2026-01-02T04:00:00Z' },
    artifact: {
      claimName: 'backups',
      path: 'a/b',
      fileName: 'data.ms.snapshot',
      size: '1 B',
      sizeBytes: 1,
      sha256: '0',
      meilisearchVersion: '1.21.0',
      verification: 'Archive',
    },
    destination: { freeBytes: 1, observedAt: '2026-01-02T03:00:00Z' },
    release: { outcome: 'Removed' },
    duration: '41s',
    completedAt: '2026-01-02T03:04:05Z',
  },
}
const ended = { ...snapshot, status: { ...snapshot.status, phase: 'Failed' } }
const event = {
  metadata: { name: 'e' },
  type: 'Normal',
  reason: 'Requested',
  message: 'POST',
  lastTimestamp: '2026-01-02T03:00:00Z',
}
const deployment = {
  metadata: {
    namespace: 'ops',
    name: 'meili-operator',
    annotations: { 'meta.helm.sh/release-name': 'mo', 'meta.helm.sh/release-namespace': 'ops' },
  },
  spec: {
    replicas: 1,
    template: {
      spec: {
        serviceAccountName: 'meili-operator',
        containers: [{ env: [{ name: 'WATCH_NAMESPACES', value: 'shop' }] }],
      },
    },
  },
}
const lease = {
  metadata: { name: 'l' },
  spec: { holderIdentity: 'operator-0', acquireTime: '2026-01-01T00:00:00Z', renewTime: '2026-01-01T00:00:00Z' },
}
const definition = {
  metadata: { name: 'd' },
  spec: {
    versions: [
      { name: 'v1alpha1', served: true, schema: { openAPIV3Schema: { properties: { spec: { properties: {} } } } } },
    ],
  },
  status: { conditions: [{ type: 'Established', status: 'False', message: 'the name is taken' }] },
}

/** Without these members as they are, little of the code would be reached. */
const kept = ['type', 'status', 'phase', 'kind', 'uid']
const world: fc.Arbitrary<World> = fc
  .record({
    instances: fc.array(spoilt(instance, kept), { maxLength: 3 }),
    snapshots: fc.array(fc.oneof(spoilt(snapshot, kept), spoilt(ended, kept)), { minLength: 1, maxLength: 3 }),
    event: spoilt(event),
    deployment: spoilt(deployment),
    lease: spoilt(lease),
    definition: spoilt(definition, ['name', 'type', 'status']),
  })
  .map((given) => ({
    meiliinstances: given.instances.length === 0 ? [instance] : given.instances,
    meilisnapshots: given.snapshots,
    events: [given.event],
    deployments: [given.deployment],
    leases: [given.lease],
    customresourcedefinitions: [given.definition],
    statefulsets: [],
    pods: [],
  }))

/** Every write is one line, and nothing in it is more than a character. */
function expectPlain({ out, err }: Printed): void {
  expect(out.length + err.length).toBeGreaterThan(0)
  for (const write of [...out, ...err]) {
    expect(write.endsWith('\n')).toBe(true)
    expect(write.slice(0, -1)).not.toMatch(control)
    expect(write.length).toBeLessThan(2010)
  }
}

/** Lines of our own, and nothing in them is more than a character. */
function expectHarmless(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(control)
}

describe('adopt', () => {
  const labels = fc.dictionary(
    nasty.filter((key) => key !== '__proto__'),
    nasty,
    { minKeys: 1, maxKeys: 4 },
  )
  const found = fc.record({
    pod: spoilt(pod, ['kind', 'uid', 'phase', 'image']),
    labels,
    settings: spoilt(settings),
    claim: spoilt(claim),
    statefulSet: fc.option(spoilt(statefulSet, ['uid'])),
    name: fc.option(nasty),
    keys: fc.dictionary(nasty, fc.constant('')),
  })

  test('prints one MeiliInstance, whatever the author of a pod wrote, and all else on stderr', async () => {
    const property = fc.asyncProperty(found, fc.constantFrom('yaml', 'json'), async (given, format) => {
      const adopted = { ...given.pod, metadata: { ...given.pod.metadata, labels: given.labels } }
      const cluster = clusterOf({
        pods: [adopted],
        statefulsets: given.statefulSet === null ? [] : [given.statefulSet],
        configmaps: [given.settings],
        persistentvolumeclaims: [given.claim],
        secrets: [{ data: given.keys }],
      })
      const { terminal, out, err } = printing()
      expect(await runAdopt(cluster, terminal, { target: undefined, name: given.name ?? undefined, format })).toBe(0)
      const text = out.join('')
      expectHarmless(text)
      expectPlain({ terminal, out: [], err })
      const documents =
        format === 'yaml'
          ? parseAllDocuments(text, { version: '1.1' }).map((each) => each.toJS() as object)
          : [JSON.parse(text) as object]
      expect(documents).toMatchObject([{ apiVersion: 'meili-operator.dev/v1alpha1', kind: 'MeiliInstance' }])
      expect(Object.keys(documents[0] ?? {})).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
    })
    await fc.assert(property, { numRuns: 150 })
  })

  test.each(['yaml', 'json'] as const)(
    'prints no second object though the snapshot directory is one (%s)',
    async (format) => {
      const evil =
        '/meili_data/snapshots\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: pwn}\n---\n#'
      const hostile = structuredClone(pod)
      hostile.spec.containers[1]!.env![0]!.value = evil
      const { terminal, out, err } = printing()
      await runAdopt(
        clusterOf({
          pods: [hostile],
          configmaps: [settings],
          persistentvolumeclaims: [claim],
          statefulsets: [statefulSet],
        }),
        terminal,
        { target: undefined, name: undefined, format },
      )
      expect(out.join('')).not.toContain('ClusterRoleBinding')
      expect(err[0]).toContain('--- apiVersion: rbac.authorization.k8s.io/v1 kind: ClusterRoleBinding')
    },
  )
})

describe('each line is one line of harmless text:', () => {
  const wish = { allNamespaces: true, format: undefined }
  const inPhase = (phase: string, seen: World): Cluster =>
    clusterOf({
      ...seen,
      meilisnapshots: (seen['meilisnapshots'] as Snapshot[])
        .slice(0, 1)
        .map((one) => ({ ...one, status: { ...one.status, phase } })),
    })
  test.each<[string, (printing: Printed['terminal'], world: World) => Promise<unknown>]>([
    ['status', (terminal, seen) => runStatus(clusterOf(seen), terminal, { ...wish, name: undefined })],
    [
      'status of one',
      (terminal, seen) => runStatus(clusterOf(seen), terminal, { ...wish, allNamespaces: false, name: 'books' }),
    ],
    ['list', (terminal, seen) => runList(clusterOf(seen), terminal, { ...wish, instance: undefined })],
    [
      'list of names',
      (terminal, seen) =>
        runList(clusterOf({ ...seen, meilisnapshots: seen['meilisnapshots']!.slice(0, 1) }), terminal, {
          ...wish,
          format: 'name',
          instance: undefined,
        }),
    ],
    ['describe', (terminal, seen) => runDescribe(clusterOf(seen), terminal, { name: 'first', format: undefined })],
    ['doctor', (terminal, seen) => runDoctor(clusterOf(seen), terminal, wish)],
    [
      'wait',
      (terminal, seen) =>
        followToEnd(inPhase('Failed', seen), terminal, { name: 'first', timeoutMs: undefined, format: undefined }),
    ],
    [
      'wait in vain',
      (terminal, seen) =>
        followToEnd(inPhase('Moving', seen), terminal, { name: 'first', timeoutMs: 0, format: undefined }),
    ],
  ])('%s', async (_, run) => {
    await fc.assert(
      fc.asyncProperty(world, async (seen) => {
        const all = printing()
        await run(all.terminal, seen)
        expectPlain(all)
      }),
      { numRuns: 40 },
    )
  })

  test('completion offers words alone, each on its line with what it is', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ word: nasty, about: nasty })), (candidates) => {
        for (const line of candidateLines([{ word: 'pod/search-0', about: 'a\tb\nc' }, ...candidates], '')) {
          const [word = '', ...abouts] = line.split('\t')
          expect(commandsIn(word)).toEqual([[word]])
          expect(abouts.length).toBeLessThan(2)
          expect(abouts.join('')).not.toMatch(control)
        }
      }),
    )
    expect(
      candidateLines(
        [
          { word: 'pod/search-0', about: 'a\tb\nc' },
          { word: 'x; id', about: '' },
          { word: '--all', about: '' },
        ],
        '',
      ),
    ).toEqual(['pod/search-0\ta b c', '--all'])
  })

  test('help and usage are ours, and keep their lines', () => {
    const { terminal, out } = printing()
    expect(() => programFor(terminal, {}).parse(['--help'], { from: 'user' })).toThrow('outputHelp')
    expect(out.join('').split('\n').length).toBeGreaterThan(10)
  })
})

test.each(['yaml', 'json'] as const)(
  '%s comes back as it was, and holds no character that a terminal or a YAML reader would act on',
  (format) => {
    const value = fc.jsonValue({ stringUnit: 'binary' }).filter((one) => !JSON.stringify(one).includes('__proto__'))
    fc.assert(
      fc.property(
        fc.record({
          items: fc.array(fc.oneof(nasty, value)),
          map: fc.dictionary(
            fc.oneof(nasty, fc.constant('<<')).filter((key) => key !== '__proto__'),
            nasty,
            { noNullPrototype: true },
          ),
        }),
        (given) => {
          const object = JSON.parse(JSON.stringify(given)) as object
          const text = printed(object, format)
          expectHarmless(text)
          const back =
            format === 'json'
              ? (JSON.parse(text) as unknown)
              : parseAllDocuments(text, { version: '1.1' }).map((each) => each.toJS() as unknown)
          expect(back).toEqual(format === 'json' ? object : [object])
        },
      ),
      { numRuns: 100 },
    )
  },
)

describe('a remedy', () => {
  const isPlain = (text: string): boolean => /^[\w@%+:,./-][\w@%+=:,./-]{0,252}$/.test(text)
  const clean = (text: string): string => text.replaceAll(new RegExp(control, 'gu'), ' ')
  /** Nothing that needs quotes is a name: its first 64 characters are shown. */
  const word = (text: string): string =>
    isPlain(text) || text.length <= 64 ? clean(text) : `${clean(text.slice(0, 63)).toWellFormed()}…`
  const operand = (text: string): string => word(text.replace(/^-+/, ''))
  const wordsOf = (...prose: readonly string[]): string[] => prose.flatMap((text) => text.split(' '))

  const names = fc.record({
    namespace: nasty,
    name: nasty,
    secret: nasty,
    key: nasty,
    pod: nasty,
    claim: nasty.map((text) => text.replaceAll('/', '')),
    reason: nasty,
  })
  type Names = typeof names extends fc.Arbitrary<infer T> ? T : never
  const broken = (given: Names, reason: string): Instance =>
    ({
      ...instance,
      metadata: { ...instance.metadata, namespace: given.namespace, name: given.name },
      spec: { existing: { ...instance.spec.existing, apiKeySecretRef: { name: given.secret, key: given.key } } },
      status: { ...instance.status, pod: { name: given.pod }, conditions: [condition('Ready', 'False', reason)] },
    }) as unknown as Instance
  const remedyFor = (given: Names, reason: string): string =>
    diagnoseInstance(broken(given, reason), [], nowMs)[0]?.remedy ?? ''
  const setsKey = ({ namespace, secret, key }: Names): string[][] => [
    wordsOf('paste this, then the key, and press Enter:', 'head -n 1'),
    ['tr', '-d', String.raw`\n`],
    [
      ...wordsOf('kubectl create secret generic'),
      `--from-file=${word(key)}=/dev/stdin`,
      ...wordsOf('--dry-run=client -o json'),
      operand(secret),
    ],
    ['kubectl', '-n', word(namespace), 'patch', `secret/${operand(secret)}`, '--patch-file=/dev/stdin'],
  ]
  const makesKey = (given: Names): string[][] => {
    const [, ...rest] = setsKey(given)
    return [
      [
        ...wordsOf('paste this, then the key, and press Enter: kubectl -n'),
        word(given.namespace),
        ...wordsOf('create secret generic'),
        operand(given.secret),
      ],
      wordsOf('head -n 1'),
      ...rest,
    ]
  }
  const full = (given: Names): Snapshot =>
    ({
      ...snapshot,
      metadata: { ...snapshot.metadata, namespace: given.namespace.replaceAll('/', '') },
      spec: { ...snapshot.spec, destination: { claim: { name: given.claim } } },
    }) as unknown as Snapshot
  const operator = (given: Names): OperatorDeployment =>
    ({
      ...deployment,
      metadata: {
        namespace: given.namespace,
        name: given.name,
        annotations: { 'meta.helm.sh/release-name': given.secret, 'meta.helm.sh/release-namespace': given.key },
      },
      spec: { ...deployment.spec, replicas: given.pod.length % 2 },
    }) as unknown as OperatorDeployment

  const remedies: readonly (readonly [string, (given: Names) => string | undefined, (given: Names) => string[][]])[] = [
    ['KeyMissing', (given) => remedyFor(given, 'KeyMissing'), makesKey],
    ['KeyRefused', (given) => remedyFor(given, 'KeyRefused'), setsKey],
    ['KeyTooWeak', (given) => remedyFor(given, 'KeyTooWeak'), setsKey],
    [
      'Unreachable',
      (given) => remedyFor(given, 'Unreachable'),
      ({ namespace, pod: name }) => [
        ['kubectl', '-n', word(namespace), 'logs', `pod/${word(name)}`],
        ['kubectl', '-n', word(namespace), 'get', 'networkpolicies'],
      ],
    ],
    [
      'PodAmbiguous',
      (given) => remedyFor(given, 'PodAmbiguous'),
      ({ namespace }) => [['kubectl', '-n', word(namespace), 'get', 'pods', '--show-labels']],
    ],
    [
      'a reason',
      (given) => remedyFor(given, `R${given.reason}`),
      ({ namespace, name, reason }) => [
        ['docs/failures.md,', word(`R${reason}`)],
        ['kubectl', '-n', word(namespace), 'describe', `meiliinstance/${word(name)}`],
      ],
    ],
    [
      'a claim that is full',
      (given) => diagnoseDestinations([full(given)], nowMs)[0]?.remedy,
      ({ namespace, claim: name }) => [
        [
          ...wordsOf('delete snapshots that say deletionPolicy: Delete, or enlarge it: kubectl -n'),
          word(namespace.replaceAll('/', '')),
          'patch',
          `pvc/${word(name)}`,
          '-p',
          '{"spec":{"resources":{"requests":{"storage":"…"}}}}',
        ],
      ],
    ],
    [
      'rights',
      (given) =>
        diagnoseOperatorRights(operator(given), 'a', { value: [{ verb: 'get', resource: 'secrets', namespace: '' }] })
          .remedy,
      ({ secret, key }) => [
        [
          ...wordsOf('its roles and bindings come with the installation: helm -n'),
          word(key),
          'upgrade',
          operand(secret),
          ...wordsOf('charts/meili-operator --reset-then-reuse-values'),
        ],
      ],
    ],
    [
      'an operator that does not run',
      (given) => diagnoseOperator(operator(given), { value: undefined }, nowMs).remedy,
      ({ namespace, name, pod: { length } }) =>
        length % 2 === 0
          ? [['kubectl', '-n', word(namespace), 'scale', `deployment/${word(name)}`, '--replicas=1']]
          : [
              ['kubectl', '-n', word(namespace), ...wordsOf('describe pods -l app.kubernetes.io/name=meili-operator')],
              ['kubectl', '-n', word(namespace), 'logs', `deployment/${word(name)}`],
            ],
    ],
  ]

  test.each(remedies)('for %s is these words to a shell, and no others', (_, remedy, words) => {
    const property = fc.property(names, (given) => {
      expect(commandsIn(remedy(given) ?? '')).toEqual(words(given))
    })
    fc.assert(property, { numRuns: 100 })
  })

  test('is read so by a real shell, which finds nothing else to run', () => {
    const property = fc.property(names, (given) => {
      const [, command = ''] =
        /^paste this, then the key, and press Enter: (.*)$/.exec(remedyFor(given, 'KeyRefused')) ?? []
      const { status, stdout, stderr } = spawnSync(
        '/bin/sh',
        ['-c', `head() { :; }\ntr() { :; }\nkubectl() { printf '%s\\n' "$(printf '[%s]' "$@")" >&2; }\n${command}`],
        { env: { PATH: '/nowhere' }, encoding: 'utf8' },
      )
      const said = setsKey(given)
        .filter(([first]) => first === 'kubectl')
        .map(([, ...words]) => words.map((each) => `[${each}]`).join(''))
      expect({ status, stdout, stderr: stderr.trimEnd().split('\n').toSorted() }).toEqual({
        status: 0,
        stdout: '',
        stderr: said.toSorted(),
      })
    })
    fc.assert(property, { numRuns: 25 })
  })
})
