// What the house allows, near the edges of what it refuses.

export const goodFiles: readonly { readonly file: string; readonly code: string }[] = [
  {
    file: 'src/kinds/snapshot/verdict.ts',
    code: 'export const completed = (): number => 1\nexport function failed(): number {\n  return 2\n}',
  },
  {
    file: 'src/reconcile/names.ts',
    code: "export const created = 1\nexport const feed = (): number => created\nexport const createdJob = (): number => feed()\nexport const on = { closed: (): number => createdJob() }\nexport const displaced = 'a wire'",
  },
  {
    file: 'src/operator/main.ts',
    code: "import { x } from '../kube/client.ts'\nif (process.env['X'] === x) process.exit(1)",
  },
  { file: 'src/operator/config.ts', code: "export const x: string | undefined = process.env['X']" },
  {
    file: 'src/kinds/snapshot/decide.ts',
    code: "import { createHash } from 'node:crypto'\nimport type { V1Job } from '@kubernetes/client-node'\nimport { a } from '../../api/meta.ts'\nimport { b } from '../../api/status/conditions.ts'\nimport { c } from './job/commands/move.ts'\nexport const f = (job: V1Job, nowMs: number): unknown => [new Date(nowMs), createHash('sha256'), job.metadata?.name ?? a ?? b ?? c]",
  },
  {
    file: 'src/kinds/snapshot/observe/observe.ts',
    code: "import { a } from '../../../kube/client.ts'\nimport { b } from '../../../meilisearch/client.ts'\nimport type { c } from '../observation.ts'\nexport const f = async (): Promise<unknown> => [await Promise.resolve(a), b, Date.now(), {} as typeof c]",
  },
  {
    file: 'src/kinds/snapshot/engine/task.ts',
    code: "import { a } from '../move/next-move.ts'\nimport { b } from '../job/commands/move.ts'\nimport type { c } from '../observation.ts'\nexport const f: unknown = [a, b, {} as typeof c]",
  },
  {
    file: 'src/perform/perform.ts',
    code: "import { a } from '../kube/client.ts'\nimport { b } from '../meilisearch/client.ts'\nexport const f: unknown = [a, b]",
  },
  {
    file: 'src/mover/source/copy.ts',
    code: "import { open } from 'node:fs/promises'\nimport { z } from 'zod'\nimport { a } from '../../telemetry/logger.ts'\nimport { b } from '../contract.ts'\nexport const f: unknown = [open, z, a, b]",
  },
  {
    file: 'src/cli/command/status.ts',
    code: "import { a } from '../../kube/client.ts'\nimport { b } from '../../kinds/snapshot/decide.ts'\nimport { c } from '../terminal/table.ts'\nexport const f = async (): Promise<unknown> => [await Promise.resolve(a), b, c, Date.now()]",
  },
  {
    file: 'src/cli/view/status-report.ts',
    code: "import { a } from '../../api/meta.ts'\nimport type { b } from '../cluster.ts'\nexport const f = (c: typeof b): unknown => [a, c]",
  },
  {
    file: 'src/runtime/workqueue.ts',
    code: "import { a } from './backoff.ts'\nimport { b } from '../errors.ts'\nexport const f: unknown = [a, b]",
  },
]
