// Reads the text of a reply up to a limit: any program may speak on that port, and all servers of a cluster share our memory.
// It counts what arrives, never what is announced. Large replies are read one at a time over the whole operator.
import type { Readable } from 'node:stream'
import { JsonShape } from './json-shape.ts'
import { Turn } from './turn.ts'
import { startTimer } from '../runtime/timers.ts'

/** From here on a reply is large. Some hundred indexes fit in. */
const largeBytes = 128 * 1024
/** A turn is for reading what is on its way: whoever drips goes without. */
const turnMs = 2000

const large = new Turn()

/** A reply that is whole or not, and that we read no further in any case. Its message goes on behind `answered`. */
export class Unfit extends Error {}

export interface Bounds {
  readonly maxBytes: number
  /** The deadline of the whole call. */
  readonly signal: AbortSignal
}

/** Closes the connection where it does not read to the end. @throws Unfit; what ended the connection; the signal's reason */
export async function replyText(body: Readable, { maxBytes, signal }: Bounds): Promise<string> {
  const pieces: Buffer[] = []
  const shape = new JsonShape()
  let bytes = 0
  using held = new DisposableStack()
  let isLarge = false
  for await (const piece of body) {
    pieces.push(piece as Buffer)
    bytes += (piece as Buffer).length
    if (bytes > maxBytes) throw new Unfit(`more than ${limitText(maxBytes)}`)
    const excess = shape.excess(piece as Buffer)
    if (excess !== undefined) throw new Unfit(excess)
    if (bytes <= largeBytes || isLarge) continue
    isLarge = true
    held.use(await large.take(signal))
    held.use(limitTurn(body))
  }
  return Buffer.concat(pieces).toString()
}

function limitTurn(body: Readable): Disposable {
  const timer = startTimer(
    () =>
      body.destroy(
        new Unfit(`more than ${limitText(largeBytes)}, and the rest did not come within ${turnMs / 1000} s`),
      ),
    turnMs,
  )
  return { [Symbol.dispose]: () => timer.cancel() }
}

function limitText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`
}
