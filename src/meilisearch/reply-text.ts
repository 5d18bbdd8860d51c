// Reads the text of a reply up to a limit: any program may speak on that port, and all servers of a cluster share our memory.
// It counts what arrives, never what is announced. Large replies are read one at a time over the whole operator.
import type { Readable } from 'node:stream'
import { DetailsSkimmer } from './details-skimmer.ts'
import { JsonShape } from './json-shape.ts'
import { Turn } from './turn.ts'
import { startTimer } from '../runtime/timers.ts'

/** From here on a reply is large. Some hundred indexes fit in. */
const largeBytes = 128 * 1024
/** Reading over this takes a fifth of a second, whoever sends it. Some hundred thousand synonyms fit in. */
const mostSkimmedBytes = 16 * 1024 * 1024
/** A turn is for reading what is on its way: whoever drips goes without. */
const turnMs = 2000

const large = new Turn()

/** A reply that is whole or not, and that we read no further in any case. Its message goes on behind `answered`. */
export class Unfit extends Error {}

export interface Bounds {
  /** Of what is kept. */
  readonly maxBytes: number
  /** Keeps no `details`: they are read over, up to a limit of their own. */
  readonly skimsDetails?: boolean | undefined
  /** The deadline of the whole call. */
  readonly signal: AbortSignal
}

/** Closes the connection where it does not read to the end. @throws Unfit; what ended the connection; the signal's reason */
export async function replyText(body: Readable, { maxBytes, skimsDetails, signal }: Bounds): Promise<string> {
  const pieces: Buffer[] = []
  const shape = new JsonShape()
  const skimmer = skimsDetails === true ? new DetailsSkimmer() : undefined
  const mostBytes = skimmer === undefined ? maxBytes : mostSkimmedBytes
  let [bytes, keptBytes] = [0, 0]
  using held = new DisposableStack()
  let isLarge = false
  for await (const piece of body as AsyncIterable<Buffer>) {
    const kept = skimmer?.skim(piece) ?? piece
    pieces.push(kept)
    bytes += piece.length
    keptBytes += kept.length
    if (keptBytes > maxBytes) throw new Unfit(`more than ${limitText(maxBytes)}`)
    if (bytes > mostBytes) throw new Unfit(`more than ${limitText(mostBytes)}`)
    const excess = shape.excess(kept)
    if (excess !== undefined) throw new Unfit(excess)
    if (keptBytes <= largeBytes || isLarge) continue
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
