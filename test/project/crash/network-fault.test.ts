// Every kind of call meets a network fault as often as it should, and nothing that it swallows reaches the server.
import { describe, expect, test } from 'vitest'
import type { Call, Reply } from '../../crash/fixture/http-proxy.ts'
import { kindOf, NetworkFault } from '../../crash/faults/network-fault.ts'
import type { Kind } from '../../crash/faults/network-fault.ts'

const call = (method: string, path: string): Call => ({ method, path, body: '', authorization: '' })
const fine: Reply = { status: 200, headers: {}, body: '{"fine":true}' }

describe('kinds of calls', () => {
  test.each([
    [
      'PUT',
      '/apis/meili-operator.dev/v1alpha1/namespaces/shop/meilisnapshots/nightly/status',
      'PUT meilisnapshots NAME/status',
    ],
    ['GET', '/apis/meili-operator.dev/v1alpha1/meilisnapshots?limit=500', 'GET meilisnapshots'],
    ['POST', '/apis/batch/v1/namespaces/shop/jobs', 'POST jobs'],
    ['GET', '/api/v1/namespaces/shop/pods/mover-x/log?container=mover', 'GET pods NAME/log'],
    ['GET', '/tasks?types=snapshotCreation', 'GET /tasks'],
    ['GET', '/tasks/12', 'GET /tasks/N'],
  ])('%s %s', (method, path, kind) => {
    expect(kindOf({ method, path, isWatch: false })).toBe(kind)
  })
})

async function sendAll(
  kind: Kind,
  calls: readonly Call[],
): Promise<{ statuses: (number | 'broken')[]; reached: number; networkFault: NetworkFault }> {
  const networkFault = new NetworkFault(kind)
  let reached = 0
  const guarded = networkFault.around(async (_, forward) => await forward())
  const statuses: (number | 'broken')[] = []
  for (const one of calls) {
    const reply = await guarded(one, async () => {
      reached += 1
      return await Promise.resolve(fine)
    })
    statuses.push(reply === undefined || reply.cutAt !== undefined ? 'broken' : reply.status)
  }
  return { statuses, reached, networkFault }
}

describe('a network fault', () => {
  const reads = Array.from({ length: 3 }, () => call('GET', '/tasks'))

  test.each([
    ['reset', ['broken', 'broken', 200], 1],
    ['429', [429, 429, 200], 1],
    ['500', [500, 500, 200], 1],
    ['cut body', ['broken', 'broken', 200], 3],
    ['410', [200, 200, 200], 3],
  ] as const)('%s meets each kind twice', async (kind, statuses, reached) => {
    expect(await sendAll(kind, reads)).toMatchObject({ statuses, reached })
  })

  test('a POST /snapshots that it swallows is counted, and meets it once', async () => {
    const { statuses, networkFault } = await sendAll('500', [call('POST', '/snapshots'), call('POST', '/snapshots')])
    expect(statuses).toEqual([500, 200])
    expect(networkFault.swallowedPosts).toBe(1)
    expect((await sendAll('cut body', [call('POST', '/snapshots')])).networkFault.swallowedPosts).toBe(0)
  })

  test('a watch gets 410 Expired once, then goes on', async () => {
    const { watch } = new NetworkFault('410')
    const pods = { method: 'GET', path: '/api/v1/pods?watch=true' }
    expect(await watch(pods)).toMatchObject({ status: 200, body: expect.stringContaining('"code":410') })
    await watch(pods)
    expect(await watch(pods)).toBeUndefined()
  })
})
