// Objects around a schema: mostly good, then spoilt in up to three places. Good and bad lie close together, where two validators differ.
import fc from 'fast-check'
import type { StructuralSchema } from '../../../src/api/crd/structural-schema.ts'
import type { Loose } from './real-server.ts'

/** The pattern that a rule of ours made of `.regex(…, message)`. */
function patternOf(node: StructuralSchema): RegExp | undefined {
  for (const { rule } of node['x-kubernetes-validations'] ?? []) {
    const literal = /self\.matches\((".*")\)$/.exec(rule)?.[1]
    if (literal !== undefined) return new RegExp(JSON.parse(literal) as string, 'u')
  }
  return undefined
}

const letters = fc.constantFrom(...'abzAZ09-._/ :=äß漢\t\n\r\'"\\'.split(''))

function textOf(node: StructuralSchema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 100 } = node
  const pattern = patternOf(node)
  if (pattern === undefined) {
    const short = fc.string({ unit: letters, minLength, maxLength: Math.min(maxLength, minLength + 12) })
    return fc.oneof(
      { arbitrary: short, weight: 4 },
      { arbitrary: fc.constantFrom('a'.repeat(minLength), 'a'.repeat(maxLength)), weight: 1 },
    )
  }
  return fc
    .stringMatching(pattern, { maxLength })
    .filter((text) => text.length >= minLength && text.length <= maxLength)
}

const wholeOf = ({ minimum = -100, maximum = 100_000 }: StructuralSchema): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31) }),
    fc.constantFrom(minimum, maximum),
  )

const choices = [
  /^has\(self\.(\w+)\) != has\(self\.(\w+)\)$/,
  /^!has\(self\.(\w+)\) \|\| !has\(self\.(\w+)\)$/,
] as const

/** `[has(self.a), has(self.b)].filter(set, set).size() == 1`: the members of which exactly one is there. */
function oneOf(node: StructuralSchema): readonly string[] {
  const rules = (node['x-kubernetes-validations'] ?? []).map(({ rule }) => rule)
  const [list = ''] = rules.flatMap((rule) => /^\[(.*)\]\.filter\(set, set\)\.size\(\) == 1$/.exec(rule)?.[1] ?? [])
  return [...list.matchAll(/has\(self\.(\w+)\)/g)].map(([, name = '']) => name)
}

/** `… self.confirm == self.target.claim.name)`: what is to be written once more. */
function honourRepeats(node: StructuralSchema, object: Loose): void {
  for (const { rule } of node['x-kubernetes-validations'] ?? []) {
    const [, name = '', path] = /self\.(\w+) == self\.([\w.]+)\)$/.exec(rule) ?? []
    if (path === undefined) continue
    const repeated = path.split('.').reduce<unknown>((inner, part) => (inner as Loose | undefined)?.[part], object)
    if (repeated !== undefined) object[name] = repeated
  }
}

/** `!has(self.boot) || self.mode == 'Boot'`: what belongs to one value of another member. */
function honourCompanions(node: StructuralSchema, object: Loose): void {
  for (const { rule } of node['x-kubernetes-validations'] ?? []) {
    const [, name = '', other = '', value] = /^!has\(self\.(\w+)\) \|\| self\.(\w+) == '(\w+)'$/.exec(rule) ?? []
    if (name in object && value !== undefined) object[other] = value
  }
}

/** Of members that exclude each other one is left: else hardly an object would be good. */
function honourExclusions(node: StructuralSchema, object: Loose, which: boolean): Loose {
  const left = { ...object }
  honourRepeats(node, left)
  honourCompanions(node, left)
  for (const { rule } of node['x-kubernetes-validations'] ?? []) {
    const [, a = '', b = ''] = choices.map((choice) => choice.exec(rule)).find((match) => match !== null) ?? []
    if (a in left && b in left) delete left[which ? a : b] // oxlint-disable-line typescript/no-dynamic-delete -- a member of any object
    const [, present = '', absent = ''] = /^!has\(self\.(\w+)\) \|\| \((!has.*)\)$/.exec(rule) ?? []
    if (present in left) for (const [, name = ''] of absent.matchAll(/has\(self\.(\w+)\)/g)) delete left[name] // oxlint-disable-line typescript/no-dynamic-delete -- a member of any object
  }
  return left
}

/** A list that is merged by a member has each of its values once. */
function listOf(node: StructuralSchema, items: StructuralSchema): fc.Arbitrary<unknown[]> {
  const [key] = node['x-kubernetes-list-map-keys'] ?? []
  const size = { minLength: node.minItems ?? 0, maxLength: Math.min(node.maxItems ?? 3, 3) }
  return key === undefined
    ? fc.array(goodValue(items), size)
    : fc.uniqueArray(goodValue(items), { ...size, selector: (element) => (element as Loose)[key] as unknown })
}

/** Values that the schema accepts (most CEL rules other than patterns aside). */
export function goodValue(node: StructuralSchema): fc.Arbitrary<unknown> {
  if (node['x-kubernetes-int-or-string'] === true) return fc.oneof(wholeOf(node), textOf(node))
  if (node.enum !== undefined) return fc.constantFrom(...node.enum)
  if (node.type === 'string') return textOf(node)
  if (node.type === 'integer') return wholeOf(node)
  if (node.type === 'boolean') return fc.boolean()
  if (node.items !== undefined) return listOf(node, node.items)
  if (node.additionalProperties !== undefined)
    return fc.dictionary(fc.constantFrom('a', 'cpu', 'example.com/x', ''), goodValue(node.additionalProperties), {
      maxKeys: 3,
    })
  return goodObject(node)
}

function goodObject(node: StructuralSchema): fc.Arbitrary<unknown> {
  const fields = Object.entries(node.properties ?? {}).map(([name, child]) => [name, goodValue(child)] as const)
  const either = oneOf(node)
  if (either.length > 0)
    return fc.oneof(
      ...fields
        .filter(([name]) => either.includes(name))
        .map(([name, value]) => fc.record({ [name]: value }, { noNullPrototype: true })),
    )
  const exclusive = (node['x-kubernetes-validations'] ?? []).flatMap(
    ({ rule }) => choices[0].exec(rule)?.slice(1) ?? [],
  )
  const whole = fc.record(Object.fromEntries(fields), {
    requiredKeys: [...(node.required ?? []), ...exclusive],
    noNullPrototype: true,
  })
  return exclusive.length === 0 && node['x-kubernetes-validations'] === undefined
    ? whole
    : fc.tuple(whole, fc.boolean()).map(([object, which]) => honourExclusions(node, object, which))
}

interface Spoil {
  readonly where: number
  readonly how: 'remove' | 'null' | 'replace' | 'longer' | 'add'
  readonly value: unknown
}

const oddValues = fc.oneof(
  fc.constantFrom(
    '',
    'x',
    'HTTP',
    'True',
    '1',
    '0s',
    '90s',
    '-1',
    'x\n',
    '/',
    'a'.repeat(64),
    'a'.repeat(254),
    'a'.repeat(5000),
  ),
  fc.constantFrom(-1, 0, 1, 1.5, 65_535, 65_536, Number.MAX_SAFE_INTEGER),
  fc.constantFrom<unknown>(true, false, [], [null], [''], ['a'], {}, { a: null }, { a: 'b' }, { name: 'a' }),
  fc.constant(Array.from({ length: 40 }, () => 'a')),
)

const spoil: fc.Arbitrary<Spoil> = fc.record({
  where: fc.nat({ max: 200 }),
  how: fc.constantFrom('remove', 'null', 'replace', 'longer', 'add'),
  value: oddValues,
})

/** Every place in a value: the object or list that holds it, and its name there. */
function membersOf(holder: Loose): readonly (readonly [Loose, string])[] {
  return Object.keys(holder).flatMap((name) => {
    const inner = holder[name] as unknown
    return [[holder, name] as const, ...(typeof inner === 'object' && inner !== null ? membersOf(inner) : [])]
  })
}

function apply(root: Loose, { where, how, value: shared }: Spoil): void {
  const value: unknown = structuredClone(shared)
  const all = membersOf(root)
  const [holder, name] = all[where % all.length]!
  if (how === 'null') holder[name] = null
  else if (how === 'replace') holder[name] = value
  else if (how === 'longer') {
    if (typeof holder[name] === 'string') holder[name] += 'a'
  } else if (how === 'add') {
    const target = holder[name] as unknown
    if (typeof target === 'object' && target !== null && !Array.isArray(target)) (target as Loose)['unknown'] = value
  } else if (Array.isArray(holder)) holder.splice(Number(name), 1)
  else delete holder[name] // oxlint-disable-line typescript/no-dynamic-delete -- any member may be missing
}

/** `{[half]: value}`: the value good in a third of the cases, else spoilt in one to three places. */
export function around(node: StructuralSchema, half: 'spec' | 'status'): fc.Arbitrary<Loose> {
  return fc.tuple(goodValue(node), fc.array(spoil, { maxLength: 3, size: 'max' })).map(([value, spoils]) => {
    const root: Loose = { [half]: structuredClone(value) }
    for (const one of spoils) if (half in root) apply(root, one)
    return root
  })
}

/** As the API server reads it: null is absence in an object or a map, and stays null in a list. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  )
}
