// What doctor and status say of restores: those at work, those that failed, drills, and old data that is kept.
import { describe, expect, test } from 'vitest'
import { cleanUpAnnotation } from '../../../../src/api/restore.ts'
import type { Instance, Restore, Schedule, Snapshot } from '../../../../src/cli/cluster.ts'
import { diagnoseInstance } from '../../../../src/cli/doctor/instances.ts'
import { diagnoseRestores } from '../../../../src/cli/doctor/restores.ts'
import { statusReport } from '../../../../src/cli/view/status-report.ts'
import { aSchedule } from '../../../support/builders/schedules.ts'
import { completed, drill, failed, filling, nowMs, oldData, planned, ready, restore, wentBack } from './restores.ts'

const nightly = {
  metadata: { namespace: 'shop', name: 'nightly', creationTimestamp: '2026-11-29T03:00:00Z' },
  spec: { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } },
  status: { phase: 'Completed', completedAt: '2026-11-29T03:01:00Z' },
} as unknown as Snapshot
const movies = {
  metadata: { namespace: 'shop', name: 'movies', generation: 1, creationTimestamp: '2026-11-01T00:00:00Z' },
  spec: {},
  status: { conditions: [ready('True', 'Ready')] },
} as unknown as Instance

const failedDrill: Restore = {
  ...drill,
  status: {
    ...drill.status,
    phase: 'Failed',
    conditions: [ready('False', 'DrillFailed', 'Index shows has no documents.')],
  },
}
const later = (one: Restore, completedAt = '2026-11-30T07:00:00Z'): Restore => ({
  ...one,
  status: { ...one.status, completedAt },
})

describe('doctor', () => {
  const findings = (...restores: readonly Restore[]): string[] =>
    diagnoseRestores({ restores, snapshots: [nightly], schedules: [] }, nowMs).map(
      ({ level, message, remedy }) => `${level}: ${message}${remedy === undefined ? '' : ` → ${remedy}`}`,
    )

  test('shows what is at work, which is no fault', () =>
    expect(findings(filling)).toEqual([
      'ok: restore shop/back to instance movies: Filling  62 %  8.8 GiB of 14.2 GiB · movies still serves',
    ]))

  test('finds one that nobody looks at', () =>
    expect(findings({ ...filling, metadata: { ...filling.metadata, generation: 2 } })[0]).toMatch(
      /^problem: restore shop\/back: the operator has not looked at it since its last change → see whether the operator runs/,
    ))

  test('says of one that failed why, where it is explained, and how to settle it', () =>
    expect(findings(failed)).toEqual([
      'problem: restore shop/back failed: ChecksumMismatch: The file is another one → docs/failures.md, ChecksumMismatch; kubectl meili -n shop restore describe back; when it is settled: kubectl -n shop delete meilirestore/back',
    ]))

  test('says of one that went back by itself that it did, and nothing of one that was asked to', () => {
    expect(findings(wentBack)[0]).toMatch(
      /^problem: restore shop\/back went back by itself: movies did not start on the/,
    )
    expect(findings({ ...wentBack, spec: { ...wentBack.spec, rollback: true } })).toEqual([])
  })

  test('says only the last of each kind: what failed before it is over', () => {
    const good = { ...later(completed), status: { ...later(completed).status, oldData: undefined } } as Restore
    expect(findings(failed, good)).toEqual([])
    expect(findings(later(failed), good).length).toBe(1)
    expect(findings(failedDrill, later(drill))).toEqual(['ok: drill shop/drill-nightly: passed 1h ago, back in 3m15s'])
  })

  test('says of a drill that failed that it did', () =>
    expect(findings(failedDrill)[0]).toMatch(
      /^problem: drill shop\/drill-nightly failed: DrillFailed: Index shows has no/,
    ))

  test('leaves the one of an instance that starts from a snapshot to the instance', () =>
    expect(
      findings({
        ...failed,
        metadata: {
          ...failed.metadata,
          ownerReferences: [{ apiVersion: '', kind: 'MeiliInstance', name: 'a', uid: 'u' }],
        },
      }),
    ).toEqual([]))

  test('names old data, what it takes, and how it is given up', () => {
    const of = (changes: object, annotations?: Record<string, string>): string | undefined =>
      findings({
        ...completed,
        metadata: { ...completed.metadata, ...(annotations === undefined ? {} : { annotations }) },
        status: { ...completed.status, oldData: { ...oldData, ...changes } },
      }).at(-1)
    const kept = 'restore shop/back: the data from before is kept for 5h: claim movies-data, 20.0 GiB'
    const giveUp = 'when it is not needed any more: kubectl meili -n shop restore cleanup back'
    expect(of({ removable: true })).toBe(`warning: ${kept} → ${giveUp}`)
    expect(of({})).toBe(
      `warning: ${kept} → ${giveUp}; before that it wants a snapshot of the restored data: kubectl meili -n shop snapshot create movies`,
    )
    const asked = { [cleanUpAnnotation]: 'old-data' }
    expect(of({}, asked)).toMatch(
      /^warning: .*it goes once a snapshot of the restored data has completed → kubectl meili/,
    )
    expect(of({ removable: true }, asked)).toMatch(/^ok: .*it is being deleted$/)
  })

  test('has nothing to say of a plan', () => expect(findings(planned())).toEqual([]))
})

describe('doctor, of an instance', () => {
  const findingOf = (reason: string, status: object = {}): string => {
    const one = { ...movies, status: { observedGeneration: 1, conditions: [ready('False', reason)], ...status } }
    const [first] = diagnoseInstance(one, { snapshots: [], schedules: [] }, nowMs)
    return `${first?.level}: ${first?.message} → ${first?.remedy}`
  }
  const bootstrap = { restore: 'movies-bootstrap-1', from: 'nightly' }

  test('that a restore stops for a while, says which', () =>
    expect(findingOf('Restoring')).toBe(
      'warning: instance shop/movies: Restoring: A message → kubectl meili -n shop restore list movies',
    ))

  test('that is being filled, says how to follow it', () =>
    expect(findingOf('Bootstrapping', { bootstrap })).toBe(
      'warning: instance shop/movies: Bootstrapping: A message → kubectl meili -n shop wait restore/movies-bootstrap-1',
    ))

  test('that could not be filled, says why to look where, and how to try again', () => {
    expect(findingOf('BootstrapFailed', { bootstrap })).toBe(
      'problem: instance shop/movies: BootstrapFailed: A message → kubectl meili -n shop restore describe movies-bootstrap-1; to try again: kubectl -n shop delete meilirestore/movies-bootstrap-1',
    )
    expect(findingOf('BootstrapFailed')).toMatch(/→ docs\/failures\.md, BootstrapFailed; kubectl -n shop describe/)
  })
})

describe('status', () => {
  const reportOf = (restores: readonly Restore[] | undefined, schedules: readonly Schedule[] = []) =>
    statusReport({ instances: [movies], snapshots: [nightly], schedules, restores }, nowMs)[0]

  test('shows restores and drills that are at work with their instance', () => {
    const drilling = restore({ phase: 'Verifying' }, { target: { scratch: {} } }, { name: 'drill-1' })
    expect(reportOf([filling, drilling, completed])?.running).toEqual([
      { name: 'restore/back', phase: 'Filling', percent: 62, about: '8.8 GiB of 14.2 GiB · movies still serves' },
      { name: 'restore/drill-1', phase: 'Verifying', percent: undefined, about: '' },
    ])
  })

  test('finds the instance of a drill by its schedule, too', () => {
    const source = { latestOf: { schedule: { name: 'hourly' } } }
    const drilling = restore({ phase: 'Verifying' }, { source, target: { scratch: {} } }, { name: 'drill-1' })
    const hourly = aSchedule({ metadata: { name: 'hourly' } }) as Schedule
    expect(reportOf([drilling], [hourly])?.running).toMatchObject([{ name: 'restore/drill-1' }])
    expect(reportOf([drilling])?.running).toEqual([])
  })

  test('says what failed and what is kept', () => {
    expect(reportOf([later(failed), failedDrill, completed])).toMatchObject({
      problems: [
        'restore back failed: ChecksumMismatch: The file is another one.',
        'drill drill-nightly failed: DrillFailed: Index shows has no documents.',
      ],
      warnings: ['the data from before restore back is kept: claim movies-data, 20.0 GiB'],
    })
  })

  test('says nothing of restores that it could not read', () =>
    expect(reportOf(undefined)).toMatchObject({ running: [], problems: [] }))

  test('and nothing of those of other instances', () => {
    const target = { inPlace: { instanceRef: { name: 'shows' } } }
    expect(reportOf([restore({ phase: 'Filling' }, { target, confirm: 'shows' })])?.running).toEqual([])
    const elsewhere = { ...filling, metadata: { ...filling.metadata, namespace: 'blog' } }
    expect(reportOf([elsewhere])?.running).toEqual([])
  })
})
