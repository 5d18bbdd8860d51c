// The command `receive`: waits in its pod for a file that the operator sends through `hand`, and stores it as `move` does.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { MoverResult, ReceiveConfig } from '../contract.ts'
import type { Surroundings } from '../artifact/fill.ts'
import { Reception } from '../stream/reception.ts'
import { store } from './move.ts'
import { Wire } from '../stream/wire.ts'

const reachAttempts = 100
const reachEveryMs = 100

/** An abstract socket: it needs no file system that could be written, and only this pod can reach it. */
export function addressOf({ destination, attempt }: ReceiveConfig): string {
  return `\0meili-operator/${destination.directory}/${attempt}`
}

export async function receive(config: ReceiveConfig, surroundings: Omit<Surroundings, 'open'>): Promise<MoverResult> {
  const reception = new Reception(config, surroundings)
  using _ = await Door.open(addressOf(config), reception, surroundings.warn)
  return await store(config, { ...surroundings, open: () => reception.supply() })
}

/** One sender at a time, and the newest counts: an older one may be half dead. */
class Door implements Disposable {
  readonly #server: Server
  #sender: Socket | undefined
  /** Settles when the last one has left: what it wrote must not mix with what the next one writes. */
  #left: Promise<void> = Promise.resolve()

  static async open(address: string, reception: Reception, warn: (line: string) => void): Promise<Door> {
    const server = createServer()
    const door = new Door(server, reception, warn)
    server.listen(address)
    await once(server, 'listening')
    return door
  }

  private constructor(server: Server, reception: Reception, warn: (line: string) => void) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#sender?.destroy()
      this.#sender = socket
      this.#left = this.#left
        .then(() => listen(socket, reception))
        .catch((error: unknown) => warn(`A sender was cut off: ${String(error)}`))
    })
  }

  [Symbol.dispose](): void {
    this.#server.close()
    this.#sender?.destroy()
  }
}

async function listen(socket: Socket, reception: Reception): Promise<void> {
  socket.on('error', () => undefined)
  try {
    await reception.converse({
      wire: new Wire(socket as AsyncIterable<Buffer>),
      say: (line) => void socket.write(line),
    })
    socket.end()
  } finally {
    socket.destroySoon()
  }
}

/** The command that is executed beside it: joins its own stdin and stdout to the waiting mover. Settles when either side has ended. */
export async function hand(config: ReceiveConfig): Promise<void> {
  const socket = await reached(addressOf(config))
  process.stdin.pipe(socket)
  socket.pipe(process.stdout)
  await once(socket, 'close')
}

/** A mover that has just been started does not listen at once. */
async function reached(address: string): Promise<Socket> {
  for (let left = reachAttempts; left > 0; left -= 1) {
    const socket = connect(address)
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      await pause(reachEveryMs)
    }
  }
  throw new Error('no mover listens in this container')
}
