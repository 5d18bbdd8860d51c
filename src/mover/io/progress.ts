// Counts how far the run has come: printed for the operator, and watched, so that a run which no longer moves ends.
import { exitCodes, type MoverProgress } from '../contract.ts'
import { Failure } from '../failure.ts'

/** The present step and its bytes. `print` gets one line at each change of step and whenever `report` is called. */
export class Progress {
  readonly #print: (line: string) => void
  readonly #sent: boolean
  #now: MoverProgress = { step: 'copying', bytesDone: 0, bytesTotal: 0 }
  #movedAt = performance.now()

  /** @param sent the file is sent by the operator, so that a copy which stands still waits for it */
  constructor(print: (line: string) => void, sent = false) {
    this.#print = print
    this.#sent = sent
  }

  begin(step: MoverProgress['step'], bytesTotal: number, bytesDone = 0): void {
    this.#now = { step, bytesDone, bytesTotal }
    this.touch()
    this.report()
  }

  advance(bytes: number): void {
    this.#now = { ...this.#now, bytesDone: this.#now.bytesDone + bytes }
    this.touch()
  }

  /** Something happened that is no byte of the file (a flush, a block unpacked): not a stall. */
  touch(): void {
    this.#movedAt = performance.now()
  }

  report(): void {
    if (this.#now.bytesTotal > 0) this.#print(JSON.stringify(this.#now))
  }

  /** The Failure that ends the run when nothing has moved for `stallSeconds`; undefined while things go well. */
  stall(stallSeconds: number): Failure | undefined {
    if (performance.now() - this.#movedAt < stallSeconds * 1000) return undefined
    const { step, bytesDone, bytesTotal } = this.#now
    if (this.#sent && step === 'copying')
      return new Failure(
        exitCodes.streamBroken,
        `Nothing came for ${stallSeconds} s, at ${bytesDone} of ${bytesTotal} bytes; is the operator running, and may it execute commands in pods (pods/exec)?`,
      )
    return new Failure(
      exitCodes.stalled,
      `Nothing moved for ${stallSeconds} s while ${step}, at ${bytesDone} of ${bytesTotal} bytes; look at the storage behind both volumes.`,
    )
  }
}

/** The same promise, but rejected with the signal's reason as soon as it is aborted: I/O that hangs in the kernel cannot be cancelled. */
export async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([aborted.promise, work])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
