// The names in a PromQL expression, as far as ours go: which metrics it asks for and which labels it relies on. Reads no grammar, only words.
import type { Family } from '../../../src/telemetry/families/family.ts'

/** `meili_x_bucket` is of the histogram `meili_x`. */
function familyOf(name: string, families: readonly Family[]): Family | undefined {
  const exact = families.find((family) => family.name === name)
  return (
    exact ??
    families.find(
      (family) =>
        family.type === 'histogram' &&
        [`${family.name}_bucket`, `${family.name}_sum`, `${family.name}_count`].includes(name),
    )
  )
}

const withoutTexts = (expression: string): string => expression.replaceAll(/"[^"]*"/g, '""')

export const metricsIn = (expression: string): readonly string[] => [
  ...new Set([...withoutTexts(expression).matchAll(/\b(?:meili|process|nodejs)_\w+/g)].map(([name]) => name)),
]

/** In `by (…)`, `on (…)`, `{…}`, and those that a legend or an annotation shows. */
export function labelsIn(expression: string): readonly string[] {
  const text = withoutTexts(expression)
  const listed = [...text.matchAll(/\b(?:by|on|without|ignoring) *\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(','),
  )
  const matched = [...text.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(',').map((part) => part.split(/[=!~]/)[0] ?? ''),
  )
  return [...new Set([...listed, ...matched].map((label) => label.trim()).filter((label) => label !== ''))]
}

/** Labels that Prometheus or the scrape adds to whatever we serve. */
const ofTheTarget = ['job', 'namespace', 'pod', 'instance']

/** What is wrong with an expression, measured by what is served. */
export function complaints(expression: string, families: readonly Family[]): readonly string[] {
  const own = metricsIn(expression).filter((name) => name.startsWith('meili_'))
  const unknown = own
    .filter((name) => familyOf(name, families) === undefined)
    .map((name) => `there is no metric ${name}`)
  const known = new Set([
    ...own.flatMap((name) => familyOf(name, families)?.labels ?? []),
    ...ofTheTarget,
    ...(own.some((name) => name.endsWith('_bucket')) ? ['le'] : []),
  ])
  return [
    ...unknown,
    ...labelsIn(expression)
      .filter((label) => !known.has(label))
      .map((label) => `none of ${own.join(', ')} has a label ${label}`),
  ]
}
