// Which way a kubeconfig's requests go: straight, or by a proxy, and which one.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { KubeClient } from '../../../src/kube/client.ts'
import { NowhereToConnect, connect } from '../../../src/kube/connection.ts'
import { proxyTo } from '../../../src/kube/proxy.ts'
import { pods } from '../../../src/kube/resource.ts'
import { ConnectProxy } from '../../support/kubernetes/connect-proxy.ts'

const server = 'https://api.example.test:6443'
const HTTPS_PROXY = 'http://proxy.example.test:3128'
const byProxy = `${HTTPS_PROXY}/`

describe('the environment', () => {
  test.each([
    ['HTTPS_PROXY', { HTTPS_PROXY }, byProxy],
    ['https_proxy', { https_proxy: HTTPS_PROXY }, byProxy],
    ['a proxy without a scheme', { HTTPS_PROXY: 'proxy.example.test:3128' }, byProxy],
    ['a proxy for http alone', { HTTP_PROXY: HTTPS_PROXY }, undefined],
    ['nothing', { HTTPS_PROXY: '' }, undefined],
  ])('with %s', (_, environment, proxy) => {
    expect(proxyTo({ server }, environment)).toBe(proxy)
  })

  test.each(['https://127.0.0.1:6443', 'https://localhost', 'https://[::1]:6443'])(
    'leads to %s without a proxy',
    (local) => {
      expect(proxyTo({ server: local }, { HTTPS_PROXY })).toBeUndefined()
    },
  )

  test.each([
    [server, '*', true],
    [server, 'api.example.test', true],
    [server, 'example.test', true],
    [server, '.example.test', true],
    [server, 'other.test, API.example.test', true],
    [server, 'api.example.test:6443', true],
    [server, 'api.example.test:443', false],
    [server, '.api.example.test', false],
    [server, 'ample.test', false],
    ['https://10.96.0.1', '10.96.0.0/12', true],
    ['https://10.96.0.1', '10.0.0.0/16', false],
    ['https://10.96.0.1', '10.96.0.1:443', true],
    ['https://10.96.0.1', '10.96.0.10', false],
    ['https://10.96.0.1', '10.96.0.0/99', false],
    ['https://[fd00::1]', 'fd00::/8', true],
    ['https://[fd00::1]', 'fd00::1', true],
    ['https://[fd00::1]:6443', '[fd00::1]:6443', true],
    ['https://[fd00::1]', '10.0.0.0/8', false],
  ])('%s with NO_PROXY %s', (to, NO_PROXY, straight) => {
    expect(proxyTo({ server: to }, { HTTPS_PROXY, NO_PROXY })).toBe(straight ? undefined : byProxy)
  })
})

describe("a kubeconfig's proxy-url", () => {
  test('comes before the environment, whatever NO_PROXY says', () => {
    const proxyUrl = 'https://other.example.test'
    expect(proxyTo({ server, proxyUrl }, { HTTPS_PROXY, NO_PROXY: '*' })).toBe(`${proxyUrl}/`)
    expect(proxyTo({ server: 'https://127.0.0.1', proxyUrl }, {})).toBe(`${proxyUrl}/`)
  })

  test('of another kind is refused with a sentence, and without its password', () => {
    expect(() => proxyTo({ server, proxyUrl: 'socks5://me:secret@proxy.example.test:1080' }, {})).toThrow(
      new Error(
        'proxy-url of the kubeconfig is socks5://proxy.example.test:1080: only http and https are spoken here, no SOCKS',
      ),
    )
    expect(() => proxyTo({ server, proxyUrl: 'http://:secret:' }, {})).toThrow(
      new Error('proxy-url of the kubeconfig is no URL'),
    )
  })
})

describe('on the wire', () => {
  let directory = ''
  const servers: Server[] = []
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'proxy-'))))
  afterEach(async () => {
    for (const one of servers.splice(0)) {
      one.closeAllConnections()
      one.close()
      await once(one, 'close')
    }
    rmSync(directory, { recursive: true, force: true })
  })

  function kubeconfig(cluster: object): string {
    const file = join(directory, 'config')
    const content = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { 'insecure-skip-tls-verify': true, ...cluster } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }
    writeFileSync(file, JSON.stringify(content))
    return file
  }

  async function listen(listening: Server): Promise<string> {
    servers.push(listening)
    listening.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    return `127.0.0.1:${(listening.address() as AddressInfo).port}`
  }

  test('requests and commands go through the proxy, with its password, and nothing goes past it', async () => {
    await using proxy = await ConnectProxy.start()
    const straight: (string | undefined)[] = []
    const api = createServer((request, response) => {
      if (!proxy.isFrom(request.socket.remotePort)) straight.push(request.url)
      response.writeHead(200).end('{"metadata":{"name":"one"}}')
    })
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' })
    api.on('upgrade', (request, socket, head) => {
      if (!proxy.isFrom(request.socket.remotePort)) straight.push(request.url)
      sockets.handleUpgrade(request, socket, head, (open) => {
        open.send(Buffer.concat([Buffer.of(3), Buffer.from('{"metadata":{},"status":"Success"}')]))
        open.close()
      })
    })
    const address = await listen(api)
    const file = kubeconfig({ server: `http://${address}`, 'proxy-url': `http://me:secret@${proxy.address}` })
    const kube = new KubeClient(connect(file))
    const pod = { namespace: 'shop', name: 'one' }
    expect(await kube.get(pods, pod)).toMatchObject({ metadata: { name: 'one' } })
    await using execution = await kube.exec({ pod, container: 'c', command: ['true'], stdin: false, deadlineMs: 5000 })
    for await (const _ of execution.output());
    await kube.close()
    expect(straight).toEqual([])
    const tunnel = { to: address, authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` }
    expect(proxy.tunnels).toEqual([tunnel, tunnel])
  })
  test('a SOCKS proxy is named before anything is asked', () => {
    expect(() => connect(kubeconfig({ server, 'proxy-url': 'socks5://proxy.example.test:1080' }))).toThrow(
      new NowhereToConnect(
        'proxy-url of the kubeconfig is socks5://proxy.example.test:1080: only http and https are spoken here, no SOCKS.',
      ),
    )
  })
})
