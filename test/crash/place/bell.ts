// Waits for conditions without asking again and again: whoever changes something rings, and every waiter looks.
export class Bell {
  readonly #waiters = new Set<() => void>()

  ring(): void {
    for (const look of this.#waiters) look()
  }

  /** The first defined value of `look`. @throws Error with `what` after the time, or what `look` throws */
  async until<T>(what: () => string, look: () => T | undefined, timeoutMs: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const attempt = (): void => {
      try {
        const value = look()
        if (value !== undefined) resolve(value)
      } catch (error) {
        reject(error)
      }
    }
    const timer = setTimeout(() => reject(new Error(`waited ${timeoutMs / 1000} s for ${what()}`)), timeoutMs)
    this.#waiters.add(attempt)
    attempt()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiters.delete(attempt)
    }
  }
}
