// One shell for a whole page, as a reader has it: what a block sets, the next one finds. It runs in a copy of the project, with a home and a PATH of its own.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Ended {
  readonly code: number
  /** Both outputs, in the order in which they came. */
  readonly printed: string
}

export interface SessionOptions {
  /** For the shell's own files; is there, and empty. */
  readonly directory: string
  readonly cwd: string
  readonly environment: NodeJS.ProcessEnv
}

/** Ends a block at its first command that fails; the shell lives on. Outside of a sourced file there is nothing to end. */
const stopAtFailure = `trap 'code=$?; [ -z "\${BASH_SOURCE[0]-}" ] || return $code' ERR`

export class Session implements Disposable {
  readonly #shell: ChildProcess
  readonly #directory: string
  #count = 0
  #isGone = false

  constructor({ directory, cwd, environment }: SessionOptions) {
    this.#directory = directory
    // A group of its own, so that what a block left in the background ends with it.
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd,
      env: environment,
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    })
    this.#shell.once('close', () => (this.#isGone = true))
    this.#shell.stdin?.write('set -o pipefail\n')
  }

  /**
   * Runs one block to its end. A block that does not end in time fails, and ends the shell.
   * @throws Error where the shell is gone
   */
  async run(command: string, timeoutMs: number): Promise<Ended> {
    if (this.#isGone) throw new Error('the shell of this page has ended with an earlier block')
    this.#count += 1
    const [script, output] = ['sh', 'out'].map((kind) => join(this.#directory, `${this.#count}.${kind}`)) as [
      string,
      string,
    ]
    writeFileSync(script, `${command}\n`)
    writeFileSync(output, '')
    const mark = `ended ${this.#count}`
    const code = this.#waitForMark(mark, timeoutMs)
    this.#shell.stdin?.write(
      `${stopAtFailure}; . '${script}' </dev/null >'${output}' 2>&1; code=$?; trap - ERR; echo "${mark} $code"\n`,
    )
    const ended = await code.finally(() => this.#shell.stdout?.removeAllListeners())
    return { code: ended, printed: readFileSync(output, 'utf8') }
  }

  async #waitForMark(mark: string, timeoutMs: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const timer = setTimeout(() => {
      this[Symbol.dispose]()
      reject(new Error(`it did not end within ${timeoutMs / 1000} s`))
    }, timeoutMs)
    let said = ''
    const onClose = (): void => reject(new Error('it ended the shell'))
    this.#shell.once('close', onClose)
    this.#shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const code = new RegExp(`^${mark} (\\d+)$`, 'm').exec(said)?.[1]
      if (code !== undefined) resolve(Number(code))
    })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#shell.off('close', onClose)
    }
  }

  [Symbol.dispose](): void {
    this.#isGone = true
    const { pid } = this.#shell
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      // Gone already, with all that it had started.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
