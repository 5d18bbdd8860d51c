// Where a server keeps its database: on each claim that may hold it, so that nothing is stored or mounted over it.
import type { V1Container } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { launchOf } from '../../../../../src/kinds/instance/locate/launch.ts'
import { locateDatabase, mountedClaims } from '../../../../../src/kinds/instance/locate/snapshot-volume.ts'
import type { DatabaseClaim } from '../../../../../src/reconcile/server-reference.ts'
import { aPod } from '../../../../support/builders/observations.ts'

const claimVolume = (name: string, claimName = name): object => ({ name, persistentVolumeClaim: { claimName } })
const onData = { volumeMounts: [{ name: 'data', mountPath: '/meili_data' }] }
const snapshotDir = (value: string): object => ({ env: [{ name: 'MEILI_SNAPSHOT_DIR', value }] })

describe('the database', () => {
  const database = (
    container: object,
    volumes: readonly object[] = [claimVolume('data'), claimVolume('other')],
  ): readonly DatabaseClaim[] => {
    const full = { name: 'meilisearch', ...container } as V1Container
    return locateDatabase({
      pod: aPod({ metadata: { name: 'search-0', namespace: 'shop' }, spec: { containers: [full], volumes } }),
      container: full,
      launch: launchOf(full, new Map()),
    })
  }
  const both = {
    volumeMounts: [
      { name: 'data', mountPath: '/meili_data' },
      { name: 'other', mountPath: '/other' },
    ],
  }
  const path = (value: string): object => ({ env: [{ name: 'MEILI_DB_PATH', value }] })

  test('is on the claim that is mounted over its directory, and on no other', () => {
    expect(database(both)).toEqual([{ claimName: 'data', subPath: 'data.ms' }])
    expect(database({ ...both, ...path('/other/movies.ms') })).toEqual([{ claimName: 'other', subPath: 'movies.ms' }])
    expect(database({ volumeMounts: [{ name: 'data', mountPath: '/meili_data', subPath: 'movies' }] })).toEqual([
      { claimName: 'data', subPath: 'movies/data.ms' },
    ])
  })

  test('is on several where one is mounted below its directory', () => {
    const volumeMounts = [
      { name: 'data', mountPath: '/meili_data' },
      { name: 'other', mountPath: '/meili_data/data.ms/indexes', subPath: 'indexes' },
    ]
    expect(database({ volumeMounts })).toEqual([
      { claimName: 'data', subPath: 'data.ms' },
      { claimName: 'other', subPath: 'indexes' },
    ])
  })

  test('is on none where it is on another kind of volume', () => {
    expect(database({})).toEqual([])
    expect(database(both, [{ name: 'data', emptyDir: {} }, claimVolume('other')])).toEqual([])
  })

  test('is on the claim of an ephemeral volume', () => {
    expect(database(both, [{ name: 'data', ephemeral: {} }, claimVolume('other')])).toEqual([
      { claimName: 'search-0-data', subPath: 'data.ms' },
    ])
  })

  test.each([
    ['a configuration file', { env: [{ name: 'MEILI_CONFIG_FILE_PATH', value: '/etc/meili.toml' }] }],
    ['a Secret', { env: [{ name: 'MEILI_DB_PATH', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }],
    [
      'a subPathExpr that cannot be resolved',
      {
        volumeMounts: [
          { name: 'data', mountPath: '/meili_data', subPathExpr: '$(X)' },
          { name: 'other', mountPath: '/other' },
        ],
      },
    ],
  ])('may be on any claim that the server mounts where %s hides its place', (_, hidden) => {
    expect(database({ ...both, ...hidden })).toEqual([{ claimName: 'data' }, { claimName: 'other' }])
  })

  const fast = {
    volumeMounts: [
      { name: 'fast', mountPath: '/fast' },
      { name: 'snaps', mountPath: '/meili_data/snapshots' },
    ],
  }
  const fastVolumes = [claimVolume('fast'), claimVolume('snaps')]

  test.each([
    ['a Secret', { envFrom: [{ secretRef: { name: 'meili' } }] }],
    ['a file that a shell line sources', { command: ['sh', '-c', '. /vault/secrets/env && exec meilisearch'] }],
    ['a flag that the shell puts together', { command: ['sh', '-c', 'exec meilisearch --db-pa"th" /fast/data.ms'] }],
    ["the image's own environment", { image: 'corp/meilisearch:1.21' }],
  ])('may be on any claim where no volume is at its usual place: %s puts it elsewhere', (_, hidden) => {
    expect(database({ ...fast, ...hidden }, fastVolumes)).toEqual([{ claimName: 'fast' }, { claimName: 'snaps' }])
  })

  const besides = {
    volumeMounts: [
      { name: 'data', mountPath: '/meili_data' },
      { name: 'fast', mountPath: '/fast' },
      { name: 'snaps', mountPath: '/snaps' },
    ],
    ...snapshotDir('/snaps'),
  }
  const fromSecret = { envFrom: [{ secretRef: { name: 'meili' } }] }

  test('may be on a claim beside its usual place where a Secret may say so, but for that of the snapshots', () => {
    expect(database({ ...besides, ...fromSecret }, [claimVolume('data'), ...fastVolumes])).toEqual([
      { claimName: 'data', subPath: 'data.ms' },
      { claimName: 'fast' },
    ])
    expect(database(besides, [claimVolume('data'), ...fastVolumes])).toEqual([
      { claimName: 'data', subPath: 'data.ms' },
    ])
  })

  test('may be on the claim of the snapshots, too, where its usual place is on no claim', () => {
    expect(database({ ...besides, ...fromSecret }, [{ name: 'data', emptyDir: {} }, ...fastVolumes])).toEqual([
      { claimName: 'fast' },
      { claimName: 'snaps' },
    ])
  })

  test('is where the official chart has it: on one claim, with the Secret of its master key as a source', () => {
    const chart = {
      ...onData,
      image: 'getmeili/meilisearch:v1.21.0',
      envFrom: [{ configMapRef: { name: 'meili', optional: true } }, { secretRef: { name: 'meili' } }],
    }
    expect(database(chart)).toEqual([{ claimName: 'data', subPath: 'data.ms' }])
  })

  test('is on no claim that is mounted read-only, nor on a volume that is', () => {
    const volumeMounts = [
      ...both.volumeMounts,
      { name: 'models', mountPath: '/models', readOnly: true },
      { name: 'seeds', mountPath: '/seeds' },
    ]
    const volumes = [
      claimVolume('data'),
      claimVolume('other'),
      claimVolume('models'),
      { name: 'seeds', persistentVolumeClaim: { claimName: 'seeds', readOnly: true } },
    ]
    expect(
      database({ volumeMounts, env: [{ name: 'MEILI_CONFIG_FILE_PATH', value: '/etc/meili.toml' }] }, volumes),
    ).toEqual([{ claimName: 'data' }, { claimName: 'other' }])
  })

  test('may be on any claim of the pod where nobody can tell which container is the server', () => {
    const sidecar = {
      name: 'sidecar',
      volumeMounts: [
        { name: 'other', mountPath: '/x' },
        { name: 'cache', mountPath: '/y' },
      ],
    }
    const pod = aPod({
      spec: {
        containers: [{ name: 'meilisearch', ...onData }, sidecar],
        volumes: [claimVolume('data'), claimVolume('other'), { name: 'cache', emptyDir: {} }],
      },
    })
    expect(mountedClaims(pod, pod.spec!.containers)).toEqual([{ claimName: 'data' }, { claimName: 'other' }])
  })
})
