// The operator cut off at each write of a slot, and of a removal, on a real API server: before the write arrives, and after, with its reply lost. The writes are counted in an undisturbed life.
import { describe, expect, test } from 'vitest'
import { apiServer } from '../../../support/kubernetes/api-server.ts'
import { eachHour, ScheduleFixture } from '../../../support/schedules/schedule-fixture.ts'
import type { Snapshot } from '../../../support/schedules/schedule-fixture.ts'
import type { Write } from '../../../support/simulation/schedules/direct-client.ts'

const api = apiServer()
const fates = ['cut', 'lost'] as const
/** More than any life has: those that it does not reach are no rows. */
const mostWrites = 40

interface End {
  readonly names: readonly string[]
  readonly policies: readonly string[]
  readonly finalizers: number
  readonly files: number
  readonly created: number | undefined
  readonly expired: number | undefined
  readonly pending: boolean
}

interface Life {
  readonly end: End
  readonly writes: readonly string[]
  readonly posts: number
  readonly deletes: number
}

const textOf = ({ method, plural, subresource }: Write): string =>
  [method, plural, subresource].filter((part) => part !== undefined).join(' ')

/** As a schedule that keeps two: `before` slots without a fault, then one in which the operator is cut off at its n-th write, and its successor goes on. */
async function live(before: number, cut?: { at: number; fate: (typeof fates)[number] }): Promise<Life> {
  const on = new ScheduleFixture(api, await api.namespace(), 'nightly')
  await on.create({ ...eachHour(), retention: { keepLast: 2, minimum: 2 } })
  const first = on.process()
  await on.run(first)
  for (let slot = 0; slot < before; slot++) await on.nextSlot(first)
  const sent: Write[] = []
  const count = (write: Write): void => void sent.push(write)
  first.cutAt((n, write) => {
    const fate = n === cut?.at ? cut.fate : 'sent'
    if (fate !== 'cut') count(write)
    return fate
  })
  on.nowMs = Date.parse((await on.status()).nextSlot ?? '')
  await on.run(first, {
    again: () => {
      const next = on.process()
      next.cutAt((_, write) => {
        count(write)
        return 'sent'
      })
      return next
    },
  })
  const runs = await on.runs()
  const status = await on.status()
  const suffix = ({ metadata }: Snapshot): string => metadata.name.slice(0, 'nightly-'.length)
  return {
    end: {
      names: runs.map(suffix),
      policies: runs.map(({ spec }) => spec.deletionPolicy),
      finalizers: runs.flatMap(({ metadata }) => metadata.finalizers ?? []).length,
      files: on.files.size,
      created: status.counts?.created,
      expired: status.counts?.expired,
      pending: status.run !== undefined || status.removing !== undefined || (status.expiring ?? []).length > 0,
    },
    writes: sent.map(textOf),
    posts: sent.filter(({ method, name }) => method === 'POST' && name === status.lastRunName).length,
    deletes: sent.filter(({ method }) => method === 'DELETE').length,
  }
}

describe.each([
  { what: 'a slot', before: 0, stays: 1, goes: 0 },
  { what: 'a slot and a removal', before: 2, stays: 2, goes: 1 },
])('the operator is cut off at each write of $what', { timeout: 240_000 }, ({ before, stays, goes }) => {
  test('and its successor comes to the same end', async () => {
    const undisturbed = await live(before)
    expect(undisturbed.end).toMatchObject({ files: stays, finalizers: 0, pending: false })
    expect(undisturbed.end.names).toHaveLength(stays)
    expect(undisturbed.end.policies).toEqual(Array.from({ length: stays }, () => 'Retain'))
    expect(undisturbed.end.expired ?? 0).toBe(goes)
    const count = Math.min(undisturbed.writes.length, mostWrites)
    // Status on record, the snapshot, what became of it; for a removal the announcement, the record, two steps, the end.
    expect(count).toBeGreaterThanOrEqual(goes === 0 ? 3 : 8)
    for (let at = 1; at <= count; at++) {
      for (const fate of fates) {
        const life = await live(before, { at, fate })
        const where = `${fate} at write ${at} of ${count}: ${undisturbed.writes.join(', ')}; then ${life.writes.join(', ')}`
        expect(life.end, where).toEqual(undisturbed.end)
        // It may be sent again where nobody heard the reply: the name is the lock.
        expect(life.posts, where).toBeLessThanOrEqual(2)
        expect(life.deletes, where).toBeLessThanOrEqual(goes === 0 ? 0 : 2)
      }
    }
  })
})
