// Who the client is to the API server: tokens that rotate, authorities that are replaced, kubeconfigs that are wrong.
import { writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import { configMaps } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { TransientError } from '../../../src/errors.ts'
import { apiServer } from '../../support/kubernetes/api-server.ts'
import { ConnectProxy } from '../../support/kubernetes/connect-proxy.ts'
import { TcpProxy } from '../../support/kubernetes/tcp-proxy.ts'

const api = apiServer('bare')
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

const reviews: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
}

/** The name under which the server knows the client. */
async function whoAmI(kube: KubeClient): Promise<string> {
  const review = await kube.create<KubeObject & { status?: { userInfo: { username: string } } }>(reviews, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    metadata: { name: '' },
  })
  return review.status?.userInfo.username ?? ''
}

/** Moves the clock, not the timers: a token file is read again after a minute. */
function letPass(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
}

describe('a token in a file, as a pod has it', () => {
  async function accountAndToken(): Promise<{ user: string; token: string }> {
    const account = await api.account()
    return { user: `system:serviceaccount:${account.namespace}:${account.name}`, token: await api.token(account) }
  }
  const clientWithToken = (file: string): KubeClient =>
    api.client(api.kubeconfig({ user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile: file } } } }))

  test('is read again when it has been rotated', async () => {
    const [before, after] = [await accountAndToken(), await accountAndToken()]
    const file = api.file(before.token)
    const kube = clientWithToken(file)
    expect(await whoAmI(kube)).toBe(before.user)
    writeFileSync(file, after.token)
    letPass(61_000)
    expect(await whoAmI(kube)).toBe(after.user)
  })

  test('that has become invalid is transient until the file holds a good one', async () => {
    const { user, token } = await accountAndToken()
    const file = api.file(`${token}-of-yesterday`)
    const kube = clientWithToken(file)
    await expect(whoAmI(kube)).rejects.toMatchObject({ name: 'TransientError', status: 401 })
    writeFileSync(file, token)
    letPass(61_000)
    expect(await whoAmI(kube)).toBe(user)
  })

  test('may end with a line break, as kubectl takes it', async () => {
    const { user, token } = await accountAndToken()
    expect(await whoAmI(clientWithToken(api.file(`${token}\n`)))).toBe(user)
  })

  test('that is not there is transient, and says which file is missing', async () => {
    const kube = clientWithToken('/nowhere/token')
    await expect(whoAmI(kube)).rejects.toThrow(TransientError)
    await expect(whoAmI(kube)).rejects.toThrow(
      /got no reply: ENOENT: no such file or directory, open '\/nowhere\/token'$/,
    )
  })
})

describe('the server’s authority', () => {
  test('is read again from its file: a new one is believed without a new client', async () => {
    const other = api.authority.replace(/[A-Za-z0-9+/]{64}/, (line) => line.toLowerCase())
    const file = api.file('')
    const kube = api.client(
      api.kubeconfig({ cluster: { 'certificate-authority-data': undefined, 'certificate-authority': file } }),
    )
    writeFileSync(file, '')
    await expect(whoAmI(kube)).rejects.toThrow(TransientError)
    writeFileSync(file, other)
    await expect(whoAmI(kube)).rejects.toThrow(TransientError)
    writeFileSync(file, api.authority)
    expect(await whoAmI(kube)).toBe('admin')
  })

  test('vouches for the name that the kubeconfig gives the server', async () => {
    const clientFor = (name: string): KubeClient => api.client(api.kubeconfig({ cluster: { 'tls-server-name': name } }))
    expect(await whoAmI(clientFor('kubernetes.default.svc'))).toBe('admin')
    await expect(whoAmI(clientFor('example.com'))).rejects.toThrow(
      /got no reply: Hostname\/IP does not match certificate's altnames/,
    )
  })
})

describe('connections', () => {
  test('are kept: fifty requests, one after the other, take no more than two', async () => {
    await using proxy = await TcpProxy.to(api.plane.server)
    const kube = api.client(api.kubeconfig({ cluster: { server: proxy.url } }))
    for (let index = 0; index < 50; index++) await kube.list(configMaps, { limit: 1 })
    expect(proxy.accepted).toBeLessThanOrEqual(2)
  })

  test('are shared: three hundred requests at once take at most thirty-two', async () => {
    await using proxy = await TcpProxy.to(api.plane.server)
    const kube = api.client(api.kubeconfig({ cluster: { server: proxy.url } }))
    await Promise.all(Array.from({ length: 300 }, async () => await kube.list(configMaps, { limit: 1 })))
    expect(proxy.accepted).toBeLessThanOrEqual(32)
  })

  test('that the server has closed in silence cost no request its answer', async () => {
    await using proxy = await TcpProxy.to(api.plane.server)
    const kube = api.client(api.kubeconfig({ cluster: { server: proxy.url } }))
    await whoAmI(kube)
    proxy.cut()
    await expect.poll(() => proxy.open).toBe(0)
    expect(await whoAmI(kube)).toBe('admin')
  })

  test('are gone when the client is closed', async () => {
    await using proxy = await TcpProxy.to(api.plane.server)
    const kube = api.client(api.kubeconfig({ cluster: { server: proxy.url } }))
    const watch = kube.watch(configMaps, { timeoutSeconds: 30, signal: new AbortController().signal })
    await watch.next()
    await whoAmI(kube)
    expect(proxy.open).toBe(2)
    await kube.close()
    await expect.poll(() => proxy.open).toBe(0)
  })
})

describe('a kubeconfig', () => {
  test('is found by KUBECONFIG', () => {
    vi.stubEnv('KUBECONFIG', api.plane.kubeconfig)
    expect(connect().server).toBe(api.plane.server)
  })

  test('that is missing is named', () => {
    expect(() => connect('/nowhere/kubeconfig')).toThrow('/nowhere/kubeconfig')
  })

  test('without a cluster says what to set', () => {
    const file = api.file(JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [] }))
    expect(() => connect(file)).toThrow(
      `There is no cluster in ${file}: set KUBECONFIG, or run in a pod with a service account.`,
    )
  })
})

test('a proxy-url is where all requests go, and TLS is with the API server', async () => {
  await using proxy = await ConnectProxy.start()
  const kube = api.client(api.kubeconfig({ cluster: { 'proxy-url': `http://${proxy.address}` } }))
  expect(await whoAmI(kube)).toBe(await whoAmI(api.kube))
  const stop = new AbortController()
  const news = kube.watch(configMaps, { namespace: 'kube-system', timeoutSeconds: 60, signal: stop.signal })
  expect((await news.next()).value).toMatchObject({ type: 'ADDED' })
  stop.abort()
  await news.return(undefined)
  const [tunnel] = proxy.tunnels
  expect(proxy.tunnels).toEqual([tunnel, tunnel])
  expect(`https://${tunnel?.to}`).toBe(api.plane.server)
  await kube.close()
})
