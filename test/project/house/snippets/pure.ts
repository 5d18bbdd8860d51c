// What a pure file has not, and what only few files may do.
import { layers } from './snippet.ts'
import type { Bad } from './snippet.ts'

const pureFiles = [
  'src/kinds/snapshot/decide.ts',
  'src/kinds/snapshot/job/commands/move.ts',
  'src/api/status/conditions.ts',
  'src/reconcile/decision.ts',
  'src/api/crd/crd.ts',
  'src/runtime/backoff.ts',
  'src/mover/contract.ts',
  'src/mover/source/batch-window.ts',
  'src/cli/terminal/table.ts',
]
const everyPureFile = pureFiles.map((file): Bad => ({
  what: `${file} is pure`,
  file,
  code: 'export const now = (): number => Date.now()',
  rule: 'house(pure)',
  says: 'take the time as an argument',
}))

const impure = (what: string, code: string, says: string): Bad => ({
  what,
  file: 'src/kinds/instance/a.ts',
  code,
  rule: 'house(pure)',
  says,
})
export const badDeeds: readonly Bad[] = [
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
  {
    what: 'a sleeping reconcile',
    file: 'src/kinds/snapshot/observe/observe.ts',
    code: "import { setTimeout as sleep } from 'node:timers/promises'\nexport const f = (): Promise<void> => sleep(1)",
    rule: layers,
    says: 'No sleeping in a reconcile',
  },
  {
    what: 'a timer in a reconcile',
    file: 'src/reconcile/reconciler.ts',
    code: 'export const f = (): unknown => setTimeout(() => undefined, 1)',
    rule: 'eslint(no-restricted-globals)',
    says: 'No sleeping in a reconcile',
  },
  {
    what: 'a timer of one that may wait for long',
    file: 'src/mover/a.ts',
    code: 'export const f = (ms: number): unknown => setTimeout(() => undefined, ms)',
    rule: 'eslint(no-restricted-globals)',
    says: 'src/runtime/timers.ts alone makes timers',
  },
  {
    what: 'an interval',
    file: 'src/cli/terminal/terminal.ts',
    code: 'export const f = (ms: number): unknown => setInterval(() => undefined, ms)',
    rule: 'eslint(no-restricted-globals)',
    says: 'src/runtime/timers.ts alone makes timers',
  },
  {
    what: 'a signal that ends after a time',
    file: 'src/kube/a.ts',
    code: 'export const f = (ms: number): AbortSignal => AbortSignal.timeout(ms)',
    rule: 'house(timers)',
    says: 'src/runtime/timers.ts alone makes timers',
  },
  {
    what: 'a pause of its own',
    file: 'src/runtime/a.ts',
    code: "import { setTimeout as pause } from 'node:timers/promises'\nexport const f = (ms: number): Promise<void> => pause(ms)",
    rule: layers,
    says: 'src/runtime/timers.ts alone makes timers',
  },
  {
    what: 'the environment',
    file: 'src/runtime/a.ts',
    code: "export const f = (): string | undefined => process.env['X']",
    rule: 'house(environment)',
    says: 'Only config.ts',
  },
  {
    what: 'the end of the process',
    file: 'src/mover/source/copy.ts',
    code: 'export const f = (): never => process.exit(1)',
    rule: 'house(exit)',
    says: 'Only a main',
  },
]
