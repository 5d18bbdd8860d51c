// The chart, rendered by the real Helm for each of its switches, and what it makes shown to a real API server, which knows every field.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { apiServer } from '../../support/kubernetes/api-server.ts'
import { namespaces } from '../../support/kubernetes/kube-api.ts'
import { chart, Helm } from '../../support/delivery/helm.ts'
import { monitoringKinds } from './monitoring-kinds.ts'

interface Manifest {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: Readonly<Record<string, unknown>>
  readonly rules?: readonly {
    readonly resources: readonly string[]
    readonly verbs: readonly string[]
    readonly resourceNames?: readonly string[]
  }[]
}

const api = apiServer('bare')
let helm: Helm
beforeAll(async () => {
  helm = await Helm.of()
  for (const name of ['home', 'shop', 'blog'])
    await api.kube.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await api.kubectl.apply(...monitoringKinds)
  await api.kubectl.run(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
}, 120_000)
afterAll(() => {
  helm[Symbol.dispose]()
})

const render = async (values: object = {}, release = 'search'): Promise<string> =>
  await helm.run(['template', release, chart, '--namespace', 'home', '--kube-version', '1.30.0'], values)
const objectsOf = (text: string): Manifest[] =>
  parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as Manifest)
const namesOf = (objects: readonly Manifest[], kind: string): string[] =>
  objects
    .filter((object) => object.kind === kind)
    .map(({ metadata: { namespace, name } }) => (namespace === undefined ? name : `${namespace}/${name}`))
const one = (objects: readonly Manifest[], kind: string): Manifest => {
  const found = objects.filter((object) => object.kind === kind)
  expect(found).toHaveLength(1)
  return found[0]!
}

/** Rendered, and accepted by the API server with all its fields. */
async function renderAccepted(values: object, release?: string): Promise<Manifest[]> {
  const text = await render(values, release)
  expect(await api.kubectl.run(['apply', '--server-side', '--dry-run=server', '-f', '-'], { input: text })).not.toMatch(
    /warning/i,
  )
  return objectsOf(text)
}

interface PodSpec {
  readonly serviceAccountName: string
  readonly containers: readonly [
    { readonly image: string; readonly env: readonly { readonly name: string; readonly value?: string }[] },
  ]
}

const podOf = (objects: readonly Manifest[]): PodSpec =>
  (one(objects, 'Deployment').spec!['template'] as { spec: PodSpec }).spec
const environmentOf = (objects: readonly Manifest[]): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(podOf(objects).containers[0].env.map(({ name, value }) => [name, value]))

test('Helm finds nothing to complain about', async () => {
  expect(await helm.plain('lint', '--strict', chart)).toContain('1 chart(s) linted, 0 chart(s) failed')
})

test('every object of a release has its own name and says whose it is', async () => {
  const objects = (
    await renderAccepted({ commonLabels: { team: 'search' }, replicas: 2, stream: { exec: true } })
  ).filter(({ kind }) => kind !== 'CustomResourceDefinition')
  for (const { metadata } of objects) {
    expect(metadata.name).toMatch(/^search-meili-operator(?:-|$)/)
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'meili-operator',
      'app.kubernetes.io/instance': 'search',
      'app.kubernetes.io/managed-by': 'Helm',
      team: 'search',
    })
  }
})

describe('CRDs', () => {
  const files = readdirSync(join(chart, 'files/crds'))

  test('are exactly those of crds/, to be kept when the release goes, each small enough for any client', async () => {
    const rendered = objectsOf(await render({ crds: { annotations: { 'example.test/why': 'because' } } })).filter(
      ({ kind }) => kind === 'CustomResourceDefinition',
    )
    const written = files.map((name) => readFileSync(join(chart, '../../crds', name), 'utf8'))
    for (const text of written) expect(Buffer.byteLength(text)).toBeLessThan(200_000)
    const annotations = { 'helm.sh/resource-policy': 'keep', 'example.test/why': 'because' }
    expect(rendered).toEqual(
      written.map((text) => objectsOf(text)[0]!).map((crd) => ({ ...crd, metadata: { ...crd.metadata, annotations } })),
    )
    expect(rendered.length).toBeGreaterThan(0)
  })

  test.each([
    ['auto, for the whole cluster', {}, true],
    ['auto, for some namespaces', { watchNamespaces: ['shop'] }, false],
    ['true, for some namespaces', { watchNamespaces: ['shop'], crds: { install: true } }, true],
    ['false', { crds: { install: false } }, false],
  ])('%s', async (_, values, are) => {
    expect(namesOf(objectsOf(await render(values)), 'CustomResourceDefinition')).toHaveLength(are ? files.length : 0)
  })
})

describe('rights', () => {
  test('in the whole cluster, each switched by its value', async () => {
    const names = async (values: object): Promise<string[]> => namesOf(await renderAccepted(values), 'ClusterRole')
    const base = 'search-meili-operator'
    const people = [`${base}-edit`, `${base}-view`]
    expect((await names({})).toSorted()).toEqual([base, ...people, `${base}-managed`].toSorted())
    expect((await names({ managedInstances: false, rbac: { aggregate: false } })).toSorted()).toEqual([base])
    expect((await names({ stream: { exec: true, max: 6 } })).toSorted()).toEqual(
      [base, ...people, `${base}-managed`, `${base}-streaming`].toSorted(),
    )
  })

  test('in some namespaces: a Role in each of them, and nothing in the cluster', async () => {
    const objects = await renderAccepted({ watchNamespaces: ['shop', 'blog'], stream: { exec: true } })
    expect(objects.filter(({ kind }) => /^(?:Cluster|CustomRes)/.test(kind))).toEqual([])
    expect(objects.filter(({ metadata }) => metadata.namespace === undefined)).toEqual([])
    const roles = ['shop', 'blog'].flatMap((namespace) =>
      ['', '-managed', '-streaming'].map((suffix) => `${namespace}/search-meili-operator${suffix}`),
    )
    expect(namesOf(objects, 'Role').toSorted()).toEqual([...roles, 'home/search-meili-operator-leader'].toSorted())
    expect(namesOf(objects, 'RoleBinding').toSorted()).toEqual(namesOf(objects, 'Role').toSorted())
    expect(environmentOf(objects)).toMatchObject({ WATCH_NAMESPACES: 'shop,blog' })
  })

  test('the same in a namespace as in the cluster', async () => {
    const ruleOf = (objects: readonly Manifest[], kind: string, suffix: string): unknown =>
      objects.find(
        (object) =>
          object.kind === kind &&
          object.metadata.name === `search-meili-operator${suffix}` &&
          object.metadata.namespace !== 'home',
      )?.rules
    const inCluster = objectsOf(await render({ stream: { exec: true } }))
    const inShop = objectsOf(await render({ stream: { exec: true }, watchNamespaces: ['shop'] }))
    for (const suffix of ['', '-managed', '-streaming']) {
      expect(ruleOf(inCluster, 'ClusterRole', suffix)).toBeDefined()
      expect(ruleOf(inShop, 'Role', suffix)).toEqual(ruleOf(inCluster, 'ClusterRole', suffix))
    }
  })

  test.each([
    ['in the cluster', {}, ['ClusterRole']],
    ['in some namespaces', { watchNamespaces: ['shop', 'blog'] }, ['Role', 'Role']],
  ])('to read and change some Secrets only, by name, %s', async (_, values, kinds) => {
    const objects = await renderAccepted({ ...values, rbac: { secretNames: ['movies-keys', 'ca'] } })
    const onSecrets = objects.flatMap(({ kind, rules = [] }) =>
      rules
        .filter(({ resources }) => resources.includes('secrets'))
        .map(({ verbs, resourceNames = [] }) => [kind, ...verbs, ...resourceNames].join(' ')),
    )
    const each = kinds.flatMap((kind) => [
      `${kind} get movies-keys ca`,
      `${kind} create`,
      `${kind} patch movies-keys ca`,
    ])
    expect(onSecrets.toSorted()).toEqual(each.toSorted())
  })

  test('none at all, with an account that is there already', async () => {
    const objects = await renderAccepted({ rbac: { create: false }, serviceAccount: { create: false, name: 'theirs' } })
    expect(objects.map(({ kind }) => kind).filter((kind) => kind !== 'CustomResourceDefinition')).toEqual([
      'Deployment',
    ])
    expect(podOf(objects).serviceAccountName).toBe('theirs')
    await expect(render({ serviceAccount: { create: false } })).rejects.toThrow(
      'serviceAccount.create is false: say in serviceAccount.name which one to use',
    )
  })
})

describe('the pod', () => {
  test('runs the image that is named, and movers the same, with the same pull secrets', async () => {
    const digest = `sha256:${'0'.repeat(64)}`
    const tagged = await renderAccepted({
      image: {
        repository: 'registry.test/meili-operator',
        tag: '2.0.0',
        pullPolicy: 'Always',
        pullSecrets: [{ name: 'one' }, { name: 'two' }],
      },
    })
    expect(podOf(tagged)).toMatchObject({
      imagePullSecrets: [{ name: 'one' }, { name: 'two' }],
      containers: [{ image: 'registry.test/meili-operator:2.0.0', imagePullPolicy: 'Always' }],
    })
    expect(environmentOf(tagged)).toMatchObject({
      MOVER_IMAGE: 'registry.test/meili-operator:2.0.0',
      MOVER_IMAGE_PULL_SECRETS: 'one,two',
    })
    const pinned = await renderAccepted({ image: { tag: '2.0.0', digest } })
    expect([podOf(pinned).containers[0].image, environmentOf(pinned)['MOVER_IMAGE']]).toEqual([
      `meili-operator/operator@${digest}`,
      `meili-operator/operator@${digest}`,
    ])
  })

  test('gets what the values say', async () => {
    expect(
      environmentOf(
        await renderAccepted({
          stream: { exec: true, max: 3 },
          maxMovers: 4,
          instancePollSeconds: 30,
          logLevel: 'debug',
          managedInstances: false,
          extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/ca' }],
        }),
      ),
    ).toMatchObject({
      LEASE_NAME: 'search-meili-operator',
      MAX_STREAMS: '3',
      MAX_MOVERS: '4',
      INSTANCE_POLL_SECONDS: '30',
      LOG_LEVEL: 'debug',
      MANAGED_INSTANCES: 'false',
      NODE_EXTRA_CA_CERTS: '/ca',
    })
    expect(environmentOf(await renderAccepted({}))).not.toHaveProperty('MAX_STREAMS')
  })

  test('runs where and as the values say', async () => {
    const spread = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' }
    const release = {
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
      priorityClassName: 'system-cluster-critical',
    }
    const objects = await renderAccepted({
      ...release,
      topologySpreadConstraints: [spread],
      resources: { limits: { cpu: 1 } },
      podLabels: { a: 'b' },
      podAnnotations: { c: 'd' },
      podSecurityContext: { runAsUser: null, fsGroup: 7 },
      securityContext: { privileged: false },
    })
    const { template } = one(objects, 'Deployment').spec as {
      template: { metadata: object; spec: { securityContext: object } }
    }
    expect(template).toMatchObject({
      metadata: { labels: { a: 'b', 'app.kubernetes.io/component': 'operator' }, annotations: { c: 'd' } },
      spec: {
        ...release,
        topologySpreadConstraints: [spread],
        securityContext: { runAsNonRoot: true, fsGroup: 7 },
        containers: [
          {
            resources: { requests: { memory: '96Mi' }, limits: { cpu: 1, memory: '256Mi' } },
            securityContext: { privileged: false, readOnlyRootFilesystem: true },
          },
        ],
      },
    })
    expect(template.spec.securityContext).not.toHaveProperty('runAsUser')
  })

  test('has a disruption budget where there are two of it', async () => {
    expect(namesOf(await renderAccepted({ replicas: 1 }), 'PodDisruptionBudget')).toEqual([])
    expect(one(await renderAccepted({ replicas: 2 }), 'PodDisruptionBudget').spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: { 'app.kubernetes.io/instance': 'search' } },
    })
    expect(
      namesOf(await renderAccepted({ replicas: 2, podDisruptionBudget: { enabled: false } }), 'PodDisruptionBudget'),
    ).toEqual([])
  })
})

describe('what is off by default', () => {
  test('is not there by default', async () => {
    const kinds = new Set(objectsOf(await render()).map(({ kind }) => kind))
    expect([...kinds].toSorted()).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'CustomResourceDefinition',
      'Deployment',
      'Role',
      'RoleBinding',
      'ServiceAccount',
    ])
  })

  test('a NetworkPolicy lets in who reads the metrics, and out what is listed', async () => {
    const from = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }]
    const egress = [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }]
    expect(one(await renderAccepted({ networkPolicy: { enabled: true } }), 'NetworkPolicy').spec).toMatchObject({
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: 'http' }] }],
    })
    expect(
      one(await renderAccepted({ networkPolicy: { enabled: true, metricsFrom: from, egress } }), 'NetworkPolicy').spec,
    ).toMatchObject({ policyTypes: ['Ingress', 'Egress'], ingress: [{ from }], egress })
  })

  test('a ServiceMonitor brings the Service that it selects', async () => {
    expect(namesOf(await renderAccepted({ metrics: { service: { enabled: true } } }), 'ServiceMonitor')).toEqual([])
    const objects = await renderAccepted({
      metrics: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
    })
    const monitor = one(objects, 'ServiceMonitor')
    const service = one(objects, 'Service')
    expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' })
    expect(service.metadata.labels).toMatchObject(
      (monitor.spec!['selector'] as { matchLabels: Record<string, string> }).matchLabels,
    )
    expect(service.spec).toMatchObject({ ports: [{ name: 'metrics', targetPort: 'http' }] })
    expect(monitor.spec).toMatchObject({ endpoints: [{ port: 'metrics', honorLabels: true }] })
  })

  test('the alerts and the dashboard are those of the files, word for word', async () => {
    const objects = await renderAccepted({
      commonLabels: { team: 'search' },
      metrics: {
        prometheusRule: { enabled: true, labels: { release: 'prometheus', team: 'x' } },
        dashboard: { enabled: true, annotations: { folder: 'Search' } },
      },
    })
    const alerts = one(objects, 'PrometheusRule')
    expect(alerts.metadata.labels).toMatchObject({ release: 'prometheus', team: 'search' })
    expect(alerts.spec).toEqual(objectsOf(readFileSync(join(chart, 'files/alerts.yaml'), 'utf8'))[0])
    const dashboard = one(objects, 'ConfigMap') as Manifest & { readonly data: Readonly<Record<string, string>> }
    expect(dashboard.metadata).toMatchObject({ labels: { grafana_dashboard: '1' }, annotations: { folder: 'Search' } })
    expect(dashboard.data['meili-operator.json']?.trimEnd()).toBe(
      readFileSync(join(chart, 'files/dashboard.json'), 'utf8').trimEnd(),
    )
  })
})

test.each([
  ['a word that is not there', { replica: 2 }, /additional properties 'replica' not allowed/],
  [
    'one that is not there further in',
    { image: { tga: '1' } },
    /at '\/image': additional properties 'tga' not allowed/,
  ],
  ['a number for a tag', { image: { tag: 1.5 } }, /at '\/image\/tag': got number, want string/],
  ['a word for a number', { replicas: 'two' }, /at '\/replicas': got string, want integer/],
  ['too many streams', { stream: { max: 7 } }, /at '\/stream\/max': maximum: got 7, want 6/],
  [
    'an unknown level',
    { logLevel: 'loud' },
    /at '\/logLevel': value must be one of 'trace', 'debug', 'info', 'warn', 'error'/,
  ],
  ['a name for namespaces', { watchNamespaces: 'shop' }, /at '\/watchNamespaces': got string, want array/],
  ['no name of a namespace', { watchNamespaces: ['Shop'] }, /at '\/watchNamespaces\/0': 'Shop' does not match pattern/],
  ['yes for the CRDs', { crds: { install: 'yes' } }, /at '\/crds\/install': value must be one of 'auto', true, false/],
  [
    'a string for a pull secret',
    { image: { pullSecrets: ['one'] } },
    /at '\/image\/pullSecrets\/0': got string, want object/,
  ],
  [
    'a label of ours',
    { commonLabels: { 'app.kubernetes.io/name': 'x' } },
    /at '\/commonLabels\/app\.kubernetes\.io~1name': false schema/,
  ],
])('%s is refused before anything is made', async (_, values, message) => {
  await expect(render(values)).rejects.toThrow(message)
})

test('an older cluster is refused', async () => {
  await expect(helm.run(['template', 'search', chart, '--kube-version', '1.29.9'])).rejects.toThrow(
    'chart requires kubeVersion: >=1.30.0-0',
  )
})
