// Snapshots of upgrades that stand on record: what strategy Direct does with one, and that only the last one is kept.
import { describe, expect, test } from 'vitest'
import type { MeiliInstanceStatus } from '../../../../../../src/api/instance.ts'
import type { MeiliSnapshot } from '../../../../../../src/api/snapshot.ts'
import type { ServerSeen } from '../../../../../../src/kinds/instance/observation.ts'
import { applyRefusal } from '../../../../../../src/kinds/instance/decide.ts'
import { instanceEvents } from '../../../../../../src/kinds/instance/events.ts'
import { healthy } from '../../../../../support/builders/instance-observations.ts'
import {
  aManagedInstance,
  withChanges,
  managedVerdict,
  everything,
} from '../../../../../support/builders/managed-observations.ts'
import type { Seen, Verdict } from '../../../../../support/builders/managed-observations.ts'
import { ago, aSnapshot, hour, minute, now } from '../../../../../support/builders/observations.ts'
import { instanceToUpgrade, elsewhere } from './asked-upgrade.ts'

type Upgrade = NonNullable<MeiliInstanceStatus['upgrade']>

const upgradeOf = (changes: Partial<Upgrade> = {}): Upgrade => ({
  from: '1.21.0',
  to: '1.50.0',
  step: 'Snapshot',
  generation: 2,
  snapshot: 'movies-before-1-50-0-movies-u-2',
  startedAt: ago(minute),
  ...changes,
})
const runningVerdict = (managed: object, upgrade: Upgrade, { managed: seen, ...more }: Seen): Verdict =>
  managedVerdict({
    instance: instanceToUpgrade(managed, { observedGeneration: 2, upgrade }),
    ...more,
    managed: { ...everything(aManagedInstance()), ...seen },
  })

describe('Direct, while one is on its way', () => {
  const direct = { upgrade: { strategy: 'Direct' } }
  const copy = (status: object): MeiliSnapshot =>
    aSnapshot({ metadata: { name: 'movies-before-1-50-0-movies-u-2', uid: 'u', resourceVersion: '7' }, status })

  test('one that has failed no longer stops it', () => {
    const verdict = runningVerdict(direct, upgradeOf(), {
      managed: { recordedUpgradeSnapshot: copy({ phase: 'Failed' }) },
    })
    expect(verdict.status.upgrade).toMatchObject({ step: 'Start' })
    expect(verdict.status.upgrade?.snapshot).toBeUndefined()
  })

  test('one that has not begun is removed', () => {
    expect(
      runningVerdict(direct, upgradeOf(), { managed: { recordedUpgradeSnapshot: copy({ phase: 'Pending' }) } }),
    ).toMatchObject({
      effects: [{ kind: 'DeleteSnapshot', name: 'movies-before-1-50-0-movies-u-2', uid: 'u', resourceVersion: '7' }],
      status: { upgrade: { step: 'Snapshot' } },
    })
  })

  test('one that is being made is let end', () => {
    expect(
      runningVerdict(direct, upgradeOf(), {
        managed: { recordedUpgradeSnapshot: copy({ phase: 'Snapshotting', request: { posts: 1 } }) },
      }),
    ).toMatchObject({ reason: 'Upgrading', effects: [], status: { upgrade: { step: 'Snapshot' } } })
  })

  test('one that is complete stays on record', () => {
    expect(
      runningVerdict(direct, upgradeOf(), { managed: { recordedUpgradeSnapshot: copy({ phase: 'Completed' }) } }).status
        .upgrade,
    ).toMatchObject({ step: 'Start', snapshot: 'movies-before-1-50-0-movies-u-2' })
  })
})

describe('only the last one is kept', () => {
  const labels = {
    'meili-operator.dev/instance': 'movies',
    'meili-operator.dev/instance-uid': 'movies-uid',
    'meili-operator.dev/upgrade-from': '1.20.0',
    'meili-operator.dev/upgrade-to': '1.21.0',
  }
  const anUpgradeSnapshot = (
    name: string,
    { metadata = {}, spec = {}, phase = 'Completed' }: { metadata?: object; spec?: object; phase?: string } = {},
  ): MeiliSnapshot =>
    withChanges(
      aSnapshot({
        metadata: {
          name,
          uid: `uid-of-${name}`,
          resourceVersion: '7',
          labels,
          creationTimestamp: ago(2 * hour),
          ...metadata,
        },
        status: { phase } as never,
      }),
      { spec: { ...aSnapshot().spec, source: { instanceRef: { name: 'movies' } }, deletionPolicy: 'Delete', ...spec } },
    )
  const first = anUpgradeSnapshot('movies-before-1-21-0-movies-u-1')
  const last = anUpgradeSnapshot('movies-before-1-50-0-movies-u-2', {
    metadata: { labels: { ...labels, 'meili-operator.dev/upgrade-to': '1.50.0' }, creationTimestamp: ago(minute) },
  })
  const done = upgradeOf({ step: 'Done', completedAt: ago(0) })
  const after = (
    upgradeSnapshots: readonly MeiliSnapshot[],
    { upgrade = done, kept = last }: { upgrade?: Upgrade; kept?: MeiliSnapshot | undefined } = {},
  ): Verdict =>
    runningVerdict(elsewhere, upgrade, {
      server: { ...(healthy as ServerSeen & { state: 'Answered' }), version: '1.50.0' },
      managed: {
        ...everything(instanceToUpgrade(), { version: '1.50.0', upgrade: true }),
        upgradeSnapshots,
        recordedUpgradeSnapshot: kept,
      },
    })
  const removedSnapshots = ({ effects }: Verdict): string[] =>
    effects.flatMap((effect) =>
      effect.kind === 'DeleteSnapshot' ? [`${effect.name} ${effect.uid} ${effect.resourceVersion}`] : [],
    )

  test('done: the one before goes, as it was seen and put on record first; this one stays', () => {
    const verdict = after([first, last])
    expect(removedSnapshots(verdict)).toEqual([
      'movies-before-1-21-0-movies-u-1 uid-of-movies-before-1-21-0-movies-u-1 7',
    ])
    expect(verdict.status.upgrade?.earlierSnapshots).toEqual(['movies-before-1-21-0-movies-u-1'])
  })

  test('cut off in between, it goes on, and reports it once', () => {
    const recorded = after([first, last]).status
    const again = after([first, last], { upgrade: recorded.upgrade! })
    expect(removedSnapshots(again)).toHaveLength(1)
    expect(again.status.upgrade).toEqual(recorded.upgrade)
    const deletionEvents = (from: MeiliInstanceStatus, to: MeiliInstanceStatus): string[] =>
      instanceEvents(from, to)
        .filter(({ reason }) => reason === 'UpgradeSnapshotDeleted')
        .map(({ message }) => message)
    expect(deletionEvents({ upgrade: done }, recorded)).toEqual([
      'Deleting MeiliSnapshot movies-before-1-21-0-movies-u-1 and its stored files: movies-before-1-50-0-movies-u-2 is newer and stays.',
    ])
    expect(deletionEvents(recorded, again.status)).toEqual([])
  })

  test("a removal that is refused stays on record in the API server's words while it is tried again, and no longer than that", () => {
    const recorded = after([first, last]).status
    const refused = applyRefusal(
      instanceToUpgrade(elsewhere, recorded),
      { kind: 'Refused', effect: 'DeleteSnapshot', message: 'denied by policy' },
      now,
    )
    expect(refused).toEqual({ ...recorded, upgrade: { ...recorded.upgrade, failure: 'denied by policy' } })
    expect(removedSnapshots(after([first, last], { upgrade: refused.upgrade! }))).toHaveLength(1)
    expect(after([first, last], { upgrade: refused.upgrade! }).status.upgrade).toEqual(refused.upgrade)
    expect(after([last], { upgrade: refused.upgrade! }).status.upgrade).toEqual(recorded.upgrade)
  })

  test('one that failed goes as well', () => {
    expect(
      removedSnapshots(after([anUpgradeSnapshot('movies-before-1-21-0-movies-u-1', { phase: 'Failed' }), last])),
    ).toHaveLength(1)
  })

  test.each<[string, MeiliSnapshot]>([
    [
      'kept by deletionPolicy Retain',
      anUpgradeSnapshot('movies-before-1-21-0-movies-u-1', { spec: { deletionPolicy: 'Retain' } }),
    ],
    [
      'kept by taking the label away',
      anUpgradeSnapshot('movies-before-1-21-0-movies-u-1', {
        metadata: { labels: { 'meili-operator.dev/instance-uid': 'movies-uid' } },
      }),
    ],
    [
      'of an earlier instance of this name',
      anUpgradeSnapshot('movies-before-1-21-0-movies-u-1', {
        metadata: { labels: { ...labels, 'meili-operator.dev/instance-uid': 'other' } },
      }),
    ],
    ["that a person made with the operator's labels", anUpgradeSnapshot('mine')],
    ['that a person copied under a longer name', anUpgradeSnapshot('movies-before-1-21-0-movies-u-1-copy')],
    ['that still runs', anUpgradeSnapshot('movies-before-1-21-0-movies-u-1', { phase: 'Moving' })],
    [
      'that is newer',
      anUpgradeSnapshot('movies-before-1-21-0-movies-u-1', { metadata: { creationTimestamp: ago(0) } }),
    ],
    [
      'that is going',
      anUpgradeSnapshot('movies-before-1-21-0-movies-u-1', { metadata: { deletionTimestamp: ago(0) } }),
    ],
  ])('never one %s', (_, copy) => {
    expect(removedSnapshots(after([copy, last]))).toEqual([])
  })

  test.each<[string, Parameters<typeof after>[1]]>([
    ['before the upgrade is done', { upgrade: upgradeOf({ step: 'Documents', indexes: 9, documents: 9 }) }],
    ['where the last one is gone', { kept: withChanges(last, { metadata: { ...last.metadata, name: 'another' } }) }],
    [
      'where the last one is going',
      { kept: withChanges(last, { metadata: { ...last.metadata, deletionTimestamp: ago(0) } }) },
    ],
    ['where the last one failed', { kept: withChanges(last, { status: { phase: 'Failed' } }) }],
    [
      'where the last upgrade took none',
      { upgrade: upgradeOf({ step: 'Done', completedAt: ago(0), snapshot: undefined }) },
    ],
  ])('and none %s', (_, how) => {
    const verdict = after([first, last], how)
    expect(removedSnapshots(verdict)).toEqual([])
    expect(verdict.status.upgrade?.to).toBe('1.50.0')
  })
})
