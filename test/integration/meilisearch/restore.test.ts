// What examples/restore/by-hand.yaml runs in its Job, run here as it stands there, by busybox and the real Meilisearch: whole, cut short, and on what is damaged.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { freePorts } from '../../cluster/process/free-ports.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { meilisearches, serverWithDocuments } from '../../support/meilisearch/process.ts'

interface Job {
  readonly kind: string
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly [{ readonly args: readonly [string, string, string] }] }
    }
  }
}

const manifests = parseAllDocuments(
  readFileSync(join(import.meta.dirname, '../../../examples/restore/by-hand.yaml'), 'utf8'),
).map((document) => document.toJS() as Job)
const [shell, flag, script] = manifests.find(({ kind }) => kind === 'Job')!.spec.template.spec.containers[0].args

const snapshot = 'movies/first-00000000'
const home = mkdtempSync(join(tmpdir(), 'restore-'))
const [programs, stored, backups, data] = ['programs', 'stored', 'backups', 'data'].map((name) => join(home, name)) as [
  string,
  string,
  string,
  string,
]
const servers = meilisearches()
const masterKey = 'a-master-key-of-32-bytes-or-more'
const filled = serverWithDocuments(servers, {
  masterKey,
  documents: {
    films: Array.from({ length: 5000 }, (_, id) => JSON.stringify({ id, title: `Film ${id}` })).join('\n'),
  },
})

beforeAll(async () => {
  for (const path of [programs, join(stored, snapshot)]) mkdirSync(path, { recursive: true })
  for (const name of execFileSync('busybox', ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
    symlinkSync(execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim(), join(programs, name))
  symlinkSync(servers.program, join(programs, 'meilisearch'))
  const { api, snapshotFile } = filled
  await api.waitForTask((await api.call<{ taskUid: number }>('/snapshots', { method: 'POST' })).taskUid)
  cpSync(snapshotFile, join(stored, snapshot, 'data.ms.snapshot'))
  writeFileSync(join(stored, snapshot, 'manifest.json'), '{}')
  sum(stored)
})
afterAll(() => {
  rmSync(home, { recursive: true, force: true })
})
beforeEach(() => {
  for (const path of [backups, data]) rmSync(path, { recursive: true, force: true })
  mkdirSync(data)
  cpSync(stored, backups, { recursive: true })
})

function sum(where: string, file = 'data.ms.snapshot'): void {
  const directory = join(where, snapshot)
  writeFileSync(join(directory, 'SHA256SUMS'), execFileSync('sha256sum', [file, 'manifest.json'], { cwd: directory }))
}

const database = join(data, 'data.ms')

/** As a server would have left it, with the note of where it came from, if there is one. */
function holdDatabase(origin?: string): void {
  mkdirSync(database)
  writeFileSync(join(database, 'VERSION'), '1.21.0')
  if (origin !== undefined) writeFileSync(join(data, 'restored-from'), `${origin}\n`)
}

/** The container's shell with all that it starts, in a process group of its own. */
async function restore(
  until?: () => true | undefined,
  uid = process.getuid?.(),
): Promise<{ code: number | null; output: string }> {
  const [port] = await freePorts()
  const here = script
    .replaceAll('/meili_data', data)
    .replaceAll('/backups', backups)
    .replaceAll('127.0.0.1:7700', `127.0.0.1:${port}`)
  const child = spawn(join(programs, shell), [flag, here], {
    uid,
    cwd: data,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: programs, SNAPSHOT: snapshot, MEILI_NO_ANALYTICS: 'true' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close')
  if (until !== undefined) {
    await eventually('the moment to kill it', async () => await Promise.resolve(until()), { everyMs: 1 })
    process.kill(-child.pid!, 'SIGKILL')
  }
  const [code] = (await ended) as [number | null]
  return { code, output }
}

/** What a server serves that is started on the restored database. */
async function documents(): Promise<Record<string, number>> {
  const server = await servers.start({ masterKey })
  await server.kill()
  rmSync(join(server.home, 'data.ms'), { recursive: true })
  cpSync(join(data, 'data.ms'), join(server.home, 'data.ms'), { recursive: true })
  await server.launch()
  return await server.api.counts()
}

test('a database comes out of it, which a server starts on without the snapshot', async () => {
  const { code, output } = await restore()
  expect(code, output).toBe(0)
  expect(output).toContain('data.ms.snapshot: OK')
  expect(readdirSync(data)).toEqual(['data.ms', 'dumps', 'restored-from'])
  expect(readdirSync(backups, { recursive: true }), 'nothing is written there').toEqual(
    readdirSync(stored, { recursive: true }),
  )
  rmSync(backups, { recursive: true })
  expect(await documents()).toEqual({ films: 5000 })
})

describe('cut short', () => {
  const restoring = join(data, 'data.ms.restoring')
  test.each([
    ['before it unpacks', (): true | undefined => existsSync(restoring) || undefined],
    [
      'while it unpacks',
      (): true | undefined => (existsSync(restoring) && readdirSync(restoring).length > 0) || undefined,
    ],
    ['when all is unpacked', (): true | undefined => existsSync(join(restoring, 'VERSION')) || undefined],
  ])('%s: it is no database, and the next try makes it whole', async (_, moment) => {
    expect((await restore(moment)).code).toBeNull()
    expect(existsSync(database)).toBe(false)
    const { code, output } = await restore()
    expect(code, output).toBe(0)
    expect(readdirSync(data)).toEqual(['data.ms', 'dumps', 'restored-from'])
    expect(await documents()).toEqual({ films: 5000 })
  })
})

describe('nothing comes of', () => {
  test('a file that has changed since it was stored', async () => {
    const file = join(backups, snapshot, 'data.ms.snapshot')
    const bytes = readFileSync(file)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(file, bytes)
    const { code, output } = await restore()
    expect([code === 0, readdirSync(data)]).toEqual([false, []])
    expect(output).toContain('data.ms.snapshot: FAILED')
  })

  test('a file that Meilisearch does not take', async () => {
    writeFileSync(join(backups, snapshot, 'data.ms.snapshot'), 'no archive')
    sum(backups)
    const { code } = await restore()
    expect([code === 0, existsSync(database)]).toEqual([false, false])
  })

  test('a path that is not there: it lists what is stored', async () => {
    renameSync(join(backups, snapshot), join(backups, 'movies/other'))
    const { code, output } = await restore()
    expect([code === 0, readdirSync(data)]).toEqual([false, []])
    expect(output).toContain(`cannot read a snapshot at ${snapshot}`)
    expect(output.split('\n')).toContain('./movies/other/manifest.json')
  })

  test('a directory of another user: it says who it is, and whose the directory', async () => {
    const nobody = 65534
    const [mine, uid] = process.getuid?.() === 0 ? [0, nobody] : [process.getuid?.(), process.getuid?.()]
    chmodSync(home, 0o755)
    chmodSync(join(backups, 'movies'), 0)
    try {
      const { code, output } = await restore(undefined, uid)
      expect([code === 0, readdirSync(data)]).toEqual([false, []])
      expect(output).toContain(`User ${uid} cannot read a snapshot at ${snapshot}`)
      expect(output).toMatch(new RegExp(`^d--------- +\\d+ ${mine} .* movies$`, 'm'))
      expect(output).toContain('Permission denied')
    } finally {
      chmodSync(join(backups, 'movies'), 0o755)
    }
  })
})

test.each([
  ['came of another snapshot', 'movies/second-11111111'],
  ['no Job has made', undefined],
])('a database that %s: it fails and says so', async (_, origin) => {
  holdDatabase(origin)
  const before = readdirSync(data)
  const { code, output } = await restore()
  expect([code === 0, output]).toEqual([
    false,
    `Claim restored-data holds another database, and nothing was done. For ${snapshot} take a new claim and a new Job.\n`,
  ])
  expect([readdirSync(data), readdirSync(database)]).toEqual([before, ['VERSION']])
})

test('the file is found by what Meilisearch called it, after its database', async () => {
  renameSync(join(backups, snapshot, 'data.ms.snapshot'), join(backups, snapshot, 'films.snapshot'))
  sum(backups, 'films.snapshot')
  const { code, output } = await restore()
  expect([code, existsSync(join(database, 'VERSION'))], output).toEqual([0, true])
})

test('the database of this snapshot is left as it is, and nothing of the backups is needed', async () => {
  holdDatabase(snapshot)
  rmSync(backups, { recursive: true })
  const { code, output } = await restore()
  expect([code, output]).toEqual([0, expect.stringContaining('is there already: nothing was done')])
  expect(readdirSync(database)).toEqual(['VERSION'])
})
