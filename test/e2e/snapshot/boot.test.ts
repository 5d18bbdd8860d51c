// verification.mode Boot on a real cluster: a server is started on a copy of what was stored, in a pod with nothing but a volume of its own.
import type { V1Pod } from '@kubernetes/client-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { conditionNamed } from '../../../src/api/status/conditions.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { kubectl, ownWorld, readyOf } from '../support/world.ts'

describe('a snapshot that is verified by the engine', () => {
  const world = ownWorld()

  beforeAll(async () => {
    await (await world.serve('movies')).load(500)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })

  /** Nothing leaves the pods of this cluster: whether tasks waited is not what is tried here. */
  const boot = (more: object = {}): object => ({
    verification: { mode: 'Boot', boot: { egress: 'Denied', deadline: '5m', ...more } },
  })

  test('is good once the server serves what is on record, and says how long it took to come back', async () => {
    await world.snapshot('good', { instance: 'movies' }, boot())
    const { status } = await world.waitForCompletion('good')
    expect(status?.verification).toMatchObject({
      result: 'Passed',
      version: status?.artifact?.meilisearchVersion,
      documents: 500,
      compared: 1,
    })
    expect(status?.verification?.restoreDuration?.totalMs).toBeGreaterThan(0)
    await eventually('its pod, and with it the volume, to go', async () => {
      const args = ['-n', world.namespace, 'get', 'pods', '-l', 'meili-operator.dev/command=inspect']
      return (await kubectl.json<{ items: V1Pod[] }>(args)).items.length === 0 || undefined
    })
  })

  test('fails where a query finds too little, and the files stay', async () => {
    await world.snapshot(
      'asked',
      { instance: 'movies' },
      boot({ queries: [{ index: 'movies', q: 'zzzzzz', minHits: 1 }] }),
    )
    const failed = await world.until('asked', 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    const { status } = failed
    expect(readyOf(failed)).toMatchObject({ reason: 'VerificationFailed' })
    expect(conditionNamed(status?.conditions, 'ArtifactAvailable')?.status).toBe('True')
    expect(status?.artifact?.sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  test('stands by its archive where the memory of the server on the copy was too small, and says so', async () => {
    await world.snapshot('narrow', { instance: 'movies' }, boot({ resources: { limits: { memory: '12Mi' } } }))
    const { status } = await world.waitForCompletion('narrow')
    expect(status?.verification).toMatchObject({ result: 'Inconclusive', attempt: 1 })
    expect(status?.verification?.message).toContain(
      'ran out of memory (OOMKilled): its limit was 12Mi. More is spec.verification.boot.resources.limits.memory',
    )
    expect(conditionNamed(status?.conditions, 'BootVerified')).toMatchObject({
      status: 'False',
      reason: 'BootInconclusive',
    })
  })
})
