// Commands in a real container, through API server, kubelet and container runtime.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import type { ExecCall, Execution } from '../../../src/kube/exec/exec.ts'
import { windowBytes } from '../../../src/mover/stream/frames.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { kubectl, toolbox } from '../support/world.ts'

const mebibyte = 1024 * 1024

describe('exec', () => {
  const namespace = `exec-${randomBytes(4).toString('hex')}`
  const kube = new KubeClient(connect(process.env['E2E_KUBECONFIG']))

  /** A pod that sleeps. A new namespace has no service account yet, and admits none so long. */
  async function box(name: string): Promise<void> {
    const containers = [
      { name: 'box', image: toolbox.image, imagePullPolicy: 'IfNotPresent', command: ['tini', '--', 'sleep', '3600'] },
    ]
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name },
      spec: { terminationGracePeriodSeconds: 0, containers },
    }
    await eventually(`pod ${name} to be admitted`, async () => await kubectl.apply(pod))
    await kubectl.run(['-n', namespace, 'wait', `pod/${name}`, '--for=condition=Ready', '--timeout=60s'])
  }

  beforeAll(async () => {
    await kubectl.run(['create', 'namespace', namespace])
    await box('box')
  })
  afterAll(async () => {
    await kube.close()
    await kubectl.run(['delete', 'namespace', namespace, '--wait=false'])
  })

  const start = async (script: string, more: Partial<ExecCall> = {}): Promise<Execution> =>
    await kube.exec({
      pod: { namespace, name: 'box' },
      container: 'box',
      command: ['sh', '-c', script],
      stdin: false,
      deadlineMs: 60_000,
      ...more,
    })

  async function run(
    script: string,
    more: Partial<ExecCall> = {},
  ): Promise<{ exitCode: number; stderr: string; stdout: string }> {
    await using execution = await start(script, more)
    let stdout = ''
    for await (const piece of execution.output()) stdout += piece.toString()
    return { ...execution.exit(), stdout }
  }

  test('gives stdout, stderr and the exit code, each in its place', async () => {
    expect(await run('echo out; echo err >&2')).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' })
    expect(await run('echo some; exit 7')).toEqual({ exitCode: 7, stdout: 'some\n', stderr: '' })
  })

  test('a program that the container does not have is exit code 127', async () => {
    expect(await run('', { command: ['nothing-of-this-name'] })).toMatchObject({
      exitCode: 127,
      stderr: expect.stringContaining('nothing-of-this-name') as string,
    })
    expect(await run('', { command: ['/nowhere/at-all'] })).toMatchObject({ exitCode: 127 })
  })

  test('a command reads the end of its stdin', async () => {
    await using execution = await start('wc -c; echo done', { stdin: true })
    await execution.write(Buffer.from('twelve bytes'))
    await execution.endInput()
    let stdout = ''
    for await (const piece of execution.output()) stdout += piece.toString()
    expect(stdout.trim().split(/\s+/)).toEqual(['12', 'done'])
  })

  test('carries bytes there and back unchanged', async () => {
    const bytes = randomBytes(8 * mebibyte)
    await using execution = await start('cat', { stdin: true })
    const sent = (async () => {
      for (let at = 0; at < bytes.length; at += 32_768) await execution.write(bytes.subarray(at, at + 32_768))
      await execution.endInput()
    })()
    const pieces: Buffer[] = []
    for await (const piece of execution.output()) pieces.push(piece)
    await sent
    expect(createHash('sha256').update(Buffer.concat(pieces)).digest('hex')).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    )
    expect(execution.exit().exitCode).toBe(0)
  })

  test('a reader that waits holds the command up, and our memory does not grow', async () => {
    await using execution = await start('dd if=/dev/zero bs=1M count=512 2>/dev/null; echo end >&2')
    const output = execution.output()
    await output.next()
    const before = process.memoryUsage.rss()
    await new Promise((resolve) => setTimeout(resolve, 2000))
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 * mebibyte)
    let bytes = 0
    for await (const piece of output) bytes += piece.length
    expect(bytes).toBeGreaterThan(511 * mebibyte)
    expect(execution.exit()).toEqual({ exitCode: 0, stderr: 'end\n' })
  })

  test('what is on its way waits as long as the command does not read', async () => {
    await using execution = await start('sleep 6; wc -c', { stdin: true })
    for (let sent = 0; sent < windowBytes; sent += 32_768) await execution.write(Buffer.alloc(32_768))
    await execution.endInput()
    let stdout = ''
    for await (const piece of execution.output()) stdout += piece.toString()
    expect(stdout.trim()).toBe(String(windowBytes))
    expect(execution.exit().exitCode).toBe(0)
  })

  test('a pod that goes away in the middle is a cut, never an end', async () => {
    await box('brief')
    await using execution = await start('while :; do echo tick; sleep 1; done', { pod: { namespace, name: 'brief' } })
    const output = execution.output()
    await output.next()
    await kubectl.run(['-n', namespace, 'delete', 'pod', 'brief', '--grace-period=0', '--force'])
    const rest = async (): Promise<number> => {
      for await (const piece of output) piece.fill(0)
      return execution.exit().exitCode
    }
    const end = await rest().then(String, (error: unknown) => (error as Error).name)
    expect(['TransientError', '137']).toContain(end)
  })

  test('a command that we leave behind would wait for ever to be read: its guard ends it', async () => {
    {
      await using execution = await start('timeout 5 dd if=/dev/zero bs=1M')
      await execution.output().next()
    }
    await eventually(
      'the command to end',
      async () =>
        (await run('ps | grep -q "[t]imeout 5 dd if" && echo runs || echo gone')).stdout.includes('gone')
          ? true
          : undefined,
      { timeoutMs: 20_000 },
    )
  })

  test('a pod that is not there is NotFound; one that is not ours to enter is refused', async () => {
    await expect(start('true', { pod: { namespace, name: 'nobody' } })).rejects.toMatchObject({ name: 'NotFound' })
    await kubectl.run(['-n', namespace, 'create', 'serviceaccount', 'weak'])
    const token = (await kubectl.run(['-n', namespace, 'create', 'token', 'weak'])).trim()
    const connection = connect(process.env['E2E_KUBECONFIG'])
    const weak = new KubeClient({
      server: connection.server,
      close: connection.close.bind(connection),
      credentials: async () => {
        const { pools, tls } = await connection.credentials()
        return { pools, headers: { authorization: `Bearer ${token}` }, tls: { ca: tls?.ca } }
      },
    })
    const refused = weak.exec({
      pod: { namespace, name: 'box' },
      container: 'box',
      command: ['true'],
      stdin: false,
      deadlineMs: 10_000,
    })
    await expect(refused).rejects.toMatchObject({
      name: 'TerminalError',
      status: 403,
      message: expect.stringContaining('pods/exec') as string,
    })
    for (const [name, verb] of [
      ['get-alone', 'get'],
      ['create-alone', 'create'],
    ] as const) {
      await kubectl.run(['-n', namespace, 'create', 'role', name, '--resource=pods/exec', `--verb=${verb}`])
      await kubectl.run([
        '-n',
        namespace,
        'create',
        'rolebinding',
        name,
        `--role=${name}`,
        `--serviceaccount=${namespace}:weak`,
      ])
    }
    const both = async (): Promise<true> => {
      await using execution = await weak.exec({
        pod: { namespace, name: 'box' },
        container: 'box',
        command: ['true'],
        stdin: false,
        deadlineMs: 10_000,
      })
      for await (const piece of execution.output()) expect(piece).toHaveLength(0)
      return true
    }
    await eventually('get and create together to suffice', both, { timeoutMs: 10_000 })
    await weak.close()
  })
})
