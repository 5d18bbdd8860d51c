// Those that cannot use their turn, and deletions, which have turns of their own.
import { describe, expect, test } from 'vitest'
import { TerminalError } from '../../../../../../src/errors.ts'
import { snapshotFinalizer } from '../../../../../../src/api/snapshot.ts'
import { artifact, minute, movingStatus, second, succeededTask } from '../../../../../support/builders/observations.ts'
import { aWorld, names, reasonOf, time } from './a-world.ts'

const all = (count: number, what: string): string[] => names(count, '').map(() => what)
const queued = (name: string): object => ({
  task: succeededTask(),
  move: { attempt: 1, jobName: `${name}-1`, queuedAt: new Date().toISOString() },
})

describe('whoever cannot use its turn', () => {
  test('leaves the line: silent servers hold no slot, and nobody behind them waits for them', async () => {
    const seen = aWorld(2)
    for (const name of names(10, 's')) {
      seen.silent.add(name)
      seen.add('tenant', name, { status: queued(name) })
    }
    for (const name of names(6, 'g')) seen.add('shop', name, { status: queued(name) })
    seen.start()
    await time.advance(7 * minute)
    expect(names(6, 'g').map((name) => reasonOf(seen.get('shop', name)))).toEqual(all(6, 'Completed'))
    const left = names(10, 's').map((name) => seen.get('tenant', name)?.status?.move)
    expect(left.every((move) => move?.queuedAt === undefined && move?.startedAt !== undefined)).toBe(true)
    expect(seen.counts()[0]).toMatchObject({ kind: 'movers', limit: 2, used: 0, waiting: 0, longestWaitSeconds: 0 })
  })

  test('lets others go first where it could not even look', async () => {
    const seen = aWorld(1)
    seen.refuses = (pod) =>
      pod === 'of-old-0' ? new TerminalError('GET Pod answered 403 Forbidden', { status: 403 }) : undefined
    seen.add('shop', 'old', { status: queued('old') })
    for (const name of names(3, 'g')) seen.add('shop', name, { status: queued(name) })
    seen.start()
    await time.advance(5 * minute)
    // By its own back-off, and not by every free slot.
    expect(seen.asked.reads).toBeLessThan(1000)
    expect(names(3, 'g').map((name) => reasonOf(seen.get('shop', name)))).toEqual(all(3, 'Completed'))
    seen.refuses = () => undefined
    await time.advance(8 * minute)
    expect(reasonOf(seen.get('shop', 'old'))).toBe('Completed')
  })
})

describe('expiries', () => {
  test('take turns as deletions do, and each leaves a tombstone', async () => {
    const seen = aWorld(3)
    seen.lifeOf = () => ({ runsMs: minute })
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString()
    for (const [i, name] of names(12, 'x').entries())
      seen.add(`n${i % 2}`, name, {
        spec: { expiresAfter: '1m' },
        status: {
          ...movingStatus(),
          phase: 'Completed',
          artifact,
          completedAt: hourAgo,
          expiry: { announcedAt: hourAgo },
        },
        metadata: { creationTimestamp: hourAgo, finalizers: [snapshotFinalizer] },
      })
    seen.start()
    await time.advance(10 * second)
    expect(seen.running).toBe(3)
    expect(seen.counts()[2]).toMatchObject({ kind: 'deletions', limit: 3, used: 3, waiting: 9 })
    await time.advance(8 * minute)
    expect(seen.mostAtOnce).toBe(3)
    expect(seen.began).toHaveLength(12)
    expect(seen.all().map(({ status }) => status?.expiry?.outcome)).toEqual(all(12, 'Removed'))
    expect(seen.counts()[2]).toMatchObject({ used: 0, waiting: 0 })
  })
})

describe('deletions', () => {
  test('take turns as movers do, beside them, and one that waits is not late', async () => {
    const seen = aWorld(3)
    seen.lifeOf = () => ({ runsMs: minute })
    const status = { ...movingStatus(), phase: 'Completed' as const, artifact }
    for (const [i, name] of names(12, 'd').entries())
      seen.add(`n${i % 2}`, name, {
        spec: { deletionPolicy: 'Delete' },
        status,
        metadata: { deletionTimestamp: new Date().toISOString(), finalizers: [snapshotFinalizer] },
      })
    seen.start()
    await time.advance(10 * second)
    expect(seen.running).toBe(3)
    expect(seen.counts()[2]).toMatchObject({ kind: 'deletions', limit: 3, used: 3, waiting: 9 })
    expect(seen.counts()[0]).toMatchObject({ kind: 'movers', used: 0, waiting: 0 })
    const writes = seen.asked.writes
    await time.advance(30 * second)
    expect(seen.asked.writes).toBe(writes)
    await time.advance(6 * minute)
    expect(seen.mostAtOnce).toBe(3)
    expect(seen.began).toHaveLength(12)
    expect(seen.all()).toEqual([])
  })
})
