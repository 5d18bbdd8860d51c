// The status of a MeiliSnapshotSchedule: which slots ran and which comes next, what is kept and why, what goes next.
import { z } from 'zod'
import { conditions, int64, timestamp } from '../meta.ts'
import { drillStatus, observedClock, runRecord } from './drill.ts'

const name = z.string().max(253)
const hash = z.string().max(64)

export const scheduleStatus = z.object({
  observedGeneration: z.int().meta({ format: 'int64' }).optional(),
  conditions: conditions.optional(),
  observed: observedClock.describe('Which schedule was followed last, and whether it was suspended.').optional(),
  followedSince: timestamp
    .describe(
      'From when on a snapshot is to be expected: its creation, its last change, the end of its last suspension.',
    )
    .optional(),
  slotsAfter: timestamp
    .describe(
      'No slot up to this time runs any more: the schedule was suspended, another one, or not yet there, or that slot was skipped or came too late. Absent: the time of creation.',
    )
    .optional(),
  lastSlot: timestamp.describe('The newest slot that ran.').optional(),
  lastRunName: name.describe('The MeiliSnapshot of that slot.').optional(),
  nextSlot: timestamp.describe('When the next snapshot is made, jitter included; written before it comes.').optional(),
  interval: z
    .string()
    .max(32)
    .describe('The longest time between two slots, as a duration; what overdue is measured by.')
    .optional(),
  run: runRecord.describe('The MeiliSnapshot that is being created, or could not be.').optional(),
  runNow: z
    .object({ hash, name })
    .describe(
      'The last value of the annotation meili-operator.dev/run-now (its hash), and the MeiliSnapshot made for it.',
    )
    .optional(),
  lastSuccess: z
    .object({
      name,
      completedAt: timestamp,
      boot: z
        .enum(['Passed', 'Failed', 'Skipped', 'Inconclusive'])
        .describe('What a server that was started on a copy said of it, with verification Boot.')
        .optional(),
    })
    .optional(),
  lastFailure: z.object({ name, completedAt: timestamp, reason: z.string().max(128) }).optional(),
  consecutiveFailures: int64.optional(),
  active: z
    .array(name)
    .max(10)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Those that have not ended.')
    .optional(),
  counts: z
    .object({
      created: int64.describe('Snapshots that it made.'),
      skipped: int64.describe('Slots that were skipped, as one snapshot ran and another one waited already.'),
      missed: int64.describe('Slots that passed while nobody looked.'),
      expired: int64.describe('Snapshots that retention deleted.'),
    })
    .describe('Since the object was created.')
    .optional(),
  kept: z
    .object({
      count: int64,
      bytes: int64,
      size: z.string().max(32),
      oldest: timestamp.optional(),
      newest: timestamp.optional(),
      rules: z
        .array(z.object({ name, by: z.array(z.string().max(32)).max(12).meta({ 'x-kubernetes-list-type': 'atomic' }) }))
        .max(100)
        .meta({ 'x-kubernetes-list-type': 'atomic' })
        .describe('Why each one stays, the newest first.')
        .optional(),
      more: int64.describe('How many more there are than stand in rules.').optional(),
    })
    .describe('The good snapshots that are there.')
    .optional(),
  expiring: z
    .array(z.object({ name, reason: z.string().max(256), notBefore: timestamp.optional() }))
    .max(100)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe(
      'What is deleted next, the oldest first; without notBefore (mode DryRun, or too many at once), what would be. Written one pass before the first one goes.',
    )
    .optional(),
  removing: z
    .object({
      name,
      uid: z.string().max(64),
      deletionPolicy: z.enum(['Retain', 'Delete']).describe('What it had before.'),
      startedAt: timestamp,
    })
    .describe('The one snapshot that is being deleted.')
    .optional(),
  announced: z
    .object({
      rules: hash,
      until: timestamp,
      more: int64.describe('How many more good ones go than stand in expiring.'),
    })
    .describe('Where expiring has no room for all: which rules, and snapshots taken up to which time, it was made of.')
    .optional(),
  held: z
    .object({
      reason: z.string().max(128),
      hash,
      since: timestamp,
      name: name.describe('The snapshot that it is about.').optional(),
      until: timestamp.describe('It is about snapshots taken up to this time.').optional(),
      failure: z.string().max(2048).describe('What the API server said.').optional(),
      retryAt: timestamp.describe('When a deletion that was refused is tried again.').optional(),
    })
    .describe('Why nothing is deleted. What is to be confirmed is named by the hash.')
    .optional(),
  confirmed: z.object({ hash, at: timestamp }).describe('The last hold that somebody confirmed.').optional(),
  acceptedUntil: timestamp
    .describe(
      'Snapshots taken up to this time count as good, however few documents they have: they were compared when they were new, or somebody confirmed them.',
    )
    .optional(),
  sizes: z
    .array(z.object({ at: timestamp, bytes: int64 }))
    .max(10)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('What the newest good snapshots took, the newest first; also of those that are deleted by now.')
    .optional(),
  forecast: z
    .object({
      bytesPerDay: z.int().meta({ format: 'int64' }).describe('How much larger each snapshot gets by the day.'),
      nextBytes: int64.describe('About the size of the next snapshot.'),
      steadyBytes: int64
        .describe(
          'What the rules keep in the end, in a month at the earliest, with one more, at that growth. Absent without rules.',
        )
        .optional(),
      freeBytes: int64
        .describe('Free on the claim, as a mover saw it last, and what was deleted of this schedule since.')
        .optional(),
      observedAt: timestamp.describe('When a mover saw that.').optional(),
      spaceBytes: int64
        .describe('What the snapshots of this schedule may take: what they do, and what is free.')
        .optional(),
      roomFor: int64.describe('How many more snapshots have space.').optional(),
      fullAt: timestamp
        .describe('When a snapshot does not fit any more, at that growth; absent where that is not to be expected.')
        .optional(),
      basis: z.string().max(256).describe('What this is computed from.'),
    })
    .describe('Absent until there were four good snapshots.')
    .optional(),
  drill: drillStatus.describe('Its drills. Absent without spec.drill.').optional(),
})
export type MeiliSnapshotScheduleStatus = z.output<typeof scheduleStatus>
