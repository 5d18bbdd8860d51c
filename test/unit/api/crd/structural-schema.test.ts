// What a zod schema becomes in a CRD, and what the emitter refuses, naming the field and the way out.
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { structuralSchema } from '../../../../src/api/crd/structural-schema.ts'

const emit = (schema: z.ZodType): unknown => structuralSchema(schema, 'spec')
const rule = (text: string): { 'x-kubernetes-validations': { rule: string; message: string }[] } => ({
  'x-kubernetes-validations': [{ rule: text, message: 'no' }],
})

describe('what comes out', () => {
  test('an object with defaults, required and optional fields', () => {
    const schema = z.object({
      name: z.string().min(1).max(63).describe('Whose.'),
      scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP'),
      tls: z.object({ depth: z.int().min(0).max(9).default(1) }).prefault({}),
      isOpen: z.boolean().optional(),
    })
    expect(emit(schema)).toEqual({
      type: 'object',
      required: ['name'],
      properties: {
        name: { description: 'Whose.', type: 'string', minLength: 1, maxLength: 63 },
        scheme: { type: 'string', default: 'HTTP', enum: ['HTTP', 'HTTPS'] },
        tls: {
          type: 'object',
          default: {},
          properties: { depth: { type: 'integer', default: 1, minimum: 0, maximum: 9 } },
        },
        isOpen: { type: 'boolean' },
      },
    })
  })

  test("zod's bounds of a double are not the server's", () => {
    expect(emit(z.object({ bytes: z.int().min(0).meta({ format: 'int64' }) }))).toEqual({
      type: 'object',
      required: ['bytes'],
      properties: { bytes: { type: 'integer', format: 'int64', minimum: 0 } },
    })
  })

  test('an int-or-string keeps the limits of its string outside', () => {
    expect(
      emit(
        z
          .union([
            z.int(),
            z
              .string()
              .max(9)
              .regex(/^[0-9]+%$/),
          ])
          .describe('How many.'),
      ),
    ).toEqual({
      description: 'How many.',
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      'x-kubernetes-int-or-string': true,
      pattern: '^[0-9]+%$',
      maxLength: 9,
    })
  })

  test('an int-or-string keeps the limits of its number outside too', () => {
    expect(emit(z.union([z.int().min(0), z.string().max(9)]))).toEqual({
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      'x-kubernetes-int-or-string': true,
      minimum: 0,
      maxLength: 9,
    })
  })

  test('a pattern with a message becomes a rule that says it, before the other rules', () => {
    const matches = { rule: 'self.matches("^/[a-z]\\\\.$")', message: 'write for example /a.' }
    expect(
      emit(
        z
          .string()
          .max(9)
          .regex(/^\/[a-z]\.$/, 'write for example /a.')
          .meta(rule("self != ''")),
      ),
    ).toEqual({
      type: 'string',
      maxLength: 9,
      'x-kubernetes-validations': [matches, ...rule("self != ''")['x-kubernetes-validations']],
    })
    expect(
      emit(
        z.union([
          z.int(),
          z
            .string()
            .max(9)
            .regex(/^[0-9]+%$/, 'write for example 5%'),
        ]),
      ),
    ).toEqual({
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      'x-kubernetes-int-or-string': true,
      maxLength: 9,
      'x-kubernetes-validations': [
        { rule: 'type(self) == int || self.matches("^[0-9]+%$")', message: 'write for example 5%' },
      ],
    })
  })

  test('a map, a list by key, an atomic list', () => {
    const entry = z.object({ type: z.string().max(9) })
    expect(
      emit(
        z.object({
          labels: z
            .record(z.string(), z.string().max(63))
            .meta({ maxProperties: 4, 'x-kubernetes-map-type': 'atomic' }),
          conditions: z
            .array(entry)
            .max(2)
            .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
          modes: z
            .array(z.enum(['A']))
            .min(1)
            .max(1)
            .meta({ 'x-kubernetes-list-type': 'atomic' })
            .default(['A']),
        }),
      ),
    ).toMatchObject({
      properties: {
        labels: {
          type: 'object',
          additionalProperties: { type: 'string', maxLength: 63 },
          maxProperties: 4,
          'x-kubernetes-map-type': 'atomic',
        },
        conditions: {
          type: 'array',
          maxItems: 2,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['type'],
        },
        modes: {
          type: 'array',
          default: ['A'],
          minItems: 1,
          maxItems: 1,
          items: { type: 'string', enum: ['A'] },
          'x-kubernetes-list-type': 'atomic',
        },
      },
    })
  })

  test('CEL rules stay where they were written, also under a default and where a schema is used twice', () => {
    const deadline = z.string().max(9).meta(rule("duration(self) > duration('0s')"))
    const schema = z
      .object({ a: deadline.default('1h'), b: deadline, c: z.object({}).prefault({}).meta(rule('self == oldSelf')) })
      .meta(rule('self.a != self.b'))
    const text = JSON.stringify(emit(schema))
    expect(text.match(/x-kubernetes-validations/g)).toHaveLength(4)
    expect(text.match(/oldSelf/g)).toHaveLength(1)
  })

  test('a slash in a pattern needs no escape', () => {
    expect(emit(z.string().regex(/^\/a/))).toMatchObject({ pattern: '^/a' })
  })
})

describe('what is refused', () => {
  const field = (schema: z.ZodType): z.ZodType => z.object({ a: z.object({ b: schema }) })
  const table: readonly (readonly [string, z.ZodType, string])[] = [
    ['any', field(z.any()), 'spec.a.b: z.any: name the fields'],
    ['a plain number', field(z.number()), 'spec.a.b: use z.int()'],
    ['a date', field(z.date()), 'spec.a.b: z.date'],
    ['a tuple', field(z.tuple([z.string()])), 'spec.a.b: z.tuple'],
    ['a null', field(z.string().nullable()), 'spec.a.b: z.nullable: the API server prunes null'],
    [
      'a discriminated union',
      field(z.discriminatedUnion('t', [z.object({ t: z.literal('x') })])),
      'spec.a.b: only z.union([z.int(), z.string()])',
    ],
    ['a union of objects', field(z.union([z.object({}), z.string()])), 'use members and a CEL rule'],
    ['mixed literals', field(z.literal(['a', 1])), 'spec.a.b: '],
    ['a strict object', field(z.strictObject({})), 'spec.a.b: strictObject and looseObject are refused'],
    ['a loose object', field(z.looseObject({})), 'spec.a.b: strictObject and looseObject are refused'],
    ['a transform', field(z.string().transform(Number)), 'spec.a.b: z.pipe: a transform is lost'],
    [
      'a refinement',
      field(z.string().refine(() => true)),
      'spec.a.b: a refinement is lost in a CRD: write the rule in CEL',
    ],
    ['a change of the value', field(z.string().trim()), 'spec.a.b: trim'],
    ['coercion', field(z.coerce.string()), 'spec.a.b: coercion is lost'],
    ['flags of a pattern', field(z.string().regex(/a/i)), 'spec.a.b: regex flags (i) are lost'],
    ['look-ahead', field(z.string().regex(/^(?!-)a$/)), 'spec.a.b: look-around'],
    ['a ready-made format with look-ahead', field(z.iso.duration()), 'spec.a.b: look-around'],
    ['two patterns', field(z.string().regex(/a/).startsWith('b')), 'spec.a.b: two formats on one string'],
    ['limits on keys', field(z.record(z.string().max(3), z.string())), 'spec.a.b: limits on keys are lost'],
    [
      'a pattern with a message on a string without limit',
      field(z.string().regex(/a/, 'write a')),
      'spec.a.b: needs maxLength',
    ],
    ['a reference', z.object({ a: z.string().meta({ id: 'shared' }) }), 'cannot stand in a structural schema'],
    ['a keyword that nobody knows', field(z.string().meta({ examples: ['x'] })), 'spec.a.b: examples cannot stand'],
    ['inside a list', z.object({ list: z.array(z.any()) }), 'spec.list[]: z.any'],
    ['inside a map', z.object({ map: z.record(z.string(), z.any()) }), 'spec.map{}: z.any'],
    ['a string without limit under a rule', field(z.string().meta(rule("self != ''"))), 'spec.a.b: needs maxLength'],
    [
      'a list without limit under a rule',
      z.object({ l: z.array(z.boolean()) }).meta(rule('self == oldSelf')),
      'spec.l: needs maxItems',
    ],
    [
      'a map without limit under a rule',
      z.object({ m: z.record(z.string(), z.boolean()) }).meta(rule('self == oldSelf')),
      'spec.m: needs maxProperties',
    ],
    [
      'a list without limit around a rule',
      z.object({ l: z.array(z.string().max(3).meta(rule("self != ''"))) }),
      'spec.l: needs maxItems',
    ],
    [
      'an int-or-string without limit under a rule',
      field(z.union([z.int(), z.string()]).meta(rule('self == oldSelf'))),
      'spec.a.b: needs maxLength',
    ],
    [
      'a rule that an outer .meta hides',
      field(z.object({ c: z.boolean() }).meta(rule('self.c')).optional().meta(rule('has(self.c)'))),
      'spec.a.b: self.c: lost, an outer .meta has the same key',
    ],
    [
      'a rule that a later .meta hides',
      field(z.boolean().meta(rule('self')).meta(rule('!self'))),
      'spec.a.b: self: lost',
    ],
  ]
  test.each(table)('%s', (_name, schema, says) => {
    expect(() => emit(schema)).toThrow(says)
  })

  test('all findings are reported at once', () => {
    expect(() => emit(z.object({ a: z.any(), b: z.date() }))).toThrow(/spec\.a: .*\nspec\.b: /)
  })
})
