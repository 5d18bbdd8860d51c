// What `restore` and `drill` make: MeiliRestores, the plan that stands for the same, and a server like the one that a snapshot is of.
import { describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../../src/api/instance.ts'
import { meiliRestores } from '../../../../src/api/restore.ts'
import type { Instance, Restore } from '../../../../src/cli/cluster.ts'
import { UserError } from '../../../../src/cli/errors.ts'
import { newRestore, planFor, sourceOf } from '../../../../src/cli/new/restore.ts'
import type { RestoreParts } from '../../../../src/cli/new/restore.ts'
import { newServer } from '../../../../src/cli/new/server.ts'
import { planned } from './restores.ts'

const nowMs = Date.parse('2026-11-30T08:12:00Z')
const parts: RestoreParts = {
  namespace: 'shop',
  source: { snapshotRef: { name: 'nightly' } },
  target: { inPlace: { instanceRef: { name: 'movies' } } },
  calledAfter: 'movies',
}
const made = (changes: Partial<RestoreParts> = {}): Restore => newRestore({ ...parts, ...changes }, nowMs) as Restore

describe('the source', () => {
  test.each([
    ['nightly-1', { snapshotRef: { name: 'nightly-1' } }],
    ['snapshot/nightly-1', { snapshotRef: { name: 'nightly-1' } }],
    ['msnap/list', { snapshotRef: { name: 'list' } }],
    ['schedule/nightly', { latestOf: { schedule: { name: 'nightly' } } }],
    ['msched/nightly', { latestOf: { schedule: { name: 'nightly' } } }],
  ])('%s', (text, source) => expect(sourceOf(text)).toEqual(source))

  test.each(['', 'schedule/', 'pod/nightly', 'a/b/c', 'snapshot/'])('%j is none', (text) =>
    expect(() => sourceOf(text)).toThrow(UserError),
  )
})

describe('a restore', () => {
  test('says what was asked for, and leaves the rest to the API server', () => {
    const { metadata, spec } = made({ mode: 'DryRun' })
    expect(metadata).toEqual({ namespace: 'shop', name: 'movies-20261130-081200' })
    expect(spec).toEqual({ source: parts.source, target: parts.target, mode: 'DryRun' })
    expect(made({ name: 'back', confirm: 'movies', allowUpgrade: true, safety: 'never' })).toMatchObject({
      metadata: { name: 'back' },
      spec: { confirm: 'movies', version: 'AllowUpgrade', safety: { snapshot: 'Never' } },
    })
    const sanitize = { webhooks: 'Remove' } as const
    expect(made({ sanitize }).spec.sanitize).toEqual(sanitize)
    const plan = planned({})
    expect(planFor(made({ sanitize }), [plan]), 'a plan that keeps the webhooks is another one').toBeUndefined()
  })

  test('has a name that fits, however long that of its target is', () => {
    const { metadata } = made({ calledAfter: 'x'.repeat(253) })
    expect(metadata.name.length).toBeLessThanOrEqual(253)
    expect(metadata.name).toMatch(/-20261130-081200$/)
  })

  test('is one that the schema takes', () => {
    for (const target of [
      parts.target,
      { claim: { name: 'data-0' } },
      { scratch: { queries: [{ index: 'a', q: 'b' }] } },
    ])
      expect(meiliRestores.spec.safeParse(made({ target, safety: 'always', allowUpgrade: true }).spec).success).toBe(
        true,
      )
  })
})

describe('the plan that is applied', () => {
  const named = (name: string, creationTimestamp: string, spec: Record<string, unknown> = {}): Restore => {
    const plan = planned(spec)
    return { ...plan, metadata: { ...plan.metadata, name, creationTimestamp } }
  }
  const older = named('older', '2026-11-30T03:00:00Z')
  const newer = named('newer', '2026-11-30T04:00:00Z')

  test('is the newest for just that', () => expect(planFor(made(), [older, newer, older])?.metadata.name).toBe('newer'))

  test.each([
    ['another snapshot', { source: { snapshotRef: { name: 'hourly' } } }],
    ['the newest of a schedule', { source: { latestOf: { schedule: { name: 'nightly' } } } }],
    ['another instance', { target: { inPlace: { instanceRef: { name: 'shows' } } } }],
    ['a claim', { target: { claim: { name: 'movies' } } }],
    ['another version', { version: 'AllowUpgrade' }],
    ['another safety snapshot', { safety: { snapshot: 'Never' } }],
    ['Apply already', { mode: 'Apply', confirm: 'movies' }],
  ])('is none of %s', (_, spec) =>
    expect(planFor(made(), [named('other', '2026-11-30T05:00:00Z', spec)])).toBeUndefined(),
  )

  test('is none that failed, is not made yet, or is being deleted', () => {
    const failed = { ...older, status: { ...older.status, phase: 'Failed' as const } }
    const gone = { ...older, metadata: { ...older.metadata, deletionTimestamp: '2026-11-30T05:00:00Z' } }
    expect(planFor(made(), [failed, { ...older, status: {} }, gone])).toBeUndefined()
  })

  test('knows the directory that the API server fills in', () => {
    const target = { claim: { name: 'data-0' } }
    expect(planFor(made({ target }), [named('a', '2026-11-30T03:00:00Z', { target })])).toBeDefined()
    const other = { claim: { name: 'data-0', directory: 'other.ms' } }
    expect(planFor(made({ target: other }), [named('a', '2026-11-30T03:00:00Z', { target })])).toBeUndefined()
  })
})

describe('a new server', () => {
  const instance = (managed: object): Instance =>
    ({
      metadata: { namespace: 'shop', name: 'movies', generation: 1, creationTimestamp: '2026-11-01T00:00:00Z' },
      spec: meiliInstances.spec.parse({ managed: { version: '1.21.0', storage: { size: '20Gi' }, ...managed } }),
    }) as unknown as Instance
  const wanted = { name: 'copy', source: parts.source, version: '1.20.0', allowUpgrade: false }
  type Made = { metadata: object; spec: { managed: Record<string, unknown> } }
  const server = (managed: object = {}, changes: object = {}): { object: Made; notes: readonly string[] } =>
    newServer(instance(managed), { ...wanted, ...changes }) as unknown as { object: Made; notes: readonly string[] }

  test('is like the one that the snapshot is of, in the version of the snapshot, and starts from it', () => {
    const { object } = server({ resources: { limits: { memory: '2Gi' } } })
    expect(object).toMatchObject({
      kind: 'MeiliInstance',
      metadata: { namespace: 'shop', name: 'copy' },
      spec: {
        managed: {
          version: '1.20.0',
          storage: { size: '20Gi' },
          resources: { limits: { memory: '2Gi' } },
          bootstrap: { from: parts.source },
        },
      },
    })
  })

  test('keeps the higher version where Meilisearch is to upgrade the database', () =>
    expect(server({}, { allowUpgrade: true }).object.spec.managed).toMatchObject({
      version: '1.21.0',
      bootstrap: { version: 'AllowUpgrade' },
    }))

  test('begins without what would run and be called, where that is asked for', () => {
    const sanitize = { tasks: 'Discard', webhooks: 'Remove' }
    expect(server({}, { sanitize }).object.spec.managed).toMatchObject({ bootstrap: { sanitize } })
  })

  test('shares nothing with the other one, runs though that is suspended, and says what is left out', () => {
    const { object, notes } = server({
      suspend: true,
      bootstrap: { from: { snapshotRef: { name: 'old' } } },
      podLabels: { app: 'search' },
      service: { annotations: { 'external-dns/hostname': 'search.example' } },
      snapshots: { claimName: 'shared' },
      masterKeySecretRef: { name: 'keys', key: 'key' },
    })
    expect(object.spec.managed).not.toHaveProperty('suspend')
    expect(object.spec.managed).not.toHaveProperty('podLabels')
    expect(object.spec.managed).not.toHaveProperty('snapshots')
    expect(object.spec.managed['service']).toEqual({ type: 'ClusterIP', port: 7700 })
    expect(object.spec.managed['bootstrap']).toEqual({ from: parts.source })
    expect(notes).toEqual([
      'Not taken over from movies, as it would be shared with it: service.annotations, podLabels, snapshots.claimName.',
    ])
  })

  test('says that its master key is another one', () =>
    expect(server().notes).toEqual([expect.stringMatching(/^copy gets a master key of its own/)]))

  test('on a claim that somebody made needs a size', () => {
    const storage = { claimName: 'their-data' }
    expect(() => server({ storage })).toThrow('--size 20Gi')
    const flags = { size: '5Gi', storageClass: 'fast' }
    expect(server({ storage }, flags).object.spec.managed['storage']).toEqual({ size: '5Gi', storageClassName: 'fast' })
  })

  test('cannot be made like one that somebody else runs', () => {
    const existing = {
      ...instance({}),
      spec: { existing: { podSelector: { matchLabels: { a: 'b' } } } },
    } as unknown as Instance
    expect(() => newServer(existing, wanted)).toThrow(/somebody else runs.*--claim CLAIM/)
  })

  test('is one that the schema takes', () => {
    const { object } = server({ snapshots: { size: '5Gi' }, scratch: { size: '1Gi' } })
    expect(meiliInstances.spec.safeParse(object.spec).error).toBeUndefined()
  })
})
