// Inspects a zod schema before it becomes a CRD: which features the API server could not honour, and which CEL rules must come out.
// Pure. It judges zod only; the shape of what is emitted is judged in structural-schema.ts.
import { z } from 'zod'

/** One entry of `x-kubernetes-validations`. */
export interface CelRule {
  readonly rule: string
  readonly message: string
  readonly fieldPath?: string
  readonly reason?: string
}

/** What one zod schema says of itself and of everything below it. */
export interface Inspection {
  /** `path: what is wrong and what to write instead`, one per finding. */
  readonly problems: readonly string[]
  /** Every CEL rule that the schema carries, by the path where the CRD must have it. */
  readonly rules: ReadonlyMap<string, readonly CelRule[]>
}

type Def = z.core.$ZodTypes['_zod']['def']
type Inner = readonly (readonly [z.core.$ZodType, string])[]
type Judge = (def: Def, path: string) => readonly string[]

/** What RE2, the API server's engine, does not know: look-around, named look-behind, back-references. */
const unknownToRe2 = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</

const instead: Readonly<Record<string, string>> = {
  any: 'name the fields',
  unknown: 'name the fields',
  tuple: 'use an object, or an array of one type',
  pipe: 'a transform is lost in a CRD: keep the serialized form and convert where it is read',
  transform: 'a transform is lost in a CRD: keep the serialized form and convert where it is read',
  nullable: 'the API server prunes null: use .optional()',
  number: 'use z.int(), or a quantity',
  record: 'limits on keys are lost: use z.string() as key and a CEL rule over the keys',
  union: 'only z.union([z.int(), z.string()]) has a structural form: use members and a CEL rule',
  object: 'strictObject and looseObject are refused: use z.object (unknown fields are pruned)',
}

function checkProblem(def: z.core.$ZodCheckDef | Def): string | undefined {
  if ('coerce' in def && def.coerce) return 'coercion is lost in a CRD: accept the serialized form only'
  if (!('check' in def)) return undefined
  if (def.check === 'custom') return 'a refinement is lost in a CRD: write the rule in CEL'
  if (def.check === 'overwrite')
    return 'trim, lowercase and the like change a value, which a CRD cannot: write a pattern'
  if (def.check !== 'string_format') return undefined
  const { pattern, format } = def as z.core.$ZodCheckStringFormatDef
  if (!(pattern instanceof RegExp)) return `string format ${format} has no pattern: use .regex()`
  if (pattern.flags.replace(/[us]/, '') !== '')
    return `regex flags (${pattern.flags}) are lost in a CRD: spell them out in the pattern`
  return unknownToRe2.test(pattern.source)
    ? 'look-around and back-references are unknown to the API server (RE2)'
    : undefined
}

/** Two patterns on one string would become an `allOf`, which is not structural. */
function patternCount(def: Def): number {
  return [def, ...(def.checks ?? []).map((check) => check._zod.def)].filter(
    (one) => 'check' in one && one.check === 'string_format',
  ).length
}

const checksOf: Judge = (def, path) => {
  const found = [def, ...(def.checks ?? []).map((check) => check._zod.def)]
    .map(checkProblem)
    .filter((problem) => problem !== undefined)
  if (patternCount(def) > 1) found.push('two formats on one string: join them into one .regex()')
  return found.map((problem) => `${path}: ${problem}`)
}

const refuseIf =
  (isRefused: (def: Def) => boolean): Judge =>
  (def, path) =>
    isRefused(def) ? [`${path}: ${instead[def.type] ?? 'has no structural form'}`] : checksOf(def, path)

const isIntOrString = (def: Def): boolean =>
  def.type === 'union' &&
  !('discriminator' in def) &&
  def.options.map((option) => option._zod.def.type).join() === 'number,string'

/** Each zod type that may stand in src/api, with what it must not carry. */
const judges: Partial<Record<Def['type'], Judge>> = {
  string: checksOf,
  boolean: checksOf,
  enum: refuseIf((def) => def.type === 'enum' && Object.values(def.entries).some((value) => typeof value !== 'string')),
  literal: refuseIf((def) => def.type === 'literal' && def.values.some((value) => typeof value !== 'string')),
  number: refuseIf((def) => !('format' in def) || def.format !== 'safeint'),
  object: refuseIf((def) => def.type === 'object' && def.catchall !== undefined),
  record: refuseIf(
    (def) =>
      def.type === 'record' &&
      (def.keyType._zod.def.type !== 'string' || (def.keyType._zod.def.checks ?? []).length > 0),
  ),
  union: refuseIf((def) => !isIntOrString(def)),
  array: checksOf,
  optional: checksOf,
  default: checksOf,
  prefault: checksOf,
}

function inner(def: Def, path: string): Inner {
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape).map(([name, schema]) => [schema, `${path}.${name}`] as const)
    case 'array':
      return [[def.element, `${path}[]`]]
    case 'record':
      return [[def.valueType, `${path}{}`]]
    case 'union':
      return def.options.map((option) => [option, path] as const)
    case 'optional':
    case 'default':
    case 'prefault':
      return [[def.innerType, path]]
    default:
      return []
  }
}

/** The rules on the schema itself and on those that it was made from by `.meta`, `.max` and the like. */
function ownRules(schema: z.core.$ZodType): readonly (readonly CelRule[])[] {
  const here = z.globalRegistry.get(schema)?.['x-kubernetes-validations']
  const parent = schema._zod.parent
  return [...(Array.isArray(here) ? [here as CelRule[]] : []), ...(parent === undefined ? [] : ownRules(parent))]
}

/** Walks the whole schema. `path` is what findings call its root, e.g. `spec`. */
export function inspect(schema: z.core.$ZodType, path: string): Inspection {
  const problems: string[] = []
  const rules = new Map<string, CelRule[]>()
  const visit = (node: z.core.$ZodType, at: string): void => {
    const { def } = (node as z.core.$ZodTypes)._zod
    const judge = judges[def.type]
    problems.push(...(judge?.(def, at) ?? [`${at}: z.${def.type}: ${instead[def.type] ?? 'has no structural form'}`]))
    for (const list of new Set(ownRules(node))) {
      const known = rules.get(at) ?? []
      rules.set(at, [...known, ...list.filter((rule) => !known.includes(rule))])
    }
    if (judge !== undefined) for (const [child, childPath] of inner(def, at)) visit(child, childPath)
  }
  visit(schema, path)
  return { problems, rules }
}

/** What a pattern's author wants users to read where it does not match: `.regex(/…/, 'write for example 90s')`. */
export function patternMessage(schema: z.core.$ZodType): string | undefined {
  const checks = (schema as z.core.$ZodTypes)._zod.def.checks ?? []
  const pattern = checks.map((check) => check._zod.def).find((def) => def.check === 'string_format')
  // `.regex(pattern, 'text')` keeps the text in a function that ignores its argument.
  const textOf = pattern?.error as (() => unknown) | undefined
  const message = textOf?.()
  return typeof message === 'string' ? message : undefined
}
