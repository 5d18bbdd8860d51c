// Why a pod does not run: the scheduler's, the kubelet's and the server's own words, and which of them another try seldom helps.
import { expect, test } from 'vitest'
import { podTrouble } from '../../../../../src/kinds/instance/managed/pod-trouble.ts'
import { notReadyPod, serverPod } from '../../../../support/builders/managed-observations.ts'

const containers = (state: object): object => ({
  containerStatuses: [{ name: 'meilisearch', ready: false, image: 'getmeili/meilisearch:v9', ...state }],
})

test('none while all goes its ordinary way', () => {
  expect(podTrouble(serverPod())).toBeUndefined()
  for (const reason of ['ContainerCreating', 'PodInitializing'])
    expect(podTrouble(notReadyPod(containers({ state: { waiting: { reason } } })))).toBeUndefined()
  expect(podTrouble(notReadyPod({ containerStatuses: [] }))).toBeUndefined()
  expect(podTrouble(notReadyPod(containers({ state: { terminated: { exitCode: 0 } } })))).toBeUndefined()
})

test('a pod that was restarted and is ready again has none', () => {
  expect(
    podTrouble(
      serverPod({
        status: containers({ ready: true, state: { running: {} }, lastState: { terminated: { exitCode: 137 } } }),
      }),
    ),
  ).toBeUndefined()
})

test.each([
  [
    'no node',
    { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available' }] },
    'Pod movies-0 has no node: 0/2 nodes are available',
    false,
  ],
  [
    'no image',
    containers({ state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } }),
    'Pod movies-0 waits, ImagePullBackOff (getmeili/meilisearch:v9): not found',
    true,
  ],
  [
    'no Secret',
    containers({ state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } } }),
    'Pod movies-0 waits, CreateContainerConfigError (getmeili/meilisearch:v9): secret "x" not found',
    false,
  ],
  [
    'an error of the server',
    containers({
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, message: 'one\n\u001b[31mtwo\u001b[0m\n\nthree\nfour\n' } },
    }),
    'Meilisearch in pod movies-0 ended with exit code 1: two three four',
    true,
  ],
  [
    'one that says nothing',
    containers({ state: { terminated: { exitCode: 2 } } }),
    'Meilisearch in pod movies-0 ended with exit code 2: it said nothing',
    true,
  ],
  [
    'no memory',
    containers({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }),
    'Meilisearch in pod movies-0 ended with exit code 137 (out of memory: raise resources.limits.memory): it said nothing',
    false,
  ],
])('%s', (_, ...[status, message, isServers]) => {
  expect(podTrouble(notReadyPod(status))).toEqual({ message, isServers })
})

test('long words are cut', () => {
  expect(
    podTrouble(notReadyPod(containers({ state: { terminated: { exitCode: 1, message: 'x'.repeat(5000) } } })))?.message
      .length,
  ).toBeLessThan(800)
})
