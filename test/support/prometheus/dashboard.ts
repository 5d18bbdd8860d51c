// The Grafana dashboard, as far as tests look at it.
import { readFileSync } from 'node:fs'

interface Target {
  readonly expr: string
  readonly legendFormat: string
  readonly datasource: object
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource?: object
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
}

export interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[]
  }
}

export function dashboardAt(path: URL): Dashboard {
  return JSON.parse(readFileSync(path, 'utf8')) as Dashboard
}
