// The claim that is made from a template: as it was asked for, and nobody's.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshotSpec } from '../../../../../src/api/snapshot.ts'
import { destinationClaim } from '../../../../../src/kinds/snapshot/before/destination-claim.ts'
import { aSnapshot } from '../../../../support/builders/observations.ts'

type Template = NonNullable<MeiliSnapshotSpec['destination']['claim']['template']>

const made = (template: Partial<Template> = {}): ReturnType<typeof destinationClaim> =>
  destinationClaim(aSnapshot(), {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '20Gi' } },
    ...template,
  })

describe('destinationClaim', () => {
  test('has the name, the namespace and the size that were asked for, and the default class', () => {
    expect(made()).toMatchObject({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'backups', namespace: 'shop' },
    })
    expect(made().spec).toEqual({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } })
  })

  test('takes class and access modes over; a plain number is a size', () => {
    expect(
      made({
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
    expect(made().metadata).not.toHaveProperty('ownerReferences')
    expect(made().metadata).not.toHaveProperty('finalizers')
  })
})
