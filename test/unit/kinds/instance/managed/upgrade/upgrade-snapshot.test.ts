// The snapshot before an upgrade: never on the database's own claim, and what holds the upgrade where none can be taken.
import { describe, expect, test } from 'vitest'
import type { ServerSeen } from '../../../../../../src/kinds/instance/observation.ts'
import { lookAtManaged } from '../../../../../../src/kinds/instance/observe/managed.ts'
import { Connections } from '../../../../../../src/perform/meilisearch-connections.ts'
import { aLocation, healthy } from '../../../../../support/builders/instance-observations.ts'
import {
  aManagedInstance,
  withChanges,
  everything,
  noPod,
} from '../../../../../support/builders/managed-observations.ts'
import type { Seen, Verdict } from '../../../../../support/builders/managed-observations.ts'
import { KubeInMemory } from '../../../../../support/kubernetes/kube-in-memory.ts'
import { anInstance } from '../../../../../support/builders/observations.ts'
import { upgradeVerdict, elsewhere, held, waysOut } from './asked-upgrade.ts'
import { instancesIn, snapshotsIn } from '../../../../../support/builders/caches.ts'

const destinationIn = ({ effects }: Verdict): unknown =>
  effects.map((effect) =>
    effect.kind === 'CreateSnapshot' ? (effect.snapshot.spec as { destination: unknown }).destination : effect.kind,
  )

describe('where it is stored', () => {
  test('with ten lines it is held: the old version serves on, nothing is on record as begun, and each way out is named', () => {
    const verdict = upgradeVerdict({})
    expect(verdict).toMatchObject(held)
    expect(verdict.message).toBe(
      `From 1.21.0 to 1.50.0: held before anything was changed. A snapshot is to be taken first, and nothing says where to store it: the claim of the database is not safe. Set upgrade.destination.claim, or snapshots to a volume of its own; ${waysOut}`,
    )
    expect(verdict.status.upgrade).toBeUndefined()
  })

  test.each([
    ['a destination', elsewhere, [{ claim: { name: 'backups' } }]],
    [
      'a volume for snapshots',
      { snapshots: { size: '10Gi' } },
      [{ claim: { name: 'movies-snapshots', path: 'upgrades' } }],
    ],
    [
      'a claim for snapshots',
      { snapshots: { claimName: 'shared' } },
      [{ claim: { name: 'shared', path: 'upgrades' } }],
    ],
  ])('with %s it is asked for there', (_, managed, destination) => {
    const shared = { shared: { metadata: { name: 'shared' } } }
    const claims = {
      ...everything(aManagedInstance({ managed })).claims,
      ...('snapshots' in managed && 'claimName' in managed.snapshots ? { snapshots: shared.shared } : {}),
    }
    expect(destinationIn(upgradeVerdict(managed, { managed: { claims } }))).toEqual(destination)
  })

  test('with strategy Direct it goes on without', () => {
    expect(upgradeVerdict({ upgrade: { strategy: 'Direct' } }).status.upgrade).toMatchObject({ step: 'Start' })
  })

  test('snapshots on the claim of the database are no volume of their own', () => {
    const claims = { data: { metadata: { name: 'mine' } } }
    expect(
      upgradeVerdict(
        { storage: { claimName: 'mine' }, snapshots: { claimName: 'mine' } },
        { managed: { claims: { ...claims, snapshots: claims.data } } },
      ).reason,
    ).toBe('UpgradeHeld')
    const own = { metadata: { name: 'movies-data' } }
    expect(
      upgradeVerdict(
        { snapshots: { claimName: 'movies-data' } },
        { managed: { claims: { ...everything(aManagedInstance()).claims, snapshots: own } } },
      ).message,
    ).toContain('nothing says where')
  })

  test.each([
    [
      'movies-data',
      {},
      'upgrade.destination names claim movies-data, which holds the database itself: a snapshot there would fill what it is to protect, and be lost with it. Name another claim there;',
    ],
    [
      'movies-scratch',
      { scratch: { size: '20Gi' } },
      'upgrade.destination names claim movies-scratch, which is deleted with this MeiliInstance, as it is its scratch. Name another claim there;',
    ],
  ])('a destination on %s is refused before it is asked for', (name, managed, says) => {
    const verdict = upgradeVerdict({ ...managed, upgrade: { destination: { claim: { name } } } })
    expect(verdict).toMatchObject(held)
    expect(verdict.message).toContain(`${says} ${waysOut}`)
  })

  test.each<[string, object, { subPath?: string; says: string }]>([
    ['upgrade.destination', elsewhere, { subPath: 'data.ms', says: 'holds the database of MeiliInstance songs' }],
    [
      'snapshots.claimName',
      { snapshots: { claimName: 'backups' } },
      { subPath: 'data.ms', says: 'holds the database of MeiliInstance songs' },
    ],
    [
      'upgrade.destination, where its place there is unknown',
      elsewhere,
      { says: 'is mounted by the server of MeiliInstance songs, and may hold its database' },
    ],
  ])(
    'the database of another MeiliInstance is no destination either, named by %s: no MeiliSnapshot that can only fail',
    (_, managed, { says, ...place }) => {
      const claims = { ...everything(aManagedInstance()).claims, snapshots: { metadata: { name: 'backups' } } }
      const verdict = upgradeVerdict(managed, {
        managed: { claims, otherDatabases: [{ instance: 'songs', claimName: 'backups', ...place }] },
      })
      expect(verdict).toMatchObject(held)
      expect(verdict.message).toContain(
        `The snapshot that is to be taken first would be stored on claim backups, which ${says}: nothing is stored beside a database. Set upgrade.destination.claim to another one; ${waysOut}`,
      )
      expect(
        upgradeVerdict(managed, {
          managed: { claims, otherDatabases: [{ instance: 'songs', claimName: 'songs-data', ...place }] },
        }).does,
      ).toEqual(['CreateSnapshot'])
    },
  )

  test('databases of the other instances are those that are known: of servers that we run by spec, of others as they were looked at', async () => {
    const kube = new KubeInMemory()
    const neighbours = [
      aManagedInstance(),
      aManagedInstance({ name: 'songs' }),
      anInstance({ status: { databaseClaims: [{ claimName: 'theirs' }] } }),
      anInstance({ metadata: { name: 'unseen' }, status: { databaseClaims: undefined } }),
    ]
    const { otherDatabases } = await lookAtManaged(
      { kube, connections: new Connections(kube), ...instancesIn(neighbours), snapshots: snapshotsIn(), ipv6: false },
      aManagedInstance(),
      [],
    )
    expect(otherDatabases).toEqual([
      { instance: 'songs', claimName: 'songs-data', subPath: 'data.ms' },
      { instance: 'search', claimName: 'theirs' },
    ])
  })

  test("the server's own claim for snapshots cannot take it where it is ReadWriteOncePod", () => {
    const verdict = upgradeVerdict({ snapshots: { size: '10Gi', accessModes: ['ReadWriteOncePod'] } })
    expect(verdict).toMatchObject(held)
    expect(verdict.message).toContain(
      "stored on claim movies-snapshots, which is ReadWriteOncePod and the server's own",
    )
  })
})

describe('where none can be taken', () => {
  const singleMount: Seen = {
    claim: {
      metadata: { name: 'movies-data' },
      spec: { accessModes: ['ReadWriteOncePod'] },
      status: { phase: 'Bound' },
    },
  }

  test.each<[string, Seen, string]>([
    [
      'the storage is ReadWriteOncePod',
      singleMount,
      'held before anything was changed. Claim movies-data is ReadWriteOncePod, so no mover can mount it while Meilisearch runs, and no snapshot can be taken first. Set snapshots with accessModes ReadWriteOnce, or install streaming (install-streaming.yaml and MAX_STREAMS; stream.exec in the chart); or set',
    ],
    [
      'the server sends its snapshots to S3',
      { located: aLocation({}, { s3: true }) },
      'so there is no file to move. Take the S3 settings away. Do so;',
    ],
  ])(
    '%s: that is said at once with Direct among the ways out, and none is made that can only fail',
    (_, seen, says) => {
      const verdict = upgradeVerdict(elsewhere, seen)
      expect(verdict).toMatchObject(held)
      expect(verdict.message).toContain(says)
      expect(verdict.message).toContain(waysOut)
    },
  )

  test('where streaming is installed it is streamed', () => {
    const { effects } = upgradeVerdict(elsewhere, { ...singleMount, streaming: true })
    expect(effects).toMatchObject([
      { kind: 'CreateSnapshot', snapshot: { spec: { mover: { stream: { mode: 'IfNeeded' } } } } },
    ])
    expect(upgradeVerdict().effects).not.toMatchObject([{ snapshot: { spec: { mover: {} } } }])
  })

  test.each([
    [1, '10737418240'],
    [30, '64424509440'],
  ])('a database of %s GiB is streamed whole: no default refuses its file once it is made', (gibibytes, maxSize) => {
    const database = { sizeBytes: gibibytes * 2 ** 30, indexes: 2, documents: 7 }
    const unsized = { data: withChanges(everything(aManagedInstance()).claims.data, { status: { phase: 'Bound' } }) }
    const { effects } = upgradeVerdict(elsewhere, {
      ...singleMount,
      streaming: true,
      server: { ...(healthy as ServerSeen & { state: 'Answered' }), database },
      managed: { claims: unsized },
    })
    expect(effects).toMatchObject([{ snapshot: { spec: { mover: { stream: { mode: 'IfNeeded', maxSize } } } } }])
  })

  test.each<[string, Seen]>([
    ['there is no pod', noPod],
    ['its claim is not bound', { claim: undefined }],
  ])('%s: it is waited for, and not failed by a deadline meanwhile', (_, seen) => {
    const verdict = upgradeVerdict(elsewhere, seen)
    expect(verdict.does).toEqual([])
    expect(verdict).toMatchObject({ reason: 'Upgrading', progress: 'Reconciling' })
  })
})
