// What a pass does with the slot that it has claimed.
import { describe, expect, test } from 'vitest'
import { Conflict, TransientError } from '../../../../../../src/errors.ts'
import { meiliSnapshots } from '../../../../../../src/api/snapshot.ts'
import type { KeptPod } from '../../../../../../src/kinds/snapshot/observe/kept.ts'
import { performWithin, reconcileWithin } from '../../../../../../src/kinds/snapshot/observe/slots/passes.ts'
import { Slots } from '../../../../../../src/kinds/snapshot/observe/slots/slots.ts'
import type { Fact } from '../../../../../../src/reconcile/decision.ts'
import { aJob, aSnapshot, minute, movingStatus, now } from '../../../../../support/builders/observations.ts'

/** Of another snapshot, which has failed. */
const anEndedPod: KeptPod = {
  metadata: { name: 'x', namespace: 'shop', ownerReferences: [{ kind: 'Job', name: 'x' } as never] },
  status: { phase: 'Failed' },
}

const oneSlot = (nowMs: () => number = () => now): Slots =>
  new Slots({
    maxMovers: 1,
    maxStreams: 0,
    isStreamed: () => false,
    isReady: () => true,
    isKnown: () => true,
    nowMs,
  })

/** One slot, taken by a pass over `nightly` that makes its Job; what the API server says of that. */
async function pass(
  create: () => Promise<Fact | undefined>,
): Promise<{ slots: Slots; isFree: (afterMs?: number) => boolean }> {
  let nowMs = now
  const slots = oneSlot(() => nowMs)
  const object = aSnapshot({ status: movingStatus({ node: undefined as never }) })
  const effect = { kind: 'CreateJob', job: aJob(object) } as const
  const perform = performWithin(slots, create)
  const reconcile = reconcileWithin(slots, async () => {
    expect(slots.claim(object, 'movers')).toBeUndefined()
    await perform(effect, { resource: meiliSnapshots, object, writtenAt: undefined })
    return {}
  })
  await reconcile('shop/nightly').catch(() => undefined)
  const other = aSnapshot({ name: 'other', metadata: { uid: 'other' }, status: movingStatus() })
  const isFree = (afterMs = 0): boolean => {
    nowMs = now + afterMs
    const place = slots.claim(other, 'movers')
    slots.release('shop/other')
    return place === undefined
  }
  return { slots, isFree }
}

describe('the slot of a pass', () => {
  test('stays with the Job that it made, until its pod is there, or a minute has passed', async () => {
    const { isFree } = await pass(() => Promise.resolve(undefined))
    expect(isFree()).toBe(false)
    expect(isFree(minute)).toBe(false)
    expect(isFree(minute + 1)).toBe(true)
  })

  test('stays no longer where the clock is set back meanwhile', async () => {
    const { isFree } = await pass(() => Promise.resolve(undefined))
    expect(isFree(-60 * minute)).toBe(true)
  })

  test('stays where no reply came: the Job may have been made', async () => {
    const { isFree } = await pass(() => Promise.reject(new TransientError('POST Job got no reply')))
    expect(isFree()).toBe(false)
  })

  test('is free at once where the Job was refused', async () => {
    const { isFree } = await pass(() =>
      Promise.resolve({ kind: 'Refused', effect: 'CreateJob', message: 'exceeded quota' } as const),
    )
    expect(isFree()).toBe(true)
  })

  test('is free at the end of a pass that came to no Job', async () => {
    const { slots, isFree } = await pass(() => Promise.resolve(undefined))
    slots.release('shop/nightly')
    const reconcile = reconcileWithin(slots, () => {
      slots.claim(aSnapshot({ status: movingStatus() }), 'movers')
      return Promise.reject(new Conflict('somebody was quicker'))
    })
    await expect(reconcile('shop/nightly')).rejects.toThrow('somebody was quicker')
    expect(isFree()).toBe(true)
  })
})

describe('a Job that another process has made, and whose pod is not seen yet', () => {
  test('has its slot, in whatever order the caches were filled', () => {
    const slots = oneSlot()
    slots.podChanged({ previous: undefined, current: anEndedPod })
    slots.snapshotChanged({ previous: undefined, current: aSnapshot({ status: movingStatus() }) })
    const elsewhere = { namespace: 'elsewhere', uid: 'other' }
    const other = aSnapshot({ metadata: elsewhere, status: movingStatus({ node: undefined as never }) })
    expect(slots.claim(other, 'movers')).toMatchObject({ enough: 'movers' })
  })
})
