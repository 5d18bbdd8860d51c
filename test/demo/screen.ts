// What the demo shows: one line a step, alive on a terminal, plain in a pipe. With --json all of it goes to stderr.
import type { WriteStream } from 'node:tty'

export interface StepRecord {
  readonly title: string
  readonly seconds: number
  readonly note: string
}

/** Changes the text behind a running step. */
export type Live = (text: string) => void

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export class Screen {
  readonly steps: StepRecord[] = []
  readonly #out: WriteStream

  constructor(out: WriteStream) {
    this.#out = out
  }

  line(text: string): void {
    this.#out.write(`${text}\n`)
  }

  /** Shows the step while it runs, and its time and note when it is done. A failure leaves a cross and passes on. */
  async step<T>(title: string, run: (live: Live) => Promise<{ value: T; note?: string }>): Promise<T> {
    const started = performance.now()
    const running = new Running(this.#out, title, started)
    try {
      const { value, note = '' } = await run((text) => running.show(text))
      const seconds = (performance.now() - started) / 1000
      running.end(` ✓ ${title.padEnd(24)} ${seconds.toFixed(1).padStart(5)}s${note === '' ? '' : `   ${note}`}`)
      this.steps.push({ title, seconds: Number(seconds.toFixed(2)), note })
      return value
    } catch (error) {
      running.end(` ✗ ${title}`)
      throw error
    }
  }
}

/** One step on the screen: redrawn on a terminal, and in a pipe one line for each change of its first word. */
class Running {
  readonly #out: WriteStream
  readonly #title: string
  readonly #started: number
  readonly #timer: NodeJS.Timeout | undefined
  #text = ''
  #said = ''
  #frame = 0

  constructor(out: WriteStream, title: string, started: number) {
    this.#out = out
    this.#title = title
    this.#started = started
    this.#timer = out.isTTY ? setInterval(() => this.#draw(), 100) : undefined
  }

  show(text: string): void {
    this.#text = text
    if (this.#timer !== undefined) return
    const word = text.split(' ')[0] ?? ''
    if (word === this.#said) return
    this.#said = word
    this.#out.write(`   ${this.#title}: ${text}\n`)
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % frames.length
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1)
    const line = ` ${frames[this.#frame] ?? ''} ${this.#title.padEnd(24)} ${seconds.padStart(5)}s   ${this.#text}`
    this.#out.write(`\r\u001b[K${line.slice(0, Math.max(20, this.#out.columns - 1))}`)
  }

  end(line: string): void {
    clearInterval(this.#timer)
    this.#out.write(`${this.#out.isTTY ? '\r\u001b[K' : ''}${line}\n`)
  }
}
