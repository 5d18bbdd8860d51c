// Features of zod that have no structural schema, or are lost in silence on the way there. The emitter refuses most of them too
// (src/api/crd/zod-inspection.ts); what only the source shows, such as a rule lost by .extend, is seen here alone.
import type { Node, Rule } from './rule.ts'

const serializedForm = 'a CRD cannot change a value: keep the serialized form and convert where it is read'
const lookAround =
  'its pattern has look-around, which the API server refuses: write a .regex(), or use duration or timestamp of meta.ts'
const pruned = 'unknown fields are pruned by the API server: use z.object'
const noNull = 'the API server prunes null: use .optional()'
const losesRules = 'it loses the rules in .meta: spread the fields into a new z.object and write the rules there'
const inCel = "it is lost in a CRD: write the rule in CEL, .meta({'x-kubernetes-validations': [{rule, message}]})"

const functions: Readonly<Record<string, string>> = {
  any: 'name the fields',
  unknown: 'name the fields',
  number: 'use z.int(), or a quantity',
  int64: 'use int64 of meta.ts',
  bigint: 'use int64 of meta.ts',
  date: 'use timestamp of meta.ts',
  coerce: serializedForm,
  preprocess: serializedForm,
  iso: lookAround,
  hostname: lookAround,
  emoji: lookAround,
  strictObject: pruned,
  looseObject: pruned,
  discriminatedUnion: 'use members and a CEL rule (exactly one of)',
  intersection: 'use one z.object',
  tuple: 'use an object, or an array of one type',
  lazy: 'a structural schema cannot refer to itself',
  nullable: noNull,
}

const methods: Readonly<Record<string, string>> = {
  refine: inCel,
  superRefine: inCel,
  transform: serializedForm,
  pipe: serializedForm,
  overwrite: serializedForm,
  extend: losesRules,
  safeExtend: losesRules,
  partial: losesRules,
  pick: losesRules,
  omit: losesRules,
  merge: losesRules,
  strict: pruned,
  loose: pruned,
  passthrough: pruned,
  catchall: 'use z.record for a map',
  nullable: noNull,
  nullish: noNull,
}

function insteadOf(node: Node): string | undefined {
  const name = node.property?.name ?? ''
  if (node.object?.type === 'Identifier' && node.object.name === 'z')
    return Object.hasOwn(functions, name) ? functions[name] : undefined
  const isCalled = node.parent?.type === 'CallExpression' && node.parent.callee === node
  return isCalled && Object.hasOwn(methods, name) ? methods[name] : undefined
}

export const zod: Rule = {
  create: (context) => ({
    MemberExpression(node) {
      const instead = insteadOf(node)
      if (instead !== undefined)
        context.report({ node, message: `zod's ${node.property?.name ?? ''} has no place in a CRD: ${instead}.` })
    },
  }),
}
