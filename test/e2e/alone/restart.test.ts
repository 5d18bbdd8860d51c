// The operator goes away in the middle and comes back, or is there twice: one request on record for each task, one artifact.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { installYaml, kubectl, operatorNamespace, ownWorld, scaleOperator, toolbox } from '../support/world.ts'
import type { Server } from '../support/world.ts'

describe('one object, one artifact', () => {
  const world = ownWorld()
  let server: Server

  beforeAll(async () => {
    server = await world.serve('movies')
    await server.load(20_000)
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })
  afterAll(async () => {
    await scaleOperator(1)
  })

  /** Artifacts and left-overs of one snapshot on the claim. */
  async function listArtifacts({ metadata }: MeiliSnapshot): Promise<string[]> {
    const output = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'backups' },
      `ls -A /backup/movies | grep ${metadata.name}- || true`,
    )
    return output.trim().split('\n')
  }

  async function tasksFor(run: () => Promise<MeiliSnapshot>): Promise<{ snapshot: MeiliSnapshot; tasks: number }> {
    const before = (await server.api.snapshotTasks()).length
    const snapshot = await run()
    return { snapshot, tasks: (await server.api.snapshotTasks()).length - before }
  }

  test('gone in the middle of the task', async () => {
    const { snapshot, tasks } = await tasksFor(async () => {
      await world.snapshot('task', { instance: 'movies' })
      await world.until('task', 'to have a task', ({ status }) => status?.request?.taskUid !== undefined)
      await scaleOperator(0)
      await eventually('Meilisearch to finish', async () =>
        (await server.api.snapshotTasks()).every(({ status }) => status === 'succeeded') ? true : undefined,
      )
      await scaleOperator(1)
      return await world.waitForCompletion('task')
    })
    expect(tasks).toBe(1)
    expect(snapshot.status?.request?.posts).toBe(1)
    expect(await listArtifacts(snapshot)).toHaveLength(1)
  })

  test('gone in the middle of the move', async () => {
    const { snapshot, tasks } = await tasksFor(async () => {
      await world.snapshot('move', { instance: 'movies' })
      await world.until('move', 'to have a mover', ({ status }) => status?.move?.node !== undefined)
      await scaleOperator(0)
      const seen = await world.get('move')
      await kubectl.run([
        '-n',
        world.namespace,
        'wait',
        'job',
        '-l',
        `meili-operator.dev/snapshot-uid=${seen.metadata.uid}`,
        '--for=condition=Complete',
        '--timeout=60s',
      ])
      await scaleOperator(1)
      return await world.waitForCompletion('move')
    })
    expect(tasks).toBe(1)
    expect(snapshot.status?.move?.attempt).toBe(1)
    expect(await listArtifacts(snapshot)).toHaveLength(1)
  })

  test('killed without warning, again and again', async () => {
    const { snapshot, tasks } = await tasksFor(async () => {
      await world.snapshot('killed', { instance: 'movies' })
      for (let round = 0; round < 3; round += 1) {
        await kubectl.run([
          '-n',
          operatorNamespace,
          'delete',
          'pod',
          '-l',
          'app.kubernetes.io/component=operator',
          '--grace-period=0',
          '--force',
        ])
        await kubectl.run(['-n', operatorNamespace, 'rollout', 'status', 'deployment/meili-operator', '--timeout=120s'])
      }
      return await world.waitForCompletion('killed')
    })
    expect(tasks).toBeLessThanOrEqual(snapshot.status?.request?.posts ?? 0)
    expect(await listArtifacts(snapshot)).toHaveLength(1)
  })

  test('two operators by mistake, each with its own lease: one artifact, and no POST without its write', async () => {
    const second = installYaml()
      .split(/^---$/m)
      .filter((document) => document.includes('kind: Deployment'))
      .map((document) =>
        document
          .replace('  name: meili-operator\n', '  name: second-operator\n')
          .replace(/(name: LEASE_NAME\n +value: )\S+/, '$1second-operator'),
      )
      .join('---\n')
    await kubectl.run(['apply', '--server-side', '-f', '-'], {
      input: second.replaceAll('app.kubernetes.io/component: operator', 'app.kubernetes.io/component: second-operator'),
    })
    try {
      await kubectl.run(['-n', operatorNamespace, 'rollout', 'status', 'deployment/second-operator', '--timeout=120s'])
      await eventually('the second operator to lead', async () =>
        (
          await kubectl.json<{ spec: { holderIdentity?: string } }>([
            '-n',
            operatorNamespace,
            'get',
            'lease',
            'second-operator',
          ])
        ).spec.holderIdentity
          ? true
          : undefined,
      )
      for (const name of ['double-1', 'double-2', 'double-3']) {
        const { snapshot, tasks } = await tasksFor(async () => {
          await world.snapshot(name, { instance: 'movies' })
          return await world.waitForCompletion(name)
        })
        expect(tasks).toBeLessThanOrEqual(snapshot.status?.request?.posts ?? 0)
        expect(await listArtifacts(snapshot)).toHaveLength(1)
        expect(snapshot.status?.move?.attempt).toBe(1)
        await eventually('its one mover to be removed', async () => {
          return (await world.jobsOf(snapshot)).length === 0 ? true : undefined
        })
      }
    } finally {
      await kubectl.run(['-n', operatorNamespace, 'delete', 'deployment', 'second-operator', '--timeout=60s'])
    }
  })
})
