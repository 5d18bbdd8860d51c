// Builds MeiliRestores for tests: as the API server would hand them out, defaults filled in.
import { apiVersion } from '../../../src/api/group.ts'
import type { ObjectMeta } from '../../../src/api/meta.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../src/api/restore.ts'

/** @param spec as a user writes it; it is checked and completed by the schema */
export function aRestore({
  metadata = {},
  spec = {},
  status,
}: {
  metadata?: Partial<ObjectMeta>
  spec?: Record<string, unknown>
  status?: MeiliRestoreStatus
} = {}): MeiliRestore {
  return {
    apiVersion,
    kind: 'MeiliRestore',
    metadata: {
      name: 'back',
      namespace: 'shop',
      uid: '5d2f0c1e-8a54-4b6f-9a3a-0a9f6f1f2b77',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-30T03:00:00Z',
      ...metadata,
    },
    spec: meiliRestores.spec.parse({
      source: { snapshotRef: { name: 'nightly' } },
      target: { inPlace: { instanceRef: { name: 'movies' } } },
      confirm: 'movies',
      ...spec,
    }),
    ...(status === undefined ? {} : { status }),
  }
}
