// Managed instances that between them fill in every field: a volume is made or named, a variable has a value or takes it from somewhere.
import type { Loose } from '../real-server.ts'

const secret = { name: 'keys', key: 'master' }
const labelSelector = {
  matchLabels: { app: 'movies' },
  matchExpressions: [{ key: 'tier', operator: 'In', values: ['search'] }],
}
const requirement = [{ key: 'disk', operator: 'In', values: ['ssd'] }]
const nodeTerm = {
  matchExpressions: requirement,
  matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }],
}
const podTerm = { labelSelector, topologyKey: 'kubernetes.io/hostname', namespaces: ['default'] }
const podTerms = {
  requiredDuringSchedulingIgnoredDuringExecution: [podTerm],
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: podTerm }],
}
const seLinuxOptions = { level: 's0:c1,c2' }
const seccompProfile = { type: 'Localhost', localhostProfile: 'profiles/x.json' }

const made = { size: '20Gi', storageClassName: 'fast', accessModes: ['ReadWriteOnce'] }

const backups = { claim: { name: 'backups' }, path: 'movies/daily', sha256: '0'.repeat(64) }
const latestOf = { schedule: { name: 'daily' }, asOf: '2026-11-30T03:00:00Z' }

const bootstrapFrom = (from: Loose): Loose => ({
  from,
  ifAbsent: 'Empty',
  version: 'AllowUpgrade',
  sanitize: { tasks: 'Discard', webhooks: 'Remove' },
})

const unfilled: Loose = {
  version: '1.21.0',
  image: { repository: 'getmeili/meilisearch', pullPolicy: 'IfNotPresent', pullSecrets: [{ name: 'registry' }] },
  environment: 'Production',
  masterKeySecretRef: secret,
  storage: made,
  snapshots: made,
  scratch: { size: '20Gi', storageClassName: 'fast' },
  service: { type: 'ClusterIP', port: 7700, annotations: { a: 'b' } },
  resources: { requests: { cpu: '100m' }, limits: { memory: '256Mi' } },
  nodeSelector: { disk: 'ssd' },
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [nodeTerm] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: nodeTerm }],
    },
    podAffinity: podTerms,
    podAntiAffinity: podTerms,
  },
  tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'search', effect: 'NoExecute', tolerationSeconds: 60 }],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
  ],
  priorityClassName: 'high',
  podLabels: { team: 'search' },
  podAnnotations: { a: 'b' },
  podSecurityContext: {
    runAsUser: 1001,
    runAsGroup: 1001,
    fsGroup: 1001,
    supplementalGroups: [1002],
    seLinuxOptions,
    seccompProfile,
  },
  securityContext: { seLinuxOptions, seccompProfile, appArmorProfile: seccompProfile },
  serviceAccountName: 'search',
  env: [{ name: 'MEILI_LOG_LEVEL', value: 'WARN' }],
  extraArgs: ['--log-level=WARN'],
  suspend: false,
  upgrade: {
    strategy: 'SnapshotFirst',
    destination: {
      claim: {
        name: 'backups',
        path: 'upgrades',
        template: {
          storageClassName: 'fast',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '20Gi' } },
        },
      },
    },
  },
}

const managed: Loose = { ...unfilled, bootstrap: bootstrapFrom({ snapshotRef: { name: 'nightly' } }) }

export const managedSpecs: readonly Loose[] = [
  { managed, deletionPolicy: 'Delete' },
  {
    managed: {
      ...unfilled,
      storage: { claimName: 'data' },
      snapshots: { claimName: 'backups' },
      scratch: { memory: '1Gi' },
      env: [{ name: 'A', valueFrom: { secretKeyRef: secret } }],
    },
    deletionPolicy: 'Retain',
  },
  {
    managed: {
      ...managed,
      bootstrap: bootstrapFrom({ artifact: backups }),
      env: [{ name: 'A', valueFrom: { configMapKeyRef: secret } }],
    },
    deletionPolicy: 'Retain',
  },
  { managed: { ...managed, bootstrap: bootstrapFrom({ latestOf }) }, deletionPolicy: 'Retain' },
  { managed: { ...managed, bootstrap: bootstrapFrom({ file: backups }) }, deletionPolicy: 'Retain' },
]
