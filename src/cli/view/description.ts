// Lays out all that is known of one object: facts, then tables, conditions and Events. Pure.
import type { Condition } from '../../api/meta.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { ageText } from '../terminal/format.ts'
import { tableLines } from '../terminal/table.ts'

export interface KubeEvent extends KubeObject {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
}

export type Fact = readonly [name: string, fact: string | undefined]

const width = 14

/** Those that are known, each on its line. */
export function factLines(facts: readonly Fact[]): string[] {
  return facts.flatMap(([name, fact]) => (fact === undefined ? [] : [`${`${name}:`.padEnd(width)} ${fact}`]))
}

export function conditionSection(conditions: readonly Condition[] | undefined): string[] {
  const rows = (conditions ?? []).map(({ type, status, reason, message }) => [type, status, reason, message])
  return section('Conditions', ['TYPE', 'STATUS', 'REASON', 'MESSAGE'], rows)
}

export function eventSection(events: readonly KubeEvent[], nowMs: number): string[] {
  const sorted = events.toSorted((a, b) => Date.parse(timeOf(a)) - Date.parse(timeOf(b)))
  const rows = sorted.map((event) => [
    ageText(timeOf(event), nowMs),
    event.type ?? '',
    event.reason ?? '',
    event.message ?? '',
  ])
  return section('Events', ['AGE', 'TYPE', 'REASON', 'MESSAGE'], rows)
}

const timeOf = ({ lastTimestamp, eventTime, metadata }: KubeEvent): string =>
  lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? ''

/** Nothing where there is no row. */
export function section(name: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', `${name}:`, ...tableLines(head, rows).map((line) => `  ${line}`)]
}
