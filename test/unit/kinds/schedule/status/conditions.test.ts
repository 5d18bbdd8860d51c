// What Helm, Flux, Argo CD and people read of a schedule, from the loop as a whole: Ready speaks of the schedule, all else has a condition of its own.
import { describe, expect, test } from 'vitest'
import { ScheduleLoop } from '../../../../support/builders/schedule-loop.ts'

const slot = '2026-03-02T03:00:00Z'
const name = 'nightly-202603020300'
const completed = {
  phase: 'Completed',
  completedAt: '2026-03-02T03:05:00Z',
  task: { startedAt: '2026-03-02T03:01:00Z' },
}
const failed = {
  phase: 'Failed',
  completedAt: '2026-03-02T03:05:00Z',
  conditions: [{ type: 'Ready', status: 'False', reason: 'InsufficientSpace' }],
}

async function afterOneSlot(status: object): Promise<ScheduleLoop> {
  const loop = new ScheduleLoop()
  await loop.settle()
  await loop.at(slot)
  loop.layRun(name, { status })
  await loop.at('2026-03-02T03:06:00Z')
  return loop
}

test('a good snapshot', async () => {
  const loop = await afterOneSlot(completed)
  expect(loop.conditions).toEqual(['Ready=True Scheduled', 'LastSnapshotSucceeded=True SnapshotSucceeded'])
  expect(loop.status).toMatchObject({ lastSuccess: { name }, consecutiveFailures: 0, kept: { count: 1 } })
  expect(loop.status).not.toHaveProperty('active')
})

test('a good snapshot that no server has proved is said to be that', async () => {
  const verification = { mode: 'Boot', attempt: 1, jobName: 'j', result: 'Inconclusive' }
  const loop = await afterOneSlot({ ...completed, verification })
  expect(loop.status).toMatchObject({ lastSuccess: { name, boot: 'Inconclusive' }, kept: { count: 1 } })
  const said = loop.status.conditions?.find(({ type }) => type === 'LastSnapshotSucceeded')
  expect(said).toMatchObject({ status: 'True', message: expect.stringContaining('no server has proved it') as string })
})

test('a failed snapshot: the schedule stays Ready', async () => {
  const loop = await afterOneSlot(failed)
  expect(loop.conditions).toEqual(['Ready=True Scheduled', 'LastSnapshotSucceeded=False SnapshotFailed'])
  expect(loop.status).toMatchObject({ lastFailure: { name, reason: 'InsufficientSpace' }, consecutiveFailures: 1 })
  expect(loop.events).toContain('Warning SnapshotFailed')
})

test('each condition carries the generation that was judged', async () => {
  const loop = await afterOneSlot(completed)
  loop.change({ spec: { jitter: '5m' } })
  await loop.settle()
  expect(loop.status.observedGeneration).toBe(2)
  expect(loop.status.conditions?.map(({ observedGeneration }) => observedGeneration)).toEqual([2, 2])
})

describe('suspended', () => {
  test('it is Ready, says no next slot, and nothing runs; slots that passed never do', async () => {
    const loop = new ScheduleLoop({ spec: { suspend: true } })
    await loop.at('2026-03-09T12:00:00Z')
    expect(loop.conditions).toEqual(['Ready=True Suspended'])
    expect(loop.status).not.toHaveProperty('nextSlot')
    loop.change({ spec: { suspend: false } })
    await loop.settle()
    expect(loop.names).toEqual([])
    expect(loop.conditions).toEqual(['Ready=True Scheduled'])
    expect(loop.status).toMatchObject({ nextSlot: '2026-03-10T03:00:00Z' })
  })

  test('it is not overdue, and from its end on a snapshot is expected anew', async () => {
    const loop = await afterOneSlot(completed)
    loop.change({ spec: { suspend: true } })
    await loop.at('2026-03-20T12:00:00Z')
    expect(loop.conditions.join()).not.toContain('Overdue')
    loop.change({ spec: { suspend: false } })
    await loop.settle()
    expect(loop.conditions.join()).not.toContain('Overdue')
    expect(loop.status.followedSince).toBe('2026-03-20T12:00:00Z')
  })

  test('it is no longer Stalled for a slot that was refused', async () => {
    const loop = new ScheduleLoop()
    await loop.settle()
    loop.layRun(name, { metadata: { labels: {} } })
    await loop.at(slot)
    expect(loop.conditions).toContain('Stalled=True NameTaken')
    loop.change({ spec: { suspend: true } })
    await loop.settle()
    expect(loop.conditions).toEqual(['Ready=True Suspended'])
  })
})

describe('Overdue', () => {
  // Two intervals of a day and startingDeadline, six hours.
  test('two intervals and startingDeadline after the last good one, and no longer than until the next', async () => {
    const loop = await afterOneSlot(completed)
    for (const day of ['03', '04']) {
      await loop.at(`2026-03-${day}T03:00:00Z`)
      loop.layRun(`nightly-202603${day}0300`, { status: { ...failed, completedAt: `2026-03-${day}T03:05:00Z` } })
    }
    await loop.at('2026-03-04T09:04:59Z')
    expect(loop.conditions.join()).not.toContain('Overdue')
    await loop.at('2026-03-04T09:05:00Z')
    expect(loop.conditions).toContain('Overdue=True NoRecentSuccess')
    expect(loop.conditions).toContain('Ready=True Scheduled')
    expect(loop.events).toContain('Warning NoRecentSuccess')
    await loop.at('2026-03-05T03:00:00Z')
    loop.layRun('nightly-202603050300', { status: { ...completed, completedAt: '2026-03-05T03:05:00Z' } })
    await loop.at('2026-03-05T03:06:00Z')
    expect(loop.conditions.join()).not.toContain('Overdue')
  })

  test('the pass before wakes the schedule for it', async () => {
    const loop = await afterOneSlot({ phase: 'Pending' })
    await loop.at('2026-03-03T17:59:30Z')
    expect(await loop.pass()).toBe(Date.parse('2026-03-03T18:00:00Z'))
  })

  test('also where there never was one', async () => {
    const loop = await afterOneSlot({ phase: 'Pending' })
    await loop.at('2026-03-03T18:00:00Z')
    expect(loop.conditions).toContain('Overdue=True NoRecentSuccess')
  })

  test('also where each slot is skipped, as one snapshot hangs and another one waits', async () => {
    const loop = await afterOneSlot({ phase: 'Moving' })
    for (const day of ['03', '04', '05']) await loop.at(`2026-03-${day}T03:00:00Z`)
    expect(loop.status.counts).toMatchObject({ created: 2, skipped: 2 })
    expect(loop.events).toContain('Warning RunSkipped')
    expect(loop.conditions).toContain('Overdue=True NoRecentSuccess')
  })

  test('also where the schedule cannot be read any more', async () => {
    const loop = await afterOneSlot(completed)
    loop.change({ spec: { timeZone: 'Europe/Nowhere' } })
    await loop.settle()
    await loop.at('2026-03-10T03:00:00Z')
    expect(loop.conditions).toContain('Stalled=True UnknownTimeZone')
    expect(loop.conditions).toContain('Overdue=True NoRecentSuccess')
  })

  test('a schedule that is another one now is given its time', async () => {
    const loop = await afterOneSlot(completed)
    loop.change({ spec: { schedule: '0 * * * *' } })
    await loop.at('2026-03-02T23:30:00Z')
    expect(loop.status.followedSince).toBe('2026-03-02T23:30:00Z')
    expect(loop.conditions.join()).not.toContain('Overdue')
  })
})

test.each<[object, string]>([
  [{ schedule: '0 0 30 2 *' }, 'NoSlot'],
  [{ schedule: '0 5-3 * * *' }, 'InvalidSchedule'],
  [{ timeZone: 'Europe/Nowhere' }, 'UnknownTimeZone'],
  [{ schedule: '0 * * * *', jitter: '30m' }, 'JitterTooLong'],
])('%o is Stalled with reason %s, at once, and well again when it is changed', async (spec, reason) => {
  const loop = new ScheduleLoop({ spec })
  await loop.settle()
  expect(loop.conditions).toEqual([`Stalled=True ${reason}`, `Ready=False ${reason}`])
  expect(loop.events).toEqual([`Warning ${reason}`])
  loop.change({ spec: { schedule: '0 3 * * *', timeZone: 'Etc/UTC', jitter: '5m' } })
  await loop.settle()
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
})

test('the clock went back: nothing runs, nothing is written again and again, and the schedule stays Ready', async () => {
  const loop = await afterOneSlot(completed)
  loop.nowMs = Date.parse('2026-03-02T02:30:00Z')
  await loop.settle()
  expect(loop.conditions).toContain('ClockWentBack=True ClockWentBack')
  expect(loop.conditions).toContain('Ready=True Scheduled')
  const { resourceVersion } = loop.schedule.metadata
  loop.nowMs += 10_000
  await loop.pass()
  expect(loop.schedule.metadata.resourceVersion).toBe(resourceVersion)
  expect(loop.names).toEqual([name])
})
