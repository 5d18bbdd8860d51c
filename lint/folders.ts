// Who may import whom, type-only imports counted: one line for each folder, the first that names a file counts. Inside a folder: order.ts.
// What a folder may import is named by the beginnings of paths under src, and by packages. The message says where the code belongs.

export interface Folder {
  readonly files: RegExp
  readonly may: readonly string[]
  /** What it may know the types of, but never load. */
  readonly types?: readonly string[]
  readonly says: string
}

const pure =
  'A pure file imports only api and other pure files: what it needs of the world is an argument (see observe/).'
const words = [
  'api/',

  'reconcile/decision',
  'reconcile/format',
  'reconcile/job/boot/',
  'reconcile/job/(beside-server|life|pauses|seen|template|termination|waiting)',
  'reconcile/names/',
  'reconcile/refused-read',
  'reconcile/rung',

  'reconcile/server-reference',
]
const shared = ['mover/contract', 'mover/source/batch-window', 'mover/source/rfc3339', 'runtime/backoff']
const builtins = ['node:path', 'node:crypto', 'node:util']
const types = ['@kubernetes/client-node']

/** A kind's folder: what reads the world, and all the rest, which is pure. */
const kind = (name: string, folders: readonly string[]): readonly Folder[] => [
  {
    files: new RegExp(`^kinds/${name}/(observe/|controller\\.ts$)`),
    may: [
      ...words,
      ...shared,
      `kinds/${name}/`,
      'errors',
      'kube/',
      'meilisearch/',
      'perform/meilisearch-connections',
      'reconcile/job/look',
      ...builtins,
    ],
    types: [...types, 'reconcile/kind', 'reconcile/reconciler'],
    says: 'Only the loop performs: observe reads, decide gives back Effects.',
  },
  {
    files: new RegExp(`^kinds/${name}/`),
    may: [
      ...words,
      ...shared,
      `kinds/${name}/[^/]+$`,
      ...folders.map((folder) => `kinds/${name}/${folder}/`),
      ...builtins,
    ],
    types,
    says: pure,
  },
]

export const folders: readonly Folder[] = [
  { files: /^errors\.ts$/, may: [], says: 'errors.ts is the ground: every folder may know it, and it knows none.' },
  {
    files: /^api\//,
    may: ['zod', 'api/'],
    says: 'api imports zod only: it is the words that all others speak. What needs more belongs to the folder that uses it.',
  },
  {
    files: /^reconcile\/(names\/[^/]+|decision|format|refused-read|rung|server-reference)\.ts$/,
    may: [...words, ...builtins],
    types: [...types, 'errors'],
    says: pure,
  },
  {
    files: /^reconcile\/job\/look\.ts$/,
    may: ['api/', 'errors', 'kube/', 'mover/contract', 'reconcile/job/'],
    types,
    says: "look.ts reads the Jobs of every kind, and knows none: what is one kind's stands in its observe/.",
  },
  {
    files: /^reconcile\/job\//,
    may: [...words, 'mover/contract', ...builtins],
    types,
    says: pure,
  },
  {
    files: /^reconcile\//,
    may: ['api/', 'errors', 'reconcile/', 'runtime/clocks', 'node:util'],
    types: [...types, 'kube/', 'telemetry/logger'],
    says: "reconcile is the grammar of every kind and knows none: what is one kind's belongs to its folder, what writes to perform/. Here, give back an Effect instead.",
  },
  {
    files: /^perform\//,
    may: [
      'api/',
      'errors',
      'reconcile/',
      'runtime/clocks',
      'perform/',
      'kube/',
      'meilisearch/',
      'mover/contract',
      'mover/stream/frames',
      'node:',
      'undici',
    ],
    types,
    says: "perform writes for every kind and knows none: what is one kind's belongs to its folder.",
  },
  {
    files: /^kinds\/schedule\/slots\/cron\.ts$/,
    may: ['croner'],
    says: 'cron.ts alone knows the library: it reads a schedule, and time zones are ours (see zone.ts).',
  },
  ...kind('instance', ['children', 'locate', 'managed', 'status']),
  ...kind('restore', ['source', 'plan', 'fill', 'exchange', 'drill', 'after', 'status']),
  ...kind('schedule', ['drills', 'forecast', 'retention', 'runs', 'slots', 'status']),
  ...kind('snapshot', ['before', 'engine', 'move', 'after', 'job', 'status']),
  { files: /^runtime\/(backoff|clocks)\.ts$/, may: [], says: pure },
  {
    files: /^runtime\/timers\.ts$/,
    may: [],
    says: 'timers.ts knows no other file, as the mover loads it too: whoever waits brings what it wakes.',
  },
  {
    files: /^runtime\//,
    may: ['errors', 'runtime/', 'node:'],
    says: 'runtime is the engine: it knows errors.ts, and nothing of Meilisearch or of our edges. What it needs of those stands in runtime/edges.ts; what is about our kinds belongs to a kind or to reconcile.',
  },
  {
    files: /^kube\//,
    may: ['errors', 'runtime/timers', 'kube/', 'node:', '@kubernetes/client-node', 'undici', 'ws'],
    says: 'kube is an edge: it knows no other edge, no engine and no kind. What joins two edges belongs to perform/ or an observe/.',
  },
  {
    files: /^meilisearch\//,
    may: ['errors', 'runtime/timers', 'meilisearch/', 'node:', 'undici', 'zod'],
    says: 'meilisearch is an edge: it knows no other edge, no engine and no kind. What joins two edges belongs to perform/ or an observe/.',
  },
  {
    files: /^telemetry\//,
    may: ['api/', 'telemetry/', 'node:', 'pino', '@prometheus-io/client', '../package.json'],
    says: 'telemetry is given its numbers and never asks: pass the numbers in. The mover loads it too.',
  },
  {
    files: /^mover\/(contract(?:\/[^/]+)?|stream\/frames|source\/(batch-window|rfc3339))\.ts$/,
    may: ['zod', 'mover/contract', 'mover/source/batch-window', 'mover/source/rfc3339'],
    says: 'Operator and mover both import this file: it imports zod only.',
  },
  {
    files: /^mover\//,
    may: ['node:', 'runtime/timers', 'zod', 'mover/', 'telemetry/logger', 'telemetry/version'],
    says: 'The mover is another program: node built-ins, zod, its own files, timers and the logger. It never talks to Kubernetes.',
  },
  {
    files: /^cli\/(program\/|command\/|doctor\/observe\.ts$|(main|cluster)\.ts$|terminal\/terminal\.ts$)/,
    may: [
      'api/',
      'errors',
      'runtime/timers',
      'kube/',
      'reconcile/format',
      'reconcile/names/schedule',
      'reconcile/server-reference',
      'kinds/',
      'telemetry/version',
      'cli/',
      'node:',
      'yaml',
      'commander',
    ],
    types,
    says: 'The plugin is another program: it reads what the operator wrote. It never talks to Meilisearch, and knows no engine.',
  },
  {
    files: /^cli\//,
    may: [
      'api/',
      'errors',
      'kube/resource',
      'reconcile/format',
      'reconcile/names/schedule',
      'reconcile/server-reference',
      'kinds/',
      'cli/(adopt|doctor|new|terminal|view)/(?!terminal\\.|observe\\.).+$',
      'cli/(candidates|errors|exit-codes)',
      'node:',
      'yaml',
      'commander',
    ],
    types: [...types, 'cli/'],
    says: 'What the plugin shows takes api, pure files of the kinds, and its own: only main, program, cluster, terminal, doctor/observe and command/ touch the world. What this file needs of it is an argument.',
  },
  { files: /^operator\//, may: ['[^.]'], says: 'What is under src is reached from src.' },
]
