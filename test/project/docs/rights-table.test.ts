import { describe, expect, test } from 'vitest'
import { withRightsTable } from '../../../crds/rights-table.ts'

const page =
  'before\n<!-- rights: generated from the chart by `npm run generate` -->\nold\n<!-- end of rights -->\nafter\n'

const role = (rules: string): string =>
  `kind: ClusterRole\nmetadata:\n  name: meili-operator-streaming\nrules:\n${rules}`

describe('the table of rights in docs/security.md', () => {
  test('has a line for each rule, with the comment above it and when it is granted', () => {
    const text = withRightsTable(page, [
      role('  # To see.\n  - apiGroups: [""]\n    resources: [pods/exec]\n    verbs: [get, create]\n'),
    ])
    expect(text).toBe(
      'before\n<!-- rights: generated from the chart by `npm run generate` -->\n\n| on | may | for | granted |\n|---|---|---|---|\n' +
        '| `pods/exec` | get, create | To see. | `stream.exec` (off unless switched on) |\n\n<!-- end of rights -->\nafter\n',
    )
  })

  test('a right without a reason is refused', () => {
    expect(() =>
      withRightsTable(page, [role('  - apiGroups: [""]\n    resources: [secrets]\n    verbs: [list]\n')]),
    ).toThrow('the right to list secrets has no comment')
  })

  test('a page that has lost its marks is refused', () => {
    expect(() => withRightsTable('no marks', [])).toThrow('a page with the rights has')
  })
})
