// The operator's program against a real API server, with the rights of its service account: how it starts, what it shows, how it ends.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import { leases } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import type { Lease } from '../../../src/runtime/lease.ts'
import { apiServer } from '../../support/kubernetes/api-server.ts'
import { TcpProxy } from '../../support/kubernetes/tcp-proxy.ts'
import { deployedEnvironment, OperatorProcess } from './operator-process.ts'

const second = 1000
const operatorNamespace = 'meili-operator-system'

const api = apiServer()
let token: string
beforeAll(async () => {
  token = await api.token({ namespace: operatorNamespace, name: 'meili-operator' })
})

interface Replica {
  readonly pod: string
  readonly lease: string
}

/** For what is awaited only: how long it takes is no matter here. */
const patience = { timeout: 20 * second }

/** Each test has a lease of its own. */
function environment({ pod, lease }: Replica, more: Record<string, string> = {}): Record<string, string> {
  const kubeconfig = api.kubeconfig({ user: { token } })
  return {
    ...deployedEnvironment({ name: pod, namespace: operatorNamespace }),
    LEASE_NAME: lease,
    KUBECONFIG: kubeconfig,
    ...more,
  }
}

const holder = async (lease: string): Promise<string> =>
  (await api.kube.get<Lease>(leases, { namespace: operatorNamespace, name: lease })).spec?.holderIdentity ?? ''
const leads = async (operator: OperatorProcess): Promise<void> =>
  await vi.waitFor(async () => expect(await operator.metric('meili_operator_leader')).toBe(1), patience)
const isReady = async (operator: OperatorProcess): Promise<void> =>
  await vi.waitFor(async () => expect((await operator.ask('/readyz')).status).toBe(200), patience)

/** With code 0, soon, and with its lease given back. */
async function endsWell(
  operator: OperatorProcess,
  { lease, signal }: { lease: string; signal: 'SIGTERM' | 'SIGINT' },
): Promise<void> {
  const pod = (await holder(lease)).split('_')[0]
  const ended = await operator.end(signal)
  expect(ended).toMatchObject({ code: 0, signal: null })
  expect(ended.afterMs).toBeLessThan(5 * second)
  expect((await holder(lease)).split('_')[0]).not.toBe(pod)
  expect(operator.log.at(-1)).toMatchObject({ level: 'info', msg: 'stopped' })
  expect(operator.stderr).toBe('')
}

describe('the program', () => {
  test('answers its probes, leads, does its work with the rights that install.yaml gives it, and ends by SIGTERM', async () => {
    const lease = api.name('lease')
    await using operator = await OperatorProcess.start(environment({ pod: 'operator-0', lease }))
    await isReady(operator)
    await leads(operator)
    expect(await operator.ask('/healthz')).toEqual({ status: 200, text: 'ok' })
    expect((await operator.ask('/elsewhere')).status).toBe(404)
    expect(await holder(lease)).toMatch(/^operator-0_/)

    const namespace = await api.namespace()
    const instance = {
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: 'MeiliInstance',
      metadata: { namespace, name: 'movies' },
      spec: { existing: { podSelector: { matchLabels: { app: 'movies' } } } },
    }
    await api.kube.create(meiliInstances, instance)
    const status = async (): Promise<unknown> =>
      (await api.kube.get<KubeObject & { status?: unknown }>(meiliInstances, { namespace, name: 'movies' })).status
    await vi.waitFor(
      async () =>
        expect(await status()).toMatchObject({
          observedGeneration: 1,
          conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready' })]) as unknown,
        }),
      patience,
    )
    const readEventSources = async (): Promise<unknown> =>
      (await api.kubectl.json<{ items: { source: unknown }[] }>(['get', 'events', '-n', namespace])).items.map(
        ({ source }) => source,
      )
    await vi.waitFor(
      async () => expect(await readEventSources()).toContainEqual({ component: 'meili-operator' }),
      patience,
    )

    const { text } = await operator.ask('/metrics')
    expect(text).toMatch(/^meili_operator_build_info\{version="[^"]+"\} 1$/m)
    expect(text).toMatch(/^meili_operator_reconcile_total\{controller="meiliinstance",outcome="\w+"\} [1-9]/m)
    expect(text).toMatch(
      /^meili_operator_api_requests_total\{verb="watch",resource="meilisnapshots",code="200"\} [1-9]/m,
    )
    expect(text, 'refused for want of rights').not.toMatch(/code="40[13]"/)
    await endsWell(operator, { lease, signal: 'SIGTERM' })
    expect(operator.log.filter(({ level }) => level !== 'info')).toEqual([])
    expect(operator.stdout + text).not.toContain(token.split('.')[2])
  })

  test('as a standby is ready and leads nothing, until somebody ends the first one with Ctrl-C', async () => {
    const lease = api.name('lease')
    await using first = await OperatorProcess.start(environment({ pod: 'operator-0', lease }))
    await leads(first)
    await using standby = await OperatorProcess.start(environment({ pod: 'operator-1', lease }))
    await isReady(standby)
    expect(await standby.metric('meili_operator_leader')).toBe(0)
    expect(await holder(lease)).toMatch(/^operator-0_/)
    await endsWell(first, { lease, signal: 'SIGINT' })
    const given = performance.now()
    await leads(standby)
    expect(performance.now() - given).toBeLessThan(5 * second)
    expect(await holder(lease)).toMatch(/^operator-1_/)
  })

  test('serves a dozen namespaces as it serves one', async () => {
    const names = await Promise.all(Array.from({ length: 12 }, () => api.namespace()))
    await using operator = await OperatorProcess.start(
      environment({ pod: 'operator-0', lease: api.name('lease') }, { WATCH_NAMESPACES: names.join(', ') }),
    )
    await isReady(operator)
    await leads(operator)
    expect(operator.log.filter(({ level }) => level !== 'info')).toEqual([])
  })
})

describe('without the API server', () => {
  test('it lives, is not ready, and ends by SIGTERM with code 0', async () => {
    await using proxy = await TcpProxy.to(api.plane.server)
    await proxy.refuse()
    await using operator = await OperatorProcess.start(
      environment(
        { pod: 'operator-0', lease: api.name('lease') },
        { KUBECONFIG: api.kubeconfig({ user: { token }, cluster: { server: proxy.url } }) },
      ),
    )
    await vi.waitFor(async () => expect(await operator.ask('/healthz')).toMatchObject({ status: 200 }), patience)
    expect(await operator.ask('/readyz')).toEqual({ status: 503, text: 'the caches are not filled yet' })
    await vi.waitFor(
      () =>
        expect(operator.log.map(({ reason }) => reason ?? '')).toContainEqual(expect.stringContaining('ECONNREFUSED')),
      patience,
    )
    expect(await operator.end('SIGTERM')).toMatchObject({ code: 0 })
    expect(operator.stdout + operator.stderr).not.toContain(token.split('.')[2])
  })
})

describe.concurrent('what is wrong from the start ends the program with code 1 and says what it is:', () => {
  test.each([
    ['a variable that is empty', { MOVER_IMAGE: '' }, ['MOVER_IMAGE']],
    [
      'all the variables that are missing, no number, out of bounds, or none of the known words',
      {
        MOVER_IMAGE: undefined,
        HTTP_PORT: 'a-port',
        MAX_MOVERS: '0',
        INSTANCE_POLL_SECONDS: '5',
        LOG_LEVEL: 'shouting',
      },
      ['MOVER_IMAGE', 'HTTP_PORT', 'MAX_MOVERS', 'INSTANCE_POLL_SECONDS', '30', 'LOG_LEVEL', 'debug'],
    ],
    ['a kubeconfig that is not there', { KUBECONFIG: '/nowhere/kubeconfig' }, ['/nowhere/kubeconfig']],
  ])('%s', async (_, changes, says) => {
    const changed = Object.entries({ ...environment({ pod: 'operator-0', lease: 'none' }), ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    )
    await using operator = await OperatorProcess.start(Object.fromEntries(changed))
    expect(await operator.exited).toEqual({ code: 1, signal: null })
    const output = operator.stdout + operator.stderr
    for (const word of says) expect(output).toContain(word)
    for (const value of ['shouting', 'a-port']) expect(output).not.toContain(value)
  })

  test('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await using operator = await OperatorProcess.start(
      environment({ pod: 'operator-0', lease: 'none' }, { HTTP_PORT: String(port) }),
    )
    expect(await operator.exited).toEqual({ code: 1, signal: null })
    expect(operator.stdout).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`)
    taken.close()
  })
})

// Last: it takes the CRDs away from everybody.
test('before its CRDs it waits and says for what; with them it begins', async () => {
  await api.kubectl.run(['delete', 'crd', '--all', '--wait'])
  const lease = api.name('lease')
  await using operator = await OperatorProcess.start(environment({ pod: 'operator-0', lease }))
  await vi.waitFor(
    () =>
      expect(operator.log.map(({ reason }) => reason ?? '')).toContainEqual(
        expect.stringMatching(/LIST MeiliInstance answered 404/),
      ),
    patience,
  )
  expect((await operator.ask('/readyz')).status).toBe(503)
  await api.kubectl.run(['apply', '--server-side', '-f', new URL('../../../install.yaml', import.meta.url).pathname])
  await isReady(operator)
  await leads(operator)
})
