// The bill of materials, held to the schema of CycloneDX.
import { expect, test } from 'vitest'
import { sbom } from '../../../release/notices/sbom.ts'
import type { SbomInput } from '../../../release/notices/sbom.ts'
import { schemaFaults } from '../../support/delivery/cyclonedx.ts'

const sha512 = Buffer.alloc(64, 7)

const input: SbomInput = {
  name: 'meili-operator',
  version: '1.2.3',
  license: 'MIT',
  dependencies: ['@one/a', 'unused'],
  programs: { 'operator.js': 'ab'.repeat(32) },
  packages: [
    {
      name: '@one/a',
      version: '1.0.0',
      license: 'MIT',
      integrity: `sha512-${sha512.toString('base64')}`,
      programs: ['operator.js'],
      dependencies: ['b', 'unused'],
      texts: ['x'],
    },
    {
      name: 'b',
      version: '2.0.0',
      license: '(MIT OR Apache-2.0)',
      integrity: `sha512-${sha512.toString('base64')}`,
      programs: ['operator.js'],
      dependencies: [],
      texts: ['x'],
    },
  ],
  base: [
    {
      type: 'library',
      name: 'libc6',
      version: '2.36-9+deb12u14',
      purl: 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64',
      license: 'see copyright',
      sha256: 'cd'.repeat(32),
    },
  ],
  created: '2026-01-02T03:04:05Z',
}

interface Bom {
  readonly serialNumber: string
  readonly components: readonly {
    readonly purl: string
    readonly hashes: readonly unknown[]
    readonly licenses: readonly unknown[]
  }[]
  readonly dependencies: readonly unknown[]
}
const parseBom = (text: string): Bom => JSON.parse(text) as Bom

/** The first use compiles the whole schema. */
const compilation = { timeout: 60_000 }

test('it is valid by the schema, with and without a base', compilation, async () => {
  const { base: _, created: __, ...plain } = input
  expect(await schemaFaults(sbom(input))).toBeNull()
  expect(await schemaFaults(sbom(plain))).toBeNull()
})

test('the schema finds what is wrong', compilation, async () => {
  expect(await schemaFaults(sbom({ ...input, license: 'NoSuchLicence' }))).not.toBeNull()
})

test('each package has its purl, the hash of its archive in hexadecimal and its licence', () => {
  const [a, b, libc] = parseBom(sbom(input)).components
  expect(a).toMatchObject({
    purl: 'pkg:npm/%40one/a@1.0.0',
    group: '@one',
    name: 'a',
    hashes: [{ alg: 'SHA-512', content: sha512.toString('hex') }],
    licenses: [{ license: { id: 'MIT' } }],
  })
  expect(b).toMatchObject({ purl: 'pkg:npm/b@2.0.0', licenses: [{ expression: '(MIT OR Apache-2.0)' }] })
  expect(libc).toMatchObject({ version: '2.36-9+deb12u14', hashes: [{ alg: 'SHA-256', content: 'cd'.repeat(32) }] })
})

test('it tells who asks for whom, among what is inside', () => {
  expect(parseBom(sbom(input)).dependencies).toEqual([
    { ref: 'pkg:generic/meili-operator@1.2.3', dependsOn: ['pkg:npm/%40one/a@1.0.0', input.base?.[0]?.purl] },
    { ref: 'pkg:npm/%40one/a@1.0.0', dependsOn: ['pkg:npm/b@2.0.0'] },
    { ref: 'pkg:npm/b@2.0.0', dependsOn: [] },
  ])
})

test('the serial number is of the content alone', () => {
  const numbers = [sbom(input), sbom(input), sbom({ ...input, version: '1.2.4' })].map(
    (text) => parseBom(text).serialNumber,
  )
  expect(numbers[0]).toBe(numbers[1])
  expect(numbers[0]).not.toBe(numbers[2])
})
