// The time that a mover is given: more than a timer of Node can be set for is no reason to end at once.
import { describe, expect, vi } from 'vitest'
import { exitCodes } from '../../../../src/mover/contract.ts'
import { snapshotArchive } from '../../../support/mover/archive-writer.ts'
import { moverTest as test } from '../../../support/mover/test.ts'

vi.setConfig({ testTimeout: 240_000 })

describe('a deadline', () => {
  test.for([597, 600, 999_999])('of %i h lets a mover store its file', async (hours, { work }) => {
    await work.lay(snapshotArchive())
    const { code, result, stderr } = await work.run({ config: { deadlineSeconds: hours * 3600 } })
    expect(code, result.message).toBe(exitCodes.done)
    expect(result.stored?.alreadyThere).toBe(false)
    expect(stderr).toBe('')
  })

  test('that is over ends the mover, which says after how long', async ({ work }) => {
    await work.lay(snapshotArchive())
    const { code, result } = await work.run({ config: { deadlineSeconds: 1, bytesPerSecond: 1 } })
    expect(code).toBe(exitCodes.stalled)
    expect(result.message).toContain('The mover did not finish in 1 s')
  })
})
