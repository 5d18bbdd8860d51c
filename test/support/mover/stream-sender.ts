// Sends a file to a waiting `receive` as the operator does, but straight to its socket, and as badly as a test wants.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { FileIdentity, ReceiveConfig } from '../../../src/mover/contract.ts'
import { frameLine, receiverState } from '../../../src/mover/stream/frames.ts'
import type { Frame, ReceiverState } from '../../../src/mover/stream/frames.ts'
import { addressOf } from '../../../src/mover/command/receive.ts'
import { LineReader } from '../../../src/mover/stream/line-reader.ts'

export class Cut extends Error {}

/** One conversation. */
export class Sender implements Disposable {
  readonly #socket: Socket
  readonly #wire: LineReader
  #budget: number
  state: ReceiverState = { at: 0, came: 0, done: false }

  /** @param cutAfter how many bytes go out before the connection is cut, wherever that is */
  static async open(config: ReceiveConfig, cutAfter = Number.POSITIVE_INFINITY): Promise<Sender> {
    const sender = new Sender(await connectTo(config), cutAfter)
    await sender.listen()
    return sender
  }

  private constructor(socket: Socket, cutAfter: number) {
    this.#socket = socket
    this.#wire = new LineReader(socket as AsyncIterable<Buffer>)
    this.#budget = cutAfter
    socket.on('error', () => undefined)
  }

  /** @throws Cut where the mover hung up */
  async listen(): Promise<void> {
    const line = await this.#wire.line().catch(() => undefined)
    if (line === undefined) throw new Cut('the mover hung up')
    this.state = receiverState.parse(JSON.parse(line))
  }

  async say(frame: Frame): Promise<void> {
    await this.write(Buffer.from(frameLine(frame)))
  }

  async write(bytes: Buffer): Promise<void> {
    const sent = bytes.subarray(0, this.#budget)
    this.#budget -= sent.length
    await new Promise((resolve) => this.#socket.write(sent, resolve))
    if (sent.length < bytes.length) throw new Cut('cut')
  }

  /** @param seal another one than the right one damages it */
  async segment(all: Buffer, bytes: number, seal?: string): Promise<void> {
    const { at } = this.state
    const piece = all.subarray(at, at + bytes)
    await this.say({ is: 'segment', at, bytes: piece.length })
    await this.write(piece)
    await this.say({ is: 'seal', sha256: seal ?? createHash('sha256').update(piece).digest('hex') })
    while (this.state.at < at + piece.length) await this.listen()
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** A mover that has just been started is not there at once. */
async function connectTo(config: ReceiveConfig): Promise<Socket> {
  for (let left = 1000; ; left -= 1) {
    const socket = connect(addressOf(config))
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      if (left === 0) throw error
      await pause(10)
    }
  }
}

export interface Sending {
  readonly bytes: Buffer
  readonly file: FileIdentity
  readonly segmentBytes: number
  readonly cutAfter?: number
}

/** From where the mover stands to the end, or to the cut. */
export async function send(
  config: ReceiveConfig,
  { bytes, file, segmentBytes, cutAfter }: Sending,
): Promise<'cut' | 'sent'> {
  try {
    using sender = await Sender.open(config, cutAfter)
    if (sender.state.done) return 'sent'
    await sender.say({ is: 'file', file })
    await sender.listen()
    while (!sender.state.done && sender.state.at < bytes.length) await sender.segment(bytes, segmentBytes)
    if (!sender.state.done) await sender.say({ is: 'end', replaced: false })
    await sender.listen()
    return 'sent'
  } catch (error) {
    if (error instanceof Cut) return 'cut'
    throw error
  }
}
