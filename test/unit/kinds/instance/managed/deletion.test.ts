// The end of a managed instance: what is waited for, what is put right before it goes, and what is reported.
import { describe, expect, test } from 'vitest'
import { instanceFinalizer } from '../../../../../src/api/instance.ts'
import {
  aManagedInstance,
  withChanges,
  managedVerdict,
  everything,
  restoredClaim,
} from '../../../../support/builders/managed-observations.ts'
import { ago } from '../../../../support/builders/observations.ts'

const deletedInstance = (
  deletionPolicy: 'Retain' | 'Delete',
  finalizers: readonly string[] = [instanceFinalizer],
): ReturnType<typeof aManagedInstance> =>
  aManagedInstance({ spec: { deletionPolicy }, metadata: { deletionTimestamp: ago(1000), finalizers } })
const aJob = (changes: object = {}): object => ({ metadata: { name: 'first-1-1', uid: 'job-uid', ...changes } })

describe('Retain', () => {
  const instance = deletedInstance('Retain')

  test('says what stays, and lets go', () => {
    const verdict = managedVerdict({ instance, managed: everything(instance) })
    expect(verdict).toMatchObject({
      reason: 'Retained',
      message: 'These stay: claim movies-data, Secret movies-keys. A MeiliInstance of this name takes them over.',
      effects: [{ kind: 'RemoveFinalizer', finalizer: instanceFinalizer }],
    })
  })

  test('owners that a changed policy has left are taken away first', () => {
    expect(managedVerdict({ instance, managed: everything(deletedInstance('Delete')) }).does).toEqual([
      'Apply PersistentVolumeClaim movies-data',
      'Apply Secret movies-keys',
    ])
  })

  test('every generation of the data stays, and what a restore was filling', () => {
    const managed = {
      ...everything(instance),
      earlierData: [{ claim: restoredClaim(instance, { name: 'movies-data-2', generation: 2 }), generation: 2 }],
      filling: [restoredClaim(instance, { name: 'movies-data-3' })],
    }
    expect(managedVerdict({ instance, managed })).toMatchObject({
      message: expect.stringContaining(
        'These stay: claim movies-data, claim movies-data-2, claim movies-data-3, Secret movies-keys.',
      ) as string,
      does: ['RemoveFinalizer'],
    })
  })

  test('a key that its user named is not spoken of', () => {
    const own = aManagedInstance({
      managed: { masterKeySecretRef: { name: 'mine', key: 'k' } },
      metadata: { deletionTimestamp: ago(1000) },
    })
    expect(managedVerdict({ instance: own, managed: everything(own) }).message).toBe(
      'These stay: claim movies-data. A MeiliInstance of this name takes them over.',
    )
  })
})

describe('Delete', () => {
  const instance = deletedInstance('Delete')

  test('every generation of the data goes with it: only its owner changes, neither its size nor its version', () => {
    const small = aManagedInstance({ managed: { storage: { size: '5Gi' } } })
    const claim = restoredClaim(small, { name: 'movies-data-2', generation: 2, version: '1.20.0' })
    const verdict = managedVerdict({
      instance,
      managed: { ...everything(instance), earlierData: [{ claim, generation: 2 }] },
    })
    expect(verdict.effects).toMatchObject([
      {
        kind: 'Apply',
        uid: 'uid-of-movies-data-2',
        child: {
          metadata: {
            name: 'movies-data-2',
            annotations: { 'meili-operator.dev/database-version': '1.20.0' },
            ownerReferences: [{ uid: 'movies-uid' }],
          },
          spec: { resources: { requests: { storage: '5Gi' } } },
        },
      },
    ])
  })

  test('all of it goes with the instance, when it is the owner', () => {
    expect(managedVerdict({ instance, managed: everything(instance) })).toMatchObject({
      reason: 'Deleting',
      message: 'These are deleted with it: claim movies-data, Secret movies-keys.',
      does: ['RemoveFinalizer'],
    })
    expect(managedVerdict({ instance, managed: everything(deletedInstance('Retain')) }).does).toEqual([
      'Apply PersistentVolumeClaim movies-data',
      'Apply Secret movies-keys',
    ])
  })

  test('movers that have ended go first: their pods hold the claim', () => {
    expect(
      managedVerdict({
        instance,
        managed: { ...everything(instance), finishedMovers: [aJob(), aJob({ deletionTimestamp: ago(0) })] },
      }).effects,
    ).toEqual([{ kind: 'DeleteJob', name: 'first-1-1', uid: 'job-uid' }])
    const retained = deletedInstance('Retain')
    expect(
      managedVerdict({ instance: retained, managed: { ...everything(retained), finishedMovers: [aJob()] } }).does,
    ).toEqual(['RemoveFinalizer'])
  })
})

test('what has its name and is not its own is given no owner, and not spoken of', () => {
  const instance = deletedInstance('Delete')
  const { keySecret, claims } = everything(deletedInstance('Retain'))
  const theirs = {
    claims: { data: withChanges(claims.data, { metadata: { name: 'movies-data', labels: { app: 'other' } } }) },
    keySecret: {
      ...keySecret!,
      metadata: { labels: {}, ownerReferences: [{ kind: 'Vault', name: 'v', uid: 'v', controller: true }] },
    },
  }
  expect(managedVerdict({ instance, managed: { ...everything(instance), ...theirs } })).toMatchObject({
    message: 'It had nothing of its own.',
    does: ['RemoveFinalizer'],
  })
})

test('a snapshot that runs is waited for, and named', () => {
  const instance = deletedInstance('Delete')
  expect(
    managedVerdict({ instance, managed: { ...everything(instance), runningSnapshots: ['nightly'] } }),
  ).toMatchObject({
    reason: 'Deleting',
    message: 'It goes when snapshot nightly has ended.',
    effects: [],
    requeueAfterMs: 2000,
  })
})

test('without our finalizer nothing is left to do', () => {
  const instance = deletedInstance('Retain', [])
  expect(managedVerdict({ instance, managed: everything(instance) }).effects).toEqual([])
})

test('where managed instances were switched off meanwhile it lets go, and touches nothing', () => {
  const instance = deletedInstance('Delete')
  expect(
    managedVerdict({ instance, managed: { ...everything(deletedInstance('Retain')), isSwitchedOn: false } }).does,
  ).toEqual(['RemoveFinalizer'])
})
