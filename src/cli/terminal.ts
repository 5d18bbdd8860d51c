// The two streams: text for people and scripts on stdout, what goes wrong on stderr, and one line that lives while something is under way.
// Colours and cursor moves only on a terminal, and not where NO_COLOR or TERM=dumb asks for none.
import { stripVTControlCharacters, styleText } from 'node:util'
import type { WriteStream } from 'node:tty'

export type Style = 'green' | 'red' | 'yellow' | 'bold' | 'dim'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** What comes from the cluster must not move the cursor or paint the screen. */
const harmless = (text: string): string => stripVTControlCharacters(text).replaceAll('\r', ' ')

export class Terminal {
  readonly #out: WriteStream
  readonly #error: WriteStream
  readonly #isDumb: boolean

  constructor(streams: { readonly out: WriteStream; readonly error: WriteStream; readonly isDumb: boolean }) {
    this.#out = streams.out
    this.#error = streams.error
    this.#isDumb = streams.isDumb
  }

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

  /** Text without its end of line, as a library gives it. */
  write(text: string, stream: 'out' | 'error'): void {
    ;(stream === 'out' ? this.#out : this.#error).write(text)
  }

  #paint(style: Style, text: string): string {
    return this.#isDumb ? text : styleText(style, text, { stream: this.#out })
  }

  /** @param on `error` leaves stdout to what a machine reads */
  live(on: 'out' | 'error'): LiveLine {
    const stream = on === 'out' ? this.#out : this.#error
    return new LiveLine(stream, stream.isTTY && !this.#isDumb)
  }
}

/** On a terminal one line that is drawn anew; elsewhere a line for each step. */
export class LiveLine {
  readonly #stream: WriteStream
  readonly #timer: NodeJS.Timeout | undefined
  #text = ''
  #step = ''
  #frame = 0

  constructor(stream: WriteStream, isAlive: boolean) {
    this.#stream = stream
    this.#timer = isAlive ? setInterval(() => this.#draw(), 100) : undefined
  }

  /** @param step what must have changed for a line of its own, where lines stay */
  show(text: string, step: string): void {
    const isNew = step !== this.#step && text !== this.#text
    this.#text = text
    if (this.#timer === undefined && isNew) this.#stream.write(`${harmless(text)}\n`)
    this.#step = step
  }

  /** Takes the living line away and leaves `text`, if any, as it is. */
  end(text?: string): void {
    clearInterval(this.#timer)
    this.#stream.write(`${this.#timer === undefined ? '' : '\r\u001b[K'}${text === undefined ? '' : `${text}\n`}`)
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % frames.length
    const text = harmless(this.#text).replaceAll(/\s*\n\s*/g, ' ')
    // A terminal that does not know its width says 0.
    const width = this.#stream.columns > 0 ? this.#stream.columns : 80
    this.#stream.write(`\r\u001b[K${`${frames[this.#frame] ?? ''} ${text}`.slice(0, width - 1)}`)
  }
}
