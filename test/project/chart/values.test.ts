// The chart's values, and what is generated from them: the schema knows each of them and no other, the README says of each what it is for.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartReadme } from '../../../crds/chart-readme.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
}

const read = (file: string): string =>
  readFileSync(new URL(`../../../charts/meili-operator/${file}`, import.meta.url), 'utf8')
const values = parse(read('values.yaml')) as Record<string, unknown>
const schema = JSON.parse(read('values.schema.json')) as Schema

/** Names that the schema lists beside those in values.yaml: Helm's own, and parts of Kubernetes' objects that are empty by default. */
const onlyInSchema = [
  'global',
  'resources.claims',
  'affinity.nodeAffinity',
  'affinity.podAffinity',
  'affinity.podAntiAffinity',
]

function namesIn(node: Schema, path: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => [
    `${path}${name}`,
    ...namesIn(inner, `${path}${name}.`),
  ])
}

/** Only where the schema goes into them, too. */
function valuesBeside(node: Schema, value: unknown, path: string): string[] {
  if (node.properties === undefined || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    `${path}${name}`,
    ...valuesBeside(node.properties?.[name] ?? {}, inner, `${path}${name}.`),
  ])
}

test('the schema knows each value and no other', () => {
  expect(namesIn(schema, '').toSorted()).toEqual([...valuesBeside(schema, values, ''), ...onlyInSchema].toSorted())
})

test('the README has a line for each, of the comment above it', () => {
  const table = chartReadme(
    '# x\n\n## Values\nold\n',
    '# About all.\n\n# What b\n# is for.\nb:\n  c: x|y\nd:\n  # For e.\n  e: []\n',
  )
  expect(table).toBe(
    '# x\n\n## Values\n\n| value | default | |\n|---|---|---|\n| `b` | `{"c":"x\\|y"}` | What b is for. |\n| `d.e` | `[]` | For e. |\n',
  )
})

test('a value without a comment is refused', () => {
  expect(() => chartReadme('', '# For a.\na: 1\nb: 2\n')).toThrow('values.yaml does not say what these are for: b')
})
