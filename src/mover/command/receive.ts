// The command `receive`: waits in its pod for a file that the operator sends through `hand`, and stores it as `move` does.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { pause } from '../../runtime/timers.ts'
import type { MoverResult, ReceiveConfig } from '../contract.ts'
import type { Surroundings } from '../artifact/fill.ts'
import { SegmentReceiver } from '../stream/segment-receiver.ts'
import { store } from './move.ts'
import { LineReader } from '../stream/line-reader.ts'

const reachAttempts = 100
const reachEveryMs = 100

/** An abstract socket: it needs no file system that could be written, and only this pod can reach it. */
export function addressOf({ destination, attempt }: ReceiveConfig): string {
  return `\0meili-operator/${destination.directory}/${attempt}`
}

export async function receive(config: ReceiveConfig, surroundings: Omit<Surroundings, 'open'>): Promise<MoverResult> {
  const receiver = new SegmentReceiver(config, surroundings)
  using _ = await Listener.open(addressOf(config), receiver, surroundings.warn)
  return await store(config, { ...surroundings, open: () => receiver.source() })
}

/** One sender at a time, and the newest counts: an older one may be half dead. */
class Listener implements Disposable {
  readonly #server: Server
  #sender: Socket | undefined
  /** Settles when the last one has left: what it wrote must not mix with what the next one writes. */
  #left: Promise<void> = Promise.resolve()

  static async open(address: string, receiver: SegmentReceiver, warn: (line: string) => void): Promise<Listener> {
    const server = createServer()
    const listener = new Listener(server, receiver, warn)
    server.listen(address)
    await once(server, 'listening')
    return listener
  }

  private constructor(server: Server, receiver: SegmentReceiver, warn: (line: string) => void) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#sender?.destroy()
      this.#sender = socket
      this.#left = this.#left
        .then(() => listen(socket, receiver))
        .catch((error: unknown) => warn(`A sender was cut off: ${String(error)}`))
    })
  }

  [Symbol.dispose](): void {
    this.#server.close()
    this.#sender?.destroy()
  }
}

async function listen(socket: Socket, receiver: SegmentReceiver): Promise<void> {
  socket.on('error', () => undefined)
  try {
    await receiver.receiveFrom({
      reader: new LineReader(socket as AsyncIterable<Buffer>),
      say: (line) => void socket.write(line),
    })
    socket.end()
  } finally {
    socket.destroySoon()
  }
}

/** The command that is executed beside it: joins its own stdin and stdout to the waiting mover. Settles when either side has ended. */
export async function hand(config: ReceiveConfig): Promise<void> {
  const socket = await connectToMover(addressOf(config))
  process.stdin.pipe(socket)
  socket.pipe(process.stdout)
  await once(socket, 'close')
}

/** A mover that has just been started does not listen at once. */
async function connectToMover(address: string): Promise<Socket> {
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
