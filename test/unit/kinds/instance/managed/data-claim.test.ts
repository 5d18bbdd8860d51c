// Which claim has the data of a server that we run: of several generations the highest, and none without a word where that is not certain.
import type { V1StatefulSet } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import type { ManagedSeen } from '../../../../../src/kinds/instance/observation.ts'
import { statefulSet } from '../../../../../src/kinds/instance/children/children.ts'
import type { Child } from '../../../../../src/reconcile/decision.ts'
import {
  aManagedInstance,
  everything,
  managedVerdict,
  noPod,
  restoredClaim,
  revision,
  run,
  serverPod,
  storedChild,
} from '../../../../support/builders/managed-observations.ts'
import { healthy } from '../../../../support/builders/instance-observations.ts'

const instance = aManagedInstance()
const first = everything(instance).claims.data!
const second = restoredClaim(instance, { name: 'movies-data-2', generation: 2 })
const filled = restoredClaim(instance, { name: 'movies-data-2' })

/** The StatefulSet as it was applied on this claim. */
const servedOn = (claimName: string, generation?: number): V1StatefulSet =>
  storedChild<V1StatefulSet>(
    statefulSet(instance, instance.spec.managed!, { ...run, data: { claimName, generation } }),
    { status: { observedGeneration: 1, updateRevision: revision, replicas: 1 } },
  )
/** After an exchange that the ladder has not seen yet. */
const exchanged: Partial<ManagedSeen> = {
  ...everything(instance),
  claims: { data: second },
  earlierData: [{ claim: first, generation: 1 }],
}
const mounting = (claimName: string): ReturnType<typeof serverPod> =>
  serverPod({ spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] } })

const applied = (effects: readonly { kind: string }[], kind: string): Child | undefined =>
  effects.map((effect) => (effect as { child?: Child }).child).find((child) => child?.kind === kind)

describe('the highest generation', () => {
  test('claim and replicas come in one apply, which says the generation that is served', () => {
    const { effects } = managedVerdict({ ...noPod, managed: exchanged })
    expect(applied(effects, 'StatefulSet')).toMatchObject({
      metadata: { annotations: { 'meili-operator.dev/data-generation': '2' } },
      spec: {
        replicas: 1,
        template: { spec: { volumes: [{ persistentVolumeClaim: { claimName: 'movies-data-2' } }] } },
      },
    })
  })

  test('becomes ours as the first one was; the one before is not touched', () => {
    const { does, effects } = managedVerdict({ ...noPod, managed: exchanged })
    expect(does).toEqual(['Apply PersistentVolumeClaim movies-data-2', 'Apply StatefulSet movies'])
    expect(applied(effects, 'PersistentVolumeClaim')!.metadata.annotations).toMatchObject({
      'meili-operator.dev/database-version': '1.21.0',
    })
  })

  test('status shows it as the storage, and all of them as databases, with one that is being filled', () => {
    const filling = [restoredClaim(instance, { name: 'movies-data-3' })]
    const { status } = managedVerdict({ managed: { ...exchanged, filling } })
    expect(status.storage).toMatchObject([{ role: 'data', claimName: 'movies-data-2' }])
    expect(status.databaseClaims).toEqual(
      ['movies-data', 'movies-data-2', 'movies-data-3'].map((claimName) => ({ claimName, subPath: 'data.ms' })),
    )
  })

  test('a server that answers from the claim before says nothing of its version', () => {
    const lower = restoredClaim(instance, { name: 'movies-data-2', generation: 2, version: '1.20.0' })
    const seen = (claimName: string): readonly string[] =>
      managedVerdict({
        pods: [mounting(claimName)],
        server: healthy,
        managed: { ...exchanged, claims: { data: lower } },
      }).effects.flatMap((effect) =>
        effect.kind === 'Apply' && effect.child.kind === 'PersistentVolumeClaim'
          ? [effect.child.metadata.annotations['meili-operator.dev/database-version'] ?? '']
          : [],
      )
    expect(seen('movies-data')).not.toContain('1.21.0')
    expect(seen('movies-data-2')).toContain('1.21.0')
  })
})

describe('dataUnclear', () => {
  const unclear = (managed: Partial<ManagedSeen>): ReturnType<typeof managedVerdict> =>
    managedVerdict({ managed: { ...everything(instance), ...managed } })

  test('two claims of one generation: neither is started, nothing is changed, and what runs goes on', () => {
    const twin = restoredClaim(instance, { name: 'movies-data-copy', generation: 2 })
    expect(unclear({ claims: { data: second }, earlierData: [{ claim: twin, generation: 2 }] })).toMatchObject({
      reason: 'DataClaimUnclear',
      message: expect.stringMatching(/^Claims movies-data-2, movies-data-copy all say .* generation 2/) as string,
      ready: 'True Ready',
      progress: 'Stalled',
      does: [],
    })
  })

  test('two of a lower one stand in nobody’s way', () => {
    const old = [first, restoredClaim(instance, { name: 'movies-data-copy', generation: 1 })]
    expect(
      unclear({
        claims: { data: second },
        earlierData: old.map((claim) => ({ claim, generation: 1 })),
        statefulSet: servedOn('movies-data-2', 2),
      }).reason,
    ).not.toBe('DataClaimUnclear')
  })

  test('the claim that is served has lost its annotation: the one before is not taken for the data', () => {
    expect(unclear({ filling: [filled], statefulSet: servedOn('movies-data-2', 2) })).toMatchObject({
      reason: 'DataClaimUnclear',
      message: expect.stringContaining(
        'Put it back: kubectl -n shop annotate --overwrite pvc movies-data-2 meili-operator.dev/data-generation=2',
      ) as string,
      does: [],
    })
  })

  test('the claim that was served is gone: an older one is served when somebody says so', () => {
    const verdict = unclear({ statefulSet: servedOn('movies-data-2', 2) })
    expect(verdict).toMatchObject({
      reason: 'DataClaimUnclear',
      message: expect.stringContaining(
        'annotate --overwrite pvc movies-data meili-operator.dev/data-generation=3',
      ) as string,
      does: [],
    })
    const said = restoredClaim(instance, { name: 'movies-data', generation: 3 })
    expect(unclear({ claims: { data: said }, statefulSet: servedOn('movies-data-2', 2) }).does).toContain(
      'Apply StatefulSet movies',
    )
  })

  test('where none is left, a new one is made, as ever', () => {
    expect(unclear({ claims: {}, statefulSet: servedOn('movies-data-2', 2) }).does).toContain(
      'Apply PersistentVolumeClaim movies-data',
    )
  })

  test('a first claim that a restore began to fill is no data', () => {
    expect(unclear({ claims: {}, filling: [restoredClaim(instance, { name: 'movies-data' })] })).toMatchObject({
      reason: 'DataClaimUnclear',
      message: expect.stringContaining('Claim movies-data was being filled by a restore') as string,
      does: [],
    })
  })

  test('a claim that its user names has no generations', () => {
    const named = aManagedInstance({ managed: { storage: { claimName: 'mine' } } })
    const data = restoredClaim(instance, { name: 'mine', generation: 7 })
    expect(managedVerdict({ instance: named, managed: { claims: { data } } }).reason).toBe('Applied')
  })
})
