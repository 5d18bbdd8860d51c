// Which pods hold a slot.
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../../../../../src/kube/resource.ts'
import { keepPod } from '../../../../../../src/kinds/snapshot/observe/kept.ts'
import { commandOf, podState } from '../../../../../../src/kinds/snapshot/observe/slots/mover-pod.ts'
import { commandLabel } from '../../../../../../src/reconcile/job/template.ts'

const on = { spec: { nodeName: 'node-a' } }
const mover = (state: object, ...beside: object[]): object => ({
  containerStatuses: [...beside, { name: 'mover', state }],
})
const waiting = (reason: string): object => ({ waiting: { reason } })
const done = { terminated: { exitCode: 0 } }
const proxy = { name: 'proxy', state: { running: {} } }
const pending = (status: object): object => ({ status: { phase: 'Pending', ...status } })

test.each([
  ['no word of the scheduler yet', 'new', pending({})],
  ['no node can take it', 'stuck', pending({ conditions: [{ type: 'PodScheduled', status: 'False' }] })],
  ['its volume is being mounted', 'starting', { ...pending({}), ...on }],
  ['its image is being pulled', 'starting', { ...pending(mover(waiting('ContainerCreating'))), ...on }],
  ['its image cannot be pulled', 'stuck', { ...pending(mover(waiting('ImagePullBackOff'))), ...on }],
  ['its settings are refused', 'stuck', { ...pending(mover(waiting('CreateContainerConfigError'))), ...on }],
  ['it works', 'running', { status: { phase: 'Running', ...mover({ running: {} }) }, ...on }],
  ['it is done, and a proxy beside it is not', 'ended', { status: { phase: 'Running', ...mover(done, proxy) }, ...on }],
  ['it is done', 'ended', { status: { phase: 'Succeeded' }, ...on }],
  ['it was evicted', 'ended', { status: { phase: 'Failed' }, ...on }],
] as const)('%s: %s', (_, state, plain) => {
  const pod = { metadata: { name: 'p', namespace: 'shop' }, ...plain }
  expect(podState(pod)).toBe(state)
  expect(podState(keepPod(pod))).toBe(state)
})

describe('what it does', () => {
  const of = (labels?: Record<string, string>): KubeObject => ({ metadata: { name: 'p', ...(labels && { labels }) } })

  test('is on its label; what other Jobs do takes a moment, and needs no slot', () => {
    expect(commandOf(of({ [commandLabel]: 'receive' }))).toBe('receive')
    expect(commandOf(of({ [commandLabel]: 'deleteArtifact' }))).toBe('deleteArtifact')
    expect(commandOf(of({ [commandLabel]: 'probe' }))).toBeUndefined()
  })

  test('is to move, of one that was made before there was such a label', () => {
    expect(commandOf(of())).toBe('move')
  })
})
