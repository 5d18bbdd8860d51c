// What a container tells Meilisearch, read as the kubelet and the engine read it; what cannot be known is unknown.
import type { V1Container } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { configMapNames, launchOf } from '../../../../../src/kinds/instance/locate/launch.ts'
import type { Launch, Setting } from '../../../../../src/kinds/instance/locate/launch.ts'

type Data = Readonly<Record<string, Readonly<Record<string, string>>>>

const launch = (container: Partial<V1Container>, configMaps: Data = {}): Launch =>
  launchOf({ name: 'meilisearch', ...container }, new Map(Object.entries(configMaps)))
const directory = (container: Partial<V1Container>, configMaps: Data = {}): Setting =>
  launch(container, configMaps).snapshotDirectory
const plain = (name: string, value: string): { name: string; value: string } => ({ name, value })
const fromMap = (key: string, optional?: boolean): { name: string; valueFrom: object } => ({
  name: 'MEILI_SNAPSHOT_DIR',
  valueFrom: { configMapKeyRef: { name: 'settings', key, ...(optional === undefined ? {} : { optional }) } },
})
const unknown = (words: string | RegExp): { unknown: string } => ({
  unknown: words instanceof RegExp ? expect.stringMatching(words) : expect.stringContaining(words),
})

describe('the defaults of the image', () => {
  test('a bare container sets nothing and works in /meili_data', () => {
    expect(launch({})).toEqual({
      databasePath: { unset: true },
      snapshotDirectory: { unset: true },
      s3: false,
      mayHideDatabase: false,
      workingDirectory: '/meili_data',
    })
  })

  test("a container's own working directory wins", () => {
    expect(launch({ workingDir: '/srv' }).workingDirectory).toBe('/srv')
  })
})

describe('flags', () => {
  test.each<[string, Partial<V1Container>]>([
    ['two words in args', { args: ['meilisearch', '--snapshot-dir', '/snapshots'] }],
    ['one word in args', { args: ['--snapshot-dir=/snapshots'] }],
    ['in command', { command: ['/bin/meilisearch', '--snapshot-dir=/snapshots'] }],
    ['split over command and args', { command: ['/bin/meilisearch', '--snapshot-dir'], args: ['/snapshots'] }],
    [
      'behind tini',
      { command: ['tini', '--', '/bin/meilisearch'], args: ['--db-path', '/db', '--snapshot-dir', '/snapshots'] },
    ],
    [
      'above the environment',
      { args: ['--snapshot-dir=/snapshots'], env: [plain('MEILI_SNAPSHOT_DIR', '/elsewhere')] },
    ],
    ['with a variable of the container', { args: ['--snapshot-dir=$(ROOT)s'], env: [plain('ROOT', '/snapshot')] }],
  ])('%s', (_, container) => {
    expect(directory(container)).toEqual({ value: '/snapshots' })
  })

  test('another flag that begins alike is another flag', () => {
    expect(
      directory({ args: ['--snapshot-dir=/snapshots', '--snapshot-interval-sec', '5', '--schedule-snapshot'] }),
    ).toEqual({ value: '/snapshots' })
    expect(launch({ args: ['--dump-dir=/dumps'] })).toMatchObject({
      databasePath: { unset: true },
      snapshotDirectory: { unset: true },
    })
  })

  test('an equals sign belongs to the value', () => {
    expect(directory({ args: ['--snapshot-dir=/a=b'] })).toEqual({ value: '/a=b' })
  })

  test('database path and snapshot directory are distinguished', () => {
    expect(launch({ args: ['--db-path', '/db/data.ms', '--snapshot-dir', '/snapshots'] })).toMatchObject({
      databasePath: { value: '/db/data.ms' },
      snapshotDirectory: { value: '/snapshots' },
    })
  })
})

describe('a shell line is never guessed', () => {
  test.each<[string, Partial<V1Container>]>([
    ['that names the flag', { command: ['sh', '-c'], args: ['exec meilisearch --snapshot-dir /snapshots'] }],
    [
      'that names the flag with an equals sign',
      { command: ['/bin/bash', '-c', 'exec meilisearch --snapshot-dir=$DIR'] },
    ],
    [
      'that names the flag, whatever the environment says',
      { command: ['sh', '-c', 'meilisearch --snapshot-dir /a'], env: [plain('MEILI_SNAPSHOT_DIR', '/b')] },
    ],
    ['that sets the variable', { command: ['sh', '-c', 'export MEILI_SNAPSHOT_DIR=/snapshots; exec meilisearch'] }],
    [
      'that sets the variable over the environment',
      { command: ['sh', '-c', 'MEILI_SNAPSHOT_DIR=/snapshots meilisearch'], env: [plain('MEILI_SNAPSHOT_DIR', '/b')] },
    ],
    ['of env', { command: ['env', 'MEILI_SNAPSHOT_DIR=/snapshots', 'meilisearch'] }],
  ])('%s', (_, container) => {
    expect(directory(container)).toEqual(unknown('a shell line sets'))
  })

  test('one that names neither changes nothing', () => {
    expect(
      directory({
        command: ['sh', '-c', 'rm -rf "$TMPDIR"/.tmp*; exec meilisearch'],
        env: [plain('MEILI_SNAPSHOT_DIR', '/snapshots')],
      }),
    ).toEqual({ value: '/snapshots' })
  })

  test('a word of its own behind it wins over the line', () => {
    expect(directory({ command: ['sh', '-c', 'exec meilisearch "$@"', 'sh', '--snapshot-dir', '/snapshots'] })).toEqual(
      { value: '/snapshots' },
    )
  })
})

describe('environment', () => {
  test('a plain value', () => {
    expect(launch({ env: [plain('MEILI_DB_PATH', '/db/x'), plain('MEILI_SNAPSHOT_DIR', '/snapshots')] })).toMatchObject(
      { databasePath: { value: '/db/x' }, snapshotDirectory: { value: '/snapshots' } },
    )
  })

  test('the last of two entries wins', () => {
    expect(directory({ env: [plain('MEILI_SNAPSHOT_DIR', '/a'), plain('MEILI_SNAPSHOT_DIR', '/b')] })).toEqual({
      value: '/b',
    })
  })

  test('a key of a ConfigMap', () => {
    expect(directory({ env: [fromMap('dir')] }, { settings: { dir: '/snapshots' } })).toEqual({ value: '/snapshots' })
  })

  test.each([
    ['a ConfigMap that is not there', {}],
    ['a ConfigMap without that key', { settings: { other: 'x' } }],
  ])('%s: unknown, and named', (_, configMaps) => {
    expect(directory({ env: [fromMap('dir')] }, configMaps)).toEqual(unknown(/ConfigMap settings.*dir/))
  })

  test('an optional key that is not there leaves the variable alone', () => {
    expect(directory({ env: [fromMap('dir', true)] })).toEqual({ unset: true })
    expect(directory({ env: [plain('MEILI_SNAPSHOT_DIR', '/a'), fromMap('dir', true)] })).toEqual({ value: '/a' })
  })

  test.each([
    ['a Secret', { secretKeyRef: { name: 'keys', key: 'dir' } }],
    ['a field of the pod', { fieldRef: { fieldPath: 'metadata.name' } }],
    ['a resource', { resourceFieldRef: { resource: 'limits.memory' } }],
  ])('%s is not read for a path: unknown, with the name of the variable', (_, valueFrom) => {
    expect(directory({ env: [{ name: 'MEILI_SNAPSHOT_DIR', valueFrom }] })).toEqual(unknown('MEILI_SNAPSHOT_DIR'))
  })

  test('an entry without value or source is empty, as for the kubelet', () => {
    expect(directory({ env: [{ name: 'MEILI_SNAPSHOT_DIR' }] })).toEqual({ value: '' })
  })
})

describe('envFrom', () => {
  const source = (name: string, prefix?: string): object => ({
    configMapRef: { name },
    ...(prefix === undefined ? {} : { prefix }),
  })

  test('a ConfigMap, with and without a prefix', () => {
    expect(directory({ envFrom: [source('settings')] }, { settings: { MEILI_SNAPSHOT_DIR: '/snapshots' } })).toEqual({
      value: '/snapshots',
    })
    expect(
      directory({ envFrom: [source('settings', 'MEILI_')] }, { settings: { SNAPSHOT_DIR: '/snapshots' } }),
    ).toEqual({ value: '/snapshots' })
  })

  test('a prefix makes it another variable', () => {
    expect(
      directory({ envFrom: [source('settings', 'X_')] }, { settings: { MEILI_SNAPSHOT_DIR: '/snapshots' } }),
    ).toEqual({ unset: true })
  })

  test('the last source wins, and env above them all', () => {
    const configMaps = { first: { MEILI_SNAPSHOT_DIR: '/first' }, second: { MEILI_SNAPSHOT_DIR: '/second' } }
    const envFrom = [source('first'), source('second')]
    expect(directory({ envFrom }, configMaps)).toEqual({ value: '/second' })
    expect(directory({ envFrom, env: [plain('MEILI_SNAPSHOT_DIR', '/env')] }, configMaps)).toEqual({ value: '/env' })
  })

  test('a Secret beside it hides nothing', () => {
    expect(
      directory(
        { envFrom: [source('settings'), { secretRef: { name: 'keys' } }] },
        { settings: { MEILI_SNAPSHOT_DIR: '/snapshots' } },
      ),
    ).toEqual({ value: '/snapshots' })
  })

  test('a ConfigMap that is not there makes unknown what nothing else sets', () => {
    expect(launch({ envFrom: [source('settings')], env: [plain('MEILI_DB_PATH', '/db')] })).toMatchObject({
      databasePath: { value: '/db' },
      snapshotDirectory: unknown('ConfigMap settings'),
      s3: false,
    })
    expect(directory({ envFrom: [{ configMapRef: { name: 'settings', optional: true } }] })).toEqual({ unset: true })
  })

  test('names each ConfigMap once, and no Secret', () => {
    const container = {
      name: 'meilisearch',
      envFrom: [source('a'), { secretRef: { name: 'keys' } }],
      env: [fromMap('x'), fromMap('y'), { name: 'K', valueFrom: { secretKeyRef: { name: 'keys', key: 'k' } } }],
    }
    expect(configMapNames(container)).toEqual(['a', 'settings'])
    expect(configMapNames({ name: 'bare' })).toEqual([])
  })
})

describe('references $(NAME), as the kubelet resolves them', () => {
  const value = (
    text: string,
    before: NonNullable<V1Container['env']> = [],
    after: NonNullable<V1Container['env']> = [],
  ): Setting => directory({ env: [...before, plain('MEILI_SNAPSHOT_DIR', text), ...after] })

  test('to a variable above', () => {
    expect(value('$(A)/$(B)/c', [plain('A', '/a'), plain('B', '$(A)b')])).toEqual({ value: '/a//ab/c' })
  })

  test('to one of a ConfigMap', () => {
    expect(
      directory(
        { envFrom: [{ configMapRef: { name: 'settings' } }], env: [plain('MEILI_SNAPSHOT_DIR', '$(ROOT)/x')] },
        { settings: { ROOT: '/r' } },
      ),
    ).toEqual({ value: '/r/x' })
  })

  test('to its own earlier entry', () => {
    expect(value('$(MEILI_SNAPSHOT_DIR)/b', [plain('MEILI_SNAPSHOT_DIR', '/a')])).toEqual({ value: '/a/b' })
  })

  test('to a variable below: not resolved by the kubelet, so unknown', () => {
    expect(value('$(A)/b', [], [plain('A', '/a')])).toEqual(unknown('A'))
  })

  test('to itself, or in a circle: unknown', () => {
    expect(value('$(MEILI_SNAPSHOT_DIR)')).toEqual(unknown('MEILI_SNAPSHOT_DIR'))
    expect(value('$(B)', [plain('A', '$(MEILI_SNAPSHOT_DIR)'), plain('B', '$(A)')])).toEqual(
      unknown('MEILI_SNAPSHOT_DIR'),
    )
  })

  test('to what nobody sets, such as a Service of the namespace: unknown', () => {
    expect(value('/x/$(SEARCH_SERVICE_HOST)')).toEqual(unknown('SEARCH_SERVICE_HOST'))
  })

  test('to what comes from a Secret: unknown', () => {
    expect(value('/x/$(A)', [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }])).toEqual(
      unknown('variable A'),
    )
  })

  test('two dollars are one, and no reference', () => {
    expect(value('/$$(A)', [plain('A', 'a')])).toEqual({ value: '/$(A)' })
    expect(value('/$A/$', [plain('A', 'a')])).toEqual({ value: '/$A/$' })
  })

  test('a value that doubles with each reference is given up, soon', () => {
    const doubling = Array.from({ length: 64 }, (_, index) =>
      plain(`V${index}`, index === 0 ? 'xxxxxxxx' : `$(V${index - 1})$(V${index - 1})`),
    )
    expect(value('$(V63)', doubling)).toEqual(unknown('longer than'))
    const empty = Array.from({ length: 64 }, (_, index) =>
      plain(`V${index}`, index === 0 ? '' : `$(V${index - 1})$(V${index - 1})`),
    )
    expect(value('/x$(V63)', empty)).toEqual({ value: '/x' })
  })

  test('what is longer than a path can be is given up, wherever it comes from', () => {
    const long = 'x'.repeat(1_000_000)
    const configMaps = { settings: { BIG: long, MEILI_SNAPSHOT_DIR: long } }
    const envFrom = [{ configMapRef: { name: 'settings' } }]
    expect(value(long)).toEqual(unknown('longer than'))
    expect(directory({ envFrom }, configMaps)).toEqual(unknown('longer than'))
    expect(directory({ env: [fromMap('BIG')] }, configMaps)).toEqual(unknown('longer than'))
    expect(directory({ envFrom, args: [`--snapshot-dir=${'$(BIG)'.repeat(100_000)}`] }, configMaps)).toEqual(
      unknown('longer than'),
    )
    expect(directory({ envFrom, args: [`--snapshot-dir=${'$(BIG)'.repeat(600)}`] }, configMaps)).toEqual(
      unknown('longer than'),
    )
    expect(value('x'.repeat(4096))).toEqual({ value: 'x'.repeat(4096) })
  })
})

describe('a configuration file stands below flags and environment', () => {
  test.each<[string, Partial<V1Container>]>([
    ['named by variable', { env: [plain('MEILI_CONFIG_FILE_PATH', '/etc/meili.toml')] }],
    ['named by flag', { args: ['--config-file-path', '/etc/meili.toml'] }],
    [
      'named by a Secret',
      { env: [{ name: 'MEILI_CONFIG_FILE_PATH', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    ],
    [
      'mounted over config.toml',
      { volumeMounts: [{ name: 'config', mountPath: '/meili_data/config.toml', subPath: 'config.toml' }] },
    ],
    [
      'mounted over config.toml of its own working directory',
      { workingDir: '/srv/', volumeMounts: [{ name: 'config', mountPath: '/srv/config.toml' }] },
    ],
  ])('%s: what nothing above it sets is unknown', (_, container) => {
    expect(directory(container)).toEqual(unknown(/file/))
    expect(
      directory({ ...container, env: [...(container.env ?? []), plain('MEILI_SNAPSHOT_DIR', '/snapshots')] }),
    ).toEqual({ value: '/snapshots' })
  })

  test('a mount elsewhere says nothing', () => {
    expect(
      directory({
        volumeMounts: [
          { name: 'config', mountPath: '/etc/config.toml' },
          { name: 'data', mountPath: '/meili_data' },
        ],
      }),
    ).toEqual({ unset: true })
  })
})

describe('S3', () => {
  test.each<[string, Partial<V1Container>, boolean]>([
    ['a bucket in the environment', { env: [plain('MEILI_S3_BUCKET_NAME', 'b')] }, true],
    [
      'a bucket from a Secret',
      { env: [{ name: 'MEILI_S3_BUCKET_NAME', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      true,
    ],
    ['a bucket by flag', { args: ['--s3-bucket-name', 'b'] }, true],
    ['a bucket in a shell line', { command: ['sh', '-c', 'meilisearch --s3-bucket-name b'] }, true],
    ['a region alone', { env: [plain('MEILI_S3_BUCKET_REGION', 'r')] }, false],
    ['nothing', { env: [] }, false],
  ])('%s', (_, container, s3) => {
    expect(launch(container).s3).toBe(s3)
  })
})

describe("the database's path may be set out of sight", () => {
  test.each<[string, Partial<V1Container>]>([
    ['by a Secret that is a source of the environment', { envFrom: [{ secretRef: { name: 'keys' } }] }],
    ['by a Secret whose prefix allows it', { envFrom: [{ secretRef: { name: 'keys' }, prefix: 'MEILI_' }] }],
    ['by what a shell line runs first', { command: ['sh', '-c', '. /vault/secrets/env && exec meilisearch'] }],
    ['by a quoted flag of a shell line', { command: ['sh', '-c', 'exec meilisearch --db-pa"th" /fast/data.ms'] }],
    ['by a script', { command: ['/scripts/start.sh'] }],
    ['behind an init', { command: ['tini', '--'], args: ['/scripts/start.sh', '/bin/meilisearch'] }],
    ['by a word that is a reference', { args: ['meilisearch', '$(EXTRA)'] }],
    ["by another image's own environment", { image: 'corp/search:1.21' }],
  ])('%s', (_, container) => {
    expect(launch(container)).toMatchObject({ databasePath: { unset: true }, mayHideDatabase: true })
  })

  test.each<[string, Partial<V1Container>]>([
    ['by a ConfigMap, which is read', { envFrom: [{ configMapRef: { name: 'settings', optional: true } }] }],
    ['by a Secret whose prefix makes other names', { envFrom: [{ secretRef: { name: 'keys' }, prefix: 'AWS_' }] }],
    [
      'by a Secret that is named for another variable',
      { env: [{ name: 'MEILI_MASTER_KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'k' } } }] },
    ],
    ['by plain flags', { command: ['tini', '--'], args: ['/bin/meilisearch', '--log-level', 'INFO'] }],
    ['by a mirror of the image', { image: 'registry.corp:5000/getmeili/meilisearch@sha256:ab' }],
    ['by the image of the enterprise edition', { image: 'getmeili/meilisearch-enterprise:v1.21.0' }],
  ])('not %s', (_, container) => {
    expect(launch(container).mayHideDatabase).toBe(false)
  })
})
