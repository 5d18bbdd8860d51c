// No mover of ours can write to a database: its claim is no destination, whoever's it is, and what is mounted writable there later leaves it out.
import type { V1Job } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import type { Database } from '../../../../../src/reconcile/server-reference.ts'
import {
  aJob,
  aClaim,
  ago,
  anEngine,
  aSnapshot,
  conditionsIn,
  snapshotVerdict,
  effectsOf,
  endedPod,
  failedConditions,
  hour,
  minute,
  movingStatus,
  noMover,
  second,
  succeededTask,
  artifact,
} from '../../../../support/builders/observations.ts'

const own: Database = { instance: 'search', claimName: 'search-data', subPath: 'data.ms' }
const onBackups = (subPath?: string, instance = 'movies'): readonly Database[] => [
  own,
  { instance, claimName: 'backups', ...(subPath === undefined ? {} : { subPath }) },
]
const into = (name: string, more: object = {}): MeiliSnapshot =>
  aSnapshot({ spec: { destination: { claim: { name } }, ...more } })

describe('destinationHoldsDatabase', () => {
  test("the server's own claim is refused before anything is asked of Meilisearch, with the way out", () => {
    const verdict = snapshotVerdict({
      snapshot: into('search-data'),
      claim: aClaim({ metadata: { name: 'search-data' } }),
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationUnusable',
      effects: [],
      requeueAfterMs: undefined,
    })
    expect(verdict.message).toMatch(
      /^Claim search-data holds the database of MeiliInstance search\. .*Use another claim, or give the server's snapshots a volume of their own \(managed\.snapshots, or MEILI_SNAPSHOT_DIR on another claim\)/,
    )
    expect(conditionsIn(verdict.status)).toEqual(failedConditions)
  })

  test("the claim of another server's database is refused the same way", () => {
    expect(snapshotVerdict({ databases: onBackups('data.ms') })).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationUnusable',
      effects: [],
      message: expect.stringContaining('Claim backups holds the database of MeiliInstance movies.'),
    })
  })

  test('a claim that may hold a database is refused, and it is said that nobody knows', () => {
    expect(snapshotVerdict({ databases: onBackups() })).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationUnusable',
      effects: [],
      message: expect.stringContaining(
        'Claim backups is mounted by a pod of MeiliInstance movies, and may hold its database, whose path cannot be known.',
      ),
    })
  })

  test('there the plain path of the database is a way out, too', () => {
    expect(snapshotVerdict({ databases: onBackups() }).message).toContain('set MEILI_DB_PATH to a plain value')
    expect(snapshotVerdict({ databases: onBackups('data.ms') }).message).not.toContain('MEILI_DB_PATH')
  })

  test('a claim that a MeiliInstance has left behind is refused', () => {
    expect(
      snapshotVerdict({ databases: [own, { instance: undefined, claimName: 'backups', subPath: 'data.ms' }] }),
    ).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationUnusable',
      effects: [],
      message: expect.stringContaining('Claim backups holds the database of a MeiliInstance that is gone.'),
    })
  })

  test('it waits for nothing, not even for the instance', () => {
    expect(
      snapshotVerdict({ databases: onBackups('data.ms'), instance: undefined, target: undefined, claim: undefined }),
    ).toMatchObject({ phase: 'Failed', reason: 'DestinationUnusable' })
  })

  test('a probe that runs is ended', () => {
    const job = aJob(aSnapshot())
    expect(
      snapshotVerdict({ databases: onBackups('data.ms'), mover: { ...noMover, job, jobs: [job] } }).effects,
    ).toEqual(['DeleteJob'])
  })

  test('a claim beside a database is welcome', () => {
    expect(
      snapshotVerdict({ databases: [own, { instance: 'movies', claimName: 'movies-data', subPath: 'data.ms' }] })
        .effects,
    ).toEqual(['RequestSnapshot'])
  })
})

describe('databasesUnseen', () => {
  const words = 'MeiliInstance fresh has not been looked at yet: its database may be on claim backups.'

  test('a MeiliInstance of the namespace that nobody has looked at is waited for, by its name, before anything is asked of Meilisearch or probed', () => {
    const space = { sizeBytes: 1000, known: { freeBytes: 1, observedAt: ago(second) } }
    for (const parts of [{}, { space }, { claim: undefined }])
      expect(snapshotVerdict({ unseen: ['fresh'], ...parts })).toMatchObject({
        phase: 'Pending',
        reason: 'InstanceNotSeen',
        effects: [],
        requeueAfterMs: second,
        message: expect.stringContaining(words),
      })
  })

  test('it is waited for before a mover is started, until deadlines.move', () => {
    const seen = {
      snapshot: aSnapshot({ status: movingStatus({ node: undefined as never }) }),
      engine: anEngine({ candidates: [succeededTask()] }),
    }
    expect(snapshotVerdict(seen).effects).toEqual(['CreateJob'])
    expect(snapshotVerdict({ ...seen, unseen: ['fresh'] })).toMatchObject({
      phase: 'Moving',
      effects: [],
      requeueAfterMs: 2000,
      message: expect.stringContaining(words),
    })
  })

  test("it is waited for before Meilisearch's own file is removed, in the name of that file's claim", () => {
    const removeSource = {
      attempt: 1,
      jobName: 'nightly-0a1b2c3d-remove-source-1',
      file: { inode: '7', modifiedAt: ago(minute), sizeBytes: 5 },
    }
    const seen = {
      snapshot: aSnapshot({ spec: { sourcePolicy: 'Remove' }, status: { ...movingStatus(), artifact, removeSource } }),
    }
    expect(snapshotVerdict(seen).effects).toEqual(['CreateJob'])
    expect(snapshotVerdict({ ...seen, unseen: ['fresh'] })).toMatchObject({
      phase: 'Moving',
      effects: [],
      message: expect.stringContaining(
        'MeiliInstance fresh has not been looked at yet: its database may be on claim search-data.',
      ),
    })
  })

  test('nothing is swept meanwhile, and it is said what stays', () => {
    const snapshot = aSnapshot({ status: movingStatus({ attempt: 3, failures: 2 }) })
    const job = aJob(snapshot)
    const mover = { ...noMover, job, jobs: [job], pod: endedPod(137, '') }
    expect(snapshotVerdict({ snapshot, mover }).effects).toEqual(['CreateJob'])
    const verdict = snapshotVerdict({ snapshot, mover, unseen: ['fresh'] })
    expect(verdict).toMatchObject({ phase: 'Failed', effects: [] })
    expect(verdict.message).toContain('What was left of it stays: MeiliInstance fresh has not been looked at yet')
  })

  test('the wait does not outlive deadlines.start', () => {
    const status = { observedGeneration: 1, phase: 'Pending' as const, startedAt: ago(hour + second) }
    expect(snapshotVerdict({ snapshot: aSnapshot({ status }), unseen: ['fresh'] })).toMatchObject({
      phase: 'Failed',
      reason: 'StartDeadlineExceeded',
    })
  })
})

describe('a destination that became the claim of a database after the request', () => {
  const engine = anEngine({ candidates: [succeededTask()] })

  test('gets no mover: Failed, with what became of the snapshot', () => {
    const verdict = snapshotVerdict({
      snapshot: aSnapshot({ status: movingStatus({ node: undefined as never }) }),
      databases: onBackups('data.ms'),
      engine,
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationUnusable',
      effects: [],
      message: expect.stringContaining(
        'The snapshot was taken, and cannot be stored. Claim backups holds the database of MeiliInstance movies.',
      ),
    })
  })

  test('is not swept after the last mover, and it is said what stays', () => {
    const snapshot = aSnapshot({ status: movingStatus({ attempt: 3, failures: 2 }) })
    const job = aJob(snapshot)
    const verdict = snapshotVerdict({
      snapshot,
      databases: onBackups('data.ms'),
      mover: { ...noMover, job, jobs: [job], pod: endedPod(137, '') },
    })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      effects: [],
      message: expect.stringContaining(
        'What was left of it stays: Claim backups holds the database of MeiliInstance movies.',
      ),
    })
  })
})

describe('the removal of an artifact whose claim became that of a database', () => {
  const deleteArtifact = { attempt: 1, jobName: 'nightly-0a1b2c3d-delete-artifact-1' }
  const status: MeiliSnapshotStatus = {
    ...movingStatus({ runAs: { user: 1000, group: 1000, fsGroup: 3000 } }),
    phase: 'Completed',
    artifact,
    deleteArtifact,
  }
  const deletedSnapshot = (parts: MeiliSnapshotStatus = status, path?: string): MeiliSnapshot =>
    aSnapshot({
      metadata: { deletionTimestamp: ago(second) },
      spec: {
        deletionPolicy: 'Delete',
        destination: { claim: { name: 'backups', ...(path === undefined ? {} : { path }) } },
      },
      status: parts,
    })
  const jobOf = (databases: readonly Database[], path?: string): V1Job['spec'] =>
    effectsOf('CreateJob', { snapshot: deletedSnapshot(status, path), databases })[0]?.job.spec

  test("mounts the artifact's parent alone, where the mover would find it below the claim's root", () => {
    const spec = jobOf(onBackups('data.ms'), 'some/where')?.template.spec
    expect(spec?.containers[0]?.volumeMounts).toEqual([
      { name: 'destination', mountPath: '/destination/some/where', subPath: 'some/where' },
    ])
    expect(JSON.parse(spec?.containers[0]?.env?.[0]?.value ?? '')).toMatchObject({
      command: 'deleteArtifact',
      destination: { root: '/destination', path: 'some/where', directory: 'nightly-0a1b2c3d' },
    })
  })

  test("has the mover's group without a change of anything's group on the volume", () => {
    const security = jobOf(onBackups('data.ms'))?.template.spec?.securityContext
    expect(security).toMatchObject({ runAsUser: 1000, runAsGroup: 1000, supplementalGroups: [3000] })
    expect(security).not.toHaveProperty('fsGroup')
    expect(security).not.toHaveProperty('fsGroupChangePolicy')
  })

  test('mounts the root as before where the claim holds no database', () => {
    const spec = jobOf([own])?.template.spec
    expect(spec?.containers[0]?.volumeMounts).toEqual([{ name: 'destination', mountPath: '/destination' }])
    expect(spec?.securityContext).toMatchObject({ fsGroup: 3000 })
  })

  test.each([
    [
      'lies below that directory',
      'search/data.ms',
      /^search\/nightly-0a1b2c3d on claim backups was not removed: Claim backups holds the database of MeiliInstance movies\. The directory cannot be mounted without it\.$/,
    ],
    ['is that directory', 'search', /cannot be mounted without it/],
    ['lies around that directory', '', /cannot be mounted without it/],
    [
      'may be anywhere on the claim',
      undefined,
      /Claim backups is mounted by a pod of MeiliInstance movies, and may hold its database.*cannot be mounted without it/,
    ],
  ])('is given up, and says what stays, where the database %s', (_, subPath, words) => {
    const verdict = snapshotVerdict({ snapshot: deletedSnapshot(), databases: onBackups(subPath) })
    expect(verdict.effects).toEqual(['RecordEvent'])
    expect(verdict.status.deleteArtifact?.abandoned).toMatch(words)
    expect(
      snapshotVerdict({ snapshot: deletedSnapshot(verdict.status), databases: onBackups(subPath) }).effects,
    ).toEqual(['RemoveFinalizer'])
  })

  test('is given up where no artifact is on record: the kubelet would make the directory, as root', () => {
    const { artifact: _, ...unknown } = status
    const verdict = snapshotVerdict({ snapshot: deletedSnapshot(unknown), databases: onBackups('data.ms') })
    expect(verdict.effects).toEqual(['RecordEvent'])
    expect(verdict.status.deleteArtifact?.abandoned).toMatch(/That anything was stored is not on record/)
  })

  test('a directory whose name only begins like that of the database is apart from it', () => {
    expect(jobOf(onBackups('search.ms'))).toBeDefined()
    expect(jobOf(onBackups('sea'))).toBeDefined()
  })
})
