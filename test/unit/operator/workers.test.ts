// Servers that swallow packets take a worker each for as long as they are waited for: there are enough workers for the others.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TransientError } from '../../../src/errors.ts'
import { SilentServers } from '../../../src/meilisearch/silent-servers.ts'
import { workers } from '../../../src/operator/controller-parts.ts'
import { runController } from '../../../src/runtime/controller.ts'
import type { Result } from '../../../src/runtime/controller.ts'
import { WorkQueue } from '../../../src/runtime/workqueue.ts'
import { recordingLogger } from '../../support/runtime/log.ts'
import { VirtualTime } from '../../support/runtime/virtual-time.ts'

const second = 1000
const minute = 60 * second
const dead = Array.from({ length: 300 }, (_, index) => `shop/dead-${index}`)

let time: VirtualTime
let rule: Disposable
beforeEach(() => {
  time = new VirtualTime()
  rule = time.rule()
})
afterEach(() => rule[Symbol.dispose]())

/** How long `shop/alive` waited for each of its passes, each of which takes 20 ms and asks for the next one a second later. */
async function waitsBeside(deadPass: (key: string) => Promise<void>, forMs: number): Promise<readonly number[]> {
  const queue = new WorkQueue()
  const waitsMs: number[] = []
  let askedForMs = 0
  const reconcile = async (key: string): Promise<Result> => {
    if (key !== 'shop/alive') {
      await deadPass(key)
      return { requeueAfterMs: 10 * second }
    }
    waitsMs.push(time.now() - askedForMs)
    await time.pause(20)
    askedForMs = time.now() + second
    return { requeueAfterMs: second }
  }
  const running = runController({
    name: 'things',
    kind: 'Thing',
    queue,
    reconcile,
    workers,
    logger: recordingLogger().logger,
    metrics: { declareController: () => undefined, observeWait: () => undefined, observeReconcile: () => undefined },
  })
  for (const key of [...dead, 'shop/alive']) queue.add(key)
  await time.advance(forMs)
  queue.close()
  await time.advance(minute)
  await running
  return waitsMs
}

describe('a server that answers, beside 300 that swallow packets', () => {
  test('waits for seconds at first, and not at all once they are known', async () => {
    const silent = new SilentServers(() => time.now())
    const ask = async (endpoint: string): Promise<void> => {
      const look = silent.ask({ endpoint, news: '' }, async ({ connectMs }) => {
        await time.pause(connectMs)
        throw new TransientError('GET /tasks got no reply')
      })
      await look.catch((error: unknown) => {
        if (!(error instanceof TransientError)) throw error
      })
    }
    const waitsMs = await waitsBeside(ask, 10 * minute)
    expect(Math.max(...waitsMs)).toBeLessThan(20 * second)
    expect(waitsMs.length).toBeGreaterThan(9 * 60)
    expect(Math.max(...waitsMs.slice(60))).toBeLessThan(second)
  })

  test('waits for less than a minute for each pass if nothing were known of them', async () => {
    const waitsMs = await waitsBeside(async () => await time.pause(5 * second), 10 * minute)
    expect(Math.max(...waitsMs)).toBeLessThan(minute)
  })
})
