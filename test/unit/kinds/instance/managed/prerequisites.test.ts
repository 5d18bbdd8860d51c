// The upper rungs of a server that we run: what must be true before anything is made, and what stops it for good.
import { describe, expect, test } from 'vitest'
import { instanceFinalizer } from '../../../../../src/api/instance.ts'
import type { ManagedSeen } from '../../../../../src/kinds/instance/observation.ts'
import {
  aManagedInstance,
  managedVerdict,
  everything,
  fingerprint,
  noPod,
  storedChild,
} from '../../../../support/builders/managed-observations.ts'
import type { Seen } from '../../../../support/builders/managed-observations.ts'

const nothing: Partial<ManagedSeen> = {
  statefulSet: undefined,
  service: undefined,
  claims: {},
  keySecret: undefined,
  connection: undefined,
}

const withKey = (key: NonNullable<ManagedSeen['keySecret']>['key']): Seen => ({
  managed: { keySecret: { metadata: everything(aManagedInstance()).keySecret!.metadata, key } },
})

describe('switchedOff', () => {
  test('an installation without managed instances says so, and makes nothing', () => {
    expect(managedVerdict({ ...noPod, managed: { ...nothing, isSwitchedOn: false } })).toMatchObject({
      reason: 'ManagedInstancesOff',
      progress: 'Stalled',
      ready: 'False ManagedInstancesOff',
      effects: [],
    })
  })
})

describe('finalizerMissing', () => {
  test('its end is provided for before anything is made', () => {
    expect(
      managedVerdict({ ...noPod, instance: aManagedInstance({ metadata: { finalizers: [] } }), managed: nothing })
        .effects,
    ).toEqual([{ kind: 'AddFinalizer', finalizer: instanceFinalizer }])
  })
})

describe('secretRefused', () => {
  const message = 'Secret movies-keys cannot be read: forbidden.'

  test('a Secret that may not be read is said, and nothing is made on a guess that it is absent', () => {
    expect(managedVerdict({ ...noPod, managed: { ...nothing, secretRefused: message } })).toMatchObject({
      reason: 'ObjectRefused',
      message,
      progress: 'Reconciling',
      ready: 'False ObjectRefused',
      effects: [],
    })
  })

  test('the end of the instance does not wait for the right', () => {
    const instance = aManagedInstance({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })
    expect(managedVerdict({ ...noPod, instance, managed: { ...nothing, secretRefused: message } }).effects).toEqual([
      { kind: 'RemoveFinalizer', finalizer: instanceFinalizer },
    ])
  })
})

describe('nameTaken', () => {
  const owner = (kind: string, name: string): object => ({
    metadata: { ownerReferences: [{ apiVersion: 'x/v1', kind, name, uid: 'other', controller: true }] },
  })
  const child = everything(aManagedInstance())

  test.each([
    [
      'StatefulSet',
      {
        statefulSet: storedChild(child.statefulSet as never, {
          metadata: { labels: { app: 'other' }, ownerReferences: [] },
        }),
      },
    ],
    [
      'StatefulSet',
      { statefulSet: storedChild(child.statefulSet as never, { metadata: { annotations: {}, ownerReferences: [] } }) },
    ],
    ['Service', { service: storedChild(child.service as never, owner('Gateway', 'edge')) }],
    ['Secret', { connection: { metadata: { labels: {} }, isCurrent: false } }],
    [
      'PersistentVolumeClaim',
      { claims: { data: storedChild(child.claims.data as never, { metadata: { labels: { app: 'other' } } }) } },
    ],
    ['Secret movies-keys', { keySecret: { metadata: { labels: {} }, key: undefined } }],
  ] as const)('a %s of its name that is not its own is named, and nothing is done to anything', (kind, managed) => {
    const verdict = managedVerdict({ managed: managed as never })
    expect(verdict).toMatchObject({ reason: 'NameTaken', progress: 'Stalled', effects: [] })
    expect(verdict.message).toMatch(new RegExp(`^${kind}.* exists and .* It was not touched\\.`))
    expect(verdict.message, 'it may serve').not.toMatch(/delete/i)
  })

  test('a claim or key that was made by hand is adopted by labels that the message names', () => {
    const { message } = managedVerdict({ managed: { keySecret: { metadata: { labels: {} }, key: undefined } } })
    const labels = Object.fromEntries(
      /give it the labels (.+)\.$/
        .exec(message)![1]!
        .split(', ')
        .map((pair) => pair.split(': ')),
    )
    expect(
      managedVerdict({
        managed: { keySecret: { metadata: { labels }, key: { fingerprint, bytes: 43, flaw: undefined } } },
      }).reason,
    ).not.toBe('NameTaken')
  })

  test('one of an earlier instance of this name goes by itself, and is waited for', () => {
    expect(
      managedVerdict({
        managed: { statefulSet: storedChild(child.statefulSet as never, owner('MeiliInstance', 'movies')) },
      }),
    ).toMatchObject({ reason: 'NameTaken', progress: 'Reconciling' })
  })

  test('one without an owner that is being deleted goes by itself, and is waited for', () => {
    expect(
      managedVerdict({
        managed: {
          service: storedChild(child.service as never, {
            metadata: { ownerReferences: [], deletionTimestamp: '2026-03-01T11:00:00Z' },
          }),
        },
      }),
    ).toMatchObject({ reason: 'NameTaken', progress: 'Reconciling', effects: [] })
  })

  test('claim and key of an earlier one are taken over by their labels', () => {
    expect(managedVerdict({ managed: { claims: child.claims, keySecret: child.keySecret } }).reason).toBe('Applied')
  })
})

describe('masterKeyUnusable', () => {
  const own = aManagedInstance({ managed: { masterKeySecretRef: { name: 'mine', key: 'k' } } })

  test('a Secret that its user names is awaited, never made', () => {
    expect(managedVerdict({ ...noPod, instance: own, managed: { ...nothing } })).toMatchObject({
      reason: 'MasterKeyUnusable',
      message: 'Secret mine does not exist. It goes on by itself when it is there.',
      effects: [],
    })
  })

  test.each([
    ['has no key', undefined],
    ['has 8 bytes, and Meilisearch asks for 16', { fingerprint, bytes: 8, flaw: undefined }],
    [
      'holds a line break, which no client can send. Replace it with a key without that.',
      { fingerprint, bytes: 20, flaw: 'a line break' },
    ],
  ])('a key that %s', (words, key) => {
    const verdict = managedVerdict(withKey(key))
    expect(verdict.reason).toBe('MasterKeyUnusable')
    expect(verdict.message).toContain(words)
  })

  test('Development takes a short one', () => {
    expect(
      managedVerdict({
        ...withKey({ fingerprint, bytes: 8, flaw: undefined }),
        instance: aManagedInstance({ managed: { environment: 'Development' } }),
      }).reason,
    ).not.toBe('MasterKeyUnusable')
  })
})

describe('claimNotFound', () => {
  test('a claim that its user names is awaited', () => {
    const instance = aManagedInstance({ managed: { storage: { claimName: 'theirs' } } })
    expect(managedVerdict({ ...noPod, instance, managed: { ...nothing } })).toMatchObject({
      reason: 'ClaimNotFound',
      message: 'Claim theirs does not exist in namespace shop. It goes on by itself when it is there.',
      effects: [],
    })
  })
})

describe('downgradeRefused', () => {
  const instance = aManagedInstance({ managed: { version: '1.20.3' } })

  test('a lower version than that of the database: nothing moves, and the server is still Ready', () => {
    expect(managedVerdict({ instance, managed: everything(aManagedInstance()) })).toMatchObject({
      reason: 'DowngradeRefused',
      progress: 'Stalled',
      ready: 'True Ready',
      effects: [],
    })
  })

  test('not even a first pod is made', () => {
    expect(
      managedVerdict({ ...noPod, instance, managed: { ...nothing, claims: everything(aManagedInstance()).claims } }),
    ).toMatchObject({ reason: 'DowngradeRefused', effects: [] })
  })
})

describe('shrinkRefused', () => {
  test('a kept claim that is larger stays as it is, and nothing moves', () => {
    const verdict = managedVerdict({
      ...noPod,
      instance: aManagedInstance({ managed: { storage: { size: '10Gi' } } }),
      managed: { ...nothing, claims: everything(aManagedInstance()).claims },
    })
    expect(verdict).toMatchObject({ reason: 'ShrinkRefused', progress: 'Stalled', effects: [] })
    expect(verdict.message).toContain('Claim movies-data asks for 20Gi already')
  })
})
