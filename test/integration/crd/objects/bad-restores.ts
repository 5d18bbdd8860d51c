// What breaks each rule of a MeiliRestore: where the rule stands, what it says, the members to change, and in which complete one.
import { badSources, names, paths } from './bad-sources.ts'

type Change = readonly (readonly [string, unknown])[]
type Bad = readonly [
  at: string,
  says: string,
  change: Change,
  more?: { readonly which?: number; readonly isUpdate?: true },
]

/** Of the complete objects, those with these sources and targets. */
const latestOnClaim = { which: 1 }
const artifactInDrill = { which: 2 }
const fileDryRun = { which: 3 }
const update = { isUpdate: true } as const

const oneTarget = 'target is inPlace, claim or scratch: write exactly one of them'
const confirmInstance = 'confirm must be the name of the instance whose data is replaced: write it once more'
const confirmClaim = 'confirm must be the name of the claim that is written to: write it once more'
const modes = 'mode goes from DryRun to Apply, and not back: what was applied is undone with rollback: true'
const rollback = 'rollback is for a restore in place that was applied: nothing else has replaced data'
const sanitize =
  'sanitize is for target.inPlace, a server that the operator runs: a drill throws its copy away, and on a claim of somebody else nothing is changed but the directory that is made'
const notTakenBack = 'rollback is not taken back: create another MeiliRestore instead'
const directory =
  'directory is where the database comes to lie on the claim: relative, no part of it begins with a dot: write for example data.ms'
const duration = 'a duration is whole hours, minutes and seconds: write for example 90s, 6h or 1h30m'
const positive = 'a duration is longer than 0s: write for example 90s or 6h'
const quantity = 'a quantity is a number with an optional unit: write for example 20Gi or 500m'
const bandwidth = 'bandwidthLimit is at least 1Mi (bytes per second): write for example 50Mi'
const named = (kind: string, field = 'name'): string =>
  `${field} must be the name of ${kind}: lower-case letters, digits, - and .`
const object = named('an object in this namespace')
const claimName = named('a PersistentVolumeClaim in this namespace')

const inWhich =
  (more: Bad[3] = {}) =>
  (member: string, says: string, values: readonly unknown[]): readonly Bad[] =>
    values.map((value) => [member, says, [[member, value]], more])
const at = inWhich()
const onClaim = inWhich(latestOnClaim)
const inDrill = inWhich(artifactInDrill)

const durations = (member: string, more: Bad[3] = {}): readonly Bad[] => [
  ...inWhich(more)(member, duration, ['1d', '90', '-1s', '1.5h', '1s1h']),
  ...inWhich(more)(member, positive, ['0s', '0h0m']),
]

const immutable = (field: string, [member, value]: Change[number], which = 0): Bad => [
  `spec.${field}`,
  `${field} is immutable: a MeiliRestore is carried out once; create another one instead`,
  [[`spec.${member}`, value]],
  { ...update, which },
]

export const badRestores: readonly Bad[] = [
  ...badSources('spec.source', {
    snapshotRef: {},
    latestOf: latestOnClaim,
    artifact: artifactInDrill,
    file: fileDryRun,
  }),
  ...at('spec.target', oneTarget, [{}, { scratch: {}, claim: { name: 'movies', directory: 'data.ms' } }]),
  ...['shows', '', undefined].flatMap((confirm): readonly Bad[] => [
    ['spec', confirmInstance, [['spec.confirm', confirm]]],
    ['spec', confirmClaim, [['spec.confirm', confirm]], latestOnClaim],
    // A plan is made without it, and is not carried out without it.
    [
      'spec',
      confirmInstance,
      [
        ['spec.confirm', confirm],
        ['spec.mode', 'Apply'],
      ],
      { ...fileDryRun, ...update },
    ],
  ]),
  [
    'spec',
    modes,
    [
      ['spec.mode', 'DryRun'],
      ['spec.rollback', false],
    ],
    { ...latestOnClaim, ...update },
  ],
  ['spec', rollback, [['spec.rollback', true]], latestOnClaim],
  ['spec', rollback, [['spec.rollback', true]], artifactInDrill],
  ['spec', rollback, [['spec.rollback', true]], fileDryRun],
  ['spec', sanitize, [['spec.sanitize', { tasks: 'Discard' }]], latestOnClaim],
  ['spec', sanitize, [['spec.sanitize', { webhooks: 'Remove' }]], artifactInDrill],
  ['spec', notTakenBack, [['spec.rollback', false]], update],
  ...at('spec.target.inPlace.instanceRef.name', object, names),
  ...onClaim('spec.target.claim.name', claimName, names),
  ...onClaim('spec.target.claim.directory', directory, [...paths, 'a b', 'ä']),
  ...inDrill('spec.target.scratch.resources.requests.cpu', quantity, ['two']),
  ...inDrill('spec.target.scratch.resources.limits.memory', quantity, ['1GB!']),
  ...inDrill('spec.target.scratch.size', quantity, ['', 'x', '-1Gi', '1GiB']),
  ...inDrill('spec.target.scratch.storageClassName', named('a StorageClass', 'storageClassName'), names),
  ...durations('spec.target.scratch.maxAge', artifactInDrill),
  ...['start', 'fill', 'switch'].flatMap((clock) => durations(`spec.deadlines.${clock}`)),
  ...at('spec.mover.resources.requests.cpu', quantity, ['two']),
  ...at('spec.mover.resources.limits.memory', quantity, ['1GB!']),
  ...at('spec.mover.stream.maxSize', quantity, ['10 GB']),
  ...at('spec.mover.bandwidthLimit', quantity, ['50MB']),
  ...at('spec.mover.bandwidthLimit', bandwidth, ['1023Ki', 0]),
  ...at('spec.mover.priorityClassName', named('a PriorityClass', 'priorityClassName'), ['Low']),
  immutable('source', ['source.snapshotRef.name', 'another']),
  immutable('source', ['source', { file: { claim: { name: 'backups' }, path: 'a' } }]),
  immutable('source', ['source.latestOf.asOf', undefined], 1),
  immutable('source', ['source.artifact.sha256', undefined], 2),
  immutable('target', ['target.inPlace.instanceRef.name', 'shows']),
  immutable('target', ['target.claim.directory', 'other.ms'], 1),
  immutable('target', ['target', { inPlace: { instanceRef: { name: 'movies' } } }], 2),
  immutable('version', ['version', 'Exact']),
  immutable('version', ['version', undefined]),
  immutable('sanitize', ['sanitize.tasks', 'Keep']),
  immutable('sanitize', ['sanitize', undefined]),
  immutable('safety', ['safety.snapshot', 'Never']),
  immutable('safety', ['safety', undefined]),
  immutable('deadlines', ['deadlines.fill', '7h']),
  immutable('mover', ['mover.nodeSelector', undefined]),
  immutable('mover', ['mover', undefined]),
]
