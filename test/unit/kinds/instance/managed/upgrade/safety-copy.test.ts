// The snapshot before an upgrade: never on the database's own claim, never where there is no room for it, and only the last one is kept.
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import type { MeiliInstanceStatus } from '../../../../../../src/api/instance.ts'
import type { MeiliSnapshot } from '../../../../../../src/api/snapshot.ts'
import type { ServerSeen } from '../../../../../../src/kinds/instance/observation.ts'
import { learnRefusal } from '../../../../../../src/kinds/instance/decide.ts'
import { lookAtManaged } from '../../../../../../src/kinds/instance/observe/managed.ts'
import { instanceStory } from '../../../../../../src/kinds/instance/story.ts'
import { Connections } from '../../../../../../src/perform/meilisearch-connections.ts'
import { aLocation, healthy } from '../../../../../support/builders/instance-observations.ts'
import {
  aManagedInstance,
  changed,
  decidedManaged,
  everything,
  noPod,
  serverPod,
} from '../../../../../support/builders/managed-observations.ts'
import type { Seen, Verdict } from '../../../../../support/builders/managed-observations.ts'
import { KubeInMemory } from '../../../../../support/kubernetes/kube-in-memory.ts'
import { ago, anInstance, aSnapshot, hour, minute, now } from '../../../../../support/builders/observations.ts'

type Upgrade = NonNullable<MeiliInstanceStatus['upgrade']>

const elsewhere = { upgrade: { destination: { claim: { name: 'backups' } } } }
/** A managed instance of which a higher version is asked. */
const asked = (
  managed: object = elsewhere,
  status: MeiliInstanceStatus = { observedGeneration: 1 },
): ReturnType<typeof aManagedInstance> =>
  aManagedInstance({ managed: { version: '1.50.0', ...managed }, metadata: { generation: 2 }, status })
/** All is in place as it was before that was asked. */
const decided = (managed: object = elsewhere, { managed: more, ...seen }: Seen = {}): Verdict =>
  decidedManaged({
    instance: asked(managed),
    ...seen,
    managed: { ...everything(aManagedInstance({ managed: { ...managed, version: '1.21.0' } })), ...more },
  })
const waysOut =
  'or set upgrade.strategy: Direct, which upgrades without a snapshot, or set version back to 1.21.0. It goes on as soon as one of these is done.'
const held = { reason: 'UpgradeHeld', progress: 'Stalled', ready: 'True Ready', does: [] }
const destinationIn = ({ effects }: Verdict): unknown =>
  effects.map((effect) =>
    effect.kind === 'CreateSnapshot' ? (effect.snapshot.spec as { destination: unknown }).destination : effect.kind,
  )

describe('where it is stored', () => {
  test('with ten lines it is held: the old version serves on, nothing is on record as begun, and each way out is named', () => {
    const verdict = decided({})
    expect(verdict).toMatchObject(held)
    expect(verdict.message).toBe(
      `From 1.21.0 to 1.50.0: held before anything was changed. A snapshot is to be taken first, and nothing says where to store it: the claim of the database is no safe place. Set upgrade.destination.claim, or snapshots to a volume of its own; ${waysOut}`,
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
    expect(destinationIn(decided(managed, { managed: { claims } }))).toEqual(destination)
  })

  test('with strategy Direct it goes on without', () => {
    expect(decided({ upgrade: { strategy: 'Direct' } }).status.upgrade).toMatchObject({ step: 'Start' })
  })

  test('snapshots on the claim of the database are no volume of their own', () => {
    const claims = { data: { metadata: { name: 'mine' } } }
    expect(
      decided(
        { storage: { claimName: 'mine' }, snapshots: { claimName: 'mine' } },
        { managed: { claims: { ...claims, snapshots: claims.data } } },
      ).reason,
    ).toBe('UpgradeHeld')
    const own = { metadata: { name: 'movies-data' } }
    expect(
      decided(
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
    const verdict = decided({ ...managed, upgrade: { destination: { claim: { name } } } })
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
      const verdict = decided(managed, {
        managed: { claims, otherDatabases: [{ instance: 'songs', claimName: 'backups', ...place }] },
      })
      expect(verdict).toMatchObject(held)
      expect(verdict.message).toContain(
        `The snapshot that is to be taken first would be stored on claim backups, which ${says}: nothing is stored beside a database. Set upgrade.destination.claim to another one; ${waysOut}`,
      )
      expect(
        decided(managed, {
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
      { kube, connections: new Connections(kube), instances: () => neighbours, snapshots: () => [] },
      aManagedInstance(),
      [],
    )
    expect(otherDatabases).toEqual([
      { instance: 'songs', claimName: 'songs-data', subPath: 'data.ms' },
      { instance: 'search', claimName: 'theirs' },
    ])
  })

  test("the server's own claim for snapshots cannot take it where it is ReadWriteOncePod", () => {
    const verdict = decided({ snapshots: { size: '10Gi', accessModes: ['ReadWriteOncePod'] } })
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
      const verdict = decided(elsewhere, seen)
      expect(verdict).toMatchObject(held)
      expect(verdict.message).toContain(says)
      expect(verdict.message).toContain(waysOut)
    },
  )

  test('where streaming is installed it is streamed', () => {
    const { effects } = decided(elsewhere, { ...singleMount, streaming: true })
    expect(effects).toMatchObject([
      { kind: 'CreateSnapshot', snapshot: { spec: { mover: { stream: { mode: 'IfNeeded' } } } } },
    ])
    expect(decided().effects).not.toMatchObject([{ snapshot: { spec: { mover: {} } } }])
  })

  test.each([
    [1, '10737418240'],
    [30, '64424509440'],
  ])('a database of %s GiB is streamed whole: no default refuses its file once it is made', (gibibytes, maxSize) => {
    const database = { sizeBytes: gibibytes * 2 ** 30, indexes: 2, documents: 7 }
    const unsized = { data: changed(everything(aManagedInstance()).claims.data, { status: { phase: 'Bound' } }) }
    const { effects } = decided(elsewhere, {
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
    const verdict = decided(elsewhere, seen)
    expect(verdict.does).toEqual([])
    expect(verdict).toMatchObject({ reason: 'Upgrading', progress: 'Reconciling' })
  })
})

describe('room on the claim of the database', () => {
  const gibibyte = 2 ** 30
  const server = (gibibytes: number): ServerSeen => ({
    ...(healthy as ServerSeen & { state: 'Answered' }),
    database: { sizeBytes: gibibytes * gibibyte, usedBytes: gibibytes * gibibyte, indexes: 2, documents: 7 },
  })
  const mounts = (...names: string[]): V1Pod[] => [
    serverPod({ spec: { volumes: ['data', ...names].map((name) => ({ name })) } }),
  ]
  const earlier = { name: 'nightly', completedAt: ago(hour) }

  test('what cannot fit is held with the figures, and goes on when the claim has grown', () => {
    const verdict = decided(elsewhere, { server: server(8) })
    expect(verdict).toMatchObject(held)
    expect(verdict.message).toContain(
      "Claim movies-data has 20.0 GiB, of which the database takes 8.0 GiB; the snapshot that is to be taken first needs about 8.0 GiB for a copy of the database and 4.8 GiB for its file there as well, and a full disk would stop the server's writes. Set a larger storage.size, or scratch or snapshots to take that to volumes of their own;",
    )
    const { claims } = everything(aManagedInstance())
    expect(
      decided(elsewhere, {
        server: server(8),
        managed: {
          claims: { data: changed(claims.data, { status: { phase: 'Bound', capacity: { storage: '40Gi' } } }) },
        },
      }).does,
    ).toEqual(['CreateSnapshot'])
  })

  test.each<[string, Seen & { gibibytes: number }, boolean]>([
    ['7 for the database, a copy and a file', { gibibytes: 7 }, true],
    ['7 for the database, with an earlier file beside it', { gibibytes: 7, lastSnapshot: earlier }, false],
    ['12 for the database, a copy elsewhere', { gibibytes: 12, pods: mounts('scratch') }, true],
    [
      '13 for the database, a copy elsewhere, too large all the same',
      { gibibytes: 13, pods: mounts('scratch') },
      false,
    ],
    [
      '10 for the database, the files elsewhere',
      { gibibytes: 10, pods: mounts('snapshots'), lastSnapshot: earlier },
      true,
    ],
    [
      '11 for the database, the files elsewhere, too large all the same',
      { gibibytes: 11, pods: mounts('snapshots') },
      false,
    ],
    [
      '19 for the database, both elsewhere',
      { gibibytes: 19, pods: mounts('snapshots', 'scratch'), lastSnapshot: earlier },
      true,
    ],
  ])('of 20 GiB, %s', (_, { gibibytes, ...seen }, fits) => {
    expect(decided(elsewhere, { server: server(gibibytes), ...seen }).does).toEqual(fits ? ['CreateSnapshot'] : [])
  })

  const volume = (name: string, claimName: string): object => ({ name, persistentVolumeClaim: { claimName } })
  const claimOf = (name: string, storage: string): V1PersistentVolumeClaim => ({
    metadata: { name },
    status: { phase: 'Bound', capacity: { storage } },
  })
  const copy = '8.0 GiB there for a copy of the database.'

  test.each<[string, { managed: object; claim?: V1PersistentVolumeClaim; volumes: object[] }, string | undefined]>([
    [
      'a claim for scratch',
      {
        managed: { scratch: { size: '7Gi' } },
        claim: claimOf('movies-scratch', '7Gi'),
        volumes: [volume('scratch', 'movies-scratch')],
      },
      `Claim movies-scratch has 7.0 GiB; the snapshot that is to be taken first needs about ${copy} Set a larger scratch.size;`,
    ],
    [
      'a claim for scratch that is just large enough',
      {
        managed: { scratch: { size: '8Gi' } },
        claim: claimOf('movies-scratch', '8Gi'),
        volumes: [volume('scratch', 'movies-scratch')],
      },
      undefined,
    ],
    [
      'memory for scratch',
      {
        managed: { scratch: { memory: '4Gi' } },
        volumes: [{ name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '4Gi' } }],
      },
      `The memory for scratch has 4.0 GiB; the snapshot that is to be taken first needs about ${copy} Set a larger scratch.memory;`,
    ],
    [
      'a claim for scratch that the pod does not mount yet',
      {
        managed: { scratch: { size: '7Gi' } },
        claim: claimOf('movies-scratch', '7Gi'),
        volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '9Gi' } }],
      },
      undefined,
    ],
    [
      'a volume for snapshots',
      {
        managed: { snapshots: { size: '2Gi' } },
        claim: claimOf('movies-snapshots', '2Gi'),
        volumes: [volume('snapshots', 'movies-snapshots')],
      },
      'Claim movies-snapshots has 2.0 GiB; the snapshot that is to be taken first needs about 2.7 GiB there for its file. Set a larger snapshots.size;',
    ],
    [
      "a person's claim for snapshots",
      {
        managed: { snapshots: { claimName: 'mine' } },
        claim: claimOf('mine', '2Gi'),
        volumes: [volume('snapshots', 'mine')],
      },
      'Enlarge claim mine, or set snapshots to another one;',
    ],
    [
      'a volume for snapshots that takes the file if it compresses well',
      {
        managed: { snapshots: { size: '3Gi' } },
        claim: claimOf('movies-snapshots', '3Gi'),
        volumes: [volume('snapshots', 'movies-snapshots')],
      },
      undefined,
    ],
  ])('of 8 GiB in use, what certainly does not fit is held: %s', (_, { managed, claim, volumes }, says) => {
    const wanted = { ...elsewhere, storage: { size: '40Gi' }, ...managed }
    const before = everything(aManagedInstance({ managed: { ...wanted, version: '1.21.0' } })).claims
    const role = 'scratch' in managed ? 'scratch' : 'snapshots'
    const claims = {
      ...before,
      data: changed(before.data, { status: claimOf('', '40Gi').status }),
      ...(claim === undefined
        ? {}
        : { [role]: changed(before[role] ?? claim, claim.status === undefined ? {} : { status: claim.status }) }),
    }
    const verdict = decided(wanted, {
      server: server(8),
      pods: [serverPod({ spec: { volumes: [{ name: 'data' }, ...volumes] } })],
      managed: { claims },
    })
    expect(verdict.does).toEqual(says === undefined ? ['CreateSnapshot'] : [])
    expect(verdict.message).toContain(says ?? 'is being taken first')
  })

  test('without a pod nobody knows what it will mount: nothing is held for room', () => {
    const instance = asked(elsewhere)
    const database = { sizeBytes: 19 * gibibyte, size: '19 GiB', indexes: 2, documents: 7 }
    const { reason } = decidedManaged({
      ...noPod,
      instance: { ...instance, status: { ...instance.status, database } },
      managed: everything(aManagedInstance()),
    })
    expect(reason).toBe('Upgrading')
  })

  test('what is unknown holds up nothing', () => {
    const { claims } = everything(aManagedInstance())
    expect(
      decided(elsewhere, {
        server: server(19),
        managed: { claims: { data: changed(claims.data, { status: { phase: 'Bound' } }) } },
      }).does,
    ).toEqual(['CreateSnapshot'])
  })
})

const upgradeOf = (changes: Partial<Upgrade> = {}): Upgrade => ({
  from: '1.21.0',
  to: '1.50.0',
  step: 'Snapshot',
  generation: 2,
  snapshot: 'movies-before-1-50-0-movies-u-2',
  startedAt: ago(minute),
  ...changes,
})
const running = (managed: object, upgrade: Upgrade, { managed: seen, ...more }: Seen): Verdict =>
  decidedManaged({
    instance: asked(managed, { observedGeneration: 2, upgrade }),
    ...more,
    managed: { ...everything(aManagedInstance()), ...seen },
  })

describe('Direct, while one is on its way', () => {
  const direct = { upgrade: { strategy: 'Direct' } }
  const copy = (status: object): MeiliSnapshot =>
    aSnapshot({ metadata: { name: 'movies-before-1-50-0-movies-u-2', uid: 'u', resourceVersion: '7' }, status })

  test('one that has failed no longer stops it', () => {
    const verdict = running(direct, upgradeOf(), { managed: { snapshotBefore: copy({ phase: 'Failed' }) } })
    expect(verdict.status.upgrade).toMatchObject({ step: 'Start' })
    expect(verdict.status.upgrade?.snapshot).toBeUndefined()
  })

  test('one that has not begun is removed', () => {
    expect(running(direct, upgradeOf(), { managed: { snapshotBefore: copy({ phase: 'Pending' }) } })).toMatchObject({
      effects: [{ kind: 'DeleteSnapshot', name: 'movies-before-1-50-0-movies-u-2', uid: 'u', resourceVersion: '7' }],
      status: { upgrade: { step: 'Snapshot' } },
    })
  })

  test('one that is being made is let end', () => {
    expect(
      running(direct, upgradeOf(), {
        managed: { snapshotBefore: copy({ phase: 'Snapshotting', request: { posts: 1 } }) },
      }),
    ).toMatchObject({ reason: 'Upgrading', effects: [], status: { upgrade: { step: 'Snapshot' } } })
  })

  test('one that is complete stays on record', () => {
    expect(
      running(direct, upgradeOf(), { managed: { snapshotBefore: copy({ phase: 'Completed' }) } }).status.upgrade,
    ).toMatchObject({ step: 'Start', snapshot: 'movies-before-1-50-0-movies-u-2' })
  })
})

describe('only the last one is kept', () => {
  const labels = {
    'meili-operator.dev/instance': 'movies',
    'meili-operator.dev/instance-uid': 'movies-uid',
    'meili-operator.dev/upgrade-from': '1.20.0',
    'meili-operator.dev/upgrade-to': '1.21.0',
  }
  const aCopy = (
    name: string,
    { metadata = {}, spec = {}, phase = 'Completed' }: { metadata?: object; spec?: object; phase?: string } = {},
  ): MeiliSnapshot =>
    changed(
      aSnapshot({
        metadata: {
          name,
          uid: `uid-of-${name}`,
          resourceVersion: '7',
          labels,
          creationTimestamp: ago(2 * hour),
          ...metadata,
        },
        status: { phase } as never,
      }),
      { spec: { ...aSnapshot().spec, source: { instanceRef: { name: 'movies' } }, deletionPolicy: 'Delete', ...spec } },
    )
  const first = aCopy('movies-before-1-21-0-movies-u-1')
  const last = aCopy('movies-before-1-50-0-movies-u-2', {
    metadata: { labels: { ...labels, 'meili-operator.dev/upgrade-to': '1.50.0' }, creationTimestamp: ago(minute) },
  })
  const done = upgradeOf({ step: 'Done', completedAt: ago(0) })
  const after = (
    copies: readonly MeiliSnapshot[],
    { upgrade = done, kept = last }: { upgrade?: Upgrade; kept?: MeiliSnapshot | undefined } = {},
  ): Verdict =>
    running(elsewhere, upgrade, {
      server: { ...(healthy as ServerSeen & { state: 'Answered' }), version: '1.50.0' },
      managed: {
        ...everything(asked(), { version: '1.50.0', upgrade: true }),
        safetyCopies: copies,
        snapshotBefore: kept,
      },
    })
  const removed = ({ effects }: Verdict): string[] =>
    effects.flatMap((effect) =>
      effect.kind === 'DeleteSnapshot' ? [`${effect.name} ${effect.uid} ${effect.resourceVersion}`] : [],
    )

  test('done: the one before goes, as it was seen and put on record first; this one stays', () => {
    const verdict = after([first, last])
    expect(removed(verdict)).toEqual(['movies-before-1-21-0-movies-u-1 uid-of-movies-before-1-21-0-movies-u-1 7'])
    expect(verdict.status.upgrade?.superseded).toEqual(['movies-before-1-21-0-movies-u-1'])
  })

  test('cut off in between, it goes on, and tells it once', () => {
    const told = after([first, last]).status
    const again = after([first, last], { upgrade: told.upgrade! })
    expect(removed(again)).toHaveLength(1)
    expect(again.status.upgrade).toEqual(told.upgrade)
    const stories = (from: MeiliInstanceStatus, to: MeiliInstanceStatus): string[] =>
      instanceStory(from, to)
        .filter(({ reason }) => reason === 'UpgradeSnapshotSuperseded')
        .map(({ message }) => message)
    expect(stories({ upgrade: done }, told)).toEqual([
      'MeiliSnapshot movies-before-1-21-0-movies-u-1 goes, with what it has stored: movies-before-1-50-0-movies-u-2 is newer, and stays.',
    ])
    expect(stories(told, again.status)).toEqual([])
  })

  test("a removal that is refused stays on record in the API server's words while it is tried again, and no longer than that", () => {
    const told = after([first, last]).status
    const refused = learnRefusal(
      asked(elsewhere, told),
      { kind: 'Refused', effect: 'DeleteSnapshot', message: 'denied by policy' },
      now,
    )
    expect(refused).toEqual({ ...told, upgrade: { ...told.upgrade, failure: 'denied by policy' } })
    expect(removed(after([first, last], { upgrade: refused.upgrade! }))).toHaveLength(1)
    expect(after([first, last], { upgrade: refused.upgrade! }).status.upgrade).toEqual(refused.upgrade)
    expect(after([last], { upgrade: refused.upgrade! }).status.upgrade).toEqual(told.upgrade)
  })

  test('one that failed goes as well', () => {
    expect(removed(after([aCopy('movies-before-1-21-0-movies-u-1', { phase: 'Failed' }), last]))).toHaveLength(1)
  })

  test.each<[string, MeiliSnapshot]>([
    ['kept by deletionPolicy Retain', aCopy('movies-before-1-21-0-movies-u-1', { spec: { deletionPolicy: 'Retain' } })],
    [
      'kept by taking the label away',
      aCopy('movies-before-1-21-0-movies-u-1', {
        metadata: { labels: { 'meili-operator.dev/instance-uid': 'movies-uid' } },
      }),
    ],
    [
      'of an earlier instance of this name',
      aCopy('movies-before-1-21-0-movies-u-1', {
        metadata: { labels: { ...labels, 'meili-operator.dev/instance-uid': 'other' } },
      }),
    ],
    ["that a person made with the operator's labels", aCopy('mine')],
    ['that a person copied under a longer name', aCopy('movies-before-1-21-0-movies-u-1-copy')],
    ['that still runs', aCopy('movies-before-1-21-0-movies-u-1', { phase: 'Moving' })],
    ['that is newer', aCopy('movies-before-1-21-0-movies-u-1', { metadata: { creationTimestamp: ago(0) } })],
    ['that is going', aCopy('movies-before-1-21-0-movies-u-1', { metadata: { deletionTimestamp: ago(0) } })],
  ])('never one %s', (_, copy) => {
    expect(removed(after([copy, last]))).toEqual([])
  })

  test.each<[string, Parameters<typeof after>[1]]>([
    ['before the upgrade is done', { upgrade: upgradeOf({ step: 'Documents', indexes: 9, documents: 9 }) }],
    ['where the last one is gone', { kept: changed(last, { metadata: { ...last.metadata, name: 'another' } }) }],
    [
      'where the last one is going',
      { kept: changed(last, { metadata: { ...last.metadata, deletionTimestamp: ago(0) } }) },
    ],
    ['where the last one failed', { kept: changed(last, { status: { phase: 'Failed' } }) }],
    [
      'where the last upgrade took none',
      { upgrade: upgradeOf({ step: 'Done', completedAt: ago(0), snapshot: undefined }) },
    ],
  ])('and none %s', (_, how) => {
    const verdict = after([first, last], how)
    expect(removed(verdict)).toEqual([])
    expect(verdict.status.upgrade?.to).toBe('1.50.0')
  })
})
