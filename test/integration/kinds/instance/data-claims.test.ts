// The instance's side of restores on a real API server, with the operator's own rights: which claim is served, that claim and replicas
// come in one write, what a cut between any two writes leaves, and a new server whose claim is filled first.
import { describe, expect, test, vi } from 'vitest'
import { dataGenerationAnnotation, meiliRestores, restoreUidLabel } from '../../../../src/api/restore.ts'
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../../src/api/restore.ts'
import { TransientError } from '../../../../src/errors.ts'
import { persistentVolumeClaims, pods, statefulSets } from '../../../../src/kube/resource.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { bootstrapRestoreName } from '../../../../src/reconcile/names/data-claim.ts'
import { childLabels } from '../../../../src/reconcile/names/objects.ts'
import { aRestore } from '../../../support/builders/restores.ts'
import { managedInstances } from '../../../support/meilisearch/managed-instances.ts'

const on = managedInstances()
const { apply, applied, get, names, settle } = on

async function claim(instance: MeiliInstance, name: string, generation?: number): Promise<void> {
  await on.api.kube.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace: on.namespace,
      name,
      labels: { ...childLabels(instance), [restoreUidLabel]: 'restore-uid' },
      ...(generation === undefined ? {} : { annotations: marks(generation) }),
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  } as never)
}
const marks = (generation: number): Record<string, string> => ({
  [dataGenerationAnnotation]: String(generation),
  'meili-operator.dev/database-version': '1.21.0',
})
async function annotate(name: string, annotations: Record<string, string | null>): Promise<void> {
  await on.api.kube.patch(
    persistentVolumeClaims,
    { namespace: on.namespace, name },
    { type: 'merge', body: { metadata: { annotations } } },
  )
}

async function phase(name: string, status: MeiliRestoreStatus): Promise<void> {
  const restore = await get<MeiliRestore>(meiliRestores, name)
  await on.api.kube.updateStatus(meiliRestores, { ...restore, status } as never)
}
async function restoreInPlace(status: MeiliRestoreStatus): Promise<void> {
  const { apiVersion, kind, metadata, spec } = aRestore()
  const { name } = metadata
  await on.api.kube.create(meiliRestores, {
    apiVersion,
    kind,
    metadata: { name, namespace: on.namespace },
    spec,
  } as never)
  await phase(name, status)
}

/** What the StatefulSet runs, and on which claim. */
async function runs(): Promise<{ replicas: number; claim: string }> {
  const { spec } = await get<{ spec: { replicas: number; template: { spec: { volumes: Volume[] } } } }>(
    statefulSets,
    'movies',
  )
  const data = spec.template.spec.volumes.find(({ name }) => name === 'data')
  return { replicas: spec.replicas, claim: data?.persistentVolumeClaim?.claimName ?? '' }
}
interface Volume {
  readonly name: string
  readonly persistentVolumeClaim?: { readonly claimName: string }
}

/** Each write of the operator, and a cut before one of them. */
function writes(cutBefore = Infinity): { readonly done: string[] } & Disposable {
  const done: string[] = []
  const spies = (['create', 'patch', 'updateStatus', 'delete'] as const).map((verb) => {
    const original = on.kube[verb].bind(on.kube) as (...call: unknown[]) => Promise<KubeObject>
    return vi.spyOn(on.kube, verb).mockImplementation(async (...call: unknown[]) => {
      if (done.length + 1 >= cutBefore) throw new TransientError('cut off')
      done.push(`${verb} ${(call[0] as { plural: string }).plural}`)
      return await original(...call)
    })
  })
  return { done, [Symbol.dispose]: () => spies.forEach((spy) => spy.mockRestore()) }
}

/** Served on the first claim; a restore has stopped the server and filled a second one. */
async function stoppedForExchange(): Promise<MeiliInstance> {
  await apply()
  const instance = await settle()
  await claim(instance, 'movies-data-2')
  await restoreInPlace({ phase: 'Stopping' })
  return await settle()
}

describe('an exchange', () => {
  test('stops the server, and brings claim and replicas back in one write', async () => {
    const stopped = await stoppedForExchange()
    expect(await runs()).toEqual({ replicas: 0, claim: 'movies-data' })
    expect(applied(stopped)).toMatchObject({ status: 'False', reason: 'Restoring' })
    expect(stopped.status?.conditions?.[0]).toMatchObject({ type: 'Reconciling', reason: 'Restoring' })
    await annotate('movies-data-2', marks(2))
    await phase('back', { phase: 'Starting' })
    using seen = writes()
    const instance = await settle()
    expect(seen.done.filter((write) => write.endsWith('statefulsets'))).toHaveLength(1)
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data-2' })
    expect(instance.status?.storage).toMatchObject([{ role: 'data', claimName: 'movies-data-2' }])
    expect(instance.status?.databaseClaims?.map(({ claimName }) => claimName)).toEqual(['movies-data', 'movies-data-2'])
    expect((await get(persistentVolumeClaims, 'movies-data-2')).metadata.annotations).toMatchObject(marks(2))
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('cut off before write %i it comes to the same end', async (cut) => {
    await stoppedForExchange()
    await annotate('movies-data-2', marks(2))
    await phase('back', { phase: 'Starting' })
    {
      using _ = writes(cut)
      await settle().catch((error: unknown) => {
        if (!(error instanceof TransientError)) throw error
      })
    }
    const between = await runs()
    expect([
      { replicas: 0, claim: 'movies-data' },
      { replicas: 1, claim: 'movies-data-2' },
    ]).toContainEqual(between)
    await settle()
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data-2' })
    expect((await get(persistentVolumeClaims, 'movies-data-2')).metadata.annotations).toMatchObject(marks(2))
  })

  test('back again it is the next number on the first claim', async () => {
    await stoppedForExchange()
    await annotate('movies-data-2', marks(2))
    await phase('back', { phase: 'Completed' })
    await settle()
    await annotate('movies-data', marks(3))
    await settle()
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data' })
  })

  test('a pod that comes on the claim from before is replaced', async () => {
    await apply()
    const instance = await settle()
    await on.serve()
    await settle()
    await claim(instance, 'movies-data-2', 2)
    await settle()
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data-2' })
    expect((await get(pods, 'movies-0')).metadata.deletionTimestamp).toBeDefined()
    expect((await get(persistentVolumeClaims, 'movies-data-2')).metadata.annotations).toMatchObject(marks(2))
  })
})

describe('a claim whose marks are wrong', () => {
  test('lost its annotation: the claim from before is not served, and it goes on when that is put back', async () => {
    await apply()
    const instance = await settle()
    await claim(instance, 'movies-data-2', 2)
    await settle()
    await annotate('movies-data-2', { [dataGenerationAnnotation]: null })
    expect(applied(await settle())).toMatchObject({ reason: 'DataClaimUnclear' })
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data-2' })
    await annotate('movies-data-2', marks(2))
    expect(applied(await settle())?.reason).not.toBe('DataClaimUnclear')
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data-2' })
  })

  test('two of one generation: neither is taken', async () => {
    await apply()
    const instance = await settle()
    await claim(instance, 'movies-data-2', 2)
    await claim(instance, 'movies-data-copy', 2)
    expect(applied(await settle())).toMatchObject({ reason: 'DataClaimUnclear' })
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data' })
  })
})

describe('bootstrap', () => {
  const bootstrap = { from: { snapshotRef: { name: 'nightly' } } }

  test('a MeiliRestore fills the claim before claim and server are made', async () => {
    await apply({ bootstrap, snapshots: { size: '1Gi' } })
    const begun = await settle()
    const name = bootstrapRestoreName(begun)
    expect(await names(meiliRestores)).toEqual([name])
    expect([await names(persistentVolumeClaims), await names(statefulSets)]).toEqual([['movies-snapshots'], []])
    expect(applied(begun)).toMatchObject({ reason: 'Bootstrapping' })
    await claim(begun, 'movies-data')
    await phase(name, { phase: 'Filling' })
    await settle()
    expect(await names(statefulSets)).toEqual([])
    await annotate('movies-data', marks(1))
    await phase(name, { phase: 'Completed', completedAt: '2026-11-30T03:00:00Z' })
    const done = await settle()
    expect(await runs()).toEqual({ replicas: 1, claim: 'movies-data' })
    expect(done.status?.bootstrap).toEqual({
      restore: name,
      from: 'MeiliSnapshot nightly',
      completedAt: '2026-11-30T03:00:00Z',
    })
  })

  test('a name that is taken is said, and nothing is made', async () => {
    await apply({ bootstrap, suspend: true })
    const instance = await get<MeiliInstance>(meiliInstances, 'movies')
    const { apiVersion, kind, spec } = aRestore()
    const metadata = { name: bootstrapRestoreName(instance), namespace: on.namespace }
    await on.api.kube.create(meiliRestores, { apiVersion, kind, metadata, spec } as never)
    expect(applied(await settle())).toMatchObject({
      reason: 'ObjectRefused',
      message: expect.stringContaining('exists and was not made for this MeiliInstance') as string,
    })
    expect(await names(statefulSets)).toEqual([])
  })
})
