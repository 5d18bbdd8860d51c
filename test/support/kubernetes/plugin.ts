// kubectl-meili as users have it: one file in a directory of the PATH, beside kubectl; run as a child process, in a pipe or on a terminal.
import { spawn } from 'node:child_process'
import { copyFileSync, chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundledPlugin } from '../mover/bundle.ts'

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly tookMs: number
}

export interface RunOptions {
  readonly kubeconfig?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Called with all of stdout so far, whenever there is more. */
  readonly onOutput?: (out: string) => void
}

interface ClusterAccess {
  readonly kubectl: string
  readonly kubeconfig: string
}

export class Plugin implements Disposable {
  #installed: { readonly directory: string; readonly kubeconfig: string } | undefined

  static async beside(cluster: ClusterAccess): Promise<Plugin> {
    const plugin = new Plugin()
    await plugin.install(cluster)
    return plugin
  }

  async install({ kubectl, kubeconfig }: ClusterAccess): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'kubectl-meili-'))
    this.#installed = { directory, kubeconfig }
    copyFileSync(await bundledPlugin(), join(directory, 'kubectl-meili'))
    chmodSync(join(directory, 'kubectl-meili'), 0o755)
    symlinkSync(kubectl, join(directory, 'kubectl'))
    symlinkSync(process.execPath, join(directory, 'node'))
  }

  /** With kubectl-meili, kubectl, node, and nothing else of ours. */
  get directory(): string {
    if (this.#installed === undefined) throw new Error('the plugin is not installed yet: hooks and tests may use it')
    return this.#installed.directory
  }

  /** What a shell would do with `kubectl-meili …`. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.#start('kubectl-meili', words, options)
  }

  /** Through kubectl, which finds the plugin in the PATH. */
  async kubectl(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.#start('kubectl', words, options)
  }

  /** On a terminal of its own; what it shows is all of stdout. */
  async onTerminal(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const line = ['kubectl-meili', ...words].map((word) => `'${word}'`).join(' ')
    return await this.#start('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      ...options,
      environment: { TERM: 'xterm', ...options.environment },
    })
  }

  /** A program in the same PATH. */
  file(name: string, content: string): void {
    writeFileSync(join(this.directory, name), content, { mode: 0o755 })
  }

  async #start(
    program: string,
    words: readonly string[],
    { kubeconfig = this.#installed?.kubeconfig ?? '', environment = {}, onOutput }: RunOptions,
  ): Promise<Ended> {
    const begun = performance.now()
    const env = {
      PATH: `${this.directory}:/usr/bin:/bin`,
      HOME: this.directory,
      ...(kubeconfig === '' ? {} : { KUBECONFIG: kubeconfig }),
      ...environment,
    }
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      onOutput?.(out)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { code, out, err, tookMs: performance.now() - begun }
  }

  [Symbol.dispose](): void {
    if (this.#installed !== undefined) rmSync(this.#installed.directory, { recursive: true, force: true })
  }
}
