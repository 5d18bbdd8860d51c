// A release made by the real command, and what is inside its images.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { command } from '../../cluster/process/command.ts'

export const repository = join(import.meta.dirname, '../../..')

export interface ReleaseRun {
  readonly root?: string
  readonly out: string
  readonly args?: readonly string[]
  readonly umask?: string
  readonly environment?: NodeJS.ProcessEnv
}

/** Of the tree as it is, and of a base that was fetched before: there is no network where the cluster is. */
export async function makeRelease({
  root = repository,
  out,
  args = [],
  umask = '022',
  environment = {},
}: ReleaseRun): Promise<void> {
  const words = [process.execPath, 'release/main.ts', '--dirty', '--cached', '--out', out, ...args]
  await command('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...words], {
    cwd: root,
    environment: { ...process.env, ...environment },
  })
}

/** The tree as somebody else has it: in another place, for nobody else to read. Git is asked about the original. */
export function copyTree(to: string): NodeJS.ProcessEnv {
  const git = (...args: string[]): string => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' })
  const files = git('ls-files', '-z', '--cached', '--others', '--exclude-standard')
    .split('\0')
    .filter((file) => file !== '')
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    copyFileSync(join(repository, file), join(to, file))
    chmodSync(join(to, file), (statSync(join(repository, file)).mode & 0o100) === 0 ? 0o600 : 0o700)
  }
  symlinkSync(join(repository, 'node_modules'), join(to, 'node_modules'))
  return { GIT_DIR: git('rev-parse', '--absolute-git-dir').trim(), GIT_WORK_TREE: to, GIT_OPTIONAL_LOCKS: '0' }
}

/** Unpacks a docker archive and its layers, one over the other, and gives back the image's config. */
export async function unpackImage(
  archive: string,
  work: string,
): Promise<{ readonly root: string; readonly config: ImageConfig }> {
  const root = join(work, 'root')
  mkdirSync(root, { recursive: true })
  await command('tar', ['-xzf', archive, '-C', work])
  const [manifest] = JSON.parse(readFileSync(join(work, 'manifest.json'), 'utf8')) as readonly [
    { Config: string; Layers: readonly string[] },
  ]
  for (const layer of manifest.Layers) await command('tar', ['-xf', join(work, layer), '-C', root])
  return { root, config: JSON.parse(readFileSync(join(work, manifest.Config), 'utf8')) as ImageConfig }
}

export interface ImageConfig {
  readonly architecture: string
  readonly created: string
  readonly config: { readonly Labels: Readonly<Record<string, string>>; readonly User: string }
}

/** The machine of each ELF file under a directory, by e_machine of its header: 62 is x86-64, 183 is AArch64. */
export function machinesUnder(root: string): ReadonlyMap<string, number> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.flatMap(({ parentPath, name }) => {
      const path = join(parentPath, name)
      const header = Buffer.alloc(20)
      const file = openSync(path, 'r')
      readSync(file, header, 0, 20, 0)
      closeSync(file)
      return header.subarray(0, 4).equals(Buffer.from('\x7fELF'))
        ? [[path.slice(root.length), header.readUInt16LE(18)] as const]
        : []
    }),
  )
}
