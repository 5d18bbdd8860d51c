// The main job on the real cluster: one object becomes one checked file on a claim.
import { beforeAll, describe, expect, test } from 'vitest'
import { contentsOf, serveStored, shellOnClaim } from '../../support/meilisearch/artifact.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { conditionOf, kubectl, ownWorld, toolbox } from '../support/world.ts'
import type { Server } from '../support/world.ts'

interface Manifest {
  readonly object: { readonly name: string; readonly uid: string }
  readonly task: { readonly uid: number; readonly batchUid: number }
  readonly file: { readonly sha256: string; readonly sizeBytes: string }
  readonly meilisearch: { readonly version: string }
  readonly indexes: readonly { readonly uid: string; readonly documents: number }[]
}

describe('a snapshot of a server with a claim', () => {
  const world = ownWorld()
  let server: Server

  beforeAll(async () => {
    server = await world.serve('movies')
    await server.load(5000)
  })

  test('is stored on another claim, checked, described, and good enough for a second server', async () => {
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'backups' }))
    await world.snapshot('first', { instance: 'movies' })
    const { metadata, status } = await world.waitForCompletion('first')
    const artifact = status?.artifact
    expect(artifact).toMatchObject({
      claimName: 'backups',
      path: `movies/first-${metadata.uid.slice(0, 8)}`,
      fileName: 'data.ms.snapshot',
      meilisearchVersion: '1.21.0',
      indexes: 1,
      documents: 5000,
    })
    expect(conditionOf({ metadata, status } as never, 'Failed')?.status).toBe('False')
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready', 'Complete', 'Failed'])

    const stored = {
      namespace: world.namespace,
      claimName: 'backups',
      path: artifact?.path ?? '',
      fileName: artifact?.fileName ?? '',
    }
    const shell = await shellOnClaim(
      toolbox,
      stored,
      `cd /backup/${stored.path} && ls -A && sha256sum -c SHA256SUMS && cat manifest.json`,
    )
    expect(shell).toContain('data.ms.snapshot: OK')
    expect(shell.split('\n').slice(0, 3)).toEqual(['SHA256SUMS', 'data.ms.snapshot', 'manifest.json'])
    const manifest = JSON.parse(shell.slice(shell.indexOf('{'))) as Manifest
    expect(manifest).toMatchObject({
      object: { name: 'first', uid: metadata.uid },
      task: { uid: status?.task?.uid, batchUid: status?.task?.batchUid },
      file: { sha256: artifact?.sha256 },
      meilisearch: { version: '1.21.0' },
      indexes: [{ uid: 'films', documents: 5000 }],
    })

    const restored = await serveStored(toolbox, stored, {
      masterKey: server.options.masterKey,
      index: 'films',
      query: 'alien',
    })
    expect(restored).toEqual(await contentsOf(server.api, 'films', 'alien'))
  })

  test('shows its progress in kubectl get and kubectl describe, each step once', async () => {
    await world.waitForCompletion('first')
    const line = await kubectl.run(['-n', world.namespace, 'get', 'msnap', 'first'])
    expect(line).toMatch(/NAME +INSTANCE +PHASE +TASK +PROGRESS +SIZE +DURATION +AGE/)
    expect(line).toMatch(/first +movies +Completed +succeeded +100 % +[\d.]+ [KM]iB +\d+s/)
    const events = await eventually('the last Event', async () => {
      const text = await kubectl.run(['-n', world.namespace, 'describe', 'msnap', 'first'])
      return /Normal +Completed /.test(text) ? text : undefined
    })
    for (const reason of ['Requested', 'Created', 'Moving', 'Completed'])
      expect(events.match(new RegExp(`Normal +${reason} `, 'g')), reason).toHaveLength(1)
    await eventually('the instance to have counted the documents', async () =>
      /meiliinstance\.meili-operator\.dev\/movies +1\.21\.0 +True +5000/.test(
        await kubectl.run(['-n', world.namespace, 'get', 'meili']),
      )
        ? true
        : undefined,
    )
  })

  test('makes its claim from the template, which stays when the snapshot is deleted', async () => {
    await world.snapshot('templated', {
      instance: 'movies',
      claim: { name: 'made', path: 'some/where', template: { resources: { requests: { storage: '1Gi' } } } },
    })
    const { status } = await world.waitForCompletion('templated')
    expect(status?.artifact?.path).toMatch(/^some\/where\/templated-/)
    await kubectl.run(['-n', world.namespace, 'delete', 'msnap', 'templated', '--timeout=30s'])
    const output = await shellOnClaim(
      toolbox,
      { namespace: world.namespace, claimName: 'made' },
      `cd /backup/${status?.artifact?.path ?? ''} && sha256sum -c SHA256SUMS`,
    )
    expect(output).toContain('OK')
  })

  test("is not stored on the claim of the server's database: refused before Meilisearch is asked for anything, with the way out", async () => {
    const before = (await server.api.snapshotTasks()).length
    await world.snapshot('beside', { instance: 'movies', claim: { name: 'data-movies-0', path: 'kept' } })
    const { metadata, status } = await world.until(
      'beside',
      'to fail',
      (snapshot) => snapshot.status?.phase === 'Failed',
    )
    expect(conditionOf({ status } as never, 'Failed')).toMatchObject({
      reason: 'DestinationUnusable',
      message: expect.stringMatching(
        /^Claim data-movies-0 holds the database of MeiliInstance movies\..*Use another claim, or give the server's snapshots a volume of their own/,
      ) as string,
    })
    expect(status?.request).toBeUndefined()
    expect(await server.api.snapshotTasks()).toHaveLength(before)
    expect(
      await kubectl.run([
        '-n',
        world.namespace,
        'get',
        'jobs',
        '-o',
        'name',
        '-l',
        `meili-operator.dev/snapshot-uid=${metadata.uid}`,
      ]),
    ).toBe('')
    expect(
      (await shellOnClaim(toolbox, { namespace: world.namespace, claimName: 'data-movies-0' }, 'ls -A /backup')).split(
        '\n',
      ),
    ).not.toContain('kept')
  })

  test('waits its turn behind another one of the same server: two tasks, two directories', async () => {
    const before = (await server.api.snapshotTasks()).length
    await Promise.all([
      world.snapshot('twin-a', { instance: 'movies' }),
      world.snapshot('twin-b', { instance: 'movies' }),
    ])
    const [a, b] = await Promise.all([world.waitForCompletion('twin-a'), world.waitForCompletion('twin-b')])
    expect(a.status?.task?.uid).not.toBe(b.status?.task?.uid)
    expect(a.status?.task?.batchUid).not.toBe(b.status?.task?.batchUid)
    expect(a.status?.artifact?.path).not.toBe(b.status?.artifact?.path)
    expect((await server.api.snapshotTasks()).length - before).toBe(2)
  })

  test('names the batch that it waits for', async () => {
    const indexing: number[] = []
    const { filmLines } = await import('../../support/meilisearch/documents.ts')
    for (let part = 0; part < 3; part += 1)
      indexing.push(await server.api.addDocuments('many', filmLines(part * 20_000, 20_000)))
    await world.snapshot('patient', { instance: 'movies' })
    const waiting = await world.until(
      'patient',
      'to name the batch',
      ({ status }) => status?.waitingFor !== undefined && status.phase === 'Snapshotting',
    )
    expect(waiting.status?.waitingFor).toMatch(/^batch \d+ \(documentAdditionOrUpdate/)
    for (const task of indexing) await server.api.waitForTask(task)
    await world.waitForCompletion('patient')
  })
})
