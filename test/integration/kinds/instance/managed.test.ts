// A managed instance on a real API server with the operator's own rights, and a real Meilisearch where its pod would be: what is made, put back,
// and what stays at the end. Controllers of the cluster do not run here: pod and revision are laid by hand.
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import { meiliInstances } from '../../../../src/api/instance.ts'
import { persistentVolumeClaims, pods, secrets, services, statefulSets } from '../../../../src/kube/resource.ts'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { managedInstances } from '../../../support/meilisearch/managed-instances.ts'

const on = managedInstances()
const { apply, applied, get, names, pass, serve, settle } = on

describe('made', () => {
  test('from the smallest object: claim, key, Service, StatefulSet; then keys and the Secret for applications; then nothing more', async () => {
    await apply()
    await settle()
    expect([
      await names(persistentVolumeClaims),
      await names(secrets),
      await names(services),
      await names(statefulSets),
    ]).toEqual([['movies-data'], ['movies-keys'], ['movies'], ['movies']])
    await serve()
    const instance = await settle()
    expect(instance.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Ready=True',
      'Applied=True',
      'PodFound=True',
      'Reachable=True',
      'Authorized=True',
      'SnapshotVolumeReady=False',
    ])
    expect(Object.keys((await get<{ data: object }>(secrets, 'movies-connection')).data)).toEqual(['searchKey', 'url'])
    expect((await get(persistentVolumeClaims, 'movies-data')).metadata.annotations).toMatchObject({
      'meili-operator.dev/database-version': '1.21.0',
    })
    expect(on.events.map((event) => event.split(':')[0])).toEqual([
      'Normal Applying',
      'Normal KeysPending',
      'Warning ClaimNotBound',
      'Normal Ready',
    ])
  })

  test('is accepted with everything that can be said, and settles: nothing of it is taken for a change by somebody else', async () => {
    const { managedSpecs } = await import('../../crd/objects/complete-managed.ts')
    const {
      masterKeySecretRef: _,
      bootstrap: _later,
      ...managed
    } = managedSpecs[0]!['managed'] as Record<string, unknown>
    await apply({
      ...managed,
      resources: { requests: { cpu: '0.5', memory: '1024Mi' } },
      env: [
        { name: 'EMPTY', value: '' },
        { name: 'MEILI_LOG_LEVEL', value: 'WARN' },
      ],
    })
    await settle()
    expect(await names(persistentVolumeClaims)).toEqual(['movies-data', 'movies-scratch', 'movies-snapshots'])
    expect(on.events.filter((event) => /Drift|Refused/.test(event))).toEqual([])
  })

  test('its pod passes Pod Security "restricted"', async () => {
    await apply()
    await settle()
    await on.api.kubectl.run(['label', 'namespace', on.namespace, 'pod-security.kubernetes.io/enforce=restricted'])
    const { metadata, spec } = (await get(statefulSets, 'movies'))['spec'].template
    await on.api.kube.create(
      pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: on.namespace, name: 'try', labels: metadata.labels },
        spec,
      } as never,
      { dryRun: true },
    )
  })
})

describe('what is not as it should be', () => {
  test('is put back and reported once; what others added stays', async () => {
    await apply()
    await settle()
    await on.api.kubectl.run(['-n', on.namespace, 'annotate', 'service', 'movies', 'example.com/theirs=kept'])
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'statefulset',
      'movies',
      '--type=merge',
      '-p',
      '{"spec":{"replicas":3,"template":{"metadata":{"annotations":{"example.com/theirs":"kept"}}}}}',
    ])
    on.events = []
    await settle()
    const set = await get(statefulSets, 'movies')
    expect(set['spec']).toMatchObject({
      replicas: 1,
      template: { metadata: { annotations: { 'example.com/theirs': 'kept' } } },
    })
    expect((await get(services, 'movies')).metadata.annotations?.['example.com/theirs']).toBe('kept')
    expect(on.events.filter((event) => event.includes('DriftFound'))).toEqual([
      'Warning DriftFound: Put back what somebody changed: spec.replicas of StatefulSet movies.',
    ])
  })

  test('is made again where it is gone', async () => {
    await apply()
    await settle()
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'statefulset', 'movies'])
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'service', 'movies'])
    await settle()
    expect([await names(services), await names(statefulSets)]).toEqual([['movies'], ['movies']])
  })

  test('an object whose maker was cut off before its fields were ours is made ours', async () => {
    await apply()
    await settle()
    const instance = await get<MeiliInstance>(meiliInstances, 'movies')
    const { service } = await import('../../../../src/kinds/instance/children/children.ts')
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'service', 'movies'])
    await on.kube.create(services, service(instance, instance.spec.managed!), { fieldManager: 'meili-operator' })
    await settle()
    const ours = (await get(services, 'movies')).metadata.managedFields
      ?.filter(({ manager }) => manager === 'meili-operator')
      .map(({ operation }) => operation)
    expect(ours).toEqual(['Apply'])
  })

  test('an object to which a controller of the cluster writes as soon as it is there is no refusal, and made ours all the same', async () => {
    const create = on.kube.create.bind(on.kube)
    using _ = vi.spyOn(on.kube, 'create').mockImplementation(async (resource, object, options) => {
      const made = await create(resource, object, options)
      await on.api.kube.patch(resource, made.metadata, {
        type: 'merge',
        body: { metadata: { annotations: { 'example.com/theirs': 'seen' } } },
      })
      return made
    })
    await apply()
    await settle()
    expect(on.events).toEqual([expect.stringMatching(/^Normal Applying: /)])
    for (const [resource, name] of [
      [statefulSets, 'movies'],
      [services, 'movies'],
      [persistentVolumeClaims, 'movies-data'],
    ] as const) {
      const { annotations, managedFields } = (await get(resource, name)).metadata
      expect(annotations?.['example.com/theirs']).toBe('seen')
      expect(
        managedFields?.filter(({ manager }) => manager === 'meili-operator').map(({ operation }) => operation),
        name,
      ).toEqual(['Apply'])
    }
  })

  test('a field that is no longer wanted goes', async () => {
    await apply({ nodeSelector: { disk: 'ssd' } })
    await settle()
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'meiliinstance',
      'movies',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/managed/nodeSelector"}]',
    ])
    await settle()
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.nodeSelector).toBeUndefined()
  })

  test('a size that the class does not allow is refused in the words of the API server, with what to do, and reported once', async () => {
    await apply()
    await settle()
    const claim = await get(persistentVolumeClaims, 'movies-data')
    await on.api.kube.updateStatus(persistentVolumeClaims, {
      ...claim,
      status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    } as never)
    await apply({ storage: { size: '2Gi' } })
    on.events = []
    for (let round = 0; round < 4; round += 1) await pass()
    const { message = '' } = applied((await pass())!) ?? {}
    expect(message).toMatch(
      /forbidden: only dynamically provisioned pvc can be resized.* allow its StorageClass to expand volumes/,
    )
    expect(on.events.filter((event) => event.includes('ObjectRefused')).length).toBeLessThanOrEqual(1)
  })
})

describe('a Secret that the roles do not name', () => {
  /** As the chart writes its roles for `rbac.secretNames`. */
  const restrict = async (verb: string, resourceNames: readonly string[] | undefined): Promise<void> => {
    const role = verb === 'get' ? 'meili-operator' : 'meili-operator-managed'
    const { rules } = await on.api.kubectl.json<{ rules: { resources: string[]; verbs: string[] }[] }>([
      'get',
      'clusterrole',
      role,
    ])
    const changed = rules.map((rule) =>
      rule.resources.includes('secrets') && rule.verbs.includes(verb) ? { ...rule, resourceNames } : rule,
    )
    await on.api.kubectl.run(['patch', 'clusterrole', role, '--type=merge', '-p', JSON.stringify({ rules: changed })])
    const may = resourceNames === undefined ? 'yes' : 'no'
    await eventually(
      `the right to ${verb} Secrets: ${may}`,
      async () =>
        (
          await on.api.kubectl
            .run([
              'auth',
              'can-i',
              verb,
              'secrets/movies-keys',
              '-n',
              on.namespace,
              '--as',
              'system:serviceaccount:meili-operator-system:meili-operator',
            ])
            .catch(() => 'no')
        ).startsWith(may) || undefined,
    )
  }
  afterEach(async () => {
    for (const verb of ['get', 'patch']) await restrict(verb, undefined)
  })

  test('is said with the value to change, nothing is made on a guess, and it goes on when it is named', async () => {
    await restrict('get', ['other'])
    await apply()
    const instance = await settle()
    expect(applied(instance)).toMatchObject({ status: 'False', reason: 'ObjectRefused' })
    expect(applied(instance)?.message).toMatch(
      /^Secret movies-keys cannot be read: .*is forbidden.* Where the chart's value rbac\.secretNames is a list, movies-keys has to be in it\. Secret movies-connection cannot be read: .* movies-connection has to be in it\.$/,
    )
    expect([await names(secrets), await names(statefulSets)]).toEqual([[], []])
    await restrict('get', undefined)
    await settle()
    expect([await names(secrets), await names(statefulSets)]).toEqual([['movies-keys'], ['movies']])
  })

  test('is said where it may be read and not changed', async () => {
    await apply()
    await settle()
    await restrict('patch', ['other'])
    await apply({}, { deletionPolicy: 'Delete' })
    for (let round = 0; round < 4; round += 1) await pass()
    expect(applied((await pass())!)?.message).toMatch(
      /^Secret movies-keys cannot be changed: .*is forbidden.* movies-keys has to be in it\.$/,
    )
  })

  test('does not keep the instance from its end', async () => {
    await apply()
    await settle()
    await restrict('get', ['other'])
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'meiliinstance', 'movies', '--wait=false'])
    for (let round = 0; round < 4; round += 1) await pass()
    expect(await names(meiliInstances)).toEqual([])
  })
})

describe('the end', () => {
  const uids = async (): Promise<unknown[]> => [
    (await get(persistentVolumeClaims, 'movies-data')).metadata.uid,
    (await get(secrets, 'movies-keys')).metadata.uid,
    (await get<{ data: object }>(secrets, 'movies-keys')).data,
  ]

  test('Retain leaves claim and key without an owner, and says so; the next of that name takes them over with the same key', async () => {
    await apply()
    await settle()
    const before = await uids()
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'meiliinstance', 'movies', '--wait=false'])
    expect(await pass()).toBeUndefined()
    expect(on.events.at(-1)).toBe(
      'Normal Retained: These stay: claim movies-data, Secret movies-keys. A MeiliInstance of this name takes them over.',
    )
    for (const [resource, name] of [
      [persistentVolumeClaims, 'movies-data'],
      [secrets, 'movies-keys'],
    ] as const)
      expect((await get(resource, name)).metadata.ownerReferences).toBeUndefined()
    for (const resource of [statefulSets, services])
      await on.api.kubectl.run(['-n', on.namespace, 'delete', resource.plural, 'movies'])
    await apply()
    await settle()
    expect(await uids()).toEqual(before)
  })

  test('Delete gives them an owner, and Retain takes it away again', async () => {
    const owners = async (): Promise<(string | undefined)[]> => [
      (await get(persistentVolumeClaims, 'movies-data')).metadata.ownerReferences?.[0]?.name,
      (await get(secrets, 'movies-keys')).metadata.ownerReferences?.[0]?.name,
    ]
    await apply({}, { deletionPolicy: 'Delete' })
    await settle()
    expect(await owners()).toEqual(['movies', 'movies'])
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'meiliinstance',
      'movies',
      '--type=merge',
      '-p',
      '{"spec":{"deletionPolicy":"Retain"}}',
    ])
    await settle()
    expect(await owners()).toEqual([undefined, undefined])
  })
})
