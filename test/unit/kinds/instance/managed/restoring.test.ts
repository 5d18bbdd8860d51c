// What a restore in place does to its server: no upgrade and no restart meanwhile, no server while the data is exchanged, and one apply after that.
import { describe, expect, test } from 'vitest'
import { claims } from '../../../../../src/kinds/instance/children/children.ts'
import type { ManagedSeen } from '../../../../../src/kinds/instance/observation.ts'
import { restoredFromAnnotation } from '../../../../../src/api/restore.ts'
import { restoreHold, stopMarkOf } from '../../../../../src/reconcile/names/data-claim.ts'
import {
  aManagedInstance,
  everything,
  managedVerdict,
  noPod,
  restoredClaim,
  serverPod,
  withChanges,
} from '../../../../support/builders/managed-observations.ts'
import type { Seen, Verdict } from '../../../../support/builders/managed-observations.ts'
import { aRestore } from '../../../../support/builders/restores.ts'

type Phase = NonNullable<ReturnType<typeof aRestore>['status']>['phase']

const instance = aManagedInstance()
const held = (phase: Phase, managed: Partial<ManagedSeen> = {}): Partial<ManagedSeen> => ({
  hold: restoreHold(instance, [aRestore({ status: { phase } })]),
  ...managed,
})
const stopped = withChanges<NonNullable<ManagedSeen['statefulSet']>>(
  everything(instance, { replicas: 0, stoppedFor: stopMarkOf(aRestore()) }).statefulSet,
  { status: { observedGeneration: 1, updateRevision: 'movies-5d8c', replicas: 0 } },
)
const outdated = serverPod({ metadata: { labels: { 'controller-revision-hash': 'movies-old' } } })
const second = restoredClaim(instance, { name: 'movies-data-2', generation: 2 })
const exchanged: Partial<ManagedSeen> = {
  claims: { data: second },
  earlierData: [{ claim: everything(instance).claims.data!, generation: 1 }],
}
/** Replicas and claim as the StatefulSet is applied. */
const runs = ({ effects }: Verdict): unknown =>
  effects
    .flatMap((effect) => (effect.kind === 'Apply' && effect.child.kind === 'StatefulSet' ? [effect.child.spec] : []))
    .map((spec) => {
      const { replicas, template } = spec as NonNullable<NonNullable<ManagedSeen['statefulSet']>['spec']>
      const data = template.spec?.volumes?.find(({ name }) => name === 'data')
      return { replicas, claim: data?.persistentVolumeClaim?.claimName }
    })

describe('restoring', () => {
  test('the server goes on while the new claim is filled', () => {
    for (const phase of ['Filling', 'Verifying'] as const)
      expect(managedVerdict({ managed: held(phase) })).toMatchObject({
        reason: 'Applied',
        ready: 'True Ready',
        does: [],
      })
  })

  test('it is stopped for the exchange, whatever snapshot says that it runs', () => {
    const verdict = managedVerdict({ managed: held('Stopping', { runningSnapshots: ['nightly'] }) })
    expect(verdict).toMatchObject({
      reason: 'Restoring',
      message: expect.stringContaining('MeiliRestore back exchanges the data.') as string,
      progress: 'Reconciling',
    })
    expect(runs(verdict)).toEqual([{ replicas: 0, claim: 'movies-data' }])
  })

  test('one that is at zero already is marked as stopped for it: from then on no pass of before starts it', () => {
    const verdict = managedVerdict({
      ...noPod,
      managed: held('Stopping', { statefulSet: everything(instance, { replicas: 0 }).statefulSet }),
    })
    const marks = verdict.effects.map((effect) => (effect.kind === 'Apply' ? effect.child.metadata.annotations : {}))
    expect(marks).toMatchObject([{ 'meili-operator.dev/stopped-for': stopMarkOf(aRestore()) }])
  })

  test('it is not ready meanwhile, and says for whom', () => {
    const ending: Seen = { managed: held('Stopping', { statefulSet: stopped }) }
    expect(managedVerdict(ending)).toMatchObject({
      reason: 'Restoring',
      message: expect.stringContaining('pod movies-0 is ending') as string,
      does: [],
    })
    expect(managedVerdict({ ...noPod, ...ending })).toMatchObject({
      reason: 'Restoring',
      message: expect.stringMatching(/^MeiliRestore back exchanges the data, now on claim movies-data\./) as string,
      ready: 'False Restoring',
      progress: 'Reconciling',
      does: [],
    })
  })

  test('the exchange alone starts nothing', () => {
    const verdict = managedVerdict({ ...noPod, managed: held('Switching', { ...exchanged, statefulSet: stopped }) })
    expect(verdict.reason).toBe('Restoring')
    expect(runs(verdict)).toEqual([{ replicas: 0, claim: 'movies-data-2' }])
  })

  test('after it, claim and replicas are written by one apply', () => {
    const verdict = managedVerdict({ ...noPod, managed: held('Starting', { ...exchanged, statefulSet: stopped }) })
    expect(runs(verdict)).toEqual([{ replicas: 1, claim: 'movies-data-2' }])
  })

  test('the same where the restore is gone: the server runs on what is the data by then', () => {
    expect(runs(managedVerdict({ ...noPod, managed: { statefulSet: stopped } }))).toEqual([
      { replicas: 1, claim: 'movies-data' },
    ])
    expect(runs(managedVerdict({ ...noPod, managed: { ...exchanged, statefulSet: stopped } }))).toEqual([
      { replicas: 1, claim: 'movies-data-2' },
    ])
  })

  test('one that is suspended stays so', () => {
    const suspended = aManagedInstance({ managed: { suspend: true } })
    const verdict = managedVerdict({
      instance: suspended,
      ...noPod,
      managed: { ...everything(suspended, { replicas: 0 }), ...held('Starting', exchanged) },
    })
    expect(runs(verdict)).toEqual([{ replicas: 0, claim: 'movies-data-2' }])
  })

  test('a restart waits, and says for what', () => {
    expect(managedVerdict({ pods: [outdated], managed: held('Filling') })).toMatchObject({
      reason: 'RestartPending',
      message: 'Pod movies-0 runs with older settings. It is replaced when MeiliRestore back has ended.',
      ready: 'True Ready',
      does: [],
    })
  })

  test('not the restart of a server that asks for it, nor of one on the data from before', () => {
    expect(managedVerdict({ server: { state: 'MustRestart' }, managed: held('Filling') }).does).toEqual(['DeletePod'])
    const onOld = serverPod({
      spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'movies-data' } }] },
    })
    const after = everything(instance, { data: { claimName: 'movies-data-2', generation: 2 } })
    const [child] = claims(instance, instance.spec.managed!, { claimName: 'movies-data-2', databaseVersion: '1.21.0' })
    const annotations = { ...child!.metadata.annotations, ...second.metadata!.annotations }
    const taken = withChanges(second, { metadata: withChanges(second.metadata, { annotations }) })
    expect(
      managedVerdict({
        pods: [onOld],
        managed: { ...after, ...held('Starting', { ...exchanged, claims: { data: taken } }) },
      }),
    ).toMatchObject({
      message: 'Pod movies-0 runs on the data from before a restore. It is being replaced.',
      does: ['DeletePod'],
    })
  })

  test('an upgrade waits, the old version runs on, and an upgrade that had begun stays on record', () => {
    const higher = aManagedInstance({ managed: { version: '1.50.0', upgrade: { strategy: 'Direct' } } })
    expect(
      managedVerdict({ instance: higher, managed: { ...everything(instance), ...held('Filling') } }),
    ).toMatchObject({
      reason: 'Restoring',
      message: 'The upgrade from 1.21.0 to 1.50.0 begins when MeiliRestore back has ended.',
      ready: 'True Ready',
      does: [],
    })
    expect(managedVerdict({ instance: higher, managed: everything(instance) }).reason).not.toBe('Restoring')
  })

  test('restored data of an older version is upgraded as the server starts, without a snapshot of it', () => {
    const older = restoredClaim(instance, { name: 'movies-data-2', generation: 2, version: '1.20.0' })
    const verdict = managedVerdict({
      ...noPod,
      managed: held('Starting', { ...exchanged, claims: { data: older }, statefulSet: stopped }),
    })
    expect(verdict.status.upgrade).toMatchObject({ from: '1.20.0', to: '1.21.0', step: 'Start' })
    expect(verdict.status.upgrade).not.toHaveProperty('documents')
    expect(verdict.does).not.toContain('CreateSnapshot')
    expect(JSON.stringify(verdict.effects)).toContain('MEILI_UPGRADE_DB')
  })

  test.each(['Documents', 'Start', 'Snapshot'] as const)(
    'an upgrade that stood still at step %s speaks of the data from before: its counts are not asked of what was restored',
    (step) => {
      const upgrade = {
        from: '1.20.0',
        to: '1.21.0',
        step,
        generation: 1,
        startedAt: '2026-11-30T03:00:00Z',
        indexes: 9,
        documents: 9_000_000,
        failure: 'It stood still.',
      }
      const text = { restore: 'back', restoreUid: 'u', sha256: '', path: '', sourceClaim: '', meilisearchVersion: '' }
      const at = '2026-11-30T03:30:00Z'
      const annotations = { ...second.metadata!.annotations, [restoredFromAnnotation]: JSON.stringify({ ...text, at }) }
      const data = withChanges(second, { metadata: withChanges(second.metadata, { annotations }) })
      const restored = aManagedInstance({ status: { ...instance.status, upgrade } })
      const managed = {
        ...everything(restored, { data: { claimName: 'movies-data-2', generation: 2 } }),
        ...held('Starting', { ...exchanged, claims: { data } }),
      }
      expect(managedVerdict({ instance: restored, managed }).status.upgrade).toBeUndefined()
    },
  )

  test('a claim that the restore made larger than spec says stays so, and the server starts', () => {
    const larger = withChanges(second, {
      spec: withChanges(second.spec, { resources: { requests: { storage: '31Gi' } } }),
    })
    const verdict = managedVerdict({
      ...noPod,
      managed: held('Starting', { ...exchanged, claims: { data: larger }, statefulSet: stopped }),
    })
    expect(runs(verdict)).toEqual([{ replicas: 1, claim: 'movies-data-2' }])
    expect(JSON.stringify(verdict.effects)).not.toContain('20Gi')
  })
})
