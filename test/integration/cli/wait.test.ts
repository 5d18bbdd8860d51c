// Following a snapshot on a real API server: how it ends, what is shown on the way, and what breaks in between.
import { beforeEach, describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { apiServer, namespaceOfEachTest, pluginOn } from '../../support/kubernetes/api-server.ts'
import type { Ended, RunOptions } from '../../support/kubernetes/plugin.ts'
import { TcpProxy } from '../../support/kubernetes/tcp-proxy.ts'
import { completedStatus, conditions } from './statuses.ts'

const api = apiServer()
const plugin = pluginOn(api)
const here = namespaceOfEachTest(api)

beforeEach(async () => {
  const at = { apiVersion: 'meili-operator.dev/v1alpha1', metadata: { namespace: here.namespace, name: 'movies' } }
  await api.kube.create(meiliInstances, {
    ...at,
    kind: 'MeiliInstance',
    spec: { existing: { podSelector: { matchLabels: { app: 'movies' } } } },
  } as KubeObject)
  await api.kube.create(meiliSnapshots, {
    ...at,
    kind: 'MeiliSnapshot',
    metadata: { namespace: here.namespace, name: 'first' },
    spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } },
  } as KubeObject)
})

async function settle(status: object): Promise<void> {
  const current = await api.kube.get(meiliSnapshots, { namespace: here.namespace, name: 'first' })
  await api.kube.updateStatus(meiliSnapshots, { ...current, status } as KubeObject)
}

const task = (status: string): object => ({ uid: 2, status, enqueuedAt: '2026-01-02T03:04:05Z' })
const queued = { phase: 'Pending', conditions: conditions({ Ready: ['False', 'Queued', 'Snapshot zero goes first.'] }) }
const snapshotting = {
  phase: 'Snapshotting',
  task: task('processing'),
  progress: { step: 'writing', percent: 10, percentText: '10 %' },
  conditions: conditions({ Ready: ['False', 'TaskProcessing', 'Meilisearch works.'] }),
}
const movingStatus = (percent: number): object => ({
  phase: 'Moving',
  task: task('succeeded'),
  progress: {
    step: 'copying',
    percent,
    percentText: `${percent} %`,
    bytesDone: percent * 1024 * 1024,
    bytesTotal: 100 * 1024 * 1024,
  },
  conditions: conditions({ Ready: ['False', 'Copying', 'The file is being copied.'] }),
})
const failed = {
  phase: 'Failed',
  conditions: conditions({
    Ready: ['False', 'SnapshotTaskFailed', 'Task 2 failed: no_space_left_on_device. Give TMPDIR more space.'],
    Failed: ['True', 'SnapshotTaskFailed', 'Task 2 failed.'],
  }),
}

/** Writes the next status when the one before it was shown. */
function stepThrough(steps: readonly (readonly [shown: string, next: object])[]): {
  onOutput: (out: string) => void
  done: () => Promise<unknown>
} {
  const left = [...steps]
  const writes: Promise<void>[] = []
  const onOutput = (out: string): void => {
    if (left[0] !== undefined && out.includes(left[0][0])) writes.push(settle(left.shift()![1]))
  }
  return { onOutput, done: () => Promise.all(writes) }
}

const wait = async (words: readonly string[] = [], options: RunOptions = {}): Promise<Ended> =>
  await plugin.run(['wait', 'first', '-n', here.namespace, ...words], options)

const steps = [
  ['has not looked at it yet', queued],
  ['Snapshot zero goes first.', snapshotting],
  ['task 2 processing', movingStatus(10)],
  ['10.0 MiB of 100 MiB', completedStatus()],
] as const

describe('in a pipe', () => {
  test('a line for each step, and 0 when it is done', async () => {
    const { onOutput, done } = stepThrough(steps)
    const { code, out, err } = await wait([], { onOutput })
    await done()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n')).toEqual([
      'first  New  the operator has not looked at it yet',
      'first  Pending  Snapshot zero goes first.',
      'first  Snapshotting  10 %  task 2 processing',
      'first  Moving  10 %  10.0 MiB of 100 MiB',
      '✓ first completed in 41s: 98.1 MiB, on claim backups.',
      '',
    ])
  })

  test('1 as soon as it has failed, in the words of its condition', async () => {
    const { onOutput, done } = stepThrough([['has not looked at it yet', failed]])
    const { code, out } = await wait(['--timeout', '10m'], { onOutput })
    await done()
    expect(code).toBe(1)
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      '✗ first failed: SnapshotTaskFailed: Task 2 failed: no_space_left_on_device. Give TMPDIR more space.',
    )
  })

  test('2 when the time is over, and how to go on', async () => {
    await settle(movingStatus(62))
    const { code, err } = await wait(['--timeout', '1s'])
    expect(code).toBe(2)
    expect(err).toBe(
      'first has not ended in 1s: Moving  62 %  62.0 MiB of 100 MiB. It goes on; to wait again: kubectl meili wait first\n',
    )
  })

  test('1 when it is deleted before its end; 3 when it never was', async () => {
    const removal: Promise<void>[] = []
    const onOutput = (): void =>
      void (
        removal.length === 0 &&
        removal.push(api.kube.delete(meiliSnapshots, { namespace: here.namespace, name: 'first' }))
      )
    expect(await wait([], { onOutput })).toMatchObject({
      code: 1,
      err: 'error: MeiliSnapshot first was deleted before it ended.\n',
    })
    await Promise.all(removal)
    expect(await wait()).toMatchObject({
      code: 3,
      err: `error: There is no MeiliSnapshot first in namespace ${here.namespace}. There is none in it; -n names another one.\n`,
    })
  })

  test('with -o json stdout is the object as it is in the end, and nothing else', async () => {
    await settle(completedStatus())
    const { code, out, err } = await wait(['-o', 'json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      kind: 'MeiliSnapshot',
      metadata: { name: 'first' },
      status: { phase: 'Completed' },
    })
    expect(err).toBe('✓ first completed in 41s: 98.1 MiB, on claim backups.\n')
  })

  test('goes on after connections have broken and the API server was away', async () => {
    await using proxy = await TcpProxy.to(api.plane.server)
    await settle(movingStatus(10))
    const kubeconfig = api.kubeconfig({ cluster: { server: proxy.url } })
    const broken: Promise<void>[] = []
    const breakIt = async (): Promise<void> => {
      await proxy.refuse()
      await settle(movingStatus(50))
    }
    const onOutput = (out: string): void => {
      if (broken.length === 0) broken.push(breakIt())
      else if (broken.length === 1 && out.includes('Trying again'))
        broken.push(broken[0]!.then(() => proxy.accept()).then(() => settle(completedStatus())))
    }
    const { code, out } = await wait([], { kubeconfig, onOutput })
    await Promise.all(broken)
    expect(code).toBe(0)
    expect(out).toMatch(/does not answer: .* Trying again\./)
    expect(out).toContain('✓ first completed in 41s')
  })
})

describe('on a terminal', () => {
  test('one living line, drawn anew, gone at the end; colours', async () => {
    const { onOutput, done } = stepThrough(steps)
    const { code, out } = await plugin.onTerminal(['wait', 'first', '-n', here.namespace], { onOutput })
    await done()
    expect(code).toBe(0)
    // Which turn of the spinner that is depends on how quickly the object went on.
    expect('⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'.split('').some((turn) => out.includes(`\r\u001b[K${turn} first  New`))).toBe(true)
    expect(out).toMatch(/Moving {2}10 % {2}10\.0 MiB of 100 MiB/)
    expect(
      out.endsWith('\r\u001b[K\u001b[32m✓\u001b[39m first completed in 41s: 98.1 MiB, on claim backups.\r\n'),
    ).toBe(true)
    expect(out.split('\n')).toHaveLength(2)
  })

  test.each([
    ['NO_COLOR takes the colours, not the living line', { NO_COLOR: '1' }, '\u001b[K✓ first'],
    ['TERM=dumb takes both', { TERM: 'dumb' }, '\n✓ first'],
  ])('%s', async (_, environment, shows) => {
    const { onOutput, done } = stepThrough([['has not looked at it yet', completedStatus()]])
    const { out } = await plugin.onTerminal(['wait', 'first', '-n', here.namespace], { environment, onOutput })
    await done()
    expect(out).toContain(shows)
    expect(out.replaceAll('\u001b[K', '')).not.toContain('\u001b[')
    if ('TERM' in environment) expect(out).not.toContain('\u001b')
  })
})

test('what comes from the cluster neither moves the cursor nor paints the screen', async () => {
  await settle({
    phase: 'Failed',
    conditions: conditions({
      Ready: ['False', 'RequestRefused', 'No:\u001b[2J\u001b[31m red \u001b]0;title\u0007\rover'],
    }),
  })
  expect((await wait()).out.split('\n').at(-2)).toBe('✗ first failed: RequestRefused: No: [2J [31m red  ]0;title  over')
})

test('create --wait follows what it has made', async () => {
  const running: Promise<void>[] = []
  const finish = async (name: string): Promise<void> => {
    const current = await api.kube.get(meiliSnapshots, { namespace: here.namespace, name })
    await api.kube.updateStatus(meiliSnapshots, { ...current, status: completedStatus() } as KubeObject)
  }
  const onOutput = (out: string): void =>
    void (running.length === 0 && out.includes('New') && running.push(finish('second')))
  const { code, out } = await plugin.run(
    ['snapshot', 'create', 'movies', '--name', 'second', '--claim', 'backups', '--wait', '-n', here.namespace],
    { onOutput },
  )
  await Promise.all(running)
  expect(code).toBe(0)
  expect(out).toMatch(
    /^meilisnapshot\.meili-operator\.dev\/second created\nsecond {2}New .*\n[^]*✓ second completed in 41s/,
  )
})
