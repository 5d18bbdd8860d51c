// The destination claim: made from a template as it was asked for, and nobody's; waited for where it is missing, refused where it is of no use.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotSpec } from '../../../../../src/api/snapshot.ts'
import { destinationClaim } from '../../../../../src/kinds/snapshot/before/destination-claim.ts'
import {
  aClaim,
  aCondition,
  ago,
  aSnapshot,
  snapshotVerdict,
  minute,
  second,
} from '../../../../support/builders/observations.ts'

type Template = NonNullable<MeiliSnapshotSpec['destination']['claim']['template']>

const claimFrom = (template: Partial<Template> = {}): ReturnType<typeof destinationClaim> =>
  destinationClaim(aSnapshot(), {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '20Gi' } },
    ...template,
  })

describe('destinationClaim', () => {
  test('has the name, the namespace and the size that were asked for, and the default class', () => {
    expect(claimFrom()).toMatchObject({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'backups', namespace: 'shop' },
    })
    expect(claimFrom().spec).toEqual({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } })
  })

  test('takes class and access modes over; a plain number is a size', () => {
    expect(
      claimFrom({
        storageClassName: 'fast',
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage: 1_000_000 } },
      }).spec,
    ).toEqual({
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '1000000' } },
      storageClassName: 'fast',
    })
  })

  test('belongs to nobody, so that no deletion takes the snapshots with it', () => {
    expect(claimFrom().metadata).not.toHaveProperty('ownerReferences')
    expect(claimFrom().metadata).not.toHaveProperty('finalizers')
  })
})

const template = { resources: { requests: { storage: '20Gi' } }, storageClassName: 'fast' }
const withTemplate = { destination: { claim: { name: 'backups', template } } }

describe('claimMissing', () => {
  test('without a template it waits, and says how it could be made', () => {
    expect(snapshotVerdict({ claim: undefined })).toMatchObject({
      phase: 'Pending',
      reason: 'ClaimNotFound',
      effects: [],
      message: expect.stringMatching(/Claim backups does not exist in namespace shop.*destination\.claim\.template/),
    })
  })

  test('with a template the claim is created, and looked at again at once', () => {
    expect(snapshotVerdict({ snapshot: aSnapshot({ spec: withTemplate }), claim: undefined })).toMatchObject({
      phase: 'Pending',
      reason: 'ClaimCreating',
      effects: ['CreateClaim'],
      requeueAfterMs: 250,
    })
  })

  test('a refused claim is tried again every 5 s without a new sentence', () => {
    const status = {
      phase: 'Pending' as const,
      startedAt: ago(minute),
      conditions: [
        aCondition('Ready', 'False', { reason: 'ClaimNotReady', message: 'The claim could not be created: quota.' }),
      ],
    }
    const verdict = snapshotVerdict({ snapshot: aSnapshot({ spec: withTemplate, status }), claim: undefined })
    expect(verdict).toMatchObject({ effects: ['CreateClaim'], requeueAfterMs: 5 * second })
    expect(verdict.status).toEqual(status)
  })
})

describe('claimUnusable', () => {
  test.each([
    ['a block device', { spec: { volumeMode: 'Block' } }],
    ['one that nobody may write', { spec: { accessModes: ['ReadOnlyMany'] } }],
    ['one without access modes', { spec: { accessModes: undefined } }],
  ])('%s ends it with the remedy', (_, changes) => {
    expect(snapshotVerdict({ claim: aClaim(changes) })).toMatchObject({
      phase: 'Failed',
      reason: 'DestinationUnusable',
      message: expect.stringContaining('Use another claim'),
      effects: [],
    })
  })

  test.each([
    ['lost', { status: { phase: 'Lost' } }, 'is lost'],
    ['being deleted', { metadata: { deletionTimestamp: ago(second) } }, 'is being deleted'],
  ])('a claim that is %s is waited for', (_, changes, words) => {
    expect(snapshotVerdict({ claim: aClaim(changes) })).toMatchObject({
      phase: 'Pending',
      reason: 'ClaimNotReady',
      message: expect.stringContaining(words),
    })
  })

  test('a claim that waits for its first consumer is fine', () => {
    expect(snapshotVerdict({ claim: aClaim({ status: { phase: 'Pending' } }) }).effects).toEqual(['RequestSnapshot'])
  })
})
