// What has no place in a CRD.
import type { Bad } from './snippet.ts'

const inApi = (code: string, says: string): Bad => ({
  what: `${code} in api`,
  file: 'src/api/a.ts',
  code: `import { z } from 'zod'\nconst base = z.object({})\nexport const schema = ${code}\nexport { base }`,
  rule: 'house(zod)',
  says,
})

export const badSchemas: readonly Bad[] = [
  inApi("z.discriminatedUnion('a', [z.object({ a: z.literal('b') })])", 'exactly one of'),
  inApi('z.any()', 'name the fields'),
  inApi('z.strictObject({})', 'pruned'),
  inApi('z.looseObject({})', 'pruned'),
  inApi('z.string().refine(() => true)', 'write the rule in CEL'),
  inApi('z.string().transform((text) => text)', 'keep the serialized form'),
  inApi('z.tuple([z.string()])', 'array of one type'),
  inApi('z.iso.duration()', 'look-around'),
  inApi('z.coerce.string()', 'keep the serialized form'),
  inApi('z.int64()', 'int64 of meta.ts'),
  inApi('base.extend({})', 'loses the rules'),
  inApi('base.partial()', 'loses the rules'),
  inApi('z.string().nullable()', 'prunes null'),
]
