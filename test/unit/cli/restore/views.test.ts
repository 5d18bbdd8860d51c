// What the plugin shows of MeiliRestores: plans, progress, ends, a table, a description.
import { describe, expect, test } from 'vitest'
import type { Instance, Restore } from '../../../../src/cli/cluster.ts'
import { canGoBack } from '../../../../src/cli/view/restore/names.ts'
import { targetText } from '../../../../src/api/restore.ts'
import { planLines } from '../../../../src/cli/view/restore/plan.ts'
import { followedRestore, isAtWork, restoreText } from '../../../../src/cli/view/restore/progress.ts'
import { followedServer } from '../../../../src/cli/view/restore/server.ts'
import { restoreDescription, restoreTable } from '../../../../src/cli/view/restore/table.ts'
import {
  completed,
  drill,
  failed,
  filling,
  nowMs,
  oldData,
  plan,
  planned,
  ready,
  resolved,
  restore,
  wentBack,
} from './restores.ts'

const followed = followedRestore({ namedNamespace: undefined })
const after = (one: Restore): readonly string[] => followed.after?.(one, nowMs) ?? []

describe('a plan', () => {
  test('says what comes, what is there, what is lost, what runs, what it needs, how to undo and how to apply it', () =>
    expect(planLines(planned(), 'kubectl meili', nowMs)).toEqual([
      'plan for movies (nothing is changed)',
      '  from   nightly   Meilisearch 1.50.0   5 indexes, 1,204,311 documents   taken 5h ago',
      '  now    movies    Meilisearch 1.50.0   5 indexes, 12 documents          ← 1,204,299 fewer',
      '  lost   documents and settings written since · 1 API key created since: "ci-writer"',
      '  runs   2 enqueued tasks that are in the snapshot',
      '  first  a snapshot of movies as it is',
      '  needs  14.2 GiB on a new claim, movies-data-2 · the data from before stays on claim movies-data',
      '  undo   kubectl meili restore rollback movies',
      'apply it:  kubectl meili restore nightly --in-place movies --confirm movies',
    ]))

  test('applies with the flags that it was made with, in the namespace that was named', () => {
    const last = (spec: Record<string, unknown>): unknown =>
      planLines(planned(spec), 'kubectl meili -n shop', nowMs).at(-1)
    expect(last({ version: 'AllowUpgrade', safety: { snapshot: 'Never' } })).toBe(
      'apply it:  kubectl meili -n shop restore nightly --in-place movies --allow-upgrade --safety never --confirm movies',
    )
    expect(last({ source: { latestOf: { schedule: { name: 'hourly' } } } })).toContain(
      ' restore schedule/hourly --in-place',
    )
    expect(last({ target: { claim: { name: 'data-0', directory: 'db/data.ms' } } })).toBe(
      'apply it:  kubectl meili -n shop restore nightly --claim data-0 --directory db/data.ms --confirm data-0',
    )
  })

  test('of a source that no flag names is applied by a patch', () =>
    expect(
      planLines(planned({ source: { file: { claim: { name: 'a' }, path: 'b' } } }), 'kubectl meili', nowMs).at(-1),
    ).toBe(
      `apply it:  kubectl -n shop patch meilirestore/back --type=merge -p '{"spec":{"mode":"Apply","confirm":"'movies'"}}'`,
    ))

  test('leaves out what is not known, and names an upgrade', () => {
    const bare = { from: {}, to: {}, upgrade: { from: '1.21.0', to: '1.50.0' }, madeAt: '2026-11-30T08:00:00Z' }
    const text = planLines(restore({ phase: 'Planned', plan: bare }, { mode: 'DryRun' }), 'kubectl meili', nowMs).join(
      '\n',
    )
    expect(text).toMatch(/^ {2}from +nightly +version not known +contents not known$/m)
    expect(text).toContain('  start  Meilisearch upgrades the database from 1.21.0 to 1.50.0')
    expect(text).not.toMatch(/undefined|NaN|now |lost|runs/)
  })

  test('counts keys whose names are not all on record', () => {
    const more = restore({ phase: 'Planned', plan: { ...plan, keysLostCount: 25, safetySnapshot: false } })
    const text = planLines(more, 'kubectl meili', nowMs).join('\n')
    expect(text).toContain('25 API keys created since: "ci-writer", 24 more')
    expect(text).toContain('no snapshot of movies as it is')
  })

  test('says why no snapshot of the server is taken, and in sentences only what the lines do not', () => {
    const whole = { ...plan, safetySnapshot: false, summary: 'In sentences.' }
    const skipped = restore({ phase: 'Planned', plan: whole, safety: { skipped: 'no server runs' } })
    const text = planLines(skipped, 'kubectl meili', nowMs).join('\n')
    expect(text).toContain('  first  no snapshot of movies as it is: no server runs')
    expect(text).not.toContain('In sentences.')
    const target = { claim: { name: 'data-0' } }
    const onClaim = restore({ phase: 'Planned', plan: { ...whole, to: {} } }, { target, confirm: 'data-0' })
    expect(planLines(onClaim, 'kubectl meili', nowMs)).toContain('  note   In sentences.')
  })
})

describe('on the way', () => {
  test('says how far it is, and that the server still serves', () =>
    expect(restoreText(filling)).toBe('Filling  62 %  8.8 GiB of 14.2 GiB · movies still serves'))

  test.each(['Stopping', 'Switching', 'Starting'] as const)('%s: says that it does not serve', (phase) =>
    expect(restoreText(restore({ phase, plan, conditions: [ready('False', phase)] }))).toBe(
      `${phase}  A message. · movies does not serve`,
    ),
  )

  test('says nothing of a server where there is none to replace', () => {
    const target = { claim: { name: 'data-0' } }
    const one = restore({ phase: 'Filling', plan: { ...plan, to: {} } }, { target, confirm: 'data-0' })
    expect(restoreText(one)).toBe('Filling')
  })

  test('one that nobody has looked at says so', () =>
    expect(restoreText({ ...restore(), status: {} })).toBe('New  the operator has not looked at it yet'))
})

describe('the end', () => {
  test('of a plan is where it stands, of all others where nothing is left to do', () => {
    const applied = { ...planned(), spec: { ...planned().spec, mode: 'Apply' as const } }
    const asked = { ...completed, spec: { ...completed.spec, rollback: true } }
    const unseen = { ...asked, metadata: { ...asked.metadata, generation: 2 } }
    expect([planned(), completed, wentBack, failed, drill, asked].map(isAtWork)).toEqual(
      Array.from({ length: 6 }, () => false),
    )
    expect([restore(), filling, applied, unseen].map(isAtWork)).toEqual(Array.from({ length: 4 }, () => true))
  })

  test('is good where what was asked for is so', () => {
    const asked = (one: Restore): Restore => ({ ...one, spec: { ...one.spec, rollback: true } })
    expect([planned(), completed, drill, asked(wentBack)].map(followed.isDone)).toEqual([true, true, true, true])
    expect([wentBack, failed, asked(completed)].map(followed.isDone)).toEqual([false, false, false])
  })

  test('is said in a sentence, with the way back and the way on', () => {
    expect(followed.endText(completed)).toBe('back completed in 3m20s: 5 indexes and 1,204,311 documents are back.')
    expect(after(completed)).toEqual([
      'movies did not serve for 9s.',
      'The data from before is kept: claim movies-data, 20.0 GiB.',
      'undo:      kubectl meili restore rollback movies',
      'clean up:  kubectl meili restore cleanup back',
    ])
  })

  test('that is none says why, and where more stands', () => {
    expect(followed.endText(wentBack)).toBe(
      'back went back by itself: movies did not start on the restored data: exit code 1.',
    )
    expect(followed.endText(failed)).toBe('back failed: ChecksumMismatch: The file is another one.')
    expect(after(failed)).toEqual(['all about it: kubectl meili restore describe back'])
  })

  test('of a plan is the plan', () => {
    expect(followed.endText(planned())).toBeUndefined()
    expect(after(planned())[0]).toBe('plan for movies (nothing is changed)')
  })

  test('of a way back that is none says so', () =>
    expect(followed.endText({ ...completed, spec: { ...completed.spec, rollback: true } })).toMatch(
      /^back did not go back: Completed: /,
    ))
})

test('only a restore in place that was applied can be gone back from, at work or with its old data', () => {
  expect([filling, completed].map(canGoBack)).toEqual([true, true])
  const cleaned = { ...completed, status: { ...completed.status, oldData: undefined } } as Restore
  expect([planned(), wentBack, failed, drill, cleaned].map(canGoBack)).toEqual([false, false, false, false, false])
})

describe('a table', () => {
  test('shows source, target and what is kept', () =>
    expect(restoreTable([completed, filling, drill], { withNamespace: false, nowMs })).toEqual([
      'NAME            SOURCE    TARGET            PHASE       PROGRESS   DOCUMENTS   DOWNTIME   OLD DATA                      AGE',
      'back            nightly   instance movies   Completed              1,204,311   9s         claim movies-data, 20.0 GiB   5h',
      'back            nightly   instance movies   Filling     62 %                                                            5h',
      'drill-nightly   nightly   drill             Completed                                                                   5h',
    ]))

  test('leaves out the columns that nobody fills', () =>
    expect(restoreTable([restore()], { withNamespace: true, nowMs })).toEqual([
      'NAMESPACE   NAME   SOURCE    TARGET            PHASE   AGE',
      'shop        back   nightly   instance movies   New     5h',
    ]))

  test('names a claim with its directory', () =>
    expect(targetText(restore({}, { target: { claim: { name: 'data-0' } }, confirm: 'data-0' }))).toBe(
      'claim data-0/data.ms',
    ))
})

describe('a description', () => {
  const context = { events: [], meili: 'kubectl meili' }
  test('has where it came from, what was exchanged and compared, and the commands', () => {
    const lines = restoreDescription(completed, context, nowMs)
    for (const line of [
      'Name:          shop/back',
      'Target:        instance movies',
      'Phase:         Completed, in 3m20s, 5h ago',
      'Where:         claim backups, movies/nightly-1/data.ms.snapshot',
      'Exchanged:     claim movies-data (1) → claim movies-data-2 (2), down for 9s',
      'Restored:      Meilisearch 1.50.0, 5 indexes, 1,204,311 documents, compared 4 of 5, shows: 2 for 3',
      'Old data:      claim movies-data, 20.0 GiB, kept for 5h',
      'Undo:          kubectl meili restore rollback movies',
      'Clean up:      kubectl meili restore cleanup back',
      'Plan:',
    ])
      expect(lines).toContain(line)
  })

  test('of a drill says how long it took to come back, step by step', () =>
    expect(restoreDescription(drill, context, nowMs)).toContain(
      'Came back in:  3m15s (read 1m10s, unpack 2m, open 4s, first search 1s)',
    ))

  test('of one that failed says how often it was tried and why it went back', () => {
    const job = { attempt: 3, jobName: 'j', failure: 'no space', claimName: 'movies-data-2' }
    const one = restore({ ...wentBack.status, fill: job, safety: { skipped: 'no server runs' } })
    const lines = restoreDescription(one, context, nowMs)
    expect(lines).toContain('Attempts:      unpack 3: no space')
    expect(lines).toContain('Safety:        no snapshot: no server runs')
    expect(lines).toContain('Rollback:      StartFailed: exit code 1')
    expect(lines.join('\n')).not.toMatch(/undefined|NaN/)
  })

  test('of one onto a claim says nothing of contents that nobody has counted', () => {
    const lines = restoreDescription(
      restore({ phase: 'Completed', restored: { version: '1.21.0', at: '2026-11-30T03:00:00Z' } }),
      context,
      nowMs,
    )
    expect(lines).toContain('Restored:      Meilisearch 1.21.0')
  })

  test('of a snapshot before it that failed says why', () => {
    const safety = { snapshot: 'back-safety', skipped: 'MeiliSnapshot back-safety failed.' }
    expect(restoreDescription(restore({ phase: 'Filling', safety }), context, nowMs)).toContain(
      'Safety:        snapshot back-safety: MeiliSnapshot back-safety failed.',
    )
  })

  test('of a bare file names the file, and contents that are not exact as such', () => {
    const file = {
      ...resolved,
      isFile: true,
      path: 'a.snapshot',
      indexes: 1,
      documents: 7,
      meilisearchVersion: '1.21.0',
    }
    const lines = restoreDescription(restore({ phase: 'Filling', resolved: file }), context, nowMs)
    expect(lines).toContain('Where:         claim backups, a.snapshot')
    expect(lines).toContain('Stored:        14.2 GiB, Meilisearch 1.21.0, 1 index, 7 documents or so')
  })
})

describe('a new server', () => {
  const instance = (status: object): Instance =>
    ({ metadata: { name: 'copy', generation: 1 }, status: { observedGeneration: 1, ...status } }) as unknown as Instance
  test('is followed until it serves', () => {
    const serves = instance({
      conditions: [ready('True', 'Ready')],
      version: '1.50.0',
      database: { documents: 1_204_311 },
    })
    expect([followedServer.hasEnded(serves), followedServer.isDone(serves)]).toEqual([true, true])
    expect(followedServer.endText(serves)).toBe('copy serves: Meilisearch 1.50.0 with 1,204,311 documents')
    expect(followedServer.hasEnded(instance({ conditions: [ready('False', 'Restoring')] }))).toBe(false)
    expect(followedServer.hasEnded({ ...serves, metadata: { ...serves.metadata, generation: 2 } })).toBe(false)
  })

  test('or until it is stalled', () => {
    const stalled = { ...ready('True', 'BootstrapFailed'), type: 'Stalled' }
    const bad = instance({ conditions: [stalled, ready('False', 'BootstrapFailed')] })
    expect([followedServer.hasEnded(bad), followedServer.isDone(bad)]).toEqual([true, false])
    expect(followedServer.endText(bad)).toBe('copy does not start: BootstrapFailed: A message.')
  })
})

test('old data of unknown size has a name alone', () =>
  expect(
    after({
      ...completed,
      status: { ...completed.status, oldData: { ...oldData, capacityBytes: undefined } },
    }),
  ).toContain('The data from before is kept: claim movies-data.'))
