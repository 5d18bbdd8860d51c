// The real Helm with our chart: for a test's own cluster, or without one. Its settings and caches live in a directory that goes with it.
// Helm 4, or Helm 3 where HELM_MAJOR=3 asks for it, which is not built otherwise: `HELM_MAJOR=3 npm test -- integration test/integration/chart`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silent } from '../../cluster/build/cache.ts'
import { chosenHelm, ensureBinaries } from '../../cluster/build/binaries.ts'
import { command } from '../../cluster/process/command.ts'

export const chart = join(import.meta.dirname, '../../../charts/meili-operator')

/** Helm 4 applies server-side and minds what others changed by hand; Helm 3 merges and does not. */
export const overConflicts = chosenHelm === 'helm3' ? [] : ['--force-conflicts']

export class Helm implements Disposable {
  readonly #program: string
  readonly #home = mkdtempSync(join(tmpdir(), 'meili-operator-helm-'))
  readonly #environment: NodeJS.ProcessEnv

  private constructor(program: string, kubeconfig: string) {
    this.#program = program
    const homes = Object.fromEntries(
      ['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME'].map((name) => [name, join(this.#home, name)]),
    )
    this.#environment = { PATH: process.env['PATH'], HOME: this.#home, KUBECONFIG: kubeconfig, ...homes }
  }

  /** Without a kubeconfig it reaches no cluster. */
  static async of(kubeconfig = '/dev/null'): Promise<Helm> {
    return new Helm((await ensureBinaries([chosenHelm], silent))[chosenHelm], kubeconfig)
  }

  /** @param values of the chart, given as a user's values file would be @throws Error with what it printed */
  async run(args: readonly string[], values: object = {}): Promise<string> {
    return await command(this.#program, [...args, '--values', '-'], {
      environment: this.#environment,
      input: JSON.stringify(values),
    })
  }

  /** Without values: commands that take none. */
  async plain(...args: readonly string[]): Promise<string> {
    return await command(this.#program, args, { environment: this.#environment })
  }

  [Symbol.dispose](): void {
    rmSync(this.#home, { recursive: true, force: true })
  }
}
