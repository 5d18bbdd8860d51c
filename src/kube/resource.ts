// The API resources that the operator uses, and the part of an object that this edge itself reads.

export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
}

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
}

/** An object as it is sent: plain JSON, times are strings. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly generation?: number
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly finalizers?: readonly string[]
    readonly ownerReferences?: readonly OwnerReference[]
    /** Whose fields are whose; absent in caches. */
    readonly managedFields?: readonly FieldsOf[]
  }
}

/** Which fields one manager stands for: `f:spec` and so on down to an empty object. */
export interface FieldsOf {
  readonly manager?: string
  readonly operation?: string
  readonly subresource?: string
  readonly fieldsV1?: object
}

export interface Ref {
  readonly namespace?: string
  readonly name: string
}

const core = (plural: string, kind: string): Resource => ({ group: '', version: 'v1', plural, kind })

export const pods = core('pods', 'Pod')
export const secrets = core('secrets', 'Secret')
export const configMaps = core('configmaps', 'ConfigMap')
export const persistentVolumeClaims = core('persistentvolumeclaims', 'PersistentVolumeClaim')
export const events = core('events', 'Event')
export const services = core('services', 'Service')
export const statefulSets: Resource = { group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet' }
export const jobs: Resource = { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job' }
export const leases: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' }
export const namespaces = core('namespaces', 'Namespace')
export const deployments: Resource = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' }
export const customResourceDefinitions: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
}
/** Asks whether somebody may do something. */
export const accessReviews: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
}
/** Asks whether whoever asks may do something; everybody may. */
export const ownAccessReviews: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
}
