// The size that is promised: 1,000 servers of 20 tenants, 3,000 snapshots that all wait at once, and one tenant hostile in each way.
// Minutes of one core, so it has its own command, npm run test:thousand. Its decisive part, in small, is tenants.test.ts.
import { expect, test, vi } from 'vitest'
import { figuresOf, runNight } from '../../support/simulation/night.ts'
import type { Night, NightParts } from '../../support/simulation/night.ts'

vi.mock('undici', async () => (await import('../../support/simulation/network/undici.ts')).undici)

const second = 1000
const hour = 3_600_000
const maxMovers = 10

const night: Omit<NightParts, 'hostile'> = {
  tenants: 20,
  serversEach: 50,
  snapshotsEach: 3,
  taskMs: 20 * second,
  // Short, so that the night is: ten at a time, that is still most of an hour.
  moveMs: 5 * second,
  settings: { MAX_MOVERS: String(maxMovers), INSTANCE_POLL_SECONDS: '300' },
  withinMs: 3 * hour,
}

/** What the client lets through (src/operator/compose.ts: 200 in a second, 400 at once), and Events, which have a route of their own. */
const apiCalls = { mean: 200, peak: 400 }
/** Of a thousand servers: half a request a second for each. */
const serverCalls = 500

function expectAllServed({ failed, completed, posts, mostMovers, api, meilisearch }: Night): void {
  expect(failed).toEqual([])
  expect(completed).toBe(19 * night.serversEach * night.snapshotsEach)
  expect(posts).toEqual(posts.map(() => night.snapshotsEach))
  // One more, where a single namespace has all slots and another one asks.
  expect(mostMovers).toBeLessThanOrEqual(maxMovers + 1)
  expect(api.mean).toBeLessThan(apiCalls.mean)
  expect(api.peak).toBeLessThan(apiCalls.peak)
  expect(meilisearch.peak).toBeLessThan(serverCalls)
}

test('a hostile tenant among twenty costs the others a fifth of their time at most, and no snapshot', async () => {
  const alone = await runNight({ ...night, hostile: 'absent' })
  console.log(figuresOf('19 tenants, 2,850 snapshots', alone))
  const beside = await runNight({ ...night, hostile: 'present' })
  console.log(figuresOf('the same beside a hostile one, with 150 more', beside))
  console.log(`ratio ${(beside.doneAfterMs / alone.doneAfterMs).toFixed(2)}`)
  expectAllServed(alone)
  expectAllServed(beside)
  expect(beside.doneAfterMs).toBeLessThanOrEqual(1.2 * alone.doneAfterMs)
})
