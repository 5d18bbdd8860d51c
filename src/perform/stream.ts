// Streams a file that no mover can mount from the server's container to a waiting mover: one command reads a segment there,
// another hands it over here. It remembers nothing: the mover says how far it is, the container says which file it is.
import { createHash } from 'node:crypto'
import type { Exec, ExecCall } from '../kube/exec/exec.ts'
import { maxSegmentBytes, segmentUnitBytes, windowBytes } from '../mover/stream/frames.ts'
import type { FileIdentity } from '../mover/contract.ts'
import type { Effect, Fact, PinnedFile } from '../reconcile/decision.ts'
import { TransientError } from '../errors.ts'
import { pinNameOf, refuseOther, parseLook, whyWrong } from './pinned-file.ts'
import type { Seen } from './pinned-file.ts'
import { Receiver } from './receiver.ts'
import { lookScript, readScript, unpinScript } from './stream-scripts.ts'

/** After this long the pass ends, so that status is written, and others have their turn. */
const budgetMs = 10_000
/** What one command reads: little at first, more while that goes quickly. What a cut costs, and a start, are both small beside it. */
const run = {
  firstBytes: 4 * segmentUnitBytes,
  mostBytes: Math.min(maxSegmentBytes, 32 * segmentUnitBytes),
  quickMs: 1000,
} as const
const shortMs = 30_000
/** Less than the container's own guard (stream-scripts.ts). */
const runMs = 280_000

type Order = Extract<Effect, { kind: 'StreamSegments' }>
interface Run {
  readonly source: PinnedFile
  readonly file: FileIdentity
  /** The pin's, or the file's own. */
  readonly name: string
  readonly most: number
}

export interface StreamParts {
  readonly exec: Exec
  readonly isLeader: () => boolean
}

export class Streamer {
  readonly #parts: StreamParts

  constructor(parts: StreamParts) {
    this.#parts = parts
  }

  /** @throws NotFound, TerminalError: no such pod, or no right to enter it */
  async send(order: Order): Promise<Fact | undefined> {
    try {
      return await this.#send(order)
    } catch (error) {
      if (error instanceof TransientError) return { kind: 'StreamInterrupted', message: error.message }
      throw error
    }
  }

  /** Of no consequence where there is none. Gives the inode that the file's name leads to. */
  async unpin(source: PinnedFile): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#run(source, unpinScript)
    // Without a shell there never was a pin.
    if (exitCode !== 0 && exitCode !== 127)
      throw new TransientError(
        `${source.directory}/${pinNameOf(source)} in Pod ${source.pod} could not be removed: ${stderr.slice(0, 300)}`,
      )
    return stdout.trim()
  }

  async #send({ source, receiver: to }: Order): Promise<Fact | undefined> {
    const until = performance.now() + budgetMs
    await using receiver = await Receiver.open(this.#parts.exec, { namespace: source.namespace, ...to })
    if (receiver.state.done) return undefined
    const seen = refuseOther(await this.#look(source), receiver.state.file)
    if ('refusal' in seen) return await receiver.last(seen.refusal)
    const { file, name } = seen
    await receiver.name(file)
    for (
      let most: number = run.firstBytes;
      !receiver.state.done && receiver.state.at < file.sizeBytes && performance.now() < until;
    ) {
      const begun = performance.now()
      await this.#segment(receiver, { source, file, name, most })
      if (performance.now() - begun < run.quickMs) most = Math.min(run.mostBytes, 2 * most)
    }
    if (receiver.state.done || receiver.state.at < file.sizeBytes) return undefined
    await receiver.last({ is: 'end', replaced: (await this.unpin(source)) !== file.inode })
    return { kind: 'PinRemoved' }
  }

  async #look(source: PinnedFile): Promise<Seen> {
    const { exitCode, stdout, stderr } = await this.#run(source, lookScript)
    return parseLook(exitCode === 0 ? stdout.trim() : exitCode === 127 ? 'lacks sh' : `failed ${stderr}`, source)
  }

  /** One run of bytes: read there, handed over here, sealed only when both sides agree on what it was. */
  async #segment(receiver: Receiver, { source, file, name, most }: Run): Promise<void> {
    const { at } = receiver.state
    const bytes = Math.min(most, file.sizeBytes - at)
    const words = [source.directory, name, String(at / segmentUnitBytes), String(Math.ceil(bytes / segmentUnitBytes))]
    await using reader = await this.#parts.exec(callOf(source, readScript, { words, deadlineMs: runMs }))
    const hash = createHash('sha256')
    await receiver.head({ at, bytes })
    let sent = 0
    for await (const piece of reader.output()) {
      if (!this.#parts.isLeader()) throw new TransientError('the lease is no longer held')
      sent += piece.length
      if (sent > bytes) break
      hash.update(piece)
      await receiver.bytes(piece, sent - windowBytes)
    }
    const sha256 = hash.digest('hex')
    const wrong =
      sent === bytes ? whyWrong(reader.exit(), { file, sha256 }) : `${sent} bytes came, and ${bytes} were asked for`
    if (wrong !== undefined) throw new TransientError(`the run from ${at} was not what it should be: ${wrong}`)
    await receiver.seal({ at: at + bytes, sha256 })
  }

  async #run(source: PinnedFile, script: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    await using execution = await this.#parts.exec(
      callOf(source, script, { words: [source.directory, source.fileName, pinNameOf(source)], deadlineMs: shortMs }),
    )
    let stdout = ''
    for await (const piece of execution.output()) stdout = (stdout + piece.toString()).slice(0, 4096)
    return { stdout, ...execution.exit() }
  }
}

function callOf(
  { namespace, pod, container }: PinnedFile,
  script: string,
  { words, deadlineMs }: { words: readonly string[]; deadlineMs: number },
): ExecCall {
  return {
    pod: { namespace, name: pod },
    container,
    command: ['sh', '-c', script, 'sh', ...words],
    stdin: false,
    deadlineMs,
  }
}
