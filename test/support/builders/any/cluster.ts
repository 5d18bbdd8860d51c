// What may stand around a snapshot in the cluster: its instance, the pod of the server, the destination claim.
import type { V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { instanceConditions, instanceReasons } from '../../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../../src/api/instance.ts'
import { aClaim, aCondition, anInstance, aTarget, aVolume } from '../observations.ts'
import { going, maybe, seldom, words } from './parts.ts'

export const instance: Arbitrary<MeiliInstance> = fc
  .record({
    ready: seldom('True', fc.constantFrom('False', 'Unknown')) as Arbitrary<'True'>,
    volume: seldom('True', fc.constantFrom('False', 'Unknown')) as Arbitrary<'True'>,
    reason: fc.constantFrom(...Object.values(instanceReasons)),
    message: words,
    observedGeneration: seldom(1, fc.constant(2)),
    snapshotVolume: maybe(
      fc.record({
        claimName: fc.constantFrom('search-data', 'backups', undefined),
        accessModes: fc.constantFrom(['ReadWriteOnce'], ['ReadWriteMany']),
        subPath: fc.constantFrom('', 'snapshots'),
      }),
    ),
  })
  .map(({ ready, volume, reason, message, observedGeneration, snapshotVolume }) =>
    anInstance({
      status: {
        observedGeneration,
        conditions: [
          aCondition('Ready', ready, { reason, message }),
          aCondition(instanceConditions.SnapshotVolumeReady, volume, { reason, message }),
        ],
        ...(snapshotVolume === undefined ? {} : aVolume(snapshotVolume)),
      },
    }),
  )

export const target: Arbitrary<V1Pod> = fc
  .record({
    going: seldom({}, going),
    nodeName: seldom<string | undefined>('node-a', fc.constantFrom('node-b', undefined)),
    podIP: seldom<string | undefined>('10.1.2.3', fc.constantFrom('fd00::1', undefined)),
    runAsUser: fc.constantFrom(1000, 0, undefined),
  })
  .map((parts) =>
    aTarget({
      metadata: parts.going,
      spec: { nodeName: parts.nodeName, securityContext: { runAsUser: parts.runAsUser } },
      status: { podIP: parts.podIP },
    }),
  )

export const claim = fc
  .record({
    going: seldom({}, going),
    accessModes: seldom<string[]>(['ReadWriteOnce'], fc.constantFrom(['ReadOnlyMany'], [])),
    volumeMode: seldom<string>('Filesystem', fc.constant('Block')),
    phase: fc.constantFrom('Bound', 'Pending', 'Lost'),
  })
  .map((parts) =>
    aClaim({
      metadata: parts.going,
      spec: { accessModes: parts.accessModes, volumeMode: parts.volumeMode },
      status: { phase: parts.phase },
    }),
  )
