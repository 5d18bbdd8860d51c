// Restores in place of what is no good, or does not fit: the server serves on what it had, or has it again by itself.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { elsewhere, NodeAccess, testCluster, whyElsewhere } from '../support/on-test-cluster.ts'
import { managedServers } from '../support/managed-servers.ts'
import { kubectl, ownWorld } from '../support/world.ts'
import { readyText, restoresOf, toBackups } from '../support/restores.ts'

const documents = 400

describe.skipIf(elsewhere)(`a restore in place that cannot be${whyElsewhere}`, { concurrent: false }, () => {
  const world = ownWorld()
  const restores = restoresOf(world)
  const servers = managedServers(world)
  let nodeAccess: NodeAccess
  /** On the node; `path` on the claim. */
  let stored: { directory: string; path: string; fileName: string; sha256: string }

  beforeAll(async () => {
    nodeAccess = new NodeAccess(world.namespace)
    const server = await world.run('movies')
    await server.load(documents)
    await world.snapshot('before', { instance: 'movies', claim: toBackups })
    const { status } = await world.waitForCompletion('before')
    const { path = '', fileName = '', sha256 = '' } = status?.artifact ?? {}
    const root = (await nodeAccess.directoryOf('backups')).replace(`/proc/${testCluster().namespacePid}/root`, '')
    stored = { directory: root, path, fileName, sha256 }
  })
  afterAll(async () => {
    await nodeAccess.close()
  })

  /** A file on the claim, made of the stored archive by a line of shell in the directory where that was unpacked. */
  async function remade(name: string, change: string): Promise<string> {
    const { directory, path, fileName } = stored
    const line = `set -e; w=$(mktemp -d); tar -xzf ${path}/${fileName} -C "$w"; (cd "$w"; ${change}); tar -czf ${name} -C "$w" .; chmod 644 ${name}; chown 1000:1000 ${name}; rm -rf "$w"`
    await testCluster().run('sh', ['-c', `cd ${directory} && ${line}`])
    return name
  }

  /** It ends as it is to, and the pod that served before serves all along. */
  async function untouched(name: string, spec: object, phase: 'Failed' | 'RolledBack' = 'Failed'): Promise<string> {
    const before = await servers.pod('movies')
    await restores.inPlace(name, 'movies', { safety: { snapshot: 'Never' }, ...spec })
    const restore = await restores.ended(name, phase)
    const after = await servers.pod('movies')
    if (phase === 'Failed') expect(after?.metadata.uid).toBe(before?.metadata.uid)
    await world.instanceReady('movies')
    expect(await servers.documents('movies')).toBe(documents)
    return readyText(restore)
  }

  const fileOn = (path: string): object => ({ source: { file: { claim: { name: 'backups' }, path } } })

  test('an archive with a damaged byte is refused before anything is done', async () => {
    const { directory, path, fileName } = stored
    const line = `cp ${path}/${fileName} damaged.snapshot && chmod 644 damaged.snapshot && printf '\\377\\000\\377' | dd of=damaged.snapshot bs=1 seek=4000 conv=notrunc`
    await testCluster().run('sh', ['-c', `cd ${directory} && ${line}`])
    expect(await untouched('damaged', fileOn('damaged.snapshot'))).toMatch(/ArchiveCorrupt|SourceUnusable/)
  })

  test('another sha256 than the one that was asked for is refused', async () => {
    const artifact = {
      claim: { name: 'backups' },
      path: stored.path,
      sha256: stored.sha256.replaceAll(/[0-9a-f]/g, '0'),
    }
    expect(await untouched('other', { source: { artifact } })).toMatch(/ChecksumMismatch/)
  })

  test('an older version is refused unless AllowUpgrade says otherwise, and then Meilisearch upgrades it', async () => {
    const path = await remade('older.snapshot', 'echo -n 1.12.0 > VERSION')
    expect(await untouched('exact', fileOn(path))).toMatch(/VersionMismatch.*1\.12\.0.*AllowUpgrade/s)
    await restores.inPlace('upgraded', 'movies', {
      ...fileOn(path),
      version: 'AllowUpgrade',
      safety: { snapshot: 'Never' },
    })
    const { status } = await restores.ended('upgraded', 'Completed')
    expect(status?.restored).toMatchObject({ version: '1.21.0', documents })
    await world.instanceReady('movies')
    const { api } = await world.connectManaged('movies')
    const { results } = await api.call<{ results: { status: string }[] }>('/tasks?types=upgradeDatabase')
    expect(results).toMatchObject([{ status: 'succeeded' }])
  })

  test('a higher version is refused: there is no downgrade', async () => {
    const path = await remade('newer.snapshot', 'echo -n 1.22.0 > VERSION')
    expect(await untouched('newer', { ...fileOn(path), version: 'AllowUpgrade' })).toMatch(
      /DowngradeRefused.*1\.22\.0/s,
    )
  })

  test('an engine that does not start on the data: the server has the old data again by itself, and the reason is in full', async () => {
    const path = await remade('broken.snapshot', 'head -c 1000000 /dev/urandom > tasks/data.mdb')
    const before = await world.instance('movies')
    expect(before.status?.database?.documents).toBe(documents)
    const text = await untouched('broken', fileOn(path), 'RolledBack')
    expect(text).toMatch(/RolledBack/)
    expect((await restores.get('broken')).status?.rollback?.cause).toBe('StartFailed')
  })

  test('an instance that is deleted in the middle takes its restore with it to an end, and its claims stay', async () => {
    await world.run('brief')
    await restores.apply('late', {
      source: { snapshotRef: { name: 'never' } },
      target: { inPlace: { instanceRef: { name: 'brief' } } },
      confirm: 'brief',
      safety: { snapshot: 'Never' },
    })
    await restores.until('late', 'to wait for its source', ({ status }) => status?.phase === 'Pending')
    await world.snapshot('never', { instance: 'movies', claim: toBackups })
    await restores.until('late', 'to be at work', ({ status }) => status?.fill !== undefined)
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'brief', '--timeout=90s'])
    const { status } = await restores.ended('late', 'Failed')
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('TargetNotFound')
    expect(await servers.find('pvc', 'brief-data')).toBeDefined()
    expect(await servers.find('statefulset', 'brief')).toBeUndefined()
  })
})
