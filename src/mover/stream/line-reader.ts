// Reads a stream of lines with runs of bytes between them, piece by piece: it holds nothing but the last piece.

const maxLineBytes = 64 * 1024
const lineEnd = 10

export class LineReader {
  readonly #pieces: AsyncIterator<Buffer, undefined>
  #rest: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
  }

  /** The next line without its end; undefined where the stream has ended, even in the middle of one. */
  async line(): Promise<string | undefined> {
    let end = this.#rest.indexOf(lineEnd)
    while (end < 0) {
      if (this.#rest.length > maxLineBytes) throw new Error(`a line is longer than ${maxLineBytes} bytes`)
      const piece = await this.#next()
      if (piece === undefined) return undefined
      const before = this.#rest.length
      this.#rest = Buffer.concat([this.#rest, piece])
      const found = piece.indexOf(lineEnd)
      end = found < 0 ? -1 : before + found
    }
    const text = this.#rest.toString('utf8', 0, end)
    this.#rest = this.#rest.subarray(end + 1)
    return text
  }

  /** The next `count` bytes, in the pieces in which they come. @throws Error where the stream ends before that */
  async *bytes(count: number): AsyncGenerator<Buffer> {
    let left = count
    while (left > 0) {
      const piece = this.#rest.length > 0 ? this.#rest : await this.#next()
      if (piece === undefined) throw new Error(`the stream ended ${left} bytes before the end of a segment`)
      const wanted = piece.subarray(0, left)
      this.#rest = piece.subarray(wanted.length)
      left -= wanted.length
      yield wanted
    }
  }

  async #next(): Promise<Buffer | undefined> {
    const piece = await this.#pieces.next()
    return piece.done === true ? undefined : piece.value
  }
}
