// What wakes a MeiliInstance, and what it tells as Events.
import { describe, expect, test } from 'vitest'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../../src/api/instance.ts'
import {
  instanceOf,
  instanceRoom,
  instancesBeside,
  instancesMadeOf,
} from '../../../../src/kinds/instance/controller.ts'
import { learnRefusal } from '../../../../src/kinds/instance/decide.ts'
import { instanceStory } from '../../../../src/kinds/instance/story.ts'
import type { InstanceWorld } from '../../../../src/kinds/instance/observe/observe.ts'
import { aCondition, anInstance, aSnapshot, now } from '../../../support/builders/observations.ts'
import { decidedInstance, nothingThere } from '../../../support/builders/instance-observations.ts'
import {
  aManagedInstance,
  decidedManaged,
  everything,
  noPod,
  stored,
} from '../../../support/builders/managed-observations.ts'

describe('instancesBeside', () => {
  const on = (name: string, uid?: string): MeiliInstance => ({
    ...anInstance({ name }),
    status: uid === undefined ? {} : { pod: { name: 'p', uid } },
  })
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
    for (const phase of ['Completed', 'Failed'] as const)
      expect(instanceOf(aSnapshot({ status: { phase } }))).toEqual(['shop/search'])
    for (const phase of ['Pending', 'Snapshotting', 'Moving'] as const)
      expect(instanceOf(aSnapshot({ status: { phase } }))).toEqual([])
    expect(instanceOf({ ...aSnapshot(), status: {} })).toEqual([])
  })
})

describe('instanceStory', () => {
  const ready = decidedInstance().status
  const missing = decidedInstance(nothingThere).status
  const reasons = (before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): string[] =>
    instanceStory(before, after).map(({ type, reason }) => `${type} ${reason}`)

  test('readiness that turns, either way', () => {
    expect(instanceStory(undefined, ready)).toEqual([
      { type: 'Normal', reason: 'Ready', message: 'Meilisearch 1.21.0 answers at http://10.1.2.3:7700.' },
    ])
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
    expect(
      reasons(
        undefined,
        decidedInstance({ server: { state: 'SecretMissing', message: 'Secret keys does not exist.' } }).status,
      ),
    ).toEqual(['Warning KeyMissing'])
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

describe('instanceStory of a server that we run', () => {
  const told = (before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): string[] =>
    instanceStory(before, after).map(({ type, reason }) => `${type} ${reason}`)
  const inPlace = decidedManaged().status
  const made = decidedManaged({ ...noPod, managed: { statefulSet: undefined } }).status

  test('a step is told once, though two conditions speak of it', () => {
    expect(told(undefined, made)).toEqual(['Normal Applying'])
    expect(told(made, made)).toEqual([])
  })

  test('the end of the way is Ready; that all is in place is not worth a word more', () => {
    expect(told(made, inPlace)).toEqual(['Normal Ready'])
  })

  test('what somebody changed and what cannot be are warnings', () => {
    const { statefulSet } = everything(aManagedInstance())
    expect(
      told(
        inPlace,
        decidedManaged({ managed: { statefulSet: stored(statefulSet as never, { spec: { replicas: 2 } }) } }).status,
      ),
    ).toEqual(['Warning DriftFound'])
    expect(
      told(inPlace, decidedManaged({ instance: aManagedInstance({ managed: { version: '1.20.0' } }) }).status),
    ).toEqual(['Warning DowngradeRefused'])
  })

  test('what is adopted is told, and a Service of somebody else is a warning, once', () => {
    const { service } = everything(aManagedInstance())
    const bare = stored<never>(service as never, { metadata: { ownerReferences: undefined } })
    expect(told(made, decidedManaged({ managed: { service: bare } }).status)).toEqual([
      'Normal Ready',
      'Normal Adopting',
    ])
    const selected = (...selectedBy: string[]): MeiliInstanceStatus =>
      decidedManaged({ managed: { selectedBy } }).status
    const [one, two] = [selected('edge'), selected('edge', 'other')]
    expect([told(inPlace, one), told(one, two), told(two, inPlace)]).toEqual([['Warning ForeignService'], [], []])
  })

  test('each step of an upgrade, and its end', () => {
    const at = (step: 'Start' | 'Database' | 'Done'): MeiliInstanceStatus => ({
      ...inPlace,
      upgrade: { from: '1.21.0', to: '1.50.0', step, generation: 2, startedAt: '2026-03-01T11:00:00Z' },
    })
    expect(told(inPlace, at('Start'))).toEqual(['Normal UpgradeStep'])
    expect(told(at('Start'), at('Start'))).toEqual([])
    expect(instanceStory(at('Database'), at('Done')).map(({ message }) => message)).toEqual([
      'Upgraded from 1.21.0 to 1.50.0.',
    ])
  })
})

describe('learnRefusal', () => {
  const { status } = decidedManaged({ ...noPod, managed: { statefulSet: undefined } })
  const learnt = (message: string, cause?: 'NotExpandable'): MeiliInstanceStatus =>
    learnRefusal(aManagedInstance({ status }), { kind: 'Refused', effect: 'Apply', message, cause }, now)
  const reasons = ({ conditions }: MeiliInstanceStatus): (string | undefined)[] =>
    ['Reconciling', 'Ready', 'Applied'].map((type) => conditions?.find((condition) => condition.type === type)?.reason)

  test('the words of the API server stand in every condition that speaks of the step, and are told once', () => {
    expect(reasons(learnt('exceeded quota'))).toEqual(['ObjectRefused', 'ObjectRefused', 'ObjectRefused'])
    expect(instanceStory(status, learnt('exceeded quota'))).toEqual([
      { type: 'Warning', reason: 'ObjectRefused', message: 'exceeded quota' },
    ])
  })

  test('a claim that cannot grow comes with what to do', () => {
    expect(
      learnt('only dynamically provisioned pvc can be resized', 'NotExpandable').conditions?.[0]?.message,
    ).toContain('allowVolumeExpansion')
  })
})

describe('instancesMadeOf', () => {
  test('a child wakes the instance that its labels name', () => {
    const wake = instancesMadeOf({
      instances: () => [aManagedInstance(), aManagedInstance({ name: 'shows' }), anInstance({ name: 'movies' })],
    })
    expect(wake(everything(aManagedInstance()).service as never)).toEqual(['shop/movies'])
    expect(wake({ metadata: { name: 'other', namespace: 'shop', labels: { app: 'x' } } })).toEqual([])
  })
})
