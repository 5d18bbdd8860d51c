// From one version to a higher one: each step, what it waits for, and where it stops.
import { describe, expect, test } from 'vitest'
import type { MeiliInstanceStatus } from '../../../../../../src/api/instance.ts'
import { compareVersions } from '../../../../../../src/reconcile/names/version.ts'
import type { ManagedSeen, ServerSeen } from '../../../../../../src/kinds/instance/observation.ts'
import { healthy } from '../../../../../support/builders/instance-observations.ts'
import {
  aManagedInstance,
  withChanges,
  managedVerdict,
  everything,
  noPod,
  notReadyPod,
  serverPod,
} from '../../../../../support/builders/managed-observations.ts'
import type { Verdict } from '../../../../../support/builders/managed-observations.ts'
import { ago, aSnapshot, minute } from '../../../../../support/builders/observations.ts'

type Upgrade = NonNullable<MeiliInstanceStatus['upgrade']>

const before = everything(aManagedInstance())
const upgradeStatus = (changes: Partial<Upgrade>): MeiliInstanceStatus => ({
  observedGeneration: 2,
  database: { sizeBytes: 1, size: '1 B', indexes: 2, documents: 7 },
  upgrade: {
    from: '1.21.0',
    to: '1.50.0',
    step: 'Snapshot',
    generation: 2,
    snapshot: 'movies-before-1-50-0-movies-u-2',
    startedAt: ago(minute),
    ...changes,
  },
})
const copy = { name: 'movies-before-1-50-0-movies-u-2' }
const destination = { claim: { name: 'backups' } }
const instanceToUpgrade = (
  status: MeiliInstanceStatus = { observedGeneration: 1, database: upgradeStatus({}).database },
  managed: object = {},
): ReturnType<typeof aManagedInstance> =>
  aManagedInstance({
    managed: { version: '1.50.0', upgrade: { destination }, ...managed },
    metadata: { generation: 2 },
    status,
  })
const newPod = serverPod({ spec: { containers: [{ name: 'meilisearch', image: 'getmeili/meilisearch:v1.50.0' }] } })
const answers = (upgradeTask: (ServerSeen & { state: 'Answered' })['upgradeTask'], documents = 7): ServerSeen => ({
  ...(healthy as ServerSeen & { state: 'Answered' }),
  version: '1.50.0',
  database: { sizeBytes: 1, indexes: 2, documents },
  ...(upgradeTask === undefined ? {} : { upgradeTask }),
})
/** The image and variables that the StatefulSet is to have, where it is applied. */
const wantedImage = ({ effects }: Verdict): string | undefined => {
  const found = effects.find((effect) => effect.kind === 'Apply' && effect.child.kind === 'StatefulSet') as
    | { child: { spec: { template: { spec: { containers: [{ image: string; env: { name: string }[] }] } } } } }
    | undefined
  const [container] = found?.child.spec.template.spec.containers ?? []
  return (
    container &&
    `${container.image}${container.env.some(({ name }) => name === 'MEILI_UPGRADE_DB') ? ' may upgrade' : ''}`
  )
}
/** Everything as the new version has it. */
const after: ManagedSeen = {
  ...everything(instanceToUpgrade(), { version: '1.50.0', upgrade: true }),
  claims: before.claims,
}

describe('upgrading', () => {
  test('SnapshotFirst begins with a snapshot; the old version runs on', () => {
    const verdict = managedVerdict({ instance: instanceToUpgrade(), managed: before })
    expect(verdict.status.upgrade).toMatchObject({
      from: '1.21.0',
      to: '1.50.0',
      step: 'Snapshot',
      snapshot: 'movies-before-1-50-0-movies-u-2',
      generation: 2,
    })
    expect(verdict).toMatchObject({
      reason: 'Upgrading',
      ready: 'True Ready',
      progress: 'Reconciling',
      does: ['CreateSnapshot'],
    })
    expect(verdict.effects[0]).toMatchObject({
      snapshot: {
        metadata: {
          name: 'movies-before-1-50-0-movies-u-2',
          labels: { 'meili-operator.dev/upgrade-from': '1.21.0', 'meili-operator.dev/upgrade-to': '1.50.0' },
        },
        spec: { source: { instanceRef: { name: 'movies' } }, destination, deletionPolicy: 'Delete' },
      },
    })
  })

  test('it is waited for, and nothing is asked twice', () => {
    const upgradeSnapshot = aSnapshot({ metadata: copy, status: { phase: 'Moving', request: { attempt: 1 } as never } })
    expect(
      managedVerdict({
        instance: instanceToUpgrade(upgradeStatus({})),
        managed: { ...before, recordedUpgradeSnapshot: upgradeSnapshot },
      }),
    ).toMatchObject({
      reason: 'Upgrading',
      effects: [],
      status: { upgrade: { step: 'Snapshot' } },
    })
  })

  test('completed: documents are counted, and the new version may change the database', () => {
    const upgradeSnapshot = aSnapshot({ metadata: copy, status: { phase: 'Completed' } })
    const verdict = managedVerdict({
      instance: instanceToUpgrade(upgradeStatus({})),
      managed: { ...before, recordedUpgradeSnapshot: upgradeSnapshot },
    })
    expect(verdict.status.upgrade).toMatchObject({ step: 'Start', indexes: 2, documents: 7 })
    expect(wantedImage(verdict)).toBe('getmeili/meilisearch:v1.50.0 may upgrade')
  })

  test('a snapshot that fails stops it: the old version runs, untouched', () => {
    const upgradeSnapshot = aSnapshot({
      metadata: copy,
      status: {
        phase: 'Failed',
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'InsufficientSpace',
            message: 'No space.',
            lastTransitionTime: ago(0),
            observedGeneration: 1,
          },
        ],
      },
    })
    const verdict = managedVerdict({
      instance: instanceToUpgrade(upgradeStatus({})),
      managed: { ...before, recordedUpgradeSnapshot: upgradeSnapshot },
    })
    expect(verdict).toMatchObject({ reason: 'UpgradeFailed', progress: 'Stalled', ready: 'True Ready', effects: [] })
    expect(verdict.message).toContain(
      'Delete MeiliSnapshot movies-before-1-50-0-movies-u-2 and another one is taken; or set upgrade.strategy: Direct, which upgrades without a snapshot, or set version back to 1.21.0.',
    )
  })

  test('a snapshot whose files have expired meanwhile stops it too', () => {
    const upgradeSnapshot = aSnapshot({ metadata: copy, status: { phase: 'Expired' } })
    const verdict = managedVerdict({
      instance: instanceToUpgrade(upgradeStatus({})),
      managed: { ...before, recordedUpgradeSnapshot: upgradeSnapshot },
    })
    expect(verdict).toMatchObject({ reason: 'UpgradeFailed', progress: 'Stalled', effects: [] })
    expect(verdict.message).toContain('has no files any more')
  })

  describe('the next upgrade, with that of the one before complete', () => {
    const one = { name: 'movies-before-1-21-0-movies-u-1' }
    const status = upgradeStatus({
      from: '1.20.0',
      to: '1.21.0',
      step: 'Done',
      generation: 1,
      snapshot: one.name,
      completedAt: ago(0),
    })
    const seen = { ...before, recordedUpgradeSnapshot: aSnapshot({ metadata: one, status: { phase: 'Completed' } }) }

    test.each([
      ['is done', status],
      ['is given up for it', { ...status, upgrade: { ...status.upgrade!, step: 'Start' as const } }],
    ])('takes a snapshot of its own where that one %s', (_, known) => {
      const verdict = managedVerdict({ instance: instanceToUpgrade(known), managed: seen })
      expect(verdict.effects).toMatchObject([{ kind: 'CreateSnapshot', snapshot: { metadata: copy } }])
      expect(verdict.status.upgrade).toMatchObject({ from: '1.21.0', to: '1.50.0', step: 'Snapshot' })
    })

    test('is held where nothing says where to store it', () => {
      expect(managedVerdict({ instance: instanceToUpgrade(status, { upgrade: {} }), managed: seen })).toMatchObject({
        reason: 'UpgradeHeld',
        effects: [],
      })
    })
  })

  test('one that waits for a claim which spec does not name any more is taken anew; one that Meilisearch makes is let end', () => {
    const elsewhere = aSnapshot({
      metadata: { ...copy, uid: 'u', resourceVersion: '7' },
      spec: { destination: { claim: { name: 'bakcups' } } },
      status: { phase: 'Pending' },
    })
    const before_ = (upgradeSnapshot: ManagedSeen['recordedUpgradeSnapshot']): Verdict =>
      managedVerdict({
        instance: instanceToUpgrade(upgradeStatus({})),
        managed: { ...before, recordedUpgradeSnapshot: upgradeSnapshot },
      })
    expect(before_(elsewhere).effects).toEqual([
      { kind: 'DeleteSnapshot', name: copy.name, uid: 'u', resourceVersion: '7' },
    ])
    expect(before_({ ...elsewhere, metadata: { ...elsewhere.metadata, deletionTimestamp: ago(0) } }).effects).toEqual(
      [],
    )
    expect(
      before_({ ...elsewhere, status: { ...elsewhere.status, request: { attempt: 1 } as never } }).effects,
    ).toEqual([])
  })

  test('Direct starts at once', () => {
    const verdict = managedVerdict({
      instance: instanceToUpgrade(undefined, { upgrade: { strategy: 'Direct' } }),
      managed: before,
    })
    expect(verdict.status.upgrade).toMatchObject({ step: 'Start', documents: 7 })
    expect(wantedImage(verdict)).toBe('getmeili/meilisearch:v1.50.0 may upgrade')
  })

  test('the old pod is replaced when the StatefulSet is as it should be', () => {
    const outdated = serverPod({ metadata: { labels: { 'controller-revision-hash': 'movies-old' } } })
    expect(
      managedVerdict({
        instance: instanceToUpgrade(upgradeStatus({ step: 'Start' })),
        pods: [outdated],
        managed: after,
      }),
    ).toMatchObject({ reason: 'Restarting', does: ['DeletePod'], status: { upgrade: { step: 'Start' } } })
  })

  test('a version that does not start stops it there, with the snapshot and the way back', () => {
    const crashed = notReadyPod({
      containerStatuses: [
        {
          name: 'meilisearch',
          ready: false,
          image: 'i',
          state: {
            terminated: {
              exitCode: 1,
              message: 'Database version 1.51.0 is higher than the Meilisearch version 1.50.0.',
            },
          },
        },
      ],
    })
    const pod = serverPod({ spec: newPod.spec!, status: crashed.status! })
    const verdict = managedVerdict({
      instance: instanceToUpgrade(upgradeStatus({ step: 'Start' })),
      pods: [pod],
      server: { state: 'Unreachable', message: 'x' },
      managed: after,
    })
    expect(verdict).toMatchObject({
      reason: 'UpgradeFailed',
      progress: 'Stalled',
      effects: [],
      status: { upgrade: { step: 'Start' } },
    })
    expect(verdict.status.upgrade?.failure).toContain('Database version 1.51.0 is higher')
    expect(verdict.message).toContain(
      'MeiliSnapshot movies-before-1-50-0-movies-u-2 holds everything as it was before. Set version back to 1.21.0',
    )
  })

  test('a pod without a node is no failure of the new version', () => {
    const pod = serverPod({
      spec: newPod.spec!,
      status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes' }] },
    })
    expect(
      managedVerdict({
        instance: instanceToUpgrade(upgradeStatus({ step: 'Start' })),
        pods: [pod],
        server: { state: 'NotAsked' },
        managed: after,
      }).reason,
    ).toBe('Upgrading')
  })

  test.each(['enqueued', 'processing'])(
    'the database is being changed (%s): nothing is restarted meanwhile',
    (status) => {
      const verdict = managedVerdict({
        instance: instanceToUpgrade(upgradeStatus({ step: 'Start' })),
        pods: [serverPod({ metadata: { labels: { 'controller-revision-hash': 'x' } } })],
        server: answers({ status, error: undefined }),
        managed: after,
      })
      expect(verdict.status.upgrade?.step).toBe('Database')
      expect(verdict.reason).toBe('RestartPending')
      expect(verdict.does).toEqual(['Apply PersistentVolumeClaim movies-data'])
    },
  )

  test('a task that fails stops it', () => {
    const verdict = managedVerdict({
      instance: instanceToUpgrade(upgradeStatus({ step: 'Database' })),
      pods: [newPod],
      server: answers({ status: 'failed', error: 'no space left' }),
      managed: after,
    })
    expect(verdict).toMatchObject({ reason: 'UpgradeFailed', status: { upgrade: { step: 'Database' } } })
    expect(verdict.message).toContain('task upgradeDatabase failed: no space left')
  })

  test.each(['None' as const, { status: 'succeeded', error: undefined }])(
    'done when the documents are there: %j',
    (task) => {
      const verdict = managedVerdict({
        instance: instanceToUpgrade(upgradeStatus({ step: 'Start', indexes: 2, documents: 7 })),
        pods: [newPod],
        server: answers(task),
        managed: after,
      })
      expect(verdict.status.upgrade).toMatchObject({ step: 'Done', completedAt: ago(0) })
    },
  )

  test('fewer documents than before: it says so, and a change of spec accepts it', () => {
    const status = upgradeStatus({ step: 'Documents', indexes: 2, documents: 9 })
    const few = { pods: [newPod], server: answers('None'), managed: after }
    expect(managedVerdict({ instance: instanceToUpgrade(status), ...few })).toMatchObject({
      reason: 'UpgradeFailed',
      status: {
        upgrade: {
          step: 'Documents',
          failure: expect.stringContaining(
            'There were 9 documents in 2 indexes before, and there are 7 in 2.',
          ) as string,
        },
      },
    })
    const accepted = aManagedInstance({ managed: { version: '1.50.0' }, metadata: { generation: 3 }, status })
    expect(managedVerdict({ instance: accepted, ...few }).status.upgrade?.step).toBe('Done')
  })

  test('set back while the database is still the old one: the old version runs again, and the record goes', () => {
    const instance = aManagedInstance({
      metadata: { generation: 3 },
      status: upgradeStatus({ step: 'Start', failure: 'no' }),
    })
    const verdict = managedVerdict({ ...noPod, instance, managed: after })
    expect(verdict.status.upgrade).toBeUndefined()
    expect(wantedImage(verdict)).toBe('getmeili/meilisearch:v1.21.0 may upgrade')
  })

  test('the variables stay when it is done', () => {
    const verdict = managedVerdict({
      instance: instanceToUpgrade(upgradeStatus({ step: 'Done' }), { resources: { limits: { cpu: '2' } } }),
      pods: [newPod],
      server: answers(undefined),
      managed: after,
    })
    expect(wantedImage(verdict)).toBe('getmeili/meilisearch:v1.50.0 may upgrade')
    expect(verdict.status.upgrade?.step).toBe('Done')
  })

  test('suspended, it waits', () => {
    const idle = withChanges(
      everything(instanceToUpgrade(undefined, { suspend: true }), { version: '1.50.0', upgrade: true, replicas: 0 })
        .statefulSet,
      { status: { replicas: 0 } },
    )
    const verdict = managedVerdict({
      ...noPod,
      instance: instanceToUpgrade(upgradeStatus({ step: 'Start' }), { suspend: true }),
      managed: {
        ...everything(instanceToUpgrade(undefined, { suspend: true }), {
          version: '1.50.0',
          upgrade: true,
          replicas: 0,
        }),
        claims: before.claims,
        statefulSet: idle,
      },
    })
    expect(verdict.message).toContain('It waits until suspend is false.')
  })
})

test.each([
  ['1.21.0', '1.21.0', 0],
  ['1.9.0', '1.12.0', -1],
  ['2.0.0', '1.50.9', 1],
  ['1.21.1', '1.21.0', 1],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})
