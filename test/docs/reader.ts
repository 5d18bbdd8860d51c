// What a reader of the docs has: a fresh copy of the project, kubectl, helm and npm on the PATH, and docker. Only docker is none: buildah builds the image
// (docker.ts), and "push" puts it on the nodes. npm alone reaches the network that this machine is in; all else is in the cluster's.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { ensureBinaries } from '../cluster/build/binaries.ts'
import { cacheDirectory } from '../cluster/build/cache.ts'
import type { Log } from '../cluster/build/cache.ts'
import { which } from '../cluster/build/prerequisites.ts'
import { Session } from './session.ts'

const repository = join(import.meta.dirname, '../..')
/** Not in a fresh clone. */
const made = ['node_modules', 'dist', '.git']

export interface ClusterAccess {
  readonly kubectl: string
  readonly kubeconfig: string
  /** A process in the network of this machine. */
  readonly outside: number
  readonly log: Log
}

const quote = (word: string): string => `'${word}'`

export class Reader implements Disposable {
  readonly #directory: string
  readonly #environment: NodeJS.ProcessEnv

  private constructor(directory: string, environment: NodeJS.ProcessEnv) {
    this.#directory = directory
    this.#environment = environment
  }

  static async withTools({ kubectl, kubeconfig, outside, log }: ClusterAccess): Promise<Reader> {
    const { helm } = await ensureBinaries(['helm'], log)
    const directory = mkdtempSync(join(tmpdir(), 'meili-operator-docs-'))
    const [tools, home, copy] = ['tools', 'home', 'meili-operator'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    for (const path of [tools, join(home, '.local/bin')]) mkdirSync(path, { recursive: true })
    cpSync(repository, copy, { recursive: true, filter: (source) => !made.includes(relative(repository, source)) })
    const programs = {
      kubectl: [kubectl],
      helm: [helm],
      docker: [process.execPath, join(import.meta.dirname, 'docker.ts')],
      npm: ['nsenter', '--net', '--target', `${outside}`, '--', which('npm') ?? 'npm'],
    }
    for (const [name, words] of Object.entries(programs)) {
      writeFileSync(join(tools, name), `#!/bin/sh\nexec ${words.map(quote).join(' ')} "$@"\n`)
      chmodSync(join(tools, name), 0o755)
    }
    const environment = {
      PATH: [tools, join(home, '.local/bin'), dirname(process.execPath), process.env['PATH']].join(':'),
      HOME: home,
      KUBECONFIG: kubeconfig,
      XDG_CACHE_HOME: dirname(cacheDirectory),
      npm_config_cache: process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? '/root', '.npm'),
      npm_config_prefer_offline: 'true',
    }
    return new Reader(directory, environment)
  }

  /** A new terminal in the copy of the project. */
  session(): Session {
    const directory = mkdtempSync(join(this.#directory, 'session-'))
    // Of its own: a page may change the namespace in it.
    const kubeconfig = join(directory, 'kubeconfig')
    writeFileSync(kubeconfig, readFileSync(this.#environment['KUBECONFIG'] ?? ''), { mode: 0o600 })
    return new Session({
      directory,
      cwd: join(this.#directory, 'meili-operator'),
      environment: { ...this.#environment, KUBECONFIG: kubeconfig },
    })
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
