// An HTTP proxy on loopback that does nothing but tunnel (CONNECT), and knows what it tunnelled.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export class ConnectProxy implements AsyncDisposable {
  /** Where each tunnel led, and with which Proxy-Authorization. */
  readonly tunnels: { readonly to: string; readonly authorization: string | undefined }[] = []
  readonly #server: Server
  readonly #far = new Set<Socket>()

  private constructor() {
    this.#server = createServer().on('connect', (request: IncomingMessage, near: Socket) => this.#join(request, near))
  }

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy()
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** For example 127.0.0.1:3128. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Whether a connection that somebody accepted came from here. */
  isFrom(port: number | undefined): boolean {
    return [...this.#far].some(({ localPort }) => localPort === port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const far of this.#far) far.destroy()
    this.#server.closeAllConnections()
    await closed
  }

  #join(request: IncomingMessage, near: Socket): void {
    const to = request.url ?? ''
    this.tunnels.push({ to, authorization: request.headers['proxy-authorization'] })
    const [host, port] = to.split(':')
    const far = connect(Number(port), host, () => {
      near.write('HTTP/1.1 200 OK\r\n\r\n')
      near.pipe(far).pipe(near)
    })
    this.#far.add(far)
    const end = (): void => [near, far].forEach((socket) => socket.destroy())
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
  }
}
