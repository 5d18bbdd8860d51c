// One tenant among others is hostile, or its part of the cluster is broken: what the others have of it.
// A small cluster, and the whole operator.
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { troubles } from '../support/simulation/hostile.ts'
import type { Trouble } from '../support/simulation/hostile.ts'
import { figuresOf, runNight } from '../support/simulation/night.ts'
import type { Night, NightParts } from '../support/simulation/night.ts'

vi.mock('undici', async () => (await import('../support/simulation/network/undici.ts')).undici)

const second = 1000
const minute = 60 * second
const maxMovers = 10

/** The hostile tenant alone has more movers that cannot start than there are slots. */
const small: Omit<NightParts, 'hostile'> = {
  tenants: 5,
  serversEach: 12,
  snapshotsEach: 3,
  taskMs: 20 * second,
  moveMs: 10 * second,
  settings: { MAX_MOVERS: String(maxMovers) },
  withinMs: 20 * minute,
}

describe('with a hostile tenant', () => {
  let alone: Night

  beforeAll(async () => {
    alone = await runNight({ ...small, hostile: 'absent' })
    console.log(figuresOf('without it', alone))
  })

  test.each<{ chosen: readonly Trouble[] }>([{ chosen: troubles }, { chosen: ['NoNode'] }])(
    'whose trouble is $chosen, the others are done in 1.2 times the time at most',
    async ({ chosen }) => {
      const night = await runNight({ ...small, hostile: 'present', troubles: chosen })
      console.log(figuresOf(`with ${chosen.join(', ')}`, night))
      expect(night.failed).toEqual([])
      expect(night.posts).toEqual(night.posts.map(() => small.snapshotsEach))
      // One more, where a single namespace has all slots and another one asks.
      expect(night.mostMovers).toBeLessThanOrEqual(maxMovers + 1)
      // Who waits is woken, and asks seldom: this is for the tens that are at work at once.
      expect(night.api.mean).toBeLessThan(200)
      expect(night.meilisearch.mean).toBeLessThan(250)
      expect(night.doneAfterMs).toBeLessThanOrEqual(1.2 * alone.doneAfterMs)
    },
  )
})
