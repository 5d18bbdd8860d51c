// docs/metrics.md and the program say the same: each metric with its type, its labels and its meaning, and no other.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { derivedFamilies } from '../../../src/telemetry/families/derived.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'

const text = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
const rows = text.split('\n').filter((line) => line.startsWith('| `meili_'))

const metrics = new Metrics('1')
metrics.derive(derivedFamilies, () => [])

test.each(metrics.families)('$name stands in the table as it is', ({ name, type, labels, help }) => {
  expect(rows).toContain(`| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`)
})

test('no other metric stands in it, and none is served that was not declared', async () => {
  const names = metrics.families.map(({ name }) => name)
  expect(rows).toHaveLength(names.length)
  const served = [...(await metrics.text()).matchAll(/^# TYPE (meili_\w+) /gm)].map(([, name]) => name)
  expect(new Set(served)).toEqual(new Set(names))
})
