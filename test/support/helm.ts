// The real Helm with our chart: for a test's own cluster, or without one. Its settings and caches live in a directory that goes with it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silent } from '../cluster/cache.ts'
import { ensureBinaries } from '../cluster/binaries.ts'
import { command } from '../cluster/command.ts'

export const chart = join(import.meta.dirname, '../../charts/meili-operator')

export class Helm implements Disposable {
  readonly #program: string
  readonly #home = mkdtempSync(join(tmpdir(), 'meili-operator-helm-'))
  readonly #environment: NodeJS.ProcessEnv

  private constructor(program: string, kubeconfig: string) {
    this.#program = program
    const homes = Object.fromEntries(['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME'].map((name) => [name, join(this.#home, name)]))
    this.#environment = { PATH: process.env['PATH'], HOME: this.#home, KUBECONFIG: kubeconfig, ...homes }
  }

  /** Without a kubeconfig it reaches no cluster. */
  static async of(kubeconfig = '/dev/null'): Promise<Helm> {
    const { helm } = await ensureBinaries(['helm'], silent)
    return new Helm(helm, kubeconfig)
  }

  /** @param values of the chart, given as a user's values file would be @throws Error with what it printed */
  async run(args: readonly string[], values: object = {}): Promise<string> {
    return await command(this.#program, [...args, '--values', '-'], { environment: this.#environment, input: JSON.stringify(values) })
  }

  /** Without values: commands that take none. */
  async plain(...args: readonly string[]): Promise<string> {
    return await command(this.#program, args, { environment: this.#environment })
  }

  [Symbol.dispose](): void {
    rmSync(this.#home, { recursive: true, force: true })
  }
}
