// The spec of a server that the operator runs, and the part of its status that no other server has.
import { z } from 'zod'
import { destinationClaimReference } from './destination.ts'
import { int64, localReference, nameOrNone, secretKeyReference, timestamp } from '../meta.ts'
import {
  affinity,
  environment,
  nodeSelector,
  podAnnotations,
  podSecurityContext,
  resources,
  securityContext,
  stringMap,
  tolerations,
  topologySpreadConstraints,
} from './pod.ts'
import { bootstrap, bootstrapStatus } from './restore.ts'
import { scratch, snapshots, storage } from './storage.ts'

const upgrade = z
  .object({
    strategy: z
      .enum(['SnapshotFirst', 'Direct'])
      .default('SnapshotFirst')
      .describe(
        'SnapshotFirst takes a MeiliSnapshot before a higher version starts. Its files go with it, and it goes when a later upgrade is done that has one of its own; one with deletionPolicy: Retain stays. Direct takes none.',
      ),
    destination: z
      .object({ claim: destinationClaimReference })
      .describe(
        'Where that snapshot is stored: never on the claim of the database. Without it: in the directory `upgrades` on the claim of `snapshots`; where there is none, the upgrade is held until one of the two is set.',
      )
      .optional(),
  })
  .prefault({})

const safeElsewhere = {
  rule: '!has(self.storage.claimName) || !has(self.upgrade.destination) || self.upgrade.destination.claim.name != self.storage.claimName',
  message:
    'upgrade.destination is on the claim of the database: a snapshot there fills what it is to protect, and is lost with it; name another claim',
}

const filledClaim = {
  rule: '!has(self.bootstrap) || has(self.storage.size)',
  message: 'bootstrap fills a claim that is made for it: write storage.size instead of storage.claimName',
}

/** Oldest supported is 1.12. */
const versionPattern = /^(1\.(1[2-9]|[2-9][0-9]|[1-9][0-9][0-9]+)|([2-9]|[1-9][0-9]+)\.[0-9]+)\.[0-9]+$/

export const managed = z
  .object({
    version: z
      .string()
      .min(1)
      .max(32)
      .regex(versionPattern, 'version is that of Meilisearch, 1.12.0 or later: write for example 1.21.0')
      .describe('The image tag is v<version>. A higher one later is an upgrade; a lower one is refused.'),
    image: z
      .object({
        repository: z.string().min(1).max(512).default('getmeili/meilisearch'),
        pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
        pullSecrets: z
          .array(localReference)
          .max(8)
          .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
          .optional(),
      })
      .prefault({}),
    environment: z
      .enum(['Production', 'Development'])
      .default('Production')
      .describe('Production needs a master key of 16 bytes or more; Development also serves the search preview.'),
    masterKeySecretRef: secretKeyReference
      .describe('Without it a key is generated once, in Secret <name>-keys, which is never overwritten.')
      .optional(),
    storage,
    snapshots: snapshots.optional(),
    scratch: scratch.optional(),
    service: z
      .object({
        type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP'),
        port: z.int().min(1).max(65_535).default(7700),
        annotations: stringMap.optional(),
      })
      .prefault({}),
    resources: resources.optional(),
    nodeSelector: nodeSelector.optional(),
    affinity: affinity.optional(),
    tolerations: tolerations.optional(),
    topologySpreadConstraints: topologySpreadConstraints.optional(),
    priorityClassName: nameOrNone('a PriorityClass', 'priorityClassName').optional(),
    podLabels: nodeSelector.describe('More labels of the pod; ours win.').optional(),
    podAnnotations: podAnnotations.describe('More annotations of the pod; ours win.').optional(),
    podSecurityContext: podSecurityContext
      .describe('Without it: user, group and fsGroup 1000. Pod Security "restricted" holds in any case.')
      .optional(),
    securityContext: securityContext.optional(),
    serviceAccountName: nameOrNone('a ServiceAccount in this namespace', 'serviceAccountName')
      .describe('The pod gets no token of it.')
      .optional(),
    env: environment
      .describe(
        "More variables of Meilisearch. The operator's own win; a conflict is said in the condition SettingsIgnored.",
      )
      .optional(),
    extraArgs: z
      .array(z.string().max(4096))
      .max(64)
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .describe(
        "More flags of Meilisearch. The operator's own win; a conflict is said in the condition SettingsIgnored.",
      )
      .optional(),
    bootstrap: bootstrap.optional(),
    suspend: z.boolean().default(false).describe('True: no server runs; the data is kept.'),
    upgrade,
  })
  .describe('A server that the operator runs.')
  .meta({ 'x-kubernetes-validations': [safeElsewhere, filledClaim] })

/** Steps of an upgrade, in order. Failed ones stay where they are, with `failure`. */
const upgradeSteps = ['Snapshot', 'Start', 'Database', 'Documents', 'Done'] as const

export const managedStatus = {
  storage: z
    .array(
      z.object({
        role: z.enum(['data', 'snapshots', 'scratch']),
        claimName: z.string().max(253),
        requestedBytes: int64.describe('What the claim asks for.'),
        capacityBytes: int64.describe('What its volume has; absent until it is bound.').optional(),
        capacity: z.string().max(32).optional(),
        usedBytes: int64.describe('Size of the database, as /stats said last.').optional(),
        usedPercent: z.int().min(0).optional(),
      }),
    )
    .max(3)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['role'] })
    .describe('The claims of a managed server.')
    .optional(),
  connectionSecretName: z.string().max(253).describe('Secret with `url` and `searchKey`, for applications.').optional(),
  bootstrap: bootstrapStatus.optional(),
  upgrade: z
    .object({
      from: z.string().max(64),
      to: z.string().max(64),
      step: z.enum(upgradeSteps),
      generation: z.int().meta({ format: 'int64' }).describe('Generation of the object that asked for it.'),
      snapshot: z.string().max(253).describe('MeiliSnapshot that was taken before it.').optional(),
      earlierSnapshots: z
        .array(z.string().max(253))
        .max(16)
        .meta({ 'x-kubernetes-list-type': 'atomic' })
        .describe('MeiliSnapshots of earlier upgrades, which are deleted with their files once this one is done.')
        .optional(),
      indexes: int64.optional(),
      documents: int64.describe('Counted before the new version started.').optional(),
      failure: z
        .string()
        .max(2000)
        .describe('Why it stopped at this step; once it is done, why an earlier snapshot is still there.')
        .optional(),
      startedAt: timestamp,
      completedAt: timestamp.optional(),
    })
    .describe('The last upgrade.')
    .optional(),
}
