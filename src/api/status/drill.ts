// What a schedule's status says of its drills: which slots ran, how they ended, and how long it took to come back.
import { z } from 'zod'
import { int64, timestamp } from '../meta.ts'

const name = z.string().max(253)

/** What is being created, or could not be: a MeiliSnapshot of a schedule, or a drill. */
export const runRecord = z.object({
  name,
  slot: timestamp.describe('Absent for a run that was asked for by hand.').optional(),
  tries: z.int().min(1).describe('How many times it may have been created.'),
  startedAt: timestamp,
  retryAt: timestamp.describe('When it is tried again. Absent with a failure: never.').optional(),
  reason: z.enum(['NameTaken', 'RunRefused']).optional(),
  failure: z.string().max(2048).describe('Why it could not be created.').optional(),
})

/** Which schedule was followed last. */
export const observedClock = z.object({
  schedule: z.string().max(128),
  timeZone: z.string().max(64),
  suspended: z.boolean(),
})

export const drillStatus = z.object({
  observed: observedClock.describe('Which schedule was followed last, and whether it was suspended.').optional(),
  slotsAfter: timestamp.describe('No slot up to this time has a drill any more.').optional(),
  lastSlot: timestamp.describe('The newest slot that had a drill.').optional(),
  lastRunName: name.describe('The MeiliRestore of that slot.').optional(),
  nextSlot: timestamp.describe('When the next drill is made, jitter included.').optional(),
  run: runRecord.describe('The MeiliRestore that is being created, or could not be.').optional(),
  lastSuccess: z
    .object({
      name,
      completedAt: timestamp,
      of: name.describe('The MeiliSnapshot that was started.').optional(),
      duration: z
        .string()
        .max(32)
        .describe('From the stored file to the first answer of a search, measured.')
        .optional(),
      durationMs: int64.optional(),
    })
    .describe('The newest drill that passed.')
    .optional(),
  lastFailure: z
    .object({ name, completedAt: timestamp, reason: z.string().max(128) })
    .describe('The newest drill that failed.')
    .optional(),
  active: name.describe('The one that has not ended.').optional(),
  counts: z
    .object({
      created: int64.describe('Drills that it made.'),
      skipped: int64.describe('Slots that were skipped, as one drill ran and another one waited already.'),
      missed: int64.describe('Slots that passed while nobody looked.'),
    })
    .describe('Since spec.drill was set.')
    .optional(),
})
