// Snapshot files that no other pod can mount: streamed through the API server, where object and install allow it.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { contentsOf, serveStored, shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import type { ServerOptions } from '../../support/meilisearch/objects.ts'
import { elsewhere, testCluster, whyElsewhere } from '../support/on-test-cluster.ts'
import { conditionOf, kubectl, operatorNamespace, ownWorld, toolbox } from '../support/world.ts'
import type { Server } from '../support/world.ts'

const rights = readFileSync(new URL('../../../install-streaming.yaml', import.meta.url), 'utf8')
const streamed = { mover: { stream: { mode: 'IfNeeded' } } }
/** So slow that there is time to break something. */
const slowly = { mover: { ...streamed.mover, bandwidthLimit: '4Mi' } }

async function setStreams(count: string): Promise<void> {
  await kubectl.run(['-n', operatorNamespace, 'set', 'env', 'deployment/meili-operator', count])
  await kubectl.run(['-n', operatorNamespace, 'rollout', 'status', 'deployment/meili-operator', '--timeout=120s'])
}

describe('a file that no other pod can mount', () => {
  const world = ownWorld()

  beforeAll(async () => {
    await kubectl.run(['apply', '--server-side', '-f', '-'], { input: rights })
    await setStreams('MAX_STREAMS=2')
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
  })
  afterAll(async () => {
    await setStreams('MAX_STREAMS-')
    await kubectl.run(['delete', '--ignore-not-found', '-f', '-'], { input: rights })
  })

  async function expectSound({ status }: MeiliSnapshot, server: Server): Promise<void> {
    const output = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'backups' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS && ls -A`,
    )
    expect(output).toContain('data.ms.snapshot: OK')
    expect(output).toContain('manifest.json: OK')
    expect(status?.move?.stream).toMatchObject({ pinned: false })
    expect(await namesBeside(server)).toEqual(['data.ms.snapshot'])
  }

  /** What lies in the server's snapshot directory. */
  async function namesBeside({ options: { name, snapshotsOn } }: Server): Promise<string[]> {
    const directory = snapshotsOn === 'container' ? '/tmp/snapshots' : '/snapshots'
    return (await kubectl.run(['-n', world.namespace, 'exec', `${name}-0`, '--', 'ls', '-A', directory]))
      .trim()
      .split('\n')
  }

  test.each([
    ['emptyDir', 'emptyDir'],
    ['the container file system', 'container'],
    ['a ReadWriteOncePod claim', { claimName: 'one-pod' }],
  ] as const)('%s: stored, sound, and nothing of ours stays beside it', async (_, snapshotsOn) => {
    const name = typeof snapshotsOn === 'string' ? snapshotsOn.toLowerCase() : 'one-pod'
    if (typeof snapshotsOn === 'object')
      await kubectl.apply(claimOf({ namespace: world.namespace, name: 'one-pod', accessModes: ['ReadWriteOncePod'] }))
    await expectStreamed(name, snapshotsOn)
  })

  test.skipIf(elsewhere)(
    `a directory of the node: stored, sound, and nothing of ours stays beside it${whyElsewhere}`,
    async () => {
      const hostPath = `${testCluster().stateDirectory}/volumes/${world.namespace}`
      await testCluster().run('mkdir', ['-m', '777', hostPath])
      await expectStreamed('host-path', { hostPath })
    },
  )

  async function expectStreamed(name: string, snapshotsOn: NonNullable<ServerOptions['snapshotsOn']>): Promise<void> {
    const server = await world.serve(name, { snapshotsOn })
    await server.load(20_000)
    const seen = await world.untilInstance(
      name,
      'to be ready',
      (instance) => conditionOf(instance, 'Ready')?.status === 'True',
    )
    expect(conditionOf(seen, 'SnapshotVolumeReady')).toMatchObject({
      status: 'True',
      reason: 'StreamOnly',
      message: expect.stringContaining('spec.mover.stream.mode: IfNeeded') as string,
    })
    await world.snapshot(name, { instance: name }, streamed)
    const done = await world.waitForCompletion(name)
    await expectSound(done, server)
    const stored = {
      namespace: world.namespace,
      claimName: 'backups',
      path: done.status?.artifact?.path ?? '',
      fileName: 'data.ms.snapshot',
    }
    const restored = await serveStored(toolbox, stored, {
      masterKey: server.options.masterKey,
      index: 'films',
      query: 'alien',
    })
    expect(restored).toEqual(await contentsOf(server.api, 'films', 'alien'))
  }

  describe('on its way', () => {
    let server: Server

    beforeAll(async () => {
      server = await world.serve('large', { snapshotsOn: 'emptyDir' })
      await server.load(10)
      await server.api.waitForTask(
        (
          await server.api.call<{ taskUid: number }>('/indexes/films/settings', {
            method: 'PATCH',
            body: JSON.stringify({ searchableAttributes: ['id'] }),
          })
        ).taskUid,
      )
      // What cannot be compressed makes a large file.
      const lines = Array.from({ length: 60 }, (_, id) =>
        JSON.stringify({ id: 1000 + id, noise: randomBytes(1024 * 1024).toString('base64') }),
      )
      await server.api.waitForTask(await server.api.addDocuments('films', lines.join('\n')))
    })

    const logOf = async ({ metadata }: MeiliSnapshot, ...more: string[]): Promise<string> =>
      await kubectl.run([
        '-n',
        world.namespace,
        'logs',
        '-l',
        `meili-operator.dev/snapshot-uid=${metadata.uid}`,
        '--tail=-1',
        ...more,
      ])

    /** Its mover has said that some of the file is there, but not all. */
    async function midway(name: string): Promise<MeiliSnapshot> {
      const snapshot = await world.until(
        name,
        'to be streamed',
        ({ status }) => status?.phase === 'Moving' && status.move?.stream !== undefined,
      )
      await eventually(
        'some of it to have come',
        async () => (/"step":"copying","bytesDone":[1-9]/.test(await logOf(snapshot)) ? true : undefined),
        { everyMs: 100 },
      )
      expect(await logOf(snapshot)).not.toContain('verifying')
      return await world.get(name)
    }

    test('its reader killed, then its operator: the same mover goes on where it stood', async () => {
      await world.snapshot('broken', { instance: 'large' }, slowly)
      const seen = await midway('broken')
      // Of its whole life, read until its end: the pod goes then.
      const output = logOf(seen, '--follow')
      expect(await namesBeside(server)).toEqual([
        expect.stringMatching(/^\.meili-operator-stream-[0-9a-f]{8}-1$/),
        'data.ms.snapshot',
      ])
      await kubectl.run(['-n', world.namespace, 'exec', 'large-0', '--', 'sh', '-c', 'pkill dd || true'])
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
      const done = await world.waitForCompletion('broken')
      await expectSound(done, server)
      expect(done.status).toMatchObject({
        request: { posts: 1 },
        move: { attempt: 1, jobName: seen.status?.move?.jobName },
      })
      const steps = (await output)
        .split('\n')
        .filter((line) => line.includes('"step":"copying"'))
        .map((line) => (JSON.parse(line) as { bytesDone: number }).bytesDone)
      expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    })

    test('deleted: the mover and the pin go with it', async () => {
      await world.snapshot('dropped', { instance: 'large' }, slowly)
      const dropped = await midway('dropped')
      await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'dropped', '--timeout=90s'])
      expect(await namesBeside(server)).toEqual(['data.ms.snapshot'])
      expect(await world.jobsOf(dropped)).toEqual([])
      expect(
        await shellOnClaim(toolbox, { namespace: world.namespace, claimName: 'backups' }, 'ls -A /backup/large'),
      ).not.toContain('dropped')
    })

    test('too large: Failed with the figures, and nothing stays', async () => {
      await world.snapshot(
        'limited',
        { instance: 'large' },
        { mover: { stream: { mode: 'IfNeeded', maxSize: '1Mi' } } },
      )
      const failed = await world.until('limited', 'to fail', ({ status }) => status?.phase === 'Failed')
      expect(conditionOf(failed, 'Failed')).toMatchObject({
        reason: 'StreamTooLarge',
        message: expect.stringMatching(/has \d+ bytes, and spec\.mover\.stream\.maxSize allows 1048576/) as string,
      })
      await eventually('the pin to go', async () => ((await namesBeside(server)).length === 1 ? true : undefined))
    })

    test('not allowed by the object: Failed, and the missing half is named', async () => {
      await world.snapshot('refused', { instance: 'large' })
      const failed = await world.until('refused', 'to fail', ({ status }) => status?.phase === 'Failed')
      expect(conditionOf(failed, 'Failed')).toMatchObject({
        reason: 'StreamNotAllowed',
        message: expect.stringContaining('the MeiliSnapshot does not allow that') as string,
      })
    })

    test('without the right to execute: the API server speaks in status, and it goes on when the right is there', async () => {
      await kubectl.run(['delete', 'clusterrolebinding', 'meili-operator-streaming'])
      await world.snapshot('barred', { instance: 'large' }, streamed)
      const waiting = await world.until(
        'barred',
        'to be refused',
        ({ status }) => status?.waitingFor?.includes('pods/exec') === true,
      )
      expect(conditionOf(waiting, 'Ready')?.message).toMatch(
        /^The stream was interrupted: exec in Pod \S+ answered 403 Forbidden: .*cannot (get|create) resource "pods\/exec"/,
      )
      await kubectl.run(['apply', '--server-side', '-f', '-'], { input: rights })
      await expectSound(await world.waitForCompletion('barred'), server)
    })
  })
})
