// The network between a client and a server, at a test's command: a TCP proxy on loopback that can cut, refuse and fall silent.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { freePorts } from '../../cluster/process/free-ports.ts'

export class TcpProxy implements AsyncDisposable {
  readonly #target: URL
  readonly #port: number
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #listener: Server | undefined
  #isFrozen = false
  /** Connections that were ever accepted. */
  accepted = 0

  private constructor(target: URL, port: number) {
    this.#target = target
    this.#port = port
  }

  /** @param server for example https://127.0.0.1:6443; TLS goes through unopened */
  static async to(server: string): Promise<TcpProxy> {
    const [port] = await freePorts()
    const proxy = new TcpProxy(new URL(server), port)
    await proxy.accept()
    return proxy
  }

  get url(): string {
    return `${this.#target.protocol}//127.0.0.1:${this.#port}`
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size
  }

  /** Resets each open connection; new ones are welcome. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  /** Cuts, and refuses new connections until `accept`. */
  async refuse(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    if (listener === undefined) return
    const closed = once(listener, 'close')
    listener.close()
    this.cut()
    await closed
  }

  async accept(): Promise<void> {
    const listener = createServer((near) => this.#join(near))
    listener.listen(this.#port, '127.0.0.1')
    await once(listener, 'listening')
    this.#listener = listener
  }

  /** From now on nothing goes through, and nobody notices: connections stay open, new ones are accepted. */
  freeze(): void {
    this.#isFrozen = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  thaw(): void {
    this.#isFrozen = false
    for (const pair of this.#pairs) for (const socket of pair) socket.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse()
  }

  #join(near: Socket): void {
    this.accepted++
    const far = connect(Number(this.#target.port), this.#target.hostname)
    const pair = [near, far] as const
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [far, near]] as const) {
      from.setNoDelay(true)
      from.on('data', (chunk: Buffer) => to.write(chunk))
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
      if (this.#isFrozen) from.pause()
    }
  }
}
