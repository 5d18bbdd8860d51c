// The metrics that the operator keeps about itself: their names, and what each means. Pure.
import { familiesOf } from './family.ts'
import type { Family } from './family.ts'

export const operatorFamilies: readonly Family[] = [
  ...familiesOf('gauge', ['version'], { meili_operator_build_info: 'Version of the operator; always 1' }),
  ...familiesOf('gauge', [], { meili_operator_leader: '1 while this replica leads, else 0' }),
  ...familiesOf('counter', ['controller', 'outcome'], {
    meili_operator_reconcile_total: 'Reconciles by controller and outcome',
  }),
  ...familiesOf('histogram', ['controller'], { meili_operator_reconcile_seconds: 'Time of a reconcile' }),
  ...familiesOf('gauge', ['controller'], {
    meili_operator_workqueue_depth: 'Keys that wait to be taken',
    meili_operator_workqueue_longest_running_seconds:
      'How long the reconcile that runs longest has been running; 0 where none runs',
  }),
  ...familiesOf('histogram', ['controller'], { meili_operator_workqueue_wait_seconds: 'Time that a key waited' }),
  ...familiesOf('counter', ['resource', 'reason'], {
    meili_operator_watch_restarts_total: 'Watches that broke off and were begun again',
  }),
  ...familiesOf('counter', ['verb', 'resource', 'code'], {
    meili_operator_api_requests_total: 'Requests to the API server. The code is none where no reply came',
  }),
  ...familiesOf('counter', [], {
    meili_operator_api_throttled_seconds_total:
      "Time that requests to the API server waited, one after the other, for the operator's own limit",
  }),
  ...familiesOf('counter', [], { meili_operator_events_dropped_total: 'Events that the API server did not take' }),
]
