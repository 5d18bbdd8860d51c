import { describe, expect, test, vi } from 'vitest'
import { Conflict, NotFound, TerminalError, TransientError } from '../../../src/errors.ts'
import { runController } from '../../../src/runtime/controller.ts'
import type { Result } from '../../../src/runtime/controller.ts'
import { WorkQueue } from '../../../src/runtime/workqueue.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import { recordingLogger } from '../../support/runtime/log.ts'
import type { Line } from '../../support/runtime/log.ts'
import { VirtualTime } from '../../support/runtime/virtual-time.ts'

vi.setConfig({ testTimeout: 240_000 })

const second = 1000
const hour = 3600 * second

type Outcome = Result | Error

/** A controller whose reconciles end as the script of their key says, and well when it is at its end. */
class Stage {
  readonly time = new VirtualTime()
  readonly queue: WorkQueue
  readonly metrics = new Metrics('test')
  readonly lines: readonly Line[]
  /** When each reconcile began, by key. */
  readonly begun = new Map<string, number[]>()
  readonly busy = new Set<string>()
  /** Keys that were reconciled twice at once. */
  readonly twice: string[] = []
  readonly ended: Promise<void>
  hasEnded = false

  /** @param chance in [0, 1): where in its range a back-off lies */
  constructor({
    script = {},
    workers = 1,
    takesMs = 0,
    chance = 0,
  }: {
    script?: Readonly<Record<string, readonly Outcome[]>>
    workers?: number
    takesMs?: number
    chance?: number
  }) {
    const { time } = this
    this.queue = new WorkQueue({
      clock: {
        now: () => time.now(),
        setTimeout: (run, delayMs) => time.setTimeout(run, delayMs),
        random: () => chance,
      },
    })
    const { logger, lines } = recordingLogger()
    this.lines = lines
    const reconcile = async (key: string): Promise<Result> => {
      const nth = this.#begin(key)
      if (takesMs > 0) await time.pause(takesMs)
      this.busy.delete(key)
      const outcome = script[key]?.[nth] ?? {}
      if (outcome instanceof Error) throw outcome
      return outcome
    }
    this.ended = runController({
      name: 'stage',
      kind: 'Stage',
      queue: this.queue,
      reconcile,
      workers,
      logger,
      metrics: this.metrics,
    }).then(() => void (this.hasEnded = true))
  }

  /** Between one reconcile of `key` and the next. */
  get waitsMs(): readonly number[] {
    const begun = this.begun.get('key') ?? []
    return begun.slice(1).map((at, index) => at - begun[index]!)
  }

  async countOf(outcome: string): Promise<number> {
    const text = await this.metrics.text()
    return Number(
      new RegExp(`^meili_operator_reconcile_total{controller="stage",outcome="${outcome}"} (\\d+)$`, 'm').exec(
        text,
      )?.[1],
    )
  }

  #begin(key: string): number {
    if (this.busy.has(key)) this.twice.push(key)
    this.busy.add(key)
    const begun = this.begun.get(key) ?? []
    this.begun.set(key, [...begun, this.time.now()])
    return begun.length
  }
}

/** All that becomes of one key that is added once. */
async function play(script: readonly Outcome[], chance = 0): Promise<Stage> {
  const stage = new Stage({ script: { key: script }, chance })
  stage.queue.add('key')
  await stage.time.advance(hour)
  return stage
}

const transient = (retryAfterMs?: number): Error =>
  new TransientError('GET Pod shop/search-0 answered 503', retryAfterMs === undefined ? {} : { retryAfterMs })

const conflict = (): Error => new Conflict('PUT MeiliSnapshot shop/first answered 409')

describe('after a reconcile that ended', () => {
  test('well, nothing comes until somebody adds the key', async () => {
    const stage = await play([{}])
    expect(stage.waitsMs).toEqual([])
    stage.queue.add('key')
    await stage.time.advance(second)
    expect(stage.begun.get('key')).toEqual([0, hour])
    expect(await stage.countOf('success')).toBe(2)
  })

  test.each([0, 250, 15 * second])('with requeueAfterMs %i it is called again, once', async (requeueAfterMs) => {
    const stage = await play([{ requeueAfterMs }])
    expect(stage.waitsMs).toEqual([requeueAfterMs])
    expect(await stage.countOf('requeue')).toBe(1)
  })

  test('with a requeueAfterMs that is no number, it comes again after a wait that grows', async () => {
    const stage = await play([{ requeueAfterMs: Number.NaN }, { requeueAfterMs: Number.NaN }])
    expect(stage.waitsMs).toEqual([100, 200])
    expect(await stage.countOf('bug')).toBe(2)
  })

  test('in a conflict, it comes again in a moment, quietly, and after a wait that grows', async () => {
    const stage = await play(Array.from({ length: 12 }, () => conflict()))
    expect(stage.waitsMs).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
    expect(stage.lines).toEqual([])
    expect(await stage.countOf('conflict')).toBe(12)
  })

  test('in conflicts while the cache is behind, it comes at once when the watch brings the news', async () => {
    const stage = new Stage({ script: { key: Array.from({ length: 20 }, () => conflict()) } })
    stage.queue.add('key')
    await stage.time.advance(3 * second)
    expect(stage.waitsMs).toEqual([100, 200, 400, 800])
    stage.queue.add('key')
    await stage.time.advance(0)
    expect(stage.begun.get('key')?.at(-1)).toBe(3 * second)
  })

  test('in a transient error, it comes again after a wait that grows', async () => {
    const stage = await play(Array.from({ length: 12 }, () => transient()))
    expect(stage.waitsMs).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
    expect(await stage.countOf('transient')).toBe(12)
  })

  test('in a transient error with Retry-After, it waits that long at least', async () => {
    const stage = await play([transient(30 * second), transient(1), transient(150)])
    expect(stage.waitsMs).toEqual([30 * second, 200, 400])
  })

  test('in one with a Retry-After of a day, it waits for a minute', async () => {
    const stage = await play([transient(24 * hour)])
    expect(stage.waitsMs).toEqual([60 * second])
  })

  test('in a terminal error, it comes again after a minute, unless something changes before', async () => {
    const stage = await play([new TerminalError('POST Job shop/mover answered 403'), new TerminalError('the same')])
    expect(stage.waitsMs).toEqual([60 * second, 60 * second])
    expect(await stage.countOf('terminal')).toBe(2)
    const woken = new Stage({ script: { key: [new TerminalError('no')] } })
    woken.queue.add('key')
    await woken.time.advance(5 * second)
    woken.queue.add('key')
    await woken.time.advance(second)
    expect(woken.waitsMs).toEqual([5 * second])
  })

  test.each([
    ['a mistake of ours', new TypeError('x is not a function')],
    ['an absence that nobody expected', new NotFound('GET Pod shop/search-0 answered 404')],
  ])('in %s, it comes again after a wait that grows', async (_what, error) => {
    const stage = await play([error, error, error])
    expect(stage.waitsMs).toEqual([100, 200, 400])
    expect(await stage.countOf('bug')).toBe(3)
  })
})

describe('the wait after failures', () => {
  test('differs with chance, up to twice as long', async () => {
    const stage = await play(
      Array.from({ length: 4 }, () => transient()),
      1 - Number.EPSILON,
    )
    expect(stage.waitsMs).toEqual([200, 400, 800, 1600])
  })

  test.each([
    ['a success', {}, undefined],
    ['a requeueAfterMs', { requeueAfterMs: 7 }, 7],
  ])('begins anew after %s', async (_what, good, waitMs) => {
    const stage = new Stage({ script: { key: [transient(), transient(), good, transient()] } })
    stage.queue.add('key')
    await stage.time.advance(second)
    if (waitMs === undefined) stage.queue.add('key')
    await stage.time.advance(second)
    expect(stage.waitsMs).toEqual([100, 200, waitMs ?? 700, 100])
  })

  test('grows with each, whatever it was', async () => {
    const stage = await play([transient(), conflict(), transient(), new TerminalError('403'), conflict()])
    expect(stage.waitsMs).toEqual([100, 200, 400, 60 * second, 1600])
  })

  test('does not begin anew with a pass that could not look, as the cache was behind', async () => {
    const stale = { requeueAfterMs: second, isStale: true }
    const stage = await play([transient(), stale, transient(), stale, transient()])
    expect(stage.waitsMs).toEqual([100, second, 200, second, 400])
  })

  test('of refusals is spread, so that many of them do not come together for ever', async () => {
    const refusals = Array.from({ length: 12 }, () => new TerminalError('403'))
    const stage = await play(refusals, 0.5)
    expect(stage.waitsMs.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => 60 * second))
    expect(stage.waitsMs.slice(-2)).toEqual([90 * second, 90 * second])
  })

  test('is not cut short by what an earlier pass asked for', async () => {
    const stage = new Stage({ script: { key: [{ requeueAfterMs: 10 * second }, transient(30 * second)] } })
    stage.queue.add('key')
    await stage.time.advance(2 * second)
    stage.queue.add('key')
    await stage.time.advance(hour)
    expect(stage.begun.get('key')).toEqual([0, 2 * second, 32 * second])
  })

  test('of one key is nothing to another', async () => {
    const stage = new Stage({ script: { bad: Array.from({ length: 100 }, () => transient()) } })
    stage.queue.add('bad')
    await stage.time.advance(60 * second)
    stage.queue.add('good')
    await stage.time.advance(0)
    expect(stage.begun.get('good')).toEqual([60 * second])
  })
})

describe('the log', () => {
  test('has a line without a stack for a transient error, with the number of failures', async () => {
    const stage = await play([transient(), transient()])
    expect(stage.lines).toMatchObject([
      { level: 'warn', kind: 'Stage', name: 'key', failures: 1, reason: 'GET Pod shop/search-0 answered 503' },
      { failures: 2 },
    ])
    expect(JSON.stringify(stage.lines)).not.toContain('stack')
    expect(stage.lines[0]?.['reconcileID']).not.toBe(stage.lines[1]?.['reconcileID'])
  })

  test('has an error for a refusal', async () => {
    const stage = await play([new TerminalError('POST Job answered 403')])
    expect(stage.lines).toMatchObject([
      { level: 'error', reason: 'POST Job answered 403', msg: 'refused; waiting for a change' },
    ])
  })

  test('has the stack of a mistake of ours', async () => {
    const stage = await play([new TypeError('x is not a function')])
    expect(stage.lines).toMatchObject([
      {
        level: 'error',
        kind: 'Stage',
        name: 'key',
        err: {
          type: 'TypeError',
          message: 'x is not a function',
          stack: expect.stringContaining('controller.test.ts') as string,
        },
      },
    ])
  })

  test('has nothing for what goes well', async () => {
    expect((await play([{ requeueAfterMs: 5 }, {}])).lines).toEqual([])
  })
})

describe('workers', () => {
  test('reconcile as many keys at once as there are workers, and no more', async () => {
    const stage = new Stage({ workers: 3, takesMs: second })
    for (const key of ['a', 'b', 'c', 'd']) stage.queue.add(key)
    await stage.time.advance(500)
    expect([...stage.busy]).toEqual(['a', 'b', 'c'])
    await stage.time.advance(second)
    expect([...stage.busy]).toEqual(['d'])
  })

  test('never reconcile a key twice at once; a change meanwhile is seen by a reconcile that begins after it', async () => {
    const stage = new Stage({ workers: 3, takesMs: second })
    stage.queue.add('a')
    await stage.time.advance(500)
    stage.queue.add('a')
    await stage.time.advance(hour)
    expect(stage.begun.get('a')).toEqual([0, second])
    expect(stage.twice).toEqual([])
  })

  test('go on after a reconcile that throws something that is no error', async () => {
    const stage = new Stage({ script: { bad: ['a word' as unknown as Error] } })
    stage.queue.add('bad')
    stage.queue.add('good')
    await stage.time.advance(second)
    expect(stage.begun.get('good')).toEqual([0])
  })
})

describe('a queue that is closed', () => {
  test('ends the controller when the last running reconcile has ended, and begins no other', async () => {
    const stage = new Stage({ workers: 2, takesMs: 10 * second })
    for (const key of ['a', 'b', 'c']) stage.queue.add(key)
    await stage.time.advance(second)
    stage.queue.add('a')
    stage.queue.close()
    await stage.time.advance(8 * second)
    expect(stage.hasEnded).toBe(false)
    await stage.time.advance(second)
    await stage.ended
    expect([...stage.begun.keys()]).toEqual(['a', 'b'])
    await stage.time.advance(hour)
    expect(stage.begun.get('a')).toEqual([0])
  })

  test('ends an idle controller at once', async () => {
    const stage = new Stage({ workers: 8 })
    await stage.time.advance(second)
    stage.queue.close()
    await stage.ended
    expect(stage.begun.size).toBe(0)
  })
})

test('each outcome has a series from the start, at 0', async () => {
  const stage = new Stage({})
  for (const outcome of ['success', 'requeue', 'conflict', 'transient', 'terminal', 'bug'])
    expect(await stage.countOf(outcome)).toBe(0)
  expect(await stage.metrics.text()).toContain('meili_operator_workqueue_depth{controller="stage"} 0')
})

test('a line names the object in its namespace, and the pass by the id that the reconcile was given', async () => {
  const { logger, lines } = recordingLogger()
  const queue = new WorkQueue()
  const ids: string[] = []
  const reconcile = (_: string, reconcileID: string): Promise<Result> => {
    ids.push(reconcileID)
    queue.close()
    return Promise.reject(new TerminalError('no'))
  }
  queue.add('shop/movies')
  await runController({
    name: 'things',
    kind: 'Thing',
    queue,
    reconcile,
    workers: 1,
    logger,
    metrics: new Metrics('test'),
  })
  expect(lines).toMatchObject([{ kind: 'Thing', namespace: 'shop', name: 'movies', reconcileID: ids[0] }])
})
