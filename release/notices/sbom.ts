// The bill of materials in CycloneDX 1.6: packages bundled into the programs, and the image's base where it is known. Pure: the same in, the same out.
import { createHash } from 'node:crypto'
import type { BundledPackage } from './bundled-packages.ts'

/** A part of the image that is not bundled: Node, a system library. */
export interface BaseComponent {
  readonly type: 'application' | 'library' | 'operating-system'
  readonly name: string
  readonly version: string
  readonly purl: string
  /** In words; distributions name no single SPDX identifier. */
  readonly license: string
  readonly sha256?: string
  readonly sha512?: string
  readonly cpe?: string
}

export interface SbomInput {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly packages: readonly BundledPackage[]
  /** Direct dependencies of the project, by name. */
  readonly dependencies: readonly string[]
  /** sha256 of each program in dist/. */
  readonly programs: Readonly<Record<string, string>>
  readonly base?: readonly BaseComponent[]
  /** RFC 3339; the time of the commit, never of the build. */
  readonly created?: string
}

/** `pkg:npm/%40scope/name@1.2.3`, see the package-url specification. */
export const npmPurl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`

const hexOf = (integrity: string): string => Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex')

/** A single identifier, or an expression such as `MIT OR Apache-2.0`. */
const licenses = (license: string): readonly unknown[] => [
  /[ ()]/.test(license) ? { expression: license } : { license: { id: license } },
]

function npmComponent({ name, version, license, integrity, programs }: BundledPackage): unknown {
  const purl = npmPurl(name, version)
  const [scope = '', short] = name.startsWith('@') ? name.split('/') : ['', name]
  return {
    type: 'library',
    'bom-ref': purl,
    ...(scope === '' ? {} : { group: scope }),
    name: short,
    version,
    scope: 'required',
    hashes: [{ alg: 'SHA-512', content: hexOf(integrity) }],
    licenses: licenses(license),
    purl,
    properties: programs.map((program) => ({ name: 'meili-operator:bundled-in', value: program })),
  }
}

function baseComponent({ type, name, version, purl, license, sha256, sha512, cpe }: BaseComponent): unknown {
  const hashes = [
    ...(sha256 === undefined ? [] : [{ alg: 'SHA-256', content: sha256 }]),
    ...(sha512 === undefined ? [] : [{ alg: 'SHA-512', content: sha512 }]),
  ]
  return {
    type,
    'bom-ref': purl,
    name,
    version,
    ...(hashes.length === 0 ? {} : { hashes }),
    licenses: [{ license: { name: license } }],
    ...(cpe === undefined ? {} : { cpe }),
    purl,
    properties: [{ name: 'meili-operator:part-of', value: 'image' }],
  }
}

/** Who asks for whom, among what is in here. */
function graph({ packages, dependencies, base = [] }: SbomInput, root: string): readonly unknown[] {
  const refs = new Map(packages.map(({ name, version }) => [name, npmPurl(name, version)]))
  const refsOf = (names: readonly string[]): readonly string[] =>
    names.flatMap((name) => refs.get(name) ?? []).toSorted()
  return [
    { ref: root, dependsOn: [...refsOf([...dependencies, 'rolldown']), ...base.map(({ purl }) => purl)] },
    ...packages.map((each) => ({ ref: npmPurl(each.name, each.version), dependsOn: refsOf(each.dependencies) })),
  ]
}

/** An identifier that only this content has, in the form of a UUID (version 8: of one's own making). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export function sbom(input: SbomInput): string {
  const { name, version, license, packages, programs, base = [], created } = input
  const root = `pkg:generic/${name}@${version}`
  const parts = Object.entries(programs).map(([file, sha256]) => ({
    type: 'file',
    'bom-ref': `file:${file}`,
    name: file,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
  }))
  const content = {
    metadata: {
      ...(created === undefined ? {} : { timestamp: created }),
      component: {
        type: 'application',
        'bom-ref': root,
        name,
        version,
        licenses: licenses(license),
        purl: root,
        components: parts,
      },
    },
    components: [...packages.map(npmComponent), ...base.map(baseComponent)],
    dependencies: graph(input, root),
  }
  const opening = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
  }
  return `${JSON.stringify({ ...opening, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`, version: 1, ...content }, undefined, 2)}\n`
}
