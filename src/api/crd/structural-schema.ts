// Turns a zod schema into the structural schema of a CRD, in the form in which the API server stores it.
// Pure. Whatever would be lost, refused or too costly there fails here, with the path of the field; crd.ts puts the result into a CRD.
import { z } from 'zod'
import { inspect, patternMessage } from './zod-inspection.ts'
import type { CelRule } from './zod-inspection.ts'

/** A node of a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps, as far as it is used here). */
export interface StructuralSchema {
  readonly description?: string
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly format?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly anyOf?: readonly StructuralSchema[]
  readonly items?: StructuralSchema
  readonly additionalProperties?: StructuralSchema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, StructuralSchema>>
  readonly 'x-kubernetes-int-or-string'?: true
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
  readonly 'x-kubernetes-validations'?: readonly CelRule[]
}

type Keyword = keyof StructuralSchema
type JsonSchema = Readonly<Record<string, unknown>>
type Convert = (value: unknown, path: string) => unknown

/** A slash needs no escape outside a JavaScript literal, and users read the pattern in the refusal. */
const plain = (pattern: string): string => pattern.replaceAll(String.raw`\/`, '/')
const same: Convert = (value) => value
/** zod bounds each integer by what a double can hold; the API server knows int64. */
const keepBound: Convert = (value) => (Math.abs(value as number) === Number.MAX_SAFE_INTEGER ? undefined : value)
const convertNamed: Convert = (value, path) =>
  Object.fromEntries(
    Object.entries(value as Record<string, JsonSchema>).map(([name, node]) => [name, convert(node, `${path}.${name}`)]),
  )

/** Every keyword that may come out, in the order in which it is written. */
const keywords: Readonly<Record<Keyword, Convert>> = {
  description: same,
  type: same,
  format: same,
  default: same,
  enum: same,
  pattern: (value) => plain(value as string),
  minLength: same,
  maxLength: same,
  minimum: keepBound,
  maximum: keepBound,
  minItems: same,
  maxItems: same,
  minProperties: same,
  maxProperties: same,
  anyOf: same,
  items: (value, path) => convert(value as JsonSchema, `${path}[]`),
  additionalProperties: (value, path) => convert(value as JsonSchema, `${path}{}`),
  required: same,
  properties: convertNamed,
  'x-kubernetes-int-or-string': same,
  'x-kubernetes-list-type': same,
  'x-kubernetes-list-map-keys': same,
  'x-kubernetes-map-type': same,
  'x-kubernetes-validations': same,
}

/** Carries a pattern's own message through zod's JSON schema; never emitted. */
const message = 'x-message'

/** The only union with a structural form. The limits of its members move outside, where they bind values of their own type only. */
function intOrString({ anyOf, ...rest }: JsonSchema): JsonSchema {
  const limits = Object.assign({}, ...(anyOf as JsonSchema[])) as JsonSchema
  return {
    ...rest,
    ...limits,
    type: undefined,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
  }
}

/** A pattern with a message becomes a CEL rule: of a bare pattern the API server shows users nothing but its letters. */
function patternToRule(node: JsonSchema): JsonSchema {
  const { [message]: text, pattern, ...rest } = node
  if (text === undefined) return node
  const matches = `self.matches(${JSON.stringify(plain(pattern as string))})`
  const rule = node['x-kubernetes-int-or-string'] === true ? `type(self) == int || ${matches}` : matches
  return {
    ...rest,
    'x-kubernetes-validations': [
      { rule, message: text },
      ...((rest['x-kubernetes-validations'] as CelRule[] | undefined) ?? []),
    ],
  }
}

function convert(node: JsonSchema, path: string): StructuralSchema {
  const input = patternToRule('anyOf' in node ? intOrString(node) : node)
  const unknown = Object.keys(input).filter((keyword) => !Object.hasOwn(keywords, keyword))
  if (unknown.length > 0) throw new Error(`${path}: ${unknown.join(', ')} cannot stand in a structural schema`)
  const written = Object.entries(keywords)
    .filter(([keyword]) => input[keyword] !== undefined)
    .map(([keyword, change]) => [keyword, change(input[keyword], path)] as const)
  return Object.fromEntries(written.filter(([, value]) => value !== undefined))
}

const children = (node: StructuralSchema, path: string): readonly (readonly [StructuralSchema, string])[] => [
  ...(node.items === undefined ? [] : [[node.items, `${path}[]`] as const]),
  ...(node.additionalProperties === undefined ? [] : [[node.additionalProperties, `${path}{}`] as const]),
  ...Object.entries(node.properties ?? {}).map(([name, child]) => [child, `${path}.${name}`] as const),
]

const rulesOf = (node: StructuralSchema): readonly CelRule[] => node['x-kubernetes-validations'] ?? []
const ruleWithin = (node: StructuralSchema): boolean =>
  rulesOf(node).length > 0 || children(node, '').some(([child]) => ruleWithin(child))

/** The limit whose absence makes a CEL rule that reads this node too costly for the API server. */
function missingBound(node: StructuralSchema): string | undefined {
  if (node.type === 'array') return node.maxItems === undefined ? 'maxItems' : undefined
  if (node.additionalProperties !== undefined) return node.maxProperties === undefined ? 'maxProperties' : undefined
  const isText = node.type === 'string' || node['x-kubernetes-int-or-string'] === true
  return isText && node.maxLength === undefined && node.enum === undefined ? 'maxLength' : undefined
}

function missingBounds(node: StructuralSchema, path: string, isUnderRule = false): readonly string[] {
  const isRead = isUnderRule || rulesOf(node).length > 0
  const missing =
    isRead || children(node, '').some(([child]) => node.properties === undefined && ruleWithin(child))
      ? missingBound(node)
      : undefined
  const here = missing === undefined ? [] : [`${path}: needs ${missing}, or the cost of a CEL rule is without bound`]
  return [...here, ...children(node, path).flatMap(([child, at]) => missingBounds(child, at, isRead))]
}

function emittedRules(node: StructuralSchema, path: string): readonly string[] {
  return [
    ...rulesOf(node).map(({ rule }) => `${path}: ${rule}`),
    ...children(node, path).flatMap(([child, at]) => emittedRules(child, at)),
  ]
}

/**
 * The structural schema of a zod schema; `path` is what messages call its root, e.g. `spec`.
 * Throws with one line for each field that cannot be expressed, is unbounded under a CEL rule, or lost a rule on the way.
 */
export function structuralSchema(schema: z.ZodType, path: string): StructuralSchema {
  const { problems, rules } = inspect(schema, path)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    cycles: 'throw',
    override: ({ zodSchema, jsonSchema }) => {
      const text = patternMessage(zodSchema)
      if (text !== undefined) jsonSchema[message] = text
    },
  })
  const emitted = convert(json, path)
  const present = new Set(emittedRules(emitted, path))
  const wanted = [...rules].flatMap(([at, list]) => list.map(({ rule }) => `${at}: ${rule}`))
  const lost = wanted
    .filter((rule) => !present.has(rule))
    .map((rule) => `${rule}: lost, an outer .meta has the same key: write both rules in one .meta`)
  const failures = [...missingBounds(emitted, path), ...lost]
  if (failures.length > 0) throw new Error(failures.join('\n'))
  return emitted
}
