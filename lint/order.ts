// Which way the arrows run inside a folder, type-only imports counted: one line for each part of it, the first that names a file counts.
// A part knows itself and what stands behind it here, never what stands above. What a folder may know of others is folders.ts.

export interface Part {
  readonly folder: string
  readonly files: RegExp
  readonly knows: readonly string[]
  readonly says: string
}

/** @param parts from the top down: the beginning of a path in the folder, and what of the folder it may know beside itself */
const order = (
  folder: string,
  says: string,
  parts: readonly (readonly [files: string, knows: readonly string[]])[],
): readonly Part[] =>
  parts.map(([files, knows]) => ({
    folder,
    files: new RegExp(`^${folder}${files}`),
    knows: [files, ...knows].map((name) => `${folder}${name}`),
    says,
  }))

/** Files of a kind that put its parts together; what stands beside them (observation) is for all to know. */
const top = '(controller|decide|events|apply-fact)\\.ts'
const ground = `(?!${top})[^/]+\\.ts`
const everything = ''

const snapshot = order(
  'kinds/snapshot/',
  'No arrow runs back up: before → engine → move → after, each may start the next stage alone; all know job/, status/ and the observation. What begins anew goes through status/attempt.ts.',
  [
    [top, [everything]],
    ['observe/', ['job/', ground, 'status/']],
    ['before/', ['engine/', 'job/', ground, 'status/']],
    ['engine/', ['move/', 'job/', ground, 'status/']],
    ['move/', ['after/', 'job/', ground, 'status/']],
    ['after/', ['job/', ground, 'status/']],
    ['job/', [ground, 'status/']],
    ['status/(?:verdict|refused-read)\\.ts', ['status/', ground]],
    ['status/(?!verdict|refused-read)[^/]+\\.ts', [ground]],
    [ground, []],
  ],
)

const instance = order(
  'kinds/instance/',
  'No arrow runs back up: decide → managed/ → status/ → children/ → observation → locate/. What several of them need goes to one that stands further down.',
  [
    [top, [everything]],
    ['observe/', ['managed/', 'children/', ground, 'locate/']],
    ['managed/', ['status/', 'children/', ground, 'locate/']],
    ['status/', ['children/', ground]],
    ['children/', [ground]],
    ['locate/', []],
    [ground, ['locate/']],
  ],
)

const schedule = order(
  'kinds/schedule/',
  'No arrow runs back up: decide → retention/, drills/ → runs/ → slots/ → status/ → the run and the observation. What several of them need goes to one that stands further down.',
  [
    [top, [everything]],
    ['observe/', ['retention/', 'drills/', 'runs/', 'slots/', 'status/', ground]],
    ['drills/', ['runs/', 'slots/', 'status/', ground]],
    ['retention/', ['slots/', 'status/', ground]],
    ['runs/', ['slots/', ground]],
    ['slots/', ['status/', ground]],
    ['forecast/', [ground]],
    ['status/', [ground]],
    [ground, []],
  ],
)

const restore = order(
  'kinds/restore/',
  'No arrow runs back up: source → plan → fill → exchange or drill → after, each may start the next stage alone; all know status/ and the observation.',
  [
    [top, [everything]],
    ['observe/', ['source/', 'plan/', 'fill/', 'exchange/', 'drill/', 'after/', ground, 'status/']],
    ['source/', ['plan/', ground, 'status/']],
    ['plan/', ['fill/', 'drill/', ground, 'status/']],
    ['fill/', ['exchange/', 'after/', ground, 'status/']],
    ['drill/', ['after/', ground, 'status/']],
    ['exchange/', ['after/', ground, 'status/']],
    ['after/', [ground, 'status/']],
    ['status/(?:verdict|refused-read)\\.ts', ['status/', ground]],
    ['status/(?!verdict|refused-read)[^/]+\\.ts', [ground]],
    [ground, []],
  ],
)

/** What the operator knows too, and what ends a run. */
const contract = [
  '(contract|failure|config)\\.ts',
  'contract/',
  'source/(batch-window|rfc3339)\\.ts',
  'stream/frames\\.ts',
]

const mover = order(
  'mover/',
  'No arrow runs back up: command/ → artifact/, database/, stream/ → source/, verify/ → io/ → failure, contract. What both need goes to the one that stands further down.',
  [
    ['main\\.ts', [everything]],
    ['command/', ['artifact/', 'database/', 'stream/', 'source/', 'verify/', 'io/', ...contract]],
    ['artifact/', ['source/', 'verify/', 'io/', ...contract]],
    ['database/', ['artifact/', 'source/', 'verify/', 'io/', ...contract]],
    ['stream/', ['source/', 'io/', ...contract]],
    ['source/', ['io/', ...contract]],
    ['verify/', ['io/', ...contract]],
    ['io/', contract],
    ['(contract|failure|config)\\.ts', contract],
    ['contract/', []],
  ],
)

/** What all of the plugin may know: the cluster, how an error is said, exit codes. */
const base = '(?!main|candidates)[^/]+\\.ts'
const ends = ['terminal/', base]

const cli = order(
  'cli/',
  'No arrow runs back up: program/ → command/ → adopt/, doctor/, new/ → view/ → terminal/. What a command shows knows no command.',
  [
    ['main\\.ts', [everything]],
    ['program/', ['command/', ...ends]],
    ['command/', ['adopt/', 'doctor/', 'new/', 'candidates\\.ts', 'view/', ...ends]],
    ['adopt/', ['view/', ...ends]],
    ['doctor/', ['view/', ...ends]],
    ['new/', ['view/', ...ends]],
    ['candidates\\.ts', ['view/', ...ends]],
    ['view/', ends],
    ['terminal/', []],
    [base, []],
  ],
)

export const parts: readonly Part[] = [...snapshot, ...instance, ...restore, ...schedule, ...mover, ...cli]
