// A new server whose claim is filled first: what is made when, what is waited for, and that it is over with the first data.
import { describe, expect, test } from 'vitest'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { meiliRestores } from '../../../../../src/api/restore.ts'
import type { ManagedSeen } from '../../../../../src/kinds/instance/observation.ts'
import type { Effect } from '../../../../../src/reconcile/decision.ts'
import { bootstrapRestoreName } from '../../../../../src/reconcile/names/data-claim.ts'
import {
  aManagedInstance,
  everything,
  managedVerdict,
  noPod,
  restoredClaim,
  serverPod,
} from '../../../../support/builders/managed-observations.ts'
import type { Seen, Verdict } from '../../../../support/builders/managed-observations.ts'
import { ago } from '../../../../support/builders/observations.ts'
import { aRestore } from '../../../../support/builders/restores.ts'

const bootstrap = { from: { snapshotRef: { name: 'nightly' } } }
const instance = aManagedInstance({ managed: { bootstrap, snapshots: { size: '5Gi' }, scratch: { size: '5Gi' } } })
const emptyToo = aManagedInstance({ managed: { bootstrap: { ...bootstrap, ifAbsent: 'Empty' } } })
const { claims: made, ...all } = everything(instance)
const { data: _, ...beside } = made
/** All is there that is made before the data. */
const begun: Partial<ManagedSeen> = { ...all, statefulSet: undefined, claims: beside }
const name = bootstrapRestoreName(instance)

const restoreIn = (
  phase: MeiliRestoreStatus['phase'],
  said: { reason: string; message: string } = { reason: 'X', message: 'In its own words.' },
  metadata: object = {},
): ReturnType<typeof aRestore> =>
  aRestore({
    metadata: { name, ...metadata },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(1000), observedGeneration: 1, ...said }],
    },
  })
const verdictOf = (managed: Partial<ManagedSeen>, seen: Seen = {}): Verdict =>
  managedVerdict({ instance, ...noPod, ...seen, managed: { ...begun, ...managed } })

describe('bootstrapping', () => {
  test('everything but data and server is made first, so that what fills the claim can mount what the server will', () => {
    const nothing: Partial<ManagedSeen> = { statefulSet: undefined, service: undefined, claims: {} }
    expect(verdictOf(nothing).does).toEqual([
      'Apply PersistentVolumeClaim movies-snapshots',
      'Apply PersistentVolumeClaim movies-scratch',
      'Apply Service movies',
    ])
  })

  test('then a MeiliRestore of its own, which the API server takes', () => {
    const { effects, ...verdict } = verdictOf({})
    expect(verdict).toMatchObject({ reason: 'Bootstrapping', ready: 'False Bootstrapping', progress: 'Reconciling' })
    const [{ restore }] = effects as [Effect & { kind: 'CreateRestore' }]
    expect(restore).toMatchObject({
      metadata: { name: 'movies-bootstrap-movies-u', ownerReferences: [{ uid: 'movies-uid', controller: true }] },
    })
    expect(meiliRestores.spec.parse(restore.spec)).toMatchObject({
      source: { snapshotRef: { name: 'nightly' } },
      target: { inPlace: { instanceRef: { name: 'movies' } } },
      confirm: 'movies',
      mode: 'Apply',
      version: 'Exact',
    })
  })

  test('it is waited for in its own words, and neither claim nor server are made', () => {
    expect(verdictOf({ bootstrap: restoreIn('Filling') })).toMatchObject({
      reason: 'Bootstrapping',
      message: `MeiliRestore ${name} fills the claim, from MeiliSnapshot nightly. In its own words.`,
      does: [],
      status: { bootstrap: { restore: name, from: 'MeiliSnapshot nightly' } },
    })
  })

  test('what it fills is no data yet', () => {
    const filling = [restoredClaim(instance, { name: 'movies-data' })]
    expect(verdictOf({ bootstrap: restoreIn('Filling'), filling })).toMatchObject({ reason: 'Bootstrapping', does: [] })
  })

  test('a failure is said with the way out, and nothing is made', () => {
    expect(verdictOf({ bootstrap: restoreIn('Failed') })).toMatchObject({
      reason: 'BootstrapFailed',
      message: expect.stringMatching(
        /In its own words\. No server was made\. Delete it to try again: kubectl -n shop delete meilirestore movies-bootstrap-movies-u;/,
      ) as string,
      progress: 'Stalled',
      does: [],
    })
    expect(verdictOf({ bootstrap: restoreIn('Failed', undefined, { deletionTimestamp: ago(1) }) }).reason).toBe(
      'Bootstrapping',
    )
  })

  test('ifAbsent: Empty makes an empty claim where the source does not exist, and for no other failure', () => {
    const seen = (reason: string, of = emptyToo): readonly string[] =>
      managedVerdict({
        instance: of,
        ...noPod,
        managed: {
          ...everything(of),
          statefulSet: undefined,
          claims: {},
          bootstrap: restoreIn('Failed', { reason, message: '' }),
        },
      }).does
    expect(seen('SourceNotFound')).toContain('Apply PersistentVolumeClaim movies-data')
    expect(seen('SourceNotFound')).toContain('Apply StatefulSet movies')
    expect(seen('ArchiveCorrupt')).toEqual([])
    expect(seen('SourceNotFound', aManagedInstance({ managed: { bootstrap } }))).toEqual([])
  })

  test('with data of any generation it is over, whatever spec and the restore say', () => {
    const data = restoredClaim(instance, { name: 'movies-data', generation: 1 })
    const completed = aRestore({
      metadata: { name },
      status: { phase: 'Completed', completedAt: ago(1000) },
    })
    for (const restore of [undefined, restoreIn('Failed'), completed])
      expect(verdictOf({ claims: { ...beside, data }, bootstrap: restore }).does).toContain('Apply StatefulSet movies')
    expect(verdictOf({ claims: { ...beside, data }, bootstrap: completed }).status.bootstrap).toEqual({
      restore: name,
      from: 'MeiliSnapshot nightly',
      completedAt: ago(1000),
    })
  })

  test('a server whose claim is gone stops before another one is filled', () => {
    const again = verdictOf({ ...everything(instance), claims: beside }, { pods: [serverPod()] })
    expect(again.effects).toMatchObject([{ kind: 'Apply', child: { kind: 'StatefulSet', spec: { replicas: 0 } } }])
    const stopped = everything(instance, { replicas: 0 })
    expect(verdictOf({ ...stopped, claims: beside }, { pods: [serverPod()] })).toMatchObject({
      reason: 'Bootstrapping',
      does: [],
    })
  })

  test('a restore that completed, and whose claim is gone, is not carried out twice by itself', () => {
    expect(verdictOf({ bootstrap: restoreIn('Completed') })).toMatchObject({
      reason: 'BootstrapFailed',
      message: expect.stringContaining('which is gone since') as string,
      does: [],
    })
  })
})
