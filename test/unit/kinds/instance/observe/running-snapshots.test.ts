// Which snapshots a restart, an upgrade or the end of a managed server waits for.
import { expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { lookAtManaged } from '../../../../../src/kinds/instance/observe/managed.ts'
import { Connections } from '../../../../../src/perform/meilisearch-connections.ts'
import { instancesIn, snapshotsIn } from '../../../../support/builders/caches.ts'
import { aManagedInstance } from '../../../../support/builders/managed-observations.ts'
import { aSnapshot, artifact } from '../../../../support/builders/observations.ts'
import { KubeInMemory } from '../../../../support/kubernetes/kube-in-memory.ts'

const running = async (...snapshots: readonly MeiliSnapshot[]): Promise<readonly string[]> => {
  const kube = new KubeInMemory()
  const world = { kube, connections: new Connections(kube), ...instancesIn(), ipv6: false }
  return (await lookAtManaged({ ...world, snapshots: snapshotsIn(snapshots) }, aManagedInstance(), [])).runningSnapshots
}

test('those that have asked it, but not one that is stored and started on a copy of its own', async () => {
  const source = { instanceRef: { name: 'movies' } }
  const of = (name: string, status: object): MeiliSnapshot => aSnapshot({ name, spec: { source }, status })
  const request = { attempt: 1, posts: 1 }
  const verification = { mode: 'Boot', attempt: 1, jobName: 'boot-1', image: 'getmeili/meilisearch@sha256:1' }
  const all = [
    of('queued', { phase: 'Pending' }),
    of('asked', { phase: 'Moving', request }),
    of('booting', { phase: 'Verifying', request, artifact, verification }),
  ]
  expect(await running(...all)).toEqual(['asked'])
})
