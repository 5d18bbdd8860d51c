// Takes the value of each `details` out of a JSON text while its bytes arrive: those of a task hold settings or a filter whole, and nobody reads them.
// What is no JSON goes through changed or unchanged; the parser refuses it.

const byte = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  open: 0x5b,
  escape: 0x5c,
  close: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const

const name = Buffer.from('details')
const instead = Buffer.from('null')

export class DetailsSkimmer {
  #depth = 0
  #inString = false
  #isEscaped = false
  /** Of the string that is read, or was last: how many bytes it has, as long as it may be the name. */
  #matched = 0
  #mayMatch = false
  /** Depth of the object whose member is left out. */
  #skipsAt: number | undefined

  /** What stays of these bytes: a copy, so that nothing else of them is held. */
  skim(bytes: Buffer): Buffer {
    const kept: Buffer[] = []
    let from = this.#skipsAt === undefined ? 0 : bytes.length
    for (let at = 0; at < bytes.length; at++) {
      const skipped = this.#skipsAt !== undefined
      this.#read(bytes[at] ?? 0)
      if (skipped === (this.#skipsAt !== undefined)) continue
      if (skipped) from = at
      else {
        kept.push(bytes.subarray(from, at + 1), instead)
        from = bytes.length
      }
    }
    return Buffer.concat([...kept, bytes.subarray(from)])
  }

  #read(next: number): void {
    if (this.#inString) this.#readString(next)
    else if (next === byte.quote) {
      this.#inString = true
      this.#mayMatch = true
      this.#matched = 0
    } else this.#readStructure(next)
  }

  #readString(next: number): void {
    if (!this.#isEscaped && next === byte.quote) {
      this.#inString = false
      return
    }
    this.#isEscaped = !this.#isEscaped && next === byte.escape
    this.#mayMatch &&= next === name[this.#matched]
    this.#matched++
  }

  #readStructure(next: number): void {
    const isName = this.#mayMatch && this.#matched === name.length
    if (next === byte.colon && isName) this.#skipsAt ??= this.#depth
    else if (next === byte.open || next === byte.openObject) this.#depth++
    else if (next === byte.comma) this.#endMember()
    else if (next === byte.close || next === byte.closeObject) {
      this.#endMember()
      this.#depth--
    }
  }

  #endMember(): void {
    if (this.#skipsAt === this.#depth) this.#skipsAt = undefined
  }
}
