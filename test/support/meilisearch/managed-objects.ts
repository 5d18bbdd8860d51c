// Managed instances as users write them. Builders of plain objects.

/** Laid over the smallest instance: a version and a size. */
export function managedOf(
  place: { readonly namespace: string; readonly name: string },
  managed: object = {},
  spec: object = {},
): object {
  return {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliInstance',
    metadata: { ...place },
    spec: { managed: { version: '1.21.0', storage: { size: '1Gi' }, ...managed }, ...spec },
  }
}
