// The Job that moves one file: its name, its owner, when it is over, and the configuration of its mover.
import { describe, expect, test } from 'vitest'
import type { MeiliInstance } from '../../../../../../src/api/instance.ts'
import type { MeiliSnapshot } from '../../../../../../src/api/snapshot.ts'
import { moveConfig } from '../../../../../../src/mover/contract.ts'
import type { MoveConfig } from '../../../../../../src/mover/contract.ts'
import { moverSelector } from '../../../../../../src/reconcile/names/objects.ts'
import { configVariable } from '../../../../../../src/reconcile/job/template.ts'
import { snapshotUidLabel } from '../../../../../../src/kinds/snapshot/job/template.ts'
import { moverJob, moverJobName } from '../../../../../../src/kinds/snapshot/job/commands/move.ts'
import type { MoveFrom } from '../../../../../../src/kinds/snapshot/job/commands/move.ts'
import type { EngineAnswer } from '../../../../../../src/kinds/snapshot/observation.ts'
import {
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  aTarget,
  aTask,
  aVolume,
  hour,
  jobName,
  minute,
  movingStatus,
  snapshotUid,
  succeededTask,
} from '../../../../../support/builders/observations.ts'

interface Parts {
  readonly snapshot?: MeiliSnapshot
  readonly instance?: MeiliInstance
  readonly engine?: EngineAnswer
  readonly deadlineMs?: number
  readonly imagePullSecrets?: readonly string[]
}

const from = (parts: Parts = {}): MoveFrom => ({
  ...anObservation(),
  snapshot: aSnapshot({ status: movingStatus() }),
  instance: anInstance(),
  target: aTarget(),
  engine: anEngine({ candidates: [succeededTask()] }),
  deadlineMs: 2 * hour,
  ...parts,
})

type Container = NonNullable<
  NonNullable<NonNullable<ReturnType<typeof moverJob>['spec']>['template']['spec']>['containers'][number]
>

const containerOf = (parts: Parts = {}): Container => moverJob(from(parts)).spec!.template.spec!.containers[0]!

/** What the mover reads, through the mover's own schema. */
function configOf(parts: Parts = {}): MoveConfig {
  const text = containerOf(parts).env?.find(({ name }) => name === configVariable)?.value ?? ''
  return moveConfig.parse(JSON.parse(text))
}

describe('name', () => {
  test('is the name of the snapshot, 8 of its UID, and both attempts', () => {
    expect(moverJobName(aSnapshot(), 1)).toBe('nightly-0a1b2c3d-1-1')
    expect(
      moverJobName(aSnapshot({ status: movingStatus({}, { request: { attempt: 2, posts: 1, postedAt: '' } }) }), 3),
    ).toBe('nightly-0a1b2c3d-2-3')
  })

  test.each([
    ['is cut to 63 characters', 'n'.repeat(253), `${'n'.repeat(50)}-0a1b2c3d-1-1`],
    [
      'is never cut right behind a dot or a dash',
      `${'n'.repeat(48)}.-x`.padEnd(253, 'x'),
      `${'n'.repeat(48)}-0a1b2c3d-1-1`,
    ],
  ])('%s', (_, name, expected) => {
    expect(moverJobName(aSnapshot({ name }), 1)).toBe(expected)
    expect(expected.length).toBeLessThanOrEqual(63)
  })

  test('differs for two objects of one name, one after the other', () => {
    expect(moverJobName(aSnapshot({ metadata: { uid: 'ffffffff-1111-4222-8333-444455556666' } }), 1)).not.toBe(
      moverJobName(aSnapshot(), 1),
    )
  })

  test('is the one on record: the Job of this attempt and no other', () => {
    expect(
      moverJob(from({ snapshot: aSnapshot({ status: movingStatus({ attempt: 2, jobName: 'nightly-0a1b2c3d-1-2' }) }) }))
        .metadata?.name,
    ).toBe('nightly-0a1b2c3d-1-2')
  })
})

describe('Job', () => {
  const job = moverJob(from())

  test('belongs to its snapshot, which is gone only after it', () => {
    expect(job.metadata).toMatchObject({ name: jobName, namespace: 'shop' })
    expect(job.metadata?.ownerReferences).toEqual([
      {
        apiVersion: 'meili-operator.dev/v1alpha1',
        kind: 'MeiliSnapshot',
        name: 'nightly',
        uid: snapshotUid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ])
  })

  test('and its pods carry the labels by which they are watched and found', () => {
    const selected = Object.fromEntries(moverSelector.split(',').map((pair) => pair.split('=')))
    for (const labels of [job.metadata?.labels, job.spec?.template.metadata?.labels])
      expect(labels).toMatchObject({ ...selected, [snapshotUidLabel]: snapshotUid })
    expect(
      selected['app.kubernetes.io/name'],
      "not the operator's: a Service that selects operators must not find a mover",
    ).toBe('meilisnapshot')
  })

  test('never tries again by itself: the operator counts', () => {
    expect(job.spec).toMatchObject({ backoffLimit: 0, podReplacementPolicy: 'Failed' })
    expect(job.spec?.template.spec?.restartPolicy).toBe('Never')
  })

  test('does not count a pod that had to make way, and is over with any other failure of the mover', () => {
    const rules = job.spec?.podFailurePolicy?.rules
    expect(rules?.[0]).toEqual({ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })
    expect(rules?.[1]).toEqual({
      action: 'FailJob',
      onExitCodes: {
        containerName: 'mover',
        operator: 'In',
        values: [10, 11, 12, 13, 14, 15, 17, 18, 30, 31, 32, 33, 34, 36, 37, 143],
      },
    })
  })

  test('outlives the mover’s own deadline: Kubernetes would take pod and message away', () => {
    expect(job.spec?.activeDeadlineSeconds).toBe(7200 + 600)
    expect(configOf().deadlineSeconds).toBe(7200)
  })

  test('gives the mover a minute at least', () => {
    expect(configOf({ deadlineMs: 1 }).deadlineSeconds).toBe(60)
  })

  test('keeps how much was in the database', () => {
    expect(job.metadata?.annotations).toEqual({
      'meili-operator.dev/indexes': '2',
      'meili-operator.dev/documents': '7',
    })
  })

  test('wants no sidecar: a mesh would keep its pods alive', () => {
    const { labels, annotations } = job.spec!.template.metadata!
    expect([
      labels?.['sidecar.istio.io/inject'],
      annotations?.['sidecar.istio.io/inject'],
      annotations?.['linkerd.io/inject'],
    ]).toEqual(['false', 'false', 'disabled'])
  })

  test('holds no token, and no environment of the namespace', () => {
    expect(job.spec?.template.spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
    expect(containerOf().env?.map(({ name }) => name)).toEqual([configVariable])
  })

  test('runs our image with our program, and pulls it with the secrets of the install', () => {
    expect(containerOf()).toMatchObject({
      name: 'mover',
      image: 'example.test/meili-operator:1',
      imagePullPolicy: 'IfNotPresent',
      command: ['/nodejs/bin/node', '/app/mover.js'],
    })
    expect(job.spec?.template.spec).not.toHaveProperty('imagePullSecrets')
    expect(moverJob(from({ imagePullSecrets: ['pull', 'more'] })).spec?.template.spec?.imagePullSecrets).toEqual([
      { name: 'pull' },
      { name: 'more' },
    ])
  })

  test('has resources of its own, each of which can be changed', () => {
    expect(containerOf().resources).toEqual({
      requests: { cpu: '100m', memory: '96Mi' },
      limits: { cpu: '2', memory: '256Mi' },
    })
    const snapshot = aSnapshot({
      status: movingStatus(),
      spec: {
        mover: {
          resources: { requests: { cpu: 1 }, limits: { memory: '1Gi', 'ephemeral-storage': '1Gi' } },
          priorityClassName: 'low',
        },
      },
    })
    expect(containerOf({ snapshot }).resources).toEqual({
      requests: { cpu: '1', memory: '96Mi' },
      limits: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi' },
    })
    expect(moverJob(from({ snapshot })).spec?.template.spec?.priorityClassName).toBe('low')
  })
})

describe('configuration', () => {
  test('says all that the manifest describes', () => {
    expect(configOf().describes).toEqual({
      object: { uid: snapshotUid, namespace: 'shop', name: 'nightly' },
      instance: { name: 'search', pod: 'search-0', podUid: 'pod-uid', node: 'node-a' },
      meilisearch: { version: '1.21.0', commit: 'unknown' },
      indexes: [
        { uid: 'products', documents: 3 },
        { uid: 'orders', documents: 4 },
      ],
      databaseSizeBytes: '123456',
      facts: { batchUid: 9, countsExact: true, tasksEnqueued: 0 },
      source: { claim: 'search-data', path: 'snapshots' },
    })
  })

  test('says from where to where', () => {
    expect(configOf()).toMatchObject({
      source: { directory: '/source', fileName: 'data.ms.snapshot' },
      destination: { root: '/destination', path: 'search', directory: 'nightly-0a1b2c3d', claim: 'backups' },
      verification: 'Archive',
      attempt: '1-1',
      stallSeconds: 120,
    })
  })

  test('follows the directory and the verification that were asked for', () => {
    const snapshot = aSnapshot({
      status: movingStatus({ attempt: 2 }),
      spec: { destination: { claim: { name: 'backups', path: 'movies/daily' } }, verification: { mode: 'None' } },
    })
    expect(configOf({ snapshot })).toMatchObject({
      destination: { path: 'movies/daily' },
      verification: 'None',
      attempt: '1-2',
    })
  })

  test('has a directory that a file system takes, with the name of a partial copy around it, whatever the name', () => {
    const { directory } = configOf({
      snapshot: aSnapshot({ name: 'n'.repeat(253), status: movingStatus() }),
    }).destination
    expect(directory).toMatch(/^n{200}-0a1b2c3d$/)
  })

  test('lists the succeeded batches above the baseline, and those only: the file belongs to one of them', () => {
    const candidates = [
      succeededTask(),
      succeededTask({ uid: 13, batchUid: 10, status: 'failed' }),
      succeededTask({ uid: 14, batchUid: 11 }),
      aTask({ uid: 15 }),
    ]
    const { batches } = configOf({ engine: anEngine({ candidates }) })
    expect(batches.map(({ taskUid, batchUid }) => [taskUid, batchUid])).toEqual([
      [12, 9],
      [14, 11],
    ])
    expect(batches[0]).toEqual({
      taskUid: 12,
      batchUid: 9,
      enqueuedAt: succeededTask().enqueuedAt,
      startedAt: succeededTask().startedAt,
      finishedAt: succeededTask().finishedAt,
    })
  })

  test('of the tasks of one batch the one on record stands for it, in the order of the batches', () => {
    const batchOf = (uid: number, batchUid: number): ReturnType<typeof succeededTask> =>
      succeededTask({ uid, batchUid })
    const candidates = [batchOf(10, 8), batchOf(11, 9), batchOf(12, 9), batchOf(13, 9), batchOf(14, 11)]
    const { batches } = configOf({ engine: anEngine({ candidates }) })
    expect(batches.map(({ taskUid }) => taskUid)).toEqual([10, 12, 11, 13, 14])
  })

  test('keeps the batch on record where Meilisearch has deleted its task since', () => {
    expect(configOf({ engine: anEngine({ candidates: [] }) }).batches.map(({ taskUid }) => taskUid)).toEqual([12])
    expect(
      configOf({ engine: anEngine({ candidates: [succeededTask({ uid: 14, batchUid: 11 })] }) }).batches.map(
        ({ taskUid }) => taskUid,
      ),
    ).toEqual([12, 14])
  })

  test('knows the file under the name that the server gives it', () => {
    expect(
      configOf({ instance: anInstance({ status: aVolume({ fileName: 'movies.ms.snapshot' }) }) }).source.fileName,
    ).toBe('movies.ms.snapshot')
  })

  test('allows the clocks of a network file system more', () => {
    expect(configOf().allowedSkewMs).toBe(2000)
    expect(
      configOf({ instance: anInstance({ status: aVolume({ accessModes: ['ReadWriteMany'] }) }) }).allowedSkewMs,
    ).toBe(30_000)
  })

  test('the number of indexes is kept where there are more than are listed', () => {
    const engine = anEngine({
      candidates: [succeededTask()],
      indexes: { count: 5000, documents: 5000, listed: [{ uid: 'films', documents: 1 }] },
    })
    expect(configOf({ engine }).describes.indexes).toEqual([{ uid: 'films', documents: 1 }])
    expect(moverJob(from({ engine })).metadata?.annotations).toMatchObject({
      'meili-operator.dev/indexes': '5000',
      'meili-operator.dev/documents': '5000',
    })
  })

  test('keeps to the bandwidth that was asked for, in bytes per second', () => {
    expect(configOf()).not.toHaveProperty('bytesPerSecond')
    expect(
      configOf({ snapshot: aSnapshot({ status: movingStatus(), spec: { mover: { bandwidthLimit: '50Mi' } } }) })
        .bytesPerSecond,
    ).toBe(50 * 1024 * 1024)
  })

  test('allows a link where the snapshots have a claim of their own, which is the destination', () => {
    expect(configOf().mayLink).toBe(false)
    const instance = anInstance({ status: aVolume({ claimName: 'backups', subPath: 'snapshots' }) })
    expect(configOf({ instance })).toMatchObject({ mayLink: true, source: { directory: '/destination/snapshots' } })
  })

  test('ends with deadlines.move', () => {
    expect(configOf({ deadlineMs: 10 * minute + 999 }).deadlineSeconds).toBe(600)
  })
})
