// Services of others that select the pod of a server that we run: which do, and what is said of them.
import type { V1Service } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { selectsPod } from '../../../../../src/kinds/instance/children/selected-by.ts'
import { lookAtManaged } from '../../../../../src/kinds/instance/observe/managed.ts'
import { services } from '../../../../../src/kube/resource.ts'
import { Connections } from '../../../../../src/perform/meilisearch-connections.ts'
import { KubeInMemory } from '../../../../support/kubernetes/kube-in-memory.ts'
import { aManagedInstance, managedVerdict, serverPod } from '../../../../support/builders/managed-observations.ts'
import { instancesIn, snapshotsIn } from '../../../../support/builders/caches.ts'

const pod = serverPod({
  metadata: {
    labels: {
      'meili-operator.dev/instance': 'movies',
      team: 'search',
      'statefulset.kubernetes.io/pod-name': 'movies-0',
    },
  },
})
const serviceWith = (spec: V1Service['spec']): V1Service => (spec === undefined ? {} : { spec })

describe('a Service', () => {
  test.each<[string, V1Service['spec'], boolean]>([
    ['that goes by a label of podLabels', { selector: { team: 'search' } }, true],
    ['that goes by our own label', { selector: { 'meili-operator.dev/instance': 'movies' } }, true],
    ["that goes by the pod's name", { selector: { 'statefulset.kubernetes.io/pod-name': 'movies-0' } }, true],
    ['that wants one label more', { selector: { team: 'search', tier: 'web' } }, false],
    ['without a selector', {}, false],
    ['with an empty selector', { selector: {} }, false],
    [
      'that is a name for another host',
      { type: 'ExternalName', externalName: 'example.com', selector: { team: 'search' } },
      false,
    ],
    [
      "of the official chart's release of that name",
      { selector: { 'app.kubernetes.io/name': 'meilisearch', 'app.kubernetes.io/instance': 'movies' } },
      false,
    ],
  ])('%s', (_, spec, selects) => expect(selectsPod(serviceWith(spec), pod)).toBe(selects))
})

describe('ForeignService', () => {
  const foreignService = (
    selectedBy: readonly string[],
  ): { status: string; reason: string; message: string } | undefined =>
    managedVerdict({ managed: { selectedBy } }).status.conditions?.find(({ type }) => type === 'ForeignService')

  test('is absent where our own Service alone selects the pod', () => {
    expect(foreignService(['movies'])).toBeUndefined()
    expect(foreignService([])).toBeUndefined()
  })

  test('names them, and holds nothing up', () => {
    expect(foreignService(['movies', 'edge'])).toMatchObject({
      status: 'True',
      reason: 'ForeignService',
      message: expect.stringContaining(': edge. Give them a selector') as string,
    })
    expect(managedVerdict({ managed: { selectedBy: ['edge'] } })).toMatchObject({
      reason: 'Applied',
      ready: 'True Ready',
      progress: undefined,
      effects: [],
    })
  })

  test('names three of many, always the same', () => {
    const many = Array.from({ length: 200 }, (_, index) => `edge-${String(index).padStart(3, '0')}`)
    expect(foreignService(many)?.message).toContain(': edge-000, edge-001, edge-002 and 197 more.')
    expect(foreignService(many.toReversed())).toEqual(foreignService(many))
  })
})

describe('what is read', () => {
  const look = async (kube: KubeInMemory, pods = [pod]): Promise<readonly string[]> =>
    (
      await lookAtManaged(
        { kube, connections: new Connections(kube), ...instancesIn(), snapshots: snapshotsIn(), ipv6: false },
        aManagedInstance(),
        pods,
      )
    ).selectedBy

  test('names of those that select the pod; nothing where there is none', async () => {
    const kube = new KubeInMemory()
    for (const [name, selector] of Object.entries({ edge: { team: 'search' }, other: { team: 'web' } }))
      kube.lay(services, { metadata: { namespace: 'shop', name }, spec: { selector } } as never)
    expect(await look(kube)).toEqual(['edge'])
    expect(await look(kube, [])).toEqual([])
  })

  test('of thousands of Services some pages, and no more', async () => {
    const kube = new KubeInMemory()
    let pages = 0
    kube.list = ({ plural }) => {
      const item = { metadata: { namespace: 'shop', name: `edge-${pages}` }, spec: { selector: { team: 'search' } } }
      if (plural === services.plural) pages += 1
      return Promise.resolve({
        metadata: { resourceVersion: '1', ...(plural === services.plural ? { continue: 'more' } : {}) },
        items: plural === services.plural ? [item] : [],
      } as never)
    }
    expect(await look(kube)).toHaveLength(10)
    expect(pages).toBe(10)
  })
})
