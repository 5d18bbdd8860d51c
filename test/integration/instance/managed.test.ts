// A managed instance on a real API server with the operator's own rights, and a real Meilisearch where its pod would be: what is made, put back,
// taken over, left alone, and what stays at the end. Controllers of the cluster do not run here: pod and revision are laid by hand.
import { randomInt } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import type { Condition } from '../../../src/api/meta.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { instanceRoom } from '../../../src/instance/controller.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { persistentVolumeClaims, pods, secrets, services, statefulSets } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/reconcile/connection.ts'
import { Performer } from '../../../src/reconcile/perform.ts'
import { reconcilerOf } from '../../../src/reconcile/reconciler.ts'
import { eventually } from '../../support/eventually.ts'
import { KubeApi } from '../../support/kube-api.ts'
import { managedOf } from '../../support/managed-objects.ts'
import { snapshotOf } from '../../support/meilisearch-objects.ts'
import { Meilisearches } from '../../support/meilisearch-process.ts'
import { recordingLogger } from '../../support/runtime/log.ts'

/** A loopback address of its own: managed servers always listen on 7700. */
const address = `127.${randomInt(1, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}`
const servers = new Meilisearches()
let api: KubeApi
let kube: KubeClient
let namespace: string
let events: string[]

beforeAll(async () => {
  api = await KubeApi.installed()
  kube = api.client(api.kubeconfig({ user: { token: await api.token({ namespace: 'meili-operator-system', name: 'meili-operator' }) } }))
})
afterAll(async () => {
  await servers[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})
beforeEach(async () => {
  namespace = await api.namespace()
  events = []
})
afterEach(async () => {
  await servers.killAll()
})

async function pass(name = 'movies'): Promise<(MeiliInstance & KubeObject) | undefined> {
  const all = await api.kube.listAll<MeiliInstance & KubeObject>(meiliInstances, { namespace })
  const snapshots = await api.kube.listAll<MeiliSnapshot & KubeObject>(meiliSnapshots, { namespace })
  const connections = new Connections(kube)
  const reconcile = reconcilerOf(instanceRoom({ kube, connections, instances: () => all, snapshots: () => snapshots, pollMs: 60_000, streaming: false, runsServers: true }), {
    get: () => all.find(({ metadata }) => metadata.name === name),
    kube,
    performer: new Performer({ kube, connections, isLeader: () => true }),
    record: (_, { type, reason, message }) => events.push(`${type} ${reason}: ${message}`),
    logger: recordingLogger().logger,
    nowMs: Date.now,
  })
  await reconcile(`${namespace}/${name}`)
  return (await api.kube.listAll<MeiliInstance & KubeObject>(meiliInstances, { namespace })).find(({ metadata }) => metadata.name === name)
}

/** Until a pass changes nothing any more. */
async function settle(name = 'movies'): Promise<MeiliInstance & KubeObject> {
  for (let round = 0; round < 12; round += 1) {
    const before = await look()
    const instance = await pass(name)
    if (instance !== undefined && JSON.stringify(await look()) === JSON.stringify(before)) return instance
  }
  throw new Error(`it does not settle: ${events.join('\n')}`)
}

const kinds: readonly Resource[] = [meiliInstances, statefulSets, services, persistentVolumeClaims, secrets, pods]
const look = async (): Promise<string[]> => (await Promise.all(kinds.map(async (kind) => await api.kube.listAll(kind, { namespace })))).flat().map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`)
const get = async <T = Record<string, any>>(resource: Resource, name: string): Promise<T & KubeObject> => (await api.kube.get(resource, { namespace, name })) as unknown as T & KubeObject // oxlint-disable-line typescript/no-explicit-any -- objects of every kind
const apply = async (managed: object = {}, spec: object = {}, name = 'movies'): Promise<string> => await api.kubectl.apply(managedOf({ namespace, name }, managed, spec))
const names = async (resource: Resource): Promise<string[]> => (await api.kube.listAll(resource, { namespace })).map(({ metadata }) => metadata.name).toSorted()
const applied = ({ status }: MeiliInstance): Condition | undefined => status?.conditions?.find(({ type }) => type === 'Applied')

/** The pod as the StatefulSet's controller would make it, and a server there. */
async function serve(name = 'movies'): Promise<void> {
  const set = await get(statefulSets, name)
  const { metadata, spec } = set['spec'].template
  await api.kube.updateStatus(statefulSets, { ...set, status: { observedGeneration: set.metadata.generation, replicas: 1, updateRevision: 'r1' } } as never)
  const pod = await api.kube.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: `${name}-0`, ...metadata, labels: { ...metadata.labels, 'controller-revision-hash': 'r1' } }, spec: { ...spec, nodeName: 'node-a' } } as never)
  await api.kube.updateStatus(pods, { ...(pod as object), status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }], conditions: [{ type: 'Ready', status: 'True' }] } } as never)
  const secret = await get<{ data: Record<string, string> }>(secrets, `${name}-keys`)
  await servers.start({ masterKey: Buffer.from(secret.data['MEILI_MASTER_KEY']!, 'base64').toString(), address: { host: address, port: 7700 } })
}

describe('made', () => {
  test('from the smallest object: claim, key, Service, StatefulSet; then keys and the Secret for applications; then nothing more', async () => {
    await apply()
    await settle()
    expect([await names(persistentVolumeClaims), await names(secrets), await names(services), await names(statefulSets)]).toEqual([['movies-data'], ['movies-keys'], ['movies'], ['movies']])
    await serve()
    const instance = await settle()
    expect(instance.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(['Ready=True', 'Applied=True', 'PodFound=True', 'Reachable=True', 'Authorized=True', 'SnapshotVolumeReady=False'])
    expect(Object.keys((await get<{ data: object }>(secrets, 'movies-connection')).data)).toEqual(['searchKey', 'url'])
    expect((await get(persistentVolumeClaims, 'movies-data')).metadata.annotations).toMatchObject({ 'meili-operator.dev/database-version': '1.21.0' })
    expect(events.map((event) => event.split(':')[0])).toEqual(['Normal Applying', 'Normal KeysPending', 'Warning ClaimNotBound', 'Normal Ready'])
  })

  test('is accepted with everything that can be said, and settles: nothing of it is taken for a change by somebody else', async () => {
    const { managedSpecs } = await import('../crd/complete-managed.ts')
    const { masterKeySecretRef: _, ...managed } = managedSpecs[0]!['managed'] as Record<string, unknown>
    await apply({ ...managed, resources: { requests: { cpu: '0.5', memory: '1024Mi' } }, env: [{ name: 'EMPTY', value: '' }, { name: 'MEILI_LOG_LEVEL', value: 'WARN' }] })
    await settle()
    expect(await names(persistentVolumeClaims)).toEqual(['movies-data', 'movies-scratch', 'movies-snapshots'])
    expect(events.filter((event) => /Drift|Refused/.test(event))).toEqual([])
  })

  test('its pod passes Pod Security "restricted"', async () => {
    await apply()
    await settle()
    await api.kubectl.run(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted'])
    const { metadata, spec } = (await get(statefulSets, 'movies'))['spec'].template
    await api.kube.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'try', labels: metadata.labels }, spec } as never, { dryRun: true })
  })
})

describe('what is not as it should be', () => {
  test('is put back and told once; what others added stays', async () => {
    await apply()
    await settle()
    await api.kubectl.run(['-n', namespace, 'annotate', 'service', 'movies', 'example.com/theirs=kept'])
    await api.kubectl.run(['-n', namespace, 'patch', 'statefulset', 'movies', '--type=merge', '-p', '{"spec":{"replicas":3,"template":{"metadata":{"annotations":{"example.com/theirs":"kept"}}}}}'])
    events = []
    await settle()
    const set = await get(statefulSets, 'movies')
    expect(set['spec']).toMatchObject({ replicas: 1, template: { metadata: { annotations: { 'example.com/theirs': 'kept' } } } })
    expect((await get(services, 'movies')).metadata.annotations?.['example.com/theirs']).toBe('kept')
    expect(events.filter((event) => event.includes('DriftFound'))).toEqual(['Warning DriftFound: Put back what somebody changed: spec.replicas of StatefulSet movies.'])
  })

  test('is made again where it is gone', async () => {
    await apply()
    await settle()
    await api.kubectl.run(['-n', namespace, 'delete', 'statefulset', 'movies'])
    await api.kubectl.run(['-n', namespace, 'delete', 'service', 'movies'])
    await settle()
    expect([await names(services), await names(statefulSets)]).toEqual([['movies'], ['movies']])
  })

  test('an object whose maker was cut off before its fields were ours is made ours', async () => {
    await apply()
    await settle()
    const instance = await get<MeiliInstance>(meiliInstances, 'movies')
    const { service } = await import('../../../src/instance/children.ts')
    await api.kubectl.run(['-n', namespace, 'delete', 'service', 'movies'])
    await kube.create(services, service(instance, instance.spec.managed!), { fieldManager: 'meili-operator' })
    await settle()
    const ours = (await get(services, 'movies')).metadata.managedFields?.filter(({ manager }) => manager === 'meili-operator').map(({ operation }) => operation)
    expect(ours).toEqual(['Apply'])
  })

  test('an object to which a controller of the cluster writes as soon as it is there is no refusal, and made ours all the same', async () => {
    const create = kube.create.bind(kube)
    using _ = vi.spyOn(kube, 'create').mockImplementation(async (resource, object, options) => {
      const made = await create(resource, object, options)
      await api.kube.patch(resource, made.metadata, { type: 'merge', body: { metadata: { annotations: { 'example.com/theirs': 'seen' } } } })
      return made
    })
    await apply()
    await settle()
    expect(events).toEqual([expect.stringMatching(/^Normal Applying: /)])
    for (const [resource, name] of [[statefulSets, 'movies'], [services, 'movies'], [persistentVolumeClaims, 'movies-data']] as const) {
      const { annotations, managedFields } = (await get(resource, name)).metadata
      expect(annotations?.['example.com/theirs']).toBe('seen')
      expect(managedFields?.filter(({ manager }) => manager === 'meili-operator').map(({ operation }) => operation), name).toEqual(['Apply'])
    }
  })

  test('a field that is no longer wanted goes', async () => {
    await apply({ nodeSelector: { disk: 'ssd' } })
    await settle()
    await api.kubectl.run(['-n', namespace, 'patch', 'meiliinstance', 'movies', '--type=json', '-p', '[{"op":"remove","path":"/spec/managed/nodeSelector"}]'])
    await settle()
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.nodeSelector).toBeUndefined()
  })

  test('a size that the class does not allow is refused in the words of the API server, with what to do, and told once', async () => {
    await apply()
    await settle()
    const claim = await get(persistentVolumeClaims, 'movies-data')
    await api.kube.updateStatus(persistentVolumeClaims, { ...claim, status: { phase: 'Bound', capacity: { storage: '1Gi' } } } as never)
    await apply({ storage: { size: '2Gi' } })
    events = []
    for (let round = 0; round < 4; round += 1) await pass()
    const { message = '' } = applied((await pass())!) ?? {}
    expect(message).toMatch(/forbidden: only dynamically provisioned pvc can be resized.* allow its StorageClass to expand volumes/)
    expect(events.filter((event) => event.includes('ObjectRefused')).length).toBeLessThanOrEqual(1)
  })
})

describe('the snapshot before an upgrade', () => {
  const bind = async (claimName: string): Promise<void> => {
    const claim = await get(persistentVolumeClaims, claimName)
    await api.kube.updateStatus(persistentVolumeClaims, { ...claim, status: { phase: 'Bound', capacity: { storage: '1Gi' } } } as never)
  }
  const destination = { claim: { name: 'safe' } }

  test('ten lines and a higher version: held without a MeiliSnapshot while the server serves, told once; it goes on when a destination is named', async () => {
    await apply()
    await settle()
    await bind('movies-data')
    await serve()
    await settle()
    events = []
    await apply({ version: '1.22.0' })
    const held = await settle()
    expect(held.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`).slice(0, 3)).toEqual(['Stalled=True UpgradeHeld', 'Ready=True Ready', 'Applied=False UpgradeHeld'])
    expect(held.status?.upgrade).toBeUndefined()
    expect(await names(meiliSnapshots)).toEqual([])
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.containers[0].image).toBe('getmeili/meilisearch:v1.21.0')
    expect(events.map((event) => event.split(':')[0])).toEqual(['Warning UpgradeHeld'])
    await apply({ version: '1.22.0', upgrade: { destination: { claim: { name: 'movies-data' } } } })
    expect(applied(await settle())?.message).toContain('upgrade.destination names claim movies-data, which holds the database itself')
    await apply({ version: '1.22.0', upgrade: { destination } })
    const { status, metadata } = await settle()
    expect(status?.upgrade).toMatchObject({ from: '1.21.0', to: '1.22.0', step: 'Snapshot', snapshot: `movies-before-1-22-0-${metadata.generation}` })
    const copy = await get<MeiliSnapshot>(meiliSnapshots, status?.upgrade?.snapshot ?? '')
    expect(copy.spec).toMatchObject({ source: { instanceRef: { name: 'movies' } }, destination, deletionPolicy: 'Delete' })
    expect(copy.metadata.labels).toMatchObject({ 'meili-operator.dev/instance-uid': metadata.uid, 'meili-operator.dev/upgrade-to': '1.22.0' })
  })

  /** As the operator makes them, and as they end. */
  async function copyBefore(to: string, uid: string): Promise<MeiliSnapshot & KubeObject> {
    const name = `movies-before-${to.replaceAll('.', '-')}-1`
    const labels = { 'meili-operator.dev/instance': 'movies', 'meili-operator.dev/instance-uid': uid, 'meili-operator.dev/upgrade-to': to }
    const made = snapshotOf({ namespace, name, instance: 'movies' }, { deletionPolicy: 'Delete' }) as KubeObject
    const snapshot = await api.kube.create(meiliSnapshots, { ...made, metadata: { ...made.metadata, labels } })
    return await api.kube.updateStatus<MeiliSnapshot & KubeObject>(meiliSnapshots, { ...snapshot, status: { observedGeneration: 1, phase: 'Completed' } } as never)
  }

  test('when an upgrade is done, the one of an earlier upgrade goes by the operator\'s own right, told once; its own, and one that is kept, stay', async () => {
    await apply()
    await settle()
    await serve()
    const instance = await settle()
    const { uid } = instance.metadata
    const first = await copyBefore('1.19.0', uid)
    await copyBefore('1.20.0', uid)
    await api.kubectl.run(['-n', namespace, 'patch', 'meilisnapshot', 'movies-before-1-20-0-1', '--type=merge', '-p', '{"spec":{"deletionPolicy":"Retain"}}'])
    await eventually('the next second to have begun', async () => await Promise.resolve(Date.now() >= Date.parse(first.metadata.creationTimestamp) + 2000 || undefined))
    const last = await copyBefore('1.21.0', uid)
    const upgrade = { from: '1.20.0', to: '1.21.0', step: 'Done', generation: 1, snapshot: last.metadata.name, startedAt: '2026-03-01T12:00:00Z', completedAt: '2026-03-01T12:01:00Z' }
    await api.kube.updateStatus(meiliInstances, { ...instance, status: { ...instance.status, upgrade } } as never)
    events = []
    const { status } = await settle()
    expect(await names(meiliSnapshots)).toEqual(['movies-before-1-20-0-1', 'movies-before-1-21-0-1'])
    expect(status?.upgrade).toEqual({ ...upgrade, superseded: ['movies-before-1-19-0-1'] })
    expect(events).toEqual(['Normal UpgradeSnapshotSuperseded: MeiliSnapshot movies-before-1-19-0-1 goes, with what it has stored: movies-before-1-21-0-1 is newer, and stays.'])
  })

  test('one that somebody changed since it was seen, or made anew, is not removed', async () => {
    const seen = await copyBefore('1.21.0', 'uid')
    await api.kubectl.run(['-n', namespace, 'label', 'meilisnapshot', seen.metadata.name, 'meili-operator.dev/upgrade-to-'])
    const now = await get(meiliSnapshots, seen.metadata.name)
    const performer = new Performer({ kube, connections: new Connections(kube), isLeader: () => true })
    const remove = async (uid: string, resourceVersion: string): Promise<unknown> => await performer.perform({ kind: 'DeleteSnapshot', name: seen.metadata.name, uid, resourceVersion }, { resource: meiliInstances, object: seen, writtenAt: undefined })
    await expect(remove(seen.metadata.uid, seen.metadata.resourceVersion)).rejects.toMatchObject({ name: 'Conflict' })
    await expect(remove('another', now.metadata.resourceVersion ?? '')).rejects.toMatchObject({ name: 'Conflict' })
    expect(await names(meiliSnapshots)).toEqual([seen.metadata.name])
    await remove(seen.metadata.uid, now.metadata.resourceVersion ?? '')
    await remove(seen.metadata.uid, now.metadata.resourceVersion ?? '')
    expect(await names(meiliSnapshots)).toEqual([])
  })
})

describe('a Secret that the roles do not name', () => {
  /** As the chart writes its roles for `rbac.secretNames`. */
  const restrict = async (verb: string, resourceNames: readonly string[] | undefined): Promise<void> => {
    const role = verb === 'get' ? 'meili-operator' : 'meili-operator-managed'
    const { rules } = await api.kubectl.json<{ rules: { resources: string[]; verbs: string[] }[] }>(['get', 'clusterrole', role])
    const changed = rules.map((rule) => (rule.resources.includes('secrets') && rule.verbs.includes(verb) ? { ...rule, resourceNames } : rule))
    await api.kubectl.run(['patch', 'clusterrole', role, '--type=merge', '-p', JSON.stringify({ rules: changed })])
    const may = resourceNames === undefined ? 'yes' : 'no'
    await eventually(`the right to ${verb} Secrets: ${may}`, async () => (await api.kubectl.run(['auth', 'can-i', verb, 'secrets/movies-keys', '-n', namespace, '--as', 'system:serviceaccount:meili-operator-system:meili-operator']).catch(() => 'no')).startsWith(may) || undefined)
  }
  afterEach(async () => {
    for (const verb of ['get', 'patch']) await restrict(verb, undefined)
  })

  test('is said with the value to change, nothing is made on a guess, and it goes on when it is named', async () => {
    await restrict('get', ['other'])
    await apply()
    const instance = await settle()
    expect(applied(instance)).toMatchObject({ status: 'False', reason: 'ObjectRefused' })
    expect(applied(instance)?.message).toMatch(/^Secret movies-keys cannot be read: .*is forbidden.* Where the chart's value rbac\.secretNames is a list, movies-keys has to be in it\. Secret movies-connection cannot be read: .* movies-connection has to be in it\.$/)
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
    expect(applied((await pass())!)?.message).toMatch(/^Secret movies-keys cannot be changed: .*is forbidden.* movies-keys has to be in it\.$/)
  })

  test('does not keep the instance from its end', async () => {
    await apply()
    await settle()
    await restrict('get', ['other'])
    await api.kubectl.run(['-n', namespace, 'delete', 'meiliinstance', 'movies', '--wait=false'])
    for (let round = 0; round < 4; round += 1) await pass()
    expect(await names(meiliInstances)).toEqual([])
  })
})

describe('what is not ours', () => {
  test.each([
    ['StatefulSet', statefulSets, { spec: { selector: { matchLabels: { a: 'b' } }, serviceName: 'x', template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } }],
    ['Service', services, { spec: { ports: [{ port: 1 }] } }],
    ['PersistentVolumeClaim', persistentVolumeClaims, { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
    ['Secret', secrets, { stringData: { MEILI_MASTER_KEY: 'theirs' } }],
  ] as const)('a %s of its name is named, and stays as it is', async (kind, resource, body) => {
    const name = resource === persistentVolumeClaims ? 'movies-data' : resource === secrets ? 'movies-keys' : 'movies'
    const theirs = await api.kube.create(resource, { apiVersion: resource.group === '' ? 'v1' : 'apps/v1', kind, metadata: { namespace, name }, ...body } as never)
    await apply()
    const { status } = await settle()
    expect(status?.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({ reason: 'NameTaken', message: expect.stringContaining(`${kind} ${name} exists and was not made for this MeiliInstance. It was not touched.`) as string })
    expect((await get(resource, name)).metadata.resourceVersion).toBe((theirs as KubeObject).metadata.resourceVersion)
  })

  test('one that comes in between look and write is not taken over either', async () => {
    await apply()
    await pass()
    const theirs = await api.kube.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'movies' }, spec: { ports: [{ name: 'http', port: 1 }] } } as never)
    const performer = new Performer({ kube, connections: new Connections(kube), isLeader: () => true })
    const { service } = await import('../../../src/instance/children.ts')
    const instance = await get<MeiliInstance>(meiliInstances, 'movies')
    await expect(performer.perform({ kind: 'Apply', child: service(instance, instance.spec.managed!) }, { resource: meiliInstances, object: instance, writtenAt: undefined })).rejects.toMatchObject({ name: 'Conflict', code: 'AlreadyExists' })
    expect((await get(services, 'movies')).metadata.resourceVersion).toBe((theirs as KubeObject).metadata.resourceVersion)
  })
})

describe('brought back by a backup tool', () => {
  /** As it comes back: a new object with name, labels and annotations, and without owners. */
  async function broughtBack(resource: Resource, name: string): Promise<void> {
    const { metadata: { labels, annotations }, status: _, ...rest } = await get(resource, name)
    await api.kubectl.run(['-n', namespace, 'delete', resource.plural, name])
    const { clusterIP: _ip, clusterIPs: _ips, ...spec } = (rest['spec'] ?? {}) as Record<string, unknown>
    await api.kube.create(resource, { ...rest, ...(rest['spec'] === undefined ? {} : { spec }), metadata: { namespace, name, labels, annotations } } as never, { fieldManager: 'velero' })
  }

  const children = [[statefulSets, 'movies'], [services, 'movies'], [secrets, 'movies-connection']] as const

  async function goneAndBack(managed: object = {}): Promise<void> {
    await apply(managed)
    await settle()
    await serve()
    await settle()
    await api.kubectl.run(['-n', namespace, 'patch', 'meiliinstance', 'movies', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'])
    await api.kubectl.run(['-n', namespace, 'delete', 'meiliinstance', 'movies'])
    for (const [resource, name] of children) await broughtBack(resource, name)
    const set = await get(statefulSets, 'movies')
    await api.kube.updateStatus(statefulSets, { ...set, status: { observedGeneration: set.metadata.generation, replicas: 1, updateRevision: 'r1' } } as never)
    events = []
  }

  test('is adopted: the same objects with an owner, the same pod, everything in place, and told once', async () => {
    await goneAndBack()
    const before = [(await get(pods, 'movies-0')).metadata.uid, ...(await Promise.all(children.map(async ([resource, name]) => (await get(resource, name)).metadata.uid)))]
    const { data } = await get<{ data: object }>(secrets, 'movies-connection')
    await apply()
    const { metadata, status } = await settle()
    expect(status?.conditions?.filter(({ type }) => type === 'Ready' || type === 'Applied').map(({ type, status: verdict }) => `${type}=${verdict}`)).toEqual(['Ready=True', 'Applied=True'])
    expect([(await get(pods, 'movies-0')).metadata.uid, ...(await Promise.all(children.map(async ([resource, name]) => (await get(resource, name)).metadata.uid)))]).toEqual(before)
    for (const [resource, name] of children) expect((await get(resource, name)).metadata.ownerReferences, name).toMatchObject([{ uid: metadata.uid, controller: true }])
    expect((await get<{ data: object }>(secrets, 'movies-connection')).data).toEqual(data)
    expect(events.filter((event) => event.includes('Adopting'))).toEqual(['Normal Adopting: Adopted, as nobody owns what was made for this MeiliInstance: StatefulSet movies, Service movies, Secret movies-connection.'])
  })

  test('is ours alone from then on: a field that is no longer wanted goes, though it came back with the rest', async () => {
    await goneAndBack({ nodeSelector: { disk: 'ssd' } })
    await apply({ nodeSelector: { disk: 'ssd' } })
    await settle()
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.nodeSelector).toEqual({ disk: 'ssd' })
    await api.kubectl.run(['-n', namespace, 'patch', 'meiliinstance', 'movies', '--type=json', '-p', '[{"op":"remove","path":"/spec/managed/nodeSelector"}]'])
    await settle()
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.nodeSelector).toBeUndefined()
  })

  test('is put right where it is not as it was applied; a Secret for applications that says otherwise is written anew', async () => {
    await goneAndBack()
    await api.kubectl.run(['-n', namespace, 'patch', 'service', 'movies', '--type=merge', '-p', '{"spec":{"selector":{"meili-operator.dev/instance":"other"}}}'])
    await api.kubectl.run(['-n', namespace, 'annotate', 'service', 'movies', 'example.com/theirs=kept'])
    await api.kubectl.run(['-n', namespace, 'patch', 'secret', 'movies-connection', '--type=merge', '-p', '{"stringData":{"url":"http://elsewhere","searchKey":"theirs"}}'])
    await apply()
    await settle()
    const service = await get(services, 'movies')
    expect(service['spec'].selector).toEqual({ 'meili-operator.dev/instance': 'movies' })
    expect(service.metadata.annotations).toMatchObject({ 'example.com/theirs': 'kept' })
    const { data } = await get<{ data: Record<string, string> }>(secrets, 'movies-connection')
    expect(Buffer.from(data['url'] ?? '', 'base64').toString()).toBe(`http://movies.${namespace}.svc:7700`)
    expect(Buffer.from(data['searchKey'] ?? '', 'base64').toString()).not.toBe('theirs')
  })
})

describe('a Service of somebody else', () => {
  const foreign = async (): Promise<Condition | undefined> => (await pass())?.status?.conditions?.find(({ type }) => type === 'ForeignService')

  test('that selects the pod is named while it does, and nothing else changes', async () => {
    await apply({ podLabels: { team: 'search' } })
    await settle()
    await serve()
    await settle()
    expect(await foreign()).toBeUndefined()
    events = []
    const theirs = await api.kube.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'team' }, spec: { selector: { team: 'search' }, ports: [{ port: 80, targetPort: 7700 }] } } as never)
    expect(await foreign()).toMatchObject({ status: 'True', message: expect.stringMatching(/: team\. .* out of podLabels/) as string })
    const { status } = await settle()
    expect(status?.conditions?.map(({ type, status: verdict }) => `${type}=${verdict}`)).toEqual(['Ready=True', 'Applied=True', 'ForeignService=True', 'PodFound=True', 'Reachable=True', 'Authorized=True', 'SnapshotVolumeReady=False'])
    expect(events.map((event) => event.split(':')[0])).toEqual(['Warning ForeignService'])
    expect((await get(services, 'team')).metadata.resourceVersion).toBe((theirs as KubeObject).metadata.resourceVersion)
    await api.kubectl.run(['-n', namespace, 'delete', 'service', 'team'])
    expect(await foreign()).toBeUndefined()
  })

  test('among many is found where it is one of the first 500 by name; the read ends there', async () => {
    await apply({ podLabels: { team: 'search' } })
    await settle()
    await serve()
    for (let from = 0; from < 120; from += 40) await api.kubectl.apply(...Array.from({ length: 40 }, (_, index) => ({ apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: `many-${from + index}` }, spec: { selector: { team: from + index === 119 ? 'search' : 'other' }, ports: [{ port: 80 }] } })))
    expect((await foreign())?.message).toContain(': many-119.')
  })
})

describe('the end', () => {
  const uids = async (): Promise<unknown[]> => [(await get(persistentVolumeClaims, 'movies-data')).metadata.uid, (await get(secrets, 'movies-keys')).metadata.uid, (await get<{ data: object }>(secrets, 'movies-keys')).data]

  test('Retain leaves claim and key without an owner, and says so; the next of that name takes them over with the same key', async () => {
    await apply()
    await settle()
    const before = await uids()
    await api.kubectl.run(['-n', namespace, 'delete', 'meiliinstance', 'movies', '--wait=false'])
    expect(await pass()).toBeUndefined()
    expect(events.at(-1)).toBe('Normal Retained: These stay: claim movies-data, Secret movies-keys. A MeiliInstance of this name takes them over.')
    for (const [resource, name] of [[persistentVolumeClaims, 'movies-data'], [secrets, 'movies-keys']] as const) expect((await get(resource, name)).metadata.ownerReferences).toBeUndefined()
    for (const resource of [statefulSets, services]) await api.kubectl.run(['-n', namespace, 'delete', resource.plural, 'movies'])
    await apply()
    await settle()
    expect(await uids()).toEqual(before)
  })

  test('Delete gives them an owner, and Retain takes it away again', async () => {
    const owners = async (): Promise<(string | undefined)[]> => [(await get(persistentVolumeClaims, 'movies-data')).metadata.ownerReferences?.[0]?.name, (await get(secrets, 'movies-keys')).metadata.ownerReferences?.[0]?.name]
    await apply({}, { deletionPolicy: 'Delete' })
    await settle()
    expect(await owners()).toEqual(['movies', 'movies'])
    await api.kubectl.run(['-n', namespace, 'patch', 'meiliinstance', 'movies', '--type=merge', '-p', '{"spec":{"deletionPolicy":"Retain"}}'])
    await settle()
    expect(await owners()).toEqual([undefined, undefined])
  })
})
