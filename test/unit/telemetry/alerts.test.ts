// The alerts, their runbooks and their promtool cases belong together; and each asks only for what /metrics serves.
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { derivedFamilies } from '../../../src/telemetry/families/derived.ts'
import { operatorFamilies } from '../../../src/telemetry/families/operator.ts'
import { complaints } from '../../support/prometheus/promql.ts'

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string }
}

interface Cases {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[]
  }[]
}

const root = new URL('../../../', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8')
const names = (folder: string): string[] => readdirSync(new URL(folder, root))

const alerts = (
  parse(read('charts/meili-operator/files/alerts.yaml')) as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules)
const cases = names('test/integration/telemetry/')
  .filter((name) => name.endsWith('.promtool.yaml'))
  .flatMap((name) =>
    (parse(read(`test/integration/telemetry/${name}`)) as Cases).tests.flatMap(
      ({ alert_rule_test }) => alert_rule_test,
    ),
  )
const families = [...operatorFamilies, ...derivedFamilies]

describe.each(alerts)('$alert', ({ alert, expr, labels, annotations }) => {
  test('says how bad it is, what is the matter, and where to read on', () => {
    expect(['info', 'warning', 'critical']).toContain(labels.severity)
    expect(annotations.summary).toMatch(/\.$/)
    expect(annotations.description).not.toBe('')
    expect(annotations.runbook_url).toBe(`docs/runbooks/${alert}.md`)
  })

  test('has a runbook with its three parts', () => {
    const page = read(annotations.runbook_url)
    expect(page.split('\n').filter((line) => line.startsWith('#') && !line.startsWith('#!'))).toEqual([
      `# ${alert}`,
      '## What it means',
      '## How to look',
      '## What to do',
    ])
  })

  test('asks for metrics and labels that there are', () => {
    expect(complaints(expr, families)).toEqual([])
  })

  test('has a case in which it fires, and one in which it must not', () => {
    const own = cases.filter(({ alertname }) => alertname === alert)
    expect(
      own.some(({ exp_alerts }) => exp_alerts.length > 0),
      'fires',
    ).toBe(true)
    expect(
      own.some(({ exp_alerts }) => exp_alerts.length === 0),
      'must not',
    ).toBe(true)
  })
})

test('there is no runbook without its alert, and no alert twice', () => {
  expect(names('docs/runbooks/').toSorted((a, b) => a.localeCompare(b))).toEqual(
    alerts.map(({ alert }) => `${alert}.md`).toSorted((a, b) => a.localeCompare(b)),
  )
})

test('docs/metrics.md lists each of them with its runbook', () => {
  const rows = read('docs/metrics.md').split('\n')
  for (const { alert, labels } of alerts)
    expect(
      rows.some((row) => row.startsWith(`| [${alert}](runbooks/${alert}.md) | ${labels.severity} |`)),
      alert,
    ).toBe(true)
})

describe('an expression that asks for what there is not', () => {
  test.each([
    ['max(meili_snapshot_size_byte)', 'there is no metric meili_snapshot_size_byte'],
    ['max by (snapshot) (meili_snapshot_overdue)', 'none of meili_snapshot_overdue has a label snapshot'],
    ['meili_instance_ready{name="x"} == 0', 'none of meili_instance_ready has a label name'],
    ['rate(meili_operator_leader_bucket[5m])', 'there is no metric meili_operator_leader_bucket'],
  ])('%s', (expression, complaint) => {
    expect(complaints(expression, families)).toEqual([complaint])
  })
})
