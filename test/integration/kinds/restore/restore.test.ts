// What a MeiliRestore does until the data lies on its claim, on a real API server: sources, plans, others in the way, its own deletion.
import { beforeEach, describe, expect, test } from 'vitest'
import {
  dataGenerationAnnotation,
  meiliRestores,
  restoredFromAnnotation,
  restoreFinalizer,
} from '../../../../src/api/restore.ts'
import { scheduleLabel } from '../../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'
import { restoredFromText } from '../../../../src/api/status/restored-from.ts'
import { jobs, persistentVolumeClaims } from '../../../../src/kube/resource.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { apiServer } from '../../../support/kubernetes/api-server.ts'
import { RestoreFixture, sha256 } from '../../../support/restores/restore-fixture.ts'

const api = apiServer()
let on: RestoreFixture
const filled = 'movies-data-2'

beforeEach(async () => {
  on = new RestoreFixture(api, await api.namespace())
  await on.begin()
})

const dryRun = { mode: 'DryRun', confirm: undefined }

test('a snapshot is pinned, another is taken first, and a new claim is filled beside the server, before that is stopped', async () => {
  await on.restore('back')
  await on.runUntil('back', ['Stopping'])
  const status = await on.status('back')
  expect(status).toMatchObject({
    resolved: { name: 'nightly', path: 'movies/nightly', sha256 },
    plan: {
      to: { claimName: 'movies-data', generation: 1, documents: 9 },
      newClaim: { claimName: filled, generation: 2 },
    },
    safety: { completedAt: expect.any(String) as string },
    fill: { attempt: 1, claimName: filled, version: '1.21.0', uncompressedBytes: 5000 },
    switched: { from: { claimName: 'movies-data' }, to: { claimName: filled, generation: 2 } },
  })
  expect(on.worked).toEqual(['fill'])
  expect(new Set(await on.names(meiliSnapshots))).toEqual(new Set([status.safety?.snapshot, 'nightly']))
  const claim = (await on.list<KubeObject>(persistentVolumeClaims)).find(({ metadata }) => metadata.name === filled)
  expect(claim?.metadata.annotations?.[dataGenerationAnnotation]).toBeUndefined()
  expect((await on.find('back'))?.metadata.finalizers).toEqual([restoreFinalizer])
  expect(await on.names(jobs)).toEqual([])
})

describe('the source', () => {
  test('is the newest good snapshot of a schedule by then, and stays that when a newer one comes', async () => {
    const labels = { [scheduleLabel]: 'nights' }
    await on.snapshot('monday', labels, '2026-11-23T03:00:00Z')
    await on.snapshot('tuesday', labels, '2026-11-24T03:00:00Z')
    await on.snapshot('wednesday', labels, '2026-11-25T03:00:00Z')
    const latestOf = { schedule: { name: 'nights' }, asOf: '2026-11-24T12:00:00Z' }
    await on.restore('back', { source: { latestOf }, ...dryRun })
    await on.run('back')
    await on.snapshot('later', labels, '2026-11-24T11:00:00Z')
    await on.patch(meiliRestores, 'back', { spec: { mode: 'Apply', confirm: 'movies' } })
    await on.runUntil('back', ['Stopping'])
    expect((await on.status('back')).resolved?.name).toBe('tuesday')
  })

  test('is an artifact that a mover finds, once its claim is there', async () => {
    const artifact = { claim: { name: 'archive' }, path: 'daily' }
    await on.restore('back', { source: { artifact }, ...dryRun })
    await on.run('back')
    expect(await on.reason('back')).toBe('Pending SourceNotFound')
    expect(on.worked).toEqual([])
    await on.claim('archive')
    await on.run('back')
    expect(on.worked).toEqual(['resolve'])
    expect((await on.status('back')).resolved).toMatchObject({ claimName: 'archive', path: 'daily/nightly' })
    expect(await on.reason('back')).toBe('Planned Planned')
    expect(await on.names(jobs)).toEqual([])
  })

  test('is waited for, and then said to be missing', async () => {
    await on.restore('back', { source: { snapshotRef: { name: 'tomorrow' } }, deadlines: { start: '10m' } })
    await on.run('back')
    expect(await on.reason('back')).toBe('Pending SourceNotFound')
    on.nowMs += 11 * 60_000
    await on.run('back')
    expect(await on.reason('back')).toBe('Failed SourceNotFound')
    expect(await on.names(persistentVolumeClaims)).toEqual(['backups', 'movies-data'])
  })
})

describe('a plan that is looked at', () => {
  beforeEach(async () => {
    on.keys = [{ name: 'fresh', createdAt: new Date(on.nowMs + 1000).toISOString() }]
    await on.restore('back', dryRun)
    await on.run('back')
  })

  test('changes nothing', async () => {
    expect(await on.reason('back')).toBe('Planned Planned')
    expect((await on.status('back')).plan?.keysLost).toEqual(['fresh'])
    expect(await on.names(persistentVolumeClaims)).toEqual(['backups', 'movies-data'])
    expect(await on.names(meiliSnapshots)).toEqual(['nightly'])
    expect((await on.find('back'))?.metadata.finalizers).toBeUndefined()
  })

  test('is carried out as it stands, days later', async () => {
    const { plan } = await on.status('back')
    on.nowMs += 3 * 24 * 3_600_000
    await on.patch(meiliRestores, 'back', { spec: { mode: 'Apply', confirm: 'movies' } })
    await on.runUntil('back', ['Stopping'])
    expect((await on.status('back')).plan).toEqual(plan)
  })

  test('is stale where the data has been exchanged since', async () => {
    await on.patch(persistentVolumeClaims, 'movies-data', {
      metadata: { annotations: { [dataGenerationAnnotation]: '5' } },
    })
    await on.patch(meiliRestores, 'back', { spec: { mode: 'Apply', confirm: 'movies' } })
    await on.run('back')
    expect(await on.reason('back')).toBe('Failed PlanStale')
    expect(await on.names(meiliSnapshots)).toEqual(['nightly'])
  })
})

test('the same text applied again does nothing; under another name it is carried out', async () => {
  const text = restoredFromText({
    restore: 'back',
    restoreUid: 'of a cluster that is gone',
    sha256,
    path: 'movies/nightly',
    sourceClaim: 'backups',
    meilisearchVersion: '1.21.0',
    at: '2026-11-01T03:00:00Z',
  })
  await on.patch(persistentVolumeClaims, 'movies-data', {
    metadata: { annotations: { [restoredFromAnnotation]: text } },
  })
  await on.restore('back')
  await on.run('back')
  expect(await on.reason('back')).toBe('Completed AlreadyRestored')
  expect(await on.names(persistentVolumeClaims)).toEqual(['backups', 'movies-data'])
  await on.restore('back-again')
  await on.runUntil('back-again', ['Stopping'])
  expect(await on.names(persistentVolumeClaims)).toContain(filled)
})

test('of two at once the older goes first, and the other waits with its clock still', async () => {
  await on.restore('first')
  await on.restore('second')
  for (let pass = 0; pass < 60 && (await on.status('first')).phase !== 'Stopping'; pass++) {
    await Promise.all([on.pass('second'), on.pass('first')])
    await on.play()
    on.nowMs += 1000
  }
  expect((await on.status('first')).phase).toBe('Stopping')
  expect(await on.reason('second')).toBe('Pending TargetBusy')
  expect((await on.status('second')).startedAt).toBeUndefined()
  expect(on.worked).toEqual(['fill'])
})

test('a claim that turns out too small is made anew, larger, and filled', async () => {
  await on.restore('back')
  on.next = { exitCode: exitCodes.noSpace, message: 'Full.', space: { neededBytes: 3 * 2 ** 30, freeBytes: 2 ** 29 } }
  await on.runUntil('back', ['Stopping'])
  expect(on.worked).toEqual(['fill', 'fill'])
  const claim = (
    await on.list<KubeObject & { spec: { resources: { requests: { storage: string } } } }>(persistentVolumeClaims)
  ).find(({ metadata }) => metadata.name === filled)
  expect(Number.parseInt(claim?.spec.resources.requests.storage ?? '', 10)).toBeGreaterThan(3 * 1024)
})

test('a damaged archive fails it, and what it made goes', async () => {
  await on.restore('back')
  on.next = { exitCode: exitCodes.archiveBad, message: 'The CRC is wrong.' }
  await on.run('back')
  expect(await on.reason('back')).toBe('Failed ArchiveCorrupt')
  expect(await on.names(persistentVolumeClaims)).toEqual(['backups', 'movies-data'])
  expect(await on.names(jobs)).toEqual([])
  expect((await on.find('back'))?.metadata.finalizers).toBeUndefined()
})

test('deleted in the middle, its Jobs end first, then its claim goes, then it', async () => {
  await on.restore('back')
  await on.runUntil('back', ['Filling'])
  for (let pass = 0; pass < 5; pass++) await on.pass('back')
  expect(await on.names(jobs)).toHaveLength(1)
  await on.delete(meiliRestores, 'back')
  await on.run('back')
  expect(await on.find('back')).toBeUndefined()
  expect(await on.names(jobs)).toEqual([])
  expect(await on.names(persistentVolumeClaims)).toEqual(['backups', 'movies-data'])
})

test('the claim of somebody else gets the data, and nothing else', async () => {
  await on.claim('meili-0')
  await on.restore('back', { target: { claim: { name: 'meili-0' } }, confirm: 'meili-0' })
  await on.run('back')
  expect(await on.reason('back')).toBe('Completed Completed')
  expect(await on.names(meiliSnapshots)).toEqual(['nightly'])
  expect(await on.names(persistentVolumeClaims)).toEqual(['backups', 'meili-0', 'movies-data'])
  expect((await on.find('back'))?.metadata.finalizers).toBeUndefined()
})
