// What a thousand healthy servers cost while nobody wants anything of them.
import { expect, test, vi } from 'vitest'
import { Simulation } from '../support/simulation/simulation.ts'

vi.mock('undici', async () => (await import('../support/simulation/network/undici.ts')).undici)
vi.setConfig({ testTimeout: 120_000 })

const second = 1000
const minute = 60 * second
const servers = 1000
const pollSeconds = 60

/** A look at a server: its pods, its claim, the Secret with its key. */
const apiCalls = 3
/** Of Meilisearch: health, what the key may do (five), version, contents. */
const serverCalls = 8
/** The lease is read and written each 2 s; each watch begins anew in at least 290 s. */
const besides = 2

test('a thousand idle servers are looked at once a minute each, and nothing else is asked', async () => {
  using simulation = new Simulation()
  for (let tenant = 1; tenant <= 20; tenant++) simulation.addTenant(tenant, servers / 20)
  simulation.startOperator()
  const { time, api, servers: meilisearch } = simulation
  await time.advance(2 * minute)
  const [beginMs, writes] = [time.now(), api.writes.total]
  await time.advance(3 * minute)
  const asked = api.traffic.rates(beginMs, time.now())
  const spoken = meilisearch.traffic.rates(beginMs, time.now())
  console.log(
    `API ${asked.mean.toFixed(0)}/s (peak ${asked.peak.toFixed(0)}/s), Meilisearch ${spoken.mean.toFixed(0)}/s (peak ${spoken.peak.toFixed(0)}/s)`,
  )
  // One in ten more for the spread of the polls: each is due after 0.9 to 1.1 of the period.
  const looks = (servers / pollSeconds) * 1.1
  expect(asked.mean).toBeLessThan(looks * apiCalls + besides)
  expect(spoken.mean).toBeLessThan(looks * serverCalls)
  expect(simulation.lines).toEqual([])
  // The lease alone is written.
  expect(api.writes.total - writes).toBeLessThan(100)
})
