// Which claim is the data, on a real API server and with the operator's own rights: one write exchanges it, and what the instance's ladder applies later keeps it.
import { describe, expect, test } from 'vitest'
import { databaseVersionAnnotation, meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import { dataGenerationAnnotation, restoredFromAnnotation } from '../../../../src/api/restore.ts'
import { Conflict } from '../../../../src/errors.ts'
import { claims } from '../../../../src/kinds/instance/children/children.ts'
import { persistentVolumeClaims } from '../../../../src/kube/resource.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { Connections } from '../../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../../src/perform/perform.ts'
import type { ClaimSeen, Effect, Fact } from '../../../../src/reconcile/decision.ts'
import { readClocks } from '../../../../src/runtime/clocks.ts'
import { managedInstances } from '../../../support/meilisearch/managed-instances.ts'

const on = managedInstances()
const { apply, get, settle } = on
const data = 'movies-data'

async function perform(effect: Effect): Promise<Fact | undefined> {
  const performer = new Performer({
    kube: on.kube,
    connections: new Connections(on.kube),
    isLeader: () => true,
    record: () => undefined,
  })
  const object = await get<MeiliInstance>(meiliInstances, 'movies')
  return await performer.perform(effect, { resource: meiliInstances, object, writtenAt: readClocks() })
}

async function seen(name = data): Promise<ClaimSeen> {
  const { uid, resourceVersion } = (await get<KubeObject>(persistentVolumeClaims, name)).metadata
  return { name, uid: uid ?? '', resourceVersion: resourceVersion ?? '' }
}

const annotations = async (): Promise<unknown> => (await get(persistentVolumeClaims, data)).metadata.annotations

async function aServer(): Promise<void> {
  await apply()
  await settle()
}

describe('SwitchData', () => {
  const switched = { [dataGenerationAnnotation]: '2', [restoredFromAnnotation]: '{}' }

  test('the claim says it afterwards, and goes on saying it whatever the instance’s ladder applies to it', async () => {
    await aServer()
    await perform({
      kind: 'SwitchData',
      claim: await seen(),
      generation: 2,
      restoredFrom: '{}',
      databaseVersion: '1.20.0',
    })
    expect(await annotations()).toMatchObject({ ...switched, [databaseVersionAnnotation]: '1.20.0' })
    const instance = await get<MeiliInstance>(meiliInstances, 'movies')
    const { managed } = instance.spec
    for (const version of ['1.21.0', undefined]) {
      const [child] = claims(instance, managed!, { databaseVersion: version })
      await perform({ kind: 'Apply', child: child!, uid: (await seen()).uid, adopts: true })
      expect(await annotations()).toMatchObject(switched)
    }
  })

  test('a claim that was changed, or is another one, is a conflict and stays as it is', async () => {
    await aServer()
    const before = await seen()
    await perform({ kind: 'SwitchData', claim: before, generation: 2 })
    const there = await annotations()
    await expect(perform({ kind: 'SwitchData', claim: before, generation: 3 })).rejects.toBeInstanceOf(Conflict)
    expect(await annotations()).toEqual(there)
    const after = await seen()
    const unprotected = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}']
    await on.api.kubectl.run(['-n', on.namespace, 'patch', 'persistentvolumeclaim', data, ...unprotected])
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'persistentvolumeclaim', data])
    await settle()
    await expect(perform({ kind: 'SwitchData', claim: after, generation: 3 })).rejects.toBeInstanceOf(Conflict)
    await expect(perform({ kind: 'DeleteClaim', claim: after })).rejects.toBeInstanceOf(Conflict)
    expect(await annotations()).not.toHaveProperty([dataGenerationAnnotation])
  })

  test('a claim that is gone is a refusal', async () => {
    await aServer()
    const claim = { ...(await seen()), name: 'movies-data-9' }
    expect(await perform({ kind: 'SwitchData', claim, generation: 2 })).toMatchObject({ kind: 'Refused' })
  })
})

describe('DeleteClaim', () => {
  test('a claim that has become the data since it was seen stays; as it was seen it goes', async () => {
    await aServer()
    const before = await seen()
    await perform({ kind: 'SwitchData', claim: before, generation: 2 })
    await expect(perform({ kind: 'DeleteClaim', claim: before })).rejects.toBeInstanceOf(Conflict)
    expect((await get(persistentVolumeClaims, data)).metadata.deletionTimestamp).toBeUndefined()
    await perform({ kind: 'DeleteClaim', claim: await seen() })
    const there = await on.api.kube.find<KubeObject>(persistentVolumeClaims, { namespace: on.namespace, name: data })
    expect(there === undefined || there.metadata.deletionTimestamp !== undefined).toBe(true)
  })
})
