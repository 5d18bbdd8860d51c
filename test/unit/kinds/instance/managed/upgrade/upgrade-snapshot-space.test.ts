// Space for the snapshot before an upgrade, where it is written to the claim of the database: what cannot fit is held.
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import type { ServerSeen } from '../../../../../../src/kinds/instance/observation.ts'
import { healthy } from '../../../../../support/builders/instance-observations.ts'
import {
  aManagedInstance,
  withChanges,
  managedVerdict,
  everything,
  noPod,
  serverPod,
} from '../../../../../support/builders/managed-observations.ts'
import type { Seen } from '../../../../../support/builders/managed-observations.ts'
import { ago, hour } from '../../../../../support/builders/observations.ts'
import { instanceToUpgrade, upgradeVerdict, elsewhere, held } from './asked-upgrade.ts'

describe('space on the claim of the database', () => {
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
    const verdict = upgradeVerdict(elsewhere, { server: server(8) })
    expect(verdict).toMatchObject(held)
    expect(verdict.message).toContain(
      "Claim movies-data has 20.0 GiB, of which the database takes 8.0 GiB; the snapshot that is to be taken first needs about 8.0 GiB for a copy of the database and 4.8 GiB for its file there as well, and a full disk would stop the server's writes. Set a larger storage.size, or scratch or snapshots to take that to volumes of their own;",
    )
    const { claims } = everything(aManagedInstance())
    expect(
      upgradeVerdict(elsewhere, {
        server: server(8),
        managed: {
          claims: { data: withChanges(claims.data, { status: { phase: 'Bound', capacity: { storage: '40Gi' } } }) },
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
    expect(upgradeVerdict(elsewhere, { server: server(gibibytes), ...seen }).does).toEqual(
      fits ? ['CreateSnapshot'] : [],
    )
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
      data: withChanges(before.data, { status: claimOf('', '40Gi').status }),
      ...(claim === undefined
        ? {}
        : { [role]: withChanges(before[role] ?? claim, claim.status === undefined ? {} : { status: claim.status }) }),
    }
    const verdict = upgradeVerdict(wanted, {
      server: server(8),
      pods: [serverPod({ spec: { volumes: [{ name: 'data' }, ...volumes] } })],
      managed: { claims },
    })
    expect(verdict.does).toEqual(says === undefined ? ['CreateSnapshot'] : [])
    expect(verdict.message).toContain(says ?? 'is being taken first')
  })

  test('without a pod nobody knows what it will mount: nothing is held for space', () => {
    const instance = instanceToUpgrade(elsewhere)
    const database = { sizeBytes: 19 * gibibyte, size: '19 GiB', indexes: 2, documents: 7 }
    const { reason } = managedVerdict({
      ...noPod,
      instance: { ...instance, status: { ...instance.status, database } },
      managed: everything(aManagedInstance()),
    })
    expect(reason).toBe('Upgrading')
  })

  test('what is unknown holds up nothing', () => {
    const { claims } = everything(aManagedInstance())
    expect(
      upgradeVerdict(elsewhere, {
        server: server(19),
        managed: { claims: { data: withChanges(claims.data, { status: { phase: 'Bound' } }) } },
      }).does,
    ).toEqual(['CreateSnapshot'])
  })
})
