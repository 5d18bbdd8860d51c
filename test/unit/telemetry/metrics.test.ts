// What /metrics shows: every series from the start, with few labels.
import { describe, expect, test } from 'vitest'
import { Metrics, outcomes } from '../../../src/telemetry/metrics.ts'

async function shown(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('meili_operator_'))
}

describe('from the start', () => {
  test('not leading, nothing dropped, and which version it is', async () => {
    expect(await shown(new Metrics('1.2.3'))).toEqual(expect.arrayContaining(['meili_operator_build_info{version="1.2.3"} 1', 'meili_operator_leader 0', 'meili_operator_events_dropped_total 0']))
  })

  test('each outcome of a controller that is declared, at 0', async () => {
    const metrics = new Metrics('1')
    metrics.declareController('meilisnapshot')
    const lines = await shown(metrics)
    for (const outcome of outcomes) expect(lines).toContain(`meili_operator_reconcile_total{controller="meilisnapshot",outcome="${outcome}"} 0`)
    expect(lines).toContain('meili_operator_workqueue_depth{controller="meilisnapshot"} 0')
  })

  test('Node’s own', async () => {
    expect(await new Metrics('1').registry.metrics()).toContain('process_resident_memory_bytes')
  })

  test('two registries know nothing of each other', async () => {
    const [one, other] = [new Metrics('1'), new Metrics('1')]
    one.leading(true)
    expect(await shown(other)).toContain('meili_operator_leader 0')
  })
})

describe('what is told', () => {
  test('is counted, timed and shown', async () => {
    const metrics = new Metrics('1')
    metrics.declareController('c')
    metrics.reconciled('c', 'conflict', 0.3)
    metrics.reconciled('c', 'conflict', 3)
    metrics.queue('c', 7, 0.001)
    metrics.watchRestarted('pods', 'Gone')
    metrics.apiCall({ verb: 'get', resource: 'pods', code: '200' })
    metrics.eventDropped()
    metrics.leading(true)
    expect(await shown(metrics)).toEqual(
      expect.arrayContaining([
        'meili_operator_reconcile_total{controller="c",outcome="conflict"} 2',
        'meili_operator_reconcile_seconds_count{controller="c"} 2',
        'meili_operator_reconcile_seconds_sum{controller="c"} 3.3',
        'meili_operator_reconcile_seconds_bucket{le="0.5",controller="c"} 1',
        'meili_operator_workqueue_depth{controller="c"} 7',
        'meili_operator_workqueue_wait_seconds_bucket{le="0.005",controller="c"} 1',
        'meili_operator_watch_restarts_total{resource="pods",reason="Gone"} 1',
        'meili_operator_api_requests_total{verb="get",resource="pods",code="200"} 1',
        'meili_operator_events_dropped_total 1',
        'meili_operator_leader 1',
      ]),
    )
  })

  test('a lease that is lost shows', async () => {
    const metrics = new Metrics('1')
    metrics.leading(true)
    metrics.leading(false)
    expect(await shown(metrics)).toContain('meili_operator_leader 0')
  })
})
