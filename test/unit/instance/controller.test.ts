// What wakes a MeiliInstance, and what it tells as Events.
import { describe, expect, test } from 'vitest'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../src/api/instance.ts'
import { instanceOf, instanceRoom, instancesBeside } from '../../../src/instance/controller.ts'
import { instanceStory } from '../../../src/instance/story.ts'
import type { InstanceWorld } from '../../../src/instance/observe.ts'
import { aCondition, anInstance, aSnapshot } from '../../support/observations.ts'
import { decidedInstance, nothingThere } from '../../support/instance-observations.ts'

describe('instancesBeside', () => {
  const on = (name: string, uid?: string): MeiliInstance => ({ ...anInstance({ name }), status: uid === undefined ? {} : { pod: { name: 'p', uid } } })
  const all = [on('a', 'one'), on('b', 'one'), on('c', 'two'), on('d')]
  const beside = instancesBeside({ instances: (namespace) => (namespace === 'shop' ? all : []) })

  test('the instance itself, and those that stand for its pod', () => {
    expect(beside(all[0]!)).toEqual(['shop/a', 'shop/b'])
    expect(beside(all[2]!)).toEqual(['shop/c'])
  })

  test('one that was deleted frees its neighbours', () => {
    expect(instancesBeside({ instances: () => [all[1]!] })(all[0]!)).toEqual(['shop/a', 'shop/b'])
  })

  test('two that found no pod are no neighbours', () => {
    expect(instancesBeside({ instances: () => [on('d'), on('e')] })(on('d'))).toEqual(['shop/d'])
  })
})

describe('instanceOf', () => {
  test('a snapshot that has ended wakes its instance, no other does', () => {
    for (const phase of ['Completed', 'Failed'] as const) expect(instanceOf(aSnapshot({ status: { phase } }))).toEqual(['shop/search'])
    for (const phase of ['Pending', 'Snapshotting', 'Moving'] as const) expect(instanceOf(aSnapshot({ status: { phase } }))).toEqual([])
    expect(instanceOf({ ...aSnapshot(), status: {} })).toEqual([])
  })
})

describe('instanceStory', () => {
  const ready = decidedInstance().status
  const missing = decidedInstance(nothingThere).status
  const reasons = (before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): string[] => instanceStory(before, after).map(({ type, reason }) => `${type} ${reason}`)

  test('readiness that turns, either way', () => {
    expect(instanceStory(undefined, ready)).toEqual([{ type: 'Normal', reason: 'Ready', message: 'Meilisearch 1.21.0 answers at http://10.1.2.3:7700.' }])
    expect(reasons(ready, missing)).toEqual(['Warning PodNotFound'])
    expect(reasons(missing, ready)).toEqual(['Normal Ready'])
  })

  test('a change of reason, and nothing where only words change', () => {
    const other = decidedInstance({ server: { state: 'Unreachable', message: 'one' } }).status
    expect(reasons(missing, other)).toEqual(['Warning Unreachable'])
    expect(reasons(other, decidedInstance({ server: { state: 'Unreachable', message: 'two' } }).status)).toEqual([])
    expect(reasons(ready, ready)).toEqual([])
  })

  test('a missing Secret is told', () => {
    expect(reasons(undefined, decidedInstance({ server: { state: 'SecretMissing', message: 'Secret keys does not exist.' } }).status)).toEqual(['Warning KeyMissing'])
  })

  test('a volume that no snapshot can be moved from is told, one that is fine is not', () => {
    expect(reasons(ready, decidedInstance({ claim: undefined }).status)).toEqual(['Warning ClaimNotBound'])
    expect(reasons(decidedInstance({ claim: undefined }).status, ready)).toEqual([])
  })

  test('what was not checked is not told', () => {
    expect(reasons({ conditions: [aCondition('Ready', 'False', { reason: 'PodNotFound' })] }, missing)).toEqual([])
  })
})

test('no effect brings news of an instance', () => {
  const room = instanceRoom({} as InstanceWorld)
  const instance = anInstance()
  expect(room.learn(instance, { kind: 'Refused', effect: 'CreateJob', message: 'x' }, 0)).toEqual(instance.status)
})
