// The exchange of a server's data on a real API server, by both kinds with the operator's own rights; the test is StatefulSet controller and kubelet.
// Once with a server that really serves, there and back; and cut off before each write in turn.
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { meiliInstances } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import {
  dataGenerationAnnotation,
  meiliRestores,
  restoredFromAnnotation,
  restoreFinalizer,
  restoreUidLabel,
} from '../../../../src/api/restore.ts'
import type { MeiliRestore } from '../../../../src/api/restore.ts'
import { TransientError } from '../../../../src/errors.ts'
import { restoreKind } from '../../../../src/kinds/restore/controller.ts'
import { persistentVolumeClaims, pods, statefulSets } from '../../../../src/kube/resource.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { Connections } from '../../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../../src/perform/perform.ts'
import { childLabels } from '../../../../src/reconcile/names/objects.ts'
import { reconcilerOf } from '../../../../src/reconcile/reconciler.ts'
import { instancesIn, snapshotsIn } from '../../../support/builders/caches.ts'
import { filled } from '../../../support/builders/exchanges.ts'
import { aRestore } from '../../../support/builders/restores.ts'
import { managedInstances } from '../../../support/meilisearch/managed-instances.ts'
import { recordingLogger } from '../../../support/runtime/log.ts'

const on = managedInstances()
const { apply, get, settle } = on
/** How far our clock has gone ahead of the real one. */
let aheadMs = 0

beforeEach(() => {
  aheadMs = 0
})

const theRestore = async (): Promise<MeiliRestore & KubeObject> => await get<MeiliRestore>(meiliRestores, 'back')
const phase = async (): Promise<string | undefined> => (await theRestore()).status?.phase

async function restorePass(): Promise<void> {
  const { kube, namespace } = on
  const all = await on.api.kube.listAll<MeiliInstance & KubeObject>(meiliInstances, { namespace })
  const restores = await on.api.kube.listAll<MeiliRestore & KubeObject>(meiliRestores, { namespace })
  const connections = new Connections(kube)
  const performer = new Performer({ kube, connections, isLeader: () => true, record: () => undefined })
  aheadMs += 3000
  const reconcile = reconcilerOf(
    restoreKind({
      kube,
      connections,
      ...instancesIn(all, restores),
      restores: { ofTarget: () => restores },
      snapshots: snapshotsIn(),
      podsOf: () => [],
      runsServers: true,
      moverImage: 'mover',
      imagePullSecrets: [],
    }),
    {
      get: () => restores.find(({ metadata }) => metadata.name === 'back'),
      kube,
      perform: performer.perform.bind(performer),
      record: () => undefined,
      logger: recordingLogger().logger,
      nowMs: () => Date.now() + aheadMs,
    },
  )
  await reconcile(`${namespace}/back`)
}

/** A server, and a restore that has filled another claim for it. */
async function aServerWithRestore(managed: object = {}): Promise<void> {
  await apply(managed)
  const instance = await settle()
  const { apiVersion, kind, spec } = aRestore()
  const restore = await on.api.kube.create<MeiliRestore & KubeObject>(meiliRestores, {
    apiVersion,
    kind,
    metadata: { name: 'back', namespace: on.namespace, finalizers: [restoreFinalizer] },
    spec,
  } as never)
  const { metadata } = await on.api.kube.create<KubeObject>(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace: on.namespace,
      name: 'movies-data-2',
      labels: { ...childLabels(instance), [restoreUidLabel]: restore.metadata.uid },
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  } as never)
  const resolved = { ...filled.resolved!, indexes: 0, documents: 0 }
  const fill = { ...filled.fill!, claimUid: metadata.uid ?? '' }
  await on.api.kube.updateStatus(meiliRestores, { ...restore, status: { ...filled, resolved, fill } })
}

/** What the StatefulSet's controller and the kubelet do: one pod where one is wanted. */
async function cluster(): Promise<void> {
  const set = await get<{ spec: { replicas: number }; status: { replicas?: number } }>(statefulSets, 'movies')
  const ref = { namespace: on.namespace, name: 'movies-0' }
  const pod = await on.api.kube.find(pods, ref)
  if (set.spec.replicas === 1 && pod === undefined) return await on.serve()
  if (set.spec.replicas === 0 && pod !== undefined) {
    await on.servers.killAll()
    await on.api.kubectl.run(['-n', on.namespace, 'delete', 'pod', 'movies-0', '--force', '--grace-period=0'])
  }
  if (set.spec.replicas === 0) {
    const status = { observedGeneration: set.metadata.generation, replicas: 0 }
    await on.api.kube.updateStatus(statefulSets, { ...set, status } as never)
  }
}

async function live(): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    await restorePass()
    await settle()
    await cluster()
    if (['Completed', 'RolledBack', 'Failed'].includes((await phase()) ?? '')) return
  }
}

async function claimOfPod(): Promise<string | undefined> {
  const { spec } = await get<{ spec: { volumes: { name: string; persistentVolumeClaim?: { claimName: string } }[] } }>(
    pods,
    'movies-0',
  )
  return spec.volumes.find(({ name }) => name === 'data')?.persistentVolumeClaim?.claimName
}

const marksOf = async (name: string): Promise<Readonly<Record<string, string>>> =>
  (await get<KubeObject>(persistentVolumeClaims, name)).metadata.annotations ?? {}

test(
  'a server is stopped, exchanged, started and compared; and put back by one word',
  { timeout: 180_000 },
  async () => {
    await aServerWithRestore()
    await on.serve()
    await settle()
    await live()
    const { status, metadata } = await theRestore()
    expect(status).toMatchObject({
      phase: 'Completed',
      restored: { version: '1.21.0', indexes: 0, documents: 0, compared: 0 },
      oldData: { claimName: 'movies-data', generation: 1 },
    })
    expect(status?.switched?.downtimeMs).toBeGreaterThan(0)
    expect(metadata.finalizers ?? []).toEqual([])
    expect(await claimOfPod()).toBe('movies-data-2')
    expect(await marksOf('movies-data-2')).toMatchObject({
      [dataGenerationAnnotation]: '2',
      [restoredFromAnnotation]: expect.stringContaining('"restore":"back"') as string,
    })

    await on.api.kubectl.run([
      '-n',
      on.namespace,
      'patch',
      'meilirestore',
      'back',
      '--type=merge',
      '-p',
      '{"spec":{"rollback":true}}',
    ])
    for (let round = 0; round < 3 && (await phase()) === 'Completed'; round += 1) await restorePass()
    await live()
    const back = (await theRestore()).status
    expect(back).toMatchObject({
      phase: 'RolledBack',
      rollback: { cause: 'Asked', to: { claimName: 'movies-data', generation: 3 } },
      oldData: { claimName: 'movies-data-2', generation: 2 },
    })
    expect(await claimOfPod()).toBe('movies-data')
    expect((await marksOf('movies-data'))[dataGenerationAnnotation]).toBe('3')
  },
)

describe('cut off before a write', () => {
  function cutBefore(write: number): { readonly count: () => number } & Disposable {
    let count = 0
    const spies = (['create', 'patch', 'updateStatus', 'delete'] as const).map((verb) => {
      const original = on.kube[verb].bind(on.kube) as (...call: unknown[]) => Promise<KubeObject>
      return vi.spyOn(on.kube, verb).mockImplementation(async (...call: unknown[]) => {
        count += 1
        if (count === write) throw new TransientError('cut off')
        return await original(...call)
      })
    })
    return { count: () => count, [Symbol.dispose]: () => spies.forEach((spy) => spy.mockRestore()) }
  }

  const quietly = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (!(error instanceof TransientError)) throw error
    })
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('%i, it comes to the same end', async (write) => {
    await aServerWithRestore({ suspend: true })
    await cluster()
    using cut = cutBefore(write)
    for (let round = 0; round < 12 && (await phase()) !== 'Completed'; round += 1) {
      await quietly(restorePass())
      await quietly(settle())
      await cluster()
    }
    await quietly(restorePass())
    expect(cut.count()).toBeGreaterThanOrEqual(write)
    const { status, metadata } = await theRestore()
    expect(status).toMatchObject({
      phase: 'Completed',
      switched: { to: { claimName: 'movies-data-2', generation: 2 } },
    })
    expect(metadata.finalizers ?? []).toEqual([])
    expect((await marksOf('movies-data-2'))[dataGenerationAnnotation]).toBe('2')
    expect((await marksOf('movies-data'))[dataGenerationAnnotation]).toBeUndefined()
    const { spec } = await get<{ spec: { replicas: number } }>(statefulSets, 'movies')
    expect(spec.replicas).toBe(0)
  })
})
