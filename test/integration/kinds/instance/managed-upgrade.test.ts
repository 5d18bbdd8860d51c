// The snapshot before an upgrade on a real API server, by the operator's own rights: where it goes, why it is held, and which ones go.
import { describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliSnapshot } from '../../../../src/api/snapshot.ts'
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { persistentVolumeClaims, statefulSets } from '../../../../src/kube/resource.ts'
import { Connections } from '../../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../../src/perform/perform.ts'
import { eventually } from '../../../support/kubernetes/eventually.ts'
import { managedInstances } from '../../../support/meilisearch/managed-instances.ts'
import { snapshotOf } from '../../../support/meilisearch/objects.ts'

const on = managedInstances()
const { apply, applied, get, names, serve, settle } = on

describe('the snapshot before an upgrade', () => {
  const bind = async (claimName: string): Promise<void> => {
    const claim = await get(persistentVolumeClaims, claimName)
    await on.api.kube.updateStatus(persistentVolumeClaims, {
      ...claim,
      status: { phase: 'Bound', capacity: { storage: '1Gi' } },
    } as never)
  }
  const destination = { claim: { name: 'safe' } }

  test('ten lines and a higher version: held without a MeiliSnapshot while the server serves, reported once; it goes on when a destination is named', async () => {
    await apply()
    await settle()
    await bind('movies-data')
    await serve()
    await settle()
    on.events = []
    await apply({ version: '1.22.0' })
    const held = await settle()
    expect(
      held.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`).slice(0, 3),
    ).toEqual(['Stalled=True UpgradeHeld', 'Ready=True Ready', 'Applied=False UpgradeHeld'])
    expect(held.status?.upgrade).toBeUndefined()
    expect(await names(meiliSnapshots)).toEqual([])
    expect((await get(statefulSets, 'movies'))['spec'].template.spec.containers[0].image).toBe(
      'getmeili/meilisearch:v1.21.0',
    )
    expect(on.events.map((event) => event.split(':')[0])).toEqual(['Warning UpgradeHeld'])
    await apply({ version: '1.22.0', upgrade: { destination: { claim: { name: 'movies-data' } } } })
    expect(applied(await settle())?.message).toContain(
      'upgrade.destination names claim movies-data, which holds the database itself',
    )
    await apply({ version: '1.22.0', upgrade: { destination } })
    const { status, metadata } = await settle()
    expect(status?.upgrade).toMatchObject({
      from: '1.21.0',
      to: '1.22.0',
      step: 'Snapshot',
      snapshot: `movies-before-1-22-0-${metadata.uid.slice(0, 8)}-${metadata.generation}`,
    })
    const copy = await get<MeiliSnapshot>(meiliSnapshots, status?.upgrade?.snapshot ?? '')
    expect(copy.spec).toMatchObject({
      source: { instanceRef: { name: 'movies' } },
      destination,
      deletionPolicy: 'Delete',
    })
    expect(copy.metadata.labels).toMatchObject({
      'meili-operator.dev/instance-uid': metadata.uid,
      'meili-operator.dev/upgrade-to': '1.22.0',
    })
  })

  const nameBefore = (to: string, uid: string): string =>
    `movies-before-${to.replaceAll('.', '-')}-${uid.slice(0, 8)}-1`

  /** As the operator makes them, and as they end. */
  async function copyBefore(to: string, uid: string): Promise<MeiliSnapshot & KubeObject> {
    const name = nameBefore(to, uid)
    const labels = {
      'meili-operator.dev/instance': 'movies',
      'meili-operator.dev/instance-uid': uid,
      'meili-operator.dev/upgrade-to': to,
    }
    const made = snapshotOf(
      { namespace: on.namespace, name, instance: 'movies' },
      { deletionPolicy: 'Delete' },
    ) as KubeObject
    const snapshot = await on.api.kube.create(meiliSnapshots, { ...made, metadata: { ...made.metadata, labels } })
    return await on.api.kube.updateStatus<MeiliSnapshot & KubeObject>(meiliSnapshots, {
      ...snapshot,
      status: { observedGeneration: 1, phase: 'Completed' },
    } as never)
  }

  test("when an upgrade is done, the one of an earlier upgrade goes by the operator's own right, reported once; its own, and one that is kept, stay", async () => {
    await apply()
    await settle()
    await serve()
    const instance = await settle()
    const { uid } = instance.metadata
    const first = await copyBefore('1.19.0', uid)
    await copyBefore('1.20.0', uid)
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'meilisnapshot',
      nameBefore('1.20.0', uid),
      '--type=merge',
      '-p',
      '{"spec":{"deletionPolicy":"Retain"}}',
    ])
    await eventually(
      'the next second to have begun',
      async () => await Promise.resolve(Date.now() >= Date.parse(first.metadata.creationTimestamp) + 2000 || undefined),
    )
    const last = await copyBefore('1.21.0', uid)
    const upgrade = {
      from: '1.20.0',
      to: '1.21.0',
      step: 'Done',
      generation: 1,
      snapshot: last.metadata.name,
      startedAt: '2026-03-01T12:00:00Z',
      completedAt: '2026-03-01T12:01:00Z',
    }
    await on.api.kube.updateStatus(meiliInstances, { ...instance, status: { ...instance.status, upgrade } } as never)
    on.events = []
    const { status } = await settle()
    expect(await names(meiliSnapshots)).toEqual([nameBefore('1.20.0', uid), nameBefore('1.21.0', uid)])
    expect(status?.upgrade).toEqual({ ...upgrade, earlierSnapshots: [nameBefore('1.19.0', uid)] })
    expect(on.events).toEqual([
      `Normal UpgradeSnapshotDeleted: Deleting MeiliSnapshot ${nameBefore('1.19.0', uid)} and its stored files: ${nameBefore('1.21.0', uid)} is newer and stays.`,
    ])
  })

  test('one that somebody changed since it was seen, or made anew, is not removed', async () => {
    const seen = await copyBefore('1.21.0', 'uid')
    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'label',
      'meilisnapshot',
      seen.metadata.name,
      'meili-operator.dev/upgrade-to-',
    ])
    const now = await get(meiliSnapshots, seen.metadata.name)
    const performer = new Performer({
      kube: on.kube,
      connections: new Connections(on.kube),
      isLeader: () => true,
      record: () => undefined,
    })
    const remove = async (uid: string, resourceVersion: string): Promise<unknown> =>
      await performer.perform(
        { kind: 'DeleteSnapshot', name: seen.metadata.name, uid, resourceVersion },
        { resource: meiliInstances, object: seen, writtenAt: undefined },
      )
    await expect(remove(seen.metadata.uid, seen.metadata.resourceVersion)).rejects.toMatchObject({ name: 'Conflict' })
    await expect(remove('another', now.metadata.resourceVersion ?? '')).rejects.toMatchObject({ name: 'Conflict' })
    expect(await names(meiliSnapshots)).toEqual([seen.metadata.name])
    await remove(seen.metadata.uid, now.metadata.resourceVersion ?? '')
    await remove(seen.metadata.uid, now.metadata.resourceVersion ?? '')
    expect(await names(meiliSnapshots)).toEqual([])
  })
})
