// Words that every kind shares: metadata, conditions, references, durations, quantities. Pure; imports zod only.
import { z } from 'zod'

/** The part of Kubernetes' ObjectMeta that we read or write. Times are RFC 3339 strings, as in JSON. */
export interface ObjectMeta {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation: number
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly finalizers?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** A name as the API server takes it for objects (RFC 1123 subdomain). What breaks it names nothing, and may be a command to whoever prints it. */
const objectName = '[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
const asNamed = (field: string, kind: string): string =>
  `${field} must be the name of ${kind}: lower-case letters, digits, - and .`

export function nameOf(kind: string, field = 'name'): z.ZodString {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(new RegExp(`^${objectName}$`), asNamed(field, kind))
}

/** Where Kubernetes takes an empty name for none. */
export function nameOrNone(kind: string, field: string): z.ZodString {
  return z
    .string()
    .max(253)
    .regex(new RegExp(`^(${objectName})?$`), asNamed(field, kind))
}

/** Of a container or a namespace (RFC 1123 label). */
export function labelName(kind: string, field: string): z.ZodString {
  return z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, `${field} must be the name of ${kind}: lower-case letters, digits and -`)
}

const dataKey = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[-._a-zA-Z0-9]+$/, 'key must be a key of its data: letters, digits, -, _ and .')

export const localReference = z.object({
  name: nameOf('an object in this namespace').describe('Name of an object in the same namespace.'),
})

export const secretKeyReference = z.object({
  name: nameOf('a Secret in this namespace').describe('Name of a Secret in the same namespace.'),
  key: dataKey.describe('Key in its data.'),
})

export const configMapKeyReference = z.object({
  name: nameOf('a ConfigMap in this namespace').describe('Name of a ConfigMap in the same namespace.'),
  key: dataKey.describe('Key in its data.'),
})
export type SecretKeyReference = z.infer<typeof secretKeyReference>

/** A Kubernetes duration of whole hours, minutes and seconds, such as `90s` or `1h30m`. */
export const duration = z
  .string()
  .min(2)
  .max(32)
  .regex(
    /^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$/,
    'a duration is whole hours, minutes and seconds: write for example 90s, 6h or 1h30m',
  )
  .meta({
    'x-kubernetes-validations': [
      { rule: "self.matches('[1-9]')", message: 'a duration is longer than 0s: write for example 90s or 6h' },
    ],
  })

const unitsMs = { h: 3_600_000, m: 60_000, s: 1000 } as const
/** `999999h999999m999999s`, 116 years: a date or a number of seconds that long from now is valid for Node, Go and Kubernetes. */
const longestMs = 999_999 * (unitsMs.h + unitsMs.m + unitsMs.s)

/** Milliseconds of a duration that the schema has accepted. A longer one, stored while there was another schema, is as long as the longest. */
export function durationMs(text: string): number {
  let total = 0
  for (const [, digits, unit] of text.matchAll(/([0-9]+)([hms])/g))
    total += Number(digits) * unitsMs[unit as keyof typeof unitsMs]
  return Math.min(total, longestMs)
}

/** Narrower than the API server's own: an exponent of more than two digits is nobody's size, and makes whoever computes with it busy for minutes. */
const quantityText = /^(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]{1,2}))?$/

/** CEL's `matches` for what `quantity` refuses for its exponent. A rule that computes looks first: it is run though the pattern has failed. */
export const exponentTooLong = "matches('[eE][-+]?[0-9.]{3}')"

/** A Kubernetes quantity such as `20Gi`, or a plain number; never below zero. */
export const quantity = z.union([
  z.int().min(0),
  z
    .string()
    .max(64)
    .regex(quantityText, 'a quantity is a number with an optional unit: write for example 20Gi or 500m'),
])

/** An instant as the API server and Meilisearch write it (RFC 3339, up to nine fractional digits). */
export const timestamp = z.string().max(64)

/** A count or a size in bytes. */
export const int64 = z.int().min(0).meta({ format: 'int64' })

/** How far something is, as the status of each kind says it. */
export const progressFields = {
  step: z.string().max(128),
  percent: z.int().min(0).max(100).optional(),
  percentText: z.string().max(16).optional(),
  bytesDone: int64.optional(),
  bytesTotal: int64.optional(),
  updatedAt: timestamp.optional(),
} as const

export const condition = z.object({
  type: z.string().max(64),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().max(128),
  message: z.string().max(4096),
  lastTransitionTime: timestamp,
  observedGeneration: z.int().meta({ format: 'int64' }),
})
export type Condition = z.infer<typeof condition>

export const conditions = z
  .array(condition)
  .max(16)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })

/** Condition types that every kind has. The first two are absent unless true (kstatus reads them first). */
export const conditionTypes = { Reconciling: 'Reconciling', Stalled: 'Stalled', Ready: 'Ready' } as const
