// install.yaml as a promise to those who apply it: which rights the operator gets, and how its pod runs.
// A change of rights is a change of this table.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import manifest from '../../../package.json' with { type: 'json' }

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  readonly rules?: readonly Rule[]
}

const text = readFileSync(fileURLToPath(new URL('../../../install.yaml', import.meta.url)), 'utf8')
const objects = parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as Manifest)
const only = (kind: string, name?: string): Manifest => {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  )
  expect(found).toHaveLength(1)
  return found[0]!
}

/** `group/resource` → verbs, over all rules together. */
function rights(role: Manifest): Record<string, string> {
  const found = new Map<string, Set<string>>()
  for (const { apiGroups, resources, verbs } of role.rules ?? [])
    for (const group of apiGroups)
      for (const resource of resources) {
        const key = `${group === '' ? 'core' : group}/${resource}`
        found.set(key, new Set([...(found.get(key) ?? []), ...verbs]))
      }
  return Object.fromEntries([...found].map(([key, verbs]) => [key, [...verbs].toSorted().join(' ')]))
}

test('the CRDs come first, then the namespace, then what lives in it', () => {
  expect(objects.map(({ kind }) => kind)).toEqual([
    'CustomResourceDefinition',
    'CustomResourceDefinition',
    'CustomResourceDefinition',
    'CustomResourceDefinition',
    'Namespace',
    'ServiceAccount',
    'ClusterRole',
    'ClusterRole',
    'ClusterRole',
    'ClusterRole',
    'ClusterRoleBinding',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
    'Deployment',
  ])
})

test('every object says whose it is', () => {
  for (const { metadata } of objects)
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'meili-operator',
      'app.kubernetes.io/part-of': 'meili-operator',
    })
})

test('rights in the cluster, each needed', () => {
  expect(rights(only('ClusterRole', 'meili-operator'))).toEqual({
    'meili-operator.dev/meiliinstances': 'get list watch',
    'meili-operator.dev/meilirestores': 'create delete get list patch watch',
    'meili-operator.dev/meilisnapshots': 'create delete get list patch watch',
    'meili-operator.dev/meilisnapshotschedules': 'get list watch',
    'meili-operator.dev/meiliinstances/status': 'update',
    'meili-operator.dev/meilisnapshotschedules/status': 'update',
    'meili-operator.dev/meilisnapshots/status': 'update',
    'meili-operator.dev/meilirestores/status': 'update',
    'meili-operator.dev/meilirestores/finalizers': 'update',
    'meili-operator.dev/meiliinstances/finalizers': 'update',
    'meili-operator.dev/meilisnapshots/finalizers': 'update',
    'core/pods': 'get list watch',
    'core/pods/log': 'get',
    'core/secrets': 'get',
    'core/configmaps': 'get',
    'core/persistentvolumeclaims': 'create get',
    'batch/jobs': 'create delete get list watch',
    'core/events': 'create list patch',
  })
})

test('further rights for servers that it runs, each needed', () => {
  expect(rights(only('ClusterRole', 'meili-operator-managed'))).toEqual({
    'apps/statefulsets': 'create get list patch watch',
    'core/services': 'create get list patch watch',
    'core/persistentvolumeclaims': 'create delete get list patch watch',
    'core/secrets': 'create patch',
    'core/pods': 'delete',
    'meili-operator.dev/meiliinstances': 'patch',
  })
})

test('people who may view or edit a namespace may view or edit our kinds in it; the status is ours', () => {
  const labelsOf = (name: string): string[] =>
    Object.keys(only('ClusterRole', name).metadata.labels ?? {}).filter((label) => label.startsWith('rbac.'))
  expect(rights(only('ClusterRole', 'meili-operator-view'))).toEqual({
    'meili-operator.dev/meiliinstances': 'get list watch',
    'meili-operator.dev/meilirestores': 'get list watch',
    'meili-operator.dev/meilisnapshots': 'get list watch',
    'meili-operator.dev/meilisnapshotschedules': 'get list watch',
  })
  expect(labelsOf('meili-operator-view')).toEqual(
    ['view', 'edit', 'admin'].map((role) => `rbac.authorization.k8s.io/aggregate-to-${role}`),
  )
  const edit = 'create delete deletecollection patch update'
  expect(rights(only('ClusterRole', 'meili-operator-edit'))).toEqual({
    'meili-operator.dev/meiliinstances': edit,
    'meili-operator.dev/meilirestores': edit,
    'meili-operator.dev/meilisnapshots': edit,
    'meili-operator.dev/meilisnapshotschedules': edit,
  })
  expect(labelsOf('meili-operator-edit')).toEqual(
    ['edit', 'admin'].map((role) => `rbac.authorization.k8s.io/aggregate-to-${role}`),
  )
})

test('leases only in its own namespace', () => {
  const role = only('Role')
  expect(role.metadata.namespace).toBe('meili-operator-system')
  expect(rights(role)).toEqual({ 'coordination.k8s.io/leases': 'create get update watch' })
})

test('nothing in it speaks of Helm, which did not install it', () => {
  expect(text).not.toMatch(/helm/i)
})

test('the namespace asks for the restricted profile', () => {
  expect(only('Namespace').metadata).toMatchObject({
    name: 'meili-operator-system',
    labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
  })
})

test('the pod runs as nobody, with a read-only root, and movers run the same image', () => {
  const image = `meili-operator/operator:${manifest.version}`
  expect(only('Deployment')).toMatchObject({
    metadata: { namespace: 'meili-operator-system' },
    spec: {
      replicas: 1,
      template: {
        spec: {
          serviceAccountName: 'meili-operator',
          terminationGracePeriodSeconds: 30,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            runAsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              image,
              imagePullPolicy: 'IfNotPresent',
              ports: [{ name: 'http', containerPort: 8080 }],
              livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
              readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
              resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              env: expect.arrayContaining([
                { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
                { name: 'MOVER_IMAGE', value: image },
                { name: 'MANAGED_INSTANCES', value: 'true' },
              ]) as unknown,
            },
          ],
        },
      },
    },
  })
})

test('streaming is off, and the right that it needs stands apart: commands in pods, nothing else', () => {
  expect(text).not.toContain('pods/exec')
  expect(JSON.stringify(only('Deployment'))).not.toContain('MAX_STREAMS')
  const [role, binding, ...rest] = parseAllDocuments(
    readFileSync(fileURLToPath(new URL('../../../install-streaming.yaml', import.meta.url)), 'utf8'),
    { version: '1.1' },
  ).map((document) => document.toJS() as Manifest)
  expect(rest).toEqual([])
  expect(rights(role!)).toEqual({ 'core/pods/exec': 'create get' })
  expect(binding).toMatchObject({
    kind: 'ClusterRoleBinding',
    roleRef: { name: role!.metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: 'meili-operator', namespace: 'meili-operator-system' }],
  })
  for (const object of [role!, binding!])
    expect(object.metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'meili-operator',
      'app.kubernetes.io/part-of': 'meili-operator',
    })
})
