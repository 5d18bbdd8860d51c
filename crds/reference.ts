// A page for each kind with every field, from its schema: what it is, what it takes, what is put where it is left out. Pure.
import type { CustomResourceDefinition } from '../src/api/crd/crd.ts'
import type { StructuralSchema } from '../src/api/crd/structural-schema.ts'

interface Row {
  readonly field: string
  readonly takes: string
  readonly words: string
}

/** A cell of a table: one line, and nothing that ends it. */
const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')

function takes({
  type,
  enum: values,
  default: byDefault,
  'x-kubernetes-int-or-string': isQuantity,
  items,
  additionalProperties,
  minimum,
  maximum,
}: StructuralSchema): string {
  const inner =
    values === undefined
      ? isQuantity === true
        ? 'quantity'
        : items === undefined
          ? additionalProperties === undefined
            ? (type ?? '')
            : 'map'
          : `list of ${items.type ?? 'values'}`
      : values.join(', ')
  const range = minimum !== undefined && maximum !== undefined ? `, ${minimum} to ${maximum}` : ''
  return `${inner}${range}${byDefault === undefined || type === 'object' ? '' : `; default ${JSON.stringify(byDefault)}`}`
}

function rows(node: StructuralSchema, field: string, isRequired: boolean): Row[] {
  const rules = (node['x-kubernetes-validations'] ?? []).map(
    ({ message }) => `Rule: ${message}${message.endsWith('.') ? '' : '.'}`,
  )
  const words = [isRequired ? '**Required.**' : '', node.description ?? '', ...rules]
    .filter((part) => part !== '')
    .join(' ')
  const below = node.items ?? node.additionalProperties ?? node
  const suffix = node.items === undefined ? (node.additionalProperties === undefined ? '' : '.*') : '[]'
  const children = Object.entries(below.properties ?? {}).flatMap(([name, child]) =>
    rows(child, `${field}${suffix}.${name}`, below.required?.includes(name) ?? false),
  )
  return [{ field, takes: takes(node), words }, ...children]
}

export function referencePage({ spec: { names, versions } }: CustomResourceDefinition): string {
  const [version] = versions
  const root = version?.schema.openAPIV3Schema
  const half = (name: string): string[] =>
    rows(root?.properties?.[name] ?? {}, name, false)
      .slice(1)
      .map(({ field, takes: what, words }) => `| \`${field}\` | ${cell(what)} | ${cell(words)} |`)
  const table = (title: string, lines: readonly string[]): string[] => [
    '',
    `## ${title}`,
    '',
    '| field | takes | |',
    '|---|---|---|',
    ...lines,
  ]
  return [
    `# ${names.kind}`,
    '',
    `Generated from src/api by \`npm run generate\`. Short name \`${names.shortNames.join(', ')}\`. ${root?.description ?? ''} What each reason in its conditions means stands in [failures.md](../failures.md).`,
    ...table('spec', half('spec')),
    ...table('status', half('status')),
    '',
  ].join('\n')
}
