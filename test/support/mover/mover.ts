// Runs the real mover, bundled as it is shipped, as a process of its own on directories of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import {
  moverProgress,
  moverResult,
  type FileIdentity,
  type FillConfig,
  type MoveConfig,
  type MoverConfig,
  type MoverProgress,
  type MoverResult,
  type ProbeConfig,
  type ReceiveConfig,
  type RemoveSourceConfig,
  type ResolveConfig,
  type DeleteArtifactConfig,
} from '../../../src/mover/contract.ts'
import { ownedDirectory } from '../../cluster/process/owned-directory.ts'
import { bundledMover } from './bundle.ts'

/** The Node that runs the tests, so that the mover runs on the same. */
const node = process.execPath

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly result: MoverResult
  readonly progress: readonly MoverProgress[]
  readonly terminationMessage: string
  readonly stdout: string
  readonly stderr: string
}

export interface How {
  /** Program and arguments that run the mover, e.g. `strace …`. */
  readonly prefix?: readonly string[]
  readonly as?: { readonly uid: number; readonly gid: number }
  /** What to do with the process while it runs. */
  readonly meanwhile?: (child: ChildProcess) => void
  readonly environment?: Record<string, string>
}

/** Two directories, one for each volume, and the mover between them. */
export class Workplace {
  readonly home: string
  readonly source: string
  readonly destination: string
  #runs = 0

  private constructor(home: string) {
    this.home = home
    this.source = join(home, 'source')
    this.destination = join(home, 'destination')
  }

  static async create(base = tmpdir()): Promise<Workplace> {
    const workplace = new Workplace(ownedDirectory(base, 'mover-test'))
    await mkdir(workplace.source)
    await mkdir(workplace.destination)
    await chmod(workplace.home, 0o755)
    return workplace
  }

  async remove(): Promise<void> {
    await rm(this.home, { recursive: true, force: true })
  }

  get file(): string {
    return join(this.source, 'data.ms.snapshot')
  }

  get parent(): string {
    return join(this.destination, 'backups/products')
  }

  get final(): string {
    return join(this.parent, 'nightly-0a1b2c3d')
  }

  /** Lays a snapshot file into the source directory, by default written inside the window of the configured batch. */
  async lay(bytes: Buffer, mtimeSeconds = 1_700_000_030.5): Promise<void> {
    await rm(this.file, { force: true })
    await writeFile(this.file, bytes, { mode: 0o444 })
    await utimes(this.file, mtimeSeconds, mtimeSeconds)
  }

  async giveTo(uid: number, gid: number): Promise<void> {
    await chown(this.source, uid, gid)
    await chown(this.destination, uid, gid)
  }

  config(changes: Partial<MoveConfig> = {}): MoveConfig {
    return {
      ...defaults,
      source: { directory: this.source, fileName: 'data.ms.snapshot' },
      destination: { ...defaults.destination, root: this.destination },
      ...changes,
    }
  }

  /** As many of these may wait at once as there are workplaces. */
  receiveConfig(changes: Partial<ReceiveConfig> = {}): ReceiveConfig {
    const attempt = `1-${basename(this.home)}`
    return {
      ...this.config(),
      command: 'receive',
      source: { directory: '/snapshots', fileName: 'data.ms.snapshot' },
      maxSizeBytes: 1024 * 1024 * 1024,
      attempt,
      ...changes,
    }
  }

  probeConfig(sizeBytes: number): ProbeConfig {
    const { root, path, claim } = this.config().destination
    return { command: 'probe', destination: { root, path, claim }, sizeBytes, deadlineSeconds: 120 }
  }

  removeSourceConfig(stored: FileIdentity): RemoveSourceConfig {
    const { inode, sizeBytes, modifiedAt } = stored
    return {
      command: 'removeSource',
      object: defaults.describes.object,
      source: this.config().source,
      stored: { inode, sizeBytes, modifiedAt },
      deadlineSeconds: 120,
    }
  }

  deleteArtifactConfig(changes: Partial<DeleteArtifactConfig> = {}): DeleteArtifactConfig {
    return {
      command: 'deleteArtifact',
      object: defaults.describes.object,
      destination: this.config().destination,
      extent: 'Everything',
      deadlineSeconds: 120,
      ...changes,
    }
  }

  /** Of the file that lies at the source, as it is now. */
  fillConfig(changes: Partial<FillConfig> = {}): FillConfig {
    const bytes = readFileSync(this.file)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { ...this.fillConfigOf({ sizeBytes: bytes.length, sha256 }), ...changes }
  }

  fillConfigOf({ sizeBytes, sha256 }: { sizeBytes: number; sha256: string }): FillConfig {
    const { object } = defaults.describes
    const source = { root: this.source, claim: 'backups', path: 'data.ms.snapshot', fileName: 'data.ms.snapshot' }
    return {
      command: 'fill',
      object,
      source: { ...source, sizeBytes, sha256 },
      destination: { root: this.destination, claim: 'search-data', directory: 'data.ms' },
      describes: {
        restore: object.name,
        restoreUid: object.uid,
        sha256,
        path: source.path,
        sourceClaim: source.claim,
        meilisearchVersion: '1.21.0',
      },
      attempt: '1',
      deadlineSeconds: 120,
      stallSeconds: 60,
    }
  }

  resolveConfig(source: Partial<ResolveConfig['source']> = {}): ResolveConfig {
    return {
      command: 'resolve',
      object: defaults.describes.object,
      source: { root: this.source, claim: 'backups', path: 'data.ms.snapshot', kind: 'File', ...source },
      deadlineSeconds: 120,
      stallSeconds: 60,
    }
  }

  /** The command `move`. */
  async run({ config = {}, ...how }: How & { readonly config?: Partial<MoveConfig> } = {}): Promise<Ended> {
    return this.perform(this.config(config), how)
  }

  /** Any command. */
  async perform(config: MoverConfig, { prefix = [], as, meanwhile, environment = {} }: How = {}): Promise<Ended> {
    const message = join(this.home, `termination-${this.#runs++}`)
    await writeFile(message, '')
    await chmod(message, 0o666)
    const command = [...prefix, node, await bundledMover()]
    const env = {
      PATH: process.env['PATH'],
      MOVER_CONFIG: JSON.stringify(config),
      TERMINATION_MESSAGE_PATH: message,
      ...environment,
    }
    const child = spawn(command[0] ?? node, command.slice(1), {
      env,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      ...as,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
    meanwhile?.(child)
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (...end) => resolve(end))
    })
    const terminationMessage = await readFile(message, 'utf8')
    const lines = stdout.split('\n').filter((line) => line !== '')
    const result =
      terminationMessage === '' ? { exitCode: -1, message: 'none' } : moverResult.parse(JSON.parse(terminationMessage))
    const progress = lines
      .slice(0, terminationMessage === '' ? undefined : -1)
      .map((line) => moverProgress.parse(JSON.parse(line)))
    return { code, signal, result, progress, terminationMessage, stdout, stderr }
  }

  /** Everything on the destination, as paths from its root, sorted. Directories end in a slash. */
  async listing(): Promise<string[]> {
    const found = await readdir(this.destination, { recursive: true, withFileTypes: true })
    return found
      .map(
        (entry) =>
          join(entry.parentPath, entry.name).slice(this.destination.length + 1) + (entry.isDirectory() ? '/' : ''),
      )
      .toSorted()
  }

  async modeOf(path: string): Promise<string> {
    return ((await stat(path)).mode & 0o777).toString(8)
  }
}

/** What stands on the destination after success, and nothing else. */
export const storedListing = [
  'backups/',
  'backups/products/',
  'backups/products/nightly-0a1b2c3d/',
  'backups/products/nightly-0a1b2c3d/SHA256SUMS',
  'backups/products/nightly-0a1b2c3d/data.ms.snapshot',
  'backups/products/nightly-0a1b2c3d/manifest.json',
]
export const emptyListing = ['backups/', 'backups/products/']

const defaults = {
  command: 'move',
  describes: {
    object: { uid: '0a1b2c3d-1111-4222-8333-444455556666', namespace: 'shop', name: 'nightly' },
    instance: { name: 'search', pod: 'search-0', podUid: 'pod-uid', node: 'node-a' },
    meilisearch: { version: '1.21.0', commit: 'unknown' },
    indexes: [{ uid: 'products', documents: 3 }],
    databaseSizeBytes: '123456',
    source: { claim: 'search-data', path: 'snapshots' },
  },
  destination: { path: 'backups/products', directory: 'nightly-0a1b2c3d', claim: 'backups', root: '' },
  // 2023-11-14T22:13:20Z is second 1 700 000 000.
  batches: [
    {
      taskUid: 7,
      batchUid: 5,
      enqueuedAt: '2023-11-14T22:13:19.5Z',
      startedAt: '2023-11-14T22:13:20.123456789Z',
      finishedAt: '2023-11-14T22:14:20.987654321Z',
    },
  ],
  allowedSkewMs: 2000,
  verification: 'Archive',
  attempt: '1-1',
  deadlineSeconds: 120,
  stallSeconds: 60,
} satisfies Omit<MoveConfig, 'source'>
