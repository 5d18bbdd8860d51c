// What wakes a MeiliInstance, and the Events it writes.
import { describe, expect, test } from 'vitest'
import type { MeiliInstance, MeiliInstanceStatus } from '../../../../src/api/instance.ts'
import {
  instanceOf,
  instanceKind,
  instancesBeside,
  instancesMadeOf,
} from '../../../../src/kinds/instance/controller.ts'
import { applyRefusal } from '../../../../src/kinds/instance/decide.ts'
import { instanceEvents } from '../../../../src/kinds/instance/events.ts'
import type { InstanceWorld } from '../../../../src/kinds/instance/observe/observe.ts'
import { aCondition, anInstance, aSnapshot, now } from '../../../support/builders/observations.ts'
import { instanceVerdict, nothingThere } from '../../../support/builders/instance-observations.ts'
import {
  aManagedInstance,
  managedVerdict,
  everything,
  noPod,
  storedChild,
} from '../../../support/builders/managed-observations.ts'
import { instancesIn } from '../../../support/builders/caches.ts'

describe('instancesBeside', () => {
  const on = (name: string, uid?: string): MeiliInstance => ({
    ...anInstance({ name }),
    status: uid === undefined ? {} : { pod: { name: 'p', uid } },
  })
  const all = [on('a', 'one'), on('b', 'one'), on('c', 'two'), on('d')]
  const beside = instancesBeside(
    instancesIn([...all, anInstance({ metadata: { namespace: 'bank' }, status: { pod: { name: 'p', uid: 'one' } } })]),
  )

  test('the instance itself, and those that stand for its pod', () => {
    expect(beside(all[0]!)).toEqual(['shop/a', 'shop/b'])
    expect(beside(all[2]!)).toEqual(['shop/c'])
  })

  test('one that was deleted frees its neighbours', () => {
    expect(instancesBeside(instancesIn([all[1]!]))(all[0]!)).toEqual(['shop/a', 'shop/b'])
  })

  test('two that found no pod are no neighbours', () => {
    expect(instancesBeside(instancesIn([on('d'), on('e')]))(on('d'))).toEqual(['shop/d'])
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

describe('instanceEvents', () => {
  const ready = instanceVerdict().status
  const missing = instanceVerdict(nothingThere).status
  const reasons = (before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): string[] =>
    instanceEvents(before, after).map(({ type, reason }) => `${type} ${reason}`)

  test('readiness that turns, either way', () => {
    expect(instanceEvents(undefined, ready)).toEqual([
      { type: 'Normal', reason: 'Ready', message: 'Meilisearch 1.21.0 answers at http://10.1.2.3:7700.' },
    ])
    expect(reasons(ready, missing)).toEqual(['Warning PodNotFound'])
    expect(reasons(missing, ready)).toEqual(['Normal Ready'])
  })

  test('a change of reason, and nothing where only words change', () => {
    const other = instanceVerdict({ server: { state: 'Unreachable', message: 'one' } }).status
    expect(reasons(missing, other)).toEqual(['Warning Unreachable'])
    expect(reasons(other, instanceVerdict({ server: { state: 'Unreachable', message: 'two' } }).status)).toEqual([])
    expect(reasons(ready, ready)).toEqual([])
  })

  test('a missing Secret is reported', () => {
    expect(
      reasons(
        undefined,
        instanceVerdict({ server: { state: 'SecretMissing', message: 'Secret keys does not exist.' } }).status,
      ),
    ).toEqual(['Warning KeyMissing'])
  })

  test('a volume that no snapshot can be moved from is reported, one that is fine is not', () => {
    expect(reasons(ready, instanceVerdict({ claim: undefined }).status)).toEqual(['Warning ClaimNotBound'])
    expect(reasons(instanceVerdict({ claim: undefined }).status, ready)).toEqual([])
  })

  test('what was not checked is not reported', () => {
    expect(reasons({ conditions: [aCondition('Ready', 'False', { reason: 'PodNotFound' })] }, missing)).toEqual([])
  })
})

test('no effect brings news of an instance', () => {
  const kind = instanceKind({} as InstanceWorld)
  const instance = anInstance()
  expect(kind.applyFact(instance, { kind: 'Refused', effect: 'CreateJob', message: 'x' }, 0)).toEqual(instance.status)
})

describe('instanceEvents of a server that we run', () => {
  const eventsOf = (before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): string[] =>
    instanceEvents(before, after).map(({ type, reason }) => `${type} ${reason}`)
  const inPlace = managedVerdict().status
  const made = managedVerdict({ ...noPod, managed: { statefulSet: undefined } }).status

  test('a step is reported once, though two conditions speak of it', () => {
    expect(eventsOf(undefined, made)).toEqual(['Normal Applying'])
    expect(eventsOf(made, made)).toEqual([])
  })

  test('the end of the way is Ready; that all is in place is not worth a word more', () => {
    expect(eventsOf(made, inPlace)).toEqual(['Normal Ready'])
  })

  test('what somebody changed and what cannot be are warnings', () => {
    const { statefulSet } = everything(aManagedInstance())
    expect(
      eventsOf(
        inPlace,
        managedVerdict({ managed: { statefulSet: storedChild(statefulSet as never, { spec: { replicas: 2 } }) } })
          .status,
      ),
    ).toEqual(['Warning DriftFound'])
    expect(
      eventsOf(inPlace, managedVerdict({ instance: aManagedInstance({ managed: { version: '1.20.0' } }) }).status),
    ).toEqual(['Warning DowngradeRefused'])
  })

  test('what is adopted is reported, and a Service of somebody else is a warning, once', () => {
    const { service } = everything(aManagedInstance())
    const bare = storedChild<never>(service as never, { metadata: { ownerReferences: undefined } })
    expect(eventsOf(made, managedVerdict({ managed: { service: bare } }).status)).toEqual([
      'Normal Ready',
      'Normal Adopting',
    ])
    const selectedStatus = (...selectedBy: string[]): MeiliInstanceStatus =>
      managedVerdict({ managed: { selectedBy } }).status
    const [one, two] = [selectedStatus('edge'), selectedStatus('edge', 'other')]
    expect([eventsOf(inPlace, one), eventsOf(one, two), eventsOf(two, inPlace)]).toEqual([
      ['Warning ForeignService'],
      [],
      [],
    ])
  })

  test('each step of an upgrade, and its end', () => {
    const at = (step: 'Start' | 'Database' | 'Done'): MeiliInstanceStatus => ({
      ...inPlace,
      upgrade: { from: '1.21.0', to: '1.50.0', step, generation: 2, startedAt: '2026-03-01T11:00:00Z' },
    })
    expect(eventsOf(inPlace, at('Start'))).toEqual(['Normal UpgradeStep'])
    expect(eventsOf(at('Start'), at('Start'))).toEqual([])
    expect(instanceEvents(at('Database'), at('Done')).map(({ message }) => message)).toEqual([
      'Upgraded from 1.21.0 to 1.50.0.',
    ])
  })
})

describe('applyRefusal', () => {
  const { status } = managedVerdict({ ...noPod, managed: { statefulSet: undefined } })
  const refusedStatus = (message: string, cause?: 'NotExpandable'): MeiliInstanceStatus =>
    applyRefusal(aManagedInstance({ status }), { kind: 'Refused', effect: 'Apply', message, cause }, now)
  const reasons = ({ conditions }: MeiliInstanceStatus): (string | undefined)[] =>
    ['Reconciling', 'Ready', 'Applied'].map((type) => conditions?.find((condition) => condition.type === type)?.reason)

  test('the words of the API server stand in every condition that speaks of the step, and are reported once', () => {
    expect(reasons(refusedStatus('exceeded quota'))).toEqual(['ObjectRefused', 'ObjectRefused', 'ObjectRefused'])
    expect(instanceEvents(status, refusedStatus('exceeded quota'))).toEqual([
      { type: 'Warning', reason: 'ObjectRefused', message: 'exceeded quota' },
    ])
  })

  test('a claim that cannot grow comes with what to do', () => {
    expect(
      refusedStatus('only dynamically provisioned pvc can be resized', 'NotExpandable').conditions?.[0]?.message,
    ).toContain('allowVolumeExpansion')
  })
})

describe('instancesMadeOf', () => {
  test('a child wakes the instance that its labels name', () => {
    const wake = instancesMadeOf(
      instancesIn([aManagedInstance(), aManagedInstance({ name: 'shows' }), anInstance()]).childrensInstances,
    )
    expect(wake(everything(aManagedInstance()).service as never)).toEqual(['shop/movies'])
    expect(wake({ metadata: { name: 'other', namespace: 'shop', labels: { app: 'x' } } })).toEqual([])
  })
})
