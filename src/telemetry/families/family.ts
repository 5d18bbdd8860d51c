// The types of a metric family and of a sample of it. Pure.

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

/** One line of /metrics. `name` is that of its family. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Families that share their labels, from name to what it means. */
export function familiesOf(
  type: Family['type'],
  labels: readonly string[],
  helps: Readonly<Record<string, string>>,
): Family[] {
  return Object.entries(helps).map(([name, help]) => ({ name, type, help, labels }))
}
