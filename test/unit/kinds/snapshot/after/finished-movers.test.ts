// What becomes of the Jobs of a snapshot that has ended.
import { describe, expect, test } from 'vitest'
import { settle } from '../../../../../src/api/status/settled-snapshot.ts'
import type { KnownSnapshot } from '../../../../../src/api/status/settled-snapshot.ts'
import { removeFinishedMovers } from '../../../../../src/kinds/snapshot/after/finished-movers.ts'
import { finishedMoversRemoval, keysOfJob, keysOfPod } from '../../../../../src/kinds/snapshot/controller.ts'
import { snapshotUidLabel } from '../../../../../src/kinds/snapshot/job/template.ts'
import type { JobLeft } from '../../../../../src/kinds/snapshot/observation.ts'
import type { KeptJob } from '../../../../../src/kinds/snapshot/observe/kept.ts'
import type { Effect, Fact } from '../../../../../src/reconcile/decision.ts'
import { ago, aSnapshot, movingStatus, second } from '../../../../support/builders/observations.ts'

const left = (name: string, parts: Partial<JobLeft> = {}): JobLeft => ({
  name,
  uid: `${name}-uid`,
  isOver: true,
  removesItself: true,
  createdAt: ago(second),
  ...parts,
})
const sweep = 'nightly-0a1b2c3d-sweep'
const ended = (phase: 'Completed' | 'Failed' | 'Expired'): KnownSnapshot =>
  settle(aSnapshot({ status: { ...movingStatus(), phase } }))
const removed = (phase: 'Completed' | 'Failed' | 'Expired', jobs: readonly JobLeft[]): string[] =>
  removeFinishedMovers(ended(phase), jobs).map((effect) => (effect.kind === 'DeleteJob' ? effect.name : effect.kind))

describe('removeFinishedMovers', () => {
  test('removes all of a snapshot that is Completed, also one whose pod runs on beside its mover', () => {
    const jobs = [left('nightly-1'), left('nightly-2', { isOver: false }), left('old', { removesItself: false })]
    expect(removed('Completed', jobs)).toEqual(['nightly-1', 'nightly-2', 'old'])
  })

  test('leaves what removes the files of one that expires, until it has expired', () => {
    const jobs = [1, 2, 3].map((attempt) =>
      left(`nightly-0a1b2c3d-delete-artifact-${attempt}`, { isOver: attempt < 3 }),
    )
    expect(removed('Completed', jobs)).toEqual([])
    expect(removed('Expired', jobs)).toHaveLength(3)
  })

  test('leaves the last failed mover for as long as it lives after its end: its log may say why', () => {
    const jobs = [left('last', { createdAt: ago(0) }), left('earlier'), left(sweep, { createdAt: ago(0) })]
    expect(removed('Failed', jobs)).toEqual(['earlier'])
  })

  test('does not leave one whose pod runs on with its volumes, nor one of an earlier version, which would stay for ever', () => {
    expect(removed('Failed', [left('sidecar', { isOver: false })])).toEqual(['sidecar'])
    expect(removed('Failed', [left('old', { removesItself: false })])).toEqual(['old'])
  })

  test('lets a sweep do its work', () => {
    expect(removed('Failed', [left(sweep, { isOver: false })])).toEqual([])
    expect(removed('Failed', [left(sweep, { isOver: false, removesItself: false })])).toEqual([])
    expect(removed('Failed', [left(sweep, { removesItself: false })])).toEqual([sweep])
  })
})

describe('the controller of finished movers', () => {
  const snapshot = aSnapshot({ status: { ...movingStatus(), phase: 'Completed' } })
  const { uid, name } = snapshot.metadata
  const job: KeptJob = {
    metadata: {
      name: 'nightly-1',
      namespace: 'shop',
      uid: 'job-uid',
      labels: { [snapshotUidLabel]: uid },
      ownerReferences: [{ apiVersion: 'meili-operator.dev/v1alpha1', kind: 'MeiliSnapshot', name, uid }],
    },
  }
  const movers = { jobsOf: (of: string): KeptJob[] => (of === uid ? [job] : []), podsOf: (): never[] => [] }
  const run = async (known: KnownSnapshot | undefined, answer?: Fact): Promise<Effect[]> => {
    const effects: Effect[] = []
    const perform = (effect: Effect): Promise<Fact | undefined> => {
      effects.push(effect)
      return Promise.resolve(answer)
    }
    await finishedMoversRemoval({ get: () => known, movers, perform })('shop/nightly')
    return effects
  }

  test('finds the snapshot of a Job, and of its pod', () => {
    expect(keysOfJob(job)).toEqual(['shop/nightly'])
    const labels = { [snapshotUidLabel]: uid }
    expect(keysOfPod(movers)({ metadata: { name: 'x', namespace: 'shop', labels } })).toEqual(['shop/nightly'])
    expect(keysOfPod(movers)({ metadata: { name: 'x', namespace: 'shop' } })).toEqual([])
  })

  test('removes them for one of which the cache keeps little, too', async () => {
    expect(await run(snapshot)).toEqual([{ kind: 'DeleteJob', name: 'nightly-1', uid: 'job-uid' }])
    expect(await run(settle(snapshot))).toHaveLength(1)
  })

  test('leaves alone what has not ended, what is being deleted, and what is gone', async () => {
    expect(await run(aSnapshot({ status: movingStatus() }))).toEqual([])
    expect(await run(aSnapshot({ status: snapshot.status!, metadata: { deletionTimestamp: ago(second) } }))).toEqual([])
    expect(await run(undefined)).toEqual([])
  })

  test('a refusal is an error of its controller, which says so', async () => {
    const refused: Fact = { kind: 'Refused', effect: 'DeleteJob', message: 'DELETE Job answered 403' }
    await expect(run(snapshot, refused)).rejects.toThrow('answered 403')
  })
})
