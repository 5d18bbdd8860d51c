// Four hundred days of schedules in a cluster where people and machines make mistakes: what must hold at each write, and at the end of each day. A seed that fails prints what happened before.
import { expect, test, vi } from 'vitest'
import { runYear } from '../support/simulation/schedules/year.ts'

vi.setConfig({ testTimeout: 600_000 })

const days = 400

test.each([1, 2])(
  'on each of 400 days a slot runs once, nothing good is lost, and what is kept follows from the rules alone (seed %d)',
  async (seed) => {
    const { counts, done, passes, seconds } = await runYear({ seed, days })
    console.log(
      `seed ${seed}: ${JSON.stringify(counts)}, ${passes} passes in ${seconds.toFixed(0)} s, ${JSON.stringify(done)}`,
    )
    // A year in which nothing happens shows nothing.
    expect(counts.created).toBeGreaterThan(1800)
    expect(counts.removed).toBeGreaterThan(1300)
    expect(counts.settled).toBeGreaterThan(800)
    expect(counts.days).toBe(days)
  },
)
