// What comes after a restore: old data that is kept until it is cleaned up by name, the object's own end, and a status that was lost.
import { describe, expect, test } from 'vitest'
import {
  cleanUpAnnotation,
  dataGenerationAnnotation,
  restoredFromAnnotation,
  restoreUidLabel,
} from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { noMover } from '../../../../../src/reconcile/job/look.ts'
import {
  aDataClaim,
  aServerPod,
  at,
  decided,
  filled,
  from,
  going,
  newClaim,
  oldClaim,
  restoreUid,
  to,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { aSnapshot } from '../../../../support/builders/observations.ts'
import { aRestore } from '../../../../support/builders/restores.ts'

const exchanged = [aDataClaim(oldClaim), aDataClaim(newClaim, 2)]
const completed: MeiliRestoreStatus = {
  ...going.Starting,
  phase: 'Completed',
  switched: { ...going.Starting.switched, servingAt: at(-600) },
  oldData: { ...from, keptSince: at(-600), removable: false },
  conditions: [],
}
/** @param seconds when it was asked for; it completes just now */
const snapshotAt = (seconds: number): NonNullable<ExchangeSeen['rest']> => ({
  lastSnapshot: aSnapshot({
    status: { phase: 'Completed', request: { attempt: 1, posts: 1, postedAt: at(seconds) }, completedAt: at(-1) },
  }),
})
const annotated = { finalizers: [], annotations: { [cleanUpAnnotation]: 'old-data' } }
const cleaning = (seen: ExchangeSeen = {}): Said =>
  decided({
    status: completed,
    claims: exchanged,
    pods: [aServerPod()],
    rest: snapshotAt(-60),
    metadata: annotated,
    ...seen,
  })

describe('old data', () => {
  test('goes when that is asked for by name, as it was seen', () => {
    expect(cleaning().decision.effects).toEqual([
      { kind: 'DeleteClaim', claim: { name: oldClaim, uid: `uid-of-${oldClaim}`, resourceVersion: '7' } },
    ])
  })

  test('stays without that, or with another word, and says that it may go', () => {
    for (const annotations of [{}, { [cleanUpAnnotation]: 'everything' }]) {
      const { does, status } = cleaning({ metadata: { finalizers: [], annotations } })
      expect(does).toEqual([])
      expect(status.oldData?.removable).toBe(true)
    }
  })

  test.each([
    ['no snapshot of the new data has completed', { rest: {} }, 'No snapshot of the data'],
    ['only one that was asked for before the server served it', { rest: snapshotAt(-601) }, 'No snapshot of the data'],
    ['a pod mounts it', { pods: [aServerPod({ claimName: oldClaim })] }, 'Pod movies-0 mounts claim movies-data'],
    ['another restore is at work', { others: [aRestore({ metadata: { name: 'other' } })] }, 'MeiliRestore other'],
    ['nothing else is left', { claims: [aDataClaim('movies-data-2'), aDataClaim(oldClaim, 0)] }, undefined],
  ] satisfies [string, ExchangeSeen, string | undefined][])('stays where %s, and says so', (_, seen, why) => {
    const { does, status } = cleaning(seen)
    expect(does).toEqual([])
    if (why === undefined) return
    expect(status.waitingFor).toContain(why)
    expect(status.conditions?.find(({ type }) => type === 'OldDataKept')?.message).toContain(why)
  })

  test('is never the claim that is the data', () => {
    const { does, status } = cleaning({ claims: [aDataClaim(oldClaim, 3), aDataClaim(newClaim, 2)] })
    expect(does).toEqual([])
    expect(status.oldData).toBeUndefined()
  })

  test('is named no more once it is gone', () => {
    const { status } = cleaning({ claims: [aDataClaim(newClaim, 2)] })
    expect(status.oldData).toBeUndefined()
    expect(status.conditions?.some(({ type }) => type === 'OldDataKept')).toBe(false)
  })

  test('that went back and never served needs no snapshot: its source is one', () => {
    const { switched } = going.Starting
    const back = { ...completed, phase: 'RolledBack', switched, oldData: { ...to, keptSince: at(-9) } } as const
    const claims = [aDataClaim(oldClaim, 3), aDataClaim(newClaim, 2)]
    expect(cleaning({ status: back, claims, pods: [], rest: {} }).decision.effects).toMatchObject([
      { kind: 'DeleteClaim', claim: { name: newClaim } },
    ])
  })
})

describe('old data that has served, after a way back that was asked for', () => {
  const back = { ...completed, phase: 'RolledBack', oldData: { ...to, keptSince: at(-9), removable: true } } as const
  const claims = [aDataClaim(oldClaim, 3), aDataClaim(newClaim, 2)]
  const asking = (word: string): Said =>
    cleaning({
      status: back,
      claims,
      pods: [],
      metadata: { finalizers: [], annotations: { [cleanUpAnnotation]: word } },
    })

  test('is not what was asked for before, when that meant the other claim', () => {
    const { does, status } = asking('old-data')
    expect(does).toEqual([])
    expect(status.waitingFor).toContain('the annotation meili-operator.dev/clean-up is its name')
  })

  test('goes by its name', () => {
    expect(asking(newClaim).decision.effects).toMatchObject([{ kind: 'DeleteClaim', claim: { name: newClaim } }])
  })
})

describe('its own end', () => {
  const deleted = { deletionTimestamp: at(-1) }

  test('before the exchange: its Jobs end, then the claim that it filled goes, then the finalizer', () => {
    const job = { metadata: { name: 'fill', uid: 'job-uid' } }
    const ends = (seen: ExchangeSeen = {}): Said => decided({ status: filled, metadata: deleted, ...seen })
    const ending = { ...job, metadata: { ...job.metadata, deletionTimestamp: new Date(0) } }
    expect(ends({ rest: { mover: { ...noMover, jobs: [job] } } }).does).toEqual(['DeleteJob'])
    expect(ends({ rest: { mover: { ...noMover, jobs: [ending] } } }).does).toEqual([])
    expect(ends().decision.effects).toMatchObject([{ kind: 'DeleteClaim', claim: { name: newClaim } }])
    expect(ends({ claims: [aDataClaim(oldClaim)] }).does).toEqual(['RemoveFinalizer'])
  })

  test('afterwards: nothing but the finalizer', () => {
    expect(cleaning({ metadata: deleted, status: { ...completed, oldData: undefined } }).does).toEqual([
      'RemoveFinalizer',
    ])
  })

  test.each(['Failed', 'RolledBack'] as const)('one that has %s takes with it what it filled in vain', (phase) => {
    const status = { ...filled, phase }
    expect(decided({ status }).decision.effects).toMatchObject([{ kind: 'DeleteClaim', claim: { name: newClaim } }])
    expect(decided({ status, claims: [aDataClaim(oldClaim)] }).does).toEqual(['RemoveFinalizer'])
  })

  test('what is the data, was it, or is of another restore stays', () => {
    const others = aDataClaim('movies-data-3', undefined, { labels: { [restoreUidLabel]: 'other' } })
    const status = { ...filled, phase: 'Failed' } as const
    expect(decided({ status, claims: [...exchanged, others] }).does).toEqual(['RemoveFinalizer'])
  })
})

describe('a claim with the label of a restore', () => {
  const status = { ...filled, phase: 'Failed' } as const
  const labels = aDataClaim(newClaim).metadata?.labels
  const ended = (metadata: Record<string, unknown>): Said =>
    decided({ status, claims: [aDataClaim(oldClaim), aDataClaim(newClaim, undefined, { labels, ...metadata })] })

  test('stays where it is older than the restore: whoever may change claims may write a label', () => {
    const created = Date.parse(aRestore().metadata.creationTimestamp)
    const madeAfter = (ms: number): Record<string, unknown> => ({
      creationTimestamp: new Date(created + ms).toISOString(),
    })
    expect(ended(madeAfter(-3_600_000)).does).toEqual(['RemoveFinalizer'])
    expect(ended(madeAfter(0)).does).toEqual(['DeleteClaim'])
  })

  test('stays where it was the data once, and has lost its number', () => {
    expect(ended({ annotations: { [restoredFromAnnotation]: '{}' } }).does).toEqual(['RemoveFinalizer'])
  })
})

describe('a status that was lost', () => {
  const marked = (name: string, generation: number, more: object = {}): ReturnType<typeof aDataClaim> => {
    const text = {
      restore: 'back',
      restoreUid,
      sha256: '',
      path: '',
      sourceClaim: '',
      meilisearchVersion: '1.21.0',
      at: at(-99),
      ...more,
    }
    const annotations = {
      [dataGenerationAnnotation]: String(generation),
      [restoredFromAnnotation]: JSON.stringify(text),
    }
    return aDataClaim(name, generation, { annotations })
  }
  const lost = (claims: ExchangeSeen['claims'] = [], seen: ExchangeSeen = {}): Said =>
    decided({ status: { observedGeneration: -1 }, claims, ...seen })

  test('the claim tells that the data was exchanged: the server is seen to serve, and nothing is exchanged twice', () => {
    const { phase, does, status } = lost([aDataClaim(oldClaim), marked(newClaim, 2)])
    expect({ phase, does }).toEqual({ phase: 'Starting', does: [] })
    expect(status.switched).toEqual({ from, to, at: at(0) })
  })

  test('or that it went back', () => {
    const { phase, status, does } = lost([aDataClaim(oldClaim, 3), marked(newClaim, 2)])
    expect({ phase, does }).toEqual({ phase: 'RolledBack', does: [] })
    expect(status.oldData).toMatchObject(to)
  })

  test('or that a later restore came after it', () => {
    const later = marked('movies-data-3', 3, { restoreUid: 'other', at: at(-9) })
    expect(lost([later, marked(newClaim, 2)])).toMatchObject({ phase: 'Completed', reason: 'AlreadyRestored' })
  })

  test('where it was to go back, it still does', () => {
    const { status } = lost([aDataClaim(oldClaim), marked(newClaim, 2)], { spec: { rollback: true } })
    expect(status.phase).toBe('Starting')
    const claims = [aDataClaim(oldClaim), marked(newClaim, 2)]
    expect(decided({ status, claims, spec: { rollback: true } })).toMatchObject({
      phase: 'Stopping',
      reason: 'RollingBack',
    })
  })

  test('the claim of another restore tells nothing of this one', () => {
    expect(lost([aDataClaim(oldClaim), marked(newClaim, 2, { restoreUid: 'other' })]).phase).not.toBe('Starting')
  })
})
