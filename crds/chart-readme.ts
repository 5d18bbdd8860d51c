// The table of values in the chart's README: from values.yaml and its comments. What stands above it in README.md is written by hand. Pure.
import { isMap, isScalar, parseDocument } from 'yaml'
import type { Node, YAMLMap } from 'yaml'

const heading = '## Values\n'

interface Row {
  readonly name: string
  readonly comment: string
  readonly value: unknown
}

/** The paragraph that stands directly above the key. */
const text = (comment: string | null | undefined): string =>
  ((comment ?? '').split('\n\n').at(-1) ?? '')
    .split('\n')
    .map((line) => line.trim())
    .join(' ')

/** A map whose own values have no comments is one value, with one row. */
function rowsOf(map: YAMLMap, path: string): Row[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) throw new Error(`values.yaml: a key in ${path} is no plain word`)
    const name = `${path}${String(key.value)}`
    const comment = text(key.commentBefore ?? (index === 0 ? map.commentBefore : undefined))
    const inner = isMap(value) ? rowsOf(value, `${name}.`) : []
    if (inner.some((row) => row.comment !== '')) return inner
    return [{ name, comment, value: (value as Node).toJSON() as unknown }]
  })
}

const cell = (content: string): string => content.replaceAll('|', '\\|')

/** @throws where a value has no comment */
export function chartReadme(readme: string, values: string): string {
  const { contents } = parseDocument(values)
  if (!isMap(contents)) throw new Error('values.yaml is no map')
  const rows = rowsOf(contents, '')
  const silent = rows.filter(({ comment }) => comment === '').map(({ name }) => name)
  if (silent.length > 0) throw new Error(`values.yaml does not say what these are for: ${silent.join(', ')}`)
  const lines = rows.map(
    ({ name, comment, value }) => `| \`${name}\` | \`${cell(JSON.stringify(value))}\` | ${cell(comment)} |\n`,
  )
  return `${readme.split(heading)[0] ?? ''}${heading}\n| value | default | |\n|---|---|---|\n${lines.join('')}`
}
