// The Grafana dashboard asks only for metrics and labels that /metrics serves, and is put together as Grafana wants it.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { derivedFamilies } from '../../../src/telemetry/families/derived.ts'
import { operatorFamilies } from '../../../src/telemetry/families/operator.ts'
import { dashboardAt } from '../../support/prometheus/dashboard.ts'
import { complaints, labelsIn, metricsIn } from '../../support/prometheus/promql.ts'

const path = new URL('../../../charts/meili-operator/files/dashboard.json', import.meta.url)
const dashboard = dashboardAt(path)
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
const families = [...operatorFamilies, ...derivedFamilies]

describe.each(panels)('$title', ({ targets = [], datasource, gridPos }) => {
  test('asks for metrics and labels that there are, and its legend shows labels that come back', () => {
    expect(targets.length).toBeGreaterThan(0)
    for (const { expr, legendFormat } of targets) {
      expect(complaints(expr, families)).toEqual([])
      expect(metricsIn(expr).length).toBeGreaterThan(0)
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
      for (const label of shown) expect([...labelsIn(expr), 'pod']).toContain(label)
    }
  })

  test('takes the data source that was chosen', () => {
    for (const each of [datasource, ...targets.map((target) => target.datasource)])
      expect(each).toEqual({ type: 'prometheus', uid: '${datasource}' })
  })

  test('lies within the width', () => {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  })
})

test('no panel lies on another one, and each has an id of its own', () => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
})

test('every metric of ours that is worth a look is on it', () => {
  const shown = new Set(
    panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => metricsIn(expr).map((name) => name.replace(/_bucket$/, ''))),
    ),
  )
  // What only alerts need: the age of an instance, a Service that few ever have, when one would be overdue, and the last failure, of
  // which counters tell more.
  const forAlerts = [
    'meili_instance_created_timestamp_seconds',
    'meili_instance_foreign_service',
    'meili_snapshot_last_failure_timestamp_seconds',
    'meili_snapshot_boot_inconclusive',
    'meili_schedule_last_failure_timestamp_seconds',
    'meili_schedule_overdue_from_timestamp_seconds',
    'meili_restore_last_failure_timestamp_seconds',
    'meili_drill_last_failure_timestamp_seconds',
    'meili_drill_last_inconclusive_timestamp_seconds',
    'meili_drill_overdue_from_timestamp_seconds',
  ]
  expect(families.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual(forAlerts)
})

test('data source, namespace and instance can be chosen', () => {
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'namespace', 'instance'])
  for (const { query } of dashboard.templating.list) {
    if (typeof query === 'string') expect(query).toBe('prometheus')
    else expect(complaints(query.query, families)).toEqual([])
  }
})

test('is plain JSON without anything that a template engine would take for its own', () => {
  const text = readFileSync(path, 'utf8')
  expect(text).toBe(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`)
})
