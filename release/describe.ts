// Says what the programs in dist/ are made of: writes dist/sbom.cdx.json and dist/third-party-licenses.txt, which go into the image.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledPackages } from './notices/bundled-packages.ts'
import type { Program } from './notices/bundled-packages.ts'
import { licenseText } from './notices/license-text.ts'
import { sbom } from './notices/sbom.ts'
import type { BaseComponent } from './notices/sbom.ts'

export const sbomFile = 'sbom.cdx.json'
export const licenseFile = 'third-party-licenses.txt'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
}

/** The image holds these; the third, the plugin, goes to people's own machines. */
export const imagePrograms = ['operator.js', 'mover.js'] as const satisfies readonly Program[]

export interface SbomScope {
  readonly programs: readonly Program[]
  /** Of the image, known only where one is made. */
  readonly base?: readonly BaseComponent[]
  /** RFC 3339: the time of the commit, never of the build. */
  readonly created?: string
}

export function sbomOf(root: string, { programs, ...rest }: SbomScope): string {
  const { name, version, license, dependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Manifest
  const hash = (program: Program): string =>
    createHash('sha256')
      .update(readFileSync(join(root, 'dist', program)))
      .digest('hex')
  return sbom({
    name,
    version,
    license,
    packages: bundledPackages(root, programs),
    dependencies: Object.keys(dependencies),
    programs: Object.fromEntries(programs.map((program) => [program, hash(program)])),
    ...rest,
  })
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  writeFileSync(join(root, 'dist', sbomFile), sbomOf(root, { programs: imagePrograms }))
  writeFileSync(join(root, 'dist', licenseFile), licenseText(bundledPackages(root)))
}
