// Grants one caller at a time its turn. The others wait in order, each for as long as its own signal lets it.

export class Turn {
  readonly #waiting: (() => void)[] = []
  #isTaken = false

  /** Resolves to what gives the turn back. @throws the signal's reason where that ends the wait */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#isTaken) await this.#waitForTurn(signal)
    this.#isTaken = true
    return { [Symbol.dispose]: () => this.#next() }
  }

  /** The turn goes from one to the next without being free in between: nobody comes in ahead. */
  async #waitForTurn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = (): void => {
      const index = this.#waiting.indexOf(resolve)
      if (index >= 0) this.#waiting.splice(index, 1)
      reject(signal.reason as Error)
    }
    this.#waiting.push(resolve)
    signal.addEventListener('abort', leave, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', leave))
  }

  #next(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#isTaken = false
    else next()
  }
}
