// When a schedule takes snapshots, what of, and how many are kept: the parts of its spec.
import { z } from 'zod'
import { duration } from '../meta.ts'
import { drillFields } from './restore-target.ts'
import { snapshotFields } from './snapshot.ts'

/** A list of values, ranges and steps, as Kubernetes' CronJob takes them. */
function cronField(value: string): string {
  const item = `([*](/[1-9][0-9]?)?|(${value})(-(${value})(/[1-9][0-9]?)?)?)`
  return `${item}(,${item})*`
}
/** In any case, as flags of a pattern are lost in a CRD: `[Ss][Uu][Nn]`. */
const names = (words: string): string => words.replaceAll(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`)

const cronFields = [
  cronField('[0-5]?[0-9]'),
  cronField('[01]?[0-9]|2[0-3]'),
  cronField('0?[1-9]|[12][0-9]|3[01]'),
  cronField(`0?[1-9]|1[0-2]|${names('jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec')}`),
  cronField(`[0-7]|${names('sun|mon|tue|wed|thu|fri|sat')}`),
]

export const cronSchedule = z
  .string()
  .min(1)
  .max(128)
  .regex(
    new RegExp(`^(@hourly|@daily|@weekly|@monthly|${cronFields.join(' +')})$`),
    'schedule has five fields, minute hour day month weekday, each of numbers, names, ranges, lists and steps of * or a range, or is one of @hourly, @daily, @weekly, @monthly: write for example 0 3 * * *; the time zone is a field of its own, timeZone',
  )
  .describe(
    'When: five fields as of a CronJob (minute, hour, day, month, weekday), or @hourly, @daily, @weekly, @monthly.',
  )

export const timeZone = z
  .string()
  .min(1)
  .max(64)
  .regex(
    /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/,
    'timeZone is the IANA name of a time zone, not an offset: write for example Europe/Berlin or Etc/UTC',
  )
  .default('Etc/UTC')
  .describe('IANA name of the time zone in which the schedule is read, and days, weeks and months are kept.')

/** The API server refuses other ones, but only when a MeiliSnapshot is made: at three in the morning. */
const labelValue = z
  .string()
  .max(63)
  .regex(
    /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
    'the value of a label is letters, digits, -, _ and ., and begins and ends with a letter or digit: write for example shop or team-a',
  )
const qualifiedName = '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'
const longestKey = 253 + 1 + 63

const ownPrefix = 'meili-operator.dev/'
const noneOfOurs = (field: string): { 'x-kubernetes-validations': { rule: string; message: string }[] } => ({
  'x-kubernetes-validations': [
    {
      rule: `self.all(name, !name.startsWith('${ownPrefix}'))`,
      message: `${field} that begin with ${ownPrefix} are the operator's own: leave them out`,
    },
    {
      rule: `self.all(name, size(name) <= ${longestKey} && name.matches('${qualifiedName}'))`,
      message: `the name of each of the ${field} is letters, digits, -, _ and ., with or without a prefix such as example.com/: write for example team or example.com/team`,
    },
  ],
})

export const snapshotTemplate = z.object({
  metadata: z
    .object({
      labels: z
        .record(z.string(), labelValue)
        .meta({ maxProperties: 32, ...noneOfOurs('labels') })
        .optional(),
      annotations: z
        .record(z.string(), z.string().max(4096))
        .meta({ maxProperties: 32, ...noneOfOurs('annotations') })
        .optional(),
    })
    .describe('Labels and annotations of each MeiliSnapshot.')
    .optional(),
  spec: z.object(snapshotFields).describe('What each MeiliSnapshot asks for.'),
})

const rule = z.int().min(1).max(10_000)

export const retention = z
  .object({
    mode: z
      .enum(['Enforce', 'DryRun'])
      .default('Enforce')
      .describe('DryRun says in status what would be deleted, and deletes nothing.'),
    keepLast: rule.describe('Keeps so many of the newest good ones.').optional(),
    keepHourly: rule.describe('Keeps the newest good one of each of so many hours that have one.').optional(),
    keepDaily: rule.describe('Keeps the newest good one of each of so many days that have one.').optional(),
    keepWeekly: rule
      .describe('Keeps the newest good one of each of so many weeks (ISO 8601) that have one.')
      .optional(),
    keepMonthly: rule.describe('Keeps the newest good one of each of so many months that have one.').optional(),
    keepYearly: rule.describe('Keeps the newest good one of each of so many years that have one.').optional(),
    keepWithin: duration
      .describe('Keeps all that are at most so much older than the newest good one; never measured from now.')
      .optional(),
    minimum: z
      .int()
      .min(1)
      .max(10_000)
      .default(1)
      .describe('So many of the newest good ones stay, whatever the rules say.'),
    failed: z.int().min(0).max(1000).default(3).describe('So many of the newest failed ones stay to be looked at.'),
    guard: z
      .object({
        maxDropPercent: z
          .int()
          .min(0)
          .max(100)
          .default(50)
          .describe(
            'A snapshot whose documents are fewer than those of the good one before by more than this is not taken for good, and nothing is deleted until that is confirmed. 0 switches it off.',
          ),
      })
      .prefault({}),
  })
  .describe('Which snapshots of this schedule are deleted, with their files. Without a keep… rule in it: none.')

export const drill = z
  .object({
    schedule: cronSchedule.describe(
      'When: as schedule, and in the same time zone, with the same jitter and startingDeadline; suspended with it.',
    ),
    of: z
      .enum(['Latest', 'Oldest', 'Random'])
      .default('Latest')
      .describe(
        'Which good snapshot of this schedule is started: the newest, the oldest that is kept, or any of those that are kept, another one each time.',
      ),
    maxAge: duration
      .default('48h')
      .describe(
        'A drill of the Latest has failed where that is older than this. For Oldest and Random it is not asked.',
      ),
    ...drillFields,
    failed: z
      .int()
      .min(0)
      .max(100)
      .default(3)
      .describe('So many of the newest failed drills stay to be looked at, beside the newest good one.'),
  })
  .describe(
    'Starts a server on a stored snapshot by the clock, asks it, and throws it away: a MeiliRestore with target scratch.',
  )
