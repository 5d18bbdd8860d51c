// An API server that answers as a test tells it: for what the real one does not do on demand.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeClient } from '../../../src/kube/client.ts'
import { createPools, destroyPools } from '../../../src/kube/route.ts'
import type { Route } from '../../../src/kube/route.ts'
import type { Observer } from '../../../src/kube/transport.ts'

export type Answering = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>

export interface Fake extends AsyncDisposable {
  readonly kube: KubeClient
  /** Paths with their queries, in order. */
  readonly asked: readonly string[]
  /** Ends the server; its client stays. */
  close(): Promise<void>
}

export async function answering(answer: Answering, observe?: Observer, route?: Route): Promise<Fake> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    void answer(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pools = createPools({})
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  const kube = new KubeClient(
    {
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: async () => await Promise.resolve({ headers: { authorization: 'Bearer top-secret' }, pools }),
      close: () => destroyPools(pools),
    },
    observe,
    route,
  )
  return {
    kube,
    asked,
    close,
    [Symbol.asyncDispose]: async () => {
      await kube.close()
      await close()
    },
  }
}
