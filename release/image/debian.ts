// Debian's packages for a base image, of either architecture: fetched by apt into a directory of our own, so that the machine's own state stays as it is.
// The sources and their keys are the machine's; apt checks the signatures.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from '../../test/cluster/build/cache.ts'
import type { Log } from '../../test/cluster/build/cache.ts'
import { command } from '../../test/cluster/process/command.ts'
import type { Architecture } from '../../test/cluster/images/image-archive.ts'

/** What Node is linked to, the authorities' certificates, and the file that says which distribution this is. */
const wanted = ['base-files', 'ca-certificates', 'libc6', 'libgcc-s1', 'libstdc++6'] as const

export interface DebianPackage {
  readonly name: string
  readonly version: string
  /** amd64, arm64, or all. */
  readonly architecture: string
  readonly file: string
  readonly sha256: string
  /** The package's own description, in dpkg's format. */
  readonly control: string
}

export const baseCache = (architecture: Architecture): string => join(cacheDirectory, 'release', architecture)

const field = (control: string, name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? ''

async function describePackage(file: string): Promise<DebianPackage> {
  const control = await command('dpkg-deb', ['--field', file])
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
  return {
    name: field(control, 'Package'),
    version: field(control, 'Version'),
    architecture: field(control, 'Architecture'),
    file,
    sha256,
    control,
  }
}

async function describePackages(directory: string): Promise<readonly DebianPackage[]> {
  const files = existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => name.endsWith('.deb'))
        .toSorted()
    : []
  return Promise.all(files.map(async (file) => describePackage(join(directory, file))))
}

async function download(architecture: Architecture, directory: string): Promise<void> {
  const state = join(directory, 'apt')
  for (const folder of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(state, folder), { recursive: true })
  writeFileSync(join(state, 'state/status'), '')
  const options = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures::=${architecture}`,
    `Dir::State=${join(state, 'state')}`,
    `Dir::State::status=${join(state, 'state/status')}`,
    `Dir::Cache=${join(state, 'cache')}`,
    // The directory is ours alone: apt's own user could not write there.
    'APT::Sandbox::User=',
  ].flatMap((option) => ['--option', option])
  await command('apt-get', ['--quiet', ...options, 'update'])
  for (const old of readdirSync(directory).filter((name) => name.endsWith('.deb'))) rmSync(join(directory, old))
  const fetch = async (names: readonly string[]): Promise<string> =>
    command('apt-get', ['--quiet', ...options, 'download', ...names], { cwd: directory })
  await fetch(wanted)
  // The licence of GCC's libraries lies in a package whose name has GCC's version in it.
  const libraries = (await describePackages(directory)).find(({ name }) => name === 'libstdc++6')
  const base = /\bgcc-\d+-base\b/.exec(field(libraries?.control ?? '', 'Depends'))?.[0]
  if (base !== undefined) await fetch([base])
}

export interface FetchOptions {
  readonly architecture: Architecture
  /** Take what an earlier run has fetched, and fetch only what is missing. */
  readonly cached: boolean
  readonly log: Log
}

/** Gives back the packages, the newest that the machine's sources have. */
export async function debianPackages({ architecture, cached, log }: FetchOptions): Promise<readonly DebianPackage[]> {
  const directory = join(baseCache(architecture), 'debian')
  if (!cached || (await describePackages(directory)).length <= wanted.length) {
    log(`base ${architecture}: asking Debian for ${wanted.join(', ')}`)
    mkdirSync(directory, { recursive: true })
    await download(architecture, directory)
  }
  const packages = await describePackages(directory)
  if (packages.length <= wanted.length)
    throw new Error(`apt fetched less than ${wanted.join(', ')} and the package with GCC's licence into ${directory}.`)
  return packages
}
