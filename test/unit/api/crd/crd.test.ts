// The CRDs as they are committed: what every kind's has, and that the files are what src/api says.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { yamlText } from '../../../../crds/yaml-text.ts'
import { customResourceDefinition } from '../../../../src/api/crd/crd.ts'
import type { Kind } from '../../../../src/api/group.ts'
import { kinds } from '../../../../src/api/kinds.ts'

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${file}`, import.meta.url)), 'utf8')

/** Every sentence that `.describe` put into a schema. */
function descriptions(schema: z.core.$ZodType): readonly string[] {
  const found: string[] = []
  z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'throw',
    override: ({ jsonSchema }) => void (jsonSchema.description !== undefined && found.push(jsonSchema.description)),
  })
  return found
}

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('%s', (_name, kind) => {
  const crd = customResourceDefinition(kind)
  const [version] = crd.spec.versions
  const schema = version!.schema.openAPIV3Schema

  test('the committed file is what src/api makes', () => {
    expect(parse(read(`crds/${kind.plural}.yaml`), { version: '1.1' })).toEqual(JSON.parse(JSON.stringify(crd)))
  })

  test('install.yaml holds the same', () => {
    const documents = parseAllDocuments(read('install.yaml'), { version: '1.1' }).map(
      (document) => document.toJS() as { metadata: { name: string } },
    )
    expect(documents.find(({ metadata }) => metadata.name === crd.metadata.name)).toEqual(
      JSON.parse(JSON.stringify(crd)),
    )
  })

  test('names, category and scope', () => {
    expect(crd.spec).toMatchObject({
      group: 'meili-operator.dev',
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
    })
    expect(crd.spec.names).toEqual({
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      plural: kind.plural,
      singular: kind.singular,
      shortNames: kind.shortNames,
      categories: ['meili'],
    })
    expect(crd.metadata.name).toBe(`${kind.plural}.meili-operator.dev`)
  })

  test('spec is required, and a fresh object does not count as done', () => {
    expect(schema.required).toEqual(['spec'])
    expect(schema.properties?.['status']).toMatchObject({
      type: 'object',
      default: { observedGeneration: -1 },
      properties: { observedGeneration: { type: 'integer', format: 'int64' } },
    })
    expect(version!.subresources).toEqual({ status: {} })
  })

  test('as the API server stores it: nothing that it would drop or add', () => {
    const text = JSON.stringify(crd)
    expect(text).not.toContain('preserveUnknownFields')
    expect(text).not.toContain('"priority":0')
    expect(text).not.toContain('$ref')
    expect(text).not.toContain('additionalProperties":false')
  })

  test('small enough for client-side apply', () => {
    expect(Buffer.byteLength(JSON.stringify(crd))).toBeLessThan(200_000)
    expect(Buffer.byteLength(read(`crds/${kind.plural}.yaml`))).toBeLessThan(200_000)
  })

  test('every description is kept', () => {
    const text = JSON.stringify(crd)
    for (const sentence of [...descriptions(kind.spec), ...descriptions(kind.status)])
      expect(text).toContain(JSON.stringify(sentence))
  })

  test('conditions merge by type', () => {
    expect(schema.properties?.['status']?.properties?.['conditions']).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    })
  })

  test('Age is the last column, and the wide ones have priority 1', () => {
    expect(version!.additionalPrinterColumns.at(-1)).toEqual({
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
    })
    expect(
      version!.additionalPrinterColumns.filter(({ priority }) => priority === 1).map(({ name }) => name),
    ).toContain('Reason')
  })
})

test('a schema that would be too big is refused by name', () => {
  const [kind] = kinds as readonly [Kind]
  const wordy = z.object({ a: z.string().describe('x'.repeat(200_001)) })
  expect(() => customResourceDefinition({ ...kind, spec: wordy })).toThrow(/MeiliInstance: the CRD has \d+ bytes/)
})

test('a bad schema is refused by kind and path', () => {
  const [kind] = kinds as readonly [Kind]
  expect(() => customResourceDefinition({ ...kind, spec: z.object({ a: z.any() }) })).toThrow(
    'MeiliInstance.spec.a: z.any',
  )
})

test.each(['y', 'N', 'off', 'No', 'on', '1e3', '0o7', '1:30', '~', '<<', '0x1F', '2026-01-01', ' a', 'a: b', '#', ''])(
  'the word %j is a string for the API server',
  (word) => {
    expect(parse(yamlText({ enum: [word] }), { version: '1.1' })).toEqual({ enum: [word] })
  },
)

test('the files mean the same to readers of YAML 1.1 and 1.2', () => {
  for (const { plural } of kinds)
    expect(parse(read(`crds/${plural}.yaml`), { version: '1.2' })).toEqual(
      parse(read(`crds/${plural}.yaml`), { version: '1.1' }),
    )
})
