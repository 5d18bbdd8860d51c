// The operator's rights as a table for docs/security.md: each with its reason, which is the comment above the rule in the chart. Pure.
import { parse } from 'yaml'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

interface Role {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly rules?: readonly Rule[]
}

/** When a role is there, by the end of its name; the plain one always is. */
const modes: readonly (readonly [suffix: string, mode: string])[] = [
  ['-managed', '`managedInstances` (on unless switched off)'],
  ['-streaming', '`stream.exec` (off unless switched on)'],
  ['-leader', 'always, in its own namespace alone'],
  ['', 'always'],
]

/** The comment above each rule, in their order; a rule without one belongs to the one before. */
function reasons(text: string): readonly string[] {
  const found: string[] = []
  let reason = ''
  for (const line of text.slice(text.indexOf('\nrules:')).split('\n')) {
    const [, comment] = /^ *# (.+)$/.exec(line) ?? []
    if (comment !== undefined) reason = comment
    else if (/^ *- apiGroups:/.test(line)) found.push(reason)
  }
  return found
}

const what = ({ apiGroups, resources }: Rule): string =>
  resources
    .flatMap((resource) => apiGroups.map((group) => `\`${group === '' ? resource : `${resource}.${group}`}\``))
    .join(', ')

function rows(text: string): readonly string[] {
  const { kind, metadata, rules = [] } = parse(text) as Role
  if (kind !== 'Role' && kind !== 'ClusterRole') return []
  const [, mode = ''] = modes.find(([suffix]) => metadata.name.endsWith(suffix)) ?? []
  const why = reasons(text)
  return rules.map((rule, index) => {
    const reason = why[index] ?? ''
    if (reason === '')
      throw new Error(
        `${metadata.name}: the right to ${rule.verbs.join(', ')} ${rule.resources.join(', ')} has no comment that says what it is for`,
      )
    return `| ${what(rule)} | ${rule.verbs.join(', ')} | ${reason} | ${mode} |`
  })
}

const marks = ['<!-- rights: generated from the chart by `npm run generate` -->', '<!-- end of rights -->'] as const

/**
 * @param page what stands there now, with both marks
 * @param objects the chart's objects, with their comments
 * @throws Error where a mark is missing, or a right without a reason
 */
export function withRightsTable(page: string, objects: readonly string[]): string {
  const [begin, end] = marks.map((mark) => page.indexOf(mark)) as [number, number]
  if (begin === -1 || end < begin) throw new Error(`a page with the rights has "${marks[0]}" and "${marks[1]}"`)
  const table = ['| on | may | for | granted |', '|---|---|---|---|', ...objects.flatMap(rows)].join('\n')
  return `${page.slice(0, begin)}${marks[0]}\n\n${table}\n\n${page.slice(end)}`
}
