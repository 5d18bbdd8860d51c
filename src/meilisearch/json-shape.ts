// Measures how deep and how wide a JSON text is while its bytes arrive, before a parser could build too large a tree of it.

/** Meilisearch nests a dozen deep where a filter does. */
const maxDepth = 64
/** Parsed, these are 30 MiB at the worst (objects, each with a name of its own; measured). 4 MiB of indexes have fewer. */
const maxValues = 300_000

const byte = {
  quote: 0x22,
  comma: 0x2c,
  open: 0x5b,
  close: 0x5d,
  escape: 0x5c,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const

export class JsonShape {
  #depth = 0
  #values = 0
  #inString = false
  #isEscaped = false

  /** What is too much about it, once it is. A text that is no JSON has a shape, too. */
  excess(bytes: Uint8Array): string | undefined {
    for (const next of bytes) {
      if (this.#inString) this.#string(next)
      else this.#structure(next)
    }
    if (this.#values > maxValues) return `more than ${maxValues} values`
    return this.#depth > maxDepth ? `values nested more than ${maxDepth} deep` : undefined
  }

  #string(next: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (next === byte.escape) this.#isEscaped = true
    else if (next === byte.quote) this.#inString = false
  }

  #structure(next: number): void {
    if (next === byte.quote) this.#inString = true
    else if (next === byte.comma) this.#values++
    else if (next === byte.open || next === byte.openObject) {
      this.#values++
      this.#depth++
    } else if (next === byte.close || next === byte.closeObject) this.#depth--
  }
}
