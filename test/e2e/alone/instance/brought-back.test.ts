// A backup tool brings a server that the operator runs back, on the real cluster: objects without owners are one again.
import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { managedOf } from '../../../support/meilisearch/managed-objects.ts'
import { kubectl, scaleOperator } from '../../support/world.ts'
import { managedServers, restrictedWorld } from '../../support/managed-servers.ts'

const world = restrictedWorld()
afterAll(async () => {
  await scaleOperator(1)
})

const { documents, events, patch, pod } = managedServers(world)

describe('brought back by a backup tool', () => {
  interface Stored {
    readonly apiVersion: string
    readonly kind: string
    readonly metadata: {
      readonly name: string
      readonly labels: object
      readonly annotations: object
      readonly ownerReferences?: readonly { readonly uid: string }[]
    }
    readonly spec?: Record<string, unknown>
  }
  const children = [
    ['statefulset', 'restored'],
    ['service', 'restored'],
    ['secret', 'restored-connection'],
  ] as const
  const readChildren = async (): Promise<Stored[]> =>
    await Promise.all(
      children.map(async ([kind, name]) => await kubectl.json<Stored>(['-n', world.namespace, 'get', kind, name])),
    )

  /** Velero keeps names, labels and annotations; owners, uids and status are gone. */
  function withoutOwners({
    metadata: { name, labels, annotations },
    spec,
    ...object
  }: Stored & { status?: unknown }): object {
    const { clusterIP: _ip, clusterIPs: _ips, ...rest } = spec ?? {}
    return {
      ...object,
      status: undefined,
      metadata: { namespace: world.namespace, name, labels, annotations },
      ...(spec === undefined ? {} : { spec: rest }),
    }
  }

  test('objects without owners and an instance without a status are one again: the pod runs on, and an Event says what was adopted', async () => {
    await (await world.run('restored')).load(100)
    const [before, exported] = [await pod('restored'), await readChildren()]
    await scaleOperator(0)
    await patch('meiliinstance', 'restored', { metadata: { finalizers: null } })
    for (const [kind, name] of [['meiliinstance', 'restored'], ...children] as const)
      await kubectl.run(['-n', world.namespace, 'delete', kind, name, '--cascade=orphan', '--timeout=60s'])
    await kubectl.apply(...exported.map(withoutOwners), managedOf({ namespace: world.namespace, name: 'restored' }))
    await scaleOperator(1)
    const { metadata } = await world.instanceReady('restored')
    for (const child of await readChildren())
      expect(
        child.metadata.ownerReferences?.map(({ uid }) => uid),
        child.kind,
      ).toEqual([metadata.uid])
    expect((await pod('restored'))?.metadata.uid).toBe(before?.metadata.uid)
    expect(await documents('restored')).toBe(100)
    expect((await events('restored')).match(/Adopting: .*/g)).toEqual([
      'Adopting: Adopted StatefulSet restored, Service restored, Secret restored-connection: made for this MeiliInstance, and without an owner.',
    ])
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'restored', '--timeout=60s'])
    await eventually('the pod to be gone', async () => ((await pod('restored')) === undefined ? true : undefined))
  })
})
