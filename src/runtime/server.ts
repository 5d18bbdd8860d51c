// Serves /healthz (the event loop turns), /readyz (the caches are filled; a standby is ready too) and /metrics (for Prometheus).
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Exposition } from './edges.ts'

export interface Probes {
  readonly metrics: Exposition
  readonly ready: () => boolean
}

export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

/** On `::` it listens on IPv4 as well, and on that alone where there is no IPv6. @throws where the port is taken */
export async function serveProbes(
  { metrics, ready }: Probes,
  address: { host: string; port: number },
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    // Nothing that somebody asks may end the operator.
    answer(request.url ?? '', response, { metrics, ready }).catch((error: unknown) =>
      plain(response, 500, String(error)),
    )
  })
  await listen(server, address).catch(async (error: unknown) => {
    if (address.host !== '::' || !hasNoIPv6(error)) throw error
    await listen(server, { ...address, host: '0.0.0.0' })
  })
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) }
}

/** The kernel has none, or no interface has an address of it. */
function hasNoIPv6(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function answer(url: string, response: ServerResponse, { metrics, ready }: Probes): Promise<void> {
  switch (url.split('?', 1)[0]) {
    case '/healthz':
      return plain(response, 200, 'ok')
    case '/readyz':
      return ready() ? plain(response, 200, 'ok') : plain(response, 503, 'the caches are not filled yet')
    case '/metrics':
      response.setHeader('content-type', metrics.registry.contentType)
      return plain(response, 200, await metrics.text())
    default:
      return plain(response, 404, 'there are /healthz, /readyz and /metrics')
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.writeHead(status).end(text)
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
