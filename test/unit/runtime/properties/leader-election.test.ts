// Elections under any trouble with the network, clocks and processes: one holder at most, and one at last.
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Election, goodRoad } from '../../../support/runtime/election.ts'
import type { ClockOfProcess, Process } from '../../../support/runtime/election.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const minute = 60 * second
const hour = 60 * minute

const slot = fc.nat(2)
const travelMs = fc.array(fc.constantFrom(5, 5, 300, 6 * second, 12 * second), { minLength: 1, maxLength: 3 })
const trouble = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 10, 700, 2100, 6 * second, 11 * second, 17 * second),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('road' as const),
      slot,
      outMs: travelMs,
      backMs: travelMs,
      loses: fc.constantFrom(undefined, undefined, 'request' as const, 'reply' as const, 'refused' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('late write' as const),
      slot,
      outMs: fc.constantFrom(5, 5, 3 * second, 9 * second),
      backMs: fc.constantFrom(5, 3 * second, 9 * second, 16 * second),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('sleep' as const),
      slot,
      ms: fc.constantFrom(3 * second, 9 * second, 16 * second, 40 * second),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('stop' as const), slot }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), slot }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('set the clock' as const),
      slot,
      skewMs: fc.constantFrom(-hour, -17 * second, 0, 17 * second, hour),
    }),
  },
)
type Trouble = typeof trouble extends fc.Arbitrary<infer T> ? T : never

const clocks = fc.array(
  fc.record<ClockOfProcess>({
    offsetMs: fc.constantFrom(0, 12 * second, 1000 * hour),
    rate: fc.constantFrom(0.85, 1, 1.2),
    skewMs: fc.constantFrom(0, -hour, hour),
  }),
  { minLength: 3, maxLength: 3 },
)

/** Three slots; in each, a process that ended is followed by a new one with another name and the same clock. */
class Places {
  readonly #election: Election
  readonly #clocks: readonly ClockOfProcess[]
  readonly #now: Process[]
  #serial = 0

  constructor(election: Election, given: readonly ClockOfProcess[]) {
    this.#election = election
    this.#clocks = given
    this.#now = given.map((_, index) => this.#begin(index))
  }

  async befall(what: Trouble): Promise<void> {
    if (what.do === 'wait') return await this.wait(what.ms)
    const process = this.#now[what.slot]!
    switch (what.do) {
      case 'road':
        process.road = what
        break
      case 'late write':
        process.nextWrite = what
        break
      case 'sleep':
        process.sleep(what.ms)
        break
      case 'stop':
        void process.stop()
        break
      case 'crash':
        process.crash()
        break
      case 'set the clock':
        process.skewMs = what.skewMs
        break
    }
  }

  async wait(ms: number): Promise<void> {
    await this.#election.time.advance(ms)
    for (const [index, process] of this.#now.entries()) if (process.hasEnded) this.#now[index] = this.#begin(index)
  }

  heal(): void {
    for (const process of this.#now) process.road = goodRoad
  }

  #begin(index: number): Process {
    return this.#election.start(`${index}-${++this.#serial}`, this.#clocks[index])
  }
}

test('whatever befalls, no two ever hold it at once, and when the trouble is over some one does', async () => {
  await fc.assert(
    fc.asyncProperty(clocks, fc.array(trouble, { maxLength: 40, size: 'max' }), async (given, troubles) => {
      using election = new Election()
      const places = new Places(election, given)
      for (const each of troubles) await places.befall(each)
      places.heal()
      for (let times = 0; times < 12; times++) await places.wait(10 * second)
      expect(election.holders).toEqual([election.lease?.spec?.holderIdentity])
    }),
    { numRuns: 200 },
  )
})
