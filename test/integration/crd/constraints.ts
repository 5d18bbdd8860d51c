// Every limit that a CRD sets, found by walking its schema along a complete object, and a value that breaks each.
import type { Kind } from '../../../src/api/group.ts'
import { customResourceDefinition } from '../../../src/api/crd/crd.ts'
import type { StructuralSchema } from '../../../src/api/crd/structural-schema.ts'
import type { Loose } from './real-server.ts'

export interface Constraint {
  /** `['spec', 'mover', 'tolerations', '0', 'operator']` */
  readonly at: readonly string[]
  readonly keyword: string
  /** Breaks this one limit in an object that is complete and good. */
  readonly spoil: (object: Loose) => void
  /** What the server says then, beside the path. */
  readonly says: RegExp
}

/** A CEL rule and where it stands. */
export interface LocatedRule {
  readonly at: string
  readonly message: string
}

export const fieldOf = (at: readonly string[]): string => at.join('.').replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]')

/** The member that `at` names, and the object that holds it. */
function holderOf(object: Loose, at: readonly string[]): { holder: Loose; last: string } {
  const last = at.at(-1)!
  return { holder: at.slice(0, -1).reduce<Loose>((inner, name) => inner[name] as Loose, object), last }
}

export function set(object: Loose, at: readonly string[], value: unknown): void {
  const { holder, last } = holderOf(object, at)
  if (value === undefined) delete holder[last] // oxlint-disable-line typescript/no-dynamic-delete -- a test spoils any member
  else holder[last] = value
}

export function get(object: Loose, at: readonly string[]): unknown {
  const { holder, last } = holderOf(object, at)
  return holder[last]
}

interface Spoiled {
  readonly value: unknown
  readonly says: RegExp
}

const wrongType: Readonly<Record<string, unknown>> = {
  object: 'text',
  array: { a: 1 },
  string: 5,
  integer: 'text',
  boolean: 'text',
}
const ofType = (type: string, says = `must be of type ${type}|expected|cannot unmarshal|json:`): Spoiled => ({
  value: wrongType[type],
  says: new RegExp(says),
})

/** One bad value for each limiting keyword; `good` is what stands in the complete object. */
const spoilers: Readonly<Record<string, (limit: never, good: unknown) => Spoiled>> = {
  type: (type: string) => ofType(type),
  'x-kubernetes-int-or-string': () => ({ value: true, says: /must be of type integer,string|must validate/ }),
  enum: () => ({ value: 'Nonsense', says: /supported values: "/ }),
  minLength: (limit: number) => ({ value: 'x'.repeat(limit - 1), says: /at least \d+ chars long/ }),
  maxLength: (limit: number) => ({
    value: 'x'.repeat(limit + 1),
    says: /may not be more than \d+ (bytes|characters)|Too long/i,
  }),
  minimum: (limit: number) => ({ value: limit - 1, says: /should be greater than or equal to/ }),
  maximum: (limit: number) => ({ value: limit + 1, says: /should be less than or equal to/ }),
  minItems: (limit: number) => ({ value: Array.from({ length: limit - 1 }), says: /should have at least \d+ items/ }),
  maxItems: (limit: number, good) => ({
    value: Array.from({ length: limit + 1 }, () => (good as unknown[])[0]),
    says: /must have at most \d+ items/,
  }),
  maxProperties: (limit: number, good) => ({
    value: Object.fromEntries(
      Array.from({ length: limit + 1 }, (_, i) => [`k${i}`, Object.values(good as Loose)[0] as unknown]),
    ),
    says: /must have at most \d+ items/,
  }),
  'x-kubernetes-list-map-keys': (_keys: never, good) => ({
    value: [...(good as unknown[]), ...(good as unknown[])],
    says: /Duplicate value/,
  }),
}

function limitsOf(node: StructuralSchema, at: readonly string[], object: Loose): Constraint[] {
  const good = get(object, at)
  return Object.entries(node)
    .filter(([keyword]) => Object.hasOwn(spoilers, keyword))
    .map(([keyword, limit]) => {
      const { value, says } = spoilers[keyword]!(limit as never, good)
      return { at, keyword, says, spoil: (copy: Loose) => set(copy, at, value) }
    })
}

function childrenOf(
  node: StructuralSchema,
  at: readonly string[],
  object: Loose,
): readonly (readonly [StructuralSchema, readonly string[]])[] {
  if (get(object, at) === undefined) return []
  if (node.items !== undefined) return [[node.items, [...at, '0']]]
  if (node.additionalProperties !== undefined)
    return [[node.additionalProperties, [...at, Object.keys(get(object, at) as Loose)[0]!]]]
  return Object.entries(node.properties ?? {}).map(([name, child]) => [child, [...at, name]] as const)
}

function walk(node: StructuralSchema, at: readonly string[], object: Loose): Constraint[] {
  if (get(object, at) === undefined) return []
  const missing = (node.required ?? []).map((name): Constraint => ({
    at: [...at, name],
    keyword: 'required',
    says: /Required value/,
    spoil: (copy) => set(copy, [...at, name], undefined),
  }))
  return [
    ...limitsOf(node, at, object),
    ...missing,
    ...childrenOf(node, at, object).flatMap(([child, childAt]) => walk(child, childAt, object)),
  ]
}

const schemaOf = (kind: Kind): StructuralSchema =>
  customResourceDefinition(kind).spec.versions[0]!.schema.openAPIV3Schema

/** All limits of one half of a kind but the CEL rules. */
export function constraintsOf(kind: Kind, half: 'spec' | 'status', object: Loose): readonly Constraint[] {
  return walk(schemaOf(kind).properties![half]!, [half], object)
}

/** Fields that an object leaves out. */
export function missingFields(kind: Kind, object: Loose): readonly string[] {
  const visit = (node: StructuralSchema, at: readonly string[]): string[] =>
    get(object, at) === undefined
      ? [fieldOf(at), ...everyField(node, at)]
      : childrenOf(node, at, object).flatMap(([child, childAt]) => visit(child, childAt))
  return (['spec', 'status'] as const).flatMap((half) => visit(schemaOf(kind).properties![half]!, [half]))
}

function everyField(node: StructuralSchema, at: readonly string[]): string[] {
  const inner =
    node.items === undefined
      ? Object.entries(node.properties ?? {}).map(([name, child]) => [child, [...at, name]] as const)
      : [[node.items, [...at, '0']] as const]
  return inner.flatMap(([child, childAt]) => [fieldOf(childAt), ...everyField(child, childAt)])
}

/** All CEL rules of a kind. */
export function rulesOf(kind: Kind, object: Loose): readonly LocatedRule[] {
  const visit = (node: StructuralSchema, at: readonly string[]): LocatedRule[] => [
    ...(node['x-kubernetes-validations'] ?? []).map(({ message }) => ({ at: fieldOf(at), message })),
    ...childrenOf(node, at, object).flatMap(([child, childAt]) => visit(child, childAt)),
  ]
  return (['spec', 'status'] as const).flatMap((half) => visit(schemaOf(kind).properties![half]!, [half]))
}
