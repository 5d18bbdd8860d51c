// The plugin's commands on a real API server, run as users run them. There is no operator: the tests write the status that it would.
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { apiServer, namespaceOfEachTest, pluginOn } from '../../support/kubernetes/api-server.ts'
import type { Ended } from '../../support/kubernetes/plugin.ts'
import { completedStatus, conditions, instanceStatus } from './statuses.ts'

const api = apiServer()
const plugin = pluginOn(api)
const here = namespaceOfEachTest(api)

const meili = async (...words: readonly string[]): Promise<Ended> => await plugin.run([...words, '-n', here.namespace])

async function instance(name: string, status: object = instanceStatus(), apiKeySecretRef?: object): Promise<void> {
  const object = {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliInstance',
    metadata: { namespace: here.namespace, name },
    spec: {
      existing: {
        podSelector: { matchLabels: { app: name } },
        ...(apiKeySecretRef === undefined ? {} : { apiKeySecretRef }),
      },
    },
  }
  const created = await api.kube.create(meiliInstances, object)
  await api.kube.updateStatus(meiliInstances, { ...created, status } as KubeObject)
}

async function snapshot(name: string, status?: object, of = 'movies'): Promise<KubeObject> {
  const object = {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { namespace: here.namespace, name },
    spec: { source: { instanceRef: { name: of } }, destination: { claim: { name: 'backups' } } },
  }
  const created = await api.kube.create(meiliSnapshots, object)
  return status === undefined ? created : await settle(name, status)
}

async function settle(name: string, status: object): Promise<KubeObject> {
  const current = await api.kube.get(meiliSnapshots, { namespace: here.namespace, name })
  return await api.kube.updateStatus(meiliSnapshots, { ...current, status } as KubeObject)
}

const failed = {
  phase: 'Failed',
  completedAt: '2099-01-02T03:04:05Z',
  conditions: conditions({
    Ready: ['False', 'SnapshotTaskFailed', 'Task 7 failed: no_space_left_on_device. Give TMPDIR more space.'],
    Failed: ['True', 'SnapshotTaskFailed', 'Task 7 failed.'],
  }),
}
const moving = {
  phase: 'Moving',
  progress: { step: 'copying', percent: 62, percentText: '62 %', bytesDone: 64_000_000, bytesTotal: 103_000_000 },
  conditions: conditions({ Ready: ['False', 'Copying', 'The file is being copied.'] }),
}

describe('status', () => {
  test('shows instances, their last snapshots, what runs and what is wrong', async () => {
    await instance('movies')
    await instance('shop', {
      observedGeneration: 1,
      conditions: conditions({ Ready: ['False', 'KeyTooWeak', 'The key in Secret keys/master lacks tasks.get.'] }),
    })
    await snapshot('older', completedStatus({ completedAt: '2026-01-01T00:00:00Z' }))
    await snapshot('newer', completedStatus({ completedAt: '2026-01-02T00:00:00Z' }))
    await snapshot('running', moving)
    const { code, out, err } = await meili('status')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^INSTANCE +VERSION +READY +DOCUMENTS +SIZE +LAST SNAPSHOT +AGE +STORED\n/)
    expect(out).toMatch(/^movies +1\.21\.0 +yes +50,000 +121 MiB +newer +\d+[dy] +98\.1 MiB$/m)
    expect(out).toMatch(/^shop +- +no +- +- +- +- +-$/m)
    expect(out).toMatch(/^running +movies +Moving +62 % +61\.0 MiB of 98\.2 MiB$/m)
    expect(out).toContain('✗ instance shop: KeyTooWeak: The key in Secret keys/master lacks tasks.get.')
  })

  test('of one instance names its newest snapshots, and where the last one lies', async () => {
    await instance('movies')
    await snapshot('first', completedStatus())
    await snapshot('second', failed)
    await snapshot('of-another', moving, 'shop')
    const { out } = await meili('status', 'movies')
    expect(out).toContain(
      '✗ instance movies: snapshot second failed: SnapshotTaskFailed: Task 7 failed: no_space_left_on_device.',
    )
    expect(out).toMatch(/^first +movies +Completed/m)
    expect(out).toContain('newest: claim backups, movies/first-12345678/data.ms.snapshot, Meilisearch 1.21.0')
    expect(out).not.toContain('of-another')
  })

  test('for machines: json, yaml and names', async () => {
    await instance('movies')
    await snapshot('first', completedStatus())
    const [json, yaml, names] = await Promise.all(
      ['json', 'yaml', 'name'].map(async (format) => (await meili('status', '-o', format)).out),
    )
    expect(JSON.parse(json!)).toMatchObject({
      instances: [
        {
          namespace: here.namespace,
          name: 'movies',
          ready: true,
          version: '1.21.0',
          documents: 50_000,
          lastSnapshot: { name: 'first', sizeBytes: 102_865_000 },
          running: [],
          problems: [],
        },
      ],
    })
    expect(parse(yaml!)).toEqual(JSON.parse(json!))
    expect(names).toBe('meiliinstance.meili-operator.dev/movies\n')
  })

  test('-A shows all namespaces, and the context its own', async () => {
    await instance('movies')
    const other = here.namespace
    here.namespace = await api.namespace()
    await instance('shop')
    expect((await plugin.run(['status', '-A'])).out).toMatch(new RegExp(`^${other} +movies .*`, 'm'))
    const kubeconfig = api.file(
      JSON.stringify({ ...parse(await api.kubectl.run(['config', 'view', '--raw'])), 'current-context': 'elsewhere' }),
    )
    await api.kubectl.run([
      '--kubeconfig',
      kubeconfig,
      'config',
      'set-context',
      'elsewhere',
      '--cluster=nowhere',
      '--user=nobody',
    ])
    const admin = (
      await api.kubectl.run([
        '--kubeconfig',
        api.plane.kubeconfig,
        'config',
        'view',
        '-o',
        'jsonpath={.contexts[0].context.cluster} {.contexts[0].context.user}',
      ])
    ).split(' ')
    await api.kubectl.run([
      '--kubeconfig',
      kubeconfig,
      'config',
      'set-context',
      'shop',
      `--cluster=${admin[0]}`,
      `--user=${admin[1]}`,
      `--namespace=${here.namespace}`,
    ])
    const { code, out } = await plugin.run(['status', '--context', 'shop'], { kubeconfig })
    expect(code).toBe(0)
    expect(out).toMatch(/^shop +1\.21\.0/m)
    expect(out).not.toContain('movies')
  })

  test('where there is nothing, says how to begin', async () => {
    expect((await meili('status')).out).toBe(
      `There is no MeiliInstance in namespace ${here.namespace}. One for a server that runs already: kubectl meili adopt\n`,
    )
  })
})

describe('snapshot', () => {
  test('create makes the object, with a name of its own and the claim of the last one', async () => {
    await instance('movies')
    await snapshot('first', completedStatus())
    const { code, out } = await meili('snapshot', 'create', 'movies', '-o', 'name')
    expect(code).toBe(0)
    expect(out).toMatch(/^meilisnapshot\.meili-operator\.dev\/movies-\d{8}-\d{6}\n$/)
    const name = out.trim().split('/')[1]!
    expect(await api.kube.get(meiliSnapshots, { namespace: here.namespace, name })).toMatchObject({
      spec: {
        source: { instanceRef: { name: 'movies' } },
        destination: { claim: { name: 'backups' } },
        sourcePolicy: 'Keep',
      },
    })
  })

  test('create takes each flag, and with --dry-run creates nothing', async () => {
    await instance('movies')
    const flags = [
      '--name',
      'before',
      '--claim',
      'kept',
      '--path',
      'a/b',
      '--size',
      '20Gi',
      '--storage-class',
      'fast',
      '--source-policy',
      'Remove',
      '--deletion-policy',
      'Delete',
    ]
    const { out } = await meili('snapshot', 'create', 'movies', ...flags, '--dry-run', '-o', 'yaml')
    expect(parse(out)).toMatchObject({
      metadata: { name: 'before', namespace: here.namespace },
      spec: {
        destination: {
          claim: {
            name: 'kept',
            path: 'a/b',
            template: { storageClassName: 'fast', resources: { requests: { storage: '20Gi' } } },
          },
        },
        sourcePolicy: 'Remove',
        deletionPolicy: 'Delete',
      },
    })
    expect(await api.kube.listAll(meiliSnapshots, { namespace: here.namespace })).toEqual([])
  })

  test.each([
    ['without a claim, before the first one', [], 3, /the claim must be named: --claim backups/],
    ['with a path that leaves the claim', ['--claim', 'b', '--path', '../x'], 3, /path is a directory on the claim/],
    ['with a class for no claim', ['--claim', 'b', '--storage-class', 'fast'], 3, /say with --size/],
    ['with a name that is taken', ['--claim', 'b', '--name', 'taken'], 3, /There is a MeiliSnapshot taken already/],
    [
      'with a policy that there is not',
      ['--claim', 'b', '--source-policy', 'Delete'],
      64,
      /Allowed choices are Keep, Remove/,
    ],
  ])('create %s is refused in a sentence', async (...[, flags, code, says]) => {
    await instance('movies')
    await snapshot('taken')
    const ended = await meili('snapshot', 'create', 'movies', ...flags)
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.err).toMatch(says)
    expect(ended.err).not.toMatch(/\n +at /)
  })

  test('list shows the newest first, of one instance or of all', async () => {
    await snapshot('first', completedStatus())
    await snapshot('other', moving, 'shop')
    expect((await meili('snapshot', 'list', 'movies')).out).toMatch(
      /^NAME +INSTANCE +PHASE +PROGRESS +SIZE +DURATION +CLAIM +AGE\nfirst +movies +Completed +100 % +98\.1 MiB +41s +backups +\d+s\n$/,
    )
    const { items } = JSON.parse((await meili('snapshot', 'list', '-o', 'json')).out) as { items: KubeObject[] }
    expect(items.map(({ metadata, kind }) => `${kind}/${metadata.name}`).toSorted()).toEqual([
      'MeiliSnapshot/first',
      'MeiliSnapshot/other',
    ])
  })

  test('describe tells where it lies, its conditions and its Events', async () => {
    const { metadata } = await snapshot('first', completedStatus())
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: here.namespace, name: 'first.1' },
      involvedObject: { kind: 'MeiliSnapshot', namespace: here.namespace, name: 'first', uid: metadata.uid },
      type: 'Normal',
      reason: 'Requested',
      message: 'POST /snapshots answered with task 2',
      lastTimestamp: '2026-01-01T00:00:00Z',
    }
    await api.kubectl.apply(event)
    const { code, out } = await meili('snapshot', 'describe', 'first')
    expect(code).toBe(0)
    for (const line of [
      /^Phase: +Completed, in 41s/m,
      /^Where: +claim backups, movies\/first-12345678\/data\.ms\.snapshot$/m,
      /^SHA256: +0{64}$/m,
      / Complete +True +Completed /,
      /Normal +Requested +POST \/snapshots answered with task 2$/m,
    ])
      expect(out).toMatch(line)
  })
})

describe("doctor's remedy for a key", () => {
  const asks = /^paste this, then the key, and press Enter: (.*)$/
  /** Pastes the command into a shell, types the key, presses Enter. */
  async function follow(reason: string, secret: { name: string; key: string }, typed: string): Promise<void> {
    await instance(
      'movies',
      { observedGeneration: 1, conditions: conditions({ Ready: ['False', reason, 'The key is no good.'] }) },
      secret,
    )
    const { findings } = JSON.parse((await meili('doctor', '-o', 'json')).out) as {
      findings: { check: string; remedy?: string }[]
    }
    const [, command = ''] = asks.exec(findings.find(({ check }) => check === 'instance')?.remedy ?? '') ?? []
    execFileSync('/bin/sh', ['-c', command], {
      input: `${typed}\n`,
      env: { HOME: plugin.directory, PATH: `${plugin.directory}:/usr/bin:/bin`, KUBECONFIG: api.plane.kubeconfig },
    })
  }
  const dataOf = async (name: string): Promise<Record<string, string>> => {
    const { data } = await api.kubectl.json<{ data: Record<string, string> }>([
      '-n',
      here.namespace,
      'get',
      'secret',
      name,
    ])
    return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]))
  }

  test('writes it, and leaves the other keys of the Secret as they are', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: here.namespace, name: 'keys' },
      stringData: { master: 'wrong', other: 'kept' },
    }
    await api.kubectl.run(['apply', '-f', '-'], { input: JSON.stringify(secret) })
    await follow('KeyRefused', { name: 'keys', key: 'master' }, 'the right $key "of" \'it\'')
    expect(await dataOf('keys')).toEqual({ master: 'the right $key "of" \'it\'', other: 'kept' })
  })

  test('makes a Secret that is not there, and adds to one that is', async () => {
    await follow('KeyMissing', { name: 'absent', key: '.k_1' }, 'a-key')
    expect(await dataOf('absent')).toEqual({ '.k_1': 'a-key' })
    await api.kube.delete(meiliInstances, { namespace: here.namespace, name: 'movies' })
    await follow('KeyMissing', { name: 'absent', key: 'second' }, 'b-key')
    expect(await dataOf('absent')).toEqual({ '.k_1': 'a-key', second: 'b-key' })
  })
})

test('through kubectl, which finds it in the PATH', async () => {
  await instance('movies')
  const { code, out } = await plugin.kubectl(['meili', 'status', '-n', here.namespace])
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^movies +1\.21\.0 +yes/m) as unknown })
})

describe('completion', () => {
  test('by kubectl itself: commands, flags, names of objects and of namespaces', async () => {
    const { out, code } = await plugin.run(['completion'])
    expect(code).toBe(0)
    plugin.file('kubectl_complete-meili', out)
    await instance('movies')
    await snapshot('nightly', moving)
    const complete = async (...words: readonly string[]): Promise<string[]> =>
      (await plugin.kubectl(['__complete', 'meili', ...words])).out.split('\n').filter((line) => line !== '')
    expect(await complete('sta')).toEqual([
      'status\tinstances, their last snapshots, what runs and what is wrong',
      ':4',
    ])
    expect(await complete('snapshot', '')).toEqual([
      expect.stringMatching(/^create\t/),
      expect.stringMatching(/^list\t/),
      expect.stringMatching(/^describe\t/),
      expect.stringMatching(/^keep\t/),
      ':4',
    ])
    expect(await complete('-n', here.namespace, 'snapshot', 'create', '')).toEqual(['movies\tMeilisearch 1.21.0', ':4'])
    expect(await complete('wait', '-n', here.namespace, 'ni')).toEqual(['nightly\tMoving, of movies', ':4'])
    expect(await complete('status', '-o', '')).toEqual(['json', 'yaml', 'name', ':4'])
    expect(await complete('doctor', '-n', 'kube-p')).toEqual(['kube-public', ':4'])
    expect(await complete('wait', '--tim')).toEqual([expect.stringMatching(/^--timeout\t/), ':4'])
  })
})
