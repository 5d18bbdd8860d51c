// The operator's side of the conversation with a mover that waits for a file (mover/stream/frames.ts).
import type { Exec, Running } from '../kube/exec/exec.ts'
import { linesOf } from '../kube/transport.ts'
import type { FileIdentity } from '../mover/contract.ts'
import { frameLine, receiverState } from '../mover/stream/frames.ts'
import type { Frame, ReceiverState } from '../mover/stream/frames.ts'
import { TransientError } from '../errors.ts'

/** Longer than one pass ever takes. */
const deadlineMs = 300_000
/** Of a pod that says it is a mover. */
const maxLineLength = 64 * 1024
const command = ['/nodejs/bin/node', '/app/mover.js', 'hand'] as const

export class Receiver implements AsyncDisposable {
  readonly #execution: Running
  readonly #lines: AsyncGenerator<string>
  #state: ReceiverState = { at: 0, came: 0, done: false }

  static async open(
    exec: Exec,
    { namespace, pod, container }: { namespace: string; pod: string; container: string },
  ): Promise<Receiver> {
    const receiver = new Receiver(
      await exec({ pod: { namespace, name: pod }, container, command, stdin: true, deadlineMs }),
    )
    try {
      await receiver.#next()
      return receiver
    } catch (error) {
      await receiver[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(execution: Running) {
    this.#execution = execution
    this.#lines = linesOf(execution.output(), { maxLength: maxLineLength })
  }

  /** What it said last. */
  get state(): ReceiverState {
    return this.#state
  }

  async name(file: FileIdentity): Promise<void> {
    await this.#say({ is: 'file', file })
    await this.#next()
  }

  async head(segment: { at: number; bytes: number }): Promise<void> {
    await this.#say({ is: 'segment', ...segment })
  }

  /** @param least how much of this segment must have been written before more is sent */
  async bytes(piece: Buffer, least: number): Promise<void> {
    while (this.#state.came < least) await this.#next()
    await this.#execution.write(piece)
  }

  /** Counts from here on. @param at where the mover stands then */
  async seal({ at, sha256 }: { at: number; sha256: string }): Promise<void> {
    await this.#say({ is: 'seal', sha256 })
    while (this.#state.at < at) await this.#next()
  }

  /** After this the mover may end at any moment, with us or without: the next pass sees how. */
  async last(frame: Extract<Frame, { is: 'end' | 'refusal' }>): Promise<undefined> {
    await this.#say(frame)
    try {
      await this.#next()
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#execution[Symbol.asyncDispose]()
  }

  async #say(frame: Frame): Promise<void> {
    await this.#execution.write(Buffer.from(frameLine(frame)))
  }

  /** @throws TransientError where it has nothing more to say: it ended, or another sender came */
  async #next(): Promise<void> {
    const line = await this.#lines.next()
    if (line.done === true) throw new TransientError(`the mover hung up: ${this.#exitText()}`)
    const state = receiverState.safeParse(parseJson(line.value))
    if (!state.success) throw new TransientError(`the mover said what nobody understands: ${line.value.slice(0, 200)}`)
    this.#state = state.data
  }

  #exitText(): string {
    const { exitCode, stderr } = this.#execution.exit()
    return stderr.trim() === '' ? `exit code ${exitCode}` : stderr.trim().slice(0, 500)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
