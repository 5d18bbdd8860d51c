// Builds the destination claim from its template. The claim has no owner, so that nothing deletes it. Pure.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import type { MeiliSnapshot, MeiliSnapshotSpec } from '../../../api/snapshot.ts'

type Template = NonNullable<MeiliSnapshotSpec['destination']['claim']['template']>

export function destinationClaim({ metadata, spec }: MeiliSnapshot, template: Template): V1PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: spec.destination.claim.name,
      namespace: metadata.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'meili-operator', 'app.kubernetes.io/component': 'snapshots' },
    },
    spec: {
      accessModes: [...template.accessModes],
      resources: { requests: { storage: String(template.resources.requests.storage) } },
      ...(template.storageClassName === undefined ? {} : { storageClassName: template.storageClassName }),
    },
  }
}
