// A schedule while its snapshots may not be read: nothing is deleted, and status says why.
import { expect, test } from 'vitest'
import { TerminalError } from '../../../../../src/errors.ts'
import { ScheduleLoop } from '../../../../support/builders/schedule-loop.ts'
import { refusal } from '../../../../support/kubernetes/kube-in-memory.ts'

test('a read that is refused is said in status, nothing else changes, and it goes on when the right is back', async () => {
  const loop = new ScheduleLoop()
  await loop.settle()
  const removing = { name: 'gone', uid: 'gone', deletionPolicy: 'Retain', startedAt: '2026-03-01T12:00:00Z' } as const
  loop.changeStatus({ ...loop.status, removing })
  const before = loop.status
  loop.fault = ({ verb, resource }) => {
    if (verb === 'get' && resource.plural === 'meilisnapshots')
      throw refusal(403, 'Forbidden', 'meilisnapshots is forbidden')
  }
  await expect(loop.settle()).rejects.toBeInstanceOf(TerminalError)
  expect(loop.conditions).toEqual(['Stalled=True ReadRefused', 'Ready=Unknown ReadRefused'])
  expect(loop.status).toMatchObject({ ...before, conditions: expect.anything() })
  loop.fault = () => undefined
  await loop.settle()
  expect(loop.conditions).toEqual(['Ready=True Scheduled'])
})
