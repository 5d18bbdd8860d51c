// What holds when an operator is killed in the middle of its work and another one takes over, in a whole modelled cluster.
import { expect, test, vi } from 'vitest'
import { figuresOf, runNight } from '../support/simulation/night.ts'
import type { Operator, Simulation } from '../support/simulation/simulation.ts'

vi.mock('undici', async () => (await import('../support/simulation/network/undici.ts')).undici)
vi.setConfig({ testTimeout: 120_000 })

const second = 1000
const minute = 60 * second

/** Each time at another moment of the work, and always a while after the lease of the one before is over. */
function killAgainAndAgain(simulation: Simulation, first: Operator, times: number): void {
  const { time } = simulation
  let operator = first
  const killIn = (left: number): void =>
    void time.setTimeout(
      () => {
        simulation.kill(operator)
        operator = simulation.startOperator()
        if (left > 1) killIn(left - 1)
      },
      18 * second + Math.floor(time.random() * 10 * second),
    )
  killIn(times)
}

test.each([1, 2, 3])(
  'each snapshot is asked for once, and none is lost, however often the operator is killed (seed %d)',
  async (seed) => {
    let kills = 0
    const night = await runNight({
      seed,
      tenants: 4,
      serversEach: 4,
      snapshotsEach: 3,
      hostile: 'absent',
      withinMs: 20 * minute,
      meanwhile: (simulation, operator) => {
        kills = 5
        killAgainAndAgain(simulation, operator, kills)
      },
    })
    console.log(figuresOf(`killed ${kills} times`, night))
    expect(night.failed).toEqual([])
    expect(night.posts).toEqual(night.posts.map(() => 3))
  },
)
