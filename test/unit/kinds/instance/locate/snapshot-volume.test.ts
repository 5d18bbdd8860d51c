// From a path in the container to the volume below it, as the kubelet mounts it.
import type { V1Container, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { launchOf } from '../../../../../src/kinds/instance/locate/launch.ts'
import { containerOf, locateSnapshots } from '../../../../../src/kinds/instance/locate/snapshot-volume.ts'
import type { Located } from '../../../../../src/kinds/instance/locate/snapshot-volume.ts'
import { aPod } from '../../../../support/builders/observations.ts'

const claimVolume = (name: string, claimName = name): object => ({ name, persistentVolumeClaim: { claimName } })
const onData = { volumeMounts: [{ name: 'data', mountPath: '/meili_data' }] }
const snapshotDir = (value: string): object => ({ env: [{ name: 'MEILI_SNAPSHOT_DIR', value }] })

function locate(container: object, volumes: readonly object[] = [claimVolume('data')], override?: string): Located {
  const full = { name: 'meilisearch', ...container } as V1Container
  const pod = aPod({ metadata: { name: 'search-0', namespace: 'shop' }, spec: { containers: [full], volumes } })
  return locateSnapshots({ pod, container: full, launch: launchOf(full, new Map()), override })
}

describe('paths', () => {
  test('the defaults of the image, on a claim mounted over its working directory', () => {
    expect(locate(onData)).toEqual({
      readOnly: false,
      volume: {
        kind: 'PersistentVolumeClaim',
        claimName: 'data',
        subPath: 'snapshots',
        directory: '/meili_data/snapshots',
        fileName: 'data.ms.snapshot',
        container: 'meilisearch',
      },
    })
  })

  test.each([
    ['absolute', '/meili_data/backups/here', { directory: '/meili_data/backups/here', subPath: 'backups/here' }],
    ['relative to the working directory', 'backups', { directory: '/meili_data/backups', subPath: 'backups' }],
    ['with dots and slashes', './x/..//snaps/', { directory: '/meili_data/snaps', subPath: 'snaps' }],
    ['the root of the volume', '/meili_data/', { directory: '/meili_data', subPath: '' }],
  ])('a snapshot directory: %s', (_, value, volume) => {
    expect(locate({ ...onData, ...snapshotDir(value) })).toMatchObject({ volume })
  })

  test("follows the container's own working directory", () => {
    expect(locate({ workingDir: '/srv', volumeMounts: [{ name: 'data', mountPath: '/srv' }] })).toMatchObject({
      volume: { claimName: 'data', directory: '/srv/snapshots', subPath: 'snapshots' },
    })
  })

  test.each([
    ['/meili_data/movies.ms', 'movies.ms.snapshot'],
    ['/meili_data/data.ms/', 'data.ms.snapshot'],
    ['db', 'db.snapshot'],
  ])('a database at %s gives a file %s', (path, fileName) => {
    expect(locate({ ...onData, args: ['--db-path', path] })).toMatchObject({ volume: { fileName } })
  })

  test("the user's word wins over what the pod says", () => {
    expect(
      locate({ ...onData, ...snapshotDir('/elsewhere') }, [claimVolume('data')], '/meili_data/mine/'),
    ).toMatchObject({ volume: { claimName: 'data', directory: '/meili_data/mine', subPath: 'mine' } })
  })

  test("the user's word helps where the pod cannot tell", () => {
    expect(
      locate(
        { ...onData, args: ['sh', '-c', 'meilisearch --snapshot-dir $X'] },
        [claimVolume('data')],
        '/meili_data/x',
      ),
    ).toMatchObject({ volume: { subPath: 'x' } })
  })
})

describe('what cannot be known comes with the remedy that helps', () => {
  test('the directory: spec.existing.snapshotDirectory', () => {
    expect(locate({ ...onData, args: ['sh', '-c', 'meilisearch --snapshot-dir $X'] })).toEqual({
      unknown: expect.stringMatching(/snapshot directory.*a shell line/),
      remedy: expect.stringContaining('spec.existing.snapshotDirectory'),
    })
  })

  test.each([undefined, '/meili_data/snapshots'])(
    'the name of the file: a plain MEILI_DB_PATH, since snapshotDirectory (%s) does not help',
    (override) => {
      const container = {
        ...onData,
        env: [
          { name: 'MEILI_SNAPSHOT_DIR', value: '/meili_data/snapshots' },
          { name: 'MEILI_CONFIG_FILE_PATH', value: '/etc/meili.toml' },
        ],
      }
      const seen = locate(container, [claimVolume('data')], override)
      expect(seen).toEqual({
        unknown: expect.stringMatching(/name of the snapshot file.*configuration file/),
        remedy: expect.stringContaining('MEILI_DB_PATH'),
      })
      expect(JSON.stringify(seen)).not.toContain('snapshotDirectory')
    },
  )

  test('both: both are reported, one after the other', () => {
    const container = { ...onData, env: [{ name: 'MEILI_CONFIG_FILE_PATH', value: '/etc/meili.toml' }] }
    expect(locate(container)).toMatchObject({ remedy: expect.stringContaining('snapshotDirectory') })
    expect(locate(container, [claimVolume('data')], '/meili_data/snapshots')).toMatchObject({
      remedy: expect.stringContaining('MEILI_DB_PATH'),
    })
  })
})

describe('a name that nobody can use', () => {
  const tooLong = { unknown: expect.stringContaining('longer than'), remedy: 'Shorten it.' }
  const long = 'x'.repeat(256)

  test.each<[string, object]>([
    ['a directory', snapshotDir('d/'.repeat(2047))],
    ['a file', { env: [{ name: 'MEILI_DB_PATH', value: `/meili_data/${long}` }] }],
    [
      'a directory on the volume',
      { volumeMounts: [{ name: 'data', mountPath: '/meili_data', subPath: 'd/'.repeat(2500) }] },
    ],
  ])('%s', (_, container) => {
    expect(locate({ ...onData, ...container })).toEqual(tooLong)
  })

  test('an ephemeral claim', () => {
    expect(
      locate({ volumeMounts: [{ name: long, mountPath: '/meili_data' }] }, [{ name: long, ephemeral: {} }]),
    ).toEqual(tooLong)
  })

  test('the longest names that there can be will do', () => {
    expect(
      locate({ ...onData, env: [{ name: 'MEILI_DB_PATH', value: `/meili_data/${'x'.repeat(246)}` }] }),
    ).toMatchObject({ volume: { fileName: expect.stringMatching(/^x{246}\.snapshot$/) } })
  })
})

describe('mounts', () => {
  const nested = [
    { name: 'data', mountPath: '/meili_data' },
    { name: 'snapshots', mountPath: '/meili_data/snapshots' },
  ]
  const volumes = [claimVolume('data', 'search-data'), claimVolume('snapshots', 'search-snapshots')]

  test.each([
    ['in this order', nested],
    ['the other way round', nested.toReversed()],
  ])('the longest path wins, %s', (_, volumeMounts) => {
    expect(locate({ volumeMounts }, volumes)).toMatchObject({ volume: { claimName: 'search-snapshots', subPath: '' } })
  })

  test('a path that only begins alike is another directory', () => {
    const volumeMounts = [
      { name: 'data', mountPath: '/meili_data' },
      { name: 'snapshots', mountPath: '/meili_data/snap' },
    ]
    expect(locate({ volumeMounts }, volumes)).toMatchObject({
      volume: { claimName: 'search-data', subPath: 'snapshots' },
    })
  })

  test.each([
    ['/meili_data/', 'snapshots'],
    ['//meili_data', 'snapshots'],
    ['meili_data', 'snapshots'],
    ['/', 'meili_data/snapshots'],
  ])('mounted at %s', (mountPath, subPath) => {
    expect(locate({ volumeMounts: [{ name: 'data', mountPath }] })).toMatchObject({
      volume: { claimName: 'data', subPath },
    })
  })

  test('a long way of writing a short path does not make it the longer one', () => {
    const volumeMounts = [
      { name: 'snapshots', mountPath: '/meili_data/snapshots' },
      { name: 'data', mountPath: '/././././././././././meili_data' },
    ]
    expect(locate({ volumeMounts }, volumes)).toMatchObject({ volume: { claimName: 'search-snapshots' } })
  })

  test('no mount: the file system of the container', () => {
    expect(locate({})).toMatchObject({
      volume: { kind: 'the container file system', directory: '/meili_data/snapshots' },
    })
    expect(locate({ ...onData, ...snapshotDir('/tmp/snaps') })).toMatchObject({
      volume: { kind: 'the container file system' },
    })
  })

  test('a mount that cannot be written', () => {
    expect(locate({ volumeMounts: [{ name: 'data', mountPath: '/meili_data', readOnly: true }] })).toMatchObject({
      readOnly: true,
    })
    expect(
      locate(onData, [{ name: 'data', persistentVolumeClaim: { claimName: 'data', readOnly: true } }]),
    ).toMatchObject({ readOnly: true })
  })

  test('two directories of one claim', () => {
    const volumeMounts = [
      { name: 'data', mountPath: '/meili_data', subPath: 'db' },
      { name: 'data', mountPath: '/snapshots', subPath: 'snaps' },
    ]
    expect(locate({ volumeMounts, ...snapshotDir('/snapshots') })).toMatchObject({
      volume: { claimName: 'data', subPath: 'snaps' },
    })
  })
})

describe('subPath', () => {
  const locateMount = (mount: object, more: object = {}): Located =>
    locate({ volumeMounts: [{ name: 'data', mountPath: '/meili_data', ...mount }], ...more })
  const podName = { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }
  const podNamespace = { name: 'NS', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }

  test.each([['meili'], ['meili/'], ['./meili']])('%s stands before the path', (subPath) => {
    expect(locateMount({ subPath })).toMatchObject({ volume: { subPath: 'meili/snapshots' } })
  })

  test('at the very mount, without a slash at its end', () => {
    expect(locateMount({ subPath: 'meili/' }, snapshotDir('/meili_data'))).toMatchObject({
      volume: { subPath: 'meili' },
    })
  })

  test.each<[string, string, object[]]>([
    ["the pod's name and namespace", '$(NS)/$(POD)', [podName, podNamespace]],
    ['a plain variable', 'shop/$(WHO)', [{ name: 'WHO', value: 'search-0' }]],
    [
      'the last of two entries',
      'shop/$(WHO)',
      [
        { name: 'WHO', value: 'other' },
        { name: 'WHO', value: 'search-0' },
      ],
    ],
    ['no variable at all', 'shop/search-0', []],
  ])('subPathExpr with %s', (_, subPathExpr, env) => {
    expect(locateMount({ subPathExpr }, { env })).toMatchObject({ volume: { subPath: 'shop/search-0/snapshots' } })
  })

  test.each<[string, string, object[]]>([
    ['a variable that is not there', '$(NOBODY)', []],
    ['one from a Secret', '$(S)', [{ name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]],
    ['another field', '$(NODE)', [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }]],
    [
      'a value that refers to others',
      '$(B)',
      [
        { name: 'A', value: 'a' },
        { name: 'B', value: '$(A)/b' },
      ],
    ],
  ])('subPathExpr with %s cannot be resolved, and snapshotDirectory would not help', (_, subPathExpr, env) => {
    expect(locateMount({ subPathExpr }, { env })).toEqual({
      unknown: expect.stringMatching(/subPathExpr of mount \/meili_data/),
      remedy: expect.not.stringContaining('snapshotDirectory'),
    })
  })
})

describe('volumes', () => {
  const on = (source: object): Located => locate(onData, [{ name: 'data', ...source }])

  test('an ephemeral volume is the claim that Kubernetes names after the pod', () => {
    expect(on({ ephemeral: { volumeClaimTemplate: {} } })).toMatchObject({
      volume: { kind: 'PersistentVolumeClaim', claimName: 'search-0-data' },
    })
  })

  test.each(['emptyDir', 'hostPath', 'nfs', 'csi', 'configMap'])(
    '%s is called by its name, and has no claim',
    (kind) => {
      const seen = on({ [kind]: {} })
      expect(seen).toMatchObject({ volume: { kind } })
      expect('volume' in seen && 'claimName' in seen.volume).toBe(false)
    },
  )

  test('a mount of a volume that the pod does not have', () => {
    expect(locate(onData, [])).toMatchObject({ volume: { kind: 'an unknown volume' } })
  })
})

describe('containerOf', () => {
  const pod = (...containers: object[]): V1Pod => aPod({ spec: { containers } })
  const server = { name: 'server', ports: [{ containerPort: 7700 }] }
  const sidecar = { name: 'sidecar', ports: [{ containerPort: 9090 }] }
  const silent = { name: 'silent' }

  test.each<{ is: string; among: V1Pod; named?: string; expected: string | undefined }>([
    { is: 'the one that is named', among: pod(server, sidecar), named: 'sidecar', expected: 'sidecar' },
    { is: 'none, where the named one is not there', among: pod(server), named: 'nobody', expected: undefined },
    { is: 'the one with the port', among: pod(sidecar, server), expected: 'server' },
    { is: 'the only one, whatever its ports', among: pod(silent), expected: 'silent' },
    { is: 'the only one with another port', among: pod(sidecar), expected: 'sidecar' },
    { is: 'none of two without the port', among: pod(silent, sidecar), expected: undefined },
    { is: 'none of two with the port', among: pod(server, { ...server, name: 'twin' }), expected: undefined },
    { is: 'none of none', among: pod(), expected: undefined },
    { is: 'none of a pod without a spec', among: aPod({}), expected: undefined },
  ])('$is', ({ among, named, expected }) => {
    expect(containerOf(among, named, 7700)?.name).toBe(expected)
  })
})
