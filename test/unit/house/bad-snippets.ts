// Small programs that each break one rule of the house, and the words of the message that teaches it.

export interface Bad {
  readonly what: string
  readonly file: string
  readonly code: string
  readonly rule: string
  /** A part of the message or of its help. */
  readonly says: string
}

const imports = 'eslint(no-restricted-imports)'
const from = (source: string, kind = 'import'): string => `${kind} { x } from '${source}'\nexport const y: typeof x = x`

/** house.md, "Who may import whom", line by line. */
export const badImports: readonly Bad[] = [
  { what: 'nobody imports a main', file: 'src/runtime/a.ts', code: from('../main.ts'), rule: imports, says: 'Nobody imports a main' },
  { what: 'a main imports no main', file: 'src/main.ts', code: from('./mover/main.ts'), rule: imports, says: 'Nobody imports a main' },
  { what: 'a test starts a main as a process', file: 'test/unit/a.ts', code: from('../../src/main.ts'), rule: imports, says: 'start it as a process' },
  { what: 'decide takes nothing from observe', file: 'src/snapshot/decide.ts', code: from('./observe.ts', 'import type'), rule: imports, says: 'decide.ts declares the type Observation' },
  { what: "a room imports another kind's room", file: 'src/snapshot/observe.ts', code: from('../instance/decide.ts'), rule: imports, says: 'rooms meet only through API objects' },
  { what: 'the same in the other direction', file: 'src/instance/decide.ts', code: from('../snapshot/decide.ts'), rule: imports, says: 'rooms meet only through API objects' },
  { what: 'decide sees no edge', file: 'src/instance/decide.ts', code: from('../kube/client.ts'), rule: imports, says: 'only api and other pure files' },
  { what: 'not even the type of one', file: 'src/instance/decide.ts', code: from('../meilisearch/client.ts', 'import type'), rule: imports, says: 'only api and other pure files' },
  { what: 'a builder loads no client', file: 'src/snapshot/mover-job.ts', code: from('@kubernetes/client-node'), rule: imports, says: 'Only its types' },
  { what: 'a builder reads no files', file: 'src/snapshot/mover-job.ts', code: from('node:fs'), rule: imports, says: 'only api and other pure files' },
  { what: 'conditions see no edge', file: 'src/reconcile/conditions.ts', code: from('../kube/client.ts'), rule: imports, says: 'only api and other pure files' },
  { what: 'decision sees no effectful neighbour', file: 'src/reconcile/decision.ts', code: from('./perform.ts'), rule: imports, says: 'only api and other pure files' },
  { what: 'backoff is pure', file: 'src/runtime/backoff.ts', code: from('./workqueue.ts'), rule: imports, says: 'only api and other pure files' },
  { what: 'a room does not perform', file: 'src/snapshot/observe.ts', code: from('../reconcile/perform.ts'), rule: imports, says: 'Only the loop performs' },
  { what: 'reconcile knows no kind', file: 'src/reconcile/reconciler.ts', code: from('../snapshot/decide.ts'), rule: imports, says: 'the grammar of every kind' },
  { what: 'in reconcile only two files see Meilisearch', file: 'src/reconcile/reconciler.ts', code: from('../meilisearch/client.ts'), rule: imports, says: 'give back an Effect' },
  { what: 'perform knows no kind either', file: 'src/reconcile/perform.ts', code: from('../instance/observe.ts'), rule: imports, says: 'the grammar of every kind' },
  { what: 'runtime knows no words', file: 'src/runtime/a.ts', code: from('../api/snapshot.ts', 'import type'), rule: imports, says: 'knows nothing of Meilisearch' },
  { what: 'runtime knows no room', file: 'src/runtime/a.ts', code: from('../instance/observe.ts'), rule: imports, says: 'knows nothing of Meilisearch' },
  { what: 'runtime knows no Meilisearch', file: 'src/runtime/a.ts', code: from('../meilisearch/client.ts'), rule: imports, says: 'knows nothing of Meilisearch' },
  { what: 'kube knows no other edge', file: 'src/kube/a.ts', code: from('../meilisearch/client.ts'), rule: imports, says: 'kube is an edge' },
  { what: 'meilisearch knows no other edge', file: 'src/meilisearch/a.ts', code: from('../kube/client.ts'), rule: imports, says: 'meilisearch is an edge' },
  { what: 'telemetry asks nobody', file: 'src/telemetry/a.ts', code: from('../kube/client.ts'), rule: imports, says: 'told and never asks' },
  { what: 'the mover has no Kubernetes', file: 'src/mover/a.ts', code: from('../kube/client.ts'), rule: imports, says: 'another program' },
  { what: 'the mover has no engine', file: 'src/mover/a.ts', code: from('../runtime/backoff.ts'), rule: imports, says: 'another program' },
  { what: 'the mover has no room', file: 'src/mover/a.ts', code: from('../snapshot/decide.ts'), rule: imports, says: 'another program' },
  { what: 'the contract imports zod only', file: 'src/mover/contract.ts', code: from('../telemetry/logger.ts'), rule: imports, says: 'zod only' },
  { what: 'the plugin has no engine', file: 'src/cli/run-a.ts', code: from('../runtime/leader-election.ts', 'import type'), rule: imports, says: 'The plugin is another program' },
  { what: 'the plugin never talks to Meilisearch', file: 'src/cli/cluster.ts', code: from('../meilisearch/client.ts'), rule: imports, says: 'never talks to Meilisearch' },
  { what: 'the plugin reads Secrets by no connection of the operator', file: 'src/cli/run-a.ts', code: from('../reconcile/connection.ts'), rule: imports, says: 'The plugin is another program' },
  { what: "the plugin takes only pure files from a kind's room", file: 'src/cli/run-a.ts', code: from('../instance/observe.ts'), rule: imports, says: 'only pure files' },
  { what: 'what the plugin shows sees no edge', file: 'src/cli/a.ts', code: from('../kube/client.ts'), rule: imports, says: 'api, pure files of the rooms, and its own' },
  { what: 'what the plugin shows runs nothing', file: 'src/cli/a.ts', code: from('./run-status.ts'), rule: imports, says: 'is an argument' },
  { what: 'api imports zod only', file: 'src/api/a.ts', code: from('node:util'), rule: imports, says: 'api imports zod only' },
  { what: 'a late import is an import', file: 'src/api/a.ts', code: "export const later = (): Promise<unknown> => import('../kube/client.ts')", rule: imports, says: 'api imports zod only' },
]

const pureFiles = ['src/snapshot/decide.ts', 'src/snapshot/mover-job.ts', 'src/reconcile/conditions.ts', 'src/reconcile/decision.ts', 'src/api/crd.ts', 'src/runtime/backoff.ts', 'src/mover/contract.ts', 'src/mover/batch-window.ts', 'src/cli/table.ts']
const everyPureFile = pureFiles.map((file): Bad => ({ what: `${file} is pure`, file, code: 'export const now = (): number => Date.now()', rule: 'house(pure)', says: 'take the time as an argument' }))

const impure = (what: string, code: string, says: string): Bad => ({ what, file: 'src/instance/a.ts', code, rule: 'house(pure)', says })
const inApi = (code: string, says: string): Bad => ({
  what: `${code} in api`,
  file: 'src/api/a.ts',
  code: `import { z } from 'zod'\nconst base = z.object({})\nexport const schema = ${code}\nexport { base }`,
  rule: 'house(zod)',
  says,
})

export const badFiles: readonly Bad[] = [
  ...everyPureFile,
  impure('await', 'export async function f(p: Promise<void>): Promise<void> {\n  await p\n}', 'no await'),
  impure('an async function', 'export const f = async (): Promise<void> => {}', 'no async function'),
  impure('new Date()', 'export const f = (): Date => new Date()', 'new Date() without arguments'),
  impure('Date()', 'export const f = (): string => Date()', 'Date()'),
  impure('Math.random', 'export const f = (): number => Math.random()', 'take the random number as an argument'),
  impure('crypto.randomUUID', 'export const f = (): string => crypto.randomUUID()', 'from the UID of the owner'),
  impure('performance.now', 'export const f = (): number => performance.now()', 'take the time as an argument'),
  impure('process', 'export const f = (): number => process.pid', 'no process'),
  impure('a timer', 'export const f = (): unknown => setTimeout(() => undefined, 1)', 'waiting is requeueAfterMs'),
  { what: 'a sleeping reconcile', file: 'src/snapshot/observe.ts', code: "import { setTimeout as sleep } from 'node:timers/promises'\nexport const f = (): Promise<void> => sleep(1)", rule: imports, says: 'No sleeping in a reconcile' },
  { what: 'a timer in a reconcile', file: 'src/reconcile/reconciler.ts', code: 'export const f = (): unknown => setTimeout(() => undefined, 1)', rule: 'eslint(no-restricted-globals)', says: 'No sleeping in a reconcile' },
  { what: 'the environment', file: 'src/runtime/a.ts', code: "export const f = (): string | undefined => process.env['X']", rule: 'house(environment)', says: 'Only config.ts' },
  { what: 'the end of the process', file: 'src/mover/copy.ts', code: 'export const f = (): never => process.exit(1)', rule: 'house(exit)', says: 'Only a main' },
  { what: 'a file without opening words', file: 'src/runtime/a.ts', code: '', rule: 'house(opening)', says: 'one to four lines' },
  { what: 'an empty name', file: 'src/runtime/queue-utils.ts', code: 'export const x = 1', rule: 'house(file-name)', says: 'words of the field' },
  { what: 'a name in camel case', file: 'src/runtime/workQueue.ts', code: 'export const x = 1', rule: 'unicorn(filename-case)', says: 'kebab' },
  inApi("z.discriminatedUnion('a', [z.object({ a: z.literal('b') })])", 'exactly one of'),
  inApi('z.any()', 'name the fields'),
  inApi('z.strictObject({})', 'pruned'),
  inApi('z.looseObject({})', 'pruned'),
  inApi('z.string().refine(() => true)', 'write the rule in CEL'),
  inApi('z.string().transform((text) => text)', 'keep the wire form'),
  inApi('z.tuple([z.string()])', 'array of one type'),
  inApi('z.iso.duration()', 'look-around'),
  inApi('z.coerce.string()', 'keep the wire form'),
  inApi('z.int64()', 'int64 of meta.ts'),
  inApi('base.extend({})', 'loses the rules'),
  inApi('base.partial()', 'loses the rules'),
  inApi('z.string().nullable()', 'prunes null'),
  { what: 'too many lines', file: 'src/runtime/a.ts', code: `export const x = 1\n${'\n'.repeat(200)}`, rule: 'eslint(max-lines)', says: 'too many lines' },
  { what: 'too many lines in a test', file: 'test/unit/a.test.ts', code: `export const x = 1\n${'\n'.repeat(400)}`, rule: 'eslint(max-lines)', says: 'too many lines' },
  { what: 'too many ways', file: 'src/runtime/a.ts', code: `export function f(n: number): number {\n${Array.from({ length: 10 }, (_, i) => `  if (n === ${i}) return ${i + 1}`).join('\n')}\n  return n\n}`, rule: 'house(complexity)', says: 'give a guard or a step its own name' },
  { what: 'too deep', file: 'src/runtime/a.ts', code: 'export function f(n: number): number {\n  if (n > 1) { if (n > 2) { if (n > 3) { if (n > 4) { return 1 } } } }\n  return n\n}', rule: 'eslint(max-depth)', says: 'nested' },
  { what: 'too many parameters', file: 'src/runtime/a.ts', code: 'export const f = (a: number, b: number, c: number, d: number): number => a + b + c + d', rule: 'eslint(max-params)', says: 'Maximum allowed is 3' },
  { what: 'an export without a return type', file: 'src/runtime/a.ts', code: 'export function f() {\n  return 1\n}', rule: 'typescript(explicit-module-boundary-types)', says: 'return type' },
  { what: 'a floating promise', file: 'src/runtime/a.ts', code: 'const p = (): Promise<number> => Promise.resolve(1)\nexport function f(): void {\n  p()\n}', rule: 'typescript(no-floating-promises)', says: 'Promises must be awaited' },
  { what: 'a promise as a condition', file: 'src/runtime/a.ts', code: 'const p = (): Promise<number> => Promise.resolve(1)\nexport const f = (): number => (p() ? 1 : 2)', rule: 'typescript(no-misused-promises)', says: 'Promise' },
  { what: 'a switch that forgets a case', file: 'src/runtime/a.ts', code: "export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      break\n  }\n}", rule: 'typescript(switch-exhaustiveness-check)', says: 'exhaustive' },
  { what: 'a thrown string', file: 'src/runtime/a.ts', code: "export function f(): never {\n  throw 'no'\n}", rule: 'typescript(only-throw-error)', says: 'error' },
  { what: 'any', file: 'src/runtime/a.ts', code: 'export const f = (x: any): unknown => x', rule: 'typescript(no-explicit-any)', says: 'any' },
  { what: 'a default export', file: 'src/runtime/a.ts', code: 'export default 1', rule: 'import(no-default-export)', says: 'default' },
  { what: 'a test that stands alone', file: 'test/unit/b.test.ts', code: "import { test } from 'vitest'\ntest.only('x', () => {})", rule: 'vitest(no-focused-tests)', says: 'focused' },
]

/** What the house allows, near the edges of what it refuses. */
export const goodFiles: readonly { readonly file: string; readonly code: string }[] = [
  { file: 'src/main.ts', code: "import { x } from './kube/client.ts'\nif (process.env['X'] === x) process.exit(1)" },
  { file: 'src/config.ts', code: "export const x: string | undefined = process.env['X']" },
  { file: 'src/snapshot/decide.ts', code: "import { createHash } from 'node:crypto'\nimport type { V1Job } from '@kubernetes/client-node'\nimport { a } from '../api/meta.ts'\nimport { b } from '../reconcile/conditions.ts'\nimport { c } from './mover-job.ts'\nexport const f = (job: V1Job, nowMs: number): unknown => [new Date(nowMs), createHash('sha256'), job.metadata?.name ?? a ?? b ?? c]" },
  { file: 'src/snapshot/observe.ts', code: "import { a } from '../kube/client.ts'\nimport { b } from '../meilisearch/client.ts'\nimport type { c } from './decide.ts'\nexport const f = async (): Promise<unknown> => [await Promise.resolve(a), b, Date.now(), {} as typeof c]" },
  { file: 'src/reconcile/perform.ts', code: "import { a } from '../kube/client.ts'\nimport { b } from '../meilisearch/client.ts'\nexport const f: unknown = [a, b]" },
  { file: 'src/mover/copy.ts', code: "import { open } from 'node:fs/promises'\nimport { z } from 'zod'\nimport { a } from '../telemetry/logger.ts'\nimport { b } from './contract.ts'\nexport const f: unknown = [open, z, a, b]" },
  { file: 'src/cli/run-status.ts', code: "import { a } from '../kube/client.ts'\nimport { b } from '../snapshot/decide.ts'\nimport { c } from './table.ts'\nexport const f = async (): Promise<unknown> => [await Promise.resolve(a), b, c, Date.now()]" },
  { file: 'src/cli/table.ts', code: "import { a } from '../api/meta.ts'\nimport type { b } from './cluster.ts'\nexport const f = (c: typeof b): unknown => [a, c]" },
  { file: 'src/runtime/workqueue.ts', code: "import { a } from './backoff.ts'\nimport { b } from '../kube/client.ts'\nexport const f: unknown = [a, b]" },
]
