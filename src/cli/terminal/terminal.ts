// The two streams: text for people and scripts on stdout, what goes wrong on stderr, and one line that lives while something is under way.
// Colours and cursor moves only on a terminal, and not where NO_COLOR or TERM=dumb asks for none.
import { styleText } from 'node:util'
import type { WriteStream } from 'node:tty'
import { harmless } from './harmless.ts'

export type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export class Terminal {
  readonly #out: WriteStream
  readonly #error: WriteStream
  readonly #isDumb: boolean

  constructor(streams: { readonly out: WriteStream; readonly error: WriteStream; readonly isDumb: boolean }) {
    this.#out = streams.out
    this.#error = streams.error
    this.#isDumb = streams.isDumb
  }

  /** One line, whatever is in `text`; so does each method below but the last two. */
  line(text: string, style?: Style): void {
    this.#out.write(`${style === undefined ? harmless(text) : this.#paint(style, harmless(text))}\n`)
  }

  complain(text: string): void {
    this.#error.write(`${harmless(text)}\n`)
  }

  /** A sign in its colour, and the text. */
  marked(style: Style, mark: string, text: string): string {
    return `${this.#paint(style, mark)} ${harmless(text)}`
  }

  mark(style: Style, mark: string, text: string): void {
    this.#out.write(`${this.marked(style, mark, text)}\n`)
  }

  /** For a machine, as print.ts gives it: lines and texts are whole, and each character is harmless already. */
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
    return new LiveLine(stream, { isAlive: stream.isTTY && !this.#isDumb, marked: (...last) => this.marked(...last) })
  }
}

/** On a terminal one line that is drawn anew; elsewhere a line for each step. */
export class LiveLine {
  readonly #stream: WriteStream
  readonly #timer: NodeJS.Timeout | undefined
  readonly #marked: Terminal['marked']
  #text = ''
  #step = ''
  #frame = 0

  constructor(
    stream: WriteStream,
    { isAlive, marked }: { readonly isAlive: boolean; readonly marked: Terminal['marked'] },
  ) {
    this.#stream = stream
    this.#marked = marked
    this.#timer = isAlive ? setInterval(() => this.#draw(), 100) : undefined
  }

  /** @param step what must have changed for a line of its own, where lines stay */
  show(text: string, step: string): void {
    const isNew = step !== this.#step && text !== this.#text
    this.#text = text
    if (this.#timer === undefined && isNew) this.#stream.write(`${harmless(text)}\n`)
    this.#step = step
  }

  /** Takes the living line away and leaves the last one, if any. */
  end(...last: Parameters<Terminal['marked']> | []): void {
    clearInterval(this.#timer)
    this.#stream.write(
      `${this.#timer === undefined ? '' : '\r\u001b[K'}${last.length === 0 ? '' : `${this.#marked(...last)}\n`}`,
    )
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % frames.length
    const text = harmless(this.#text)
    // A terminal that does not know its width says 0.
    const width = this.#stream.columns > 0 ? this.#stream.columns : 80
    this.#stream.write(`\r\u001b[K${`${frames[this.#frame] ?? ''} ${text}`.slice(0, width - 1)}`)
  }
}
