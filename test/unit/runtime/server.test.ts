import { once } from 'node:events'
import { Server, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { serveProbes } from '../../../src/runtime/server.ts'
import type { HttpServer } from '../../../src/runtime/server.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import { request } from '../../support/runtime/http.ts'

vi.setConfig({ testTimeout: 240_000 })

const address = { host: '127.0.0.1', port: 0 }
let isReady = false
let metrics: Metrics
let server: HttpServer

beforeEach(async () => {
  isReady = false
  metrics = new Metrics('1.2.3')
  server = await serveProbes({ metrics, ready: () => isReady }, address)
})
afterEach(() => server.close())

describe('/healthz', () => {
  test.each(['/healthz', '/healthz?verbose=1'])('%s answers as soon as the server runs, ready or not', async (path) => {
    expect(await request(server.port, path)).toMatchObject({
      status: 200,
      body: expect.stringContaining('ok') as string,
      contentType: 'text/plain; charset=utf-8',
    })
  })
})

describe('/readyz', () => {
  test('says no until the caches are filled, and yes from then on', async () => {
    expect(await request(server.port, '/readyz')).toMatchObject({
      status: 503,
      body: expect.stringContaining('the caches are not filled yet') as string,
    })
    isReady = true
    expect(await request(server.port, '/readyz')).toMatchObject({ status: 200 })
  })
})

describe('/metrics', () => {
  test('is what Prometheus reads, with the values of now', async () => {
    expect((await request(server.port, '/metrics')).body).toContain('meili_operator_leader 0')
    metrics.setLeading(true)
    const { status, contentType, body } = await request(server.port, '/metrics')
    expect(status).toBe(200)
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(body).toContain('meili_operator_leader 1')
    expect(body).toContain('meili_operator_build_info{version="1.2.3"} 1')
  })

  test('that cannot be gathered are an error of this one request', async () => {
    metrics.registry.metrics = () => Promise.reject(new Error('a collector broke'))
    expect(await request(server.port, '/metrics')).toMatchObject({
      status: 500,
      body: expect.stringContaining('a collector broke') as string,
    })
    expect(await request(server.port, '/healthz')).toMatchObject({ status: 200 })
  })
})

describe('anything else', () => {
  test.each(['/', '/healthz/', '/metrics/x', '/%', '*'])(
    '%s is not there, and the answer names what is',
    async (path) => {
      expect(await request(server.port, path)).toMatchObject({
        status: 404,
        body: expect.stringContaining('/healthz, /readyz and /metrics') as string,
      })
    },
  )

  test.each(['//', '//[', 'http://['])('%s, which is no URL, ends neither the server nor the process', async (path) => {
    expect(await request(server.port, path)).toMatchObject({ status: 404 })
    expect(await request(server.port, '/healthz')).toMatchObject({ status: 200 })
  })
})

describe('the port', () => {
  test('that is taken is an error at the start', async () => {
    await expect(serveProbes({ metrics, ready: () => true }, { ...address, port: server.port })).rejects.toThrow(
      'EADDRINUSE',
    )
  })

  test('is closed at the end, although an answer is still under way', async () => {
    const asked = Promise.withResolvers<void>()
    metrics.registry.metrics = (): Promise<string> => {
      asked.resolve()
      return new Promise(() => undefined)
    }
    const socket = connect(server.port, '127.0.0.1')
    socket.write('GET /metrics HTTP/1.1\r\nhost: local\r\n\r\n')
    const ended = once(socket, 'close').catch(() => undefined)
    await asked.promise
    await server.close()
    await ended
    await expect(request(server.port, '/healthz')).rejects.toThrow('ECONNREFUSED')
  })
})

describe('the usual address', () => {
  test('is asked at IPv4 and at IPv6', async () => {
    const both = await serveProbes({ metrics, ready: () => true }, { host: '::', port: 0 })
    try {
      expect(await request(both.port, '/healthz', '127.0.0.1')).toMatchObject({ status: 200 })
      expect(await request(both.port, '/healthz', '::1')).toMatchObject({ status: 200 })
    } finally {
      await both.close()
    }
  })

  test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('is that of IPv4 where there is no IPv6 (%s)', async (code) => {
    const listen = vi.spyOn(Server.prototype, 'listen').mockImplementationOnce(function fail(this: Server) {
      process.nextTick(() => this.emit('error', Object.assign(new Error('listen failed'), { code })))
      return this
    })
    const alone = await serveProbes({ metrics, ready: () => true }, { host: '::', port: 0 })
    listen.mockRestore()
    try {
      expect(await request(alone.port, '/healthz')).toMatchObject({ status: 200 })
      await expect(request(alone.port, '/healthz', '::1')).rejects.toThrow('ECONNREFUSED')
    } finally {
      await alone.close()
    }
  })
})
