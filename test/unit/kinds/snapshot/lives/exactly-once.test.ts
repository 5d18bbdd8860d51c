// One object, one task: a server and an operator that crash, hang and lose replies at any moment, second by second.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotStatus, SnapshotTask } from '../../../../../src/api/snapshot.ts'
import { decideSnapshot } from '../../../../../src/kinds/snapshot/decide.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import type { EngineSeen } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  anEngine,
  anObservation,
  aSnapshot,
  asStored,
  aTask,
  baseline,
  now,
  second,
} from '../../../../support/builders/observations.ts'

const lastSecond = 300

/** What becomes of one POST, once the operator has written its status. */
interface Fate {
  /** The operator dies between the write and the POST. */
  readonly crashes: boolean
  /** The packet gets lost on its way. */
  readonly lost: boolean
  /** How long it lies in front of the server, at most as long as the client waits. */
  readonly delaySeconds: number
  /** The reply reaches the operator, which lives on. */
  readonly replied: boolean
}

interface Script {
  readonly fates: readonly Fate[]
  /** Stretches in which the server answers nothing, and takes in nothing. */
  readonly silences: readonly { readonly from: number; readonly seconds: number }[]
  /** How many seconds lie between two passes. */
  readonly pauses: readonly number[]
}

const script: fc.Arbitrary<Script> = fc.record({
  fates: fc.array(
    fc.record({
      crashes: fc.boolean(),
      lost: fc.boolean(),
      delaySeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10 })),
      replied: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  silences: fc.array(fc.record({ from: fc.nat(200), seconds: fc.integer({ min: 1, max: 90 }) }), { maxLength: 3 }),
  pauses: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 5, maxLength: 5 }),
})

/** A Meilisearch that makes a task of whatever arrives. */
class Server {
  readonly #silences: Script['silences']
  /** When each POST that was not lost arrives. */
  readonly #arrivals: number[] = []

  constructor(silences: Script['silences']) {
    this.#silences = silences
  }

  isSilent(at: number): boolean {
    return this.#silences.some(({ from, seconds }) => at >= from && at < from + seconds)
  }

  /** What arrives at a silent server lies in front of it until it is back, and for as long as it would have taken anyway. */
  post(at: number, delaySeconds: number): void {
    let arrival = at
    while (this.isSilent(arrival)) arrival += 1
    this.#arrivals.push(arrival + delaySeconds)
  }

  tasks(at: number): SnapshotTask[] {
    return this.#arrivals
      .filter((arrival) => arrival <= at)
      .toSorted((a, b) => a - b)
      .map((_, index) => aTask({ uid: baseline.uid + 1 + index }))
  }

  /** All that are made in the end. */
  allTasks(): number {
    return this.#arrivals.length
  }

  engineAt(at: number): EngineSeen {
    return this.isSilent(at)
      ? { state: 'Unreachable', message: 'GET /tasks got no reply: ETIMEDOUT.' }
      : anEngine({ candidates: this.tasks(at), newest: this.tasks(at).at(-1) ?? baseline })
  }
}

interface Outcome {
  readonly server: Server
  readonly status: MeiliSnapshotStatus
  /** How many POSTs were really sent, and the status that the API server had at that moment. */
  readonly sent: readonly MeiliSnapshotStatus[]
}

function play({ fates, silences, pauses }: Script): Outcome {
  const server = new Server(silences)
  const sent: MeiliSnapshotStatus[] = []
  let status: MeiliSnapshotStatus = { observedGeneration: -1 }
  let asked = 0
  for (let at = 0, pass = 0; at < lastSecond; at += pauses[pass % pauses.length] ?? 1, pass += 1) {
    const atMs = now + at * second
    const decision = decideSnapshot(
      anObservation({ snapshot: aSnapshot({ status }), engine: server.engineAt(at) }),
      atMs,
    )
    status = asStored(decision.status)
    if (!decision.effects.some(({ kind }) => kind === 'RequestSnapshot')) continue
    const { crashes, lost, delaySeconds, replied } = fates[asked % fates.length] as Fate
    asked += 1
    if (crashes) continue
    sent.push(status)
    if (lost) continue
    server.post(at, delaySeconds)
    if (replied && delaySeconds === 0)
      status = asStored(
        applyFact(aSnapshot({ status }), { kind: 'TaskEnqueued', taskUid: server.tasks(at).at(-1)?.uid ?? 0 }, atMs),
      )
  }
  return { server, status, sent }
}

describe('exactly once', () => {
  test('whatever crashes, hangs or gets lost: at most one task, which is the one on record, and no POST that was not counted before', () => {
    fc.assert(
      fc.property(script, (of) => {
        const { server, status, sent } = play(of)
        expect(server.allTasks()).toBeLessThanOrEqual(1)
        if (server.tasks(lastSecond - 50).length === 1)
          expect(status.request?.taskUid ?? status.task?.uid).toBe(baseline.uid + 1)
        const counts = sent.map(({ request }) => request?.posts ?? 0)
        expect(counts).toEqual([...new Set(counts)].filter((count) => count > 0))
        expect(status.request?.posts ?? 0).toBeGreaterThanOrEqual(sent.length)
      }),
      { numRuns: 150 },
    )
  })

  test('a request that was lost is made again, so that there is a task in the end', () => {
    const lost = { crashes: false, lost: true, delaySeconds: 0, replied: false }
    const { server, sent } = play({
      fates: [lost, { ...lost, lost: false, crashes: true }, { ...lost, lost: false, replied: true }],
      silences: [],
      pauses: [1],
    })
    expect(server.allTasks()).toBe(1)
    expect(sent.map(({ request }) => request?.posts)).toEqual([1, 3])
  })
})
