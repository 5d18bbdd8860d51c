// The API group and the type of a kind in it. A kind is data: its CRD is generated from it, its client is derived from it.
import type { z } from 'zod'

export const group = 'meili-operator.dev'
export const version = 'v1alpha1'
export const apiVersion = `${group}/${version}`

/** Lists every kind of the group: `kubectl get meili`. */
export const category = 'meili'

/** One column of `kubectl get`. `priority` 1 shows it only with `-o wide`. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly jsonPath: string
  readonly priority?: 0 | 1
  readonly description?: string
}

/** All that a kind's CRD says. `spec` and `status` are the schemas of the two halves of an object. */
export interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly description: string
  readonly spec: z.ZodObject
  readonly status: z.ZodObject
  readonly columns: readonly Column[]
}
