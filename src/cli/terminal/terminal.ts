// Writes the two streams: text for people and scripts on stdout, errors on stderr, and one live line while something is under way.
// Colours and cursor moves only on a terminal, and not where NO_COLOR or TERM=dumb asks for none.
import { styleText } from 'node:util'
import type { WriteStream } from 'node:tty'
import { printable } from './printable.ts'
import { startInterval } from '../../runtime/timers.ts'
import type { Timer } from '../../runtime/timers.ts'

export type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export class Terminal {
  readonly #out: WriteStream
  readonly #error: WriteStream
  /** The process's, also for whoever connects. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly #isDumb: boolean

  constructor(parts: Pick<Terminal, 'environment'> & { readonly out: WriteStream; readonly error: WriteStream }) {
    this.#out = parts.out
    this.#error = parts.error
    this.environment = parts.environment
    this.#isDumb = parts.environment['TERM'] === 'dumb'
  }

  /** One line, whatever is in `text`; so does each method below but the last two. */
  line(text: string, style?: Style): void {
    this.#out.write(`${style === undefined ? printable(text) : this.#paint(style, printable(text))}\n`)
  }

  errorLine(text: string): void {
    this.#error.write(`${printable(text)}\n`)
  }

  /** A sign in its colour, and the text. */
  withMark(style: Style, mark: string, text: string): string {
    return `${this.#paint(style, mark)} ${printable(text)}`
  }

  mark(style: Style, mark: string, text: string): void {
    this.#out.write(`${this.withMark(style, mark, text)}\n`)
  }

  /** For a machine, as print.ts gives it: lines and texts are whole, and each character is printable already. */
  document(text: string): void {
    this.#out.write(`${text}\n`)
  }

  /** Text of the program's own, without its end of line. */
  write(text: string, stream: 'out' | 'error'): void {
    ;(stream === 'out' ? this.#out : this.#error).write(text)
  }

  #paint(style: Style, text: string): string {
    return this.#isDumb ? text : styleText(style, text, { stream: this.#out })
  }

  /** @param on `error` leaves stdout to what a machine reads */
  live(on: 'out' | 'error'): LiveLine {
    const stream = on === 'out' ? this.#out : this.#error
    return new LiveLine(stream, {
      isAlive: stream.isTTY && !this.#isDumb,
      withMark: (...last) => this.withMark(...last),
    })
  }
}

/** On a terminal one line that is drawn anew; elsewhere a line for each step. */
export class LiveLine {
  readonly #stream: WriteStream
  readonly #timer: Pick<Timer, 'cancel'> | undefined
  readonly #withMark: Terminal['withMark']
  #text = ''
  #step = ''
  #frame = 0

  constructor(
    stream: WriteStream,
    { isAlive, withMark }: { readonly isAlive: boolean; readonly withMark: Terminal['withMark'] },
  ) {
    this.#stream = stream
    this.#withMark = withMark
    this.#timer = isAlive ? startInterval(() => this.#draw(), 100) : undefined
  }

  /** @param step what must have changed for a line of its own, where lines stay */
  show(text: string, step: string): void {
    const isNew = step !== this.#step && text !== this.#text
    this.#text = text
    if (this.#timer === undefined && isNew) this.#stream.write(`${printable(text)}\n`)
    this.#step = step
  }

  /** Takes the living line away and leaves the last one, if any. */
  end(...last: Parameters<Terminal['withMark']> | []): void {
    this.#timer?.cancel()
    this.#stream.write(
      `${this.#timer === undefined ? '' : '\r\u001b[K'}${last.length === 0 ? '' : `${this.#withMark(...last)}\n`}`,
    )
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % frames.length
    const text = printable(this.#text)
    // A terminal that does not know its width says 0.
    const width = this.#stream.columns > 0 ? this.#stream.columns : 80
    this.#stream.write(`\r\u001b[K${`${frames[this.#frame] ?? ''} ${text}`.slice(0, width - 1)}`)
  }
}
