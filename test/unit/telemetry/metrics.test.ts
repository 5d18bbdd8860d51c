// What /metrics shows: every series from the start, with few labels.
import { describe, expect, test } from 'vitest'
import { Gone } from '../../../src/errors.ts'
import { Metrics, outcomes, watchErrors } from '../../../src/telemetry/metrics.ts'

async function operatorLines(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('meili_operator_'))
}

describe('from the start', () => {
  test('not leading, nothing dropped, and which version it is', async () => {
    expect(await operatorLines(new Metrics('1.2.3'))).toEqual(
      expect.arrayContaining([
        'meili_operator_build_info{version="1.2.3"} 1',
        'meili_operator_leader 0',
        'meili_operator_events_dropped_total 0',
      ]),
    )
  })

  test('each outcome of a controller that is declared, at 0', async () => {
    const metrics = new Metrics('1')
    metrics.declareController('meilisnapshot')
    const lines = await operatorLines(metrics)
    for (const outcome of outcomes)
      expect(lines).toContain(`meili_operator_reconcile_total{controller="meilisnapshot",outcome="${outcome}"} 0`)
    expect(lines).toContain('meili_operator_workqueue_depth{controller="meilisnapshot"} 0')
    expect(lines).toContain('meili_operator_workqueue_longest_running_seconds{controller="meilisnapshot"} 0')
  })

  test('each way in which a watch can break off, at 0', async () => {
    const metrics = new Metrics('1')
    metrics.declareWatch('pods')
    const lines = await operatorLines(metrics)
    for (const reason of watchErrors)
      expect(lines).toContain(`meili_operator_watch_restarts_total{resource="pods",reason="${reason}"} 0`)
  })

  test('Node’s own', async () => {
    expect(await new Metrics('1').registry.metrics()).toContain('process_resident_memory_bytes')
  })

  test('two registries know nothing of each other', async () => {
    const [one, other] = [new Metrics('1'), new Metrics('1')]
    one.setLeading(true)
    expect(await operatorLines(other)).toContain('meili_operator_leader 0')
  })
})

describe('what is recorded', () => {
  test('is counted, timed and shown', async () => {
    const metrics = new Metrics('1')
    metrics.declareController('c')
    metrics.observeReconcile('c', 'conflict', 0.3)
    metrics.observeReconcile('c', 'conflict', 3)
    metrics.queue('c', { depth: 7, longestRunningSeconds: 1.5 })
    metrics.observeWait('c', 0.001)
    metrics.countWatchRestart('pods', new Gone('Too old.'))
    metrics.countWatchRestart('pods', new RangeError('Who knows.'))
    metrics.countWatchRestart('pods', 'who knows')
    metrics.apiCall({ verb: 'get', resource: 'pods', code: '200' })
    metrics.countDroppedEvent()
    metrics.setLeading(true)
    expect(await operatorLines(metrics)).toEqual(
      expect.arrayContaining([
        'meili_operator_reconcile_total{controller="c",outcome="conflict"} 2',
        'meili_operator_reconcile_seconds_count{controller="c"} 2',
        'meili_operator_reconcile_seconds_sum{controller="c"} 3.3',
        'meili_operator_reconcile_seconds_bucket{le="0.5",controller="c"} 1',
        'meili_operator_workqueue_depth{controller="c"} 7',
        'meili_operator_workqueue_longest_running_seconds{controller="c"} 1.5',
        'meili_operator_workqueue_wait_seconds_bucket{le="0.005",controller="c"} 1',
        'meili_operator_watch_restarts_total{resource="pods",reason="Gone"} 1',
        'meili_operator_watch_restarts_total{resource="pods",reason="Other"} 2',
        'meili_operator_api_requests_total{verb="get",resource="pods",code="200"} 1',
        'meili_operator_events_dropped_total 1',
        'meili_operator_leader 1',
      ]),
    )
  })

  test('a lease that is lost shows', async () => {
    const metrics = new Metrics('1')
    metrics.setLeading(true)
    metrics.setLeading(false)
    expect(await operatorLines(metrics)).toContain('meili_operator_leader 0')
  })
})

describe('what is derived', () => {
  const families = [
    { name: 'thing_bytes', type: 'gauge', help: 'Size', labels: ['thing'] },
    { name: 'thing_total', type: 'counter', help: 'Things', labels: ['thing'] },
  ] as const
  const thingLines = async (metrics: Metrics): Promise<readonly string[]> =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('thing_'))

  test('is what is read at the scrape, and what is not read any more is gone', async () => {
    const metrics = new Metrics('1')
    const things = new Map([
      ['a', 1],
      ['b', 2],
    ])
    metrics.derive(families, () =>
      [...things].flatMap(([thing, value]) => families.map(({ name }) => ({ name, labels: { thing }, value }))),
    )
    expect(await thingLines(metrics)).toEqual([
      'thing_bytes{thing="a"} 1',
      'thing_bytes{thing="b"} 2',
      'thing_total{thing="a"} 1',
      'thing_total{thing="b"} 2',
    ])
    things.delete('a')
    things.set('b', 3)
    expect(await thingLines(metrics)).toEqual(['thing_bytes{thing="b"} 3', 'thing_total{thing="b"} 3'])
  })

  test('says its type and what it means, also where there is nothing', async () => {
    const metrics = new Metrics('1')
    metrics.derive(families, () => [])
    expect(await metrics.text()).toContain('# HELP thing_total Things\n# TYPE thing_total counter\n')
  })
})
