// Which slot runs, which never do, and when the next one comes.
import { describe, expect, it } from 'vitest'
import { planSlots } from '../../../../../src/kinds/schedule/slots/plan.ts'
import { aSchedule } from '../../../../support/builders/schedules.ts'

const at = (text: string): number => Date.parse(`2026-11-${text}:00Z`)

describe('the slot that is due', () => {
  it('is the newest one that has passed, and the ones before are missed', () => {
    const schedule = aSchedule({ metadata: { creationTimestamp: '2026-11-20T12:00:00Z' } })
    const plan = planSlots(schedule, [], at('24T03:00'))
    expect(plan.due).toEqual({ slotMs: at('24T03:00'), name: 'nightly-202611240300' })
    expect(plan.missed).toBe(3)
    expect(plan.nextRunMs).toBe(at('25T03:00'))
  })
})
