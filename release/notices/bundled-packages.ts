// The packages whose code is in the programs of dist/, with version, licence and hash: what SBOM and licence text are made of.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { listOf } from './package-list.ts'

const allPrograms = ['operator.js', 'mover.js', 'kubectl-meili.cjs'] as const
export type Program = (typeof allPrograms)[number]

export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** An SPDX identifier or expression. */
  readonly license: string
  /** Of its archive, as in package-lock.json: `sha512-` and base64. */
  readonly integrity: string
  /** The programs that hold code of it. */
  readonly programs: readonly Program[]
  /** Names of other packages that it asks for, bundled or not. */
  readonly dependencies: readonly string[]
  /** The words of its licence and notice files. */
  readonly texts: readonly string[]
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>
}

const json = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T

const licenseFile = /^(?:licen[cs]e|copying|notice|third-party-licen[cs]e)/i

function licenseTexts(directory: string): readonly string[] {
  const files = readdirSync(directory)
    .filter((name) => licenseFile.test(name))
    .toSorted()
  return files
    .map((name) => readFileSync(join(directory, name), 'utf8').replaceAll('\r\n', '\n').trim())
    .filter((text) => text !== '')
}

/** Which programs hold code of each package, by its path in package-lock.json. */
function programsByPackage(root: string, programs: readonly Program[]): ReadonlyMap<string, readonly Program[]> {
  const found = new Map<string, Program[]>()
  for (const program of programs) {
    const list = json<readonly string[]>(join(root, 'dist', listOf(program)))
    for (const path of list) found.set(path, [...(found.get(path) ?? []), program])
  }
  return found
}

/** Reads what `npm run build` listed. Throws where a package says no licence, has no text of one, or is not in package-lock.json. */
export function bundledPackages(root: string, programs: readonly Program[] = allPrograms): readonly BundledPackage[] {
  const lock = json<LockFile>(join(root, 'package-lock.json'))
  const faults: string[] = []
  const packages = [...programsByPackage(root, programs)].map(([path, users]): BundledPackage => {
    const manifest = json<Manifest>(join(root, path, 'package.json'))
    const { license = '', name, version, dependencies = {} } = manifest
    const integrity = lock.packages[path]?.integrity ?? ''
    const texts = licenseTexts(join(root, path))
    if (license === '') faults.push(`${name} ${version} names no licence in its package.json`)
    if (texts.length === 0) faults.push(`${name} ${version} has no file with the text of its licence`)
    if (integrity === '') faults.push(`${path} is not in package-lock.json`)
    return { name, version, license, integrity, programs: users, dependencies: Object.keys(dependencies), texts }
  })
  if (faults.length > 0)
    throw new Error(
      `What is bundled must have a licence and a hash:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    )
  return packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
